"""What players wait for, and what rises now."""

from functools import partial

from reports import charts
from reports.charts import MOST_BARS
from reports.figures import Column, Figure, Section, day, signed, signed_percent, whole
from reports.marts import Marts


def wanted(marts: Marts) -> Section:
    """What players wait for."""
    rows = marts.rows(f"""
        SELECT wanted_rank, game_name, release_date, release_year, to_play_count, added_count, to_play_week_rise
        FROM market.most_wanted
        WHERE to_play_count > 0
        ORDER BY wanted_rank
        LIMIT {MOST_BARS}
    """)
    total = marts.row("SELECT count(*) AS games FROM market.most_wanted WHERE to_play_count > 0")["games"]
    figure = Figure(
        title="Games that are not out yet, by players who want to play them",
        mart="market.most_wanted",
        sample=f"{total:,} games that somebody waits for, the first {len(rows)} shown",
        caveat="RAWG's users are not all players. The rise of a week needs snapshots that reach back a week"
        f" ({'they do' if any(row['to_play_week_rise'] is not None for row in rows) else 'they do not yet'}).",
        columns=[
            Column("wanted_rank", "Rank", whole),
            Column("game_name", "Game"),
            Column("release_date", "Release", day),
            Column("to_play_count", "Want to play", whole),
            Column("added_count", "In libraries", whole),
            Column("to_play_week_rise", "Rise in a week", signed),
        ],
        rows=rows,
        otherwise="Nobody waits for any game that is loaded.",
        draw=partial(
            charts.bars, label="game_name", value="to_play_count", form=",", title="players who want to play it"
        ),
    )
    answer = f"Most players wait for {rows[0]['game_name']}." if rows else ""
    return Section("wanted", "What do players wait for?", answer, [figure])


def breakouts(marts: Marts) -> Section:
    """Which audiences grew most lately."""
    figures = [_breakout(marts, days) for days in (7, 28)]
    first = next((figure.rows[0] for figure in figures if figure.rows), None)
    answer = (
        f"{first['game_name']} gained most: {signed(first['added_rise'])} players in {first['window_days']} days."
        if first
        else ""
    )
    return Section("breakouts", "What rises now?", answer, figures)


def _breakout(marts: Marts, days: int) -> Figure:
    rows = marts.rows(f"""
        SELECT breakout_rank, window_days, game_name, added_rise, added_count, added_growth, from_date, to_date
        FROM market.breakouts
        WHERE window_days = {days}
        ORDER BY breakout_rank
        LIMIT {MOST_BARS}
    """)
    measured = marts.row(f"SELECT count(*) AS games FROM market.game_momentum WHERE window_days = {days}")["games"]
    return Figure(
        title=f"Largest rises in {days} days",
        mart="market.breakouts",
        sample=f"{measured:,} games were seen at two ends of {days} days",
        caveat="Players who added the game, scaled to the window: a game is seen only on days on which RAWG changed"
        " it.",
        columns=[
            Column("breakout_rank", "Rank", whole),
            Column("game_name", "Game"),
            Column("added_rise", f"Rise in {days} days", signed),
            Column("added_growth", "Growth", signed_percent),
            Column("added_count", "In libraries", whole),
            Column("from_date", "From", day),
            Column("to_date", "To", day),
        ],
        rows=rows,
        otherwise=f"No rise can be told yet: no game was seen on two days at least {days} days apart. With a load each"
        f" day it can be told after {days} days.",
        draw=partial(charts.bars, label="game_name", value="added_rise", form="+,.0f", title=f"players in {days} days"),
    )
