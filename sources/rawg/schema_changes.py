"""What RAWG sends that this version of the project does not know: new tables, new columns, other types.

dlt evolves the schema by itself. `known_schema.yaml` beside this file says what is known (`make schema` writes it), so
a change of the project's own tables shows in review, and a change of RAWG's fields becomes a row of `schema_changes`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import dlt
import yaml
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TSchemaTables
from dlt.extract import DltResource

from sources.rawg.columns import SCHEMA_CHANGES
from sources.rawg.rows import Row
from sources.rawg.run import RawgRun

KNOWN_SCHEMA = Path(__file__).with_name("known_schema.yaml")  # dlt itself reads a `rawg.schema.yaml`


@cache
def known_tables() -> TSchemaTables:
    """The tables and columns that this version of the project knows, in dlt's own form."""
    # the loader in C, where it is there, takes a fifth of the time
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(KNOWN_SCHEMA.read_text(), Loader=loader)["tables"]  # type: ignore[no-any-return]  # noqa: S506


def unknown_columns(schema: Schema) -> list[Row]:
    """The columns of loaded tables that are not known, or not with this type, as rows of `schema_changes`."""
    known = known_tables()
    now = datetime.now(UTC)
    return [
        {
            "table_name": table,
            "column_name": column,
            "change": change,
            "data_type": hint["data_type"],
            "noticed_at": now,
        }
        for table in schema.data_table_names(seen_data_only=True)
        for column, hint in schema.get_table_columns(table).items()
        if (change := _change(known, table, column, hint))
    ]


def _change(known: TSchemaTables, table: str, column: str, hint: TColumnSchema) -> str | None:
    if table not in known:
        return "new_table"
    known_hint = known[table]["columns"].get(column)
    if hint.get("variant") or (known_hint and known_hint.get("data_type") != hint.get("data_type")):
        return "new_type"
    return None if known_hint or column.startswith("_dlt_") else "new_column"


def schema_changes(run: RawgRun) -> DltResource:
    """The changes that are not recorded yet (`RawgRun.schema_changes`), also named in the metrics of dlt's trace."""

    def changes() -> Iterator[list[Row]]:
        dlt.current.resource_metrics()["changes"] = [
            f"{row['table_name']}.{row['column_name']} ({row['change']}: {row['data_type']})"
            for row in run.schema_changes
        ]
        yield run.schema_changes

    return dlt.resource(changes, name="schema_changes", columns=SCHEMA_CHANGES, write_disposition="merge")
