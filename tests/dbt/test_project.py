"""What the project promises about itself, read from dbt's manifest."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.dbt_project import DBT, MARTS, DbtProject

Node = dict[str, Any]
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def manifest(parsed: DbtProject) -> Manifest:
    """What dbt knows of the project; reading it needs no warehouse."""
    return parsed.manifest()


def tables(manifest: Manifest) -> list[Node]:
    """Models and snapshots."""
    return [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "snapshot")]


def of_layer(manifest: Manifest, *schemas: str) -> list[Node]:
    """Models and snapshots of these schemas."""
    found = [node for node in tables(manifest) if node["schema"] in schemas]
    assert found
    return found


def test_every_model_belongs_to_a_layer(manifest: Manifest) -> None:
    assert {node["schema"] for node in tables(manifest)} == {"staging", *MARTS}


def test_staging_reads_its_source_and_nothing_else(manifest: Manifest) -> None:
    for node in of_layer(manifest, "staging"):
        (source,) = node["depends_on"]["nodes"]
        assert source.startswith("source.game_market.raw."), node["name"]


def test_each_raw_table_has_one_staging_model(manifest: Manifest) -> None:
    read = [node["depends_on"]["nodes"][0] for node in of_layer(manifest, "staging")]
    assert sorted(read) == sorted(manifest["sources"])


def test_marts_read_no_raw_table(manifest: Manifest) -> None:
    for node in of_layer(manifest, *MARTS):
        assert not [name for name in node["depends_on"]["nodes"] if name.startswith("source.")], node["name"]
        assert "raw." not in node["raw_code"], node["name"]


def test_core_reads_no_market(manifest: Manifest) -> None:
    for node in of_layer(manifest, "core"):
        parents = [manifest["nodes"][name]["schema"] for name in node["depends_on"]["nodes"]]
        assert set(parents) <= {"staging", "core"}, node["name"]


def test_every_table_and_column_is_described(manifest: Manifest) -> None:
    for node in [*tables(manifest), *manifest["sources"].values(), *manifest["exposures"].values()]:
        assert len(node["description"]) > 10, node["name"]
        for column in node.get("columns", {}).values():
            assert column["description"], f"{node['name']}.{column['name']}"


def test_columns_of_staging_are_the_ones_described(manifest: Manifest) -> None:
    # contracts make dbt compare the columns of marts itself
    for node in of_layer(manifest, "staging"):
        selected = re.split(r"\nselect\n", node["raw_code"])[-1].rpartition("\nfrom ")[0]
        names = [line.rstrip(",").split(" ")[-1].strip() for line in selected.splitlines()]
        assert names == list(node["columns"]), node["name"]


def test_marts_are_contracts_with_a_tested_grain(manifest: Manifest) -> None:
    tested: dict[str, set[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("test_metadata") and node.get("attached_node"):
            tested.setdefault(node["attached_node"], set()).add(node["test_metadata"]["name"])
    for node in of_layer(manifest, *MARTS):
        assert "One row per" in node["description"], node["name"]
        assert {"unique", "unique_combination"} & tested[node["unique_id"]], node["name"]
        if node["resource_type"] == "model":
            assert node["contract"]["enforced"], node["name"]
        if node["config"]["materialized"] in ("table", "incremental"):
            assert any(column["constraints"] for column in node["columns"].values()), node["name"]


def test_windows_cases_and_deduplication_have_unit_tests(manifest: Manifest) -> None:
    covered = {test["depends_on"]["nodes"][0] for test in manifest["unit_tests"].values()}
    # one model of each family whose members share their SQL
    same = {
        "bridge_game_store": "bridge_game_genre",
        "bridge_game_tag": "bridge_game_genre",
        "bridge_game_developer": "bridge_game_genre",
        "bridge_game_publisher": "bridge_game_genre",
        "dim_store": "dim_genre",
        "dim_tag": "dim_genre",
        "dim_publisher": "dim_developer",
        "fct_games": "dim_game",
        "publisher_scoreboard": "developer_scoreboard",
    }
    for node in tables(manifest):
        sql = node["raw_code"]
        if node["resource_type"] == "model" and re.search(r"over \(|\bcase\b|distinct|is_new_load|qualify", sql):
            name = same.get(node["name"], node["name"])
            assert f"model.game_market.{name}" in covered, node["name"]


def test_every_mart_has_an_exposure(manifest: Manifest) -> None:
    exposed = {name for exposure in manifest["exposures"].values() for name in exposure["depends_on"]["nodes"]}
    marts = {node["unique_id"] for node in of_layer(manifest, "market") if not node["name"].startswith("int_")}
    assert exposed == marts
    for exposure in manifest["exposures"].values():
        assert "Data by RAWG (https://rawg.io)" in exposure["description"], exposure["name"]


def test_nothing_is_downloaded_and_nobody_is_told() -> None:
    assert not [path for path in DBT.iterdir() if path.name in ("packages.yml", "dependencies.yml")]
    assert "send_anonymous_usage_stats: false" in (DBT / "dbt_project.yml").read_text()
    sql = [path.read_text().lower() for path in Path(DBT).rglob("*.sql")]
    assert not [text for text in sql if "install " in text or "load '" in text]
