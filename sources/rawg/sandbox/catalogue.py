"""The catalogue: what every game is, as arrays over the whole catalogue.

A game is its *index* 0..N-1 in the order of creation. The arrays hold only what lists filter and order by;
everything else of a row is computed from the index when the row is served. Dates are days since 1970-01-01
(UTC), playtime is hours.

A game changes on a schedule: every `period` days, at a fixed phase. Its measures are functions of the day of
its latest update, so two rows with the same `updated` are the same row.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from . import names
from .hashing import mix, mix_array

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

NO_DATE = -(1 << 30)  # `released` is null
EMPTY_DATE = NO_DATE + 1  # `released` is ""
EPOCH = date(1970, 1, 1).toordinal()
FIRST_YEAR = 1985
PLACEHOLDER = date(2030, 1, 1).toordinal() - EPOCH
_MONTH_WEIGHTS = np.array([65, 70, 85, 80, 80, 75, 75, 80, 95, 115, 105, 75]) / 1000
_MAX_TAGS, _MAX_CREATORS = 40, 5
_TAGS, _CREATORS = 4, 5  # salts of the two kinds that are drawn several times a game


def to_day(value: date) -> int:
    """Days since 1970-01-01."""
    return value.toordinal() - EPOCH


class Catalogue:
    """`games` games of the world `seed`, as it stands in the calendar year `year`.

    Args:
        popular: As much is known of every game as of a popular one; else of most as little as in RAWG's long tail.
    """

    def __init__(self, games: int, seed: int, year: int, popular: bool = False) -> None:
        self.size = games
        self.popular = popular
        self._seed = mix(seed) >> 2
        self.rng = np.random.default_rng(seed)
        self.year = year
        self.tag_count = min(9_672, max(400, games // 100))
        self.creator_count = max(20, games // 30)
        self.developer_count = max(1, games // 2)
        self.publisher_count = max(1, games // 8)
        self.ids: Ints = np.cumsum(self.rng.integers(1, 4, games, dtype=np.int32), dtype=np.int32)
        self._studios()
        self._releases()
        self._series()
        self._popularity()
        self._links()
        self._schedule()
        self._fixed_measures()

    def _base(self, salt: int) -> int:
        return self._seed + (salt << 40) & (1 << 62) - 1

    def hashes(self, salt: int, index: NDArray[np.integer] | None = None) -> NDArray[np.uint64]:
        """64 bits for every game (or those at `index`), independent for every salt."""
        at = np.arange(self.size, dtype=np.uint64) if index is None else index.astype(np.uint64)
        return mix_array(at * np.uint64(64) + np.uint64(self._base(salt)))

    def bits(self, index: int, salt: int) -> int:
        """The scalar twin of `hashes`."""
        return mix(index * 64 + self._base(salt))

    def _portfolio(self, groups: int, skew: float) -> Ints:
        """A maker for every game; a few have hundreds of games, most have one."""
        maker: Ints = np.minimum(groups * self.rng.random(self.size, np.float32) ** skew, groups - 1).astype(np.int32)
        return maker

    def _studios(self) -> None:
        chance = self.rng.random(self.size, np.float32)
        self.developer = self._portfolio(self.developer_count, 1.7)
        self.second_developer: Ints = np.where(chance < 0.06, self._portfolio(self.developer_count, 1.7), np.int32(-1))
        self.second_developer[self.second_developer == self.developer] = -1
        house = (self.developer.astype(np.int64) * 7919 % self.publisher_count).astype(np.int32)
        self.publisher: Ints = np.where(chance < 0.75, house, self._portfolio(self.publisher_count, 2.0))
        self.publisher[chance > 0.93] = -1
        self.developer[chance > 0.96] = -1
        skill = self.rng.standard_normal(self.developer_count, np.float32)
        self.quality: Floats = 0.65 * skill[self.developer] + 0.75 * self.rng.standard_normal(self.size, np.float32)

    def _series(self) -> None:
        """Sequels and additions follow their studio's previous game; a series is a run in `studio_order`."""
        self.studio_order: Ints = np.lexsort((self.released, self.developer)).astype(np.int32)
        studio = self.developer[self.studio_order]
        chance = self.rng.random(self.size, np.float32)
        follows = (chance < 0.2) & (studio >= 0)
        follows[1:] &= studio[1:] == studio[:-1]
        follows[0] = False
        self.series_runs: Ints = np.cumsum(~follows, dtype=np.int32) - 1
        starts = np.flatnonzero(~follows).astype(np.int32)
        self.series = np.empty(self.size, np.int32)
        self.position = np.empty(self.size, np.int32)
        self.is_addition = np.zeros(self.size, np.bool_)
        self.series[self.studio_order] = self.series_runs
        self.position[self.studio_order] = np.arange(self.size, dtype=np.int32) - starts[self.series_runs]
        self.is_addition[self.studio_order] = follows & (chance < 0.05)

    def series_of(self, index: int) -> list[int]:
        """All games of a game's series, first game first."""
        run = self.series[index]
        first, last = np.searchsorted(self.series_runs, [run, run + 1])
        return [int(i) for i in self.studio_order[first:last]]

    def name(self, index: int) -> str:
        """The game's name, unique in the catalogue."""
        base = names.title(int(self.series[index]))
        position = int(self.position[index])
        if self.is_addition[index]:
            return names.addition_title(base, position)
        return f"{base} {position + 1}" if position else base

    def _releases(self) -> None:
        """Volume grows 11 % a year and peaks in October; next year's games are announced already."""
        years = np.arange(FIRST_YEAR, self.year + 3)
        weight = 1.11 ** (years - FIRST_YEAR)
        weight[-2:] *= (0.35, 0.06)
        months = np.arange(f"{FIRST_YEAR}-01", f"{self.year + 3}-01", dtype="datetime64[M]")
        starts = np.append(months, months[-1] + 1).astype("datetime64[D]").astype(np.int32)
        cumulative = np.cumsum(np.outer(weight, _MONTH_WEIGHTS).ravel())
        month = np.searchsorted(cumulative, self.rng.random(self.size, np.float32) * cumulative[-1] * 0.999999)
        length = starts[month + 1] - starts[month]
        days = starts[month] + (length * self.rng.random(self.size, np.float32)).astype(np.int32)
        self.born: Ints = days.astype(np.int32)
        self.released = self.born.copy()
        self._imperfect_releases(self.rng.random(self.size, np.float32))

    def _imperfect_releases(self, chance: Floats) -> None:
        year_start = self.born.astype("datetime64[D]").astype("datetime64[Y]")
        first = year_start.astype("datetime64[D]").astype(np.int32)
        last = (year_start + 1).astype("datetime64[D]").astype(np.int32) - 1
        for low, high, value in ((0.045, 0.065, last), (0.065, 0.08, first)):
            np.copyto(self.released, value, where=(chance >= low) & (chance < high))
        self.released[(chance >= 0.04) & (chance < 0.045)] = PLACEHOLDER
        self.released[(chance >= 0.033) & (chance < 0.0335)] = EMPTY_DATE
        self.released[chance < 0.033] = NO_DATE

    def _popularity(self) -> None:
        noise = self.rng.standard_normal(self.size, np.float32)
        score = noise + 0.7 * self.quality - 0.8 * self.is_addition - 0.7 * (self.released == NO_DATE)
        score += np.where(self.second_developer >= 0, np.float32(0.5), np.float32(0))
        self.by_rank: Ints = np.argsort(-score, kind="stable").astype(np.int32)
        self.rank = np.empty(self.size, np.float32)
        self.rank[self.by_rank] = np.arange(1, self.size + 1, dtype=np.float32) / self.size
        # decides how much is known of a game: its links, pictures and texts
        self.fame: Floats = self.rank * np.float32(0.02 if self.popular else 1)
        self.reach: Floats = 21_000 * (1 + 3_000 * self.rank) ** np.float32(-1.35)

    def _schedule(self) -> None:
        """Days between updates: 1-7 for what is hot, weeks for the new, up to six years in the quiet tail.

        About 0.45 % of all games are updated on any recent day.
        """
        u = self.rng.random(self.size, np.float32)
        recent = np.abs(self.born - (date(self.year, 7, 1).toordinal() - EPOCH)) < 500
        low = np.where(recent, np.float32(40), np.float32(250))
        high = np.where(recent, np.float32(400), np.float32(2_190))
        self.period: Ints = (low * (high / low) ** u).astype(np.int32)
        self.period[self.by_rank[: max(1, self.size // 500)]] = 2
        count = min(self.size, max(6, self.size // 2_000))
        candidates = self.by_rank[self.size // 20 :][: count * 40]
        self.breakouts: Ints = np.sort(candidates[:: max(1, len(candidates) // count)][:count])
        self.period[self.breakouts] = 1
        self.breakout_day: Ints = (self.hashes(9, self.breakouts) % np.uint64(400)).astype(np.int32)
        self.breakout_day += date(self.year, 1, 1).toordinal() - EPOCH - 20
        self.phase: Ints = (self.rng.random(self.size, np.float32) * self.period).astype(np.int32)

    def updated_day(self, as_of: int) -> Ints:
        """The day of each game's latest scheduled update before the midnight that begins `as_of`."""
        return as_of - 1 - (as_of - 1 - self.phase) % self.period

    def _fixed_measures(self) -> None:
        noise = self.rng.standard_normal(self.size, np.float32)
        chance = self.rng.random(self.size, np.float32)
        score = np.clip(70 + 11 * self.quality + 4 * noise, 20, 98).astype(np.int16)
        self.metacritic = np.where(chance < 0.9 * np.exp(-self.rank * 40), score, np.int16(0))
        hours = np.exp(1.2 + 0.4 * self.quality + 0.9 * noise)
        self.playtime = np.where(chance > 1 - 0.95 * np.exp(-self.rank * 12), hours, 0).astype(np.int16)
        self.engagement: Floats = 0.06 + 0.3 * self.rng.random(self.size, np.float32)

    def added(self, updated: Ints) -> Ints:
        """Users with the game in a list: wishes, then saturating growth; breakouts multiply it."""
        age = (updated - self.born).astype(np.float32)
        grown = np.where(
            age < 0, 0.3 * np.exp(np.minimum(age, 0) / 300), 1 - 0.7 * np.exp(-np.maximum(age, 0) / 220)
        ).astype(np.float32)
        grown *= self.reach
        lift = 1 + 14 / (1 + np.exp(-(updated[self.breakouts] - self.breakout_day) / 6))
        grown[self.breakouts] *= lift.astype(np.float32)
        return grown.astype(np.int32)

    def ratings(self, updated: Ints, added: Ints) -> Ints:
        """Votes per title, shape (4, N), rows for the titles 5, 4, 3, 1; nobody rates an unreleased game."""
        votes = np.where(updated < self.born, 0, added * self.engagement).astype(np.int32)
        top = np.clip(0.36 + 0.17 * self.quality, 0.02, 0.92)
        five = (votes * top).astype(np.int32)
        four = ((votes - five) * np.float32(0.6)).astype(np.int32)
        three = ((votes - five - four) * np.clip(0.62 + 0.08 * self.quality, 0.1, 0.95)).astype(np.int32)
        return np.stack([five, four, three, votes - five - four - three])

    def _links(self) -> None:
        self.genres = self._draw_genres()
        self.platforms = self._draw_platforms()
        self.stores = self.stores_for(self.platforms, self.hashes(3))
        spread = self.rng.random(self.size, np.float32)
        most = np.where(self.fame < 0.02, 26, np.where(self.fame < 0.2, 15, 8))
        least = np.where(self.fame < 0.02, 14, np.where(self.fame < 0.2, 5, 0))
        self.tags_drawn = (least + most * spread).astype(np.uint8)
        self._tables = {
            _TAGS: _lookup(1 / (3 + np.arange(self.tag_count)) ** 0.95),
            _CREATORS: _lookup(np.ones(self.creator_count)),
        }
        self._choices = {salt: table.tolist() for salt, table in self._tables.items()}
        self.creators_drawn = np.where(self.rank < 0.1, 1 + _MAX_CREATORS * spread, 0).astype(np.uint8)

    def _draw_genres(self) -> NDArray[np.uint32]:
        table = _lookup(np.array([genre.weight for genre in names.GENRES])).astype(np.uint32)
        h = self.hashes(1)
        masks: NDArray[np.uint32] = np.uint32(1) << table[h & np.uint64(0xFFFF)]
        for place, share in ((16, 0.6), (32, 0.45)):
            more = (h >> np.uint64(48 + place // 16 * 4) & np.uint64(15)) < int(share * 16)
            masks |= np.where(more, np.uint32(1) << table[h >> np.uint64(place) & np.uint64(0xFFFF)], np.uint32(0))
        masks[(h >> np.uint64(40) & np.uint64(0xFFFF)) < 6_000 * np.minimum(self.fame * 2, 1)] = 0
        return masks

    def _draw_platforms(self) -> NDArray[np.uint64]:
        """A platform set of the game's time: what machines lived then, and where games like it came out."""
        masks = np.zeros(self.size, np.uint64)
        u = self.rng.random(self.size, np.float32)
        starts = [date(year, 1, 1).toordinal() - EPOCH for year, *_ in names.ERAS] + [1 << 29]
        era_of = np.searchsorted(starts, self.born, side="right") - 1
        popular = self.fame < 0.06
        for era, (_, *profiles) in enumerate(names.ERAS):
            for profile, chosen in zip(profiles, (popular, ~popular), strict=True):
                at = np.flatnonzero((era_of == era) & chosen)
                sets, cumulative = _profile(profile)
                masks[at] = sets[np.searchsorted(cumulative, u[at] * cumulative[-1] * 0.999999)]
        masks[(self.rng.random(self.size, np.float32) < 0.025) & (self.fame > 0.3)] = 0
        return masks

    def stores_for(self, platforms: NDArray[np.uint64], h: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """The stores that sell games with these platform sets; `h` decides for each game."""
        masks = np.zeros(len(platforms), np.uint16)
        for place, store in enumerate(names.STORES):
            sold = (platforms & platform_mask(store.codes)) != 0
            sold &= (h >> np.uint64(6 * place) & np.uint64(63)) < store.share
            masks |= np.where(sold, np.uint16(1 << place), np.uint16(0))
        return masks

    def tags(self, index: int) -> list[int]:
        """Tag numbers of a game, 0-40, without repeats."""
        return self._several(index, int(self.tags_drawn[index]), _TAGS)

    def creators(self, index: int) -> list[int]:
        """Creator numbers of a game, 0-5, without repeats."""
        return self._several(index, int(self.creators_drawn[index]), _CREATORS)

    def _several(self, index: int, count: int, salt: int) -> list[int]:
        first, choices = index * 64 + self._base(salt), self._choices[salt]
        return list(dict.fromkeys(choices[mix(first + place) & 0xFFFF] for place in range(count)))

    def with_any(self, kind: str, wanted: list[int]) -> Bools:
        """Which games have any of these tags (`kind` tags) or creators."""
        drawn, salt = (self.tags_drawn, _TAGS) if kind == "tags" else (self.creators_drawn, _CREATORS)
        is_wanted = np.isin(self._tables[salt], wanted)
        found = np.zeros(self.size, np.bool_)
        first = np.arange(self.size, dtype=np.uint64) * np.uint64(64) + np.uint64(self._base(salt))
        for place in range(int(drawn.max())):
            at = np.flatnonzero(drawn > place)
            found[at] |= is_wanted[mix_array(first[at] + np.uint64(place)) & np.uint64(0xFFFF)]
        return found

    def tag_games(self) -> Ints:
        """Games per tag, the expected number but at least 1: RAWG's own counts lag behind as well."""
        share = np.bincount(self._tables[_TAGS], minlength=self.tag_count) / 65_536
        drawn = np.bincount(self.tags_drawn, minlength=_MAX_TAGS + 1)
        missed = (1 - share)[:, None] ** np.arange(len(drawn))
        expected: Ints = np.maximum(np.rint(((1 - missed) * drawn).sum(axis=1)), 1).astype(np.int32)
        return expected


def _lookup(weights: NDArray[np.floating]) -> Ints:
    """65,536 entries in which every choice has its share, so that 16 random bits pick one."""
    cumulative = np.cumsum(weights) / weights.sum()
    table = np.searchsorted(cumulative, (np.arange(65_536) + 0.5) / 65_536).astype(np.int32)
    return np.minimum(table, np.int32(len(weights) - 1))


def platform_mask(codes: str) -> np.uint64:
    """The bit set of the platforms with these short codes; the bit is the place in `names.PLATFORMS`."""
    wanted = set(codes.split())
    return np.uint64(sum(1 << place for place, platform in enumerate(names.PLATFORMS) if platform.code in wanted))


def _profile(text: str) -> tuple[NDArray[np.uint64], NDArray[np.floating]]:
    sets, weights = zip(*(entry.split("*") for entry in text.split(",")), strict=True)
    return np.array([platform_mask(codes) for codes in sets]), np.cumsum([float(weight) for weight in weights])
