# The whole pipeline in one apply: AWS, Snowflake, and the handshake between them.

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.aws_account_id]

  default_tags {
    tags = { project = var.name }
  }
}

# signs in with what SNOWFLAKE_* says: as a person in the browser, from GitHub with its own identity; to apply, the role
# is ACCOUNTADMIN
provider "snowflake" {
  organization_name        = split("-", var.snowflake_account)[0]
  account_name             = split("-", var.snowflake_account)[1]
  preview_features_enabled = ["snowflake_stage_resource", "snowflake_storage_integration_resource"]
}

locals {
  # Names that are known before anything is made. Snowflake is told of the role first, and the role then trusts what
  # Snowflake answers: that is why one apply is enough.
  roles_arn = "arn:aws:iam::${var.aws_account_id}:role/${var.name}"
  lake_url  = "s3://${var.name}-lake-${var.aws_account_id}-${var.region}/"
}

module "snowflake" {
  source = "./modules/snowflake"

  database          = var.snowflake_database
  lake_url          = local.lake_url
  reader_role_arn   = "${local.roles_arn}-snowflake"
  task_role_arns    = { for user, task in { loader = "load", transformer = "transform", reader = "report" } : user => "${local.roles_arn}-${task}" }
  public_key        = var.snowflake_public_key
  credits_per_month = var.snowflake_credits_per_month
}

module "aws" {
  source = "./aws"

  name                        = var.name
  network_cidr                = var.network_cidr
  private_subnets             = var.private_subnets
  deletable                   = var.deletable
  rawg_api_key                = var.rawg_api_key
  rawg_api_key_version        = var.rawg_api_key_version
  snowflake_account           = var.snowflake_account
  snowflake_database          = var.snowflake_database
  snowflake_authenticator     = var.snowflake_public_key == null ? "WORKLOAD_IDENTITY" : "SNOWFLAKE_JWT"
  snowflake_iam_user_arn      = module.snowflake.iam_user_arn
  snowflake_external_id       = module.snowflake.external_id
  image_digest                = var.image_digest
  settings                    = var.settings
  schedule                    = var.schedule
  time_zone                   = var.time_zone
  schedule_enabled            = var.schedule_enabled
  alert_email                 = var.alert_email
  github_repository           = var.github_repository
  create_github_oidc_provider = var.create_github_oidc_provider
  state_bucket                = var.state_bucket
}
