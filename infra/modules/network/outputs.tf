output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "task_network" {
  description = "Where tasks run, as ECS wants it."
  value = {
    Subnets        = var.private_subnets ? aws_subnet.private[*].id : aws_subnet.public[*].id
    SecurityGroups = [aws_security_group.tasks.id]
    AssignPublicIp = var.private_subnets ? "DISABLED" : "ENABLED"
  }
}
