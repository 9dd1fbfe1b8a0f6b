"""Who dbt signs in as: the project's profile under the loader's own settings."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.dbt.dbt_project import DBT
from tests.project import ROOT

pytest.importorskip("dbt.adapters.snowflake", reason="dbt-snowflake is not installed")

SNOWFLAKE_SETTINGS = "DESTINATION__WAREHOUSE__CREDENTIALS__"
ACCOUNT = {"HOST": "my-account", "USERNAME": "loader", "DATABASE": "RAWG", "WAREHOUSE": "LOAD", "ROLE": "LOADER"}


def credentials(**settings: str) -> Any:
    """What dbt makes of the profile for Snowflake with these settings in the environment."""
    from dbt.adapters.snowflake.connections import SnowflakeCredentials
    from dbt.clients.yaml_helper import load_yaml_text
    from dbt.config.renderer import ProfileRenderer
    from dbt_common.context import set_invocation_context

    set_invocation_context({f"{SNOWFLAKE_SETTINGS}{name}": value for name, value in {**ACCOUNT, **settings}.items()})
    profiles = load_yaml_text((DBT / "profiles.yml").read_text())
    assert profiles
    profile = profiles["game_market"]["outputs"]["snowflake"]
    target = {name: value for name, value in profile.items() if name not in ("type", "threads")}
    return SnowflakeCredentials.from_dict(ProfileRenderer({}).render_data(target))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"PASSWORD": "secret"}, {"user": "loader", "password": "secret"}),
        (
            {"AUTHENTICATOR": "WORKLOAD_IDENTITY", "WORKLOAD_IDENTITY_PROVIDER": "AWS"},
            {"user": "loader", "authenticator": "WORKLOAD_IDENTITY", "workload_identity_provider": "AWS"},
        ),
    ],
    ids=["password", "workload identity"],
)
def test_signing_in(settings: dict[str, str], expected: dict[str, str]) -> None:
    found = credentials(**settings)
    assert (found.account, found.database, found.warehouse, found.role) == ("my-account", "RAWG", "LOAD", "LOADER")
    arguments = found.auth_args()
    assert {name: arguments.get(name) for name in expected} == expected
    assert arguments["private_key"] is None


def test_signing_in_with_a_key_pair() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    encryption = serialization.BestAvailableEncryption(b"phrase")
    pem = key.private_bytes(encoding, form, encryption).decode()
    found = credentials(PRIVATE_KEY=pem, PRIVATE_KEY_PASSPHRASE="phrase")
    assert found.auth_args()["private_key"] is not None
    assert "password" not in found.auth_args()


def test_dbt_gets_the_settings_that_dlt_found() -> None:
    address = "snowflake://loader:secret@my-account/RAWG?warehouse=LOAD&role=LOADER"
    settings = {"DESTINATION__WAREHOUSE__DESTINATION_TYPE": "snowflake", SNOWFLAKE_SETTINGS.rstrip("_"): address}
    program = "import json; from pipelines.transform import dbt_target; print(json.dumps(dbt_target(sandbox=False)))"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **settings}, stdout=subprocess.PIPE, check=True
    )
    expected = {f"{SNOWFLAKE_SETTINGS}{name}": value for name, value in {**ACCOUNT, "PASSWORD": "secret"}.items()}
    assert json.loads(ran.stdout) == {"DBT_TARGET": "snowflake", **expected}
