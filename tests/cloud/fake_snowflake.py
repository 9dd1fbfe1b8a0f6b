"""The stand-in for Snowflake, with the database and the stage that Terraform's module makes, over the stand-in for S3.

    python -m tests.cloud.fake_snowflake ENDPOINT_URL BUCKET LOG        prints its port and serves until stdin closes

`LOG` gets every COPY and every tag of a session as it was sent.
"""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.dbt.fake_snowflake import server
from tests.integration import fake_snowflake
from tests.project import ROOT

connector: Any = import_module("snowflake.connector")
DATABASE = "GAME_MARKET"
CREDENTIALS = {"user": "fake", "password": "snow", "account": "fakesnow", "database": DATABASE}


class FakeSnowflake:
    """A stand-in on 127.0.0.1 whose stage is a bucket."""

    def __init__(self, endpoint_url: str, bucket: str, folder: Path) -> None:
        self.arguments = (endpoint_url, bucket, str(folder / "statements.jsonl"))
        self.folder = folder
        self.port = 0

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement."""
        with connector.connect(**CREDENTIALS, host="127.0.0.1", port=self.port, protocol="http") as connection:
            return list(connection.cursor().execute(sql).fetchall())

    def statements(self) -> list[str]:
        """Every COPY and every tag of a session, as it was sent."""
        log = Path(self.arguments[2])
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def __enter__(self) -> "FakeSnowflake":
        with (self.folder / "snowflake.log").open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, *self.arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


# What follows runs in the child process


def main() -> None:
    """Serves."""
    endpoint_url, bucket, statements = sys.argv[1:]
    for_fakesnow = fake_snowflake._for_fakesnow

    def written_down(sql: str) -> str:
        is_tag = "SET QUERY_TAG" in sql.upper()
        if is_tag or sql.lstrip().upper().startswith("COPY"):
            with open(statements, "a") as log:
                log.write(json.dumps(sql) + "\n")
        return "SELECT 1" if is_tag else for_fakesnow(sql)

    fake_snowflake._for_fakesnow = written_down
    connection = server.shared_fs.connect(DATABASE, "PUBLIC")
    connection.cursor().execute(f"CREATE STAGE {DATABASE}.PUBLIC.LAKE URL = 's3://{bucket}/'")
    sys.argv = [sys.argv[0], endpoint_url, "nobody", "nothing"]
    fake_snowflake.main()


if __name__ == "__main__":
    main()
