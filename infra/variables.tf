variable "aws_account_id" {
  type        = string
  description = "The AWS account to deploy to; another one is refused before anything is made."

  validation {
    condition     = can(regex("^[0-9]{12}$", var.aws_account_id))
    error_message = "The AWS account must be its 12 digits."
  }
}

variable "region" {
  type        = string
  default     = "eu-central-1"
  description = "The AWS region; Snowflake's account is best in the same."

  validation {
    condition     = can(regex("^(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]$", var.region))
    error_message = "The region must look like eu-central-1."
  }
}

variable "snowflake_public_key" {
  type        = string
  default     = null
  description = "Public key of the service users, where they sign in with a key pair instead of their role in AWS."
}

variable "snowflake_credits_per_month" {
  type        = number
  default     = 20
  description = "Credits after which the warehouse is stopped until the next month."
}

variable "name" {
  type        = string
  default     = "game-market"
  description = "Prefix of all names; another one makes a second, independent pipeline in the same account."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,19}$", var.name))
    error_message = "The name must have 3 to 20 lower-case letters, digits and dashes, and begin with a letter."
  }
}

variable "network_cidr" {
  type        = string
  default     = "10.20.0.0/20"
  description = "Addresses of the pipeline's own network."
}

variable "private_subnets" {
  type        = bool
  default     = false
  description = "Whether tasks run without public addresses, behind a NAT gateway that costs some 35 USD a month."
}

variable "deletable" {
  type        = bool
  default     = false
  description = "Whether `terraform destroy` may delete the lake, the images and the secrets for good."
}

variable "rawg_api_key" {
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
  description = "RAWG's key (https://rawg.io/apidocs), best from TF_VAR_rawg_api_key. It stands in no plan and no state."
}

variable "rawg_api_key_version" {
  type        = number
  default     = 1
  description = "Raise it to send a new key; 0 leaves the secret's value to others."
}

variable "snowflake_account" {
  type        = string
  description = "Snowflake's account identifier, as ORGANIZATION-ACCOUNT."

  validation {
    condition     = can(regex("^[A-Za-z0-9]+-[A-Za-z0-9_]+$", var.snowflake_account))
    error_message = "The Snowflake account must look like ORGANIZATION-ACCOUNT, without snowflakecomputing.com."
  }
}

variable "snowflake_database" {
  type        = string
  default     = "GAME_MARKET"
  description = "The database, and the prefix of Snowflake's other names."

  validation {
    condition     = can(regex("^[A-Z][A-Z0-9_]{2,30}$", var.snowflake_database))
    error_message = "The database must have 3 to 31 capital letters, digits and underscores."
  }
}

variable "image_digest" {
  type        = string
  default     = null
  description = "Digest of the image that tasks run; null until the first image is pushed."

  validation {
    condition     = var.image_digest == null || can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "The digest must look like sha256:... with 64 hexadecimal digits."
  }
}

variable "settings" {
  type        = map(string)
  default     = {}
  description = "Settings of the pipeline in dlt's spelling, such as SOURCES__RAWG__MONTHLY_REQUESTS = \"50000\"."

  validation {
    condition     = alltrue([for key in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*__[A-Z0-9_]+$", key)) && !can(regex("PASSWORD|SECRET|API_KEY|PRIVATE_KEY|TOKEN", key))])
    error_message = "Settings look like SOURCES__RAWG__MONTHLY_REQUESTS, and none of them is a secret."
  }
}

variable "schedule" {
  type        = string
  default     = "cron(0 5 * * ? *)"
  description = "When to run, as EventBridge Scheduler's cron(...) or rate(...)."
}

variable "time_zone" {
  type        = string
  default     = "UTC"
  description = "Time zone of the schedule, as Area/City or UTC."
}

variable "schedule_enabled" {
  type        = bool
  default     = true
  description = "Whether the schedule starts runs."
}

variable "alert_email" {
  type        = string
  default     = null
  description = "Who is told of failures; null for nobody."
}

variable "github_repository" {
  type        = string
  default     = null
  description = "The GitHub repository that deploys, as owner/name; null for none."
}

variable "create_github_oidc_provider" {
  type        = bool
  default     = true
  description = "Whether to register GitHub as an identity provider; an account can have it only once."
}

variable "state_bucket" {
  type        = string
  default     = null
  description = "Bucket of Terraform's state, which the deploying role may use; null where the state is not in S3."
}
