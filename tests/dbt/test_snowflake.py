"""The same models on a stand-in for Snowflake: builds, repeats, and gives the same tables as DuckDB."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dbt.dbt_project import DBT, DbtProject
from tests.project import ROOT

pytest.importorskip("fakesnow", reason="fakesnow is not installed")
connector = pytest.importorskip("snowflake.connector")
pytest.importorskip("dbt.adapters.snowflake", reason="dbt-snowflake is not installed")

CREDENTIALS = {"user": "fake", "password": "snow", "account": "fakesnow", "database": "RAWG"}
EPOCH = datetime(1970, 1, 1)
"""How the stand-in sends a timestamp that is null."""


@pytest.fixture
def serve_snowflake() -> Iterator[Callable[[Path], int]]:
    """Starts stand-ins that end with the test; gives the port."""
    with ExitStack() as stack:

        def serve(warehouse: Path) -> int:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.dbt.fake_snowflake", str(warehouse)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            return int(process.stdout.readline())

        yield serve


def on_snowflake(project: DbtProject, port: int) -> DbtProject:
    """The project's own profile, pointed at the stand-in."""
    profile = yaml.safe_load((DBT / "profiles.yml").read_text())
    target = profile["game_market"]["outputs"]["snowflake"]
    target |= {**CREDENTIALS, "host": "127.0.0.1", "port": port, "protocol": "http", "threads": 1}
    (project.folder / "profiles.yml").write_text(yaml.safe_dump(profile))
    environment = {"DBT_PROFILES_DIR": str(project.folder), "DBT_TARGET": "snowflake"}
    return DbtProject(project.folder, project.warehouse, environment)


def rows_on_snowflake(port: int, tables: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of tables on the stand-in, in order."""
    with connector.connect(**CREDENTIALS, host="127.0.0.1", port=port, protocol="http") as connection:
        cursor = connection.cursor()
        return {table: comparable(cursor.execute(f"SELECT * FROM {table}").fetchall()) for table in tables}


def comparable(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in order, with fractions cut to what both engines agree on."""
    return sorted((tuple(map(_comparable, row)) for row in rows), key=repr)


def _comparable(value: Any) -> Any:
    if value == EPOCH:
        return None
    return round(value, 9) if isinstance(value, float) else value


def test_both_engines_give_the_same_tables_twice(
    over_loaded: DbtProject, serve_snowflake: Callable[[Path], int]
) -> None:
    over_loaded.build("--exclude-resource-type", "test", "unit_test")
    expected = {name: comparable(rows) for name, rows in over_loaded.marts().items()}
    port = serve_snowflake(over_loaded.warehouse)
    snowflake = on_snowflake(over_loaded, port)
    snowflake.build()
    first = rows_on_snowflake(port, list(expected))
    assert {name: len(rows) for name, rows in first.items()} == {name: len(rows) for name, rows in expected.items()}
    for name, rows in expected.items():
        assert first[name] == rows, name
    ended = "(SELECT game_id FROM RAWG.core.dim_game_history WHERE dbt_valid_to IS NOT NULL)"
    assert rows_on_snowflake(port, [ended]) == {ended: []}
    snowflake.build("--exclude-resource-type", "test", "unit_test")
    assert rows_on_snowflake(port, list(expected)) == first
