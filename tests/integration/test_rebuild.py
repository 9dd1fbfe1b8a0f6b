"""The warehouse, lost and rebuilt from the lake alone."""

import json
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.project import Project, assert_holds, requests_for

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]
Table = tuple[list[tuple[str, str, bool]], Counter[tuple[Any, ...]]]

GAMES = 400
OLD_LAKE = Path(__file__).with_name("lakes") / "2026-11.tar.gz"
"""60 games of the sandbox, of which three got a mood and an award later, and details of four."""
TODAY = datetime.now(UTC).date()
HISTORY = {"_dlt_loads", "_dlt_version"}
KILLED_AMID = """
import os, signal, sys
from pipelines import rebuild, rebuilt_tables

fill = rebuilt_tables._insert
def killed(connection, table, rows):
    fill(connection, table, rows)
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
rebuilt_tables._insert = killed
sys.exit(rebuild.main(["--yes"]))
"""


def _rebuilt(project: Project, *arguments: str) -> None:
    finished = project.rebuild(*arguments)
    assert finished.exit_code == 0, finished.output


def _tables(path: Path) -> dict[str, Table]:
    """Columns and rows of every table of the raw dataset, dlt's own included."""
    with duckdb.connect(str(path), read_only=True) as connection:

        def table(name: str) -> Table:
            columns = connection.execute(
                "SELECT column_name, data_type, is_nullable FROM duckdb_columns()"
                " WHERE schema_name = 'raw' AND table_name = ? ORDER BY column_name",
                [name],
            ).fetchall()
            selected = ", ".join(f'"{column}"' for column, _, _ in columns)
            return columns, Counter(connection.execute(f'SELECT {selected} FROM raw."{name}"').fetchall())

        names = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
        return {name: table(name) for (name,) in names}


def _assert_same(project: Project, before: dict[str, Table]) -> None:
    after = _tables(project.warehouse)
    assert after.keys() == before.keys()
    for name in before:
        assert after[name] == before[name], name


def _lose(project: Project, *, and_working_folder: bool = True) -> dict[str, Table]:
    """Takes the warehouse away and returns what it held."""
    tables = _tables(project.warehouse)
    project.warehouse.unlink()
    if and_working_folder:
        shutil.rmtree(project.folder / "dlt")
    return tables


def _change(sandbox: SandboxProcess) -> None:
    """Games with news: other links, no links, a new field, and a new list with a list in it."""
    linked = [game["id"] for game in sandbox.truth() if game["genres"] and len(game["tags"]) > 1][:4]
    sandbox.links(linked[0], genres=[], tags=[])
    sandbox.links(linked[1], genres=[4], platforms=[4, 187])
    patch: dict[str, Any] = {"mood": "calm", "awards": [{"title": "Best", "judges": [{"name": "A"}, {"name": "B"}]}]}
    sandbox.patch(linked[1:], set=patch)
    sandbox.touch(linked)


def test_a_lost_warehouse_comes_back_as_it_was(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(GAMES)
    project = set_up(sandbox)
    project.load()
    _change(sandbox)
    project.load()
    awarded = [id for (id,) in project.query("SELECT id FROM raw.games WHERE mood = 'calm'")]
    sandbox.patch(awarded[:1], remove=["awards"])
    sandbox.patch(awarded[1:2], set={"awards": []})
    sandbox.touch(awarded[:2])
    project.load()
    before = _lose(project)
    assert before["games__awards__judges"][1]
    sandbox.clear_history()
    _rebuilt(project)
    assert not sandbox.history()
    _assert_same(project, before)
    assert {path.name for path in project.warehouse.parent.glob("*.duckdb*")} <= {
        "warehouse.duckdb",
        "warehouse.duckdb.lock",
    }
    # and the next load goes on where the last one ended
    sandbox.touch(count=3)
    project.load("--resources", "games")
    assert len(sandbox.history()) <= 5
    assert_holds(project, sandbox.truth())


def test_what_a_full_refresh_dropped_stays_dropped(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(GAMES)
    project = set_up(sandbox)
    project.load()
    _change(sandbox)
    project.load()
    gone = sandbox.truth()[7]["id"]
    sandbox.delete([gone])
    project.load("--full-refresh", "--yes", "--resources", "genres", "stores")
    project.load("--full-refresh", "--yes")
    before = _lose(project)
    _rebuilt(project)
    _assert_same(project, before)
    assert project.value(f"SELECT count(*) FROM raw.games WHERE id = {gone}") == 0
    assert project.value(f"SELECT count(*) FROM raw.game_snapshots WHERE game_id = {gone}") == 1
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_a_lake_of_an_older_version_is_rebuilt_and_loaded_on(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(60)
    project = set_up(sandbox)
    shutil.unpack_archive(OLD_LAKE, project.folder / "data")
    _rebuilt(project)
    assert project.query("SELECT mood, count(*) FROM raw.games GROUP BY mood ORDER BY mood") == [
        ("calm", 3),
        (None, 57),
    ]
    assert project.value("SELECT count(*) FROM raw.games__awards") == 3
    project.load()
    # it was loaded until this day, and the days before it are not asked for again
    asked = [request["params"]["updated"].split(",")[0] for request in requests_for(sandbox, "/games")]
    assert min(asked) == "2026-11-23"
    project.load("--resources", "games", "--updated-from", "2000-01-01")
    assert_holds(project, sandbox.truth())


def test_a_lake_without_history_gets_it_from_the_warehouse(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(100)
    project = set_up(sandbox)
    project.load("--resources", "games")
    for name in HISTORY:
        shutil.rmtree(project.folder / "data" / "lake" / "raw" / name)
    project.load("--resources", "games")
    before = _lose(project)
    _rebuilt(project)
    _assert_same(project, before)


def _date_back(project: Project) -> None:
    """Makes all loads so far loads of yesterday."""
    for file in [path for name in HISTORY for path in (project.folder / "data" / "lake" / "raw" / name).iterdir()]:
        row = json.loads(file.read_text())
        row["inserted_at"] = (datetime.fromisoformat(row["inserted_at"]) - timedelta(days=1)).isoformat()
        file.write_text(json.dumps(row))


def test_the_warehouse_as_it_was_on_a_day(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(GAMES)
    project = set_up(sandbox)
    project.load()
    _date_back(project)
    yesterday = _tables(project.warehouse)
    _change(sandbox)
    project.load()
    today = _tables(project.warehouse)
    _rebuilt(project, "--yes", "--as-of", str(TODAY - timedelta(days=1)))
    as_of = _tables(project.warehouse)
    assert as_of.keys() == yesterday.keys() != today.keys()
    for name in yesterday.keys() - HISTORY:
        assert as_of[name] == yesterday[name], name
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())
    missing = project.rebuild("--yes", "--as-of", str(TODAY - timedelta(days=2)))
    assert missing.exit_code == 2
    assert "no committed load until" in missing.output
    assert_holds(project, sandbox.truth())


def test_a_load_that_was_never_committed_does_not_count(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(GAMES)
    project = set_up(sandbox)
    project.load("--resources", "games")
    sandbox.touch(count=20)
    project.kill_at("merge", 1, "--resources", "games")
    before = _lose(project)
    files = list((project.folder / "data" / "lake" / "raw" / "games").rglob("*.parquet"))
    assert len({path.name.rsplit(".", 2)[0] for path in files}) == 2
    _rebuilt(project)
    _assert_same(project, before)
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())
    before = _lose(project)
    _rebuilt(project)
    _assert_same(project, before)


def test_a_package_that_waits_for_the_lost_warehouse_is_loaded_anew(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(GAMES)
    project = set_up(sandbox)
    project.load("--resources", "games")
    sandbox.touch(count=20)
    project.kill_at("merged", 1, "--resources", "games")
    _lose(project, and_working_folder=False)
    _rebuilt(project)
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())
    before = _lose(project)
    _rebuilt(project)
    _assert_same(project, before)


def test_it_takes_the_place_of_tables_only_when_told_to(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(100)
    project = set_up(sandbox)
    nothing = project.rebuild()
    assert nothing.exit_code == 2
    assert len(nothing.output.splitlines()) == 1
    assert not project.warehouse.exists()
    project.load()
    before = _tables(project.warehouse)
    refused = project.rebuild()
    assert refused.exit_code == 2
    assert "--yes" in refused.output
    assert len(refused.output.splitlines()) == 1
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("DELETE FROM raw.games")
        locked = project.rebuild("--yes")
    assert locked.exit_code == 5
    assert "open in another process" in locked.output
    assert project.value("SELECT count(*) FROM raw.games") == 0
    _rebuilt(project, "--yes")
    _assert_same(project, before)
    project.warehouse.write_bytes(b"no database")
    assert project.rebuild().exit_code == 2
    _rebuilt(project, "--yes")
    _assert_same(project, before)
    mistyped = project.rebuild("--as-of", "yesterday")
    assert mistyped.exit_code == 2
    assert "is not a day" in mistyped.output


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_rebuild_that_is_stopped_leaves_the_warehouse_as_it_was(
    serve: Serve, set_up: SetUp, signum: signal.Signals
) -> None:
    sandbox = serve(100)
    project = set_up(sandbox)
    project.load("--resources", "games")
    before, content = _tables(project.warehouse), project.warehouse.read_bytes()
    finished = project.python("-c", KILLED_AMID, signum.name)
    leftovers = list(project.warehouse.parent.glob(".warehouse*"))
    if signum is signal.SIGKILL:
        assert finished.exit_code == -signum
        assert leftovers
    else:
        assert finished.exit_code == 130, finished.output
        assert "as it was" in finished.output
        assert not leftovers
    assert project.warehouse.read_bytes() == content
    _rebuilt(project, "--yes")
    _assert_same(project, before)
    assert not list(project.warehouse.parent.glob(".warehouse*"))
