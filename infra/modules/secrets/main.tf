# The key of RAWG is the only secret there is, unless Snowflake is signed in to with a key pair.

resource "aws_secretsmanager_secret" "rawg_api_key" {
  name                    = "${var.name}/rawg-api-key"
  description             = "Key of the RAWG API (https://rawg.io/apidocs)"
  recovery_window_in_days = var.recovery_days
}

resource "aws_secretsmanager_secret_version" "rawg_api_key" {
  count = var.rawg_api_key_version > 0 ? 1 : 0

  secret_id                = aws_secretsmanager_secret.rawg_api_key.id
  secret_string_wo         = var.rawg_api_key
  secret_string_wo_version = var.rawg_api_key_version
}

resource "aws_secretsmanager_secret" "snowflake_private_key" {
  count = var.with_private_key ? 1 : 0

  name                    = "${var.name}/snowflake-private-key"
  description             = "Private key of Snowflake's service users, in PEM without a passphrase"
  recovery_window_in_days = var.recovery_days
}
