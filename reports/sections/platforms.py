"""Where games come out, and on how many platforms."""

from functools import partial
from typing import Any

from reports import charts
from reports.figures import Column, Figure, Section, percent, whole
from reports.marts import Marts

FAMILIES = 6
"""Lines in a chart that colours still tell apart."""


def platforms(marts: Marts) -> Section:
    """Where games come out, and on how many platforms."""
    rows = marts.rows(f"""
        WITH years AS (
            SELECT *
            FROM market.platform_trends
            WHERE NOT is_partial_year
                AND release_year > (SELECT max(release_year) FROM market.platform_trends WHERE NOT is_partial_year) - 10
        ),
        largest AS (
            SELECT platform_family
            FROM years
            WHERE platform_family <> 'All'
            GROUP BY platform_family
            ORDER BY sum(games_count) DESC, platform_family
            LIMIT {FAMILIES}
        )
        SELECT platform_family, release_year, games_count, games_share, multi_platform_share, is_small_sample
        FROM years
        WHERE platform_family IN (SELECT platform_family FROM largest) OR platform_family = 'All'
        ORDER BY platform_family, release_year
    """)
    families = [row for row in rows if row["platform_family"] != "All"]
    everything = [row for row in rows if row["platform_family"] == "All"]
    games = sum(row["games_count"] for row in everything)
    common: dict[str, Any] = {
        "mart": "market.platform_trends",
        "sample": f"{games:,} released games with a known platform",
        "otherwise": "No full year has a released game with a known platform yet.",
    }
    share = Figure(
        title="Share of the releases of each year, by platform family",
        caveat="A game on several families counts in each. Years with fewer than 20 games of a family jump about.",
        columns=[
            Column("platform_family", "Family"),
            Column("release_year", "Year"),
            Column("games_share", "Share of releases", percent),
            Column("games_count", "Games", whole),
            Column("multi_platform_share", "Also elsewhere", percent),
        ],
        rows=families,
        draw=partial(
            charts.lines, x="release_year", y="games_share", series="platform_family", title="share of releases"
        ),
        **common,
    )
    several = Figure(
        title="Games on two families or more",
        caveat="RAWG learns of ports later, so young years look less portable than they will be.",
        columns=[
            Column("release_year", "Year"),
            Column("multi_platform_share", "On several families", percent),
            Column("games_count", "Games", whole),
        ],
        rows=everything,
        draw=partial(
            charts.lines,
            x="release_year",
            y="multi_platform_share",
            series="platform_family",
            title="share of releases",
        ),
        **common,
    )
    answer = ""
    if everything:
        last = everything[-1]
        several_share = percent(last["multi_platform_share"])
        answer = f"Of the games of {last['release_year']}, {several_share} came out on several platform families."
    return Section("platforms", "Where do games come out?", answer, [share, several])
