output "aws" {
  description = "What `make cloud-run`, `cloud-logs` and the image's push need to know."
  value       = module.aws
}

output "image_digest" {
  description = "The image that tasks run, for plans that do not build one."
  value       = var.image_digest
}
