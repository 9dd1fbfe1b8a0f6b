"""Runs a load inside a step, and says in Dagster's terms what it did and how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import dlt
from dlt.common.schema.typing import TSchemaTables

from orchestration.partitions import DAYS
from orchestration.source import DATASET, raw_key, resource_of, table_of
from pipelines.failures import plain_failure
from pipelines.load import (
    LoadReport,
    LoadRequest,
    lake_configuration,
    load,
    open_ledger,
    rawg_pipeline,
    table_sizes,
    warehouse_location,
)
from pipelines.progress import stop_on_signals, watch
from sources.rawg.configuration import rawg_configuration
from sources.rawg.errors import ApiUnavailable, Interrupted, LoadFailed, QuotaReached, RawgError
from sources.rawg.games import GAME_TABLES
from sources.rawg.run import RawgRun
from sources.rawg.windows import ONE_DAY

RETRIES = dg.RetryPolicy(max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For what passes: an API that is down, a store that does not answer, a warehouse that somebody has open."""
MARKED_DAYS = 31
"""Partitions that a run without partitions marks at most, the newest: each costs Dagster an event for each table."""
ALL_DAYS = 100_000
SCHEMA_CHANGES = "schema_changes"

Context = dg.OpExecutionContext | dg.AssetExecutionContext
Result = dg.MaterializeResult[Any] | dg.AssetCheckResult


@contextmanager
def plain_words(attempts: int | None = None) -> Iterator[None]:
    """Fails the step with one sentence; a run that is terminated is no failure.

    Args:
        attempts: How often the step was tried before, if it is one that is tried again when that may help. (An op's
            own retry policy would take up terminated runs again as well.)
    """
    try:
        with plain_failure():
            yield
    except Interrupted:
        raise dg.DagsterExecutionInterruptedError from None
    except (ApiUnavailable, LoadFailed) as error:
        failure = dg.Failure(str(error))
        if attempts is None:
            raise failure from None
        raise dg.RetryRequested(RETRIES.max_retries, RETRIES.calculate_delay(attempts + 1)) from failure
    except RawgError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


@dataclass(frozen=True)
class Load:
    """A load that has ended, with everything or at a quota.

    Attributes:
        sizes: Rows of each table in the warehouse.
    """

    request: LoadRequest
    pipeline: dlt.Pipeline
    report: LoadReport
    sizes: dict[str, int]

    @property
    def resumes(self) -> str:
        """When what a quota has stopped can go on."""
        ledger = self.report.run.ledger
        if self.request.max_requests and ledger.used_this_month < ledger.monthly_limit:
            return "at any time"
        today = datetime.now(UTC).date()
        return f"on {(today.replace(day=1) + timedelta(days=31)).replace(day=1)}"

    @property
    def is_part_of_a_range(self) -> bool:
        """Whether a quota has left days of an explicit range undone."""
        return self.request.has_range and self.report.stopped is not None

    def has(self, resource: str) -> bool:
        """Whether the resource is up to date now, or at least further than before."""
        is_up_to_date = self.report.stopped is None and bool(self.request.resources)
        return is_up_to_date or resource in self.report.load_ids

    def complete_days(self, most: int) -> list[str]:
        """The partitions that the walk has proven to be complete, at most so many, the newest."""
        walk = self.report.run.walk
        if walk is None or walk.complete_until is None:
            return []
        last = min(walk.complete_until, date.fromisoformat(str(DAYS.get_last_partition_key())))
        first = max(walk.start, last - (most - 1) * ONE_DAY)
        return [str(first + number * ONE_DAY) for number in range((last - first).days + 1)]

    def schema_changes(self, resource: str) -> list[str]:
        """What is new in the tables of a resource."""
        return [
            f"{change['table_name']}.{change['column_name']} ({change['data_type']})"
            for change in self.report.schema_changes
            if resource_of(change["table_name"]) == resource
        ]

    def metadata(self, resource: str) -> dict[str, Any]:
        """What is worth knowing about a resource's table after the load."""
        report, table = self.report, table_of(resource)
        facts: dict[str, Any] = {
            "dagster/table_name": f"{DATASET}.{table}",
            "dagster/column_schema": self._columns(table),
            "dagster/row_count": self.sizes.get(table, 0),
            "rows_loaded": report.rows[table],
            "requests_spent": report.requests[resource],
            "requests_left": report.run.ledger.remaining,
            "load_ids": report.load_ids.get(resource, []),
            "lake": f"{lake_configuration(self.pipeline).bucket_url}/{DATASET}/{table}",
            "warehouse": warehouse_location(self.pipeline),
        }
        if resource in GAME_TABLES and report.run.walk:
            progress = report.run.walk.progress
            facts |= {"windows": progress.windows, "windows_complete": progress.windows_complete}
        if report.stopped:
            facts |= {"stopped": str(report.stopped), "resumes": self.resumes}
        return facts

    def _columns(self, table: str) -> dg.TableSchema:
        known: TSchemaTables = self.pipeline.default_schema.tables if self.pipeline.default_schema_name else {}
        columns = known[table]["columns"] if table in known else {}
        return dg.TableSchema([dg.TableColumn(name, str(hint.get("data_type"))) for name, hint in columns.items()])


def run_load(context: Context, request: LoadRequest, requests_to_leave: int = 0) -> Load:
    """Loads what is asked for; a quota that is reached on the way is no failure.

    Args:
        requests_to_leave: Requests of the month that are for others.

    Raises:
        dagster.Failure: anything else has stopped the load.
    """
    with plain_words(context.retry_number):
        configuration, pipeline = rawg_configuration(), rawg_pipeline()
        configuration.monthly_requests = max(configuration.monthly_requests - requests_to_leave, 0)
        report = LoadReport(RawgRun.start(configuration, open_ledger(pipeline, configuration, request.max_requests)))
        try:
            with watch(report), stop_on_signals(report.run.session.cancelled):
                load(request, pipeline, report)
        except QuotaReached as error:
            report.stopped = error
        ended = Load(request, pipeline, report, table_sizes(pipeline))
    _tell(context, ended)
    return ended


def _tell(context: Context, ended: Load) -> None:
    report, rows = ended.report, sum(ended.report.rows.values())
    sent = report.run.ledger.sent
    context.log.info(f"Loaded {rows:,} rows in {report.packages} load packages with {sent:,} requests.")
    if report.stopped:
        context.log.warning(f"Stopped, to go on {ended.resumes}: {report.stopped}")
    elif not rows:
        context.log.warning("Nothing was loaded, because nothing of what was selected is new.")


def materialize(
    context: dg.AssetExecutionContext, request: LoadRequest, requests_to_leave: int = 0
) -> Iterator[Result]:
    """Loads the selected assets like `run_load` and yields what there is to say about each that was loaded."""
    ended = run_load(context, request, requests_to_leave)
    for key in sorted(context.selected_asset_keys):
        resource = key.path[-1]
        if not ended.has(resource):
            context.log.warning(f"{key.to_user_string()} was not loaded.")
            continue
        if resource in GAME_TABLES and (ended.is_part_of_a_range or not request.has_range):
            mark_days(context, ended, resource, most=ALL_DAYS if ended.is_part_of_a_range else MARKED_DAYS)
        if not ended.is_part_of_a_range:  # else Dagster would take all of its days for done
            yield dg.MaterializeResult(asset_key=key, metadata=ended.metadata(resource))
            yield from _schema_check(context, ended, resource)


def mark_days(context: Context, ended: Load, resource: str, most: int = MARKED_DAYS) -> None:
    """Tells Dagster which partitions a load has completed that did not have just them as its task."""
    metadata = ended.metadata(resource)
    for day in ended.complete_days(most):
        context.log_event(dg.AssetMaterialization(raw_key(resource), partition=day, metadata=metadata))


def _schema_check(context: dg.AssetExecutionContext, ended: Load, resource: str) -> Iterator[dg.AssetCheckResult]:
    if dg.AssetCheckKey(raw_key(resource), SCHEMA_CHANGES) in context.selected_asset_check_keys:
        changes = ended.schema_changes(resource)
        yield dg.AssetCheckResult(
            check_name=SCHEMA_CHANGES,
            asset_key=raw_key(resource),
            passed=not changes,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"RAWG sends what is not known: {', '.join(changes)}" if changes else "No new field.",
        )
