"""Pages of /games as they arrive: games and their links into columns, and what no column holds beside them.

RAWG sends the known shape all but always, and msgspec reads it several times faster than a dict can be made of it. Its
types are strict: a field that is new, or of a new type, or a list with anything new on a link, is kept as the JSON that
it is, for `rows.py` to look at. On the day when RAWG adds a field, it does so to all games at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate, chain, starmap
from operator import attrgetter
from threading import Lock
from types import NoneType
from typing import Annotated, Any

import msgspec
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import requests

from sources.rawg.columns import GAME_LINKS, GAMES, LARGEST, TAGS, arrow_schema
from sources.rawg.errors import RawgError
from sources.rawg.rows import ESRB, LINK_FIELDS, NOISE, REFERENCES, TEXTS, VOCABULARIES, Game, Row, canonical_game
from sources.rawg.session import RawgSession, with_json

Sighting = tuple[int, datetime | None]
"""Id of a game and its `updated` as they stood on a page."""
Json = dict[str, msgspec.Raw | str]
"""Fields by name, not read, or as text."""
ReadGame = tuple[Any, Json]
"""A game as msgspec reads it, and the fields that no column holds."""

_COLUMNS = [column for column in arrow_schema(GAMES) if column.name not in ("last_seen_at", "_dlt_id")]
_LINKS = {
    name: pa.struct([arrow_schema(hints).field(column) for column in LINK_FIELDS[name]])
    for name, hints in GAME_LINKS.items()
}
_NEWS = "_news"
KNOWN_GAMES = pa.schema(
    [*_COLUMNS, *(pa.field(name, pa.list_(link)) for name, link in _LINKS.items()), pa.field(_NEWS, pa.string())]
)
"""Games and their links in columns named like those of their tables; fields that no column holds as a JSON object, and
null for most games."""
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
_read_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_read_field = {field.name: msgspec.json.Decoder(field.type).decode for field in msgspec.structs.fields(_GAME)}


@dataclass(frozen=True)
class Games:
    """Games of one page, or of many, as `KNOWN_GAMES`.

    Attributes:
        tags: By id, the tags of games without news of their tags in full, each as it came last.
    """

    known: pa.RecordBatch
    tags: dict[int, Any]

    @cached_property
    def news(self) -> dict[int, Game]:
        """What no column holds, by the position of its game: a game with nothing else on it."""
        ids, news = self.known["id"], self.known[_NEWS]
        at = pc.indices_nonzero(pc.is_valid(news))
        told = zip(at.to_pylist(), ids.take(at).to_pylist(), news.take(at).to_pylist(), strict=True)
        return {position: canonical_game({**orjson.loads(fields), "id": id}) for position, id, fields in told}

    @classmethod
    def together(cls, pages: Iterable[tuple[pa.RecordBatch, Sequence[int]]], tags: dict[int, Any]) -> "Games":
        """Those at these positions of pages like `KNOWN_GAMES`."""
        return cls(pa.concat_batches([NO_GAMES, *starmap(_taken, pages)]), tags)


def _taken(page: pa.RecordBatch, positions: Sequence[int]) -> pa.RecordBatch:
    everything = list(positions) == list(range(len(page)))
    return page if everything else page.take(pa.array(positions, pa.int64()))


@dataclass(frozen=True)
class PageOfGames:
    """A page of games, and who was seen on it, in the same order."""

    games: Games
    sightings: Sequence[Sighting]


NO_PAGE = PageOfGames(Games(NO_GAMES, {}), [])


_READING = Lock()


def read_page(content: bytes) -> Row | None:
    """The envelope of a page with its `count`, and a `PageOfGames` as `results`; None when the body is broken."""
    with _READING:  # threads that take Python's lock from each other with every column take up to twice as long
        return _read_page(content)


def _read_page(content: bytes) -> Row | None:
    try:
        content.decode()  # msgspec does not look into what it leaves out
        envelope = _read_envelope(content)
        games = [_game(raw) for raw in envelope.results]
    except (ValueError, RecursionError):  # msgspec's and orjson's errors are a ValueError, too
        return None
    sightings = [(game.id, game.updated) for game, _ in games]
    tags = {tag.id: tag for game, _ in games for tag in game.tags or ()}
    return {"count": envelope.count, "results": PageOfGames(Games(_columns(games), tags), sightings)}


def _game(raw: msgspec.Raw) -> ReadGame:
    """The game, its dates parsed, and what no column holds of it.

    Raises:
        ValueError: it is no game, or no JSON.
    """
    news: Json = {}
    try:
        game = _read_game(raw)
    except msgspec.ValidationError:
        game, news = _by_field(raw)
    for name, parse in TEXTS.items():
        text = getattr(game, name)
        try:
            setattr(game, name, parse(text) if text else None)
        except ValueError:
            setattr(game, name, None)
            news[name] = text
    return game, news


def _by_field(raw: msgspec.Raw) -> ReadGame:
    """A game of another shape, field by field."""
    known: Row = {}
    news: Json = {}
    for name, value in _read_fields(raw).items():
        try:
            known[name] = _read_field[name](value)
        except (KeyError, msgspec.ValidationError):
            # orjson looks into it, which msgspec does not; null is no news
            if orjson.loads(memoryview(value)) is not None:
                news[name] = value
    if "id" not in known:
        raise ValueError("a game without an id")
    return _GAME(**known), news


def _columns(read: Sequence[ReadGame]) -> pa.RecordBatch:
    """`KNOWN_GAMES` of these games."""
    games = [game for game, _ in read]
    scalars = [pa.array(_values(games, column.name), column.type) for column in _COLUMNS]
    lists = [_list_column([getattr(game, name) or () for game in games], link) for name, link in _LINKS.items()]
    news = pa.array([msgspec.json.encode(news).decode() if news else None for _, news in read], pa.string())
    return pa.record_batch([*scalars, *lists, news], schema=KNOWN_GAMES)


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
