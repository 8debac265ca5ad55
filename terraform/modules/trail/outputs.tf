output "topic_arns" {
  value       = { alarms = aws_sns_topic.alarms.arn, trail = aws_sns_topic.trail.arn }
  description = "The topic that mails people, and the one that says that a log file was written."
}
