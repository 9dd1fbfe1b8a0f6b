"""The tables that games become: Arrow for what is known, dicts for the rest.

Rows that consist of known columns travel as Arrow tables: a page has some 1,500 links, and dlt's row-by-row normalizer
would take most of a load's time for them. A row with anything new in it, a field or a type, travels as a dict, so that
dlt evolves the schema as it always does.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.rawg.columns import GAME_LINKS, GAME_MEASURES, GAME_SNAPSHOTS, GAMES, LARGEST, TAGS, arrow_schema
from sources.rawg.pages import Games
from sources.rawg.rows import LINK_FIELDS, Game, Row

Items = Iterator[pa.Table | list[Row]]

_GAMES, _SNAPSHOTS, _TAGS = (arrow_schema(hints) for hints in (GAMES, GAME_SNAPSHOTS, TAGS))
_LINKS = {name: arrow_schema(hints) for name, hints in GAME_LINKS.items()}


def game_rows(games: Games, seen_at: datetime) -> Items:
    """The rows of `games`."""
    known = games.known
    derived = {"last_seen_at": pa.repeat(seen_at, len(known)), "_dlt_id": _text(known["id"])}
    table = _table(_GAMES, {**_by_name(known), **derived}, len(known))
    yield from _with_news(table, {at: game.row for at, game in games.news.items()})


def snapshot_rows(games: Games, day: date) -> Items:
    """The rows of `game_snapshots`: the measures as they are on `day` (UTC)."""
    known = games.known
    keys = {
        "game_id": known["id"],
        "snapshot_date": pa.repeat(day, len(known)),
        "_dlt_id": pc.binary_join_element_wise(_text(known["id"]), str(day), "-"),
    }
    table = _table(_SNAPSHOTS, {**_by_name(known), **keys}, len(known))
    news = {
        at: measures
        for at, game in games.news.items()
        if (measures := {name: value for name, value in game.row.items() if name in GAME_MEASURES})
    }
    yield from _with_news(table, news)


def link_rows(games: Games, name: str) -> Items:
    """The rows of `games__<name>`.

    A game without such links gives one row that says so, which makes dlt delete the links it had.
    """
    known, schema = games.known, _LINKS[name]
    lists, keys = known[name], _text(known["id"])
    parents, links = pc.list_parent_indices(lists), pc.list_flatten(lists)
    positions = pc.subtract(pa.arange(0, len(links)), lists.offsets.take(parents).cast(pa.int64()))
    linked = {
        "game_id": known["id"].take(parents),
        "_dlt_parent_id": keys.take(parents),
        "_dlt_id": pc.binary_join_element_wise(keys.take(parents), _text(positions), "-"),
        **{column: links.field(column) for column in LINK_FIELDS[name]},
    }
    news = {at: game for at, game in games.news.items() if name in game.links or name in game.row}
    bare = pc.and_(pc.equal(pc.list_value_length(lists), 0), pc.invert(_at(news, len(known))))
    bare_keys = keys.filter(bare)
    removed = {
        "game_id": known["id"].filter(bare),
        "_dlt_parent_id": bare_keys,
        "_dlt_id": pc.binary_join_element_wise(bare_keys, "0", "-"),
        "is_removed": pa.repeat(True, len(bare_keys)),
    }
    yield from _together(_table(schema, linked, len(links)), _table(schema, removed, len(bare_keys)))
    yield from arrow_where_known(chain.from_iterable(_links(game, name) for game in news.values()), schema)


def tag_rows(games: Games) -> Items:
    """The rows of `tags` that the games carry, each tag as it came last."""
    news = {str(tag["id"]): tag for game in games.news.values() for tag in game.tags if "id" in tag}
    known = [tag for id, tag in games.tags.items() if str(id) not in news]
    columns = {
        column.name: pa.array([getattr(tag, column.name) for tag in known], column.type)
        for column in _TAGS
        if column.name != "_dlt_id"
    }
    yield from _together(_table(_TAGS, {**columns, "_dlt_id": _text(columns["id"])}, len(known)))
    yield from arrow_where_known(({**tag, "_dlt_id": key} for key, tag in news.items()), _TAGS)


def removals(item: pa.Table | list[Row]) -> int:
    """How many of the links are none: rows that `link_rows` gives only to remove old ones."""
    if isinstance(item, pa.Table):
        return pc.sum(item["is_removed"]).as_py() or 0
    return sum(1 for row in item if row.get("is_removed"))


def arrow_where_known(rows: Iterable[Row], schema: pa.Schema) -> Items:
    """Yields the rows that fit `schema` as one Arrow table, and the others, if any, as a list of dicts."""
    names = frozenset(schema.names)
    known: list[Row] = []
    unknown: list[Row] = []
    for row in rows:
        (known if row.keys() <= names else unknown).append(row)
    columns = _as_columns(known, schema)
    if not _types_fit(columns, schema):
        # a new type is rare, so only then is each row looked at by itself
        fitting = [_types_fit(_as_columns([row], schema), schema) for row in known]
        unknown += [row for row, fits in zip(known, fitting, strict=True) if not fits]
        columns = _as_columns([row for row, fits in zip(known, fitting, strict=True) if fits], schema)
    table = pa.table(columns, schema=schema)
    if table.num_rows:
        yield table
    if unknown:
        yield unknown


def _table(schema: pa.Schema, columns: dict[str, pa.Array], length: int) -> pa.Table:
    """A table of `schema`; columns that are not there are null."""
    arrays = [columns.get(each.name, pa.nulls(length)).cast(each.type) for each in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _together(*tables: pa.Table) -> Items:
    """One table of these, unless it is empty: dlt takes its time over each."""
    together = pa.concat_tables(tables)
    if together.num_rows:
        yield together


def _with_news(table: pa.Table, news: Mapping[int, Row]) -> Items:
    """The rows of a table; those at the positions of news with what no column holds of them."""
    yield from _together(table.filter(pc.invert(_at(news, len(table)))))
    told = zip(table.take(pa.array(list(news), pa.int64())).to_pylist(), news.values(), strict=True)
    yield from arrow_where_known(({**more, **_without_nulls(row)} for row, more in told), table.schema)


def _at(positions: Iterable[int], length: int) -> pa.BooleanArray:
    """A mask of that length, true at the positions."""
    mask = np.zeros(length, np.bool_)
    mask[list(positions)] = True
    return pa.array(mask)


def _without_nulls(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def _by_name(known: pa.RecordBatch) -> dict[str, pa.Array]:
    return dict(zip(known.schema.names, known.columns, strict=True))


def _text(numbers: pa.Array) -> pa.Array:
    return numbers.cast(pa.string())


def _links(game: Game, name: str) -> Iterator[Row]:
    key = game.row["_dlt_id"]
    for position, link in enumerate(game.links.get(name) or [{"is_removed": True}]):
        yield {"game_id": game.id, "_dlt_parent_id": key, "_dlt_id": f"{key}-{position}", **link}


def _as_columns(rows: list[Row], schema: pa.Schema) -> dict[str, list[Any]]:
    return {name: [row.get(name) for row in rows] for name in schema.names}


PYTHON_TYPES: dict[pa.DataType, set[type]] = {
    pa.int64(): {int, NoneType},
    pa.float64(): {float, int, NoneType},
    pa.string(): {str, NoneType},
    pa.bool_(): {bool, NoneType},
    pa.date32(): {date, NoneType},
    pa.timestamp("us", tz="UTC"): {datetime, NoneType},
}


def _types_fit(columns: dict[str, list[Any]], schema: pa.Schema) -> bool:
    """Whether every value has its column's exact type: Arrow itself would cut 3.5 down to an integer."""
    for column in schema:
        values = columns[column.name]
        types = set(map(type, values))
        if not types <= PYTHON_TYPES[column.type] or (not column.nullable and NoneType in types):
            return False
        if int in types and max(map(abs, filter(None, values)), default=0) > LARGEST:
            return False
    return True
