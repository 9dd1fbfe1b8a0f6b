"""Killed anywhere and run again: the tables are those of a run that was never killed, and little is paid twice."""

import json
import os
import random
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sources.rawg.ledger import BLOCK
from sources.rawg.sandbox import SandboxProcess
from tests.crash.killed import MOMENTS
from tests.project import Project, assert_holds, await_requests, stop

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]
GAMES, CHUNK = 800, 12
SEVERAL_PACKAGES = {"SOURCES__RAWG__CHUNK_REQUESTS": CHUNK}
COUNTS = {"receiving a page": 16, "planning": 4, "closing the warehouse": 3, "closed the warehouse": 3}
"""Calls of a moment until games are amid their load, where two are too few."""
PAID_UNKILLED = GAMES // 40 + 20
"""Pages, last pages that are not full, probes and the list of genres."""


def _counted(project: Project) -> int:
    month = datetime.now(UTC).strftime("%Y-%m")
    folder = project.folder / "data" / "lake" / "_requests" / f"month={month}"
    return sum(json.loads(file.read_text())["requests"] for file in folder.glob("*.json"))


def _assert_whole(project: Project, sandbox: SandboxProcess) -> None:
    assert_holds(project, sandbox.truth())
    assert project.query("SELECT count(*), count(DISTINCT id) FROM raw.genres") == [(19, 19)]
    assert project.value("SELECT count(*) FROM raw.game_snapshots") == GAMES
    assert project.query("SELECT DISTINCT status FROM raw.game_windows") == [("complete",)]
    assert project.query("SELECT DISTINCT status FROM raw._dlt_loads") == [(0,)]
    assert project.value("SELECT count(*) - count(DISTINCT _dlt_id) FROM raw._dlt_pipeline_state") == 0
    pending = [*project.folder.glob("*/pipelines/rawg/load/normalized/*"), *project.folder.glob("*/extract/*")]
    assert not [path for path in pending if path.is_dir() and any(path.iterdir())]


@pytest.mark.parametrize(
    ("moment", "is_new_container"),
    [(moment, False) for moment in MOMENTS]
    + [(moment, True) for moment in ("extract is done", "copied into the warehouse", "merged", "load id was written")],
)
def test_killed_at_any_stage(serve: Serve, set_up: SetUp, moment: str, is_new_container: bool) -> None:
    sandbox = serve(GAMES)
    project = set_up(sandbox, **SEVERAL_PACKAGES)
    project.kill_at(moment, COUNTS.get(moment, 2), "--resources", "games", "genres")
    sent = len(sandbox.history())
    assert sent <= _counted(project) <= sent + BLOCK
    if is_new_container:
        shutil.rmtree(project.folder / "dlt", ignore_errors=True)
    finished = project.load("--resources", "games", "genres")
    assert "Traceback" not in finished.output
    _assert_whole(project, sandbox)
    assert len(sandbox.history()) <= PAID_UNKILLED + CHUNK


def test_killed_again_and_again_at_random(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(GAMES)
    project = set_up(sandbox, **SEVERAL_PACKAGES)
    chance = random.Random(3)
    for _ in range(3):
        process = project.start("--resources", "games", "genres")
        patience = chance.randint(1, 40)
        before = len(sandbox.history())
        await_requests(sandbox, before + patience, process)
        stop(process, signal.SIGKILL)
    project.load("--resources", "games", "genres")
    _assert_whole(project, sandbox)
    assert _counted(project) >= len(sandbox.history())


GONE_AFTER_LOADING = """
import os, threading
from dlt.destinations.impl.duckdb.configuration import DuckDbConnectionPool
from pipelines.load import LoadReport, LoadRequest, load, open_ledger, rawg_pipeline
from sources.rawg.configuration import rawg_configuration
from sources.rawg.run import RawgRun

close = DuckDbConnectionPool._close_conn

def close_slowly(pool):
    threading.Event().wait(1)
    close(pool)

DuckDbConnectionPool._close_conn = close_slowly
os.chdir(os.environ["DLT_PROJECT_DIR"])
pipeline, configuration = rawg_pipeline(), rawg_configuration()
run = RawgRun.start(configuration, open_ledger(pipeline, configuration))
load(LoadRequest(["genres"]), pipeline, LoadReport(run))
os._exit(0)
"""


def test_a_load_is_over_when_the_warehouse_is_closed(serve: Serve, set_up: SetUp) -> None:
    project = set_up(serve(GAMES))
    gone = project.python("-c", GONE_AFTER_LOADING, RAWG_API_KEY="any")
    assert gone.exit_code == 0, gone.output
    assert project.value("SELECT count(*) FROM raw.genres") == 19
    assert not list(project.warehouse.parent.glob("*.wal"))


def test_two_runs_at_once_do_not_mix(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(GAMES)
    project = set_up(sandbox, **SEVERAL_PACKAGES)
    sandbox.faults(latency_ms=100)
    first = project.start("--resources", "games", "genres")
    await_requests(sandbox, 5, first)
    sandbox.faults()
    second = project.run("--resources", "games", "genres")
    assert second.exit_code == 5
    assert "another run" in second.output.lower()
    assert "Traceback" not in second.output
    exit_code, output = first.wait()
    assert exit_code == 0, output
    _assert_whole(project, sandbox)
    assert os.path.exists(project.warehouse)
