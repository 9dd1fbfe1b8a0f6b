"""What `tests.forked` imports once for all scripts that it starts; nothing here may start a thread."""

import gc
from contextlib import suppress
from importlib import import_module

OURS = (
    "pipelines.load",
    "pipelines.lock",
    "pipelines.progress",
    "pipelines.rebuilt_tables",
    "pipelines.staged_duckdb",
    "pipelines.summary",
    "pipelines.warehouses",
    "sources.rawg.sandbox.__main__",
)
FOUND_LATE = (
    "dlt.common.libs.pyarrow",
    "dlt.common.libs.sql_alchemy_compat",
    "dlt.destinations.impl.filesystem.filesystem",
    "dlt.sources.helpers.requests",
    "dotenv",
    "pyarrow.parquet",
    "pytz",
)
"""Modules of others that a run imports on its way."""
OF_DBT = ("dbt.cli.main", "dbt.adapters.duckdb", "dbt.adapters.snowflake")

for name in (*OURS, *FOUND_LATE, *OF_DBT):
    with suppress(ModuleNotFoundError):  # not all of it is installed everywhere
        import_module(name)
gc.freeze()  # all this stays: no script looks through it for garbage
