"""The dlt assets: one for each resource of the source, generated from it, and how each kind of them is loaded."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster_dlt import DagsterDltTranslator
from dagster_dlt.translator import DltResourceTranslatorData
from dlt.common.destination import Destination

from orchestration.dbt_project import source_descriptions
from orchestration.loading import SCHEMA_CHANGES, Result, materialize, plain_words
from orchestration.names import OWNER, RAWG_API, WAREHOUSE
from orchestration.partitions import DAYS, days_of_run
from orchestration.source import DATASET, RESOURCES, raw_key, table_of
from pipelines.load import GAMES, LoadRequest
from sources.rawg.endpoints import ENDPOINTS
from sources.rawg.games import GAME_TABLES

REFERENCE, CATALOGUE, DETAILS = (
    [endpoint.name for endpoint in ENDPOINTS if endpoint.kind == kind] for kind in ("reference", "catalogue", "game")
)
FETCHES, UNLISTED = "game_fetches", "unlisted_games"
GROUPS = {
    "reference_lists": REFERENCE,
    "games": [*GAME_TABLES, UNLISTED],
    "catalogues": CATALOGUE,
    "game_details": [*DETAILS, FETCHES],
}
DESCRIPTIONS = {
    "game_tags": "The tags that walked games carry; they fill `tags` without a request of their own.",
    UNLISTED: "Games that a walk over the whole catalogue did not meet any more.",
}
"""Of resources that are no source of the dbt project."""

rawg_api = dg.AssetSpec(
    RAWG_API,
    description="The RAWG video games API. Data by [RAWG](https://rawg.io).",
    group_name="rawg",
    kinds={"api"},
    owners=[OWNER],
    metadata={"documentation": dg.MetadataValue.url("https://rawg.io/apidocs")},
)


class RawgTranslator(DagsterDltTranslator):
    """What Dagster shows of a resource."""

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        """The asset of a resource."""
        name = data.resource.name
        in_walk = name in GAME_TABLES
        return dg.AssetSpec(
            raw_key(name),
            deps=[RAWG_API, *_upstream(name)],
            description=source_descriptions().get(name) or DESCRIPTIONS.get(name),
            group_name=next(group for group, names in GROUPS.items() if name in names),
            kinds={"dlt", _warehouse_kind()},
            owners=[OWNER],
            metadata={"dagster/table_name": f"{DATASET}.{table_of(name)}"},
            partitions_def=DAYS if in_walk else None,
            freshness_policy=_freshness(name),
            skippable=True,  # a quota may end a run before an asset's turn
        )


def _warehouse_kind() -> str:
    destination = Destination.from_reference("warehouse")
    assert destination is not None
    return str(destination.spec().destination_type)


def _upstream(name: str) -> list[dg.AssetKey]:
    if name in GROUPS["game_details"] or name == UNLISTED:
        return [raw_key(GAMES)]
    return [raw_key("game_tags")] if name == "tags" else []


def _freshness(name: str) -> dg.FreshnessPolicy | None:
    if name in REFERENCE or name in GAME_TABLES:
        return dg.FreshnessPolicy.time_window(fail_window=timedelta(days=8), warn_window=timedelta(days=2))
    return None


def _assets(names: list[str]) -> dict[str, Any]:
    """How assets that are loaded together are declared."""
    translator = RawgTranslator()
    specs = [
        translator.get_asset_spec(DltResourceTranslatorData(resource=RESOURCES[name], pipeline=None)) for name in names
    ]
    checks = [
        dg.AssetCheckSpec(SCHEMA_CHANGES, asset=spec.key, description="RAWG's fields are those that are known.")
        for spec in specs
    ]
    return {"specs": specs, "check_specs": checks, "can_subset": True, "pool": WAREHOUSE}


class LoadConfig(dg.Config):
    """What a load may cost."""

    max_requests: int | None = None


class ReconciliationConfig(LoadConfig):
    """What a reconciliation may cost: what the loads of the month leave over."""

    requests_to_leave: int = 1_000


def _selected(context: dg.AssetExecutionContext, names: list[str]) -> list[str]:
    return [name for name in names if raw_key(name) in context.selected_asset_keys]


@dg.multi_asset(name="reference_lists", **_assets(REFERENCE))
def reference_lists(context: dg.AssetExecutionContext, config: LoadConfig) -> Iterator[Result]:
    """Short lists, replaced whole."""
    request = LoadRequest(resources=_selected(context, REFERENCE), max_requests=config.max_requests)
    yield from materialize(context, request)


@dg.multi_asset(name="games", backfill_policy=dg.BackfillPolicy.single_run(), **_assets(GAME_TABLES))
def games(context: dg.AssetExecutionContext, config: LoadConfig) -> Iterator[Result]:
    """One walk over /games: the days of the run's partitions, or without any what is new since the watermark."""
    with plain_words():
        first, last = days_of_run(context) or (None, None)
    request = LoadRequest(
        resources=[GAMES],
        game_tables=_selected(context, GAME_TABLES),
        updated_from=first,
        updated_to=last,
        max_requests=config.max_requests,
    )
    yield from materialize(context, request)


@dg.multi_asset(name="catalogues", **_assets(CATALOGUE))
def catalogues(context: dg.AssetExecutionContext, config: LoadConfig) -> Iterator[Result]:
    """Long lists, page by page."""
    request = LoadRequest(resources=_selected(context, CATALOGUE), max_requests=config.max_requests)
    yield from materialize(context, request)


@dg.multi_asset(name="game_details", **_assets([*DETAILS, FETCHES]))
def game_details(context: dg.AssetExecutionContext, config: LoadConfig) -> Iterator[Result]:
    """What only a game's own pages tell, for changed games that matter; what was asked is noted with it."""
    request = LoadRequest(resources=_selected(context, DETAILS), max_requests=config.max_requests)
    yield from materialize(context, request)


@dg.multi_asset(name="reconciliation", **_assets([UNLISTED]))
def reconciliation(context: dg.AssetExecutionContext, config: ReconciliationConfig) -> Iterator[Result]:
    """A walk over the whole catalogue, over many runs, for games that are gone."""
    request = LoadRequest(reconcile=True, max_requests=config.max_requests)
    yield from materialize(context, request, config.requests_to_leave)


RAWG_ASSETS: list[dg.AssetSpec | dg.AssetsDefinition] = [
    rawg_api,
    reference_lists,
    games,
    catalogues,
    game_details,
    reconciliation,
]
