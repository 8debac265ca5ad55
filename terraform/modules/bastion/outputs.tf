output "instance_id" {
  value       = aws_instance.bastion.id
  description = "The bastion."
}

output "public_address" {
  value       = aws_eip.bastion.public_ip
  description = "Where people log in; stays the same when the host is replaced."
}

output "private_address" {
  value       = aws_instance.bastion.private_ip
  description = "Its address inside of the network."
}

output "image_owner" {
  value       = data.aws_ami.bastion.owner_id
  description = "The account that the image belongs to: Amazon's or this one."
}
