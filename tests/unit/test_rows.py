"""Both of RAWG's row shapes become one; what is unknown is passed on and never bent into a known type."""

from datetime import UTC, date, datetime

import pytest

from sources.rawg.rows import canonical_game, related_game
from tests.rawg_rows import BROWSED, FILTERED


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
    assert browsed.links["platforms"] == [{"platform__id": 4, "released_at": "2013-09-17"}]


@pytest.mark.parametrize("released", ["", None])
def test_an_unknown_release_date_is_null(released: str | None) -> None:
    assert canonical_game({**FILTERED, "released": released}).row.get("released") is None


@pytest.mark.parametrize("value", ["soon", "2013-13-45", 2013])
def test_what_cannot_be_read_stays_as_it_came(value: object) -> None:
    game = canonical_game({**FILTERED, "released": value})
    assert game.row["released"] == value


def test_a_related_game_keeps_who_it_is_and_whose() -> None:
    row = related_game({**BROWSED, "_selected_games_id": 5})
    assert row["game_id"] == 5
    assert row["id"] == 3498
    assert set(row) == {"game_id", "id", "slug", "name", "released", "updated"}
