variable "name" {
  type        = string
  description = "Prefix of all names."
}

variable "cidr" {
  type        = string
  description = "Addresses of the network, a /16 to /24 block."

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 24, false)
    error_message = "The network's block must look like 10.20.0.0/20, between /16 and /24."
  }
}

variable "private_subnets" {
  type        = bool
  description = "Whether tasks run without public addresses, behind a NAT gateway that costs some 35 USD a month."
}
