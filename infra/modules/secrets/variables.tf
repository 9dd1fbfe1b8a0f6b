variable "name" {
  type        = string
  description = "Prefix of all names."
}

variable "rawg_api_key" {
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
  description = "RAWG's key. It is sent to Secrets Manager and stands in no plan and no state."
}

variable "rawg_api_key_version" {
  type        = number
  description = "Raise it to send the key anew; 0 leaves the value to others."

  validation {
    condition     = var.rawg_api_key_version >= 0 && floor(var.rawg_api_key_version) == var.rawg_api_key_version
    error_message = "The version of the key is 0, 1, 2, ..."
  }
}

variable "with_private_key" {
  type        = bool
  description = "Whether a secret for Snowflake's private key is wanted; its value is put there by hand."
}

variable "recovery_days" {
  type        = number
  description = "Days that a deleted secret can be brought back: 7 to 30, or 0 to delete at once."

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "Secrets Manager keeps deleted secrets for 7 to 30 days, or 0 to delete at once."
  }
}
