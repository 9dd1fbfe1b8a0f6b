"""What a run tells when it is over, and what a plan tells before it begins."""

import os
import shutil
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dlt

from pipelines.failures import plain_failure
from pipelines.load import (
    LoadReport,
    LoadRequest,
    days_to_walk,
    is_sandbox,
    lake_configuration,
    restore_state,
    table_sizes,
    warehouse_location,
)
from pipelines.lock import only_run
from sources.rawg.rows import Row
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
    return "\n".join([*lines, "", _attribution(pipeline), RULE])


def _headline(report: LoadReport, pipeline: dlt.Pipeline) -> str:
    rows = sum(report.rows.values())
    verb = "stopped early" if report.stopped else "is up to date"
    return f"Pipeline {pipeline.pipeline_name} {verb}: {rows:,} rows in {report.packages} load packages."


def _attribution(pipeline: dlt.Pipeline) -> str:
    source = "Made-up games from the sandbox; the real ones: data" if is_sandbox(pipeline) else "Data"
    return f"{source} by RAWG, https://rawg.io"


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
    if report.schema_changes:
        lines.append(f"Schema     RAWG sends what this version does not know: {_changes(report.schema_changes)}")
    lines += [
        f"Requests   {ledger.sent:,} in this run, {ledger.used_this_month:,} of {ledger.monthly_limit:,} this month",
        f"Time       {timedelta(seconds=round(time.monotonic() - report.started))}",
        f"Lake       {short_location(lake_configuration(pipeline).bucket_url)}",
        f"Warehouse  {short_location(warehouse_location(pipeline))}",
    ]
    return lines


def _changes(changes: list[Row]) -> str:
    """New tables by their names, other changes column by column; `raw.schema_changes` keeps them."""
    named = {
        f"{change['table_name']} (a new table)"
        if change["change"] == "new_table"
        else f"{change['table_name']}.{change['column_name']} ({change['data_type']})": None
        for change in changes
    }
    return ", ".join(named)


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


def short_location(location: str) -> str:
    """A place on this machine relative to the folder that the user stands in, if it lies below."""
    path = location.removeprefix("file://")
    return os.path.relpath(path) if path.startswith(os.getcwd() + os.sep) else path


def _next_steps(pipeline: dlt.Pipeline) -> list[str]:
    name, python = pipeline.pipeline_name, _command("python")
    steps = [
        (f"{_command('dlt')} pipeline {name} info", "resources, tables and packages; -v before the name: watermark"),
        (f"{_command('dlt')} pipeline {name} show", "browse them (pip install 'dlt[hub]' marimo ibis-framework)"),
    ]
    lines = [f"{'Next' if not at else '':<11}{command:<46}{what}" for at, (command, what) in enumerate(steps)]
    if (warehouse := short_location(warehouse_location(pipeline))).endswith(".duckdb"):
        query = "SELECT name, released, added FROM raw.games ORDER BY added DESC LIMIT 10"
        lines.append(f"{'':<11}{python} -c \"import duckdb; duckdb.connect('{warehouse}').sql('{query}').show()\"")
    return lines


def _command(name: str) -> str:
    """How to call a command of the environment that runs this, whether it is activated or not."""
    installed = Path(sys.executable).with_name(name)
    return name if shutil.which(name) == str(installed) else short_location(str(installed))


def plan_text(request: LoadRequest, pipeline: dlt.Pipeline, run: RawgRun) -> str:
    """Windows, counts and requests of a run that is not made; costs the counting requests only."""
    with plain_failure(), only_run(pipeline, lake_configuration(pipeline)), closing(run.ledger):
        restore_state(pipeline)
        start, end = days_to_walk(request, pipeline, run.configuration)
        windows = list(run.planned_windows(start, end)) if "games" in request.resources else []
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
    if others := request.of_kind("catalogue") + request.of_kind("game"):
        lines.append(f"Not counted: {', '.join(others)} (their size shows only when they are asked)")
    return "\n".join(lines)


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
