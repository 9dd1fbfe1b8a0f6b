"""The tables that a warehouse held, made from the files of a lake in a DuckDB file, in one statement a table."""

from pathlib import Path

import dlt
import duckdb
from dlt.common.destination.client import JobClientBase
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.common.schema.utils import get_columns_names_with_prop, get_first_column_name_with_prop, get_root_table
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration

from pipelines.lake import LOADS, VERSIONS, Lake
from pipelines.staged_duckdb import staged_duckdb
from sources.rawg.rows import Row

MEMORY = "1GB"
"""What DuckDB may take before it spills to disk."""


def fill(file: Path, lake: Lake, pipeline: dlt.Pipeline, spill: Path) -> dict[str, int]:
    """Makes the tables of the pipeline's dataset in a new DuckDB file, dlt's own included, and returns their rows.

    Args:
        spill: Folder for what does not fit into memory, and for copies of files of an object store.
    """
    schema = lake.history.schema()
    names = list(schema.data_table_names(seen_data_only=True))
    with _client(file, schema, pipeline) as client:
        client.initialize_storage()
        client.update_stored_schema(only_tables=[*names, *schema.dlt_table_names()])
        connection = client.sql_client.native_connection  # type: ignore[attr-defined]
        _prepare(connection, str(pipeline.dataset_name), spill)
        # roots first: the rows below them follow
        for name in sorted([schema.state_table_name, *names], key=lambda name: "parent" in schema.tables[name]):
            if files := lake.files_of(schema, name):
                with lake.on_local_disk(files, spill) as paths:
                    connection.execute(f"INSERT INTO {quoted(name)} BY NAME {_surviving_rows(schema, name)}", [paths])
        _insert(connection, LOADS, lake.history.loads)
        _insert(connection, VERSIONS, lake.history.kept_versions())
        connection.execute("CHECKPOINT")
        return {name: _count(connection, name) for name in names}


def _prepare(connection: duckdb.DuckDBPyConnection, dataset: str, spill: Path) -> None:
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    connection.execute("SET temp_directory = ?", [str(spill)])
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"USE {quoted(dataset)}")


def _client(file: Path, schema: Schema, pipeline: dlt.Pipeline) -> JobClientBase:
    """dlt's client of the file: it makes the tables as it would make them in a DuckDB warehouse."""
    destination = staged_duckdb(credentials=f"duckdb:///{file}", destination_name="rebuilt")
    return destination.client(schema, DuckDbClientConfiguration()._bind_dataset_name(pipeline.dataset_name))


def _surviving_rows(schema: Schema, name: str) -> str:
    """What is left of a table's files after all their loads, in one statement.

    A load deletes what has a key of its rows, then inserts its rows, so a row stays if no later load has its key. Rows
    below a root row stay with it.
    """
    table = schema.tables[name]
    columns = ", ".join(quoted(column) for column in schema.get_table_columns(name))
    # the empty table brings the columns that no file has
    files = (
        "read_parquet(?, union_by_name = true, hive_partitioning = false, filename = '_file', file_row_number = true)"
    )
    rows = f"SELECT * FROM {quoted(name)} WHERE false UNION ALL BY NAME SELECT * FROM {files}"
    # {load_id}.{file_id}.{ext}; nested rows have no _dlt_load_id
    rows = rf"SELECT *, regexp_extract(_file, '([0-9.]+)\.[^./]+\.[^./]+$', 1) AS _load FROM ({rows})"
    stays = _newest(table) if "parent" not in table else _below(schema, table)
    rows = f"SELECT *, {stays} AS _stays FROM ({rows})"
    return f"SELECT {columns} FROM ({rows}) WHERE _stays AND {_not_deleted(table)}"


def _newest(table: TTableSchema) -> str:
    """Keeps the rows that no later load deleted; of rows that share a primary key, one."""
    conditions = ["true"]
    if table.get("write_disposition") == "merge":
        if keys := ", ".join(map(quoted, get_columns_names_with_prop(table, "primary_key"))):
            order = "_load DESC, _file, file_row_number"
            conditions.append(f"row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1")
        if keys := ", ".join(map(quoted, get_columns_names_with_prop(table, "merge_key"))):
            conditions.append(f"_load = max(_load) OVER (PARTITION BY {keys})")
    return " AND ".join(conditions)


def _below(schema: Schema, table: TTableSchema) -> str:
    """Keeps the rows that came with a root row that is still there; root rows of two loads may share a `_dlt_id`."""
    root = get_root_table(schema.tables, str(table["name"]))
    if root["write_disposition"] == "replace":
        return "true"
    key = get_first_column_name_with_prop(table, "root_key") or get_first_column_name_with_prop(table, "parent_key")
    row_key = get_first_column_name_with_prop(root, "row_key")
    roots = f"SELECT {quoted(str(row_key))}, _dlt_load_id FROM {quoted(str(root['name']))}"
    return f"({quoted(str(key))}, _load) IN ({roots})"


def _not_deleted(table: TTableSchema) -> str:
    """Leaves out rows that only say that something is gone."""
    marker = get_first_column_name_with_prop(table, "hard_delete")
    return f"{quoted(marker)} IS NOT TRUE" if marker else "true"


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    """Replaces what is in one of dlt's own tables."""
    connection.execute(f"DELETE FROM {quoted(table)}")
    columns, places = ", ".join(map(quoted, rows[0])), ", ".join("?" * len(rows[0]))
    connection.executemany(
        f"INSERT INTO {quoted(table)} ({columns}) VALUES ({places})", [list(row.values()) for row in rows]
    )


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchall()[0][0])


def quoted(name: str) -> str:
    """A name as DuckDB reads it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
