output "template_id" {
  value       = aws_launch_template.worker.id
  description = "The launch template: the bastion may launch by it and by no other."
}

output "template_arn" {
  value       = aws_launch_template.worker.arn
  description = "Its ARN."
}

output "template_name" {
  value       = aws_launch_template.worker.name
  description = "Its name."
}

output "template_version" {
  value       = aws_launch_template.worker.latest_version
  description = "The version that this apply made or left."
}

output "image_owner" {
  value       = data.aws_ami.worker.owner_id
  description = "The account that the image belongs to: Amazon's or this one."
}
