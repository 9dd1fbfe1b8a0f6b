"""A stand-in for Snowflake (fakesnow: Snowflake's protocol on DuckDB), with the raw tables of a warehouse file in it.

    python -m tests.dbt.fake_snowflake        prints its port and serves until stdin closes

A line on stdin names a warehouse file; its raw tables replace the ones before, and a line on stdout says so.
It translates Snowflake's SQL to DuckDB's, so it proves the flow and the data, not that Snowflake takes each statement.
"""

import re
import socket
import sys
import threading
from importlib import import_module
from typing import Any

import sqlglot
import uvicorn
from sqlglot import exp

# the package has a function named `server`, which hides the module
info_schema: Any = import_module("fakesnow.info_schema")
server: Any = import_module("fakesnow.server")
FakeSnowflakeCursor: Any = import_module("fakesnow.cursor").FakeSnowflakeCursor
DATABASE = "RAWG"


def accept_dbt() -> None:
    """Makes fakesnow accept what dbt sends."""
    execute, describe = FakeSnowflakeCursor.execute, FakeSnowflakeCursor._describe_only
    parse = server.parse_one

    def patched_execute(self: Any, command: Any, *arguments: Any, **options: Any) -> Any:
        return execute(self, for_duckdb(command), *arguments, **options)

    FakeSnowflakeCursor.execute = patched_execute
    FakeSnowflakeCursor._describe_only = lambda self, command: describe(self, for_duckdb(command))
    server.parse_one = lambda sql: parse(for_duckdb(sql))
    FakeSnowflakeCursor._describe_last_sql = describe_last_sql
    # fakesnow notes an empty comment in a second database, which DuckDB refuses within a transaction
    insert = info_schema.insert_table_comment_sql
    info_schema.insert_table_comment_sql = lambda catalog, schema, table, comment: (
        "select 1" if comment is None else insert(catalog, schema, table, comment)
    )


def describe_last_sql(cursor: Any) -> Any:
    """The types of a result. fakesnow parses the statement once more for it, a fifth of all its time."""
    with cursor._conn.cursor() as describing:
        describing._execute(exp.Command(this="DESCRIBE", expression=cursor._last_sql), cursor._last_params)
        return describing.fetchall()


def for_duckdb(sql: Any) -> Any:
    """Snowflake's SQL where fakesnow leaves something that DuckDB refuses."""
    if not isinstance(sql, str):
        return sql
    if sql.lstrip()[:5].lower() == "merge":
        return with_qualified_values(sql)
    # no temporary tables in a database of one's own: they become permanent, and dbt drops them
    return re.sub(r"^(\s*create\s+(?:or\s+replace\s+)?)temp(?:orary)?\s+(table|view)\b", r"\1\2", sql, flags=re.I)


def with_qualified_values(merge: str) -> str:
    """The values that a MERGE inserts, with the source's name: DuckDB finds them ambiguous without."""
    statement = sqlglot.parse_one(merge, read="snowflake")
    source = statement.args["using"].alias_or_name
    for insert in statement.find_all(exp.Insert):
        if isinstance(insert.expression, exp.Tuple):
            for column in insert.expression.find_all(exp.Column):
                if not column.table:
                    column.set("table", exp.to_identifier(source))
    return statement.sql(dialect="snowflake", comments=False)


def take_over(warehouse: str) -> None:
    """Copies the raw tables of a DuckDB file, with names as Snowflake has them."""
    connection = server.shared_fs.connect(DATABASE, "RAW")._duck_conn
    connection.execute(f"ATTACH '{warehouse}' AS loaded (READ_ONLY)")
    columns = connection.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()"
        " WHERE database_name = 'loaded' AND schema_name = 'raw' GROUP BY table_name"
    ).fetchall()
    for table, names in columns:
        selected = ", ".join(f'"{name}" AS "{name.upper()}"' for name in names)
        connection.execute(
            f'CREATE OR REPLACE TABLE {DATABASE}.RAW."{table.upper()}" AS SELECT {selected} FROM loaded.raw."{table}"'
        )
    connection.execute("DETACH loaded")


def main() -> None:
    """Serves."""
    accept_dbt()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    http = uvicorn.Server(uvicorn.Config(server.app, log_level="warning"))
    threading.Thread(target=http.run, kwargs={"sockets": [listener]}, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        take_over(line.strip())
        print("taken over", flush=True)


if __name__ == "__main__":
    main()
