"""How many owners start and finish a game."""

from functools import partial

from reports import charts
from reports.figures import Column, Figure, Section, percent, whole
from reports.marts import Marts


def completion(marts: Marts) -> Section:
    """How many owners start and finish a game."""
    rows = marts.rows("""
        SELECT
            genre_name, owners_count, started_count, started_rate, beaten_rate, playing_rate, dropped_rate,
            median_beaten_rate, games_count
        FROM market.completion_funnel
        WHERE NOT is_small_sample AND started_count > 0
        ORDER BY CASE WHEN genre_name = 'All' THEN 0 ELSE 1 END, beaten_rate DESC, genre_name
    """)
    sample, answer = "nothing", ""
    if rows and rows[0]["genre_name"] == "All":
        total = rows[0]
        sample = (
            f"{total['started_count']:,} starts of {total['games_count']:,} games, {total['owners_count']:,} owners"
        )
        answer = (
            f"Of all owners {percent(total['started_rate'])} start a game, and {percent(total['beaten_rate'])} of those"
            " finish it."
        )
    figure = Figure(
        title="Of those who started a game: how it went, by genre",
        mart="market.completion_funnel",
        sample=sample,
        caveat="Players count once for each game they own, so much played games weigh most; RAWG's users say themselves"
        " what they finished. Genres with fewer than 100 starts are left out.",
        columns=[
            Column("genre_name", "Genre"),
            Column("owners_count", "Owners", whole),
            Column("started_rate", "Started", percent),
            Column("beaten_rate", "Beaten", percent),
            Column("playing_rate", "Playing", percent),
            Column("dropped_rate", "Dropped", percent),
            Column("median_beaten_rate", "Median game beaten", percent),
            Column("games_count", "Games", whole),
        ],
        rows=rows,
        otherwise="Fewer than 100 players started any of the loaded games.",
        draw=partial(
            charts.shares,
            label="genre_name",
            parts={"beaten_rate": "beaten", "playing_rate": "playing", "dropped_rate": "dropped"},
            title="share of those who started",
        ),
    )
    return Section("completion", "Are games finished?", answer, [figure])
