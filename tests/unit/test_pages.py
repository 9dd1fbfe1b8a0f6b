"""A game becomes the same tables whether it is of known shape or not; what is new is never bent into a known type."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pyarrow as pa
import pytest

from sources.rawg.columns import GAME_LINKS, GAME_MEASURES
from sources.rawg.pages import Games, PageOfGames, read_page
from sources.rawg.rows import Row, canonical_game
from sources.rawg.tables import Items, game_rows, link_rows, removals, snapshot_rows, tag_rows
from tests.rawg_rows import BROWSED, FILTERED

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def _page(*rows: Any, **envelope: Any) -> bytes:
    return orjson.dumps({"count": len(rows), "next": "https://x/?key=k", "previous": None, "results": rows, **envelope})


def _games(content: bytes) -> Games:
    envelope = read_page(content)
    assert envelope is not None
    assert isinstance(envelope["results"], PageOfGames)
    return envelope["results"].games


def _items(games: Games) -> dict[str, list[pa.Table | list[Row]]]:
    tables: dict[str, Items] = {"games": game_rows(games, NOW), "game_snapshots": snapshot_rows(games, NOW.date())}
    tables |= {f"games__{name}": link_rows(games, name) for name in GAME_LINKS}
    return {name: list(items) for name, items in tables.items()} | {"tags": list(tag_rows(games))}


def _rows(games: Games) -> dict[str, list[Row]]:
    return {
        name: [row for item in items for row in (item.to_pylist() if isinstance(item, pa.Table) else item)]
        for name, items in _items(games).items()
    }


def _row_by_row(*raw: Row) -> dict[str, list[Row]]:
    """The tables as they would be if columns did not exist."""
    games = [canonical_game(row) for row in raw]
    tags = {str(tag["id"]): tag for game in games for tag in game.tags if "id" in tag}
    return {
        "games": [{**game.row, "last_seen_at": NOW} for game in games],
        "game_snapshots": [
            {
                "game_id": game.id,
                "snapshot_date": NOW.date(),
                "_dlt_id": f"{game.id}-{NOW.date()}",
                **{name: game.row.get(name) for name in GAME_MEASURES},
            }
            for game in games
        ],
        **{
            f"games__{name}": [
                {"game_id": game.id, "_dlt_parent_id": str(game.id), "_dlt_id": f"{game.id}-{position}", **link}
                for game in games
                for position, link in enumerate(game.links.get(name) or [{"is_removed": True}])
            ]
            for name in GAME_LINKS
        },
        "tags": [{**tag, "_dlt_id": key} for key, tag in tags.items()],
    }


def _contents(tables: dict[str, list[Row]]) -> dict[str, list[tuple[tuple[str, str], ...]]]:
    """Rows of all tables, without nulls, each value with its type; dlt makes a rating of a whole number itself."""
    return {
        name: sorted(
            tuple(sorted((key, _shown(key, value)) for key, value in row.items() if value is not None)) for row in rows
        )
        for name, rows in tables.items()
    }


def _shown(column: str, value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return repr(float(value) if column in ("rating", "percent") and type(value) is int else value)


@pytest.mark.parametrize("row", [FILTERED, BROWSED])
def test_both_shapes_are_read_as_columns(row: Row) -> None:
    games = _games(_page(row, {**row, "id": 2, "tags": None, "genres": []}))
    assert not games.news
    items = _items(games)
    assert all(isinstance(item, pa.Table) for parts in items.values() for item in parts)
    (table,) = items["games"]
    assert isinstance(table, pa.Table)
    assert table["rating"].to_pylist() == [4.0, 4.0]  # a whole number is a rating, too
    assert table["released"].to_pylist() == [date(2013, 9, 17)] * 2
    assert table["updated"][0].as_py() == datetime(2024, 5, 5, 10, 0, 1, tzinfo=UTC)
    assert table["added_by_status__owned"].to_pylist() == [7, 7]
    assert table["esrb_rating__slug"].to_pylist() == ["mature"] * 2


def test_who_was_seen_is_told_with_the_page() -> None:
    envelope = read_page(_page(FILTERED, {**FILTERED, "id": 2, "mood": "calm"}, {**FILTERED, "id": 3, "updated": None}))
    assert envelope is not None
    moment = datetime(2024, 5, 5, 10, 0, 1, tzinfo=UTC)
    assert envelope["count"] == 3
    assert sorted(envelope["results"].sightings) == [(2, moment), (3, None), (3498, moment)]


@pytest.mark.parametrize(
    "odd",
    [
        {"added": 3.5},
        {"added": "12"},
        {"added": True},
        {"mood": "calm"},
        {"added": 2**60},
        {"clip": {"clip": "https://x/1.mp4"}},
        {"released": "soon"},
        {"released": "2013-13-45"},
        {"released": "0000-01-01"},
        {"released": 2013},
        {"added_by_status": {"yet": 5, "lent": 1}},
    ],
)
def test_odd_values_and_new_fields_travel_as_rows(odd: Row) -> None:
    table, rows = game_rows(_games(_page(FILTERED, {**FILTERED, "id": 2, **odd})), NOW)
    assert isinstance(table, pa.Table)
    assert table["id"].to_pylist() == [3498]
    assert isinstance(rows, list)
    assert [row["id"] for row in rows] == [2]
    for name, value in odd.items():
        assert name == "added_by_status" or rows[0][name] == value


def test_a_new_field_on_all_games_leaves_all_but_their_own_rows_columns() -> None:
    items = _items(_games(_page(*({**row, "mood": "calm"} for row in (FILTERED, {**BROWSED, "id": 2})))))
    (rows,) = items.pop("games")
    assert [(row["id"], row["mood"]) for row in rows if isinstance(row, dict)] == [(3498, "calm"), (2, "calm")]
    assert all(isinstance(item, pa.Table) for parts in items.values() for item in parts)


def test_a_new_field_without_a_value_makes_no_row() -> None:
    (table,) = game_rows(_games(_page({**FILTERED, "mood": None}, {**FILTERED, "id": 2})), NOW)
    assert isinstance(table, pa.Table)
    assert table["id"].to_pylist() == [3498, 2]


def test_a_new_field_does_not_write_over_a_column() -> None:
    hostile = {"_dlt_id": "7", "last_seen_at": "never", "added_by_status__owned": 1000, "_more": "x", "mood": "calm"}
    (rows,) = game_rows(_games(_page({**FILTERED, **hostile})), NOW)
    assert isinstance(rows, list)
    row = rows[0]
    assert (row["_dlt_id"], row["last_seen_at"], row["added_by_status__owned"]) == ("3498", NOW, 7)
    assert (row["_more"], row["mood"]) == ("x", "calm")


def test_links_carry_their_games_keys() -> None:
    (table,) = link_rows(_games(_page({**FILTERED, "genres": [{"id": 4}, {"id": 51}]})), "genres")
    assert isinstance(table, pa.Table)
    assert table.select(["game_id", "id", "is_removed", "_dlt_parent_id", "_dlt_id"]).to_pylist() == [
        {"game_id": 3498, "id": 4, "is_removed": None, "_dlt_parent_id": "3498", "_dlt_id": "3498-0"},
        {"game_id": 3498, "id": 51, "is_removed": None, "_dlt_parent_id": "3498", "_dlt_id": "3498-1"},
    ]


@pytest.mark.parametrize("genres", [[], None])
@pytest.mark.parametrize("more", [{}, {"mood": "calm"}])
def test_a_game_without_links_says_so(genres: list[Any] | None, more: Row) -> None:
    (table,) = link_rows(_games(_page({**FILTERED, "genres": genres, **more})), "genres")
    assert isinstance(table, pa.Table)
    assert table.select(["game_id", "id", "is_removed"]).to_pylist() == [
        {"game_id": 3498, "id": None, "is_removed": True}
    ]
    assert removals(table) == 1


@pytest.mark.parametrize(
    "stores",
    [
        [{"id": 1, "store": {"id": 2}, "price": 9}],
        [{"id": "one", "store": {"id": 2}}],
        ["a store"],
    ],
)
def test_links_of_unknown_shape_travel_as_rows(stores: list[Any]) -> None:
    usual = {**FILTERED, "id": 1, "stores": [{"store": {"id": 7}}]}
    parts = list(link_rows(_games(_page(usual, {**FILTERED, "stores": stores})), "stores"))
    rows = [row for part in parts for row in (part.to_pylist() if isinstance(part, pa.Table) else part)]
    assert {row["game_id"] for row in rows} == {1, 3498}
    assert isinstance(parts[-1], list)


def test_a_snapshot_holds_the_measures_of_the_day() -> None:
    (table,) = snapshot_rows(_games(_page(FILTERED)), date(2024, 5, 6))
    assert isinstance(table, pa.Table)
    (row,) = table.to_pylist()
    assert (row["game_id"], row["snapshot_date"], row["added"], row["metacritic"], row["_dlt_id"]) == (
        3498,
        date(2024, 5, 6),
        12,
        None,
        "3498-2024-05-06",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        _page(FILTERED)[:-20],
        _page(FILTERED) + b"x",
        _page(FILTERED).replace(b"A Game", b"A \xff Game"),
        _page(FILTERED).replace(b'"rating":4', b'"rating":NaN'),
        _page(FILTERED).replace(b'"percent":100', b'"percent":-Infinity'),
        _page(FILTERED).replace(b'"rating":4', b'"rating":1e400'),
        _page(FILTERED).replace(b'"rating":4', b'"rating":4,"mood":' + b"[" * 100_000 + b"]" * 100_000),
        _page(FILTERED, count=None),
        _page(FILTERED, count="1"),
        _page(results=None),
        _page(results={"id": 1}),
        _page("a game"),
        _page({"name": "without an id"}),
        _page({**FILTERED, "id": None}),
        _page({**FILTERED, "id": "3498"}),
        b'{"id": 1, "detail": "one thing"}',
    ],
)
def test_a_broken_body_is_no_page(body: bytes) -> None:
    assert read_page(body) is None


def test_an_empty_page_is_a_page() -> None:
    envelope = read_page(_page(count=80))
    assert envelope is not None
    assert (envelope["count"], envelope["results"].sightings) == (80, [])


def test_the_key_in_the_envelope_does_not_get_past() -> None:
    for row in (FILTERED, {**FILTERED, "mood": "calm"}):
        assert "key=k" not in repr(read_page(_page(row)))


def test_a_new_field_may_be_as_deep_as_a_body_may_be() -> None:
    depth = 900
    (rows,) = game_rows(_games(_page(FILTERED).replace(b'"rating":4', b'"mood":' + b"[" * depth + b"]" * depth)), NOW)
    assert isinstance(rows, list)
    assert str(rows[0]["mood"]) == "[" * depth + "]" * depth


def test_a_choice_of_games_keeps_its_order_and_its_news() -> None:
    rows = [{**FILTERED, "id": number, **({"mood": number} if number % 2 else {})} for number in range(1, 6)]
    other = {**FILTERED, "id": 9, "added": 3.5}
    pages = [_games(_page(*rows)), _games(_page(other))]
    tags = pages[0].tags | pages[1].tags
    taken = Games.together(zip((page.known for page in pages), [[3, 2, 0], [0]], strict=True), tags)
    assert taken.known["id"].to_pylist() == [4, 3, 1, 9]
    assert _contents(_rows(taken)) == _contents(_row_by_row(rows[3], rows[2], rows[0], other))


SCALARS = [None, 0, 1, -3, 2**53 + 1, 3.0, 3.5, 1e300, True, "", "12", "text", "ünïcode \u0000", [], {}, [1], {"id": 1}]
DATES = [
    *SCALARS,
    "2024-02-29",
    "2023-02-29",
    "20240229",
    "2024-W05-1",
    "0001-01-01",
    "0000-01-01",
    "2024-02-29T10:00:00",
    "2024-02-29T10:00:00.123456",
    "2024-02-29T10:00:00.1234567",
    "2024-02-29 10:00",
    "2024-02-29T10:00:00Z",
    "2024-02-29T10:00:00+02:00",
]
NAMED = {"id": 4, "name": "a", "slug": "a"}
ELEMENTS = [
    None,
    5,
    "x",
    {},
    NAMED,
    {**NAMED, "more": None},
    {**NAMED, "more": 1},
    {"id": None},
    {"id": "4"},
    {"id": [4]},
    {"id": 2**60},
    {"platform": NAMED, "released_at": "2013"},
    {"platform": {**NAMED, "more": 1}},
    {"platform": None, "requirements_en": None},
    {"platform": NAMED, "requirements_en": {"minimum": "x"}},
    {"platform": 4},
    {"id": 1, "store": NAMED, "url": None},
    {"id": 1, "store": {"id": None}, "url": "x"},
    {"id": 5, "title": "t", "count": 3, "percent": 1},
    {"id": 5, "title": "t", "count": 3, "percent": 1.5},
    {"id": -1, "image": "https://x/1.jpg"},
]
OBJECTS = [*SCALARS, *({name: value} for name in ("yet", "id", "name", "more") for value in SCALARS)]
LISTS: list[Any] = [
    None,
    {},
    "x",
    3,
    [],
    *([element] for element in ELEMENTS),
    *([NAMED, element] for element in ELEMENTS),
]
VALUES: dict[str, list[Any]] = {
    **dict.fromkeys(("name", "rating", "added", "tba", "metacritic", "score", "mood"), SCALARS),
    **dict.fromkeys(("released", "updated"), DATES),
    **dict.fromkeys(("added_by_status", "esrb_rating", "clip", "last_seen_at", "_dlt_id", "_more"), OBJECTS),
    **dict.fromkeys(GAME_LINKS, LISTS),
}


@pytest.mark.parametrize("name", VALUES)
def test_the_tables_are_the_same_whoever_read_the_page(name: str) -> None:
    for value in VALUES[name]:
        rows = {**FILTERED, name: value}, {**BROWSED, "id": 2}
        assert _contents(_rows(_games(_page(*rows)))) == _contents(_row_by_row(*rows)), value
