"""What a run tells when it is over, and what a plan tells before it begins."""

import time
from datetime import UTC, datetime, timedelta

import dlt

from pipelines.failures import plain_failure
from pipelines.load import LoadReport, LoadRequest, days_to_walk, finish_pending, lake_configuration, table_sizes
from sources.rawg.endpoints import ENDPOINT_BY_NAME
from sources.rawg.run import RawgRun

RULE = "─" * 78


def summary_text(report: LoadReport, pipeline: dlt.Pipeline) -> str:
    """The end of a run: tables, completeness, requests, places, and what to type next."""
    lines = [RULE, _headline(report, pipeline), ""]
    lines += _tables(report, pipeline)
    lines += ["", *_facts(report, pipeline), ""]
    if report.stopped:
        lines += [str(report.stopped)]
    else:
        lines += _next_steps(pipeline)
    return "\n".join([*lines, RULE])


def _headline(report: LoadReport, pipeline: dlt.Pipeline) -> str:
    rows = sum(report.rows.values())
    verb = "stopped early" if report.stopped else "is up to date"
    return f"Pipeline {pipeline.pipeline_name} {verb}: {rows:,} rows in {report.packages} load packages."


def _tables(report: LoadReport, pipeline: dlt.Pipeline) -> list[str]:
    try:
        with plain_failure():
            sizes = table_sizes(pipeline)
    except Exception:  # the summary of a failed load must not fail itself
        sizes = {}
    if not sizes:
        return ["No table was written."]
    lines = [f"{'table (dataset raw)':<40}{'loaded now':>18}{'in the warehouse':>20}"]
    return lines + [f"{name:<40}{report.rows[name]:>18,}{size:>20,}" for name, size in sorted(sizes.items())]


def _facts(report: LoadReport, pipeline: dlt.Pipeline) -> list[str]:
    ledger, walk = report.run.ledger, report.run.walk
    lines = []
    if walk:
        progress = walk.progress
        lines.append(f"Windows    {progress.windows_complete:,} of {progress.windows:,} complete ({_proof(report)})")
        lines += [_incomplete(window) for window in progress.incomplete]
    lines += [
        f"Requests   {ledger.sent:,} in this run, {ledger.used_this_month:,} of {ledger.monthly_limit:,} this month",
        f"Time       {timedelta(seconds=round(time.monotonic() - report.started))}",
        f"Lake       {lake_configuration(pipeline).bucket_url}",
        f"Warehouse  {warehouse_location(pipeline)}",
    ]
    return lines


def _proof(report: LoadReport) -> str:
    assert report.run.walk is not None
    return f"{report.run.walk.progress.rows:,} games seen, as many as RAWG counted in each complete window"


def _incomplete(window: dict[str, object]) -> str:
    why = {
        "over_cap": "RAWG lists at most 20,000 games of one day",
        "moved": "games kept moving while it was walked; the next run walks it again",
        "stopped": "the run ended first; the next one walks it again",
    }[str(window["reason"])]
    days = f"{window['updated_from']} to {window['updated_to']}"
    return f"           incomplete: {days}, {window['rows_seen']:,} of {window['expected_count']:,} games ({why})"


def warehouse_location(pipeline: dlt.Pipeline) -> str:
    """The warehouse in words: a file for DuckDB, the account for others; never a credential."""
    with pipeline.destination_client() as client:
        return str(client.config.data_location() if hasattr(client.config, "data_location") else client.config)


def _next_steps(pipeline: dlt.Pipeline) -> list[str]:
    name = pipeline.pipeline_name
    return [
        f"Next       dlt pipeline {name} info        what was loaded, and the watermark",
        f"           dlt pipeline {name} show        browse the tables (needs 'dlt[hub]', marimo, ibis-framework)",
        f"           duckdb {warehouse_location(pipeline)}   then: FROM raw.games ORDER BY added DESC LIMIT 10;",
    ]


def plan_text(request: LoadRequest, pipeline: dlt.Pipeline, run: RawgRun) -> str:
    """Windows, counts and requests of a run that is not made; costs the counting requests only."""
    with plain_failure():
        finish_pending(pipeline)
        start, end = days_to_walk(request, pipeline, run.configuration)
        windows = []
        planner = run.planner(start, end)
        while "games" in request.resources and (window := planner.next_window()):
            windows.append(window)
    lines = [f"{'updated':<28}{'games':>12}{'requests':>12}"]
    lines += [f"{window!s:<28}{window.expected:>12,}{window.requests:>12,}" for window in windows]
    references = len(request.of_kind("reference"))
    needed = sum(window.requests for window in windows) + references
    lines += [
        "",
        f"Needed     {needed:,} requests ({needed - references:,} for {sum(w.expected for w in windows):,} games,"
        f" about {references} for reference lists)",
        f"Left       {run.ledger.remaining:,} of {run.ledger.monthly_limit:,} this month; planning took"
        f" {run.ledger.sent:,}",
        f"Done       {_finish(needed, run)}",
    ]
    if others := [
        name for name in request.resources if name in ENDPOINT_BY_NAME and name not in references_of(request)
    ]:
        lines.append(f"Not counted: {', '.join(others)} (their size shows only when they are asked)")
    return "\n".join(lines)


def references_of(request: LoadRequest) -> list[str]:
    return request.of_kind("reference")


def _finish(needed: int, run: RawgRun) -> str:
    """When `needed` requests would be through: at the request rate, and month after month at the quota."""
    left, monthly = run.ledger.remaining, run.ledger.monthly_limit
    seconds = needed / run.configuration.requests_per_second
    now = datetime.now(UTC)
    if needed <= left:
        return f"today at {now + timedelta(seconds=seconds):%H:%M} UTC, {timedelta(seconds=round(seconds))} from now"
    if not monthly:
        return "never, because the month's quota is zero"
    months = -(-(needed - left) // monthly)
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    return f"in {year}-{month + 1:02d}: the quota stretches it over {months} more month{'s' if months > 1 else ''}"
