"""The same models on a stand-in for Snowflake: builds, repeats, and gives the same tables as DuckDB."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dbt.changes import change_games
from tests.dbt.dbt_project import DBT, MARTS, MODELS_ONLY, DbtProject
from tests.project import ROOT

pytest.importorskip("fakesnow", reason="fakesnow is not installed")
connector = pytest.importorskip("snowflake.connector")
pytest.importorskip("dbt.adapters.snowflake", reason="dbt-snowflake is not installed")

CREDENTIALS = {"user": "fake", "password": "snow", "account": "fakesnow", "database": "RAWG"}
STAR_ONLY = ("--select", "path:models/marts/core", "path:snapshots", "stg_rawg__unlisted_games", *MODELS_ONLY)
"""What a change goes through by load. Staging is views and follows by itself, but for a table that is new; what the
market marts make of the star is compared once."""
EPOCH = datetime(1970, 1, 1)
"""How the stand-in sends a timestamp that is null."""


class Snowflake:
    """The stand-in in a process of its own, and the project's models on it."""

    def __init__(self, process: "subprocess.Popen[str]", parsed: DbtProject, folder: Path) -> None:
        self._process = process
        self.port = int(self._answer())
        profile = yaml.safe_load((DBT / "profiles.yml").read_text())
        target = profile["game_market"]["outputs"]["snowflake"]
        target |= {**CREDENTIALS, "host": "127.0.0.1", "port": self.port, "protocol": "http"}
        (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
        self.models = DbtProject(folder, {"DBT_PROFILES_DIR": str(folder), "DBT_TARGET": "snowflake"})

    def take_over(self, warehouse: Path) -> None:
        """Makes the raw tables those of a DuckDB file."""
        assert self._process.stdin is not None
        print(warehouse, file=self._process.stdin, flush=True)
        assert self._answer() == "taken over"

    def rows(self, tables: Iterable[str]) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of tables, in order."""
        with connector.connect(**CREDENTIALS, host="127.0.0.1", port=self.port, protocol="http") as connection:
            cursor = connection.cursor()
            return {table: comparable(cursor.execute(f"SELECT * FROM {table}").fetchall()) for table in tables}

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture
def snowflake(parsed: DbtProject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snowflake]:
    """A stand-in that ends with the test."""
    command = [sys.executable, "-m", "tests.dbt.fake_snowflake"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Snowflake(process, parsed, tmp_path_factory.mktemp("snowflake"))
        process.kill()


def marts(project: DbtProject, schemas: Iterable[str] = MARTS) -> dict[str, list[tuple[Any, ...]]]:
    """Every mart on DuckDB, with its rows in order."""
    return {name: comparable(rows) for name, rows in project.marts(schemas).items()}


def comparable(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in order, with fractions cut to what both engines agree on."""
    return sorted((tuple(map(_comparable, row)) for row in rows), key=repr)


def _comparable(value: Any) -> Any:
    if value == EPOCH:
        return None
    return round(value, 9) if isinstance(value, float) else value


@pytest.mark.slow
def test_both_engines_give_the_same_tables_also_after_a_change(over_loaded: DbtProject, snowflake: Snowflake) -> None:
    over_loaded.build(*MODELS_ONLY)
    snowflake.take_over(over_loaded.warehouse)
    # unit tests run on made-up rows, on DuckDB only: they would take longer than all the rest; staging's tests
    # are of the same kinds as those of the marts
    staging_tests = "path:models/staging,resource_type:test"
    snowflake.models.build("--exclude-resource-type", "unit_test", "--exclude", staging_tests)
    expected = marts(over_loaded)
    assert snowflake.rows(expected) == expected

    games = change_games(over_loaded)
    over_loaded.build(*STAR_ONLY)
    snowflake.take_over(over_loaded.warehouse)
    snowflake.models.build(*STAR_ONLY)
    expected = marts(over_loaded, ["core"])
    incremental = snowflake.rows(expected)
    assert incremental == expected

    snowflake.models.build("--full-refresh", "--select", "config.materialized:incremental", *MODELS_ONLY)
    kept = incremental["core.fct_game_daily_snapshot"]
    incremental["core.fct_game_daily_snapshot"] = [row for row in kept if row[0] != games.gone]
    assert snowflake.rows(expected) == incremental

    freshness = snowflake.models.run("source", "freshness")
    assert freshness.exit_code == 0, freshness.output
