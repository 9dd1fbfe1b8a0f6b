terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
    snowflake = {
      source  = "snowflakedb/snowflake"
      version = "~> 2.11"
    }
  }

  # The state is a file here until you move it to S3, where a lock file next to it keeps two applies apart; see
  # docs/cloud_deployment.md:
  # backend "s3" {}
}
