"""Pages of /games as they arrive: straight into Arrow where all that is on a page is known, row by row where not.

RAWG sends the known shape all but always, and Arrow reads it without an object for each of a page's thousands of
values. A page with anything new on it, a field or a type, is read as `rows.py` reads it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import requests

from sources.rawg.columns import GAME_LINKS, GAMES, TAGS, arrow_schema
from sources.rawg.errors import RawgError
from sources.rawg.rows import ESRB, LINK_FIELDS, NOISE, REFERENCES, TEXTS, VOCABULARIES, Game, Row, canonical_game
from sources.rawg.session import RawgSession, read_json, with_json

Sighting = tuple[int, datetime | None]
"""Id of a game and its `updated` as they stood on a page."""

_SENT = [column for column in arrow_schema(GAMES) if column.name not in ("last_seen_at", "_dlt_id")]


def _object(columns: Iterable[pa.Field]) -> pa.StructType:
    """The JSON object that has these columns; `parent__child` lies one object further down."""
    fields: dict[str, pa.DataType] = {}
    for column in columns:
        parent, _, child = column.name.partition("__")
        below = list(fields.get(parent, ())) if child else []
        kind = pa.struct([*below, pa.field(child, column.type)]) if child else column.type
        fields[parent] = pa.string() if parent in TEXTS else kind
    return pa.struct(fields.items())


_LINKS = {
    name: _object(arrow_schema(hints).field(column) for column in LINK_FIELDS[name])
    for name, hints in GAME_LINKS.items()
} | {"tags": _object(arrow_schema(TAGS))}
_ROW = pa.struct([*_object(_SENT), *(pa.field(name, pa.list_(link)) for name, link in _LINKS.items())])
_ENVELOPE = pa.schema({"count": pa.int64(), "results": pa.list_(_ROW)})
_FIELDS = frozenset(_ROW.names) | NOISE
_WITH_MORE = frozenset({"", ESRB, *VOCABULARIES - {"tags"}, *(f"{name}.{link}" for name, link in REFERENCES.items())})
"""Objects whose other fields are looked at elsewhere, or by nobody."""

KNOWN_GAMES = pa.schema([arrow_schema(GAMES).field(each.name) if each.name in TEXTS else each for each in _ROW])
"""Games as RAWG sends them, in columns, without what `rows.py` leaves out."""
NO_GAMES = pa.RecordBatch.from_pylist([], schema=KNOWN_GAMES)


@dataclass(frozen=True)
class Games:
    """Games of one page, or of many: those of known shape as `KNOWN_GAMES`, and the odd."""

    known: pa.RecordBatch
    odd: Sequence[Game]

    def take(self, positions: Sequence[int]) -> "Games":
        """Those at these positions, counted through the known and then the odd."""
        known = len(self.known)
        if list(positions) == list(range(known + len(self.odd))):
            return self
        columns = self.known.take(pa.array([at for at in positions if at < known], pa.int64()))
        return Games(columns, [self.odd[at - known] for at in positions if at >= known])

    @staticmethod
    def together(parts: Sequence["Games"]) -> "Games":
        """All games of the parts."""
        known = pa.concat_batches([NO_GAMES, *(part.known for part in parts)])
        return Games(known, [game for part in parts for game in part.odd])


@dataclass(frozen=True)
class PageOfGames:
    """A page of games, and who was seen on it, in the same order."""

    games: Games
    sightings: Sequence[Sighting]

    @staticmethod
    def of_rows(rows: Iterable[Row]) -> "PageOfGames":
        """Games as the rows that RAWG sent."""
        games = [canonical_game(row) for row in rows]
        return PageOfGames(Games(NO_GAMES, games), [(game.id, game.updated) for game in games])

    def and_rows(self, rows: Iterable[Row]) -> "PageOfGames":
        """Games of known shape, and others as the rows that RAWG sent."""
        more = PageOfGames.of_rows(rows)
        return PageOfGames(Games(self.games.known, more.games.odd), [*self.sightings, *more.sightings])


def read_page(content: bytes) -> Row | None:
    """The envelope of a page with its `count`, and a `PageOfGames` as `results`; None when the body is broken."""
    found = _read_known(content)
    if found and not found.odd:
        return {"count": found.count, "results": found.page}
    envelope = read_json(content)
    if envelope is None or "results" not in envelope:
        return None
    rows = envelope["results"]
    page = found.page.and_rows(rows[at] for at in found.odd) if found else PageOfGames.of_rows(rows)
    return {"count": envelope["count"], "results": page}


@dataclass(frozen=True)
class _Found:
    """What Arrow could read: the games of known shape, and where on the page the others stand."""

    count: int
    page: PageOfGames
    odd: list[int]


class _Unknown(Exception):
    """Something on a page is new."""


def _read_known(content: bytes) -> _Found | None:
    try:
        content.decode()  # Arrow would not look
        page = pyarrow.json.read_json(
            pa.BufferReader(content),
            pyarrow.json.ReadOptions(use_threads=False, block_size=len(content) + 1),
            pyarrow.json.ParseOptions(explicit_schema=_ENVELOPE),
        )
        count, results = page["count"].to_pylist(), page["results"].combine_chunks()
        if len(count) != 1 or count[0] is None or results.null_count:
            return None
        rows = results.values
        odd = _with_new_fields(rows)
        if odd:
            rows = rows.take(pa.array(sorted(set(range(len(rows))) - odd), pa.int64()))
        return _Found(count[0], _parsed(_fitted(rows, _ROW, "")), sorted(odd))
    except (ValueError, pa.ArrowException, _Unknown):  # text of another encoding is a ValueError, too
        return None


def _with_new_fields(rows: pa.StructArray) -> set[int]:
    """Positions of the rows that hold something in a field of their own."""
    new = [rows.field(name) for name in {field.name for field in rows.type} - _FIELDS]
    return {
        at
        for values in new
        if values.null_count < len(rows)
        for at in pc.indices_nonzero(values.is_valid()).to_pylist()
    }


def _fitted(array: pa.Array, wanted: pa.DataType, path: str) -> pa.Array:
    """The array without what was read beside `wanted`.

    Raises:
        _Unknown: something else than null was read there, and `rows.py` would have kept it.
    """
    if pa.types.is_list(wanted):
        return pa.ListArray.from_arrays(array.offsets, _fitted(array.values, wanted.value_type, path))
    if not pa.types.is_struct(wanted):
        if pa.types.is_floating(wanted) and pc.all(pc.is_finite(array)).as_py() is False:
            raise _Unknown  # Arrow reads NaN, which is no JSON
        return array
    if path not in _WITH_MORE:
        for name in set(array.type.names).difference(wanted.names):
            if array.field(name).null_count < len(array):
                raise _Unknown
    inner = [_fitted(array.field(each.name), each.type, f"{path}.{each.name}".lstrip(".")) for each in wanted]
    return pa.StructArray.from_arrays(inner, fields=list(wanted), mask=array.is_null() if array.null_count else None)


def _parsed(rows: pa.StructArray) -> PageOfGames:
    """Rows of known shape.

    Raises:
        _Unknown: something that `rows.py` tells apart looks the same here.
        ValueError: a text does not stand for a date.
    """
    columns = dict(zip(KNOWN_GAMES.names, rows.flatten(), strict=True))
    parsed = {
        name: [parse(text) if text else None for text in columns[name].to_pylist()] for name, parse in TEXTS.items()
    }
    identified = [columns["id"], *(columns[name].values.field("id") for name in VOCABULARIES)]
    if any(ids.null_count for ids in identified):
        raise _Unknown
    batch = pa.record_batch({**columns, **parsed}, schema=KNOWN_GAMES)
    return PageOfGames(Games(batch, []), list(zip(columns["id"].to_pylist(), parsed["updated"], strict=True)))


class StoppableSession(requests.Session):
    """Asks for pages of /games; answers without results once a request failed for good, so that a chunk ends with
    what it has."""

    def __init__(self, session: RawgSession) -> None:
        super().__init__()
        self.trust_env = False  # it sends nothing itself
        self.session = session
        self.stopped: RawgError | None = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Sends one request unless an earlier one failed; a page that RAWG no longer has comes back empty."""
        payload: dict[str, Any] = {"count": None, "results": None}
        if self.stopped is None:
            try:
                response = self.session.answer(request, read_page)
            except RawgError as error:
                self.stopped = error
            else:
                if response.status_code == 200:
                    return response
                payload["results"] = PageOfGames.of_rows([])
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, str(request.url)
        return with_json(answer, payload)
