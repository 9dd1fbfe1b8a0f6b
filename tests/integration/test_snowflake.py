"""The pipeline with its lake in an object store and a stand-in for Snowflake as its warehouse: RAWG's changes, and the
warehouse made anew from the lake."""

import json
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.integration.object_store import BUCKET, SECRET, ObjectStore
from tests.project import ROOT, Project, await_requests, holding, stop

pytest.importorskip("fakesnow", reason="fakesnow is not installed")
from tests.integration.fake_snowflake import CREDENTIALS, FakeSnowflake

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]
ONLY_GAMES = ("--resources", "games")
KILLED_BEFORE_THE_SWAP = """
import os, signal, sys
from pipelines import rebuild, warehouses

warehouses._replace_rows = lambda client, names: os.kill(os.getpid(), signal.SIGKILL)
sys.exit(rebuild.main(["--yes"]))
"""


@pytest.fixture
def snowflake(store: ObjectStore) -> Iterator[FakeSnowflake]:
    with FakeSnowflake(store) as running:
        yield running


def _rebuilt(project: Project, *arguments: str, **environment: str) -> None:
    finished = project.python(str(ROOT / "pipelines" / "rebuild.py"), *arguments, **environment)
    assert finished.exit_code == 0, finished.output
    assert "leaked" not in finished.output
    assert "Traceback" not in finished.output


def _change(sandbox: SandboxProcess, ids: list[int], **fields: Any) -> None:
    sandbox.patch(ids, set=fields)
    sandbox.touch(ids)


def _date_back(store: ObjectStore) -> None:
    """Makes all loads so far loads of yesterday."""
    filesystem = store.filesystem()
    for path in filesystem.glob(f"{BUCKET}/lake/raw/_dlt_*/*.json"):
        row = json.loads(filesystem.cat_file(path))
        row["inserted_at"] = (datetime.fromisoformat(row["inserted_at"]) - timedelta(days=1)).isoformat()
        filesystem.pipe_file(path, json.dumps(row).encode())


HOSTILE: dict[str, Any] = {
    "select": 1,
    "Release Window": "Q4",
    "naïve 🎮": True,
    "user.score": 2.5,
    "Order": "x",
    "order": "y",
}


@pytest.mark.slow
def test_what_rawg_changes_and_a_rebuild_on_snowflake(
    serve: Serve, set_up: SetUp, store: ObjectStore, snowflake: FakeSnowflake
) -> None:
    sandbox = serve(60)
    project = set_up(sandbox, **store.settings, **snowflake.settings)
    project.load("--resources", "games", "genres")
    assert snowflake.query("SELECT count(*) FROM raw.games") == [(60,)]
    _date_back(store)
    first_load = snowflake.tables()
    ids = [game["id"] for game in sandbox.truth()][:4]
    listed = ", ".join(map(str, ids))

    _change(sandbox, ids, heat=1, added=7.5, studio={"city": "Oslo"}, prizes=["gold", "silver"], **HOSTILE)
    sandbox.patch(ids[3:], remove=["playtime"])
    finished = project.load(*ONLY_GAMES, RUNTIME__LOG_LEVEL="DEBUG")
    for secret in (CREDENTIALS["password"], SECRET):
        assert secret not in finished.output
        assert not [path for path in holding(project.folder, secret) if store.folder not in path.parents]
    assert "games.added__v_double (double)" in finished.output
    assert "games__prizes (a new table)" in finished.output
    _change(sandbox, ids[:3], heat=2.5, added="many", metacritic=None)
    _change(sandbox, ids[:1], heat="three", prizes=[])
    project.load(*ONLY_GAMES)

    columns = "added, added__v_double, added__v_text, heat, heat__v_double, heat__v_text, playtime"
    of_these = f"FROM raw.games WHERE id IN ({listed}) ORDER BY id"
    playtime = [game["playtime"] for game in sandbox.truth()[:3]]
    assert snowflake.query(f"SELECT {columns} {of_these}") == [
        (None, None, "many", None, None, "three", playtime[0]),
        (None, None, "many", None, 2.5, None, playtime[1]),
        (None, None, "many", None, 2.5, None, playtime[2]),
        (None, 7.5, None, 1, None, None, None),
    ]
    columns = 'studio__city, "SELECT", release_window, na_vex, user_score, "ORDER"'
    assert set(snowflake.query(f"SELECT {columns} {of_these}")) <= {
        ("Oslo", 1, "Q4", True, 2.5, order) for order in "xy"
    }
    prizes = snowflake.query("SELECT value, count(*) FROM raw.games__prizes GROUP BY value ORDER BY value")
    assert prizes == [("gold", 3), ("silver", 3)]
    assert snowflake.query("SELECT DISTINCT change FROM raw.schema_changes ORDER BY change") == [
        ("new_column",),
        ("new_table",),
        ("new_type",),
    ]

    # the warehouse is lost in part, and made anew from the lake
    before, sent = snowflake.tables(), len(sandbox.history())
    snowflake.query("DROP TABLE raw.games__tags")
    snowflake.query("DELETE FROM raw.games WHERE added > 0")
    refused = project.rebuild()
    assert refused.exit_code == 2
    assert "--yes" in refused.output
    damaged = snowflake.tables()
    killed = project.python("-c", KILLED_BEFORE_THE_SWAP)
    assert killed.exit_code == -signal.SIGKILL
    assert snowflake.tables()["GAMES"] == damaged["GAMES"]
    _rebuilt(project, "--yes")
    _assert_same(snowflake.tables(), before)
    assert snowflake.query("SELECT count(*) FROM raw._dlt_loads") == [(len(before["_DLT_LOADS"]) - 1,)]
    assert not store.filesystem().exists(f"{BUCKET}/lake/_rebuild")
    assert len(sandbox.history()) == sent

    # as it was yesterday
    yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
    _rebuilt(project, "--yes", "--as-of", yesterday)
    _assert_same(snowflake.tables(), first_load)


def test_two_machines_take_turns_at_one_warehouse(
    serve: Serve, set_up: SetUp, store: ObjectStore, snowflake: FakeSnowflake
) -> None:
    sandbox = serve(200)
    project = set_up(sandbox, **store.settings, **snowflake.settings)
    sandbox.faults(latency_ms=6_000)
    first = project.start(*ONLY_GAMES)
    await_requests(sandbox, 1, first)
    second = project.run(*ONLY_GAMES, DLT_DATA_DIR=str(project.folder / "another machine"))
    assert second.exit_code == 5
    assert "on another machine" in second.output
    assert "Traceback" not in second.output
    assert first.poll() is None
    stop(first, signal.SIGKILL)
    sandbox.faults()
    asked = len(sandbox.history())
    finished = project.load(*ONLY_GAMES)  # the lease that was left is this machine's own
    assert "waiting" not in finished.output
    assert len(sandbox.history()) > asked
    assert snowflake.query("SELECT count(*) FROM raw.games") == [(200,)]
    assert not store.filesystem().exists(f"{BUCKET}/lake/_runs")


def _assert_same(after: dict[str, Any], before: dict[str, Any]) -> None:
    """All but dlt's own history, which this test has dated back in the lake alone."""
    assert after.keys() == before.keys()
    for name in before.keys() - {"_DLT_LOADS", "_DLT_VERSION"}:
        assert after[name] == before[name], name
