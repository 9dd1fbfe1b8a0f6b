"""Game rows in RAWG's shapes: rich (browse) and slim (filtered); the truth line that tests compare with."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from . import names
from .catalogue import EMPTY_DATE, EPOCH, NO_DATE
from .hashing import mix
from .references import References, image
from .world import World

# (name, least share, spread) in 500ths of `added`; even the largest shares leave some for `owned`
_STATUSES = (("yet", 5, 70), ("beaten", 14, 170), ("toplay", 6, 80), ("dropped", 3, 60), ("playing", 2, 45))
_STATUSES_BEFORE_RELEASE = (("toplay", 200, 280),)
_MEASURES = ("id", "slug", "name", "updated", "added", "rating", "metacritic", "playtime", "released")
_LINKS = ("genres", "tags", "platforms", "stores")
_EPOCH = datetime(1970, 1, 1)
_PC = next(place for place, platform in enumerate(names.PLATFORMS) if platform.code == "pc")
_PARENTS = {
    number: orjson.Fragment(
        orjson.dumps({"platform": {"id": number, "name": name, "slug": names.PARENT_SLUGS[number]}})
    )
    for number, name in names.PARENTS.items()
}


@lru_cache(maxsize=50_000)
def _released(day: int) -> str | None:
    if day == NO_DATE:
        return None
    return "" if day == EMPTY_DATE else date.fromordinal(day + EPOCH).isoformat()


class Rows:
    """Builds rows from the world; a row is a dict whose fixed parts are already JSON."""

    def __init__(self, world: World, references: References) -> None:
        self.world = world
        self.catalogue = world.catalogue
        self.kinds = references.kinds

    def rich(self, index: int) -> dict[str, Any]:
        """A row of an unfiltered list."""
        bits = self.catalogue.bits(index, 8)
        row = self._core(index, bits)
        row["user_game"] = None
        self._pictures(row, index, bits)
        row["platforms"] = [self._rich_platform(index, place) for place in self.world.linked(index, "platforms")]
        row["parent_platforms"] = [_PARENTS[number] for number in self.parents(index)]
        row["genres"] = [self.kinds["genres"].full(place) for place in self.world.linked(index, "genres")]
        stores = self.kinds["stores"]
        row["stores"] = [
            {"id": index * 10 + place + 1, "store": stores.full(place)} for place in self.world.linked(index, "stores")
        ]
        self._common_tail(row, index, bits)
        return self.world.patched(index, row)

    def slim(self, index: int, score: str | None = None) -> dict[str, Any]:
        """A row of a filtered list: short links, null for none, two more names of the age rating."""
        bits = self.catalogue.bits(index, 8)
        row = self._core(index, bits)
        platforms, stores = self.kinds["platforms"], self.kinds["stores"]
        row["score"] = score
        row["user_game"] = None
        self._pictures(row, index, bits)
        row["platforms"] = [{"platform": platforms.short(at)} for at in self.world.linked(index, "platforms")] or None
        row["parent_platforms"] = [_PARENTS[number] for number in self.parents(index)] or None
        row["genres"] = [self.kinds["genres"].short(place) for place in self.world.linked(index, "genres")]
        row["stores"] = [{"store": stores.short(place)} for place in self.world.linked(index, "stores")] or None
        self._common_tail(row, index, bits)
        if row["esrb_rating"]:
            rating = row["esrb_rating"]
            row["esrb_rating"] = {
                **rating,
                "name_en": rating["name"],
                "name_ru": names.ESRB[rating["id"] - 1][3],
            }
        return self.world.patched(index, row)

    def parents(self, index: int) -> list[int]:
        """Ids of a game's parent platforms."""
        return sorted({names.PLATFORMS[place].parent for place in self.world.linked(index, "platforms")})

    def truth(self, index: int) -> dict[str, Any]:
        """Keys, measures and link ids of a game, exactly as the API serves them."""
        core = self._core(index, self.catalogue.bits(index, 8))
        line = {name: core[name] for name in _MEASURES}
        for kind in _LINKS:
            reference = self.kinds[kind]
            line[kind] = [reference.id(place) for place in self.world.linked(index, kind)]
        line["parent_platforms"] = self.parents(index)
        line["ratings"] = [{"id": entry["id"], "count": entry["count"]} for entry in core["ratings"]]
        line["short_screenshots"] = [entry["id"] for entry in self._screenshots(index, core["background_image"])]
        return self._patched_truth(index, line)

    def _patched_truth(self, index: int, line: dict[str, Any]) -> dict[str, Any]:
        if not self.world.patches:
            return line
        after = self.world.patched(index, dict(line))
        return {name: after.get(name) for name in line}

    def _core(self, index: int, bits: int) -> dict[str, Any]:
        catalogue, world = self.catalogue, self.world
        name = catalogue.name(index)
        votes = world.votes[:, index].tolist()
        total = sum(votes)
        rating = round(float(world.rating[index]), 2)
        added = int(world.added[index])
        released = int(catalogue.released[index])
        return {
            "id": int(catalogue.ids[index]),
            "slug": names.slugify(name),
            "name": name,
            "released": _released(released),
            "tba": released == NO_DATE and bits & 3 != 0,
            "background_image": _background(index, bits, float(catalogue.fame[index])),
            "rating": rating if rating % 1 else int(rating),
            "rating_top": (5, 4, 3, 1)[votes.index(max(votes))] if total else 0,
            "ratings": _ratings(votes, total, bits),
            "ratings_count": total - total // 80,
            "reviews_text_count": total // 80,
            "reviews_count": total,
            "added": added,
            "added_by_status": statuses(added, bits, self._is_out(index)),
            "metacritic": int(catalogue.metacritic[index]) or None,
            "playtime": int(catalogue.playtime[index]),
            "suggestions_count": (bits >> 20) % 700 if added > 20 else bits >> 20 & 7,
            "updated": (_EPOCH + timedelta(seconds=int(world.updated[index]))).isoformat(),
        }

    def _is_out(self, index: int) -> bool:
        catalogue = self.catalogue
        return bool(catalogue.released[index] != NO_DATE and catalogue.born[index] <= self.world.today)

    def _pictures(self, row: dict[str, Any], index: int, bits: int) -> None:
        row["saturated_color"] = row["dominant_color"] = "0f0f0f"
        row["short_screenshots"] = self._screenshots(index, row["background_image"])
        row["clip"] = _clip(index) if self.catalogue.rank[index] < 0.02 and bits >> 30 & 7 == 0 else None

    def _common_tail(self, row: dict[str, Any], index: int, bits: int) -> None:
        tags = self.kinds["tags"]
        row["tags"] = [tags.full(place) for place in self.world.linked(index, "tags")]
        row["esrb_rating"] = self._esrb(index, bits)
        if bits >> 34 & 15 == 0:
            row["community_rating"] = row["rating_top"]

    def _esrb(self, index: int, bits: int) -> dict[str, Any] | None:
        if (bits >> 40 & 63) / 64 > 1.1 - 3 * float(self.catalogue.fame[index]) ** 0.4:
            return None
        number, name, slug, _ = names.ESRB[(0, 1, 1, 2, 2, 3, 3, 4 if bits >> 50 & 15 == 0 else 0)[bits >> 46 & 7]]
        return {"id": number, "name": name, "slug": slug}

    def screenshot_count(self, index: int) -> int:
        """Pictures besides the cover: 6 to 10 for popular games, 0 to 4 in the tail."""
        fame, bits = self.catalogue.fame[index], self.catalogue.bits(index, 10)
        return 6 + bits % 5 if fame < 0.05 else 2 + bits % 4 if fame < 0.3 else bits % 5

    def _screenshots(self, index: int, cover: str | None) -> list[dict[str, Any]]:
        own = [self.screenshot(index, place) for place in range(self.screenshot_count(index))]
        return [{"id": -1, "image": cover}, *own] if cover else own

    @staticmethod
    def screenshot(index: int, place: int) -> dict[str, Any]:
        """One picture; its id is unique among pictures, but no key of anything."""
        number = index * 16 + place + 1
        return {"id": number, "image": image("screenshots", number)}

    def _rich_platform(self, index: int, place: int) -> dict[str, Any]:
        needs = requirements(index) if place == _PC and self.catalogue.fame[index] < 0.1 else None
        return {
            "platform": self.kinds["platforms"].full(place),
            "released_at": _released(int(self.catalogue.released[index])) or None,
            "requirements_en": needs,
            "requirements_ru": None,
        }


def requirements(index: int) -> dict[str, str]:
    """What a PC must have, as HTML."""
    bits = mix(index)
    small = {
        "cores": 2,
        "clock": 2 + bits % 10 / 10,
        "memory": 4 << bits % 2,
        "video": 2,
        "disk": 5 + bits % 60,
    }
    large = {**small, "cores": 4, "clock": 3.2, "memory": 8 << bits % 2, "video": 6}
    return {
        "minimum": names.REQUIREMENTS_MINIMUM.format(**small),
        "recommended": names.REQUIREMENTS_RECOMMENDED.format(**large),
    }


def _background(index: int, bits: int, fame: float) -> str | None:
    if fame > 0.3 and bits >> 8 & 7 == 0:
        return "" if bits >> 11 & 7 == 0 else None
    return image("games", index * 2 + 1)


def _ratings(votes: list[int], total: int, bits: int) -> list[dict[str, Any]]:
    """Votes per title; titles without votes are left out, and the order is anyone's guess."""
    entries = []
    for title, count in zip((5, 4, 3, 1), votes, strict=True):
        if count:
            percent = round(100 * count / total, 2)
            number = int(percent) if percent == int(percent) else percent
            entries.append({"id": title, "title": names.RATING_TITLES[title], "count": count, "percent": number})
    turn = bits >> 12 & 3
    return entries[turn:] + entries[:turn]


def statuses(added: int, bits: int, is_out: bool) -> dict[str, int] | None:
    """How the `added` users hold the game; the parts sum to `added`, and empty parts are left out."""
    if not added:
        return None if bits >> 14 & 1 else {}
    shares = _STATUSES if is_out else _STATUSES_BEFORE_RELEASE
    parts = {name: added * (least + (bits >> 16) % spread) // 500 for name, least, spread in shares}
    parts["owned"] = added - sum(parts.values())
    return {name: count for name, count in parts.items() if count}


def _clip(index: int) -> dict[str, Any]:
    address = image("stories", index).removesuffix(".jpg")
    clips = {size: f"{address}_{size}.mp4" for size in ("320", "640", "full")}
    return {"clip": clips["640"], "clips": clips, "video": f"v{index:07d}", "preview": f"{address}.jpg"}
