"""Pages of /games as they arrive: games of known shape into columns, any other game as the row that it is.

RAWG sends the known shape all but always, and msgspec reads it several times faster than a dict can be made of it. Its
types are strict: a game with anything new on it, a field or a type, is not of that shape and is left to `rows.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, chain
from operator import attrgetter
from threading import Lock
from types import NoneType
from typing import Annotated, Any

import msgspec
import orjson
import pyarrow as pa
import requests

from sources.rawg.columns import GAME_LINKS, GAMES, LARGEST, TAGS, arrow_schema
from sources.rawg.errors import RawgError
from sources.rawg.rows import ESRB, LINK_FIELDS, NOISE, REFERENCES, TEXTS, VOCABULARIES, Game, Row, canonical_game
from sources.rawg.session import RawgSession, with_json

Sighting = tuple[int, datetime | None]
"""Id of a game and its `updated` as they stood on a page."""

_COLUMNS = [column for column in arrow_schema(GAMES) if column.name not in ("last_seen_at", "_dlt_id")]
_LINKS = {
    name: pa.struct([arrow_schema(hints).field(column) for column in LINK_FIELDS[name]])
    for name, hints in GAME_LINKS.items()
}
KNOWN_GAMES = pa.schema([*_COLUMNS, *(pa.field(name, pa.list_(link)) for name, link in _LINKS.items())])
"""Games of known shape and their links, in columns named like those of their tables."""
NO_GAMES = pa.RecordBatch.from_pylist([], schema=KNOWN_GAMES)

_TYPES: dict[pa.DataType, Any] = {
    pa.int64(): Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)],
    pa.float64(): float,
    pa.string(): str,
    pa.bool_(): bool,
    pa.date32(): str,
    pa.timestamp("us", tz="UTC"): str,
}
_MAY_HAVE_MORE = frozenset({ESRB, *VOCABULARIES - {"tags"}, *REFERENCES.values()})
"""Objects whose other fields are looked at elsewhere, or by nobody."""
_NULLS = {"game": ("clip",), "platforms": ("requirements_en", "requirements_ru")}
"""Fields that RAWG sends and hardly ever fills."""
_IDENTIFIED = frozenset({"game", *VOCABULARIES})
"""Objects that are nothing without their id."""


def _shape(name: str, columns: Iterable[pa.Field], **more: Any) -> type[msgspec.Struct]:
    """The JSON object that becomes these columns; `parent__child` lies in an object below it."""
    fields: dict[str, Any] = {**more, **dict.fromkeys(_NULLS.get(name, ()), NoneType)}
    below: dict[str, list[pa.Field]] = defaultdict(list)
    for column in columns:
        parent, _, child = column.name.partition("__")
        if child:
            below[parent].append(column.with_name(child))
        else:
            fields[parent] = _TYPES[column.type]
    fields |= {parent: _shape(parent, children) for parent, children in below.items()}
    required = {"id"} if name in _IDENTIFIED else ()
    return msgspec.defstruct(
        name,
        [(each, kind) if each in required else (each, kind | None, None) for each, kind in fields.items()],
        kw_only=True,
        forbid_unknown_fields=name not in _MAY_HAVE_MORE,
        gc=False,
    )


_TAG = [column for column in arrow_schema(TAGS) if column.name != "_dlt_id"]
_GAME = _shape(
    "game",
    _COLUMNS,
    **{name: list[_shape(name, link)] for name, link in {**_LINKS, "tags": _TAG}.items()},  # type: ignore[misc]
    **dict.fromkeys(NOISE, object),
)


class _Envelope(msgspec.Struct):
    count: int
    results: list[msgspec.Raw]


_read_envelope = msgspec.json.Decoder(_Envelope).decode
_read_game = msgspec.json.Decoder(_GAME).decode


@dataclass(frozen=True)
class Games:
    """Games of one page, or of many: those of known shape as `KNOWN_GAMES`, and the odd.

    Attributes:
        tags: By id, the tags of those of known shape in full, each as it came last.
    """

    known: pa.RecordBatch
    odd: Sequence[Game]
    tags: Mapping[int, Any]

    def take(self, positions: Sequence[int]) -> "Games":
        """Those at these positions, counted through the known and then the odd; with all tags of the page."""
        known = len(self.known)
        if list(positions) == list(range(known + len(self.odd))):
            return self
        columns = self.known.take(pa.array([at for at in positions if at < known], pa.int64()))
        return Games(columns, [self.odd[at - known] for at in positions if at >= known], self.tags)

    @staticmethod
    def together(parts: Sequence["Games"]) -> "Games":
        """All games of the parts."""
        known = pa.concat_batches([NO_GAMES, *(part.known for part in parts)])
        tags = {id: tag for part in parts for id, tag in part.tags.items()}
        return Games(known, [game for part in parts for game in part.odd], tags)


@dataclass(frozen=True)
class PageOfGames:
    """A page of games, and who was seen on it, in the same order."""

    games: Games
    sightings: Sequence[Sighting]


NO_PAGE = PageOfGames(Games(NO_GAMES, [], {}), [])


_READING = Lock()


def read_page(content: bytes) -> Row | None:
    """The envelope of a page with its `count`, and a `PageOfGames` as `results`; None when the body is broken."""
    with _READING:  # threads that take Python's lock from each other with every column take up to twice as long
        return _read_page(content)


def _read_page(content: bytes) -> Row | None:
    try:
        content.decode()  # msgspec does not look into what it leaves out
        envelope = _read_envelope(content)
        games = [(_known_game(raw), raw) for raw in envelope.results]
        odd = [orjson.loads(memoryview(raw)) for game, raw in games if game is None]
    except (ValueError, RecursionError):  # msgspec's and orjson's errors are a ValueError, too
        return None
    if not all(isinstance(row, dict) and "id" in row for row in odd):
        return None
    known = [game for game, _ in games if game is not None]
    return {"count": envelope.count, "results": page_of_games(known, odd)}


def page_of_games(known: Sequence[Any], odd: Iterable[Row]) -> PageOfGames:
    """A page of games of known shape and of others, as RAWG's rows."""
    games = [canonical_game(row) for row in odd]
    sightings = [(game.id, game.updated) for game in [*known, *games]]
    tags = {tag.id: tag for game in known for tag in game.tags or ()}
    return PageOfGames(Games(_columns(known), games, tags), sightings)


def _known_game(raw: msgspec.Raw) -> Any:
    """The game, its dates parsed; None when it is not of known shape."""
    try:
        game = _read_game(raw)
        for name, parse in TEXTS.items():
            text = getattr(game, name)
            setattr(game, name, parse(text) if text else None)
    except ValueError:  # also msgspec's ValidationError
        return None
    return game


def _columns(games: Sequence[Any]) -> pa.RecordBatch:
    """`KNOWN_GAMES` of these games."""
    scalars = [pa.array(_values(games, column.name), column.type) for column in _COLUMNS]
    lists = [_list_column([getattr(game, name) or () for game in games], link) for name, link in _LINKS.items()]
    return pa.record_batch([*scalars, *lists], schema=KNOWN_GAMES)


def _list_column(lists: Sequence[Sequence[Any]], kind: pa.StructType) -> pa.ListArray:
    links = list(chain.from_iterable(lists))
    fields = [pa.array(_values(links, column.name), column.type) for column in kind]
    offsets = pa.array(accumulate(map(len, lists), initial=0), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(fields, fields=list(kind)))


def _values(objects: Sequence[Any], column: str) -> list[Any]:
    parent, _, child = column.partition("__")
    values = map(attrgetter(parent), objects)
    return [value and getattr(value, child) for value in values] if child else list(values)


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
                payload["results"] = NO_PAGE
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, str(request.url)
        return with_json(answer, payload)
