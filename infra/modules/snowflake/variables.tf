variable "database" {
  type        = string
  description = "The database, and the prefix of all other names."
}

variable "lake_url" {
  type        = string
  description = "The lake, as s3://bucket/ with a slash at its end."

  validation {
    condition     = can(regex("^s3://[a-z0-9.-]+/$", var.lake_url))
    error_message = "The lake must look like s3://bucket/."
  }
}

variable "reader_role_arn" {
  type        = string
  description = "The role in AWS that Snowflake reads the lake with. It may be made later: Snowflake only notes its name."
}

variable "task_role_arns" {
  type        = map(string)
  description = "The roles of the tasks that sign in as loader, transformer and reader."

  validation {
    condition     = toset(keys(var.task_role_arns)) == toset(["loader", "transformer", "reader"])
    error_message = "The roles of the loader, of the transformer and of the reader are needed."
  }
}

variable "public_key" {
  type        = string
  default     = null
  description = "Public key of the service users, on one line without its frame, where they sign in with a key pair."
}

variable "credits_per_month" {
  type        = number
  description = "Credits after which the warehouse is stopped until the next month."

  validation {
    condition     = var.credits_per_month >= 1
    error_message = "The warehouse needs at least one credit a month."
  }
}
