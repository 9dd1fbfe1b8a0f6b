"""The stand-in for Snowflake, taking what dlt sends: many statements in one string, COPY from an object store.

    python -m tests.integration.fake_snowflake ENDPOINT_URL ACCESS_KEY SECRET

prints its port and serves until stdin closes.

It proves the flow and the data, not that Snowflake takes each statement: options of COPY that DuckDB has no word for
are left out.
"""

import re
import socket
import subprocess
import sys
import threading
from importlib import import_module
from types import TracebackType
from typing import Any

import uvicorn

from tests.dbt.fake_snowflake import DATABASE, FakeSnowflakeCursor, accept_dbt, server
from tests.integration.object_store import ACCESS_KEY, REGION, SECRET, ObjectStore
from tests.project import ROOT

cursor: Any = import_module("fakesnow.cursor")
connector: Any = import_module("snowflake.connector")
CREDENTIALS = {"user": "fake", "password": "snow-that-no-file-may-hold", "account": "fakesnow", "database": DATABASE}
WAREHOUSE = "DESTINATION__WAREHOUSE__"


class FakeSnowflake:
    """A stand-in on 127.0.0.1 that reads files from an object store, and holds what it is told until it ends."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self.port = 0

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a user whose warehouse it is."""
        user = f"{CREDENTIALS['user']}:{CREDENTIALS['password']}@{CREDENTIALS['account']}"
        where = f"warehouse=WH&role=R&host=127.0.0.1&port={self.port}&protocol=http"
        return {
            f"{WAREHOUSE}DESTINATION_TYPE": "snowflake",
            f"{WAREHOUSE}CREDENTIALS": f"snowflake://{user}/{DATABASE}?{where}",
        }

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement."""
        return list(self._connection.cursor().execute(sql).fetchall())

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Columns and rows of every table of the raw dataset, dlt's own included, both in order."""
        columns: dict[str, list[str]] = {}
        listed = (
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'RAW' ORDER BY 1, 2"
        )
        for table, column in self.query(listed):
            columns.setdefault(table, []).append(column)
        return {
            table: [tuple(names), *sorted(self.query(f"SELECT {_quoted(names)} FROM raw.{_quoted([table])}"), key=repr)]
            for table, names in columns.items()
        }

    def __enter__(self) -> "FakeSnowflake":
        with (self.store.folder / "snowflake.log").open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, self.store.endpoint_url, ACCESS_KEY, SECRET],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self._connection = connector.connect(**CREDENTIALS, host="127.0.0.1", port=self.port, protocol="http")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._process.kill()
        self._process.communicate()


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


# What follows runs in the child process


def accept_dlt(endpoint_url: str, key: str, secret: str) -> None:
    """Makes fakesnow accept what dlt sends, and read from the object store."""
    import s3fs

    store = s3fs.S3FileSystem(
        key=key,
        secret=secret,
        endpoint_url=endpoint_url,
        client_kwargs={"region_name": REGION},
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    execute, parse, copy_into = FakeSnowflakeCursor.execute, server.parse_one, cursor.copy_into

    def execute_each(self: Any, command: Any, *arguments: Any, **options: Any) -> Any:
        *first, last = _statements(command)
        for statement in first:
            execute(self, statement, server=True)
        return execute(self, last, *arguments, **options)

    def copy_from_store(connection: Any, *arguments: Any, **options: Any) -> Any:
        if not connection.filesystem_is_registered("s3"):
            connection.register_filesystem(store)
        return copy_into(connection, *arguments, **options)

    FakeSnowflakeCursor.execute = execute_each
    server.parse_one = lambda sql: parse(_statements(sql)[-1])
    cursor.copy_into = copy_from_store


def _statements(command: Any) -> list[Any]:
    """The statements of one string, as dlt puts them together."""
    if not isinstance(command, str):
        return [command]
    return [_for_fakesnow(statement) for statement in command.rstrip("; \n").split(";\n")]


def _for_fakesnow(sql: str) -> str:
    if not sql.lstrip().upper().startswith("COPY"):
        return sql
    sql = re.sub(r"MATCH_BY_COLUMN_NAME\s*=\s*'(\w+)'", r"MATCH_BY_COLUMN_NAME=\1", sql)
    sql = re.sub(r"CREDENTIALS\s*=\s*\([^)]*\)", "", sql)
    return re.sub(r"FILE_FORMAT\s*=\s*\([^)]*\)", "FILE_FORMAT = (TYPE = 'PARQUET')", sql)


def main() -> None:
    """Serves."""
    accept_dbt()
    accept_dlt(*sys.argv[1:])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    http = uvicorn.Server(uvicorn.Config(server.app, log_level="error"))
    threading.Thread(target=http.run, kwargs={"sockets": [listener]}, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
