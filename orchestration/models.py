"""The dbt assets: one for each model, with its tests as checks, on top of the dlt assets."""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from orchestration.dbt_project import PROJECT, manifest, source_descriptions
from orchestration.loading import plain_words
from orchestration.names import OWNER, RAWG_API, WAREHOUSE
from orchestration.source import DATASET, WRITTEN_ALONG, raw_key, resource_of
from pipelines.load import rawg_pipeline
from pipelines.transform import dbt_target

LOADS = "_dlt_loads"


WRITTEN_BY_EVERY_LOAD = [
    dg.AssetSpec(
        raw_key(name),
        deps=[RAWG_API],
        description=source_descriptions()[name],
        group_name="games",
        kinds={"dlt"},
        owners=[OWNER],
        metadata={"dagster/table_name": f"{DATASET}.{name}"},
    )
    for name in (LOADS, WRITTEN_ALONG)
]
"""No run materializes them: they come with the others."""


class ModelTranslator(DagsterDbtTranslator):
    """What Dagster shows of a model. A source is the dlt asset that fills its table."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The asset of a model, a snapshot or a source."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        if node["resource_type"] == "source":
            return spec.replace_attributes(key=raw_key(resource_of(node["name"]) or node["name"]))
        return spec.replace_attributes(
            group_name=node["config"]["schema"],
            owners=[OWNER],
            freshness_policy=dg.FreshnessPolicy.time_window(
                fail_window=timedelta(days=8), warn_window=timedelta(days=2)
            ),
        )


@dbt_assets(
    manifest=PROJECT.manifest_path,
    project=PROJECT,
    name="dbt",
    # tables below another, such as `creators__positions`, come with it
    dagster_dbt_translator=ModelTranslator(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)),
    pool=WAREHOUSE,
)
def models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """`dbt build` on the warehouse that the loader uses; unit tests are for developers."""
    with plain_words():
        # tests of a part of the models look at that part only
        os.environ.update(dbt_target(sandbox=False), DBT_INDIRECT_SELECTION="buildable")
    events, failure = [], None
    try:
        for event in dbt.cli(["build", "--exclude-resource-type", "unit_test"], context=context).stream():
            events.append(event)
    except DagsterDbtCliRuntimeError as error:
        failure = dg.Failure(_what_failed(error), allow_retries=False)
    yield from _with_row_counts(events)
    if failure:
        raise failure


def _with_row_counts(events: list[Any]) -> Iterator[Any]:
    """The events of a build that is over, those of tables with their rows.

    dagster-dbt's own `fetch_row_counts` leaves a DuckDB file open for as long as this process lives.
    """
    counts = _row_counts([_table(event) for event in events if _table(event)])
    for event in events:
        yield event.with_metadata({**event.metadata, **counts[table]}) if (table := _table(event)) else event


def _table(event: Any) -> str:
    """The table that an event says was built, as dbt calls it; nothing for views and tests."""
    if not isinstance(event, dg.Output):
        return ""
    node = manifest()["nodes"][event.metadata["unique_id"].value]
    return "" if node["config"]["materialized"] == "view" else str(node["relation_name"])


def _row_counts(tables: list[str]) -> dict[str, dict[str, int]]:
    """Rows of each table, as metadata."""
    if not tables:
        return {}
    counts = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)
    with plain_words(), rawg_pipeline().sql_client() as client:
        return {table: {"dagster/row_count": count} for table, count in client.execute_sql(counts) or []}


def _what_failed(error: DagsterDbtCliRuntimeError) -> str:
    """The models and tests that failed, in one sentence; dbt's own words are in the output of the step."""
    names = re.findall(r"(?:Error|Failure) in (\w+ \w+)", str(error))
    failed = ", ".join(dict.fromkeys(names)) or str(error).partition("\n")[0]
    return f"dbt failed: {failed}; the output of the step says why."
