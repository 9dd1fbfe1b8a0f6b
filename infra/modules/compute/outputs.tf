output "cluster_arn" {
  description = "The cluster."
  value       = aws_ecs_cluster.this.arn
}

output "task_definition_arns" {
  description = "Task definitions with their revision, by task."
  value       = { for name, definition in aws_ecs_task_definition.this : name => definition.arn }
}

output "role_arns" {
  description = "The roles that a run hands to ECS."
  value       = concat(values(aws_iam_role.task)[*].arn, values(aws_iam_role.execution)[*].arn)
}

output "repository_url" {
  description = "Where the image is pushed to."
  value       = aws_ecr_repository.this.repository_url
}

output "log_group" {
  description = "The log of all tasks."
  value       = aws_cloudwatch_log_group.this.name
}
