output "state_machine_arn" {
  description = "The state machine."
  value       = aws_sfn_state_machine.this.arn
}

output "topic_arn" {
  description = "Where failures are told."
  value       = aws_sns_topic.alerts.arn
}
