output "aws" {
  description = "What `make cloud-run`, `cloud-logs` and the image's push need to know."
  value       = module.aws
}
