output "role_arns" {
  description = "The roles that GitHub Actions takes, to plan and to deploy."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}

output "boundary_arn" {
  description = "The policy that no other role may exceed."
  value       = aws_iam_policy.boundary.arn
}
