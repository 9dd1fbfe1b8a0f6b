output "rawg_api_key_arn" {
  description = "The secret with RAWG's key."
  value       = aws_secretsmanager_secret.rawg_api_key.arn
}

output "snowflake_private_key_arn" {
  description = "The secret with Snowflake's private key, where there is one."
  value       = one(aws_secretsmanager_secret.snowflake_private_key[*].arn)
}
