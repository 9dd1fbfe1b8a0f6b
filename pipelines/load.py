"""One run of the pipeline: what the script, Dagster and the cloud all call.

A run is a row of load packages, each bounded in requests and committed as a whole (rows, completeness proof and
watermark together), so a run that is killed anywhere has lost at most one package's requests.
"""

import gc
import logging
import os
import time
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import dlt
from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.pipeline import LoadInfo
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from dlt.destinations.impl.filesystem.configuration import FilesystemDestinationClientConfiguration
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltSource
from dlt.pipeline.helpers import pipeline_drop
from dlt.pipeline.pipeline import with_runtime_trace

from pipelines.failures import plain_failure
from pipelines.history import record_history
from pipelines.lock import only_run
from sources.rawg import rawg_source
from sources.rawg.configuration import RawgConfiguration
from sources.rawg.endpoints import ENDPOINT_BY_NAME, ENDPOINTS
from sources.rawg.errors import ConfigurationError, RawgError
from sources.rawg.games import GAME_TABLES
from sources.rawg.ledger import RequestLedger
from sources.rawg.rows import Row
from sources.rawg.run import RawgRun
from sources.rawg.schema_changes import unknown_columns
from sources.rawg.walk import Reconciliation, Watermark

SANDBOX_PIPELINE = "rawg_sandbox"
GAMES = "games"
SCHEMA_CHANGES = ["schema_changes"]
RESOURCES = [GAMES, *ENDPOINT_BY_NAME]
"""Everything that `--resources` can name; `games` brings its links, snapshots and windows along."""
DEFAULT_RESOURCES = [GAMES, *(endpoint.name for endpoint in ENDPOINTS if endpoint.kind == "reference")]

_CLOSING = ThreadPoolExecutor(1, "close-warehouse")
"""Closes the warehouse after a package: DuckDB then writes its checkpoint, for which it does not need Python's lock."""


@dataclass(frozen=True)
class LoadRequest:
    """What to load. `updated_from`..`updated_to` (both inclusive) is an explicit range of days that leaves the
    watermark alone; without it a run takes what is new since the last one, or, to `reconcile`, goes on with a walk over
    the whole catalogue.

    With `games` come all tables of its walk, or only those in `game_tables`; then, too, the watermark stays."""

    resources: list[str] = field(default_factory=lambda: list(DEFAULT_RESOURCES))
    game_tables: list[str] = field(default_factory=lambda: list(GAME_TABLES))
    updated_from: date | None = None
    updated_to: date | None = None
    max_requests: int | None = None
    full_refresh: bool = False
    reconcile: bool = False

    @property
    def has_range(self) -> bool:
        return self.updated_from is not None or self.updated_to is not None

    @property
    def moves_watermark(self) -> bool:
        """Whether the walk takes all news into all tables, so that the next one may go on behind it."""
        return not self.has_range and set(self.game_tables) == set(GAME_TABLES)

    def of_kind(self, kind: str) -> list[str]:
        """The named resources that are endpoints of this kind."""
        return [name for name in self.resources if name in ENDPOINT_BY_NAME and ENDPOINT_BY_NAME[name].kind == kind]


@dataclass
class LoadReport:
    """What a run did.

    Attributes:
        rows: Rows loaded, by table.
        requests: Requests sent for each resource; resources of one package share them.
        load_ids: The committed packages, by resource.
        schema_changes: What RAWG sent for the first time, as rows of `schema_changes`.
    """

    run: RawgRun
    started: float = field(default_factory=time.monotonic)
    rows: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    load_ids: dict[str, list[str]] = field(default_factory=dict)
    schema_changes: list[Row] = field(default_factory=list)
    packages: int = 0
    stopped: RawgError | None = None


def rawg_pipeline(sandbox: bool = False) -> dlt.Pipeline:
    """The pipeline `rawg`, or `rawg_sandbox` with a lake and a warehouse of its own for made-up games."""
    logging.getLogger("dlt").addFilter(_is_news)
    pipeline = _declared_pipeline(sandbox)
    if _local_value(pipeline, "initial_cwd") != os.path.abspath(dlt.current.run_context().local_dir):
        # dlt resolves relative paths where the working folder was first used, which was another checkout
        pipeline.drop()
        pipeline = _declared_pipeline(sandbox)
    return pipeline


def idle_pipeline(sandbox: bool, pipelines_dir: str) -> dlt.Pipeline:
    """The same pipeline with a working folder of its own, for a look that a run at work must not notice."""
    return _declared_pipeline(sandbox, pipelines_dir)


def _declared_pipeline(sandbox: bool, pipelines_dir: str | None = None) -> dlt.Pipeline:
    prefix = "sandbox_" if sandbox else ""
    # Snowflake would prefer jsonl, but a lake is the same whatever loads from it
    warehouse = Destination.from_reference(f"{prefix}warehouse", preferred_staging_file_format="parquet")
    lake = Destination.from_reference(f"{prefix}lake")
    return dlt.pipeline(
        SANDBOX_PIPELINE if sandbox else "rawg",
        pipelines_dir=pipelines_dir,  # type: ignore[arg-type]  # None is dlt's own folder
        destination=_knowing_itself(warehouse),
        staging=_knowing_itself(lake),
        dataset_name="raw",
    )


def _knowing_itself(destination: Destination[Any, Any] | None) -> Destination[Any, Any]:
    """The destination, which finds out once what it is capable of: dlt asks it several times for each file, and would
    have it read all its settings anew each time, a fifth of the work of a small load."""
    assert destination
    find_out = destination.capabilities
    known: dict[str, DestinationCapabilitiesContext] = {}

    def capabilities(config: Any = None, naming: NamingConvention | None = None) -> DestinationCapabilitiesContext:
        if config is not None:
            return find_out(config, naming)
        name = naming.name() if naming else ""
        if name not in known:
            known[name] = find_out(None, naming)
        return known[name].copy()  # dlt changes what it gets

    destination.capabilities = capabilities  # type: ignore[method-assign]
    return destination


def is_sandbox(pipeline: dlt.Pipeline) -> bool:
    """Whether the pipeline's games are made up."""
    return pipeline.pipeline_name == SANDBOX_PIPELINE


def _is_news(record: logging.LogRecord) -> bool:
    # the lake keeps the rows that say which links to delete; the warehouse acts on them
    return "hard_delete" not in str(record.msg)


def lake_configuration(pipeline: dlt.Pipeline) -> FilesystemDestinationClientConfiguration:
    """Where the pipeline's lake is and how to open it."""
    assert pipeline.staging is not None
    return pipeline.staging.configuration(  # type: ignore[return-value]
        FilesystemDestinationClientConfiguration()._bind_dataset_name("raw")
    )


def open_ledger(
    pipeline: dlt.Pipeline, configuration: RawgConfiguration, max_requests: int | None = None
) -> RequestLedger:
    """The request ledger in the pipeline's lake."""
    filesystem, root = fsspec_from_config(lake_configuration(pipeline))
    return RequestLedger(filesystem, root, configuration.monthly_requests, max_requests)


def days_to_walk(request: LoadRequest, pipeline: dlt.Pipeline, configuration: RawgConfiguration) -> tuple[date, date]:
    """First and last `updated` day (UTC) of a run."""
    today = datetime.now(UTC).date()
    if request.has_range:
        return request.updated_from or configuration.initial_day, request.updated_to or today
    if request.full_refresh:
        return configuration.initial_day, today
    state = _games_state(pipeline)
    if request.reconcile:
        return Reconciliation(state).first_day(configuration.initial_day), today
    return Watermark(state).first_day(configuration.initial_day, configuration.lag_days), today


def _games_state(pipeline: dlt.Pipeline) -> dict[str, Any]:
    resources = pipeline.state.get("sources", {}).get("rawg", {}).get("resources", {})
    return dict(resources.get(GAMES, {}))


def load(request: LoadRequest, pipeline: dlt.Pipeline, report: LoadReport) -> None:
    """Runs the pipeline until everything asked for is loaded; `report` fills as packages are committed.

    Raises:
        RawgError: the run had to stop; what `report` counts is committed.
    """
    run = report.run
    with plain_failure(), only_run(pipeline, lake_configuration(pipeline)), closing(run.ledger), _closed_warehouse():
        restore_state(pipeline)
        if request.full_refresh:
            drop_tables(pipeline, request.resources)
        _record_schema_changes(pipeline, report)
        if request.reconcile:
            _reconcile(request, pipeline, run, report)
            return
        if references := request.of_kind("reference"):
            _load_package(pipeline, references, report)
        if GAMES in request.resources:
            _load_games(request, pipeline, run, report)
        for name in request.of_kind("catalogue"):
            _load_catalogue(name, pipeline, run, report)
        for name in request.of_kind("game"):
            _load_for_selected_games(name, pipeline, run, report)


def restore_state(pipeline: dlt.Pipeline) -> None:
    """Finishes what an interrupted run left behind, then takes over the state that the warehouse holds.

    dlt's working folder is only a scratch pad: it may belong to another warehouse, or be newer than one that came back
    from a backup. What the warehouse holds, it alone can say.
    """
    place = f"{lake_configuration(pipeline).bucket_url} {warehouse_location(pipeline)}"
    if _local_value(pipeline, "place") == place and pipeline.has_pending_data:
        pipeline.run()
    pipeline.drop()
    pipeline.activate()
    pipeline.sync_destination()
    pipeline.set_local_state_val("place", place)
    if pipeline.default_schema_name:
        with pipeline.sql_client() as client:
            record_history(client, lake_configuration(pipeline))


def _local_value(pipeline: dlt.Pipeline, key: str) -> object:
    try:
        return pipeline.get_local_state_val(key)
    except KeyError:
        return None


def warehouse_location(pipeline: dlt.Pipeline) -> str:
    """The warehouse in words: a file for DuckDB, the account for others; never a credential."""
    configuration = pipeline.destination_client().config
    if isinstance(configuration, DuckDbClientConfiguration):
        return configuration.data_location()
    return str(configuration)


def drop_tables(pipeline: dlt.Pipeline, resources: list[str]) -> None:
    """Empties what the named resources load, and their state.

    The daily snapshots stay, because RAWG cannot give them again, and so does the lake.
    """
    if not pipeline.default_schema_name:
        return
    names = [name for name in resources if name != GAMES]
    if GAMES in resources:
        names += [name for name in GAME_TABLES if name != "game_snapshots"]
    drop = pipeline_drop(pipeline, resources=names)
    if not drop.is_empty:
        drop()
        with pipeline.sql_client() as client:
            record_history(client, lake_configuration(pipeline))


def _load_package(pipeline: dlt.Pipeline, resources: list[str], report: LoadReport) -> None:
    sent, walk = report.run.ledger.sent, report.run.walk
    endpoints = [name for name in resources if name in ENDPOINT_BY_NAME]
    info = run(pipeline, rawg_source(report.run, endpoints).with_resources(*resources))
    for name in resources:
        report.requests[name] += report.run.ledger.sent - sent
        report.load_ids.setdefault(name, []).extend(info.loads_ids)
    trace = pipeline.last_trace
    if trace and trace.last_normalize_info:
        for table, rows in trace.last_normalize_info.row_counts.items():
            if not table.startswith("_dlt"):
                report.rows[table] += rows
    if walk:
        # they are loaded only to remove old links
        report.rows -= walk.progress.removals
        walk.progress.removals.clear()
    report.packages += 1
    gc.collect()  # dlt leaves some 13,000 objects a package that refer to each other
    if resources != SCHEMA_CHANGES:
        _record_schema_changes(pipeline, report)


@with_runtime_trace()
def run(pipeline: dlt.Pipeline, source: DltSource) -> LoadInfo:
    """Does what `Pipeline.run` does, and like that leaves one trace of its steps: of steps that are called one by one
    dlt would keep the last hundred, and write them all down after each."""
    pipeline.extract(source)
    pipeline.normalize()
    # DuckDB's file is left to others until now; held open, it is not opened and closed for each of dlt's jobs
    with _held_open(pipeline) as client:
        info = pipeline.load()
        record_history(client, lake_configuration(pipeline))
    return info


@contextmanager
def _held_open(pipeline: dlt.Pipeline) -> Iterator[SqlClientBase[Any]]:
    """A connection that is closed beside what follows, such as the next package's extraction."""
    _finish_closing()  # what merges next would share the memory limit of a checkpoint that is not over
    client = pipeline.sql_client()
    client.open_connection()
    try:
        yield client
    finally:
        _CLOSING.submit(client.close_connection)


@contextmanager
def _closed_warehouse() -> Iterator[None]:
    """A block at whose end the warehouse is closed, and so free for others."""
    try:
        yield
    finally:
        _finish_closing()


def _finish_closing() -> None:
    _CLOSING.submit(bool).result()  # there is but one thread, so all before it is done


def _record_schema_changes(pipeline: dlt.Pipeline, report: LoadReport) -> None:
    """Loads what RAWG changed and no earlier run recorded: also what one was killed before it recorded."""
    if not pipeline.default_schema_name:
        return
    unknown = unknown_columns(pipeline.default_schema)
    recorded = _recorded_schema_changes(pipeline) if unknown else set()
    news = [row for row in unknown if (row["table_name"], row["column_name"]) not in recorded]
    if news:
        report.run.schema_changes = news
        report.schema_changes += news
        _load_package(pipeline, SCHEMA_CHANGES, report)


def _recorded_schema_changes(pipeline: dlt.Pipeline) -> set[tuple[str, str]]:
    if "schema_changes" not in known_tables(pipeline):
        return set()
    with pipeline.sql_client() as client:
        table = client.make_qualified_table_name("schema_changes")
        return {tuple(row) for row in client.execute_sql(f"SELECT table_name, column_name FROM {table}") or []}


def _load_games(request: LoadRequest, pipeline: dlt.Pipeline, run: RawgRun, report: LoadReport) -> None:
    if "game_windows" in request.game_tables and GAMES not in request.game_tables:
        raise ConfigurationError("game_windows proves that games were loaded; load games together with it.")
    run.purpose = "reconciliation" if request.reconcile else "news" if request.moves_watermark else "range"
    walk = run.walk_games(*days_to_walk(request, pipeline, run.configuration))
    while not walk.is_finished and walk.stopped is None:
        _load_package(pipeline, request.game_tables, report)
    if walk.stopped:
        raise walk.stopped


def _reconcile(request: LoadRequest, pipeline: dlt.Pipeline, run: RawgRun, report: LoadReport) -> None:
    _load_games(request, pipeline, run, report)
    since = Reconciliation(_games_state(pipeline)).started_at
    if since is None:  # a window stayed incomplete before the first could be proven
        return
    run.unlisted_games = select_unlisted_games(pipeline, since)
    _load_package(pipeline, ["unlisted_games"], report)


def select_unlisted_games(pipeline: dlt.Pipeline, since: datetime) -> list[Row]:
    """Games that nobody saw since `since`, save those on days of which RAWG lists only a part."""
    with pipeline.sql_client() as client:
        games, windows = (client.make_qualified_table_name(name) for name in (GAMES, "game_windows"))
        rows = client.execute_sql(
            f"SELECT g.id, g.last_seen_at FROM {games} AS g"
            f" WHERE (g.last_seen_at IS NULL OR g.last_seen_at < %s) AND NOT EXISTS (SELECT 1 FROM {windows} AS w"
            " WHERE w.status <> 'complete' AND CAST(g.updated AS DATE) BETWEEN w.updated_from AND w.updated_to)",
            since,
        )
    now = datetime.now(UTC)
    return [{"game_id": game_id, "last_seen_at": seen, "noticed_at": now} for game_id, seen in rows or []]


def _load_catalogue(name: str, pipeline: dlt.Pipeline, run: RawgRun, report: LoadReport) -> None:
    while True:
        run.most_pages = min(run.configuration.chunk_requests, run.ledger.remaining)
        if not run.most_pages:
            raise run.ledger.refusal(f"the list of {name} goes on")
        _load_package(pipeline, [name], report)
        if pipeline.state["sources"]["rawg"]["resources"][name]["next_page"] == 1:
            return


def _load_for_selected_games(name: str, pipeline: dlt.Pipeline, run: RawgRun, report: LoadReport) -> None:
    left = run.configuration.game_selection.limit
    run.selected_resources = [name]
    while left > 0:
        most = min(left, run.configuration.chunk_requests, run.ledger.remaining)
        if not most:
            raise run.ledger.refusal(f"more {name} are due")
        run.selected_games = select_games(name, pipeline, run.configuration.game_selection.minimum_added, most)
        if not run.selected_games:
            return
        _load_package(pipeline, [name, "game_fetches"], report)
        left -= len(run.selected_games)


def select_games(resource: str, pipeline: dlt.Pipeline, minimum_added: int, most: int) -> list[Row]:
    """Games that changed since `resource` was last asked for them, the most added first."""
    known: Collection[str] = pipeline.default_schema.tables if pipeline.default_schema_name else ()
    if GAMES not in known:
        return []
    with pipeline.sql_client() as client:
        games, fetches = (client.make_qualified_table_name(name) for name in (GAMES, "game_fetches"))
        asked = "SELECT NULL AS game_id, NULL AS game_updated WHERE 1 = 0"
        if "game_fetches" in known:
            asked = f"SELECT game_id, game_updated FROM {fetches} WHERE resource = '{resource}'"
        rows = client.execute_sql(
            f"SELECT g.id, g.updated FROM {games} AS g LEFT JOIN ({asked}) AS f ON f.game_id = g.id"
            f" WHERE g.added >= {minimum_added:d} AND (f.game_id IS NULL OR f.game_updated < g.updated)"
            f" ORDER BY g.added DESC, g.id LIMIT {most:d}"
        )
    return [{"id": game_id, "updated": updated} for game_id, updated in rows or []]


def known_tables(pipeline: dlt.Pipeline) -> list[str]:
    """Tables that hold data, without dlt's own."""
    if not pipeline.default_schema_name:
        return []
    return list(pipeline.default_schema.data_table_names(seen_data_only=True))


def table_sizes(pipeline: dlt.Pipeline) -> dict[str, int]:
    """Rows in each table of the warehouse."""
    tables = known_tables(pipeline)
    if not tables:
        return {}
    with pipeline.sql_client() as client:
        return {
            name: (client.execute_sql(f"SELECT count(*) FROM {client.make_qualified_table_name(name)}") or [(0,)])[0][0]
            for name in tables
        }
