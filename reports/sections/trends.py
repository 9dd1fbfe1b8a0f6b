"""Which genres and tags grow and fade."""

from functools import partial

from reports import charts
from reports.charts import MOST_BARS
from reports.figures import Column, Figure, Section, percent, signed_percent, whole
from reports.marts import Marts
from sources.rawg.rows import Row


def trends(marts: Marts) -> Section:
    """Which genres and tags grow and fade."""
    genres = _momentum(marts, "genre")
    tags = _momentum(marts, "tag")
    return Section(
        "trends",
        "What grows, what fades?",
        _biggest_change(tags or genres),
        [_trend("genre", genres), _trend("tag", tags)],
    )


def _momentum(marts: Marts, label: str) -> list[Row]:
    """Labels of the last full year with enough games in it and in the year before, the fastest growing first."""
    mart = f"market.{label}_trends"
    rows = marts.rows(f"""
        SELECT
            {label}_name AS name, release_year, momentum, games_share, previous_games_share, games_count, added_share
        FROM {mart}
        WHERE NOT is_small_sample AND momentum IS NOT NULL
            AND release_year = (SELECT max(release_year) FROM {mart} WHERE NOT is_partial_year)
        ORDER BY momentum DESC, {label}_name
    """)
    if len(rows) <= 2 * MOST_BARS:
        return rows
    return rows[:MOST_BARS] + rows[-MOST_BARS:]


def _trend(label: str, rows: list[Row]) -> Figure:
    title, sample, year = f"Share of each {label} in a year's releases", "nothing", ""
    if rows:
        games, year = [row["games_count"] for row in rows], rows[0]["release_year"]
        title = f"Share of each {label} in the releases of {year}, against the year before"
        sample = f"{len(rows)} {label}s, {min(games):,} to {max(games):,} games each"
    caveat = f"Only {label}s with at least 20 games in both years, and of many only those that changed most."
    caveat += f" A game has several {label}s, so shares sum to more than one."
    if label == "tag":
        caveat += " Players go on adding tags for years, so young games have fewer."
    return Figure(
        title=title,
        mart=f"market.{label}_trends",
        sample=sample,
        caveat=caveat,
        columns=[
            Column("name", label.capitalize()),
            Column("momentum", "Change of share", signed_percent),
            Column("games_share", f"Share {year}", percent),
            Column("previous_games_share", "Share before", percent),
            Column("games_count", "Games", whole),
            Column("added_share", "Share of libraries", percent),
        ],
        rows=rows,
        otherwise=f"No {label} has 20 games in each of the last two full years; load more games.",
        draw=partial(charts.bars, label="name", value="momentum", form="+.0%", title="change of share"),
    )


def _biggest_change(rows: list[Row]) -> str:
    if not rows or rows[0]["momentum"] <= 0:
        return ""
    first = rows[0]
    return (
        f"{first['name']} gained most: from {percent(first['previous_games_share'])} to {percent(first['games_share'])}"
        f" of the releases of {first['release_year']}."
    )
