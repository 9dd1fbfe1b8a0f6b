"""Whole loads while the API misbehaves: the tables hold the truth, or the run says why not and loads nothing half."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.project import Project, assert_holds

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]
KINDS = ["429", "429:0", "502", "522", "html200", "cut", "reset", "envelope", "envelope:null", "envelope:list"]


@pytest.mark.parametrize("fault", [*KINDS, "429:1", "hang:30"])
def test_each_fault_at_15_percent(serve: Serve, set_up: SetUp, fault: str) -> None:
    sandbox = serve(1_600)
    project = set_up(sandbox)
    sandbox.faults(**{fault: 0.15})
    project.load("--resources", "games", SOURCES__RAWG__REQUEST_TIMEOUT="0.5")
    assert_holds(project, sandbox.truth())
    assert len([request for request in sandbox.history() if request["fault"]]) > 0
    assert len(sandbox.history()) <= 1.5 * (1_600 / 40 + 1)


def test_all_faults_at_once_over_several_packages(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(3_000)
    project = set_up(sandbox, SOURCES__RAWG__CHUNK_REQUESTS=30)
    sandbox.faults(**dict.fromkeys(KINDS, 0.015), drift=10)
    project.load("--resources", "games", "genres")
    assert project.query("SELECT DISTINCT status FROM raw.game_windows") == [("complete",)]
    sandbox.faults()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_a_list_that_shrinks_or_grows_meanwhile(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(3_000)
    project = set_up(sandbox, SOURCES__RAWG__CHUNK_REQUESTS=30)
    sandbox.faults(drift=7, deletions=11)
    project.load("--resources", "games")
    sandbox.faults()
    project.load("--resources", "games")
    loaded = {id for (id,) in project.query("SELECT id FROM raw.games")}
    living = {game["id"] for game in sandbox.truth()}
    assert living <= loaded  # what RAWG deleted while we read it stays
    assert project.query("SELECT count(*) FROM raw.game_windows WHERE status <> 'complete'") == [(0,)]


@pytest.mark.parametrize("first", [0, 3, 25])
def test_an_outage_keeps_what_came_before_and_the_next_run_goes_on(serve: Serve, set_up: SetUp, first: int) -> None:
    sandbox = serve(2_000)
    project = set_up(sandbox, SOURCES__RAWG__RETRY_ATTEMPTS=3)
    sandbox.faults(script=dict.fromkeys(range(first + 1, first + 30), "502"))
    finished = project.run("--resources", "games")
    assert finished.exit_code == 4
    assert "502" in finished.output
    assert "Traceback" not in finished.output
    assert len(sandbox.history()) <= first + 2 * 3  # both workers give up
    loaded = project.value("SELECT count(*) FROM raw.games") if "games" in project.tables() else 0
    assert loaded == max(first - 1, 0) * 40
    sandbox.faults()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


@pytest.mark.parametrize("quota", [0, 1, 2, 20])
def test_a_spent_quota_stops_at_once_wherever_it_hits(serve: Serve, set_up: SetUp, quota: int) -> None:
    sandbox = serve(2_000, quota=quota)
    project = set_up(sandbox)
    finished = project.run("--resources", "games")
    assert finished.exit_code == 3
    assert [request["status"] for request in sandbox.history()].count(401) <= 2
    sandbox.faults(quota=1_000)
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_a_key_that_is_revoked_amid_a_walk_is_asked_for_no_longer(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(2_000)
    project = set_up(sandbox, SOURCES__RAWG__CHUNK_REQUESTS=12)
    sandbox.faults(script=dict.fromkeys(range(30, 200), "401"))
    finished = project.run("--resources", "games")
    assert finished.exit_code == 4
    assert "refused the API key" in finished.output
    assert [request["status"] for request in sandbox.history()].count(401) <= 2  # one a worker
    assert project.value("SELECT count(*) FROM raw.games") >= 12 * 40
    sandbox.faults()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


@pytest.mark.parametrize("fault", ["html200", "cut"])
def test_a_reference_list_is_whole_or_as_it_was(serve: Serve, set_up: SetUp, fault: str) -> None:
    sandbox = serve(50)
    project = set_up(sandbox, SOURCES__RAWG__RETRY_ATTEMPTS=3)
    sandbox.faults(script={2: fault, 3: fault})
    project.load("--resources", "platforms", "stores")
    before = project.query("FROM raw.platforms ORDER BY id")
    assert len(before) == 51
    sandbox.faults(match=[{"fault": fault, "path": "/platforms", "params": {"page": "2"}}])
    failed = project.run("--resources", "platforms", "stores")
    assert failed.exit_code == 4
    assert project.query("FROM raw.platforms ORDER BY id") == before


def test_a_filter_that_is_ignored_amid_a_walk_spoils_nothing(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(2_000)
    project = set_up(sandbox)
    project.load("--resources", "games")
    before = project.query("FROM raw.games ORDER BY id")
    first, last = (datetime.now(UTC).date() - timedelta(days=days) for days in (300, 30))
    sandbox.clear_history()
    sandbox.faults(script={10: "ignore_filter"})
    finished = project.run("--resources", "games", "--updated-from", str(first), "--updated-to", str(last))
    assert finished.exit_code == 4
    assert "ignored the filter" in finished.output
    assert project.query("FROM raw.games ORDER BY id") == before


def test_games_without_ids_are_refused(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(200)
    project = set_up(sandbox)
    sandbox.patch("all", remove=["id"])
    finished = project.run("--resources", "games", SOURCES__RAWG__RETRY_ATTEMPTS="2")
    assert finished.exit_code == 4
    assert "Traceback" not in finished.output
    assert "games" not in project.tables() or project.value("SELECT count(*) FROM raw.games") == 0


def test_too_little_memory_is_said_and_loses_nothing(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(200)
    project = set_up(sandbox)
    finished = project.run("--resources", "games", DESTINATION__WAREHOUSE__MEMORY_LIMIT="3MB")
    assert finished.exit_code == 5
    assert "raise it" in finished.output
    assert "Traceback" not in finished.output
    sandbox.clear_history()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())
    assert len(sandbox.history()) < 5  # what the failed run had asked for is not asked for again


def test_a_lake_that_takes_nothing(serve: Serve, set_up: SetUp, tmp_path: Path) -> None:
    sandbox = serve(200)
    project = set_up(sandbox)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lake").write_text("a file where the folder should be")
    finished = project.run("--resources", "games")
    assert finished.exit_code == 5
    assert "Traceback" not in finished.output
    (tmp_path / "data" / "lake").unlink()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())
