"""What critics and players think, and who makes good games."""

from functools import partial
from typing import Any

from reports import charts
from reports.charts import MOST_BARS
from reports.figures import Column, Figure, Section, percent, rating, whole
from reports.marts import Marts
from sources.rawg.rows import Row


def critics(marts: Marts) -> Section:
    """Where critics and players disagree."""
    bins = marts.rows("""
        SELECT
            floor(metacritic_score / 5) * 5 AS metacritic_from,
            floor(weighted_rating * 4) / 4 AS rating_from,
            count(*) AS games_count
        FROM market.critics_and_players
        GROUP BY floor(metacritic_score / 5) * 5, floor(weighted_rating * 4) / 4
        ORDER BY metacritic_from, rating_from
    """)
    verdicts = {
        row["agreement"]: row["games_count"]
        for row in marts.rows(
            "SELECT agreement, count(*) AS games_count FROM market.critics_and_players GROUP BY agreement"
        )
    }
    games = sum(verdicts.values())
    common: dict[str, Any] = {
        "mart": "market.critics_and_players",
        "sample": f"{games:,} games with a Metacritic score and at least 10 ratings",
        "otherwise": "No game has both a Metacritic score and 10 ratings yet.",
    }
    map_of_games = Figure(
        title="Metacritic score against players' rating",
        caveat="Ratings are pulled towards the mean by ten votes. Critics review the better known games only.",
        columns=[
            Column("metacritic_from", "Metacritic from", whole),
            Column("rating_from", "Rating from", rating),
            Column("games_count", "Games", whole),
        ],
        rows=bins,
        draw=partial(
            charts.heat,
            x="metacritic_from",
            y="rating_from",
            count="games_count",
            steps=(5, 0.25),
            titles=("Metacritic score", "players' rating"),
        ),
        **common,
    )
    disagreements = [
        Figure(
            title=title,
            caveat="Standings among the same games are compared, because the two scales cannot be.",
            columns=[
                Column("game_name", "Game"),
                Column("metacritic_score", "Metacritic", whole),
                Column("weighted_rating", "Rating", rating),
                Column("critics_standing", "Standing: critics", percent),
                Column("players_standing", "Standing: players", percent),
            ],
            rows=_disagreements(marts, agreement, order),
            is_list=True,
            **common | {"otherwise": "There is no such game."},
        )
        for title, agreement, order in (
            ("Players like them better", "players prefer it", "DESC"),
            ("Critics like them better", "critics prefer it", "ASC"),
        )
    ]
    agreed = verdicts.get("they agree", 0)
    answer = f"Critics and players agree on {percent(agreed / games)} of {games:,} games." if games else ""
    return Section("critics", "Do critics and players agree?", answer, [map_of_games, *disagreements])


def _disagreements(marts: Marts, agreement: str, order: str) -> list[Row]:
    return marts.rows(f"""
        SELECT game_name, metacritic_score, weighted_rating, critics_standing, players_standing
        FROM market.critics_and_players
        WHERE agreement = '{agreement}'
        ORDER BY standing_gap {order}, game_id
        LIMIT 5
    """)


def studios(marts: Marts) -> Section:
    """Who makes good games reliably."""
    figures = [_scoreboard(marts, kind) for kind in ("developer", "publisher")]
    first = figures[0].rows[0] if figures[0].rows else None
    answer = (
        f"{first['name']} leads: {first['hits_count']} hits in {first['rated_games_count']} rated games."
        if first
        else ""
    )
    return Section("studios", "Who makes good games reliably?", answer, figures)


def _scoreboard(marts: Marts, kind: str) -> Figure:
    rows = marts.rows(f"""
        SELECT
            scoreboard_rank, {kind}_name AS name, adjusted_hit_rate, hits_count, rated_games_count, hit_rate,
            median_weighted_rating, rating_spread, best_game_name
        FROM market.{kind}_scoreboard
        WHERE scoreboard_rank <= {MOST_BARS}
        ORDER BY scoreboard_rank
    """)
    ranked = marts.row(f"SELECT count(scoreboard_rank) AS ranked, count(*) AS known FROM market.{kind}_scoreboard")
    return Figure(
        title=f"{kind.capitalize()}s by adjusted hit rate",
        mart=f"market.{kind}_scoreboard",
        sample=f"{ranked['ranked']:,} {kind}s with at least 3 rated games, of {ranked['known']:,} known",
        caveat="From games whose details are loaded, the better known ones. A hit is in the best quarter of all rated"
        " games; the rate counts four average games on top, so that one lucky game does not lead.",
        columns=[
            Column("scoreboard_rank", "Rank", whole),
            Column("name", kind.capitalize()),
            Column("adjusted_hit_rate", "Adjusted hit rate", percent),
            Column("hits_count", "Hits", whole),
            Column("rated_games_count", "Rated games", whole),
            Column("hit_rate", "Hit rate", percent),
            Column("median_weighted_rating", "Median rating", rating),
            Column("rating_spread", "Spread", rating),
            Column("best_game_name", "Best game"),
        ],
        rows=rows,
        otherwise=f"No {kind} has 3 rated games yet: only a game's details name its {kind}s. Load some with: python"
        f" pipelines/rawg.py{marts.option} --resources game_details, then python pipelines/transform.py{marts.option}",
        draw=partial(charts.bars, label="name", value="adjusted_hit_rate", form=".0%", title="adjusted hit rate"),
    )
