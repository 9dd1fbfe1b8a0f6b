"""The lake in a real object store: everything that works in a folder, and what only a store can do wrong."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sources.rawg.ledger import BLOCK
from sources.rawg.sandbox import SandboxProcess
from tests.integration.object_store import ACCESS_KEY, BUCKET, CREDENTIALS, SECRET, ObjectStore
from tests.project import KEY, Finished, Project, assert_holds, requests_for

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]
ProjectIn = Callable[..., Project]
LAKE = f"/{BUCKET}/lake"
FAST = {"AWS_MAX_ATTEMPTS": "2", "LOAD__RAISE_ON_MAX_RETRIES": "2"}
"""Fewer of botocore's and dlt's retries, because a test waits for all of them."""


@pytest.fixture
def project_in(set_up: SetUp, store: ObjectStore) -> ProjectIn:
    """Makes a project with its lake in the store, on a machine that has no AWS profile and no DuckDB extension."""

    def project(sandbox: SandboxProcess, **environment: object) -> Project:
        made = set_up(sandbox, **store.settings, **environment)
        made.environment["HOME"] = str(made.folder / "home")
        return made

    return project


def _counted(store: ObjectStore) -> int:
    filesystem = store.filesystem()
    month = datetime.now(UTC).strftime("%Y-%m")
    files = filesystem.glob(f"{BUCKET}/lake/_requests/month={month}/*.json")
    return sum(json.loads(filesystem.cat_file(file))["requests"] for file in files)


def _assert_says(finished: Finished, exit_code: int, *words: str) -> None:
    assert finished.exit_code == exit_code, finished.output
    for word in words:
        assert word in finished.output
    assert "Traceback" not in finished.output


def test_the_lake_in_a_bucket_is_the_lake_in_a_folder(serve: Serve, store: ObjectStore, project_in: ProjectIn) -> None:
    sandbox = serve(500)
    project = project_in(sandbox)
    finished = project.load()
    assert_holds(project, sandbox.truth())
    assert f"s3://{BUCKET}/lake" in finished.output
    objects = {path.removeprefix(f"{BUCKET}/lake/") for path in store.filesystem().find(BUCKET)}
    ledger = {path for path in objects if re.fullmatch(r"_requests/month=\d{4}-\d\d/[\w-]+\.json", path)}
    day = datetime.now(UTC).date().isoformat()
    tables = {path for path in objects if re.fullmatch(rf"raw/\w+/load_date={day}/[\d.]+\.\w+\.parquet", path)}
    of_dlt = {path for path in objects if re.match("raw/(init$|_dlt_)", path)}
    assert ledger
    assert objects == ledger | tables | of_dlt
    assert project.tables() <= {path.split("/")[1] for path in tables}
    assert not (project.folder / "data" / "lake").exists()
    # DuckDB's extension for S3 was neither there nor fetched
    assert not list(project.folder.glob("home/.duckdb/**/httpfs*"))
    # the next run costs what changed, and counts the requests of both
    sent = len(sandbox.history())
    assert _counted(store) == sent
    sandbox.touch(count=20)
    finished = project.load("--resources", "games")
    assert_holds(project, sandbox.truth())
    assert len(sandbox.history()) - sent <= 5
    assert _counted(store) == len(sandbox.history())
    assert f"{len(sandbox.history())} of 20,000 this month" in finished.output


WRONG: list[tuple[str, str | None, list[str]]] = [
    (f"{CREDENTIALS}AWS_SECRET_ACCESS_KEY", "another-secret", ["refused access", "AWS_SECRET_ACCESS_KEY"]),
    (f"{CREDENTIALS}AWS_ACCESS_KEY_ID", "no:body", ["refused access", "AWS_ACCESS_KEY_ID"]),
    (f"{CREDENTIALS}AWS_SECRET_ACCESS_KEY", None, ["missing", f"{CREDENTIALS}AWS_SECRET_ACCESS_KEY"]),
    (f"{CREDENTIALS}ENDPOINT_URL", "127.0.0.1:9000", ["ENDPOINT_URL", "http://"]),
    ("DESTINATION__LAKE__BUCKET_URL", "s3://absent/lake", ["bucket absent does not exist", "BUCKET_URL"]),
]


def test_a_wrong_setting_is_named_before_anything_is_asked_for(
    serve: Serve, store: ObjectStore, project_in: ProjectIn
) -> None:
    sandbox = serve(100)
    project = project_in(sandbox)
    right = dict(project.environment)
    for setting, value, words in WRONG:
        project.environment = {name: kept for name, kept in right.items() if name != setting}
        finished = project.run(**({} if value is None else {setting: value}))
        _assert_says(finished, 2, *words)
        assert len(finished.output.strip().splitlines()) == 1
    assert not sandbox.history()
    assert store.filesystem().ls("") == [BUCKET]


def test_a_store_that_is_not_there_is_named(serve: Serve, store: ObjectStore, project_in: ProjectIn) -> None:
    sandbox = serve(100)
    project = project_in(sandbox, **FAST)
    store.stop()
    finished = project.run()
    _assert_says(finished, 5, "does not answer", store.endpoint_url, f"{CREDENTIALS}ENDPOINT_URL")
    assert len(finished.output.strip().splitlines()) == 1
    assert not sandbox.history()


@pytest.mark.parametrize(
    "moment",
    [f"PUT {LAKE}/_requests/", f"PUT {LAKE}/raw/games/"],
    ids=["counting", "upload"],
)
def test_a_store_that_goes_away_costs_nothing_but_time(
    serve: Serve, store: ObjectStore, project_in: ProjectIn, moment: str
) -> None:
    sandbox = serve(500)
    project = project_in(sandbox, **FAST)
    store.stop()
    store.start(until=moment)
    finished = project.run("--resources", "games")
    _assert_says(finished, 5, "does not answer", "run the same command again")
    assert len(finished.output.split("does not answer")) == 2
    store.start()
    sent = len(sandbox.history())
    assert sent <= _counted(store) <= sent + BLOCK
    again = project.load("--resources", "games")
    assert "Traceback" not in again.output
    assert_holds(project, sandbox.truth())
    assert project.query("SELECT DISTINCT status FROM raw.game_windows") == [("complete",)]
    # a chunk that was still on its way is finished, not asked for again
    assert len(requests_for(sandbox, "/games")) <= 500 / 40 + 10


def test_a_short_absence_goes_unnoticed(serve: Serve, store: ObjectStore, project_in: ProjectIn) -> None:
    sandbox = serve(500)
    project = project_in(sandbox)
    store.stop()
    store.start(until=f"GET {LAKE}/raw/games/")
    process = project.start("--resources", "games")
    store.wait_until_gone()
    store.start()
    _assert_says(Finished(*process.wait()), 0)
    assert_holds(project, sandbox.truth())


def test_the_secret_is_in_no_file_and_no_line(serve: Serve, store: ObjectStore, project_in: ProjectIn) -> None:
    sandbox = serve(300)
    project = project_in(sandbox, RUNTIME__LOG_LEVEL="DEBUG", **FAST)
    store.stop()
    store.start(until=f"GET {LAKE}/raw/games/")  # it fails as well, amid the copy
    runs = [project.run()]
    store.start()
    runs += [project.run(), project.run(**{f"{CREDENTIALS}AWS_SECRET_ACCESS_KEY": f"{SECRET}-but-wrong"})]
    assert [run.exit_code for run in runs] == [5, 0, 2], runs[1].output[-2_000:]
    assert_holds(project, sandbox.truth())
    for secret in (SECRET, KEY):
        assert not [run for run in runs if secret in run.output]
        files = [path for folder in (project.folder, store.folder) for path in folder.rglob("*") if path.is_file()]
        assert len(files) > 40
        assert not [path for path in files if secret.encode() in path.read_bytes()]
    assert ACCESS_KEY not in "".join(run.output for run in runs[:2])
