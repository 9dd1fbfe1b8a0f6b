# When the pipeline runs, in which order, and who hears of it when it does not.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id
  here       = "${data.aws_region.current.name}:${local.account_id}"
  # by name, because the role must know the machine before it exists
  machine_arn   = "arn:${local.partition}:states:${local.here}:stateMachine:${var.name}"
  execution_arn = "arn:${local.partition}:states:${local.here}:execution:${var.name}:*"
  cluster_name  = element(split("/", var.cluster_arn), 1)

  # what follows the load, in order
  steps = ["transform", "report"]

  commands = {
    load      = "python pipelines/rawg.py"
    transform = "python pipelines/transform.py"
    report    = "python -m reports.market"
  }

  # what an execution's input may name, and the words it becomes
  load_options = [
    { name = "resources", words = "--resources", is_flag = false },
    { name = "updated_from", words = "--updated-from", is_flag = false },
    { name = "updated_to", words = "--updated-to", is_flag = false },
    { name = "max_requests", words = "--max-requests", is_flag = false },
    { name = "full_refresh", words = "--full-refresh --yes", is_flag = true },
  ]

  # the exit codes of pipelines/ (docs/operations.md); 130 and 143 are a stopped process
  exit_codes = {
    "2"   = { error = "WrongSetting", is_retried = false, message = "a wrong argument or setting; its log names it, and nothing was sent." }
    "3"   = { error = "QuotaReached", is_retried = false, message = "the requests of the month or of the run are used up. What was loaded is kept, modelled and reported, the next run goes on." }
    "4"   = { error = "RawgUnavailable", is_retried = true, message = "RAWG refused or stayed down, also when tried again. What was loaded is kept." }
    "5"   = { error = "WarehouseFailed", is_retried = false, message = "the lake or the warehouse did not take the data, or the models or the report failed; its log says what to mend." }
    "130" = { error = "Stopped", is_retried = true, message = "it was stopped, also when tried again." }
    "143" = { error = "Terminated", is_retried = true, message = "it was stopped, also when tried again." }
  }

  runs = {
    for step in concat(["load"], local.steps) : step => templatefile("${path.module}/run.asl.json.tftpl", {
      step                = step
      command             = local.commands[step]
      options             = step == "load" ? local.load_options : []
      exit_codes          = { for code, reason in local.exit_codes : code => reason if step == "load" || !contains(["3", "4"], code) }
      partition           = local.partition
      cluster_arn         = var.cluster_arn
      task_definition_arn = var.task_definition_arns[step]
      task_network        = jsonencode(var.task_network)
      timeout_seconds     = floor(var.timeout_hours[step] * 3600)
      retries             = var.retries
      retry_seconds       = var.retry_seconds
    })
  }

  retry_aws = jsonencode({
    ErrorEquals = [
      "DynamoDB.InternalServerError", "DynamoDB.ProvisionedThroughputExceededException", "DynamoDB.ThrottlingException",
      "Sfn.SfnException", "SNS.InternalErrorException", "SNS.ThrottledException",
    ]
    IntervalSeconds = 2
    BackoffRate     = 2
    MaxAttempts     = 3
    MaxDelaySeconds = 30
    JitterStrategy  = "FULL"
  })

  # lines of two states
  give_back = <<-JSON
      "Resource": "arn:${local.partition}:states:::dynamodb:deleteItem",
      "TimeoutSeconds": 60,
      "Parameters": {
        "TableName": "${aws_dynamodb_table.turns.name}",
        "Key": { "pipeline": { "S": "${var.name}" } },
        "ConditionExpression": "#execution = :this",
        "ExpressionAttributeNames": { "#execution": "execution" },
        "ExpressionAttributeValues": { ":this": { "S.$": "$$.Execution.Id" } }
      },
      "ResultPath": null,
      "Retry": [${local.retry_aws}],
  JSON

  definition = templatefile("${path.module}/pipeline.asl.json.tftpl", {
    name            = var.name
    partition       = local.partition
    load            = local.runs["load"]
    steps           = [for step in local.steps : { name = step, run = local.runs[step] }]
    after_load      = title(local.steps[0])
    turns_table     = aws_dynamodb_table.turns.name
    topic_arn       = aws_sns_topic.alerts.arn
    log_group       = var.log_group
    retry_aws       = local.retry_aws
    give_back       = local.give_back
    timeout_seconds = 7 * 24 * 3600
  })
}

# whose turn it is: one item, the execution that ran last
resource "aws_dynamodb_table" "turns" {
  name         = "${var.name}-turns"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pipeline"

  attribute {
    name = "pipeline"
    type = "S"
  }
}

resource "aws_cloudwatch_log_group" "machine" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  role_arn   = aws_iam_role.machine.arn
  definition = jsonencode(jsondecode(local.definition))

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.machine.arn}:*"
    include_execution_data = true
    level                  = "ERROR"
  }

  depends_on = [aws_iam_role_policy.machine]
}

resource "aws_iam_role" "machine" {
  name                 = "${var.name}-machine"
  description          = "The state machine of the pipeline"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnLike      = { "aws:SourceArn" = local.machine_arn }
        StringEquals = { "aws:SourceAccount" = local.account_id }
      }
    }]
  })
}

resource "aws_iam_role_policy" "machine" {
  name = "run-pipeline"
  role = aws_iam_role.machine.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "StartTasks"
        Effect    = "Allow"
        Action    = "ecs:RunTask"
        Resource  = [for step in keys(local.runs) : "${replace(var.task_definition_arns[step], "/:\\d+$/", "")}:*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.cluster_arn } }
      },
      {
        Sid      = "FollowTasks"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTasks", "ecs:StopTask"]
        Resource = "arn:${local.partition}:ecs:${local.here}:task/${local.cluster_name}/*"
      },
      {
        Sid       = "HandRolesToTasks"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = sort(var.task_role_arns)
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid      = "HearOfEndedTasks"
        Effect   = "Allow"
        Action   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
        Resource = "arn:${local.partition}:events:${local.here}:rule/StepFunctionsGetEventsForECSTaskRule"
      },
      {
        Sid      = "TakeTurns"
        Effect   = "Allow"
        Action   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"]
        Resource = aws_dynamodb_table.turns.arn
      },
      {
        Sid      = "AskWhetherTheLastIsOver"
        Effect   = "Allow"
        Action   = "states:DescribeExecution"
        Resource = local.execution_arn
      },
      {
        Sid      = "TellOfFailures"
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = aws_sns_topic.alerts.arn
      },
      {
        # AWS cannot limit the delivery of logs to a resource
        Sid    = "WriteLog"
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
          "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_scheduler_schedule" "this" {
  name                         = var.name
  description                  = "Loads and models what is new"
  state                        = var.schedule_enabled ? "ENABLED" : "DISABLED"
  schedule_expression          = var.schedule
  schedule_expression_timezone = var.time_zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.this.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({})

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }

    dead_letter_config {
      arn = aws_sqs_queue.not_started.arn
    }
  }
}

resource "aws_sqs_queue" "not_started" {
  name                      = "${var.name}-not-started"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
}

resource "aws_iam_role" "scheduler" {
  name                 = "${var.name}-scheduler"
  description          = "EventBridge Scheduler starts the pipeline"
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "start-pipeline"
  role = aws_iam_role.scheduler.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "states:StartExecution"
        Resource = local.machine_arn
      },
      {
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.not_started.arn
      },
    ]
  })
}
