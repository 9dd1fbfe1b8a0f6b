"""Lists as RAWG serves them: filters, ordering, pages, the 10,000-row cap, envelopes."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property, partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from . import names
from .catalogue import Bools, Catalogue, Ints, to_day
from .references import References
from .world import DAY, World

CAP = 10_000  # rows of a filtered list that can be reached
PAGE_SIZE, PAGE_LIMIT = 20, 40
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAME_BYTES = 64  # the longest name of a million has 54
_KEPT_LISTS = 8
_LINK_FILTERS = ("genres", "platforms", "stores", "tags", "developers", "publishers", "creators")

Filters = tuple[tuple[str, Any], ...]
Index = NDArray[np.integer]


class InvalidPageError(Exception):
    """The page does not exist: 404 `{"detail": "Invalid page."}`."""


class Page(NamedTuple):
    """The rows of one page and where it stands: `total` is the true size, whatever can be reached."""

    rows: Any
    total: int
    number: int
    has_next: bool


def cut_page(
    found: Sequence[Any] | Index,
    params: Mapping[str, str],
    cap: int | None = None,
    size: int = PAGE_SIZE,
    limit: int = PAGE_LIMIT,
) -> Page:
    """The page that `page` and `page_size` ask for; a larger page size silently becomes `limit`."""
    asked = params.get("page_size", "")
    size = min(int(asked), limit) if asked.isdecimal() and int(asked) > 0 else size
    text = params.get("page", "1")
    if not text.isdecimal() or not 1 <= int(text) < 10**9:
        raise InvalidPageError
    number, count = int(text), len(found)
    first = (number - 1) * size
    if number > 1 and (first >= count or (cap is not None and first >= cap)):
        raise InvalidPageError
    last = first + size if cap is None else min(first + size, cap)
    return Page(found[first:last], count, number, first + size < count)


def envelope(page: Page, url: str, params: Mapping[str, str], rows: list[Any], **extras: Any) -> dict[str, Any]:
    """The list response; `next` and `previous` repeat every parameter, the key too."""

    def link(number: int) -> str:
        wanted = {**params, "page": str(number)}
        if number == 1:
            del wanted["page"]
        return f"{url}?{urlencode(sorted(wanted.items()))}"

    return {
        "count": page.total,
        "next": link(page.number + 1) if page.has_next else None,
        "previous": link(page.number - 1) if page.number > 1 else None,
        "results": rows,
        **extras,
    }


BROWSE_EXTRAS: dict[str, Any] = {
    "seo_title": "All Games",
    "seo_description": "",
    "seo_keywords": "",
    "seo_h1": "All Games",
    "noindex": False,
    "nofollow": False,
    "description": "",
    "filters": {"years": []},
    "nofollow_collections": ["stores"],
}


class GameLists:
    """Filtered and ordered lists of games as arrays of indexes; the last few are kept."""

    def __init__(self, world: World, references: References) -> None:
        self.world = world
        self.catalogue: Catalogue = world.catalogue
        self.references = references
        self._kept: OrderedDict[tuple[Any, ...], Index] = OrderedDict()

    def filters(self, params: Mapping[str, str]) -> Filters:
        """The filters that RAWG would understand; a malformed one is ignored, not refused."""
        parsers: dict[str, Callable[[str], Any]] = {
            "dates": _date_ranges,
            "updated": _date_ranges,
            "metacritic": _score_range,
            "parent_platforms": _parents,
            "search": lambda text: names.slugify(text) or None,
            "exclude_additions": lambda text: text.lower() in ("1", "true", "yes") or None,
            **{kind: partial(self._places, kind) for kind in _LINK_FILTERS},
        }
        parsed = ((name, parse(params[name])) for name, parse in parsers.items() if params.get(name))
        return tuple((name, value) for name, value in parsed if value is not None)

    def _places(self, kind: str, text: str) -> tuple[int, ...] | None:
        wanted = [part for part in text.split(",") if part]
        if not wanted:
            return None
        places = (self.references.kinds[kind].place(part) for part in wanted)
        return tuple(place for place in places if place is not None)

    def find(self, filters: Filters, ordering: str) -> Index:
        """Indexes of the matching games in order; ties go by id."""
        key = (self.world.version, filters, ordering)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        mask = self.world.alive.copy()
        for name, value in filters:
            mask &= self._mask(name, value)
        found = self._ordered(np.flatnonzero(mask).astype(np.int32), ordering)
        self._kept[key] = found
        if len(self._kept) > _KEPT_LISTS:
            self._kept.popitem(last=False)
        return found

    def _mask(self, name: str, value: Any) -> Bools:
        world, catalogue = self.world, self.catalogue
        if name == "dates":
            return _within(catalogue.released, value)
        if name == "updated":
            return _within(world.updated // DAY, value)
        if name == "metacritic":
            return _within(catalogue.metacritic, ((max(1, value[0]), value[1]),))
        if name == "search":
            return np.strings.find(self.slugs, value.encode()) >= 0
        if name == "exclude_additions":
            return ~catalogue.is_addition
        if name == "parent_platforms":
            places = [at for at, platform in enumerate(names.PLATFORMS) if platform.parent in value]
            return world.with_any("platforms", places)
        return world.with_any(name, list(value))

    def _ordered(self, found: Index, ordering: str) -> Index:
        name, descending = ordering.removeprefix("-"), ordering.startswith("-")
        if name == "created":
            return found[::-1] if descending else found
        keys = self._sort_keys(name)
        if keys is None:
            keys, descending = self.world.added, True
        chosen = keys[found]
        if not descending:
            return found[np.argsort(chosen, kind="stable")]
        backwards = np.argsort(chosen[::-1], kind="stable")[::-1]
        return found[len(found) - 1 - backwards]

    def _sort_keys(self, name: str) -> NDArray[Any] | None:
        world, catalogue = self.world, self.catalogue
        arrays: dict[str, Callable[[], NDArray[Any]]] = {
            "name": lambda: self.name_rank,
            "released": lambda: catalogue.released,
            "added": lambda: world.added,
            "updated": lambda: world.updated,
            "rating": lambda: world.rating,
            "metacritic": lambda: catalogue.metacritic,
        }
        return arrays[name]() if name in arrays else None

    # -- names, made when first needed ----

    def _spelled(self, spell: Callable[[str], str]) -> NDArray[np.bytes_]:
        size, name = self.catalogue.size, self.catalogue.name
        return np.fromiter((spell(name(at)).encode() for at in range(size)), f"S{_NAME_BYTES}", size)

    @cached_property
    def name_rank(self) -> Ints:
        """Each game's place in the order of names, whatever their case."""
        rank = np.empty(self.catalogue.size, np.int32)
        rank[np.argsort(self._spelled(str.lower))] = np.arange(self.catalogue.size, dtype=np.int32)
        return rank

    @cached_property
    def slugs(self) -> NDArray[np.bytes_]:
        """Slugs by index."""
        return self._spelled(names.slugify)

    def index_of(self, id_or_slug: str) -> int | None:
        """The index of a living game by id or slug."""
        if id_or_slug.isdecimal():
            return self.world.index_of(int(id_or_slug)) if len(id_or_slug) < 10 else None
        found = np.flatnonzero((self.slugs == id_or_slug.encode()) & self.world.alive)
        return int(found[0]) if len(found) else None


def _within(values: NDArray[Any], ranges: tuple[tuple[int, int], ...]) -> Bools:
    found = np.zeros(len(values), np.bool_)
    for first, last in ranges:
        found |= (values >= first) & (values <= last)
    return found


def _date_ranges(text: str) -> tuple[tuple[int, int], ...] | None:
    """`2024-01-01,2024-01-31`, several joined by dots; None when any is malformed."""
    ranges = [_date_range(part) for part in text.split(".")]
    return tuple(found for found in ranges if found) if all(ranges) else None


def _date_range(text: str) -> tuple[int, int] | None:
    parts = text.split(",")
    if len(parts) != 2 or not all(_DATE.fullmatch(part) for part in parts):
        return None
    try:
        first, last = (to_day(date.fromisoformat(part)) for part in parts)
    except ValueError:
        return None
    return first, last


def _score_range(text: str) -> tuple[int, int] | None:
    parts = text.split(",")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def _parents(text: str) -> tuple[int, ...] | None:
    wanted = {part for part in text.split(",") if part}
    found = tuple(n for n in names.PARENTS if wanted & {str(n), names.PARENT_SLUGS[n]})
    return found if wanted else None
