output "analyzer" {
  value       = aws_accessanalyzer_analyzer.account.analyzer_name
  description = "Name of the analyzer that looks for what is shared with others."
}
