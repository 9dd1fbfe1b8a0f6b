"""Runs in this process against the sandbox: what they load, what they say, and how they end."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dlt.common.runtime.run_context import switch_context

from orchestration import loading
from orchestration.definitions import defs
from orchestration.partitions import DAYS
from sources.rawg.games import GAME_TABLES
from sources.rawg.sandbox import SandboxProcess
from tests.project import KEY, ROOT, Project, assert_holds, requests_for

GAMES = 300
EVERYTHING = defs.resolve_implicit_global_asset_job_def()
WALK = [f"raw/{name}" for name in GAME_TABLES]
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


class Runs:
    """A Dagster instance over a project of its own."""

    def __init__(self, project: Project, sandbox: SandboxProcess) -> None:
        self.project = project
        self.sandbox = sandbox
        self.instance = dg.DagsterInstance.ephemeral()

    def materialize(self, *assets: str, **options: Any) -> dg.ExecuteInProcessResult:
        """Materializes these assets, or all, whatever comes of it."""
        keys = [dg.AssetKey.from_user_string(asset) for asset in assets] or None
        self.sandbox.clear_history()
        return EVERYTHING.execute_in_process(
            instance=self.instance, asset_selection=keys, raise_on_error=False, **options
        )

    def launch(self, job: str, config: dict[str, Any]) -> dg.ExecuteInProcessResult:
        """Runs a job of one op with this form."""
        definition = defs.resolve_job_def(job)
        (op,) = definition.graph.node_defs
        self.sandbox.clear_history()
        return definition.execute_in_process(
            instance=self.instance, raise_on_error=False, run_config={"ops": {op.name: {"config": config}}}
        )

    def lake_files(self) -> set[str]:
        """The files of all tables, beginning with the table."""
        lake = self.project.folder / "data" / "lake" / "raw"
        return {str(path.relative_to(lake)) for path in lake.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("runs")
    with SandboxProcess(GAMES) as sandbox, pytest.MonkeyPatch.context() as patch:
        project = Project(folder, sandbox.base_url, {"SOURCES__RAWG__GAME_SELECTION__LIMIT": "20"})
        for name, value in {**project.environment, "DLT_LOCAL_DIR": str(folder)}.items():
            patch.setenv(name, value)
        switch_context(str(folder))
        patch.setattr(loading, "RETRIES", dg.RetryPolicy(max_retries=1))
        yield Runs(project, sandbox)
    switch_context(str(ROOT))


@pytest.fixture(scope="module")
def loaded(runs: Runs) -> Runs:
    """The same after the games, a list and a table of details were loaded."""
    assert runs.materialize(*WALK, "raw/genres", "raw/game_details").success
    return runs


def _materialized(finished: dg.ExecuteInProcessResult) -> set[tuple[str, str | None]]:
    events = finished.get_asset_materialization_events()
    return {(event.asset_key.to_user_string(), event.partition) for event in events if event.asset_key}


def _failure(finished: dg.ExecuteInProcessResult) -> str:
    """What a failed run says, which is a sentence."""
    assert not finished.success
    (event,) = finished.filter_events(lambda event: event.is_step_failure)
    said = event.step_failure_data.user_failure_data
    assert said
    assert "Traceback" not in str(said.description)
    assert len(str(said.description).splitlines()) == 1
    return str(said.description)


def _retries(finished: dg.ExecuteInProcessResult) -> int:
    return len(finished.filter_events(lambda event: event.is_step_up_for_retry))


def _metadata(runs: Runs, asset: str) -> dict[str, Any]:
    event = runs.instance.get_latest_materialization_event(dg.AssetKey.from_user_string(asset))
    assert event
    assert event.asset_materialization
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_every_table_tells_its_rows_columns_places_and_costs(loaded: Runs) -> None:
    details = _metadata(loaded, "raw/game_details")
    assert details["dagster/row_count"] == loaded.project.value("SELECT count(*) FROM raw.game_details")
    assert {"id", "description", "_dlt_load_id"} <= {column.name for column in details["dagster/column_schema"].columns}
    assert details["requests_spent"] == details["rows_loaded"]
    assert details["lake"].endswith("data/lake/raw/game_details")
    assert details["load_ids"]


def test_the_days_that_a_load_has_proven_are_marked(loaded: Runs) -> None:
    marked = loaded.instance.get_materialized_partitions(dg.AssetKey(["raw", "games"]))
    assert len(marked) == loading.MARKED_DAYS
    assert str(YESTERDAY) in marked


@pytest.mark.parametrize("assets", [["raw/genres"], ["raw/games__tags"], ["raw/games", "raw/game_windows"]])
def test_a_subset_loads_just_that_subset(loaded: Runs, assets: list[str]) -> None:
    loaded.sandbox.touch(count=3)
    before = loaded.lake_files()
    finished = loaded.materialize(*assets)
    assert finished.success
    assert {asset for asset, _ in _materialized(finished)} == set(assets)
    written = {path.split("/")[0] for path in loaded.lake_files() - before}
    assert {f"raw/{table}" for table in written if not table.startswith("_dlt")} == set(assets)


def test_a_part_of_the_walk_leaves_the_watermark_to_the_whole(loaded: Runs) -> None:
    loaded.sandbox.touch(count=5)
    assert loaded.materialize("raw/games__genres").success
    assert loaded.materialize(*WALK).success
    assert_holds(loaded.project, loaded.sandbox.truth())


def test_the_proof_is_not_loaded_without_the_games(loaded: Runs) -> None:
    assert "load games together with it" in _failure(loaded.materialize("raw/game_windows"))
    assert not loaded.sandbox.history()


def test_nothing_new_is_said(loaded: Runs) -> None:
    finished = loaded.materialize("raw/game_fetches")
    assert finished.success
    assert not _materialized(finished)
    messages = [record.message for record in loaded.instance.all_logs(finished.run_id)]
    assert any("Nothing was loaded" in message for message in messages)
    assert any("raw/game_fetches was not loaded" in message for message in messages)


def test_the_watermark_comes_back_from_the_warehouse(loaded: Runs) -> None:
    shutil.rmtree(loaded.project.folder / "dlt")
    loaded.sandbox.touch(count=3)
    assert loaded.materialize(*WALK).success
    assert len(loaded.sandbox.history()) <= 3
    assert_holds(loaded.project, loaded.sandbox.truth())


def test_a_range_of_days_is_one_window_and_may_be_repeated(loaded: Runs) -> None:
    first, last = str(YESTERDAY - timedelta(days=40)), str(YESTERDAY - timedelta(days=35))
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    watermark = "SELECT max(updated_to) FROM raw.game_windows"
    before = loaded.project.value(watermark)
    for _ in range(2):
        finished = loaded.materialize(*WALK, tags=tags)
        assert finished.success
        filters = {request["params"]["updated"] for request in requests_for(loaded.sandbox, "/games")}
        assert filters == {f"{first},{last}"}
        days = {partition for _, partition in _materialized(finished)}
        assert days == {str(YESTERDAY - timedelta(days=number)) for number in range(35, 41)}
        assert_holds(loaded.project, loaded.sandbox.truth())
    assert loaded.project.value(watermark) == before
    assert loaded.materialize("raw/games", partition_key=first).success
    assert {request["params"]["updated"] for request in loaded.sandbox.history()} == {f"{first},{first}"}


@pytest.mark.parametrize("key", ["1999-12-31", "2999-01-01", "soon"])
def test_a_day_that_is_no_partition_is_refused(runs: Runs, key: str) -> None:
    with pytest.raises(dg.DagsterUnknownPartitionError, match=key):
        runs.materialize("raw/games", partition_key=key)


def test_a_range_that_begins_too_early_is_refused_before_it_is_loaded(runs: Runs) -> None:
    tags = {"dagster/asset_partition_range_start": "1999-12-30", "dagster/asset_partition_range_end": "2000-01-02"}
    finished = runs.materialize("raw/games", tags=tags)
    assert f"from {DAYS.get_first_partition_key()}" in _failure(finished)
    assert not runs.sandbox.history()


def test_a_quota_ends_a_run_well_and_says_when_it_goes_on(loaded: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__RAWG__MONTHLY_REQUESTS", "1")
    finished = loaded.materialize("raw/genres", "raw/games", partition_key=str(YESTERDAY))
    assert finished.success
    assert not _retries(finished)
    assert not _materialized(finished)
    assert not loaded.sandbox.history()
    messages = " ".join(record.message for record in loaded.instance.all_logs(finished.run_id))
    next_month = (datetime.now(UTC).date().replace(day=1) + timedelta(days=31)).replace(day=1)
    assert f"to go on on {next_month}" in messages


def test_a_quota_amid_a_range_marks_the_days_that_are_done(loaded: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__RAWG__CHUNK_REQUESTS", "1")
    tags = {"dagster/asset_partition_range_start": "2025-01-01", "dagster/asset_partition_range_end": str(YESTERDAY)}
    config = {"ops": {"games": {"config": {"max_requests": 8}}}}
    finished = loaded.materialize("raw/games", tags=tags, run_config=config)
    assert finished.success
    days = {partition for _, partition in _materialized(finished)}
    assert "2025-01-01" in days
    assert str(YESTERDAY) not in days
    assert _metadata(loaded, "raw/games")["resumes"] == "at any time"


def test_what_passes_is_tried_again(loaded: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__RAWG__RETRY_ATTEMPTS", "1")
    loaded.sandbox.faults(script={"1": 502})
    finished = loaded.materialize("raw/games")
    assert finished.success
    assert _retries(finished) == 1
    loaded.sandbox.faults(script={"1": 502, "2": 502, "3": 502})
    finished = loaded.materialize("raw/genres")
    loaded.sandbox.faults()
    assert "RAWG did not answer" in _failure(finished)
    assert _retries(finished) == 1


def test_a_run_that_is_terminated_keeps_what_it_has(loaded: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__RAWG__CHUNK_REQUESTS", "1")
    loaded.sandbox.touch(count=60)
    loaded.sandbox.clear_history()
    loaded.sandbox.faults(latency_ms=50)

    def terminate() -> None:
        while len(loaded.sandbox.history()) < 4:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=terminate)
    thread.start()
    with pytest.raises(dg.DagsterExecutionInterruptedError):
        defs.resolve_job_def("backfill").execute_in_process(
            instance=loaded.instance, run_config={"ops": {"load_form": {"config": {"updated_from": "2000-01-01"}}}}
        )
    thread.join()
    loaded.sandbox.faults()
    (run, *_) = loaded.instance.get_runs(limit=1)
    assert run.status == dg.DagsterRunStatus.FAILURE  # canceled, when a user of Dagster has asked for it
    assert loaded.materialize(*WALK).success
    assert_holds(loaded.project, loaded.sandbox.truth())


@pytest.mark.parametrize(("key", "hint"), [("", "https://rawg.io/apidocs"), ("bad-key", "refused the API key")])
def test_what_does_not_pass_is_one_sentence_and_not_tried_again(
    loaded: Runs, monkeypatch: pytest.MonkeyPatch, key: str, hint: str
) -> None:
    monkeypatch.setenv("RAWG_API_KEY", key)
    finished = loaded.materialize("raw/genres", "raw/games")
    assert hint in {_said(event) for event in finished.filter_events(lambda event: event.is_step_failure)}.pop()
    assert not _retries(finished)


def _said(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data.user_failure_data
    return str(data.description) if data else ""


def test_a_key_in_the_output_is_found(loaded: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(context: dg.AssetExecutionContext, ended: loading.Load) -> None:
        context.log.info(f"with {KEY}")

    monkeypatch.setattr(loading, "_tell", tell)
    check = dg.AssetCheckKey(dg.AssetKey("rawg_api"), "key_not_in_logs")
    job = dg.define_asset_job("leak", dg.AssetSelection.assets(["raw", "genres"]) | dg.AssetSelection.checks(check))
    merged = dg.Definitions.merge(defs, dg.Definitions(jobs=[job]))
    finished = merged.resolve_job_def("leak").execute_in_process(instance=loaded.instance)
    (evaluation,) = [found for found in finished.get_asset_check_evaluations() if found.check_name == check.name]
    assert not evaluation.passed
    assert KEY not in str(evaluation.description)


def test_a_window_that_lies_about_its_games_stops_the_models(loaded: Runs) -> None:
    newest = "updated_to = (SELECT max(updated_to) FROM raw.game_windows)"
    lie = f"UPDATE raw.game_windows SET rows_seen = rows_seen {{}} 1 WHERE {newest}"
    with duckdb.connect(str(loaded.project.warehouse)) as connection:
        connection.execute(lie.format("-"))
    finished = loaded.materialize(
        "raw/genres", "raw/game_windows", "raw/games", "staging/stg_rawg__game_windows", partition_key="2025-06-01"
    )
    with duckdb.connect(str(loaded.project.warehouse)) as connection:
        connection.execute(lie.format("+"))
    assert not finished.success
    assert "staging/stg_rawg__game_windows" not in {asset for asset, _ in _materialized(finished)}


@pytest.mark.parametrize(
    ("form", "hint"),
    [
        ({"updated_from": "2024-02-30"}, "2024-02-30"),
        ({"updated_from": "2024-03-02", "updated_to": "2024-03-01"}, "after"),
        ({"updated_to": "2999-01-01"}, "out of range"),
        ({"updated_from": "1999-12-31"}, "out of range"),
        ({"resources": ["gamez"]}, "gamez"),
        ({"resources": ["genres"], "updated_from": "2024-03-02"}, "games"),
        ({"full_refresh": True, "updated_from": "2024-03-02"}, "full_refresh"),
        ({"max_requests": 0}, "max_requests"),
    ],
)
def test_a_form_that_makes_no_sense_costs_one_sentence(runs: Runs, form: dict[str, Any], hint: str) -> None:
    finished = runs.launch("backfill", form)
    assert hint in _failure(finished)
    assert not _retries(finished)
    assert not runs.sandbox.history()


def test_the_form_loads_what_it_asks_for(loaded: Runs) -> None:
    finished = loaded.launch(
        "backfill", {"resources": ["games"], "updated_from": "2025-05-01", "updated_to": "2025-05-02"}
    )
    assert finished.success
    assert {request["params"]["updated"] for request in loaded.sandbox.history()} == {"2025-05-01,2025-05-02"}
    assert {("raw/games", None), ("raw/games", "2025-05-01"), ("raw/games", "2025-05-02")} <= _materialized(finished)


def test_the_warehouse_is_rebuilt_from_the_lake(loaded: Runs) -> None:
    before = loaded.project.query("SELECT count(*), sum(added) FROM raw.games")
    assert "wants --yes" in _failure(loaded.launch("rebuild_from_lake", {}))
    finished = loaded.launch("rebuild_from_lake", {"take_the_place_of_tables": True})
    assert finished.success
    assert not loaded.sandbox.history()
    assert ("raw/games", None) in _materialized(finished)
    assert loaded.project.query("SELECT count(*), sum(added) FROM raw.games") == before


def test_without_a_game_there_is_no_report_and_no_failure(loaded: Runs) -> None:
    with duckdb.connect(str(loaded.project.warehouse)) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS market")
        connection.execute("CREATE OR REPLACE TABLE market.game_scores (game_id BIGINT)")
    finished = loaded.materialize("market_report")
    assert finished.success
    assert not _materialized(finished)
    with duckdb.connect(str(loaded.project.warehouse)) as connection:
        connection.execute("DROP SCHEMA market CASCADE")
    assert "no market marts yet" in _failure(loaded.materialize("market_report"))


def test_everything_is_materialized_and_every_check_passes(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_EXCLUDE_RESOURCE_TYPES", "unit_test")  # they prove nothing about a run
    monkeypatch.setenv("DBT_LOG_LEVEL_FILE", "none")  # Dagster reads what dbt prints
    finished = runs.materialize()
    assert finished.success
    assert_holds(runs.project, runs.sandbox.truth())
    assert {asset for asset, _ in _materialized(finished)} == {
        key.to_user_string() for key in defs.resolve_asset_graph().executable_asset_keys
    }
    assert not [check.asset_check_key for check in finished.get_asset_check_evaluations() if not check.passed]
    assert _metadata(runs, "core/dim_game")["dagster/row_count"] == GAMES
    report = _metadata(runs, "market_report")
    assert report["games"] == GAMES
    assert report["page"] == str(runs.project.folder / "data" / "lake" / "reports" / "market.html")
    assert f'data-name="games" data-value="{GAMES}"' in Path(report["page"]).read_text()
