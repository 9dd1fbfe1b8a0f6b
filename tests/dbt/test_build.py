"""Building on what the loader loaded: right, repeatable, and the same whether built at once or step by step."""

from tests.dbt.conftest import GAMES
from tests.dbt.dbt_project import DbtProject

MAY_BE_EMPTY = {"market.game_momentum", "market.breakouts"}
"""They need snapshots of several days."""
LATER = "'9999999999.5'"
"""A load that is newer than any."""
EARLIER = "'1000000000.5'"
"""A load that began before all others and arrives after them."""


def test_a_build_passes_fills_every_mart_and_repeats(over_loaded: DbtProject) -> None:
    over_loaded.build()
    first = over_loaded.marts()
    assert len(first["core.dim_game"]) == len(first["core.fct_games"]) == len(first["market.game_scores"]) == GAMES
    assert {name for name, rows in first.items() if not rows} == MAY_BE_EMPTY
    over_loaded.build()
    assert over_loaded.marts() == first


def test_an_incremental_build_equals_a_full_one(over_loaded: DbtProject) -> None:
    over_loaded.build("--exclude-resource-type", "test", "unit_test")
    before = over_loaded.marts(["core"])
    added = over_loaded.query("SELECT id FROM raw.games ORDER BY added DESC LIMIT 8")
    changed, linkless, late, gone, undetailed = (f"({added[at][0]})" for at in range(5))
    over_loaded.change(
        # a game changes its name, its measures and its genres
        f"UPDATE raw.games SET name = 'Renamed', added = added + 7, _dlt_load_id = {LATER} WHERE id = {changed}",
        f"DELETE FROM raw.games__genres WHERE game_id = {changed}",
        "INSERT INTO raw.games__genres BY NAME SELECT"
        f" {changed} AS game_id, 4 AS id, 'x' AS _dlt_parent_id, 'x' AS _dlt_id, {LATER} AS _dlt_load_id",
        # a game loses all its links
        f"UPDATE raw.games SET _dlt_load_id = {LATER} WHERE id = {linkless}",
        *(
            f"DELETE FROM raw.games__{links} WHERE game_id = {linkless}"
            for links in ("genres", "tags", "platforms", "stores", "ratings")
        ),
        # a change that comes with a load from before
        f"UPDATE raw.games SET name = 'Late', _dlt_load_id = {EARLIER} WHERE id = {late}",
        f"INSERT INTO raw.game_snapshots SELECT * REPLACE (snapshot_date - 40 AS snapshot_date, {EARLIER} AS"
        f" _dlt_load_id, added - 5 AS added) FROM raw.game_snapshots WHERE game_id = {late}",
        # today's snapshot is taken again
        f"UPDATE raw.game_snapshots SET added = added + 7, _dlt_load_id = {LATER} WHERE game_id = {changed}",
        # a game leaves the catalogue
        f"DELETE FROM raw.games WHERE id = {gone}",
        f"DELETE FROM raw.game_details WHERE id = {gone}",
        f"DELETE FROM raw.game_snapshots WHERE game_id = {gone}",
        *(f"DELETE FROM raw.games__{links} WHERE game_id = {gone}" for links in ("genres", "tags", "platforms")),
        *(f"DELETE FROM raw.games__{links} WHERE game_id = {gone}" for links in ("stores", "ratings")),
        # a game has no developers any more
        f"UPDATE raw.game_details SET _dlt_load_id = {LATER} WHERE id = {undetailed}",
        f"DELETE FROM raw.game_details__developers WHERE _dlt_parent_id = CAST({undetailed} AS VARCHAR)",
    )
    over_loaded.build("--exclude-resource-type", "test", "unit_test")
    incremental = over_loaded.marts()
    assert incremental["core.dim_game"] != before["core.dim_game"]
    assert over_loaded.query(f"SELECT genre_id FROM core.bridge_game_genre WHERE game_id = {changed}") == [(4,)]
    assert over_loaded.query(f"SELECT * FROM core.bridge_game_tag WHERE game_id = {linkless}") == []
    assert over_loaded.query(f"SELECT game_name FROM core.dim_game WHERE game_id = {late}") == [("Late",)]
    assert over_loaded.query(f"SELECT count(*) FROM core.fct_game_daily_snapshot WHERE game_id = {late}") == [(2,)]
    assert over_loaded.query(f"SELECT * FROM core.dim_game WHERE game_id = {gone}") == []
    assert over_loaded.query(f"SELECT * FROM core.bridge_game_developer WHERE game_id = {undetailed}") == []
    assert over_loaded.query(
        f"SELECT game_name = 'Renamed', dbt_valid_to IS NULL FROM core.dim_game_history WHERE game_id = {changed}"
        " ORDER BY dbt_valid_from"
    ) == [(False, False), (True, True)]

    over_loaded.build("--full-refresh", "--exclude-resource-type", "test", "unit_test", "snapshot")
    full = over_loaded.marts()
    # the snapshot taken of a game that has left stays in an incremental table: RAWG will not give it again
    lost = incremental["core.fct_game_daily_snapshot"]
    incremental["core.fct_game_daily_snapshot"] = [row for row in lost if f"({row[0]})" != gone]
    assert incremental == full


def test_a_lost_game_fails_the_build(over_loaded: DbtProject) -> None:
    over_loaded.change("DELETE FROM raw.games WHERE id = (SELECT min(id) FROM raw.games)")
    ran = over_loaded.run("build", "--select", "+load_completeness")
    assert ran.exit_code == 1
    failed = {name for name, status in ran.statuses.items() if status == "fail"}
    assert any("load_completeness_missing_count" in name for name in failed), ran.output


def test_broken_invariants_fail_the_build(over_loaded: DbtProject) -> None:
    over_loaded.change("UPDATE raw.games SET reviews_count = reviews_count + 1, added = added + 1")
    ran = over_loaded.run("build", "--select", "+fct_games", "+fct_game_ratings", "--indirect-selection", "cautious")
    assert ran.exit_code == 1
    failed = {name.split(".")[2] for name, status in ran.statuses.items() if status == "fail"}
    assert failed == {"assert_verdicts_sum_to_reviews", "assert_statuses_sum_to_added"}, ran.output
