# Who may do what, without a cloud: `terraform test`. Policies are jsonencode, so they stand in the plan.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:game-market/rawg-api-key-AbCdEf" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::lake" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/game-market-mocked" }
  }
  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/game-market-boundary" }
  }
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/game-market" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/game-market-task:7" }
  }
  mock_resource "aws_ecr_repository" {
    defaults = { arn = "arn:aws:ecr:eu-central-1:123456789012:repository/game-market" }
  }
  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:game-market" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:game-market-alerts" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:game-market-not-started" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/game-market-turns" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/ecs/game-market" }
  }
}

variables {
  rawg_api_key           = "a-key"
  snowflake_account      = "ORGANIZATION-ACCOUNT"
  snowflake_iam_user_arn = "arn:aws:iam::999999999999:user/snowflake"
  snowflake_external_id  = "ORGANIZATION_SFCRole=1"
  github_repository      = "somebody/game-market"
}

run "lake" {
  module {
    source = "../modules/lake"
  }

  variables {
    bucket             = "lake"
    noncurrent_days    = 30
    deletable          = false
    reader_name        = "game-market-snowflake"
    reader_principal   = "arn:aws:iam::999999999999:user/snowflake"
    reader_external_id = "ORGANIZATION_SFCRole=1"
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.this.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"
    error_message = "The lake must refuse connections without encryption."
  }
  assert {
    condition     = jsondecode(aws_iam_role.reader.assume_role_policy).Statement[0].Condition.StringEquals["sts:ExternalId"] == "ORGANIZATION_SFCRole=1"
    error_message = "Snowflake's role must ask for the external id."
  }
  assert {
    condition     = alltrue([for action in flatten(jsondecode(aws_iam_role_policy.reader.policy).Statement[*].Action) : !can(regex("Put|Delete", action))])
    error_message = "Snowflake may only read the lake."
  }
}

run "tasks" {
  module {
    source = "../modules/compute"
  }

  variables {
    name               = "game-market"
    image_digest       = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    log_retention_days = 30
    deletable          = false
    tasks = {
      load      = { cpu = 1024, memory = 4096, environment = {}, secrets = { RAWG_API_KEY = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key" }, policy = "{}" }
      transform = { cpu = 1024, memory = 4096, environment = {}, secrets = {} }
    }
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.execution["load"].policy, "secretsmanager:GetSecretValue") && !strcontains(aws_iam_role_policy.execution["transform"].policy, "secretsmanager")
    error_message = "RAWG's key is for the load task alone."
  }
  assert {
    condition     = keys(aws_iam_role_policy.task) == ["load"]
    error_message = "Only the load task does anything in AWS."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["load"].container_definitions)[0].readonlyRootFilesystem
    error_message = "A task's root file system is read-only."
  }
  assert {
    condition     = endswith(jsondecode(aws_ecs_task_definition.this["load"].container_definitions)[0].image, "@${var.image_digest}")
    error_message = "The image is pinned by its digest."
  }
  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "Tags of images never move."
  }
}

run "machine" {
  module {
    source = "../modules/orchestration"
  }

  variables {
    name                 = "game-market"
    cluster_arn          = "arn:aws:ecs:eu-central-1:123456789012:cluster/game-market"
    task_definition_arns = { load = "arn:aws:ecs:eu-central-1:123456789012:task-definition/game-market-load:7", transform = "arn:aws:ecs:eu-central-1:123456789012:task-definition/game-market-transform:7", report = "arn:aws:ecs:eu-central-1:123456789012:task-definition/game-market-report:7" }
    task_role_arns       = ["arn:aws:iam::123456789012:role/game-market-load"]
    task_network         = { Subnets = ["subnet-1"], SecurityGroups = ["sg-1"], AssignPublicIp = "ENABLED" }
    log_group            = "/ecs/game-market"
    retries              = 2
    retry_seconds        = 300
    timeout_hours        = { load = 6, transform = 2, report = 1 }
    schedule             = "cron(0 5 * * ? *)"
    time_zone            = "Europe/Berlin"
    schedule_enabled     = true
    alert_email          = null
    log_retention_days   = 30
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.machine.policy).Statement :
      statement.Resource != "*" || statement.Sid == "WriteLog"
    ])
    error_message = "The machine may touch what is named, but for its log."
  }
  assert {
    condition = one([
      for statement in jsondecode(aws_iam_role_policy.machine.policy).Statement : statement if statement.Action == "iam:PassRole"
    ]).Condition.StringEquals["iam:PassedToService"] == "ecs-tasks.amazonaws.com"
    error_message = "Roles are handed to tasks of ECS only."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.machine.policy, "secretsmanager") && !strcontains(aws_iam_role_policy.machine.policy, "s3:")
    error_message = "The machine reads neither secrets nor the lake."
  }
  assert {
    condition     = alltrue([for action in flatten(jsondecode(aws_iam_role_policy.scheduler.policy).Statement[*].Action) : contains(["states:StartExecution", "sqs:SendMessage"], action)])
    error_message = "The schedule starts the pipeline and nothing else."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.Load.MaxConcurrency == 1
    error_message = "Months of a backfill are loaded one after the other."
  }
}

run "deployer" {
  module {
    source = "../modules/cicd"
  }

  variables {
    name                 = "game-market"
    lake_bucket          = "lake"
    repository           = "somebody/game-market"
    environment          = "production"
    state_bucket         = "states"
    create_oidc_provider = true
  }

  assert {
    condition     = jsondecode(aws_iam_role.github["deploy"].assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:somebody/game-market:environment:production"
    error_message = "Only the protected environment of the repository deploys."
  }
  assert {
    condition     = alltrue([for action in flatten(concat([for policy in aws_iam_role_policy.github : jsondecode(policy.policy).Statement[*].Action]...)) : !strcontains(action, "*")])
    error_message = "Every action of GitHub's roles is named."
  }
  assert {
    condition     = !can(regex("Create|Put[A-Z]|Delete|Update|Register|PassRole", replace(aws_iam_role_policy.github["plan"].policy, "s3:PutObject", ""))) && !strcontains(aws_iam_role_policy.github["plan"].policy, "GetSecretValue")
    error_message = "A pull request may only look, and at no secret."
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.github["deploy"].policy).Statement :
      statement.Condition.StringEquals["iam:PermissionsBoundary"] == aws_iam_policy.boundary.arn
      if statement.Effect == "Allow" && contains(flatten([statement.Action]), "iam:CreateRole")
    ])
    error_message = "The deploying role makes no role that can do more than the boundary."
  }
}

run "everything_together" {
  command = plan

  assert {
    condition     = output.lake_bucket == "game-market-lake-123456789012-eu-central-1"
    error_message = "The lake's name says whose it is."
  }
}

run "a_snowflake_address_is_no_account" {
  command = plan

  variables {
    snowflake_account = "abc.snowflakecomputing.com"
  }

  expect_failures = [var.snowflake_account]
}

run "a_password_is_refused" {
  command = plan

  variables {
    snowflake_authenticator = "snowflake"
  }

  expect_failures = [var.snowflake_authenticator]
}

run "secrets_are_no_settings" {
  command = plan

  variables {
    settings = { SOURCES__RAWG__API_KEY = "a-key" }
  }

  expect_failures = [var.settings]
}
