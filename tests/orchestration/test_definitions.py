"""What Dagster shows: nothing can be renamed, lost or cut off from its upstream without one of these noticing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.dbt_project import manifest
from orchestration.definitions import defs
from orchestration.models import LOADS
from orchestration.source import RESOURCES, WRITTEN_ALONG
from tests.project import ROOT

SNAPSHOT = Path(__file__).with_name("snapshot.json")
GRAPH = defs.resolve_asset_graph()
REPORT = dg.AssetKey("market_report")


def _shown() -> dict[str, Any]:
    repository = defs.get_repository_def()
    return {
        "assets": {
            group: sorted(key.to_user_string() for key in GRAPH.asset_keys_for_group(group))
            for group in sorted(GRAPH.all_group_names)
        },
        "partitions": {
            key.to_user_string(): type(GRAPH.get(key).partitions_def).__name__
            for key in sorted(GRAPH.get_all_asset_keys())
            if GRAPH.get(key).is_partitioned
        },
        "checks": sorted(
            key.to_user_string()
            for key in GRAPH.asset_check_keys
            if key.asset_key.path[0] in ("raw", "rawg_api") and key.name != "schema_changes"
        ),
        "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
        "schedules": {
            schedule.name: [schedule.cron_schedule, schedule.execution_timezone, schedule.default_status.value]
            for schedule in repository.schedule_defs
        },
        "sensors": {sensor.name: sensor.default_status.value for sensor in repository.sensor_defs},
    }


def _selected(job: str) -> set[str]:
    return {key.to_user_string() for key in defs.resolve_job_def(job).asset_layer.selected_asset_keys}


def test_what_dagster_shows() -> None:
    """`python -m tests.orchestration.test_definitions` writes the snapshot anew."""
    assert _shown() == json.loads(SNAPSHOT.read_text())


def test_they_load_with_an_empty_environment(tmp_path: Path) -> None:
    finished = subprocess.run(
        [
            sys.executable,
            "-c",
            "from orchestration.definitions import defs; print(len(defs.get_repository_def().get_all_jobs()))",
        ],
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert not [path for path in tmp_path.iterdir() if path.name not in (".dlt",)]


def test_each_resource_of_the_source_is_one_asset() -> None:
    raw = {key.path[1] for key in GRAPH.executable_asset_keys if key.path[0] == "raw"}
    assert raw == set(RESOURCES)


def test_every_dbt_source_lands_on_an_asset_that_dlt_fills() -> None:
    models = [key for key in GRAPH.get_all_asset_keys() if key.path[0] == "staging"]
    upstream = {parent for key in models for parent in GRAPH.get(key).parent_keys}
    filled = {dg.AssetKey(["raw", name]) for name in [*RESOURCES, LOADS, WRITTEN_ALONG]}
    assert upstream <= filled
    for source in manifest()["sources"].values():
        owners = [key.path[1] for key in upstream if source["name"].startswith(key.path[1])]
        assert owners, source["name"]


def test_the_graph_is_unbroken_from_rawg_to_the_report() -> None:
    marts = {key for key in GRAPH.executable_asset_keys if key.path[0] == "market"}
    assert marts
    for mart in marts:
        assert dg.AssetKey("rawg_api") in GRAPH.get_ancestor_asset_keys(mart), mart
    assert GRAPH.get(REPORT).parent_keys == marts


def test_every_asset_says_what_it_is_and_whose() -> None:
    for key in GRAPH.executable_asset_keys:
        node = GRAPH.get(key)
        assert node.description, key
        assert node.owners == ["team:game-market"], key
        assert node.kinds >= {"html" if key == REPORT else "duckdb"}, key
        assert node.group_name != "default", key
        assert key == REPORT or node.metadata["dagster/table_name"], key


def test_everything_that_opens_the_warehouse_shares_one_pool() -> None:
    pools = {assets.op.pool for assets in GRAPH.assets_defs if assets.is_executable and assets.op.pool}
    assert pools == {"warehouse"}
    without = {assets.op.name for assets in GRAPH.assets_defs if assets.is_executable and not assets.op.pool}
    assert without == {"rawg_api_quota_left", "rawg_api_key_not_in_logs"}
    for job in ("backfill", "rebuild_from_lake"):
        assert {op.pool for op in defs.resolve_job_def(job).graph.node_defs if isinstance(op, dg.OpDefinition)} == {
            "warehouse"
        }


def test_the_daily_refresh_leaves_out_what_is_expensive() -> None:
    daily = _selected("daily_refresh")
    assert {"raw/games", "raw/genres", "core/dim_game", "market/most_wanted", "market_report"} <= daily
    assert not daily & {"raw/developers", "raw/game_details", "raw/unlisted_games"}
    assert _selected("monthly_reconciliation") == {"raw/unlisted_games"}
    assert "raw/game_details" in _selected("weekly_details")


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(_shown(), indent=1) + "\n")
