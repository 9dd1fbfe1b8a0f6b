"""From RAWG's two shapes of a game row to one canonical row and its links, and from rows to Arrow.

Rows that consist of known columns travel as Arrow tables: a page has some 1,500 links, and dlt's row-by-row normalizer
would take most of a load's time for them. A row with anything new in it, a field or a type, travels as a dict, so that
dlt evolves the schema as it always does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import NoneType
from typing import Any

import pyarrow as pa

from sources.rawg.columns import GAME_LINKS, GAME_MEASURES, LINK_BOOKKEEPING

Row = dict[str, Any]

NOISE = frozenset({"user_game", "saturated_color", "dominant_color", "score"})
"""Fields that are the same on every row of a keyed request, or null."""
ESRB_KEYS = ("id", "name", "slug")
"""What both shapes have; the filtered one adds the name in two languages."""
REFERENCES = {"platforms": "platform", "parent_platforms": "platform", "stores": "store"}
"""Links that hold the linked thing under a name of its own, beside what belongs to the link."""
VOCABULARIES = frozenset({"genres", "tags"})
"""Links that are the linked thing itself; its other fields live in a table of its own."""
LINK_FIELDS = {
    name: tuple(column for column in hints if column not in LINK_BOOKKEEPING) for name, hints in GAME_LINKS.items()
}
"""The known columns of each link table, without its keys."""

LinkColumns = dict[str, list[Any]]


@dataclass
class Game:
    """One canonical game row and its links.

    Attributes:
        links: The links of known shape by table, as columns: a popular game has some 80.
        odd_links: Links with anything new in them, as rows.
        tags: The game's tags in full.
    """

    row: Row
    links: dict[str, LinkColumns] = field(default_factory=dict)
    odd_links: dict[str, list[Row]] = field(default_factory=dict)
    tags: list[Row] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.row["id"])

    def is_older_than(self, other: "Game") -> bool:
        """Whether RAWG changed the game between this sighting and `other`."""
        mine, theirs = self.row.get("updated"), other.row.get("updated")
        return isinstance(mine, datetime) and isinstance(theirs, datetime) and mine < theirs


def canonical_game(raw: Row) -> Game:
    """Makes one game out of either shape; unknown fields pass through, what cannot be read stays as it came."""
    row = {name: value for name, value in raw.items() if value is not None and name not in NOISE}
    row["_dlt_id"] = str(raw["id"])
    _flatten(row, "added_by_status")
    _flatten(row, "esrb_rating", only=ESRB_KEYS)
    _parse(row, "released", date.fromisoformat)
    _parse(row, "updated", _utc)
    game = Game(row)
    for name in GAME_LINKS:
        if isinstance(elements := row.get(name), list):
            _add_links(game, name, row.pop(name))
            if name == "tags":
                game.tags = [element for element in elements if isinstance(element, dict)]
    return game


def _add_links(game: Game, name: str, elements: list[Any]) -> None:
    if name in VOCABULARIES:
        try:
            game.links[name] = {"id": [element["id"] for element in elements]}
            return
        except (KeyError, TypeError):
            pass  # not the known shape
    fields = LINK_FIELDS[name]
    rows = [_link(name, element) for element in elements]
    if all(row.keys() <= set(fields) for row in rows):
        game.links[name] = {column: [row.get(column) for row in rows] for column in fields}
    else:
        game.odd_links[name] = rows


def link_tables(games: list[Game], name: str, schema: pa.Schema) -> Iterator[pa.Table | list[Row]]:
    """The rows of `games__<name>`: an Arrow table of the known, dicts of the odd.

    A game without such links gives one row that says so, which makes dlt delete the links it had.
    """
    columns: LinkColumns = {column: [] for column in schema.names}
    odd: list[Row] = []
    for game in games:
        links = game.links.get(name, {})
        count = len(next(iter(links.values()), ()))
        if name in game.odd_links:
            odd += _with_keys(game, game.odd_links[name])
        elif count:
            for column in LINK_FIELDS[name]:
                columns[column] += links[column]
            columns["is_removed"] += [None] * count
            _add_keys(columns, game, range(count))
        else:
            for column in LINK_FIELDS[name]:
                columns[column].append(None)
            columns["is_removed"].append(True)
            _add_keys(columns, game, range(1))
    if _types_fit(columns, schema):
        if columns["game_id"]:
            yield pa.table(columns, schema=schema)
    else:
        names = list(columns)
        odd = [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)] + odd
    if odd:
        yield odd


def _add_keys(columns: LinkColumns, game: Game, positions: range) -> None:
    key = game.row["_dlt_id"]
    columns["game_id"] += [game.id] * len(positions)
    columns["_dlt_parent_id"] += [key] * len(positions)
    columns["_dlt_id"] += [f"{key}-{position}" for position in positions]


def _with_keys(game: Game, links: list[Row]) -> Iterator[Row]:
    key = game.row["_dlt_id"]
    for position, link in enumerate(links):
        yield {"game_id": game.id, "_dlt_parent_id": key, "_dlt_id": f"{key}-{position}", **link}


def without_links(games: list[Game], name: str) -> int:
    """How many games have no links `name`: the rows that `link_tables` gives only to remove old ones."""
    return sum(1 for game in games if name not in game.odd_links and not any(game.links.get(name, {}).values()))


def snapshot_row(game: Game, day: date) -> Row:
    """The game's measures as they are on `day` (UTC)."""
    row = {"game_id": game.id, "snapshot_date": day, "_dlt_id": f"{game.id}-{day}"}
    row.update((name, game.row.get(name)) for name in GAME_MEASURES)
    return row


def without_samples(raw: Row) -> Row:
    """A row of a list without the handful of sample games beside it; linked platforms shrink to their ids."""
    row = {name: value for name, value in raw.items() if name != "games"}
    if isinstance(platforms := row.get("platforms"), list):
        row["platforms"] = [{"id": platform["id"]} for platform in platforms]
    return row


def game_detail(raw: Row) -> Row:
    """The detail of a game without the links that its row in `games` has."""
    game = canonical_game(raw)
    row = {name: value for name, value in game.row.items() if name not in SELECTED_GAME_KEYS}
    if isinstance(reactions := row.get("reactions"), dict):
        # the ids of reactions are keys of an object, and would become a column each
        row["reactions"] = [{"id": id, "count": count} for id, count in reactions.items()]
    return {**row, "platforms": [_link("platforms", element) for element in raw.get("platforms") or []]}


def of_game(raw: Row) -> Row:
    """A row of a per-game list with its game's id."""
    return {"game_id": raw["_selected_games_id"], **_without_parent_keys(raw)}


def related_game(raw: Row) -> Row:
    """A row of /additions, /game-series or /parent-games; its links belong to `games`."""
    game = canonical_game(_without_parent_keys(raw))
    row = {name: game.row.get(name) for name in ("id", "slug", "name", "released", "updated")}
    return {"game_id": raw["_selected_games_id"], **row}


def arrow_where_known(rows: Iterable[Row], schema: pa.Schema) -> Iterator[pa.Table | list[Row]]:
    """Yields the rows that fit `schema` as one Arrow table, and the others, if any, as a list of dicts."""
    names = frozenset(schema.names)
    known: list[Row] = []
    unknown: list[Row] = []
    for row in rows:
        (known if row.keys() <= names else unknown).append(row)
    columns = _columns(known, schema)
    if not _types_fit(columns, schema):
        # a new type is rare, so only then is each row looked at by itself
        fitting = [_types_fit(_columns([row], schema), schema) for row in known]
        unknown += [row for row, fits in zip(known, fitting, strict=True) if not fits]
        columns = _columns([row for row, fits in zip(known, fitting, strict=True) if fits], schema)
    table = pa.table(columns, schema=schema)
    if table.num_rows:
        yield table
    if unknown:
        yield unknown


def _columns(rows: list[Row], schema: pa.Schema) -> LinkColumns:
    return {name: [row.get(name) for row in rows] for name in schema.names}


PYTHON_TYPES: dict[pa.DataType, set[type]] = {
    pa.int64(): {int, NoneType},
    pa.float64(): {float, int, NoneType},
    pa.string(): {str, NoneType},
    pa.bool_(): {bool, NoneType},
    pa.date32(): {date, NoneType},
    pa.timestamp("us", tz="UTC"): {datetime, NoneType},
}
LARGEST = 2**53
"""Integers up to here are exact in every engine's numbers; larger ones are left to dlt."""


def _types_fit(columns: LinkColumns, schema: pa.Schema) -> bool:
    """Whether every value has its column's exact type: Arrow itself would cut 3.5 down to an integer."""
    for column in schema:
        values = columns[column.name]
        types = set(map(type, values))
        if not types <= PYTHON_TYPES[column.type] or (not column.nullable and NoneType in types):
            return False
        if int in types and max(map(abs, filter(None, values)), default=0) > LARGEST:
            return False
    return True


SELECTED_GAME_KEYS = frozenset({"_selected_games_id"})
"""What dlt adds to the rows of a per-game resource."""


def _without_parent_keys(raw: Row) -> Row:
    return {name: value for name, value in raw.items() if name not in SELECTED_GAME_KEYS}


def _link(name: str, element: Any) -> Row:
    if not isinstance(element, dict):
        return {"value": element}
    if name in VOCABULARIES and "id" in element:
        return {"id": element["id"]}
    reference = REFERENCES.get(name)
    if reference and isinstance(linked := element.get(reference), dict):
        own = {key: value for key, value in element.items() if key != reference and value is not None}
        return {f"{reference}__id": linked.get("id"), **own}
    return {key: value for key, value in element.items() if value is not None}


def _flatten(row: Row, name: str, only: tuple[str, ...] | None = None) -> None:
    nested = row.get(name)
    if isinstance(nested, dict):
        del row[name]
        row.update((f"{name}__{key}", value) for key, value in nested.items() if only is None or key in only)


def _parse(row: Row, name: str, parse: Any) -> None:
    value = row.get(name)
    if value == "":
        del row[name]  # RAWG's other way to say that it does not know
    elif isinstance(value, str):
        try:
            row[name] = parse(value)
        except ValueError:
            pass


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
