output "role_arns" {
  value = {
    worker        = aws_iam_role.worker.arn
    bastion       = aws_iam_role.bastion.arn
    key_host      = aws_iam_role.key_host.arn
    intake        = aws_iam_role.intake.arn
    uploader      = one(aws_iam_role.uploader[*].arn)
    recipient     = one(aws_iam_role.recipient[*].arn)
    sweeper       = aws_iam_role.sweeper.arn
    reaper        = aws_iam_role.reaper.arn
    image_builder = aws_iam_role.image_builder.arn
    patch_service = aws_iam_role.patch_service.arn
    workstation   = aws_iam_role.workstation.arn
  }
  description = "Role ARNs, keyed as the names are; null for uploader and recipient where nobody may take the role."

  # Lambda tries what a role may do before it takes it.
  depends_on = [aws_iam_role_policy_attachment.intake]
}

output "instance_profiles" {
  value = {
    worker        = aws_iam_instance_profile.worker.name
    bastion       = aws_iam_instance_profile.bastion.name
    key_host      = aws_iam_instance_profile.key_host.name
    image_builder = aws_iam_instance_profile.image_builder.name
    workstation   = aws_iam_instance_profile.workstation.name
  }
  description = "Instance profile names, keyed as the names are."

  # A host that boots finds its rights there.
  depends_on = [aws_iam_role_policy_attachment.bastion, aws_iam_role_policy_attachment.key_host, aws_iam_role_policy_attachment.ssm_agent]
}
