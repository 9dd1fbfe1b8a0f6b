"""What came and comes out, by month."""

from functools import partial

from reports import charts
from reports.figures import Column, Figure, Section, month, whole
from reports.marts import Marts


def releases(marts: Marts) -> Section:
    """What came and comes out, by month."""
    rows = marts.rows("""
        SELECT
            calendar.release_month_date,
            calendar.games_count,
            calendar.games_count - calendar.upcoming_games_count AS released_games_count,
            calendar.upcoming_games_count,
            calendar.hits_count,
            calendar.most_added_game_name
        FROM market.release_calendar AS calendar
        CROSS JOIN (SELECT extract(year FROM max(as_of_date)) AS this_year FROM market.game_scores) AS present
        WHERE calendar.platform_family = 'All' AND calendar.genre_name = 'All'
            AND extract(year FROM calendar.release_month_date) BETWEEN this_year - 5 AND this_year + 1
        ORDER BY calendar.release_month_date
    """)
    coming = sum(row["upcoming_games_count"] for row in rows)
    out = sum(row["released_games_count"] for row in rows)
    figure = Figure(
        title="Games by month of release",
        mart="market.release_calendar",
        sample=f"{out + coming:,} games with a release date, {out:,} of them out",
        caveat="A game without a date to the day counts in no month. Announced dates move, mostly to later months, and"
        " most games are announced shortly before they come out, so the months ahead look emptier than they will be.",
        columns=[
            Column("release_month_date", "Month", month),
            Column("games_count", "Games", whole),
            Column("released_games_count", "Out", whole),
            Column("upcoming_games_count", "Announced", whole),
            Column("hits_count", "Hits", whole),
            Column("most_added_game_name", "Most added game"),
        ],
        rows=rows,
        otherwise="No game has a release date to the day in these years.",
        draw=partial(
            charts.months,
            month="release_month_date",
            parts={"released_games_count": "out", "upcoming_games_count": "announced"},
            title="games",
        ),
    )
    best = max(rows, key=lambda row: row["released_games_count"], default=None)
    answer = (
        f"The fullest month was {month(best['release_month_date'])}, with {best['games_count']:,} games."
        if best
        else ""
    )
    return Section("releases", "What comes out when?", answer, [figure])
