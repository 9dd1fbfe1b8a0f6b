"""The RAWG API proper: what a path and its parameters answer, without keys, faults or HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import orjson

from .details import Details
from .lists import BROWSE_EXTRAS, CAP, GameLists, Index, InvalidPageError, cut_page, envelope
from .references import Reference, References
from .rows import Rows
from .world import World

Params = dict[str, str]


class Reply(NamedTuple):
    """One HTTP response. `listed` are the games of a /games list, for drift."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    listed: Index | None = None


def json_reply(value: Any, status: int = 200, listed: Index | None = None) -> Reply:
    """A JSON response."""
    return Reply(status, orjson.dumps(value), listed=listed)


NOT_FOUND = json_reply({"detail": "Not found."}, 404)
INVALID_PAGE = json_reply({"detail": "Invalid page."}, 404)
PAID_PLAN = json_reply({"error": "This endpoint is available on the Business and Enterprise plans only"}, 401)
UNKNOWN_PATH = Reply(
    404,
    b"<!doctype html><html><head><title>404</title></head><body><h1>Not Found</h1></body></html>",
    "text/html",
)
_PAID = ("suggested", "twitch", "youtube")
_ORDERED_LISTS = ("genres", "platforms", "stores", "platforms/lists/parents")


class Api:
    """Answers GET requests below /api from the world."""

    def __init__(self, world: World) -> None:
        self.references = References(world)
        self.rows = Rows(world, self.references)
        self.lists = GameLists(world, self.references)
        self.details = Details(world, self.references, self.rows)
        self.lists_served = 0

    def answer(
        self, path: str, params: Params, url: str, *, shuffle: bool = False, ignore_filter: bool = False
    ) -> Reply:
        """The response to `path` (below /api, without slashes around it); `next` starts with `url`."""
        try:
            if path == "games":
                return self._games(params, url, shuffle, ignore_filter)
            return self._route(path, params, url)
        except InvalidPageError:
            return INVALID_PAGE

    def _route(self, path: str, params: Params, url: str) -> Reply:
        if path == "platforms/lists/parents":
            return self._plain(path, self.references.parents(), params, url)
        if path == "creator-roles":
            return self._plain(path, self.references.roles(), params, url)
        kind, *rest = path.split("/")
        if kind == "games" and len(rest) <= 2:
            return self._game(rest[0], rest[1] if len(rest) == 2 else "", params, url)
        if kind not in self.references.kinds or len(rest) > 1:
            return UNKNOWN_PATH
        reference = self.references.kinds[kind]
        return self._entry(reference, rest[0]) if rest else self._entries(reference, params, url)

    def _games(self, params: Params, url: str, shuffle: bool, ignore_filter: bool) -> Reply:
        filters = () if ignore_filter else self.lists.filters(params)
        found = self.lists.find(filters, params.get("ordering", ""))
        page = cut_page(self._shifted(found) if shuffle else found, params, CAP if filters else None)
        indexes = page.rows.tolist()
        self.lists_served += 1
        if not filters:
            rows = [self.rows.rich(index) for index in indexes]
            return json_reply(envelope(page, url, params, rows, **BROWSE_EXTRAS), listed=found)
        searched = any(name == "search" for name, _ in filters)
        first = 100 - (page.number - 1) * 0.5
        scores = (f"{max(1.0, first - place * 0.0125):.6f}" if searched else None for place in range(len(indexes)))
        rows = [self.rows.slim(index, score) for index, score in zip(indexes, scores, strict=True)]
        return json_reply(envelope(page, url, params, rows, user_platforms=False), listed=found)

    def _shifted(self, found: Index) -> Index:
        """The list turned by 0, 1 or 2 places: rows repeat or vanish where pages meet."""
        return np.roll(found, self.lists_served % 3)

    def _game(self, id_or_slug: str, part: str, params: Params, url: str) -> Reply:
        parts: dict[str, Callable[[int], list[dict[str, Any]]]] = self.details.parts
        if part and part not in parts and part not in _PAID:
            return UNKNOWN_PATH
        index = self.lists.index_of(id_or_slug)
        if index is None:
            return NOT_FOUND
        if part in _PAID:
            return PAID_PLAN
        if not part:
            return json_reply(self.details.game(index))
        return self._plain(part, parts[part](index), params, url)

    def _entries(self, reference: Reference, params: Params, url: str) -> Reply:
        places = _sorted_entries(reference, params.get("ordering", ""))
        size = 50 if reference.kind == "platforms" else 20
        page = cut_page(places, params, size=size, limit=max(size, 40))
        return json_reply(envelope(page, url, params, [reference.row(int(place)) for place in page.rows]))

    def _plain(self, path: str, rows: list[dict[str, Any]], params: Params, url: str) -> Reply:
        ordering = params.get("ordering", "")
        if path in _ORDERED_LISTS and ordering.removeprefix("-") in ("id", "name"):
            rows = sorted(rows, key=lambda row: row[ordering.removeprefix("-")], reverse=ordering.startswith("-"))
        page = cut_page(rows, params)
        return json_reply(envelope(page, url, params, list(page.rows)))

    @staticmethod
    def _entry(reference: Reference, id_or_slug: str) -> Reply:
        place = reference.place(id_or_slug)
        return NOT_FOUND if place is None else json_reply(reference.detail(place))


def _sorted_entries(reference: Reference, ordering: str) -> Any:
    """Places in the order asked for, where the list can be ordered at all; else the largest first."""
    name = ordering.removeprefix("-")
    if reference.kind not in _ORDERED_LISTS or name not in ("id", "name", "games_count"):
        return reference.order
    keys: dict[str, Callable[[int], Any]] = {
        "id": reference.id,
        "name": reference.name,
        "games_count": lambda place: int(reference.games_count[place]),
    }
    return sorted(range(reference.size), key=keys[name], reverse=ordering.startswith("-"))
