# Copy to terraform.tfvars (ignored by git) and fill in. RAWG's key is not here: export TF_VAR_rawg_api_key=...
aws_account_id    = "123456789012"
region            = "eu-central-1"
snowflake_account = "ORGANIZATION-ACCOUNT"

alert_email = "you@example.org"
schedule    = "cron(0 5 * * ? *)"
time_zone   = "Europe/Berlin"

# who deploys from GitHub, and where Terraform's state is
# github_repository = "owner/name"
# state_bucket      = "your-terraform-states"

# settings in dlt's spelling; the free plan's 20,000 requests a month are the default
# settings = { SOURCES__RAWG__MONTHLY_REQUESTS = "50000" }
