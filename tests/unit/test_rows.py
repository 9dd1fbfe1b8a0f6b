"""Both of RAWG's row shapes become one; what is unknown is passed on and never bent into a known type."""

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from sources.rawg.columns import GAME_LINKS, GAMES, arrow_schema
from sources.rawg.rows import arrow_where_known, canonical_game, link_tables, related_game, snapshot_row

PC = {"id": 4, "name": "PC", "slug": "pc"}
FILTERED: dict[str, Any] = {
    "id": 3498,
    "slug": "a-game",
    "name": "A Game",
    "released": "2013-09-17",
    "updated": "2024-05-05T10:00:01",
    "rating": 4,
    "added": 12,
    "added_by_status": {"yet": 5, "owned": 7},
    "metacritic": None,
    "esrb_rating": {"id": 4, "name": "Mature", "slug": "mature", "name_en": "Mature", "name_ru": "С 17 лет"},
    "score": None,
    "user_game": None,
    "dominant_color": "0f0f0f",
    "saturated_color": "0f0f0f",
    "clip": None,
    "platforms": [{"platform": PC}],
    "parent_platforms": [{"platform": {"id": 1, "name": "PC", "slug": "pc"}}],
    "stores": None,
    "genres": [{"id": 4, "name": "Action", "slug": "action"}],
    "tags": [{"id": 31, "name": "Singleplayer", "slug": "singleplayer", "language": "eng", "games_count": 5}],
    "ratings": [{"id": 5, "title": "exceptional", "count": 3, "percent": 100}],
    "short_screenshots": [{"id": -1, "image": "https://x/1.jpg"}],
}
BROWSED = {
    **FILTERED,
    "esrb_rating": {"id": 4, "name": "Mature", "slug": "mature"},
    "platforms": [
        {
            "platform": {**PC, "games_count": 1, "image_background": "x", "year_start": None},
            "released_at": "2013-09-17",
            "requirements_en": None,
            "requirements_ru": None,
        }
    ],
    "stores": [],
}
del BROWSED["score"]


def test_both_shapes_make_the_same_row() -> None:
    filtered, browsed = canonical_game(FILTERED), canonical_game(BROWSED)
    assert filtered.row == {"stores": None} | browsed.row or filtered.row == browsed.row
    assert filtered.row["released"] == date(2013, 9, 17)
    assert filtered.row["updated"] == datetime(2024, 5, 5, 10, 0, 1, tzinfo=UTC)
    assert filtered.row["added_by_status__owned"] == 7
    assert filtered.row["esrb_rating__slug"] == "mature"
    assert not filtered.row.keys() & {
        "score",
        "user_game",
        "dominant_color",
        "platforms",
        "tags",
        "esrb_rating__name_ru",
    }
    assert browsed.links["platforms"] == {"platform__id": [4], "released_at": ["2013-09-17"]}


@pytest.mark.parametrize("released", ["", None])
def test_an_unknown_release_date_is_null(released: str | None) -> None:
    assert canonical_game({**FILTERED, "released": released}).row.get("released") is None


@pytest.mark.parametrize("value", ["soon", "2013-13-45", 2013])
def test_what_cannot_be_read_stays_as_it_came(value: object) -> None:
    game = canonical_game({**FILTERED, "released": value})
    assert game.row["released"] == value
    (rows,) = arrow_where_known([game.row], arrow_schema(GAMES))
    assert isinstance(rows, list)  # dlt makes a column of its own for it


def test_a_whole_number_is_a_rating_too() -> None:
    (table,) = arrow_where_known([canonical_game(FILTERED).row], arrow_schema(GAMES))
    assert isinstance(table, pa.Table)
    assert table["rating"].to_pylist() == [4.0]


@pytest.mark.parametrize("odd", [{"added": 3.5}, {"added": "12"}, {"added": True}, {"mood": "calm"}, {"added": 2**60}])
def test_odd_values_and_new_fields_travel_as_rows(odd: dict[str, object]) -> None:
    usual, unusual = canonical_game(FILTERED).row, canonical_game({**FILTERED, "id": 2, **odd}).row
    table, rows = arrow_where_known([usual, unusual], arrow_schema(GAMES))
    assert isinstance(table, pa.Table)
    assert table["id"].to_pylist() == [3498]
    assert rows == [unusual]


def test_links_carry_their_games_keys() -> None:
    game = canonical_game({**FILTERED, "genres": [{"id": 4}, {"id": 51}]})
    (table,) = link_tables([game], "genres", arrow_schema(GAME_LINKS["genres"]))
    assert isinstance(table, pa.Table)
    assert table.select(["game_id", "id", "is_removed", "_dlt_parent_id"]).to_pylist() == [
        {"game_id": 3498, "id": 4, "is_removed": None, "_dlt_parent_id": "3498"},
        {"game_id": 3498, "id": 51, "is_removed": None, "_dlt_parent_id": "3498"},
    ]
    assert len(set(table["_dlt_id"].to_pylist())) == 2


@pytest.mark.parametrize("genres", [[], None])
def test_a_game_without_links_says_so(genres: list[Any] | None) -> None:
    game = canonical_game({**FILTERED, "genres": genres})
    (table,) = link_tables([game], "genres", arrow_schema(GAME_LINKS["genres"]))
    assert isinstance(table, pa.Table)
    assert table.select(["game_id", "id", "is_removed"]).to_pylist() == [
        {"game_id": 3498, "id": None, "is_removed": True}
    ]


@pytest.mark.parametrize(
    "stores",
    [
        [{"id": 1, "store": {"id": 2}, "price": 9}],
        [{"id": "one", "store": {"id": 2}}],
        ["a store"],
    ],
)
def test_links_of_unknown_shape_travel_as_rows(stores: list[Any]) -> None:
    usual = canonical_game({**FILTERED, "id": 1, "stores": [{"store": {"id": 7}}]})
    unusual = canonical_game({**FILTERED, "stores": stores})
    parts = list(link_tables([usual, unusual], "stores", arrow_schema(GAME_LINKS["stores"])))
    rows = [row for part in parts for row in (part.to_pylist() if isinstance(part, pa.Table) else part)]
    assert {row["game_id"] for row in rows} == {1, 3498}
    assert isinstance(parts[-1], list)


def test_a_snapshot_holds_the_measures_of_the_day() -> None:
    row = snapshot_row(canonical_game(FILTERED), date(2024, 5, 6))
    assert (row["game_id"], row["snapshot_date"], row["added"], row["metacritic"]) == (
        3498,
        date(2024, 5, 6),
        12,
        None,
    )


def test_a_related_game_keeps_who_it_is_and_whose() -> None:
    row = related_game({**BROWSED, "_selected_games_id": 5})
    assert row["game_id"] == 5
    assert row["id"] == 3498
    assert set(row) == {"game_id", "id", "slug", "name", "released", "updated"}
