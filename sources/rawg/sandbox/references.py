"""Reference lists: genres, platforms and their parents, stores, tags, studios, creators and their roles.

An entry is known by its *place* 0..size-1 in its kind's list; its id is what RAWG shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from . import names
from .catalogue import Ints
from .hashing import hex32
from .world import World

MEDIA = "https://media.sandbox.invalid/media"  # a host that cannot exist: nobody's server is asked
_NAMES: dict[str, Callable[[int], str]] = {
    "developers": names.studio,
    "publishers": names.publisher,
    "creators": names.person,
    "tags": lambda number: names.tag(number)[0],
}
_TOP_GAMES = 6
_SCANNED = 3_000  # enough of the most popular games to find the top six of any common tag or creator


def image(folder: str, key: int) -> str:
    """The address of an image, in RAWG's form (which does not exist)."""
    name = hex32(key)
    return f"{MEDIA}/{folder}/{name[:3]}/{name}.jpg"


class Reference:
    """One kind of entry. `short` is the form nested in filtered games, `full` the one in browsed games."""

    def __init__(self, kind: str, world: World, size: int, first_id: int = 1) -> None:
        self.kind = kind
        self.world = world
        self.size = size
        self._first_id = first_id
        self.short = lru_cache(maxsize=20_000)(self._short)
        self.full = lru_cache(maxsize=20_000)(self._full)
        self.place = lru_cache(maxsize=1_000)(self._place)

    def id(self, place: int) -> int:
        """The id of an entry."""
        return place + self._first_id

    def name(self, place: int) -> str:
        """The name of an entry."""
        return _NAMES[self.kind](place)

    def slug(self, place: int) -> str:
        """The slug of an entry."""
        return names.tag(place)[1] if self.kind == "tags" else names.slugify(self.name(place))

    def _place(self, id_or_slug: str) -> int | None:
        if id_or_slug.isdecimal():
            place = int(id_or_slug) - self._first_id
            return place if 0 <= place < self.size else None
        return next((place for place in range(self.size) if self.slug(place) == id_or_slug), None)

    @cached_property
    def games_count(self) -> Ints:
        """Games per entry, as counted when the sandbox started."""
        catalogue = self.world.catalogue
        if self.kind == "tags":
            return catalogue.tag_games()
        if self.kind == "creators":
            found = [
                place for index in catalogue.by_rank[: catalogue.size // 10] for place in catalogue.creators(int(index))
            ]
            return np.bincount(np.array(found, np.int64), minlength=self.size).astype(np.int32)
        made = np.concatenate([maker[maker >= 0] for maker in self.world.makers(self.kind)])
        return np.bincount(made, minlength=self.size).astype(np.int32)

    @cached_property
    def order(self) -> Ints:
        """All entries that have games, the largest first."""
        order = np.argsort(-self.games_count, kind="stable")
        return order[self.games_count[order] > 0].astype(np.int32)

    def base(self, place: int) -> dict[str, Any]:
        """The fields that every shape of the entry has."""
        return {"id": self.id(place), "name": self.name(place), "slug": self.slug(place)}

    def fields(self, place: int) -> dict[str, Any]:
        """The entry as it is nested in a rich game row."""
        row = self.base(place)
        row["games_count"] = int(self.games_count[place])
        row["image_background"] = image("games", self.id(place) * 977 + len(self.kind))
        if self.kind == "tags":
            row["language"] = names.tag(place)[2]
        if self.kind == "creators":
            row["image"] = image("persons", place)
        return row

    def _short(self, place: int) -> orjson.Fragment:
        return orjson.Fragment(orjson.dumps(self.base(place)))

    def _full(self, place: int) -> orjson.Fragment:
        return orjson.Fragment(orjson.dumps(self.fields(place)))

    def row(self, place: int) -> dict[str, Any]:
        """The entry as a row of its own list: with its six most popular games."""
        row = {**self.fields(place), "games": [self._game(index) for index in self._top(place)]}
        if self.kind == "creators":
            row["positions"] = [role(place)]
        return row

    def detail(self, place: int) -> dict[str, Any]:
        """The entry's own page: without games, with a description."""
        row = {**self.fields(place), "description": f"<p>{self.name(place)} in the sandbox.</p>"}
        if self.kind == "creators":
            row |= {"reviews_count": 0, "rating": "0.00", "rating_top": 0, "positions": [role(place)]}
        return row

    def _game(self, index: int) -> dict[str, Any]:
        catalogue = self.world.catalogue
        name = catalogue.name(index)
        added = int(self.world.added[index])
        return {"id": int(catalogue.ids[index]), "slug": names.slugify(name), "name": name, "added": added}

    def _top(self, place: int) -> list[int]:
        living = (int(index) for index in self._games_of(place) if self.world.alive[index])
        return list(islice(living, _TOP_GAMES))

    def _games_of(self, place: int) -> Iterable[int]:
        """An entry's games, the most popular first."""
        if self.kind in ("tags", "creators"):
            return self._popular.get(place, [])
        starts, games = self._made
        return games[starts[place] : starts[place + 1]]

    @cached_property
    def _made(self) -> tuple[NDArray[np.integer], Ints]:
        """Games by maker, and where each maker's begin."""
        makers, by_rank = self.world.makers(self.kind), self.world.catalogue.by_rank
        made, games = np.concatenate([maker[by_rank] for maker in makers]), np.tile(by_rank, len(makers))
        order = np.argsort(made, kind="stable")
        return np.searchsorted(made[order], np.arange(self.size + 1)), games[order]

    @cached_property
    def _popular(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for index in self.world.catalogue.by_rank[:_SCANNED].tolist():
            for place in self.world.linked(index, self.kind):
                found.setdefault(place, []).append(index)
        return found


class Fixed(Reference):
    """A kind whose entries are RAWG's own: genres, platforms, stores."""

    def __init__(self, kind: str, world: World, entries: Sequence[names.Genre | names.Platform | names.Store]) -> None:
        super().__init__(kind, world, len(entries))
        self.entries = entries

    def id(self, place: int) -> int:
        return self.entries[place].id

    def name(self, place: int) -> str:
        return self.entries[place].name

    def slug(self, place: int) -> str:
        return self.entries[place].slug

    def _place(self, id_or_slug: str) -> int | None:
        places = (at for at, entry in enumerate(self.entries) if id_or_slug in (str(entry.id), entry.slug))
        return next(places, None)

    @cached_property
    def games_count(self) -> Ints:
        masks = getattr(self.world.catalogue, self.kind)
        one = masks.dtype.type(1)
        return np.array([np.count_nonzero(masks & (one << masks.dtype.type(at))) for at in range(self.size)], np.int32)

    @cached_property
    def order(self) -> Ints:
        return np.argsort(-self.games_count, kind="stable").astype(np.int32)

    def _games_of(self, place: int) -> Iterable[int]:
        by_rank = self.world.catalogue.by_rank
        return by_rank[self.world.with_any(self.kind, [place])[by_rank]]

    def fields(self, place: int) -> dict[str, Any]:
        row = super().fields(place)
        entry = self.entries[place]
        if isinstance(entry, names.Store):
            row["domain"] = entry.domain
        if isinstance(entry, names.Platform):
            row |= {"image": None, "year_start": entry.year_start, "year_end": entry.year_end}
        return row


def role(place: int) -> dict[str, Any]:
    """The role that a creator has."""
    number, name = names.ROLES[place % len(names.ROLES)]
    return {"id": number, "name": name, "slug": name}


class References:
    """All kinds, and the two lists that only exist as lists."""

    def __init__(self, world: World) -> None:
        catalogue = world.catalogue
        self.kinds: dict[str, Reference] = {
            "genres": Fixed("genres", world, names.GENRES),
            "platforms": Fixed("platforms", world, names.PLATFORMS),
            "stores": Fixed("stores", world, names.STORES),
            "tags": Reference("tags", world, catalogue.tag_count, 31),
            "developers": Reference("developers", world, catalogue.developer_count),
            "publishers": Reference("publishers", world, catalogue.publisher_count),
            "creators": Reference("creators", world, catalogue.creator_count, 78),
        }

    def parents(self) -> list[dict[str, Any]]:
        """Parent platforms with their platforms: RAWG's only parent-to-platform map."""
        platforms = self.kinds["platforms"]
        members: dict[int, list[dict[str, Any]]] = {parent: [] for parent in names.PARENTS}
        for place, platform in enumerate(names.PLATFORMS):
            members[platform.parent].append(platforms.fields(place))
        return [
            {"id": number, "name": name, "slug": names.PARENT_SLUGS[number], "platforms": members[number]}
            for number, name in names.PARENTS.items()
        ]

    @staticmethod
    def roles() -> list[dict[str, Any]]:
        """The seven creator roles."""
        return [role(place) for place in range(len(names.ROLES))]
