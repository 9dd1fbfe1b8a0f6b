"""What was committed when, and under which schema: dlt tells the warehouse only, this tells the lake as well.

A staging lake holds the rows of every package, also of those that never reached the warehouse, and no schema. With
the history beside them, the lake alone can say what the warehouse held (`pipelines/rebuild.py`).
"""

import json
from datetime import UTC
from typing import Any

from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.impl.filesystem.configuration import FilesystemDestinationClientConfiguration
from dlt.destinations.sql_client import SqlClientBase

from sources.rawg.ledger import write_whole
from sources.rawg.rows import Row

COLUMNS = {
    "_dlt_version": ("version", "engine_version", "inserted_at", "schema_name", "version_hash", "schema"),
    "_dlt_loads": ("load_id", "schema_name", "status", "inserted_at", "schema_version_hash"),
}
"""Schemas first: a load that the lake knows has a schema that the lake knows."""


def record_history(client: SqlClientBase[Any], lake: FilesystemDestinationClientConfiguration) -> None:
    """Writes rows of dlt's own tables into the lake that are not there yet, one file a row.

    It compares the two, so a run that was killed between a commit and this is made up for by the next one.
    """
    filesystem, root = fsspec_from_config(lake)
    rows_of = {table: _rows(client, table, names) for table, names in COLUMNS.items()}
    for table, rows in rows_of.items():
        folder = f"{root.rstrip('/')}/{lake.dataset_name}/{table}"
        filesystem.invalidate_cache(folder)
        known = {path.rsplit("/", 1)[-1] for path in filesystem.find(folder)}
        for row in rows:
            if (name := f"{_key(table, row)}.json") not in known:
                write_whole(filesystem, f"{folder}/{name}", json.dumps(row).encode())


def _rows(client: SqlClientBase[Any], table: str, names: tuple[str, ...]) -> list[Row]:
    columns = ", ".join(client.escape_column_name(name) for name in names)
    found = client.execute_sql(f"SELECT {columns} FROM {client.make_qualified_table_name(table)}")
    rows = [dict(zip(names, row, strict=True)) for row in found or []]
    return [row | {"inserted_at": row["inserted_at"].astimezone(UTC).isoformat()} for row in rows]


def _key(table: str, row: Row) -> str:
    # after a full refresh a schema of old content may come back under the same hash
    return str(row["load_id"] if table == "_dlt_loads" else row["inserted_at"].replace(":", ""))
