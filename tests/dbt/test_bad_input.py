"""Whatever was loaded, or was not: the build passes and says what is missing."""

import re
import shutil

import pytest

from tests.dbt.dbt_project import DBT, MODELS_ONLY, DbtProject

WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


def test_nothing_loaded(over_nothing: DbtProject) -> None:
    ran = over_nothing.build(*WITHOUT_UNIT_TESTS)
    assert "raw.games is not loaded: stg_rawg__games is empty" in ran.output
    marts = over_nothing.marts()
    rows = {name: len(rows) for name, rows in marts.items() if rows}
    # the calendar needs no data, and the funnel's row for all games needs a game
    assert set(rows) == {"core.dim_date"}


def test_one_game_without_links(over_nothing: DbtProject) -> None:
    over_nothing.change(
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.games AS SELECT 7::BIGINT AS id, 'One' AS name, DATE '2020-05-17' AS released,"
        " TIMESTAMPTZ '2025-01-01 10:00:00+00' AS updated, '1748736000.1' AS _dlt_load_id",
    )
    ran = over_nothing.build(*MODELS_ONLY)
    assert "raw.games__genres is not loaded" in ran.output
    (said,) = re.findall(r"raw\.games has no (.*) yet: null in stg_rawg__games", ran.output)
    assert "playtime" in said.split(", ")
    assert over_nothing.query(
        "SELECT game_name, release_status, weighted_rating, is_small_sample FROM market.game_scores"
    ) == [("One", "released", None, True)]
    assert over_nothing.query("SELECT games_count, most_added_game_name FROM market.release_calendar") == [(1, "One")]


def test_missing_tables_and_columns_without_values(over_loaded: DbtProject) -> None:
    columns = over_loaded.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'raw' AND table_name = 'games'"
        " AND column_name NOT IN ('id', 'name', '_dlt_id', '_dlt_load_id')"
    )
    nothing = ", ".join(f'"{name}" = NULL' for (name,) in columns)
    over_loaded.change(
        "DROP TABLE raw.games__genres",
        "DROP TABLE raw.genres",
        "DROP TABLE raw.platforms",
        "DROP TABLE raw.game_details",
        # without `updated` nobody can tell a game's window
        "DROP TABLE raw.game_windows",
        f"UPDATE raw.games SET {nothing}",
    )
    ran = over_loaded.build(*WITHOUT_UNIT_TESTS)
    assert "raw.genres is not loaded" in ran.output
    warned = {name.split(".")[2] for name, status in ran.statuses.items() if status == "warn"}
    assert "assert_every_measure_is_known_somewhere" in warned
    assert over_loaded.query("SELECT DISTINCT release_status FROM market.game_scores") == [("undated",)]
    assert over_loaded.query("SELECT count(*) > 0 AND NOT bool_or(is_listed) FROM core.dim_platform") == [(True,)]
    assert over_loaded.query("SELECT genre_name FROM market.completion_funnel") == [("All",)]


def test_a_contract_that_lies_stops_its_model(
    over_loaded: DbtProject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lying = shutil.copytree(
        DBT, tmp_path_factory.mktemp("lying") / "dbt", ignore=shutil.ignore_patterns("target", "logs")
    )
    models = lying / "models" / "marts" / "core" / "_core__models.yml"
    before, bridge, after = models.read_text().partition("name: bridge_game_tag")
    models.write_text(before + bridge + after.replace("data_type: bigint", "data_type: varchar", 1))
    environment = {**over_loaded.environment, "DBT_PROJECT_DIR": str(lying), "DBT_PROFILES_DIR": str(lying)}
    ran = DbtProject(over_loaded.folder, environment).run("run", "--full-refresh", "--select", "+bridge_game_tag")
    assert ran.exit_code == 1
    assert re.search(r"game_id +\| BIGINT +\| VARCHAR +\| data type mismatch", ran.output)
