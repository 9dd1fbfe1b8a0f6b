variable "name" {
  type        = string
  description = "Prefix of all names that the deploying role may touch."
}

variable "lake_bucket" {
  type        = string
  description = "Name of the lake's bucket."
}

variable "repository" {
  type        = string
  description = "The GitHub repository that deploys, as owner/name."

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "The repository must look like owner/name."
  }
}

variable "environment" {
  type        = string
  description = "The GitHub environment that deploys; its own rules limit it to the main branch and ask for approval."
}

variable "state_bucket" {
  type        = string
  description = "Bucket of Terraform's state; null where the state is not in S3."
}

variable "create_oidc_provider" {
  type        = bool
  description = "Whether to register GitHub's identity provider; an account has it once."
}
