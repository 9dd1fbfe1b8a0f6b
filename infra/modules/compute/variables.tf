variable "name" {
  type        = string
  description = "Prefix of all names."
}

variable "image_digest" {
  type        = string
  description = "Digest of the image that tasks run (sha256:...); null until the first image is pushed."
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "deletable" {
  type        = bool
  description = "Whether destroying may delete the image repository with images in it."
}

variable "permissions_boundary" {
  type        = string
  default     = null
  description = "ARN of the policy that no role may exceed."
}

variable "tasks" {
  type = map(object({
    cpu         = number
    memory      = number
    environment = map(string)
    secrets     = map(string)
    policy      = optional(string)
  }))
  description = "Tasks by name: CPU units, MiB, environment, secrets (variable to ARN) and what the task itself may do in AWS."
}
