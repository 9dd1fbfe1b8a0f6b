"""Writes `known_schema.yaml`: all tables and columns that this version of the project knows.

    python -m sources.rawg.export_schema

It lets dlt extract and normalize every resource from the sandbox, which sends what RAWG is known to send.
"""

from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any

import dlt
import yaml
from fsspec.implementations.memory import MemoryFileSystem

from sources.rawg import rawg_source
from sources.rawg.configuration import rawg_configuration, sandbox_settings
from sources.rawg.ledger import RequestLedger
from sources.rawg.run import RawgRun
from sources.rawg.sandbox import SandboxProcess
from sources.rawg.schema_changes import KNOWN_SCHEMA

GAMES, GAMES_IN_DETAIL = 300, 100
"""Enough made-up games for every field and list to appear."""
HEADER = """\
# Every table and column that this version of the project knows. Written by `make schema`; do not edit.
"""


def schema_yaml() -> str:
    """The schema of all resources in dlt's form, in a stable order and without what changes from load to load."""
    with SandboxProcess(GAMES) as sandbox, TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("rawg_schema", pipelines_dir=folder, destination="duckdb", dataset_name="raw")
        pipeline.extract(rawg_source(_run_over_everything(sandbox)))
        pipeline.normalize()
        schema = pipeline.default_schema
    tables = schema.to_dict(remove_defaults=True, remove_processing_hints=True)["tables"]
    known = {name: _in_order(tables[name]) for name in sorted(tables) if not name.startswith("_dlt")}
    return HEADER + str(yaml.safe_dump({"name": schema.name, "tables": known}, sort_keys=False))


def _run_over_everything(sandbox: SandboxProcess) -> RawgRun:
    configuration = rawg_configuration(**sandbox_settings(sandbox.base_url))
    ledger = RequestLedger(MemoryFileSystem(), "schema", configuration.monthly_requests)
    run = RawgRun.start(configuration, ledger)
    run.walk_games(configuration.initial_day, datetime.now(UTC).date())
    most_added = sorted(sandbox.truth(), key=lambda game: -game["added"])[:GAMES_IN_DETAIL]
    run.selected_games = [{"id": game["id"], "updated": game["updated"]} for game in most_added]
    run.selected_resources = ["game_details"]
    return run


def _in_order(table: Any) -> dict[str, Any]:
    columns = {name: dict(sorted(table["columns"][name].items())) for name in sorted(table["columns"])}
    return {**{key: table[key] for key in sorted(table) if key != "columns"}, "columns": columns}


if __name__ == "__main__":
    KNOWN_SCHEMA.write_text(schema_yaml())
