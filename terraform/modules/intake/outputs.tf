output "function" {
  value       = aws_lambda_function.intake.function_name
  description = "Name of the function, once it is there."
}

output "queue_urls" {
  value       = { intake_dead = aws_sqs_queue.dead.url }
  description = "Where events lie that could not be dealt with."
}
