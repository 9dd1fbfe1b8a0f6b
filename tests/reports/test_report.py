"""The market report: what it says is what the marts say, and it says so when they say nothing."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import duckdb
import pytest

from tests.project import KEY
from tests.reports.conftest import GAMES, HOSTILE, Reported
from tests.reports.page import Page

Changeable = Callable[[], Reported]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def test_the_numbers_on_top_are_those_of_the_marts(market: Reported, page: Page) -> None:
    assert page.numbers["games"] == GAMES
    for name, condition in (
        ("new_games", "release_date BETWEEN as_of_date - 27 AND as_of_date"),
        ("upcoming_games", "release_status = 'upcoming'"),
        ("rated_games", "NOT is_small_sample"),
    ):
        count = market.value(f"SELECT count(*) FROM market.game_scores WHERE {condition}")
        assert page.numbers[name] == count > 0, name
    assert page.numbers["added"] == market.value("SELECT sum(added_count) FROM market.game_scores")


@pytest.mark.parametrize(
    ("title", "columns", "statement"),
    [
        (
            "Games by month of release",
            ["release_month_date", "games_count", "upcoming_games_count", "hits_count"],
            """
            SELECT strftime(release_month_date, '%Y-%m'), games_count, upcoming_games_count, hits_count
            FROM market.release_calendar
            WHERE platform_family = 'All' AND genre_name = 'All'
                AND year(release_month_date) BETWEEN year(current_date) - 5 AND year(current_date) + 1
            ORDER BY release_month_date
            """,
        ),
        (
            "Games that are not out yet, by players who want to play them",
            ["wanted_rank", "to_play_count", "added_count"],
            """
            SELECT wanted_rank, to_play_count, added_count FROM market.most_wanted
            WHERE wanted_rank <= 12 AND to_play_count > 0 ORDER BY wanted_rank
            """,
        ),
        *(
            (
                f"Largest rises in {days} days",
                ["breakout_rank", "game_name", "added_count", "from_date"],
                f"""
                SELECT breakout_rank, game_name, added_count, from_date FROM market.breakouts
                WHERE window_days = {days} AND breakout_rank <= 12 ORDER BY breakout_rank
                """,
            )
            for days in (7, 28)
        ),
        *(
            (
                f"{kind.capitalize()}s by adjusted hit rate",
                ["scoreboard_rank", "name", "hits_count", "rated_games_count", "best_game_name"],
                f"""
                SELECT scoreboard_rank, {kind}_name, hits_count, rated_games_count, best_game_name
                FROM market.{kind}_scoreboard WHERE scoreboard_rank <= 12 ORDER BY scoreboard_rank
                """,
            )
            for kind in ("developer", "publisher")
        ),
        (
            "Metacritic score against players' rating",
            ["metacritic_from", "rating_from", "games_count"],
            """
            SELECT metacritic_score // 5 * 5, printf('%.2f', weighted_rating - weighted_rating % 0.25), count(*)
            FROM market.critics_and_players GROUP BY ALL ORDER BY metacritic_score // 5 * 5, 2
            """,
        ),
    ],
)
def test_a_figures_numbers_are_those_of_its_mart(
    market: Reported, page: Page, title: str, columns: list[str], statement: str
) -> None:
    expected = [
        tuple(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) for row in market.query(statement)
    ]
    assert expected
    table = page.tables[title]
    assert [tuple(row[name] for name in columns) for row in table.rows] == expected
    assert page.drawn[title]


@pytest.mark.parametrize("label", ["genre", "tag"])
def test_trends_are_those_of_the_last_full_year(market: Reported, page: Page, label: str) -> None:
    year = datetime.now(UTC).year - 1
    title = f"Share of each {label} in the releases of {year}, against the year before"
    rows = market.query(
        f"SELECT {label}_name, momentum, games_share FROM market.{label}_trends"
        f" WHERE release_year = {year} AND NOT is_small_sample AND momentum IS NOT NULL ORDER BY momentum DESC, 1"
    )
    table = page.tables[title]
    assert table.mart == f"market.{label}_trends"
    assert table.column("name") == [name for name, _, _ in rows]
    assert table.column("momentum") == [f"{100 * momentum:+.1f} %" for _, momentum, _ in rows]
    assert table.column("games_share") == [_percent(share) for *_, share in rows]
    # what is drawn is what is listed, once for each width of screen
    bars = {f"{100 * momentum:+.0f}%".replace("-", "−") for _, momentum, _ in rows} - {"+0%", "−0%"}
    assert bars <= set(page.drawn[title])


def test_platforms_and_completion(market: Reported, page: Page) -> None:
    table = page.tables["Share of the releases of each year, by platform family"]
    shares = {
        (family, str(year)): _percent(share)
        for family, year, share in market.query(
            "SELECT platform_family, release_year, games_share FROM market.platform_trends"
        )
    }
    shown = {(row["platform_family"], row["release_year"]): row["games_share"] for row in table.rows}
    assert len(shown) == len(table.rows) > 20
    assert shown.items() <= shares.items()
    funnel = page.tables["Of those who started a game: how it went, by genre"]
    expected = market.query(
        "SELECT genre_name, beaten_rate FROM market.completion_funnel WHERE NOT is_small_sample"
        " ORDER BY genre_name <> 'All', beaten_rate DESC, genre_name"
    )
    assert [(row["genre_name"], row["beaten_rate"]) for row in funnel.rows] == [(n, _percent(r)) for n, r in expected]


def test_the_data_s_health(market: Reported, page: Page) -> None:
    facts = {row["fact"]: row["value"] for row in page.tables["Freshness, completeness, requests"].rows}
    assert facts["Games that RAWG counted in them"] == facts["Games seen in them"] == f"{GAMES:,}"
    assert facts["Games seen and lost"] == "0"
    assert facts["News are complete up to"] == str(datetime.now(UTC).date())
    ledger = (market.folder / "data" / "lake" / "_requests").rglob("*.json")
    sent = sum(json.loads(path.read_text())["requests"] for path in ledger)
    assert facts["Requests this month"] == f"{sent:,}"
    assert "Everything that RAWG counted is here." in page.answers


def test_it_stands_alone_and_says_whose_the_data_is(market: Reported, page: Page) -> None:
    html = market.page_file.read_text()
    assert not page.loaded
    assert not re.search(r"url\((?!#)|@import", html)
    assert {link for link in page.links if not link.startswith("#")} == {"https://rawg.io"}
    assert 'Data by <a href="https://rawg.io">RAWG</a>' in html
    assert len(html) < 5_000_000
    assert KEY not in html


def test_every_figure_names_its_mart_its_n_and_what_to_mind(page: Page) -> None:
    assert len(page.captions) == len(page.tables) + len(page.empty)
    for caption in page.captions:
        assert re.match(r"· n: .+\. [A-Z].+\.$", caption), caption
    assert {table.mart for table in page.tables.values()} >= {"market.release_calendar", "market.load_completeness"}


def test_names_of_games_are_texts(market: Reported, page: Page) -> None:
    wanted = page.tables["Games that are not out yet, by players who want to play them"]
    assert wanted.column("game_name").count(HOSTILE) == 2
    assert "<script" not in market.page_file.read_text()
    # two games of one name have a bar each, on a desk and on a phone
    counts = [row["to_play_count"] for row in wanted.rows if row["game_name"] == HOSTILE]
    drawn = page.drawn[wanted.title]
    assert all(drawn.count(count) >= 2 for count in counts)


def test_the_next_report_tells_what_changed_since(changeable: Changeable) -> None:
    project = changeable()
    first = project.page()
    assert not first.changes
    numbers = project.page_file.parent / "numbers"
    (kept,) = numbers.iterdir()
    before = json.loads(kept.read_text()) | {"as_of_date": "2026-01-02", "games": GAMES - 1_234}
    (numbers / "2026-01-02.json").write_text(json.dumps(before))
    (numbers / "2026-01-03.json").write_text("{}")  # one that was cut off
    for _ in range(2):  # the same day's own numbers are nothing to compare with
        page = project.page()
        changes = {name: text.replace("\N{NON-BREAKING HYPHEN}", "-") for name, text in page.changes.items()}
        assert changes["games"] == "+1,234 since 2026-01-02"
        assert changes["rated_games"] == "+0 since 2026-01-02"


def test_a_single_day_of_snapshots_gives_empty_states_and_no_zeros(changeable: Changeable) -> None:
    project = changeable()
    project.change(
        "DELETE FROM core.fct_game_daily_snapshot WHERE snapshot_date < current_date",
        "DELETE FROM market.game_momentum",
        "DELETE FROM market.breakouts",
        "UPDATE market.most_wanted SET added_week_rise = NULL, to_play_week_rise = NULL",
        "DELETE FROM market.developer_scoreboard",
        "DELETE FROM market.load_completeness",
        "DELETE FROM market.critics_and_players",
        "DELETE FROM market.genre_trends",
        "DELETE FROM market.platform_trends",
        "DELETE FROM market.completion_funnel",
        "DELETE FROM market.release_calendar",
    )
    page = project.page()
    assert sum("No rise can be told yet" in said for said in page.empty) == 2
    assert any("--resources game_details" in said for said in page.empty)
    assert not [title for title in page.tables if title.startswith("Largest rises")]
    assert not [title for title in page.drawn if title.startswith("Largest rises")]
    wanted = page.tables["Games that are not out yet, by players who want to play them"]
    assert set(wanted.column("to_play_week_rise")) == {"–"}
    assert "Not everything that RAWG counted is here; see below." in page.answers
    assert len(page.captions) == len(page.tables) + len(page.empty)


@pytest.mark.parametrize(
    ("statements", "exit_code", "words"),
    [
        (["DROP SCHEMA market CASCADE"], 2, ["no market marts yet", "python pipelines/transform.py"]),
        (["DELETE FROM market.game_scores"], 2, ["hold no game yet", "python pipelines/rawg.py"]),
        (["ALTER TABLE market.most_wanted DROP COLUMN to_play_count"], 5, ["to_play_count", "pipelines/transform.py"]),
        (["DROP TABLE market.field_changes"], 5, ["field_changes", "python pipelines/transform.py"]),
    ],
)
def test_marts_that_cannot_be_reported_cost_one_sentence(
    changeable: Changeable, statements: list[str], exit_code: int, words: list[str]
) -> None:
    project = changeable()
    project.change(*statements)
    finished = project.report()
    assert finished.exit_code == exit_code, finished.output
    assert len(finished.output.splitlines()) == 1
    for word in words:
        assert word in finished.output
    assert not project.page_file.parent.exists()


def test_a_warehouse_that_is_open_elsewhere_or_not_there_costs_one_sentence(changeable: Changeable) -> None:
    project = changeable()
    with duckdb.connect(str(project.warehouse)):
        finished = project.report()
    assert finished.exit_code == 5
    assert finished.output.startswith("The warehouse file is open in another process; close it")
    project.warehouse.unlink()
    finished = project.report()
    assert finished.exit_code == 2
    assert "load one with: python pipelines/rawg.py" in finished.output
    assert len(finished.output.splitlines()) == 1
    assert not project.page_file.parent.exists()


def test_a_reader_does_not_keep_the_report_out(changeable: Changeable) -> None:
    project = changeable()
    with duckdb.connect(str(project.warehouse), read_only=True):
        assert project.report().exit_code == 0
