"""`--doctor`: each thing that a load needs is looked at, what is missing is told from what works, and nothing hangs."""

import fcntl
import json
import os
import pty
import re
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.integration.object_store import BUCKET, CREDENTIALS, SECRET, ObjectStore
from tests.project import KEY, ROOT, Finished, Project

SetUp = Callable[..., Project]
NAMES = ["Python", "Packages", "Disk", "Lake", "Warehouse", "RAWG", "Requests", "Clock"]
LINE = re.compile(r"(ok|!!)  (\w+) +(.+)")
PATCHED = """
import shutil, sys
from pipelines import doctor, rawg

{}
sys.exit(rawg.main(["--doctor"]))
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(50) as running:
        yield running


@pytest.fixture
def project(sandbox: SandboxProcess, set_up: SetUp) -> Project:
    sandbox.faults()
    sandbox.clear_history()
    return set_up(sandbox)


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def _diagnosis(finished: Finished, *bad: str) -> dict[str, str]:
    """What is said of each thing, after a look at the marks: `!!` for the named ones, which tell how to mend them."""
    lines = [LINE.fullmatch(line) for line in finished.output.splitlines()]
    found = {line[2]: (line[1], line[3]) for line in lines if line}
    assert [line and line[2] for line in lines] == NAMES, finished.output
    assert [name for name, (mark, _) in found.items() if mark == "!!"] == list(bad), finished.output
    assert finished.exit_code == (2 if bad else 0)
    assert all(re.search(r"; \w[^;]*\.$", found[name][1]) or "https://" in found[name][1] for name in bad)
    return {name: text for name, (_, text) in found.items()}


def _counted(project: Project) -> list[int]:
    return [json.loads(file.read_text())["requests"] for file in project.folder.glob("data/lake/_requests/*/*.json")]


def test_a_fresh_project_is_in_good_health_and_stays_fresh(sandbox: SandboxProcess, project: Project) -> None:
    said = _diagnosis(project.run("--doctor"))
    assert "does not exist yet" in said["Warehouse"]
    assert "--ask-rawg" in said["RAWG"]
    assert "not compared" in said["Clock"]
    assert said["Requests"].startswith("20,000 of 20,000")
    assert not sandbox.history()
    left = [path for folder in ("data", "dlt") for path in (project.folder / folder).rglob("*") if path.is_file()]
    assert [path.name for path in left] == ["warehouse.duckdb.lock"]
    project.load("--resources", "genres")


def test_after_a_load_the_key_is_tried_with_one_request(sandbox: SandboxProcess, project: Project) -> None:
    project.load("--resources", "genres")
    (before,) = _counted(project)
    sandbox.clear_history()
    said = _diagnosis(project.run("--doctor", "--ask-rawg"))
    assert "can be written" in said["Warehouse"]
    assert "takes the key" in said["RAWG"]
    assert said["Requests"].startswith(f"{20_000 - before - 1:,} of")
    assert "the clock of RAWG" in said["Clock"]
    assert len(sandbox.history()) == 1
    assert sorted(_counted(project)) == [1, before]
    assert project.value("SELECT count(*) FROM raw.genres") == 19


def test_without_a_key_all_else_is_looked_at(sandbox: SandboxProcess, project: Project) -> None:
    said = _diagnosis(project.run("--doctor", "--ask-rawg", RAWG_API_KEY=""), "RAWG")
    assert "https://rawg.io/apidocs" in said["RAWG"]
    assert not sandbox.history()
    assert not _counted(project)


def test_a_wrong_key_costs_one_request(sandbox: SandboxProcess, project: Project) -> None:
    finished = project.run("--doctor", "--ask-rawg", RAWG_API_KEY="bad-key")
    said = _diagnosis(finished, "RAWG")
    assert "refused the API key" in said["RAWG"]
    assert said["Requests"].startswith("19,999 of")
    assert "bad-key" not in finished.output
    assert len(sandbox.history()) == 1
    assert _counted(project) == [1]


@pytest.mark.parametrize(
    ("fault", "reason"), [("502", "status 502"), ("hang:3", "no answer in time"), ("html200", "a broken body")]
)
def test_an_outage_is_told_from_a_wrong_key(sandbox: SandboxProcess, project: Project, fault: str, reason: str) -> None:
    sandbox.faults(match=[{"fault": fault}])
    said = _diagnosis(project.run("--doctor", "--ask-rawg", SOURCES__RAWG__REQUEST_TIMEOUT="0.5"), "RAWG")
    assert f"out of reach ({reason})" in said["RAWG"]
    assert "refused" not in said["RAWG"]
    assert len(sandbox.history()) == 1
    assert _counted(project) == [1]


def test_a_spent_quota_is_not_overdrawn(sandbox: SandboxProcess, project: Project) -> None:
    finished = project.run("--doctor", "--ask-rawg", SOURCES__RAWG__MONTHLY_REQUESTS="0")
    said = _diagnosis(finished, "RAWG", "Requests")
    assert "SOURCES__RAWG__MONTHLY_REQUESTS" in said["Requests"]
    assert not sandbox.history()


def test_a_lake_that_cannot_be_written_stops_the_request(sandbox: SandboxProcess, project: Project) -> None:
    (project.folder / "data").mkdir()
    (project.folder / "data" / "lake").write_text("in the way")
    said = _diagnosis(project.run("--doctor", "--ask-rawg"), "Lake", "RAWG", "Requests")
    assert "DESTINATION__LAKE__BUCKET_URL" in said["Lake"]
    assert "counted in the lake" in said["RAWG"]
    assert not sandbox.history()


def test_a_store_that_does_not_answer_is_not_waited_for(project: Project, deaf: int) -> None:
    settings = {
        "DESTINATION__LAKE__BUCKET_URL": f"s3://{BUCKET}/lake",
        f"{CREDENTIALS}ENDPOINT_URL": f"http://127.0.0.1:{deaf}",
        f"{CREDENTIALS}AWS_ACCESS_KEY_ID": "somebody",
        f"{CREDENTIALS}AWS_SECRET_ACCESS_KEY": SECRET,
    }
    finished = project.run("--doctor", **settings)
    said = _diagnosis(finished, "Lake", "Requests")
    assert f"http://127.0.0.1:{deaf} does not answer" in said["Lake"]
    assert "packages" not in said["Lake"]  # nothing was loaded
    assert SECRET not in finished.output


def test_a_lake_in_a_store_and_a_warehouse_on_a_server(project: Project, store: ObjectStore) -> None:
    pytest.importorskip("fakesnow", reason="fakesnow is not installed")
    from tests.integration.fake_snowflake import CREDENTIALS as ACCOUNT
    from tests.integration.fake_snowflake import FakeSnowflake

    project.environment["HOME"] = str(project.folder / "home")
    with FakeSnowflake(store) as snowflake:
        project.environment |= {**store.settings, **snowflake.settings}
        finished = project.run("--doctor", RUNTIME__LOG_LEVEL="DEBUG")
        absent = project.run("--doctor", DESTINATION__LAKE__BUCKET_URL="s3://absent/lake")
    lines = [line for line in finished.output.splitlines() if LINE.fullmatch(line)]
    said = _diagnosis(Finished(finished.exit_code, "\n".join(lines)))
    assert f"s3://{BUCKET}/lake" in said["Lake"]
    assert "answers" in said["Warehouse"]
    assert "dbt-snowflake" in said["Packages"]
    assert "the clock of the object store" in said["Clock"]
    assert not store.filesystem().find(BUCKET)
    assert not [secret for secret in (KEY, SECRET, ACCOUNT["password"]) if secret in finished.output]
    said = _diagnosis(absent, "Lake", "Requests")
    assert "the object store" in said["Clock"]
    assert "bucket absent does not exist" in said["Lake"]
    assert store.filesystem().ls("") == [BUCKET]


def test_what_hangs_is_left_behind(project: Project, deaf: int) -> None:
    project.environment |= {
        "DESTINATION__LAKE__BUCKET_URL": f"s3://{BUCKET}/lake",
        f"{CREDENTIALS}ENDPOINT_URL": f"http://127.0.0.1:{deaf}",
        f"{CREDENTIALS}AWS_ACCESS_KEY_ID": "somebody",
        f"{CREDENTIALS}AWS_SECRET_ACCESS_KEY": SECRET,
        "DESTINATION__WAREHOUSE__DESTINATION_TYPE": "snowflake",
        "DESTINATION__WAREHOUSE__CREDENTIALS": (
            f"snowflake://user:{SECRET}@account/db?warehouse=w&host=127.0.0.1&port={deaf}&protocol=http"
        ),
    }
    # what takes its time, but does not hang
    hurried = "import s3fs; import dlt.destinations.impl.snowflake.snowflake; doctor.DEADLINE = 2"
    finished = project.python("-c", PATCHED.format(hurried), RAWG_API_KEY=KEY)
    said = _diagnosis(finished, "Lake", "Warehouse", "Requests")
    assert "does not answer within" in said["Lake"]
    assert "does not answer within" in said["Warehouse"]
    assert SECRET not in finished.output


def test_a_warehouse_that_others_hold_is_told_from_a_broken_one(project: Project) -> None:
    project.warehouse.parent.mkdir()
    code = f"import duckdb, sys; kept = duckdb.connect({str(project.warehouse)!r}); print('open', flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout
        holder.stdout.readline()
        said = _diagnosis(project.run("--doctor"), "Warehouse")
    finally:
        holder.communicate()
    assert "open in another process" in said["Warehouse"]
    with project.warehouse.with_name("warehouse.duckdb.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = _diagnosis(project.run("--doctor"), "Warehouse")
    assert "Another run is at work" in said["Warehouse"]
    project.warehouse.write_text("no database")
    said = _diagnosis(project.run("--doctor"), "Warehouse")
    assert "pipelines/rebuild.py --yes" in said["Warehouse"]
    assert project.warehouse.read_text() == "no database"


@pytest.mark.parametrize(("hours", "says"), [(2, "behind the clock of RAWG"), (-2, "ahead of the clock of RAWG")])
def test_a_clock_that_is_off_is_noticed(project: Project, hours: int, says: str) -> None:
    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"count": 1, "results": [{"id": 1}]}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() + timedelta(hours=hours).total_seconds())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        said = _diagnosis(project.run("--doctor", "--ask-rawg", SOURCES__RAWG__BASE_URL=address), "Clock")
        server.shutdown()
    assert says in said["Clock"]
    assert "timedatectl" in said["Clock"]


def test_this_machine_is_looked_at(project: Project) -> None:
    low = """
shutil.disk_usage = lambda path: shutil._ntuple_diskusage(10**12, 10**12 - 4 * 10**8, 4 * 10**8)
sys.version_info = (3, 14, 1)
doctor.version = lambda name: "0.1" if name == "dlt" else "2.0.0"
"""
    said = _diagnosis(project.python("-c", PATCHED.format(low), RAWG_API_KEY=KEY), "Python", "Packages", "Disk")
    assert said["Python"].startswith("3.14.1 is not")
    assert "dlt is 0.1 where constraints.txt has" in said["Packages"]
    assert "-c constraints.txt" in said["Packages"]
    assert ", duckdb is" not in said["Packages"]
    assert "0.40 GB" in said["Disk"]
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    first, unknown = map(int, re.findall(r"3\.(\d+)", required))
    supported = [f"3.{minor}" for minor in range(first, unknown)]
    assert f"{', '.join(supported[:-1])} and {supported[-1]}, which" in said["Python"]


def test_a_missing_package_is_a_sentence(project: Project) -> None:
    code = "import sys; sys.modules['dlt'] = None\nfrom pipelines import rawg; sys.exit(rawg.main(['--doctor']))"
    finished = project.python("-c", code)
    assert finished.exit_code == 2
    assert re.fullmatch("!!  Packages .*make -B setup\n", finished.output)


def test_the_sandbox_has_a_doctor_too(sandbox: SandboxProcess, project: Project) -> None:
    said = _diagnosis(project.run("--doctor", "--sandbox", "--ask-rawg", RAWG_API_KEY=""))
    assert "data/sandbox/lake" in said["Lake"]
    assert "data/sandbox/warehouse.duckdb" in said["Warehouse"]
    assert "the sandbox answers" in said["RAWG"]
    assert said["Requests"].startswith("999,999 of")
    assert not sandbox.history()
    assert not (project.folder / "data" / "lake").exists()


def test_the_key_is_in_no_line_and_no_file(sandbox: SandboxProcess, project: Project) -> None:
    runs = [project.run("--doctor", "--ask-rawg", RUNTIME__LOG_LEVEL="DEBUG")]
    sandbox.faults(**{"502": 1})
    runs.append(project.run("--doctor", "--ask-rawg", RUNTIME__LOG_LEVEL="DEBUG"))
    base_url = "http://127.0.0.1:1/api"  # nobody listens, and the error knows the address
    runs.append(project.run("--doctor", "--ask-rawg", RUNTIME__LOG_LEVEL="DEBUG", SOURCES__RAWG__BASE_URL=base_url))
    assert [run.exit_code for run in runs] == [0, 2, 2]
    assert not [run.output for run in runs if KEY in run.output or "Traceback" in run.output]
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize("no_color", ["", "1"])
def test_marks_are_colored_on_a_terminal(project: Project, no_color: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, str(ROOT / "pipelines" / "rawg.py"), "--doctor"]
    environment = {**project.environment, "NO_COLOR": no_color, "RAWG_API_KEY": ""}
    process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # how a terminal says that nobody writes any more
        pass
    os.close(ours)
    assert process.wait() == 2
    assert (b"\x1b[32mok\x1b[0m  Lake" in shown) == (not no_color)
    assert (b"\x1b[31m!!\x1b[0m  RAWG" in shown) == (not no_color)
    assert b"!!" in shown


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--doctor", "--plan"], "--doctor takes no other options"),
        (["--doctor", "--resources", "games"], "--doctor takes no other options"),
        (["--doctor", "--sandbox", "--sandbox-games", "5"], "--doctor takes no other options"),
        (["--ask-rawg"], "--doctor"),
    ],
)
def test_options_that_do_not_go_together(project: Project, arguments: list[str], hint: str) -> None:
    finished = project.run(*arguments)
    assert finished.exit_code == 2
    assert hint in finished.output
    assert len(finished.output.strip().splitlines()) == 1
    assert not (project.folder / "data").exists()
