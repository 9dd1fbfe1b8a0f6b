"""The catalogue on one day, and all that a test may do to it."""

from __future__ import annotations

import random
import time
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import names
from .catalogue import Bools, Catalogue, Floats, Ints, to_day
from .hashing import mix_array

DAY = 86_400
_BIT_LINKS = {"genres": names.GENRES, "platforms": names.PLATFORMS, "stores": names.STORES}


class Touch(NamedTuple):
    """An update off schedule: when (seconds since 1970), how many so far, the day its measures stand on."""

    at: int
    times: int
    day: int


class Patch(NamedTuple):
    """A change of served rows: of these games (None: all), fields set, fields removed."""

    games: frozenset[int] | None
    fields: dict[str, Any]
    removed: tuple[str, ...]


class World:
    """What the API would say now. `version` grows with every change, so that cached lists know their age.

    On the day `as_of` the schedule stands at midnight UTC: its latest stamps are of the day before, and only
    touches, links and drift stamp the day itself. `bulk_day` (day, rows) stamps exactly so many games.
    """

    def __init__(
        self, catalogue: Catalogue, as_of: date, bulk_day: tuple[date, int] | None = None, seed: int = 1
    ) -> None:
        self.catalogue = catalogue
        self.alive: Bools = np.ones(catalogue.size, np.bool_)
        self.first_day = to_day(as_of)
        self.touched: dict[int, Touch] = {}
        self.patches: list[Patch] = []
        self.relinked: dict[str, dict[int, list[int]]] = {"tags": {}, "creators": {}}
        self.version = 0
        self._random = random.Random(seed)
        self._bulk_day = -1
        self._bulk: Ints = np.empty(0, np.int32)
        if bulk_day is not None:
            self._choose_bulk(to_day(bulk_day[0]), bulk_day[1])
        self.clock(as_of)

    def clock(self, as_of: date) -> None:
        """Move the schedule to the midnight that begins `as_of`; touches, links and patches stay."""
        self.today = to_day(as_of)
        day = self._scheduled(self.today)
        stamps = self._stamps(day)
        for index, touch in self.touched.items():
            if touch.at >= stamps[index]:
                day[index], stamps[index] = touch.day, touch.at
        self.updated: NDArray[np.int64] = stamps
        self.added: Ints = self.catalogue.added(day)
        self.votes: Ints = self.catalogue.ratings(day, self.added)
        self._day = day
        for index, touch in self.touched.items():
            self._bump(index, touch.times)
        self.rating: Floats = _mean_rating(self.votes)
        self.version += 1

    def now(self) -> int:
        """The sandbox's clock in seconds since 1970: the day `as_of` at the machine's time of day, UTC."""
        return self.today * DAY + int(time.time()) % DAY

    def _stamps(self, day: Ints) -> NDArray[np.int64]:
        second = (self.catalogue.hashes(6) + mix_array(day.astype(np.uint64))) % np.uint64(DAY)
        return day.astype(np.int64) * DAY + second.astype(np.int64)

    def _scheduled(self, as_of: int) -> Ints:
        day = self.catalogue.updated_day(as_of)
        if self._bulk_day < 0:
            return day
        later = day[self._bulk] >= self.first_day
        day[day == self._bulk_day] -= 1
        day[self._bulk] = np.where(later, day[self._bulk], self._bulk_day)
        return day

    def _choose_bulk(self, day: int, rows: int) -> None:
        order = np.argsort(self.catalogue.hashes(7), kind="stable")
        self._bulk, self._bulk_day = np.sort(order[:rows]).astype(np.int32), day

    def index_of(self, game_id: int) -> int | None:
        """The index of a living game."""
        index = int(np.searchsorted(self.catalogue.ids, game_id))
        found = index < self.catalogue.size and self.catalogue.ids[index] == game_id and self.alive[index]
        return index if found else None

    def choose(self, count: int, among: NDArray[np.integer] | None = None) -> list[int]:
        """Up to `count` living games that were not updated today, at random but the same in every run."""
        mask = self.alive & (self.updated < self.today * DAY)
        candidates = np.flatnonzero(mask) if among is None else among[mask[among]]
        return [int(candidates[i]) for i in self._random.sample(range(len(candidates)), min(count, len(candidates)))]

    def touch(self, indexes: list[int]) -> None:
        """Stamp these games `updated` = now and raise their measures a little."""
        now = self.now()
        for index in indexes:
            before = self.touched.get(index, Touch(0, 0, 0))
            self.touched[index] = Touch(now, before.times + 1, int(self._day[index]))
            self.updated[index] = now
            self._bump(index, 1)
            self.rating[index] = _mean_rating(self.votes[:, index : index + 1])[0]
        self.version += 1

    def _bump(self, index: int, times: int) -> None:
        self.added[index] += 4 * times
        if self.catalogue.born[index] <= self._day[index]:
            self.votes[0, index] += times

    def delete(self, indexes: list[int]) -> None:
        """Remove games for good; nothing else tells."""
        self.alive[indexes] = False
        self.version += 1

    def patch(self, games: frozenset[int] | None, fields: dict[str, Any], removed: tuple[str, ...]) -> None:
        """Change top-level fields of served rows; `updated` stays."""
        self.patches.append(Patch(games, fields, removed))
        self.version += 1

    def patched(self, index: int, row: dict[str, Any]) -> dict[str, Any]:
        """The row after all patches that concern the game."""
        for patch in self.patches:
            if patch.games is None or index in patch.games:
                row.update(patch.fields)
                for name in patch.removed:
                    row.pop(name, None)
        return row

    def relink(self, index: int, kind: str, places: list[int]) -> None:
        """Replace a game's links of one kind by those to the entries at `places` of that kind's list."""
        catalogue = self.catalogue
        if kind in _BIT_LINKS:
            masks = getattr(catalogue, kind)
            masks[index] = sum(1 << place for place in set(places))
        elif kind in self.relinked:
            self.relinked[kind][index] = list(dict.fromkeys(places))
        else:
            makers = self.makers(kind)
            if len(places) > len(makers):
                raise ValueError(f"A game of the sandbox has at most {len(makers)} {kind}.")
            for at, maker in enumerate(makers):
                maker[index] = places[at] if at < len(places) else -1
        self.version += 1

    def linked(self, index: int, kind: str) -> list[int]:
        """Places of a game's links of one kind in that kind's list."""
        catalogue = self.catalogue
        if kind in _BIT_LINKS:
            return _bits(int(getattr(catalogue, kind)[index]))
        if kind in self.relinked:
            own = self.relinked[kind].get(index)
            return own if own is not None else getattr(catalogue, kind)(index)
        return [int(maker[index]) for maker in self.makers(kind) if maker[index] >= 0]

    def makers(self, kind: str) -> list[Ints]:
        """The developers or publishers of all games; -1 is none."""
        catalogue = self.catalogue
        return [catalogue.publisher] if kind == "publishers" else [catalogue.developer, catalogue.second_developer]

    def with_any(self, kind: str, places: list[int]) -> Bools:
        """Which games have a link to any of these entries."""
        catalogue = self.catalogue
        if kind in _BIT_LINKS:
            masks: NDArray[np.unsignedinteger] = getattr(catalogue, kind)
            linked: Bools = (masks & masks.dtype.type(sum(1 << place for place in set(places)))) != 0
            return linked
        if kind in ("developers", "publishers"):
            made: Bools = np.any([np.isin(maker, places) for maker in self.makers(kind)], axis=0)
            return made
        found = catalogue.with_any(kind, places)
        for index, own in self.relinked[kind].items():
            found[index] = not set(own).isdisjoint(places)
        return found


def _mean_rating(votes: Ints) -> Floats:
    """The mean title to two digits; 0 below six votes, as RAWG does not rate on hearsay."""
    total = votes.sum(axis=0)
    mean = (votes * np.array([[5], [4], [3], [1]])).sum(axis=0) / np.maximum(total, 1)
    return np.where(total < 6, 0.0, np.round(mean, 2)).astype(np.float32)


def _bits(mask: int) -> list[int]:
    places = []
    while mask:
        low = mask & -mask
        places.append(low.bit_length() - 1)
        mask ^= low
    return places
