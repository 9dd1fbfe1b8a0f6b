"""The script as a command: usage, plan, progress, places, and dlt's own command beside it."""

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.project import ROOT, Project, requests_for

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(400) as running:
        yield running


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--resources", "games", "gamez"], "gamez"),
        (["--updated-from", "2024-02-30"], "2024-02-30"),
        (["--updated-from", "yesterday"], "YYYY-MM-DD"),
        (["--updated-from", "2024-03-02", "--updated-to", "2024-03-01"], "after"),
        (["--max-requests", "-3"], "-3"),
        (["--max-requests", "0"], "above zero"),
        (["--sandbox-games", "10"], "--sandbox"),
        (["--sandbox", "--sandbox-games", "0"], "above zero"),
        (["--updated-from", "2024-03-02", "--full-refresh"], "--full-refresh"),
        (["--updated-from", "2024-03-02", "--resources", "genres"], "games"),
        (["--full-refresh"], "--yes"),
        (["--nonsense"], "--help"),
    ],
)
def test_a_mistake_costs_one_sentence_and_no_request(
    sandbox: SandboxProcess, set_up: SetUp, arguments: list[str], hint: str
) -> None:
    sandbox.clear_history()
    project = set_up(sandbox)
    finished = project.run(*arguments)
    assert finished.exit_code == 2
    assert hint in finished.output
    assert len(finished.output.strip().splitlines()) == 1
    assert not sandbox.history()
    assert not (project.folder / "data").exists()


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("SOURCES__RAWG__REQUESTS_PER_SECOND", "0", "requests_per_second"),
        ("SOURCES__RAWG__REQUESTS_PER_SECOND", "fast", "requests_per_second"),
        ("SOURCES__RAWG__INITIAL_UPDATED_DATE", "01.02.2024", "initial_updated_date"),
        ("SOURCES__RAWG__MONTHLY_REQUESTS", "-1", "monthly_requests"),
        ("SOURCES__RAWG__BASE_URL", "api.rawg.io", "base_url"),
    ],
)
def test_a_wrong_setting_costs_one_sentence(
    sandbox: SandboxProcess, set_up: SetUp, name: str, value: str, hint: str
) -> None:
    finished = set_up(sandbox).run(**{name: value})
    assert finished.exit_code == 2
    assert hint in finished.output
    assert len(finished.output.strip().splitlines()) == 1


def test_without_a_key_the_script_says_where_to_get_one(sandbox: SandboxProcess, set_up: SetUp) -> None:
    finished = set_up(sandbox).run(RAWG_API_KEY="")
    assert finished.exit_code == 2
    assert "https://rawg.io/apidocs" in finished.output
    assert "--sandbox" in finished.output


def test_the_key_may_stand_in_dlts_secrets(sandbox: SandboxProcess, set_up: SetUp) -> None:
    project = set_up(sandbox)
    (project.folder / ".dlt" / "secrets.toml").write_text('[sources.rawg]\napi_key = "from-the-file"\n')
    project.load("--resources", "genres", RAWG_API_KEY="")
    assert project.value("SELECT count(*) FROM raw.genres") == 19


def test_a_plan_costs_only_the_counting_and_is_right(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(12_000)
    project = set_up(sandbox, SOURCES__RAWG__MONTHLY_REQUESTS=200)
    finished = project.run("--plan", "--resources", "games")
    assert finished.exit_code == 0, finished.output
    assert all(request["params"]["page"] == "1" for request in requests_for(sandbox, "/games"))
    probes = len(sandbox.history())
    assert probes <= 10
    assert "12,000 games" in finished.output
    assert f"{200 - probes} of 200" in finished.output
    assert "more month" in finished.output  # 300 requests at 200 a month
    assert not project.tables()
    sandbox.clear_history()
    project.load("--resources", "games", SOURCES__RAWG__MONTHLY_REQUESTS="10000")
    planned = int(finished.output.split("Needed")[1].split("requests")[0].replace(",", ""))
    assert len(sandbox.history()) == planned + probes


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_costs_nothing(sandbox: SandboxProcess, set_up: SetUp, unbuffered: str) -> None:
    project = set_up(sandbox, PYTHONUNBUFFERED=unbuffered)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        finished = subprocess.run(
            [sys.executable, str(ROOT / "pipelines" / "rawg.py"), "--plan"],
            env=project.environment,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (finished.returncode, finished.stderr) == (0, "")


BROKEN_ON_ITS_WAY = """
import runpy, sys
from pipelines import load

def broken(*_):
    raise BrokenPipeError

load.load = broken
sys.argv = [sys.argv[1]]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_pipe_that_breaks_amid_a_load_is_no_success(sandbox: SandboxProcess, set_up: SetUp) -> None:
    script = str(ROOT / "pipelines" / "rawg.py")
    assert set_up(sandbox).python("-c", BROKEN_ON_ITS_WAY, script, RAWG_API_KEY="any").exit_code != 0


def test_made_up_games_stay_apart_from_the_real_ones(sandbox: SandboxProcess, set_up: SetUp) -> None:
    project = set_up(sandbox)
    finished = project.load("--sandbox", "--sandbox-games", "120", RAWG_API_KEY="")
    assert "rawg_sandbox" in finished.output
    assert sorted(path.name for path in (project.folder / "data").iterdir()) == ["sandbox"]
    assert (project.folder / "data" / "sandbox" / "warehouse.duckdb").exists()
    assert sorted(path.name for path in (project.folder / "dlt" / "pipelines").iterdir()) == ["rawg_sandbox"]


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(800)
    project = set_up(sandbox)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 160))
    command = [sys.executable, str(ROOT / "pipelines" / "rawg.py"), "--resources", "games"]
    environment = {**project.environment, "SOURCES__RAWG__REQUESTS_PER_SECOND": "10"}
    process = subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, text=True)
    os.close(theirs)
    shown = _read_all(ours)
    assert process.wait() == 0
    assert "\r" in shown
    assert "pages" in shown
    assert "windows" in shown


def _read_all(descriptor: int) -> str:
    shown = b""
    try:
        while chunk := os.read(descriptor, 4096):
            shown += chunk
    except OSError:  # how a terminal says that nobody writes any more
        pass
    os.close(descriptor)
    return shown.decode(errors="replace")


def test_dlts_own_command_inspects_the_pipeline(sandbox: SandboxProcess, set_up: SetUp) -> None:
    project = set_up(sandbox)
    project.load("--resources", "games", "genres")
    for command, expected in (("info", "games with"), ("trace", "1 load package(s) were loaded")):
        dlt = [str(Path(sys.executable).with_name("dlt")), "pipeline", "rawg", command]
        finished = subprocess.run(dlt, env=project.environment, cwd=ROOT, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
        assert expected in finished.stdout
    # of two packages, the last; not the steps of all, which a long run would write down again and again
    steps = project.python("-c", "import dlt; print(*(step.step for step in dlt.attach('rawg').last_trace.steps))")
    assert steps.output.split() == ["extract", "normalize", "load", "run"]


def test_the_lake_is_laid_out_by_table_and_day(sandbox: SandboxProcess, set_up: SetUp) -> None:
    project = set_up(sandbox)
    project.load("--resources", "games")
    lake = project.folder / "data" / "lake" / "raw"
    assert list(lake.glob("games/load_date=????-??-??/*.parquet"))
    assert list(lake.glob("games__tags/load_date=????-??-??/*.parquet"))


def test_the_source_is_imported_without_a_key(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "RAWG_API_KEY"}
    subprocess.run([sys.executable, "-c", "import sources.rawg"], cwd=ROOT, env=environment, check=True)
