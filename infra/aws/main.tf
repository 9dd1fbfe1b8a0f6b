# Everything in AWS. Snowflake's half of the handshake comes in as two variables.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  bucket   = "${var.name}-lake-${data.aws_caller_identity.current.account_id}-${data.aws_region.current.name}"
  boundary = one(module.cicd[*].boundary_arn)

  # the loader and dbt read the same names
  credentials = "DESTINATION__WAREHOUSE__CREDENTIALS__"
  warehouse = merge(
    {
      DESTINATION__LAKE__BUCKET_URL            = module.lake.url
      DESTINATION__WAREHOUSE__DESTINATION_TYPE = "snowflake"
      DESTINATION__WAREHOUSE__STAGE_NAME       = "${var.snowflake_database}.PUBLIC.LAKE"
      "${local.credentials}HOST"               = var.snowflake_account
      "${local.credentials}DATABASE"           = var.snowflake_database
      "${local.credentials}WAREHOUSE"          = var.snowflake_database
      "${local.credentials}AUTHENTICATOR"      = var.snowflake_authenticator
    },
    local.with_key_pair ? {} : { "${local.credentials}WORKLOAD_IDENTITY_PROVIDER" = "AWS" },
  )
  with_key_pair = var.snowflake_authenticator == "SNOWFLAKE_JWT"
  private_key   = local.with_key_pair ? { "${local.credentials}PRIVATE_KEY" = module.secrets.snowflake_private_key_arn } : {}
  users         = { for kind in ["LOADER", "TRANSFORMER", "READER"] : kind => { "${local.credentials}USERNAME" = "${var.snowflake_database}_${kind}", "${local.credentials}ROLE" = "${var.snowflake_database}_${kind}" } }

  tasks = {
    load = merge(var.task_size, {
      environment = merge(local.warehouse, local.users["LOADER"], var.settings)
      secrets     = merge(local.private_key, { RAWG_API_KEY = module.secrets.rawg_api_key_arn })
      policy      = module.lake.writer_policy
    })
    transform = merge(var.task_size, {
      environment = merge(local.warehouse, local.users["TRANSFORMER"], { DBT_TARGET = "snowflake" })
      secrets     = local.private_key
      policy      = null
    })
    report = merge(var.task_size, {
      environment = merge(local.warehouse, local.users["READER"])
      secrets     = local.private_key
      policy      = module.lake.reporter_policy
    })
  }
}

module "network" {
  source = "../modules/network"

  name            = var.name
  cidr            = var.network_cidr
  private_subnets = var.private_subnets
}

module "lake" {
  source = "../modules/lake"

  bucket               = local.bucket
  noncurrent_days      = var.lake_noncurrent_days
  deletable            = var.deletable
  reader_name          = "${var.name}-snowflake"
  reader_principal     = var.snowflake_iam_user_arn
  reader_external_id   = var.snowflake_external_id
  permissions_boundary = local.boundary
}

module "secrets" {
  source = "../modules/secrets"

  name                 = var.name
  rawg_api_key         = var.rawg_api_key
  rawg_api_key_version = var.rawg_api_key_version
  with_private_key     = local.with_key_pair
  recovery_days        = var.deletable ? 0 : 30
}

module "compute" {
  source = "../modules/compute"

  name                 = var.name
  image_digest         = var.image_digest
  log_retention_days   = var.log_retention_days
  deletable            = var.deletable
  permissions_boundary = local.boundary
  tasks                = local.tasks
}

module "orchestration" {
  source = "../modules/orchestration"

  name                 = var.name
  cluster_arn          = module.compute.cluster_arn
  task_definition_arns = module.compute.task_definition_arns
  task_role_arns       = module.compute.role_arns
  task_network         = module.network.task_network
  log_group            = module.compute.log_group
  retries              = var.retries
  retry_seconds        = var.retry_seconds
  timeout_hours        = var.timeout_hours
  schedule             = var.schedule
  time_zone            = var.time_zone
  schedule_enabled     = var.schedule_enabled
  alert_email          = var.alert_email
  log_retention_days   = var.log_retention_days
  permissions_boundary = local.boundary
}

module "cicd" {
  source = "../modules/cicd"
  count  = var.github_repository == null ? 0 : 1

  name                 = var.name
  lake_bucket          = local.bucket
  repository           = var.github_repository
  environment          = var.github_environment
  state_bucket         = var.state_bucket
  create_oidc_provider = var.create_github_oidc_provider
}
