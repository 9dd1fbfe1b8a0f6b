# Where the games end up: a database, a small warehouse that cannot run away, and three roles with no more than they need.

locals {
  loader      = snowflake_account_role.this["LOADER"].name
  transformer = snowflake_account_role.this["TRANSFORMER"].name
  reader      = snowflake_account_role.this["READER"].name
  roles = {
    LOADER      = "Loads the schema raw from the lake"
    TRANSFORMER = "Reads raw and builds the marts"
    READER      = "Reads the marts"
  }
  database = snowflake_database.this.fully_qualified_name
}

resource "snowflake_database" "this" {
  name                        = var.database
  comment                     = "The games market, data by RAWG (https://rawg.io)"
  data_retention_time_in_days = 1
}

# the loader and dbt make their own schemas, and own what they make
resource "snowflake_grant_privileges_to_account_role" "database" {
  for_each = { LOADER = ["USAGE", "CREATE SCHEMA"], TRANSFORMER = ["USAGE", "CREATE SCHEMA"], READER = ["USAGE"] }

  account_role_name = snowflake_account_role.this[each.key].name
  privileges        = each.value

  on_account_object {
    object_type = "DATABASE"
    object_name = snowflake_database.this.name
  }
}

resource "snowflake_resource_monitor" "this" {
  name                      = var.database
  credit_quota              = var.credits_per_month
  frequency                 = "MONTHLY"
  start_timestamp           = "IMMEDIATELY"
  notify_triggers           = [80]
  suspend_trigger           = 95
  suspend_immediate_trigger = 100

  lifecycle {
    # Snowflake answers with the time at which it began
    ignore_changes = [start_timestamp]
  }
}

resource "snowflake_warehouse" "this" {
  name                         = var.database
  comment                      = "Loading, dbt and reading"
  warehouse_size               = "XSMALL"
  auto_suspend                 = 60
  auto_resume                  = "true"
  initially_suspended          = true
  resource_monitor             = snowflake_resource_monitor.this.name
  statement_timeout_in_seconds = 3600
}

resource "snowflake_account_role" "this" {
  for_each = local.roles

  name    = "${var.database}_${each.key}"
  comment = each.value
}

# administrators see and inherit what the pipeline's roles own
resource "snowflake_grant_account_role" "to_sysadmin" {
  for_each = snowflake_account_role.this

  role_name        = each.value.name
  parent_role_name = "SYSADMIN"
}

resource "snowflake_grant_privileges_to_account_role" "warehouse" {
  for_each = snowflake_account_role.this

  account_role_name = each.value.name
  privileges        = ["USAGE"]

  on_account_object {
    object_type = "WAREHOUSE"
    object_name = snowflake_warehouse.this.name
  }
}

# Made here and not by the loader, so that what others may read can be said before the first load
resource "snowflake_schema" "this" {
  for_each = toset(["RAW", "RAW_STAGING", "STAGING", "CORE", "MARKET"])

  database = snowflake_database.this.name
  name     = each.key
}

resource "snowflake_grant_ownership" "raw" {
  for_each = toset(["RAW", "RAW_STAGING"])

  account_role_name   = local.loader
  outbound_privileges = "COPY"

  on {
    object_type = "SCHEMA"
    object_name = snowflake_schema.this[each.key].fully_qualified_name
  }
}

resource "snowflake_grant_ownership" "marts" {
  for_each = toset(["STAGING", "CORE", "MARKET"])

  account_role_name   = local.transformer
  outbound_privileges = "COPY"

  on {
    object_type = "SCHEMA"
    object_name = snowflake_schema.this[each.key].fully_qualified_name
  }
}

locals {
  # who reads which schemas of others
  reads = {
    transformer_raw = { role = local.transformer, schema = "RAW" }
    reader_core     = { role = local.reader, schema = "CORE" }
    reader_market   = { role = local.reader, schema = "MARKET" }
  }
  readable = { for pair in setproduct(keys(local.reads), ["TABLES", "VIEWS"]) : "${pair[0]}_${lower(pair[1])}" => merge(local.reads[pair[0]], { kind = pair[1] }) }
}

resource "snowflake_grant_privileges_to_account_role" "schema" {
  for_each = local.reads

  account_role_name = each.value.role
  privileges        = ["USAGE"]

  on_schema {
    schema_name = snowflake_schema.this[each.value.schema].fully_qualified_name
  }

  depends_on = [snowflake_grant_ownership.raw, snowflake_grant_ownership.marts]
}

resource "snowflake_grant_privileges_to_account_role" "future" {
  for_each = local.readable

  account_role_name = each.value.role
  privileges        = ["SELECT"]

  on_schema_object {
    future {
      object_type_plural = each.value.kind
      in_schema          = snowflake_schema.this[each.value.schema].fully_qualified_name
    }
  }

  depends_on = [snowflake_grant_ownership.raw, snowflake_grant_ownership.marts]
}

# The lake. Snowflake makes an IAM user and an external id for the integration; the role in AWS trusts these two.
resource "snowflake_storage_integration" "lake" {
  name                      = "${var.database}_LAKE"
  comment                   = "Reads the lake"
  type                      = "EXTERNAL_STAGE"
  enabled                   = true
  storage_provider          = "S3"
  storage_aws_role_arn      = var.reader_role_arn
  storage_allowed_locations = [var.lake_url]
}

resource "snowflake_stage" "lake" {
  name                = "LAKE"
  database            = snowflake_database.this.name
  schema              = "PUBLIC"
  url                 = var.lake_url
  storage_integration = snowflake_storage_integration.lake.name
  comment             = "What the loader copies from: no key stands in any statement"
}

resource "snowflake_grant_privileges_to_account_role" "public" {
  account_role_name = local.loader
  privileges        = ["USAGE"]

  on_schema {
    schema_name = "${local.database}.\"PUBLIC\""
  }
}

resource "snowflake_grant_privileges_to_account_role" "stage" {
  account_role_name = local.loader
  privileges        = ["USAGE"]

  on_schema_object {
    object_type = "STAGE"
    object_name = snowflake_stage.lake.fully_qualified_name
  }
}

resource "snowflake_service_user" "this" {
  for_each = var.task_role_arns

  name                           = "${var.database}_${upper(each.key)}"
  comment                        = "The ${each.key} task on ECS"
  default_role                   = snowflake_account_role.this[upper(each.key)].name
  default_warehouse              = snowflake_warehouse.this.name
  default_secondary_roles_option = "NONE"
  rsa_public_key                 = var.public_key
}

# the role of the task is the credential: the provider has no attribute for it yet
resource "snowflake_execute" "workload_identity" {
  for_each = var.public_key == null ? var.task_role_arns : {}

  execute = "ALTER USER ${snowflake_service_user.this[each.key].fully_qualified_name} SET WORKLOAD_IDENTITY = (TYPE = AWS ARN = '${each.value}')"
  revert  = "ALTER USER IF EXISTS ${snowflake_service_user.this[each.key].fully_qualified_name} UNSET WORKLOAD_IDENTITY"
}

resource "snowflake_grant_account_role" "to_user" {
  for_each = snowflake_service_user.this

  role_name = snowflake_account_role.this[upper(each.key)].name
  user_name = each.value.name
}
