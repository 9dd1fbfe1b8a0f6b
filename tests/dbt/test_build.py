"""Building on what the loader loaded: right, repeatable, and the same whether built at once or step by step."""

from tests.dbt.changes import change_games
from tests.dbt.conftest import GAMES
from tests.dbt.dbt_project import MODELS_ONLY, DbtProject

MAY_BE_EMPTY = {"market.game_momentum", "market.breakouts", "market.field_changes"}
"""They need snapshots of several days, and a RAWG that changes."""


def test_a_build_passes_fills_every_mart_and_repeats(over_built: DbtProject) -> None:
    first = over_built.marts()
    assert len(first["core.dim_game"]) == len(first["core.fct_games"]) == len(first["market.game_scores"]) == GAMES
    assert {name for name, rows in first.items() if not rows} == MAY_BE_EMPTY
    over_built.build(*MODELS_ONLY)
    assert over_built.marts() == first


def test_an_incremental_build_equals_a_full_one(over_built: DbtProject) -> None:
    before = over_built.marts(["core"])
    games = change_games(over_built)
    over_built.build(*MODELS_ONLY)
    incremental = over_built.marts()
    assert incremental["core.dim_game"] != before["core.dim_game"]
    query = over_built.query
    assert query(f"SELECT genre_id FROM core.bridge_game_genre WHERE game_id = {games.changed}") == [(4,)]
    assert query(f"SELECT * FROM core.bridge_game_tag WHERE game_id = {games.linkless}") == []
    assert query(f"SELECT game_name FROM core.dim_game WHERE game_id = {games.late}") == [("Late",)]
    assert query(f"SELECT count(*) FROM core.fct_game_daily_snapshot WHERE game_id = {games.late}") == [(2,)]
    assert query(f"SELECT * FROM core.dim_game WHERE game_id = {games.gone}") == []
    assert query("SELECT game_id FROM core.dim_game WHERE NOT is_listed") == [(games.unlisted,)]
    assert query(f"SELECT * FROM core.bridge_game_developer WHERE game_id = {games.undetailed}") == []
    assert query(
        f"SELECT game_name = 'Renamed', dbt_valid_to IS NULL FROM core.dim_game_history WHERE game_id = {games.changed}"
        " ORDER BY dbt_valid_from"
    ) == [(False, False), (True, True)]

    over_built.build("--full-refresh", *MODELS_ONLY, "snapshot")
    full = over_built.marts()
    # the snapshot taken of a game that has left stays in an incremental table: RAWG will not give it again
    kept = incremental["core.fct_game_daily_snapshot"]
    incremental["core.fct_game_daily_snapshot"] = [row for row in kept if row[0] != games.gone]
    assert incremental == full


def test_a_field_that_changed_its_type_is_warned_of(over_built: DbtProject) -> None:
    over_built.change(
        "CREATE TABLE raw.schema_changes AS SELECT 'games' AS table_name, column_name, change, 'text' AS data_type,"
        " (SELECT max(load_id) FROM raw._dlt_loads) AS _dlt_load_id"
        " FROM (VALUES ('rating__v_text', 'new_type'), ('mood', 'new_column')) AS changes (column_name, change)"
    )
    ran = over_built.build("--select", "stg_rawg__schema_changes", "stg_rawg__loads")
    warned = [name.split(".")[2] for name, status in ran.statuses.items() if status == "warn"]
    assert warned == ["assert_no_field_changed_its_type"], ran.output
    assert "Got 1 result, configured to warn" in ran.output


def test_a_table_with_other_columns_asks_for_a_full_refresh(over_built: DbtProject) -> None:
    over_built.change("ALTER TABLE core.fct_game_ratings DROP COLUMN ratings_percent")
    ran = over_built.run("run", "--select", "fct_game_ratings")
    assert ran.exit_code == 1
    assert "build it anew with --full-refresh" in ran.output


def test_a_lost_game_fails_the_build(over_built: DbtProject) -> None:
    over_built.change("DELETE FROM raw.games WHERE id = (SELECT min(id) FROM raw.games)")
    ran = over_built.run("build", "--select", "dim_game", "load_completeness")
    assert ran.exit_code == 1
    failed = {name for name, status in ran.statuses.items() if status == "fail"}
    assert any("load_completeness_missing_count" in name for name in failed), ran.output


def test_broken_invariants_fail_the_build(over_built: DbtProject) -> None:
    over_built.change("UPDATE raw.games SET reviews_count = reviews_count + 1, added = added + 1")
    models = ("fct_games", "fct_game_ratings", "--full-refresh", "--indirect-selection", "cautious")
    ran = over_built.run("build", "--select", *models)
    assert ran.exit_code == 1
    failed = {name.split(".")[2] for name, status in ran.statuses.items() if status == "fail"}
    assert failed == {"assert_verdicts_sum_to_reviews", "assert_statuses_sum_to_added"}, ran.output
