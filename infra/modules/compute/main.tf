# One image, and one task definition for each thing it does, with no more rights than that thing needs.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  image   = "${aws_ecr_repository.this.repository_url}${var.image_digest == null ? ":none-pushed-yet" : "@${var.image_digest}"}"
  ecs_arn = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:*"
  # what is written on a root file system that can only be read
  scratch = { data = "/data", tmp = "/tmp" }
  scratch_environment = {
    DBT_LOG_PATH    = "/data/dbt/logs"
    DBT_TARGET_PATH = "/data/dbt/target"
    DLT_DATA_DIR    = "/data/dlt"
    DLT_LOCAL_DIR   = "/data"
    HOME            = "/data"
  }
  assumed_by_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnLike      = { "aws:SourceArn" = local.ecs_arn }
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
      }
    }]
  })
}

resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.deletable

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "The last 20 images, to go back to"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 20 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "disabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE"]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
}

# starts the container: pulls the image, writes the log, reads the secrets that the task is given
resource "aws_iam_role" "execution" {
  for_each = var.tasks

  name                 = "${var.name}-${each.key}-execution"
  description          = "ECS starts the ${each.key} task"
  assume_role_policy   = local.assumed_by_tasks
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "execution" {
  for_each = var.tasks

  name = "start-task"
  role = aws_iam_role.execution[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # the one call that AWS cannot limit to a repository
          Effect   = "Allow"
          Action   = "ecr:GetAuthorizationToken"
          Resource = "*"
        },
        {
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = aws_ecr_repository.this.arn
        },
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${aws_cloudwatch_log_group.this.arn}:*"
        },
      ],
      length(each.value.secrets) == 0 ? [] : [
        {
          Effect   = "Allow"
          Action   = "secretsmanager:GetSecretValue"
          Resource = sort(values(each.value.secrets))
        },
      ]
    )
  })
}

# what the program in the container may do; Snowflake knows it by the role's ARN
resource "aws_iam_role" "task" {
  for_each = var.tasks

  name                 = "${var.name}-${each.key}"
  description          = "The ${each.key} task"
  assume_role_policy   = local.assumed_by_tasks
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "task" {
  for_each = { for name, task in var.tasks : name => task if task.policy != null }

  name   = each.key
  role   = aws_iam_role.task[each.key].id
  policy = each.value.policy
}

resource "aws_ecs_task_definition" "this" {
  for_each = var.tasks

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  execution_role_arn       = aws_iam_role.execution[each.key].arn
  task_role_arn            = aws_iam_role.task[each.key].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  dynamic "volume" {
    for_each = local.scratch

    content {
      name = volume.key
    }
  }

  container_definitions = jsonencode([{
    name  = each.key
    image = local.image
    # a run replaces the command and leaves the entry point, which in the image is one of the commands
    entryPoint             = ["/usr/bin/env"]
    command                = ["python", "pipelines/rawg.py", "--help"]
    essential              = true
    readonlyRootFilesystem = true
    # passes SIGTERM on; two minutes to end a package are the most that Fargate gives
    linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    stopTimeout     = 120
    mountPoints     = [for volume, path in local.scratch : { sourceVolume = volume, containerPath = path, readOnly = false }]
    environment     = [for key, value in merge(local.scratch_environment, each.value.environment) : { name = key, value = value }]
    secrets         = [for key, arn in each.value.secrets : { name = key, valueFrom = arn }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = data.aws_region.current.name
        awslogs-stream-prefix = "run"
      }
    }
  }])
}
