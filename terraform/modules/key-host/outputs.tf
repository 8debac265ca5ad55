output "instance_id" {
  value       = aws_instance.key_host.id
  description = "The key host."
}

output "private_address" {
  value       = aws_instance.key_host.private_ip
  description = "Its address, reached from the bastion only."
}

output "image_owner" {
  value       = data.aws_ami.key_host.owner_id
  description = "The account that the image belongs to: Amazon's or this one."
}
