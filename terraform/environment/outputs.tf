output "skep" {
  value       = local.document
  description = "The document: terraform output -json skep."
}

output "bastion" {
  value       = "ssh ec2-user@${module.bastion.public_address}"
  description = "How an administrator logs in."
}

output "next" {
  description = "What to do next."
  value       = <<-EOT
    See that skep finds all of this:
        npx skep doctor --env ssm:${module.names.parameters.environment}
    Before the first login, read the bastion's host key from its console, a few minutes after it was made:
        aws ec2 get-console-output --region ${module.names.region} --latest --output text --instance-id ${module.bastion.instance_id}
  EOT
}
