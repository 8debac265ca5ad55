output "queue_urls" {
  value       = { doorbell = aws_sqs_queue.doorbell.url, doorbell_dead = aws_sqs_queue.doorbell_dead.url }
  description = "Where SQS takes and gives messages."
}

output "topic_arns" {
  value       = { notices = aws_sns_topic.notices.arn }
  description = "The topic of the notices."
}
