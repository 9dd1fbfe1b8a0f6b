"""Leads a task's connections to Snowflake to the stand-in, and writes down how the task wanted to sign in.

The stand-in knows no workload identity; what the connector is asked for is what can be checked.
"""

import json
import os
from typing import Any

from snowflake import connector

connect = connector.connect
SIGN_IN = ("authenticator", "workload_identity_provider", "private_key", "password", "user", "account")


def connect_here(**parameters: Any) -> Any:
    """Connects to the stand-in instead of Snowflake."""
    asked = {key: str(value) for key, value in parameters.items() if key in (*SIGN_IN, "role", "warehouse", "database")}
    with open(os.environ["SNOWFLAKE_LOG"], "a") as log:
        log.write(json.dumps(asked) + "\n")
    others = {key: value for key, value in parameters.items() if key not in SIGN_IN}
    here = {"host": "127.0.0.1", "port": int(os.environ["SNOWFLAKE_PORT"]), "protocol": "http"}
    return connect(**{**others, **here}, user="fake", password="snow", account="fakesnow")


connector.connect = connector.Connect = connect_here  # type: ignore[assignment]
