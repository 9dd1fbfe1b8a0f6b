"""What can be launched: jobs over assets, a backfill with a form, and the warehouse from the lake."""

from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from orchestration.loading import Context, mark_days, plain_words, run_load
from orchestration.models import models
from orchestration.names import RAWG_API, WAREHOUSE
from orchestration.source import RESOURCES, raw_key, table_of
from pipelines.load import DEFAULT_RESOURCES, GAMES, LoadRequest, rawg_pipeline
from pipelines.load import RESOURCES as NAMES
from pipelines.warehouses import rebuild
from sources.rawg.configuration import rawg_configuration
from sources.rawg.errors import ConfigurationError

API_CHECKS = dg.AssetSelection.checks_for_assets(RAWG_API)
MODELS = dg.AssetSelection.assets(models).downstream()
"""The models and what is built from them."""

daily_refresh = dg.define_asset_job(
    "daily_refresh",
    dg.AssetSelection.groups("reference_lists", "games") - dg.AssetSelection.assets(raw_key("unlisted_games"))
    | MODELS
    | API_CHECKS,
    description="What is new since the last load, the reference lists, the models and the report.",
)
weekly_details = dg.define_asset_job(
    "weekly_details",
    dg.AssetSelection.groups("reference_lists", "game_details") | MODELS | API_CHECKS,
    description="The reference lists, details of games that changed, the models and the report.",
)
monthly_reconciliation = dg.define_asset_job(
    "monthly_reconciliation",
    dg.AssetSelection.assets(raw_key("unlisted_games")) | API_CHECKS,
    description="Goes on with the walk that notices games that are gone, with the requests that the month leaves over.",
)


class BackfillForm(dg.Config):
    """What to load; days as YYYY-MM-DD, both inclusive (UTC)."""

    updated_from: str | None = None
    updated_to: str | None = None
    resources: list[str] = DEFAULT_RESOURCES
    full_refresh: bool = False
    max_requests: int | None = None

    def request(self) -> LoadRequest:
        """The form as a request.

        Raises:
            ConfigurationError: it makes no sense.
        """
        first, last = _day("updated_from", self.updated_from), _day("updated_to", self.updated_to)
        if unknown := sorted(set(self.resources) - set(NAMES)):
            raise ConfigurationError(f"There is no resource {', '.join(unknown)}; choose from {', '.join(NAMES)}.")
        if first and last and first > last:
            raise ConfigurationError(f"updated_from {first} is after updated_to {last}.")
        if (first or last) and self.full_refresh:
            raise ConfigurationError("full_refresh reloads everything and takes no days.")
        if (first or last) and GAMES not in self.resources:
            raise ConfigurationError("updated_from and updated_to apply to games, which resources leaves out.")
        if self.max_requests is not None and self.max_requests < 1:
            raise ConfigurationError(f"max_requests is {self.max_requests}; it must be above zero.")
        return LoadRequest(
            resources=self.resources,
            updated_from=first,
            updated_to=last,
            full_refresh=self.full_refresh,
            max_requests=self.max_requests,
        )


def _day(field: str, text: str | None) -> date | None:
    """The day that a field of the form names, if it names one that can be loaded."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{field} {text!r} is not a day as YYYY-MM-DD.") from None
    first, today = rawg_configuration(api_key="not needed").initial_day, datetime.now(UTC).date()
    if not first <= day <= today:
        raise ConfigurationError(f"{field} {day} is out of range: the days go from {first} to today ({today}, UTC).")
    return day


@dg.op(pool=WAREHOUSE)
def load_form(context: dg.OpExecutionContext, config: BackfillForm) -> None:
    """Loads what the form asks for, and tells the assets."""
    with plain_words():
        request = config.request()
    ended = run_load(context, request)
    for resource in ended.report.load_ids:
        if resource in RESOURCES:
            _tell_asset(context, resource, ended.metadata(resource))
            mark_days(context, ended, resource)


def _tell_asset(context: Context, resource: str, metadata: dict[str, Any]) -> None:
    context.log_event(dg.AssetMaterialization(raw_key(resource), metadata=metadata))


@dg.job(description="Loads what its form asks for: days, resources, everything again, at most so many requests.")
def backfill() -> None:
    """One load by hand."""
    load_form()


class RebuildForm(dg.Config):
    """How to rebuild."""

    as_of: str | None = None
    take_the_place_of_tables: bool = False


@dg.op(pool=WAREHOUSE)
def rebuild_warehouse(context: dg.OpExecutionContext, config: RebuildForm) -> None:
    """The warehouse from the lake alone, without a request or a key."""
    with plain_words():
        as_of = _day("as_of", config.as_of)
        lake, rows = rebuild(rawg_pipeline(), as_of, config.take_the_place_of_tables)
    context.log.info(f"Rebuilt {sum(rows.values()):,} rows of {len(lake.history.loads):,} load packages.")
    for resource in RESOURCES:
        if (table := table_of(resource)) in rows:
            _tell_asset(context, resource, {"dagster/row_count": rows[table]})


@dg.job(description="Makes the warehouse anew from the lake; build the models afterwards.")
def rebuild_from_lake() -> None:
    """The warehouse from the lake."""
    rebuild_warehouse()


JOBS: list[Any] = [daily_refresh, weekly_details, monthly_reconciliation, backfill, rebuild_from_lake]
