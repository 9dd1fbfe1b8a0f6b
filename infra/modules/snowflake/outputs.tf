output "iam_user_arn" {
  description = "The IAM user that the storage integration comes as."
  value       = snowflake_storage_integration.lake.storage_aws_iam_user_arn
}

output "external_id" {
  description = "The external id that the storage integration shows."
  value       = snowflake_storage_integration.lake.storage_aws_external_id
  sensitive   = true
}
