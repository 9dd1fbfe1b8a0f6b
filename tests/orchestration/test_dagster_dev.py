"""`make dagster` as its users have it: `dagster dev` for real, its pages, backfills, and a run that is killed."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from sources.rawg.games import GAME_TABLES
from sources.rawg.sandbox import SandboxProcess
from tests.orchestration.dagster_dev import DagsterDev
from tests.project import Project, assert_holds, requests_for

GAMES, CHUNK = 600, 6
PAID_UNKILLED = GAMES // 40 + 20
"""Pages, last pages that are not full, and probes."""
BACKFILLS = [["2025-01-01", "2025-01-02", "2025-01-03"], ["2025-02-01", "2025-02-02"]]
PAID_BY_BACKFILLS = 4
PAID_TWICE = CHUNK + 10
"""A chunk, and the probes that find its windows."""
CHROMIUM = shutil.which("chromium")


class Webhook:
    """A local HTTP server that keeps what is posted to it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                webhook.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/alert"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(GAMES) as running:
        yield running


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    running = Webhook()
    yield running
    running.server.shutdown()


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory, sandbox: SandboxProcess, webhook: Webhook) -> Iterator[DagsterDev]:
    environment = {"SOURCES__RAWG__CHUNK_REQUESTS": str(CHUNK), "ALERT_WEBHOOK_URL": webhook.address}
    project = Project(tmp_path_factory.mktemp("dev"), sandbox.base_url, environment)
    with DagsterDev(project) as running:
        yield running


@dataclass
class Launched:
    """What was launched on a Dagster, all at once, because its daemon takes its time with each."""

    dev: DagsterDev
    refused: str
    backfills: list[str]
    killed: str


@pytest.fixture(scope="module")
def launched(dev: DagsterDev, sandbox: SandboxProcess) -> Launched:
    """A form that makes no sense, two backfills, and a load of all games that was killed on its way."""
    refused = dev.launch("backfill", {"ops": {"load_form": {"config": {"updated_from": "someday"}}}})
    sandbox.faults(latency_ms=100)
    killed = dev.launch("backfill", {"ops": {"load_form": {"config": {"resources": ["games"]}}}})
    backfills = [str(dev.backfill(GAME_TABLES, days)["backfillId"]) for days in BACKFILLS]
    dev.wait_for(lambda: len(sandbox.history()) > 2 * CHUNK, "requests of the run")
    os.kill(dev.process_of(killed), signal.SIGKILL)
    sandbox.faults()
    return Launched(dev, refused, backfills, killed)


def test_a_killed_run_is_executed_again_from_where_it_failed(launched: Launched, sandbox: SandboxProcess) -> None:
    dev = launched.dev
    assert dev.await_end(launched.killed) == "FAILURE"
    assert dev.await_end(dev.execute_again(launched.killed)) == "SUCCESS"
    assert_holds(dev.project, sandbox.truth())
    assert dev.project.query("SELECT DISTINCT status FROM raw.game_windows") == [("complete",)]
    assert len(requests_for(sandbox, "/games")) <= PAID_UNKILLED + PAID_TWICE + PAID_BY_BACKFILLS


def test_two_backfills_at_once_take_turns_and_each_is_one_run(launched: Launched, sandbox: SandboxProcess) -> None:
    runs = [run for backfill in launched.backfills for run in launched.dev.await_backfill(backfill)]
    assert [run["status"] for run in runs] == ["SUCCESS", "SUCCESS"]
    first, second = sorted(runs, key=lambda run: float(run["startTime"]))
    assert first["endTime"] <= second["startTime"]
    asked = [request["params"]["updated"] for request in requests_for(sandbox, "/games")]
    for days in BACKFILLS:
        assert asked.count(f"{days[0]},{days[-1]}") == 2  # the count and the page
    days_of_both = [day for days in BACKFILLS for day in days]
    wanted = {game["id"] for game in sandbox.truth() if game["updated"][:10] in days_of_both}
    # of the others as many as the killed run left, or all after it was executed again
    assert wanted
    assert wanted <= {id for (id,) in launched.dev.project.query("SELECT id FROM raw.games")}


def test_a_failure_is_posted_to_the_webhook(launched: Launched, webhook: Webhook) -> None:
    def of_run() -> list[dict[str, Any]]:
        return [message for message in webhook.messages if message["run_id"] == launched.refused]

    launched.dev.wait_for(of_run, "message to the webhook")
    (message,) = of_run()
    assert message["text"] == "backfill failed: updated_from 'someday' is not a day as YYYY-MM-DD."


def test_a_backfill_of_a_day_that_is_no_partition_is_refused(dev: DagsterDev, sandbox: SandboxProcess) -> None:
    sandbox.clear_history()
    for day in ("2999-01-01", "1999-12-31"):
        assert dev.backfill(["games"], [day])["__typename"] != "LaunchBackfillSuccess"
    assert not sandbox.history()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; Debian's package will do")
def test_a_browser_shows_the_graph_and_a_run(launched: Launched, tmp_path: Path) -> None:
    shown = _page(
        f"{launched.dev.address}/locations/__repository__@orchestration.definitions/asset-groups/reference_lists",
        tmp_path,
    )
    assert {"genres", "platforms", "stores", "rawg_api"} <= set(re.findall(r"\w+", shown))
    shown = _page(f"{launched.dev.address}/runs/{launched.killed}", tmp_path)
    assert launched.killed[:8] in shown
    assert "load_form" in shown


def _page(address: str, folder: Path) -> str:
    """The page as the browser has rendered it."""
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    options += ["--window-size=1600,1000", "--virtual-time-budget=30000", "--timeout=60000", "--dump-dom"]
    finished = subprocess.run(
        [str(CHROMIUM), *options, address], capture_output=True, text=True, timeout=150, check=False
    )
    return finished.stdout
