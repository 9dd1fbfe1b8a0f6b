output "state_machine_arn" {
  description = "The state machine: `make cloud-run` starts it."
  value       = module.orchestration.state_machine_arn
}

output "repository_url" {
  description = "Where the image is pushed to."
  value       = module.compute.repository_url
}

output "log_group" {
  description = "The log of all tasks: `make cloud-logs` shows it."
  value       = module.compute.log_group
}

output "lake_bucket" {
  description = "The lake."
  value       = module.lake.bucket
}

output "topic_arn" {
  description = "Where failures are told."
  value       = module.orchestration.topic_arn
}

output "github_role_arns" {
  description = "The roles that GitHub Actions takes, where a repository deploys."
  value       = one(module.cicd[*].role_arns)
}
