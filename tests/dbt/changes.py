"""What a later load can do to the raw tables."""

from dataclasses import dataclass

from tests.dbt.dbt_project import DbtProject

LATER = "'9999999999.5'"
"""A load that is newer than any."""
EARLIER = "'1000000000.5'"
"""A load that began before all others and arrives after them."""
LINKS = ("genres", "tags", "platforms", "stores", "ratings")


@dataclass(frozen=True)
class ChangedGames:
    """Ids of the games by what happened to them."""

    changed: int
    linkless: int
    late: int
    gone: int
    undetailed: int
    unlisted: int


def change_games(project: DbtProject) -> ChangedGames:
    """Changes six of the most added games, each in another way."""
    top = project.query("SELECT id FROM raw.games ORDER BY added DESC LIMIT 6")
    games = ChangedGames(*(game for (game,) in top))
    project.change(
        # a load brings all links of its games, also those that stay
        *(
            f"UPDATE raw.games__{links} SET _dlt_load_id = {load} WHERE game_id = {game}"
            for links in LINKS
            for game, load in ((games.changed, LATER), (games.late, EARLIER))
        ),
        # a game changes its name, its measures and its genres
        f"UPDATE raw.games SET name = 'Renamed', added = added + 7, _dlt_load_id = {LATER} WHERE id = {games.changed}",
        f"DELETE FROM raw.games__genres WHERE game_id = {games.changed}",
        "INSERT INTO raw.games__genres BY NAME SELECT"
        f" {games.changed} AS game_id, 4 AS id, 'x' AS _dlt_parent_id, 'x' AS _dlt_id, {LATER} AS _dlt_load_id",
        # today's snapshot is taken again
        f"UPDATE raw.game_snapshots SET added = added + 7, _dlt_load_id = {LATER} WHERE game_id = {games.changed}",
        # a game loses all its links
        f"UPDATE raw.games SET _dlt_load_id = {LATER} WHERE id = {games.linkless}",
        *(f"DELETE FROM raw.games__{links} WHERE game_id = {games.linkless}" for links in LINKS),
        # a change that comes with a load from before
        f"UPDATE raw.games SET name = 'Late', _dlt_load_id = {EARLIER} WHERE id = {games.late}",
        f"INSERT INTO raw.game_snapshots SELECT * REPLACE (snapshot_date - 40 AS snapshot_date, {EARLIER} AS"
        f" _dlt_load_id, added - 5 AS added) FROM raw.game_snapshots WHERE game_id = {games.late}",
        # a game leaves the warehouse
        f"DELETE FROM raw.games WHERE id = {games.gone}",
        f"DELETE FROM raw.game_details WHERE id = {games.gone}",
        f"DELETE FROM raw.game_snapshots WHERE game_id = {games.gone}",
        *(f"DELETE FROM raw.games__{links} WHERE game_id = {games.gone}" for links in LINKS),
        # RAWG's lists do not have a game any more
        f"CREATE TABLE raw.unlisted_games AS SELECT {games.unlisted} AS game_id, last_seen_at, last_seen_at + INTERVAL"
        f" 1 HOUR AS noticed_at, {LATER} AS _dlt_load_id FROM raw.games WHERE id = {games.unlisted}",
        # a game has no developers any more
        f"UPDATE raw.game_details SET _dlt_load_id = {LATER} WHERE id = {games.undetailed}",
        f"DELETE FROM raw.game_details__developers WHERE _dlt_parent_id = '{games.undetailed}'",
    )
    return games
