"""Loading /games from the API to the warehouse: complete, frugal, incremental."""

import json
import shutil
import signal
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.project import KEY, Project, assert_holds, await_requests, holding, requests_for, stop

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]


def test_a_full_load_holds_every_game_and_link_and_proves_it(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(3_000)
    project = set_up(sandbox)
    finished = project.load()
    assert_holds(project, sandbox.truth())
    assert project.query("SELECT DISTINCT status, expected_count = rows_seen FROM raw.game_windows") == [
        ("complete", True)
    ]
    assert project.value("SELECT sum(expected_count) FROM raw.game_windows") == 3_000
    today = datetime.now(UTC).date()
    assert project.query("SELECT count(*), min(snapshot_date), max(snapshot_date) FROM raw.game_snapshots") == [
        (3_000, today, today)
    ]
    # 75 pages, a probe, and the reference lists
    assert len(sandbox.history()) <= 75 + 1 + 6
    assert "3,000" in finished.output
    assert "1 of 1 complete" in finished.output
    assert "https://rawg.io" in finished.output
    assert "dlt pipeline rawg info" in finished.output
    assert "WARNING" not in finished.output


def test_the_next_run_costs_what_changed(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(5_000)
    project = set_up(sandbox)
    project.load()
    sandbox.touch(count=58)
    with_links = [game["id"] for game in sandbox.truth() if game["genres"] and len(game["tags"]) > 1][:2]
    sandbox.links(with_links[0], genres=[], tags=[])
    sandbox.links(with_links[1], genres=[4], platforms=[4, 187])
    sandbox.clear_history()
    finished = project.load()
    assert_holds(project, sandbox.truth())
    assert len(sandbox.history()) <= 40
    assert project.value("SELECT count(*) FROM raw.games__genres WHERE game_id IS NULL OR is_removed") == 0
    assert "games" in finished.output
    assert "WARNING" not in finished.output


def test_a_run_without_news_changes_nothing(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(500)
    project = set_up(sandbox)
    project.load()
    rows = "SELECT * EXCLUDE (_dlt_load_id, last_seen_at) FROM raw.games ORDER BY id"
    before = project.query(rows)
    sandbox.clear_history()
    project.load()
    assert project.query(rows) == before
    assert len(requests_for(sandbox, "/games")) == 2  # one counts, one proves


def test_a_day_beyond_the_list_cap_is_walked_from_both_ends(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(13_000, bulk_day=(date(2024, 5, 5), 10_400))
    project = set_up(sandbox)
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())
    assert len(sandbox.history()) <= 1.35 * 13_000 / 40 + 40
    assert project.query("SELECT DISTINCT status FROM raw.game_windows") == [("complete",)]


def test_a_day_that_rawg_cannot_list_is_said_aloud_and_not_asked_for_again(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(21_000, bulk_day=(date(2024, 5, 5), 20_500))
    project = set_up(sandbox)
    finished = project.load("--resources", "games")
    assert "incomplete: 2024-05-05" in finished.output
    assert project.query(
        "SELECT expected_count, rows_seen, reason FROM raw.game_windows WHERE status <> 'complete'"
    ) == [(20_500, 20_000, "over_cap")]
    assert project.value("SELECT count(*) FROM raw.games") == 20_500
    sandbox.clear_history()
    project.load("--resources", "games")
    assert len(sandbox.history()) <= 5
    # nor does a walk over the whole catalogue take anybody for gone whom RAWG did not list
    project.load("--reconcile")
    assert "unlisted_games" not in project.tables()


def test_an_explicit_range_leaves_the_watermark_alone(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(2_000)
    project = set_up(sandbox)
    project.load("--updated-from", "2025-01-01", "--updated-to", "2025-06-30", "--resources", "games")
    inside = [game for game in sandbox.truth() if "2025-01-01" <= game["updated"][:10] <= "2025-06-30"]
    assert_holds(project, inside)
    asked = {request["params"]["updated"] for request in sandbox.history()}
    assert asked == {"2025-01-01,2025-06-30"}
    # nothing was known before, so the next run loads everything
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_runs_that_are_cut_short_add_up(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(3_000)
    project = set_up(sandbox)
    sent = 0
    for _ in range(20):
        finished = project.run("--resources", "games", "--max-requests", "30")
        assert len(sandbox.history()) - sent <= 30
        sent = len(sandbox.history())
        if finished.exit_code == 0:
            break
        assert finished.exit_code == 3, finished.output
        assert "--max-requests" in finished.output
    assert finished.exit_code == 0
    assert_holds(project, sandbox.truth())
    assert sent <= 1.35 * 3_000 / 40 + 40


def test_the_month_is_counted_across_runs_and_stops_before_rawg_does(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(3_000)
    project = set_up(sandbox, SOURCES__RAWG__MONTHLY_REQUESTS=60)
    finished = project.run("--resources", "games")
    assert finished.exit_code == 3
    assert "next month" in finished.output
    assert len(sandbox.history()) <= 60
    loaded = project.value("SELECT count(*) FROM raw.games")
    assert 0 < loaded < 3_000
    month = datetime.now(UTC).strftime("%Y-%m")
    files = list((project.folder / "data" / "lake" / "_requests" / f"month={month}").glob("*.json"))
    assert sum(json.loads(file.read_text())["requests"] for file in files) == len(sandbox.history())
    assert project.run("--resources", "games", SOURCES__RAWG__MONTHLY_REQUESTS="60").exit_code == 3
    assert len(sandbox.history()) <= 60
    project.load("--resources", "games", SOURCES__RAWG__MONTHLY_REQUESTS="1000")
    assert_holds(project, sandbox.truth())


def test_when_rawg_says_the_month_is_over_what_came_is_kept(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(3_000, quota=40)
    project = set_up(sandbox)
    finished = project.run("--resources", "games")
    assert finished.exit_code == 3
    assert "quota is renewed" in finished.output
    # two workers: each may have been told
    assert [request["status"] for request in sandbox.history()].count(401) <= 2
    assert project.value("SELECT count(*) FROM raw.games") == 39 * 40
    sandbox.faults(quota=10_000)
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_a_refused_key_is_asked_once(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(100)
    project = set_up(sandbox)
    finished = project.run(RAWG_API_KEY="bad-key")
    assert finished.exit_code == 4
    assert "refused the API key" in finished.output
    assert len(sandbox.history()) <= 2
    assert not project.tables()


@pytest.mark.parametrize("when", ["at first", "later"])
def test_an_ignored_filter_loads_nothing(serve: Serve, set_up: SetUp, when: str) -> None:
    sandbox = serve(2_000)
    project = set_up(sandbox)
    if when == "later":
        project.load("--resources", "games")
    before = project.query("FROM raw.games ORDER BY id") if when == "later" else []
    sandbox.touch(count=50)
    sandbox.faults(ignore_filter=1)
    last_year = (datetime.now(UTC).date() - timedelta(days=365)).isoformat()
    arguments = [] if when == "later" else ["--updated-from", last_year, "--updated-to", last_year]
    finished = project.run("--resources", "games", *arguments)
    assert finished.exit_code == 4
    assert "ignored the filter" in finished.output
    assert (project.query("FROM raw.games ORDER BY id") if "games" in project.tables() else []) == before


def test_pages_that_shift_while_they_are_walked_lose_nothing(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(3_000)
    project = set_up(sandbox, SOURCES__RAWG__CHUNK_REQUESTS=30)
    sandbox.faults(drift=5)
    project.load("--resources", "games")
    assert project.query("SELECT DISTINCT status FROM raw.game_windows") == [("complete",)]
    assert {id for (id,) in project.query("SELECT id FROM raw.games")} == {game["id"] for game in sandbox.truth()}
    assert len(sandbox.history()) <= 3_000 / 40 + 40
    sandbox.faults()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_rows_that_repeat_and_vanish_are_asked_for_again(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(2_000)
    project = set_up(sandbox)
    sandbox.faults(shuffle=True)
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_new_fields_become_columns(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(200)
    project = set_up(sandbox)
    project.load("--resources", "games")
    ids = [game["id"] for game in sandbox.truth()][:3]
    patch: dict[str, Any] = {"mood": "calm", "studio": {"city": "Oslo"}, "awards": [{"title": "Best"}], "rating": 3.5}
    sandbox.patch(ids, set=patch)
    sandbox.touch(ids)
    project.load("--resources", "games")
    assert project.query("SELECT DISTINCT mood, studio__city FROM raw.games WHERE mood IS NOT NULL") == [
        ("calm", "Oslo")
    ]
    assert project.query("SELECT title, count(*) FROM raw.games__awards GROUP BY title") == [("Best", 3)]
    assert project.value("SELECT count(*) FROM raw.games") == 200


def test_a_lost_working_folder_is_restored_from_the_warehouse(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(1_000)
    project = set_up(sandbox)
    project.load("--resources", "games")
    sandbox.touch(count=5)
    sandbox.clear_history()
    project.load("--resources", "games", DLT_DATA_DIR=str(project.folder / "another"))
    assert len(sandbox.history()) <= 5
    assert_holds(project, sandbox.truth())


def test_the_warehouse_alone_says_what_it_holds(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(300)
    project = set_up(sandbox)
    project.load("--resources", "games")
    backup = project.folder / "backup.duckdb"
    shutil.copy(project.warehouse, backup)
    sandbox.touch(count=10)
    project.load("--resources", "games")
    # it comes back from a backup
    shutil.copy(backup, project.warehouse)
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())
    # another one takes its place
    other = f"duckdb:///{project.folder / 'data' / 'other.duckdb'}"
    project.load("--resources", "games", DESTINATION__WAREHOUSE__CREDENTIALS=other)
    with duckdb.connect(str(project.folder / "data" / "other.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM raw.games").fetchall() == [(300,)]
    # it is lost
    project.warehouse.unlink()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_two_checkouts_do_not_load_into_each_other(serve: Serve, tmp_path: Path) -> None:
    sandbox = serve(200)
    shared = {"DLT_DATA_DIR": str(tmp_path / "dlt")}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one = Project(tmp_path / "one", sandbox.base_url, shared)
    two = Project(tmp_path / "two", sandbox.base_url, shared)
    for project in (one, two, one):
        project.load("--resources", "games")
        assert_holds(project, sandbox.truth())


def test_a_full_refresh_starts_over_and_keeps_the_snapshots(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(400)
    project = set_up(sandbox)
    project.load()
    gone = sandbox.truth()[7]["id"]
    sandbox.delete([gone])
    assert project.run("--full-refresh").exit_code == 2  # nobody is there to say yes
    assert project.value("SELECT count(*) FROM raw.games") == 400
    project.load("--full-refresh", "--yes")
    assert_holds(project, sandbox.truth())
    assert project.value(f"SELECT count(*) FROM raw.game_snapshots WHERE game_id = {gone}") == 1


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_keeps_what_it_has_and_the_next_one_goes_on(
    serve: Serve, set_up: SetUp, signum: signal.Signals
) -> None:
    sandbox = serve(2_000)
    project = set_up(sandbox)
    sandbox.faults(latency_ms=100)
    process = project.start("--resources", "games")
    await_requests(sandbox, 10, process)
    finished = stop(process, signum)
    assert finished.exit_code == 130
    assert "what was loaded is kept" in finished.output
    assert "Traceback" not in finished.output
    sandbox.faults()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_a_run_that_is_told_to_stop_does_not_wait_for_a_request_that_hangs(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(1_000)
    project = set_up(sandbox, SOURCES__RAWG__REQUEST_TIMEOUT=3_600, SOURCES__RAWG__CHUNK_REQUESTS=12)
    sandbox.faults(script=dict.fromkeys(range(22, 100), "hang:3600"))
    process = project.start("--resources", "games")
    while not any(request["fault"] for request in sandbox.history()):
        assert process.poll() is None
        time.sleep(0.02)
    finished = stop(process, signal.SIGTERM)
    assert finished.exit_code == 130
    assert project.value("SELECT count(*) FROM raw.games") >= 0.8 * 12 * 40  # the chunk before it
    sandbox.faults()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_the_key_is_in_no_file_and_no_line(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(600)
    project = set_up(sandbox, RUNTIME__LOG_LEVEL="DEBUG", SOURCES__RAWG__RETRY_ATTEMPTS=2)
    sandbox.faults(**{"502": 0.03, "reset": 0.03, "cut": 0.03, "html200": 0.03, "hang:30": 0.03})
    impatient = {"SOURCES__RAWG__REQUEST_TIMEOUT": "0.3", "SOURCES__RAWG__RETRY_ATTEMPTS": "9"}
    sandbox.patch([sandbox.truth()[0]["id"]], set={"mood": "calm", "added": "many"})
    outputs = [project.load(**impatient).output]
    for fault in ("502", "cut", "reset", "envelope"):
        sandbox.faults(**{fault: 1})
        outputs.append(_failed(project, "--resources", "games"))
    sandbox.faults(quota=0)
    outputs.append(_failed(project, "--resources", "genres", exit_code=3))
    for address in ("http://127.0.0.1:9/api", "http://rawg.invalid/api"):  # refused, and unknown to DNS
        outputs.append(_failed(project, "--resources", "games", SOURCES__RAWG__BASE_URL=address))
    assert not [output for output in outputs if KEY in output]
    assert len(list(project.folder.rglob("*.parquet"))) > 20
    assert not holding(project.folder, KEY)


def _failed(project: Project, *arguments: str, exit_code: int = 4, **environment: str) -> str:
    finished = project.run(*arguments, **environment)
    assert finished.exit_code == exit_code, finished.output[-2000:]
    return finished.output
