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

variable "lake_noncurrent_days" {
  type        = number
  default     = 30
  description = "Days that overwritten or deleted files of the lake can be brought back."
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

variable "snowflake_authenticator" {
  type        = string
  default     = "WORKLOAD_IDENTITY"
  description = "How tasks sign in to Snowflake: WORKLOAD_IDENTITY (the task's role is the credential) or SNOWFLAKE_JWT (a key pair)."

  validation {
    condition     = contains(["WORKLOAD_IDENTITY", "SNOWFLAKE_JWT"], var.snowflake_authenticator)
    error_message = "Sign in with WORKLOAD_IDENTITY or SNOWFLAKE_JWT; Snowflake takes no passwords from services."
  }
}

variable "snowflake_iam_user_arn" {
  type        = string
  description = "The IAM user that Snowflake's storage integration comes as."

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(user|root)", var.snowflake_iam_user_arn))
    error_message = "Snowflake's IAM user must be an ARN like arn:aws:iam::123456789012:user/abc1-s-xyz."
  }
}

variable "snowflake_external_id" {
  type        = string
  sensitive   = true
  description = "The external id of Snowflake's storage integration."

  validation {
    condition     = length(var.snowflake_external_id) >= 2
    error_message = "The external id is missing; it is the integration's STORAGE_AWS_EXTERNAL_ID."
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

variable "task_size" {
  type        = object({ cpu = number, memory = number })
  default     = { cpu = 1024, memory = 4096 }
  description = "CPU units and MiB of a task, in one of Fargate's combinations."

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.task_size.cpu) && var.task_size.memory >= 2 * var.task_size.cpu && var.task_size.memory <= 8 * var.task_size.cpu && var.task_size.memory % 1024 == 0
    error_message = "Fargate gives 256 to 4096 CPU units, and two to eight times as many MiB in steps of 1024."
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

variable "timeout_hours" {
  type        = map(number)
  default     = { load = 6, transform = 2, report = 1 }
  description = "Hours after which a step counts as hung. A month's 20,000 requests take 1.4 hours."
}

variable "retries" {
  type        = number
  default     = 2
  description = "How often a step is tried again when RAWG stayed down or the task could not start."
}

variable "retry_seconds" {
  type        = number
  default     = 300
  description = "The longest wait before the first retry; it doubles with each."
}

variable "alert_email" {
  type        = string
  default     = null
  description = "Who is told of failures; null for nobody."
}

variable "log_retention_days" {
  type        = number
  default     = 90
  description = "Days that logs are kept, one of those that CloudWatch offers."

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731 days."
  }
}

variable "github_repository" {
  type        = string
  default     = null
  description = "The GitHub repository that deploys, as owner/name; null for none."
}

variable "github_environment" {
  type        = string
  default     = "production"
  description = "The GitHub environment that deploys; its own rules limit it to the main branch and ask for approval."

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.github_environment))
    error_message = "The environment's name has letters, digits, dashes and underscores."
  }
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
