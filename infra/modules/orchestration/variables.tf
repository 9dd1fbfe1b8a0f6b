variable "name" {
  type        = string
  description = "Prefix of all names."
}

variable "cluster_arn" {
  type        = string
  description = "The cluster that tasks run on."
}

variable "task_definition_arns" {
  type        = map(string)
  description = "Task definitions with their revision, by step."
}

variable "task_role_arns" {
  type        = list(string)
  description = "The roles that a run hands to ECS."
}

variable "task_network" {
  type = object({
    Subnets        = list(string)
    SecurityGroups = list(string)
    AssignPublicIp = string
  })
  description = "Where tasks run, as ECS wants it."
}

variable "log_group" {
  type        = string
  description = "The log of the tasks, for messages."
}

variable "retries" {
  type        = number
  description = "How often a step is tried again when RAWG stayed down or the task could not start."

  validation {
    condition     = var.retries >= 0 && var.retries <= 5 && floor(var.retries) == var.retries
    error_message = "A step is tried again 0 to 5 times."
  }
}

variable "retry_seconds" {
  type        = number
  description = "The longest wait before the first retry; it doubles with each, and a wait is a random part of it."

  validation {
    condition     = var.retry_seconds >= 1 && var.retry_seconds <= 3600 && floor(var.retry_seconds) == var.retry_seconds
    error_message = "The wait before the first retry is 1 to 3600 seconds."
  }
}

variable "timeout_hours" {
  type        = map(number)
  description = "Hours after which a step counts as hung, by step."

  validation {
    condition     = alltrue([for hours in values(var.timeout_hours) : hours > 0 && hours <= 24])
    error_message = "A step may take up to 24 hours."
  }
}

variable "schedule" {
  type        = string
  description = "When to run, as EventBridge Scheduler's cron(...) or rate(...)."

  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.schedule))
    error_message = "The schedule must look like cron(0 5 * * ? *) or rate(1 day)."
  }
}

variable "time_zone" {
  type        = string
  description = "Time zone of the schedule, as Area/City or UTC."

  validation {
    condition     = can(regex("^(UTC|[A-Za-z]+(/[A-Za-z0-9_+-]+){1,2})$", var.time_zone))
    error_message = "The time zone must look like Europe/Berlin or UTC."
  }
}

variable "schedule_enabled" {
  type        = bool
  description = "Whether the schedule starts runs."
}

variable "alert_email" {
  type        = string
  description = "Who is told of failures; null for nobody."

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "That is not an e-mail address."
  }
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "permissions_boundary" {
  type        = string
  default     = null
  description = "ARN of the policy that no role may exceed."
}
