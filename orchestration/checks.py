"""Checks of what was loaded, and of how. dbt's tests are checks as well (`models.py`), and so are schema changes
(`loading.py`), which only the load itself knows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from orchestration.loading import plain_words
from orchestration.names import RAWG_API, WAREHOUSE
from orchestration.source import raw_key
from pipelines.load import open_ledger, rawg_pipeline
from sources.rawg.configuration import rawg_configuration

STALE_DAYS = 2
FEW_REQUESTS = 0.05
"""Share of the month's requests."""
LAST = {"dagster/priority": "-1"}
"""Runs a check after everything else in its run."""

# of an incomplete window only what no later walk has made up for
COMPLETENESS = """
SELECT
    count(*),
    count(CASE WHEN w.status <> 'complete' THEN 1 END),
    count(CASE WHEN w.status = 'complete' AND w.rows_seen < w.expected_count THEN 1 END),
    coalesce(sum(w.expected_count), 0),
    coalesce(sum(w.rows_seen), 0)
FROM {windows} AS w
WHERE w.status = 'complete' OR NOT (
    EXISTS (SELECT 1 FROM {windows} AS l WHERE {later} AND w.updated_from BETWEEN l.updated_from AND l.updated_to)
    AND EXISTS (SELECT 1 FROM {windows} AS l WHERE {later} AND w.updated_to BETWEEN l.updated_from AND l.updated_to)
)
""".replace("{later}", "l.status = 'complete' AND l.walked_at > w.walked_at")
NEWEST_DAY = "SELECT max(updated_to) FROM {windows} WHERE status = 'complete'"


def _windows(statement: str) -> Sequence[Any] | None:
    """The one row that a statement on `game_windows` gives, or None if nothing was ever walked."""
    with plain_words(), rawg_pipeline().sql_client() as client:
        try:
            rows = client.execute_sql(statement.format(windows=client.make_qualified_table_name("game_windows")))
        except DatabaseUndefinedRelation:
            return None
    return rows[0] if rows else None


def _nothing_walked() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=False, severity=dg.AssetCheckSeverity.WARN, description="No window of days was walked yet."
    )


@dg.asset_check(asset=raw_key("game_windows"), blocking=True, pool=WAREHOUSE)
def completeness() -> dg.AssetCheckResult:
    """Every window was seen as large as RAWG counted it. One that calls itself complete and is not stops the models;
    one that is known to be incomplete is walked again by the next load."""
    row = _windows(COMPLETENESS)
    if row is None:
        return _nothing_walked()
    windows, incomplete, wrong, expected, seen = row
    return dg.AssetCheckResult(
        passed=not incomplete and not wrong,
        severity=dg.AssetCheckSeverity.ERROR if wrong else dg.AssetCheckSeverity.WARN,
        description=f"{windows - incomplete - wrong:,} of {windows:,} windows are complete.",
        metadata={
            "windows": windows,
            "incomplete_windows": incomplete,
            "wrong_windows": wrong,
            "games_counted_by_rawg": int(expected),
            "games_seen": int(seen),
        },
    )


@dg.asset_check(asset=raw_key("games"), pool=WAREHOUSE)
def freshness() -> dg.AssetCheckResult:
    """The games are complete up to a day that is not long ago."""
    row = _windows(NEWEST_DAY)
    if row is None or row[0] is None:
        return _nothing_walked()
    days = (datetime.now(UTC).date() - row[0]).days
    return dg.AssetCheckResult(
        passed=days <= STALE_DAYS,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"The games are complete up to {row[0]}, {days} days ago.",
        metadata={"complete_until": str(row[0]), "days_ago": days},
    )


@dg.asset_check(asset=RAWG_API)
def quota_left() -> dg.AssetCheckResult:
    """Requests are left for the rest of the month."""
    with plain_words():
        configuration = rawg_configuration(api_key="not needed")
        ledger = open_ledger(rawg_pipeline(), configuration)
    return dg.AssetCheckResult(
        passed=ledger.remaining >= FEW_REQUESTS * ledger.monthly_limit,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{ledger.remaining:,} of {ledger.monthly_limit:,} requests are left this month.",
        metadata={"requests_left": ledger.remaining, "requests_sent": ledger.used_this_month},
    )


@dg.asset_check(asset=RAWG_API, op_tags=LAST)
def key_not_in_logs(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """The API key is in nothing that the run wrote: events, metadata, output."""
    with plain_words():
        key = str(rawg_configuration().api_key)
    places = [place for place, text in _written(context).items() if key in text]
    return dg.AssetCheckResult(
        passed=not places,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"The key is in {', '.join(places)}; get a new one." if places else "The key is nowhere.",
    )


def _written(context: dg.AssetCheckExecutionContext) -> dict[str, str]:
    """Everything that the run wrote up to now, by the name of the place."""
    instance, run_id = context.instance, context.run.run_id
    events = instance.all_logs(run_id)
    written = {"its events": "\n".join(dg.serialize_value(event) for event in events)}
    for event in events:
        if event.is_dagster_event and event.get_dagster_event().event_type == dg.DagsterEventType.LOGS_CAPTURED:
            captured = event.get_dagster_event().logs_captured_data
            manager = instance.compute_log_manager
            data = manager.get_log_data(manager.build_log_key_for_run(run_id, captured.file_key))
            output = (data.stdout or b"") + (data.stderr or b"")
            written[f"the output of {captured.file_key}"] = output.decode(errors="replace")
    return written


RAWG_CHECKS = [completeness, freshness, quota_left, key_not_in_logs]
