variable "bucket" {
  type        = string
  description = "Name of the bucket."
}

variable "noncurrent_days" {
  type        = number
  description = "Days that overwritten or deleted files can be brought back."

  validation {
    condition     = var.noncurrent_days >= 1 && floor(var.noncurrent_days) == var.noncurrent_days
    error_message = "Overwritten files are kept for a whole number of days, at least 1."
  }
}

variable "deletable" {
  type        = bool
  description = "Whether destroying may delete the bucket with everything in it."
}

variable "reader_name" {
  type        = string
  description = "Name of the role that Snowflake reads the lake with."
}

variable "reader_principal" {
  type        = string
  description = "Snowflake's IAM user of the storage integration."
}

variable "reader_external_id" {
  type        = string
  description = "The external id that Snowflake shows, so that no other customer of Snowflake can use the role."
}

variable "permissions_boundary" {
  type        = string
  default     = null
  description = "ARN of the policy that no role may exceed."
}
