"""A game's own page and its sub-resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import names
from .hashing import mix
from .references import References, image, role
from .rows import Rows
from .world import World

_SITE = "https://sandbox.invalid"


class Details:
    """`/games/{id}` and the lists below it; a sub-resource is a function from a game's index to its rows."""

    def __init__(self, world: World, references: References, rows: Rows) -> None:
        self.world = world
        self.catalogue = world.catalogue
        self.kinds = references.kinds
        self.rows = rows
        self.parts: dict[str, Callable[[int], list[dict[str, Any]]]] = {
            "achievements": self.achievements,
            "screenshots": self.screenshots,
            "stores": self.stores,
            "movies": self.movies,
            "reddit": self.reddit,
            "additions": lambda index: self._members(self._additions(index)),
            "game-series": lambda index: self._members(self._sequels(index)),
            "parent-games": lambda index: self._members(self._parents(index)),
            "development-team": self.team,
        }

    def game(self, index: int) -> dict[str, Any]:
        """The list row without pictures, with texts, studios and the sizes of the sub-resources."""
        row = self.rows.rich(index)
        row.pop("short_screenshots", None)
        for entry in row.get("platforms") or []:
            if isinstance(entry, dict) and "requirements_en" in entry:
                entry["requirements"] = entry.pop("requirements_en") or {}
                entry.pop("requirements_ru")
        row |= self._texts(index) | self._counts(index)
        for kind in ("developers", "publishers"):
            row[kind] = [self.kinds[kind].full(place) for place in self.world.linked(index, kind)]
        return self.world.patched(index, row)

    def _texts(self, index: int) -> dict[str, Any]:
        name, score = self.catalogue.name(index), int(self.catalogue.metacritic[index])
        slug = names.slugify(name)
        text = f"{name} is a game of the sandbox. It was made to be counted, not to be played."
        known = self.catalogue.rank[index] < 0.3
        return {
            "name_original": name,
            "description": f"<p>{text}</p>" if known else "",
            "description_raw": text if known else "",
            "website": f"{_SITE}/games/{slug}" if known else "",
            "metacritic_url": f"{_SITE}/scores/{slug}" if score else "",
            "metacritic_platforms": self._scores(index, score, slug) if score else [],
            "background_image_additional": image("screenshots", index * 16 + 1) if known else None,
            "alternative_names": [name.upper()] if self.catalogue.bits(index, 11) % 9 == 0 else [],
            "reactions": self._reactions(index),
        }

    def _scores(self, index: int, score: int, slug: str) -> list[dict[str, Any]]:
        entries = []
        for place in self.world.linked(index, "platforms"):
            platform = names.PLATFORMS[place]
            about = {"platform": platform.id, "name": platform.name, "slug": platform.slug}
            url = f"{_SITE}/scores/{platform.slug}/{slug}"
            entries.append({"metascore": max(1, score - place % 4), "url": url, "platform": about})
        return entries

    def _reactions(self, index: int) -> dict[str, int]:
        added = int(self.world.added[index])
        counts = {str(number): added // (200 * number) for number in range(1, 13)}
        return {number: count for number, count in counts.items() if count}

    def _counts(self, index: int) -> dict[str, Any]:
        sizes = {
            "screenshots_count": self.rows.screenshot_count(index),
            "movies_count": len(self.movies(index)),
            "creators_count": len(self.world.linked(index, "creators")),
            "achievements_count": self._achievement_count(index),
            "parent_achievements_count": self._achievement_count(index),
            "reddit_count": len(self.reddit(index)),
            "twitch_count": 0,
            "youtube_count": 0,
            "parents_count": len(self._parents(index)),
            "additions_count": len(self._additions(index)),
            "game_series_count": len(self._sequels(index)),
        }
        return {**sizes, "reddit_url": "", "reddit_name": "", "reddit_description": "", "reddit_logo": ""}

    def _achievement_count(self, index: int) -> int:
        return self.catalogue.bits(index, 12) % 45 if self.catalogue.rank[index] < 0.25 else 0

    def achievements(self, index: int) -> list[dict[str, Any]]:
        """Achievements, the common ones first; `percent` is a string."""
        count = self._achievement_count(index)
        return [
            {
                "id": index * 64 + place + 1,
                "name": names.title(mix(index * 64 + place) % 4_000_000),
                "description": "Do it once.",
                "image": image("achievements", index * 64 + place),
                "percent": f"{95 * (count - place) / count:.2f}",
            }
            for place in range(count)
        ]

    def screenshots(self, index: int) -> list[dict[str, Any]]:
        """All pictures but the cover, with sizes in pixels."""
        places = range(self.rows.screenshot_count(index))
        sizes = {"width": 1920, "height": 1080, "is_deleted": False}
        return [{**self.rows.screenshot(index, place), **sizes} for place in places]

    def stores(self, index: int) -> list[dict[str, Any]]:
        """Where the game is sold: link id, game id, store id, address."""
        slug, number = names.slugify(self.catalogue.name(index)), int(self.catalogue.ids[index])
        return [
            {
                "id": index * 10 + place + 1,
                "game_id": number,
                "store_id": names.STORES[place].id,
                "url": f"{_SITE}/{names.STORES[place].slug}/{slug}",
            }
            for place in self.world.linked(index, "stores")
        ]

    def movies(self, index: int) -> list[dict[str, Any]]:
        """Trailers of popular games."""
        count = self.catalogue.bits(index, 13) % 4 if self.catalogue.rank[index] < 0.03 else 0
        movies = []
        for number in range(index * 4 + 1, index * 4 + 1 + count):
            address = image("movies", number).removesuffix(".jpg")
            data = {"480": f"{address}_480.mp4", "max": f"{address}_max.mp4"}
            movies.append({"id": number, "name": "Launch trailer", "preview": f"{address}.jpg", "data": data})
        return movies

    def reddit(self, index: int) -> list[dict[str, Any]]:
        """Posts about popular games; they carry people's names."""
        count = self.catalogue.bits(index, 14) % 6 if self.catalogue.rank[index] < 0.02 else 0
        posts = []
        for number in range(index * 8 + 1, index * 8 + 1 + count):
            user = names.slugify(names.person(number % 30_000)).replace("-", "_")
            posts.append({
                "id": number, "name": "Is it worth it?", "text": "Asking for a friend.", "image": None,
                "url": f"{_SITE}/r/{number}", "username": f"/u/{user}", "username_url": f"{_SITE}/u/{user}",
                "created": "2024-01-01T00:00:00Z",
            })  # fmt: skip
        return posts

    def team(self, index: int) -> list[dict[str, Any]]:
        """The game's creators with their roles."""
        creators = self.kinds["creators"]
        places = self.world.linked(index, "creators")
        return [{**creators.fields(place), "positions": [role(place)]} for place in places]

    def _family(self, index: int, *, additions: bool) -> list[int]:
        catalogue = self.catalogue
        family = (at for at in catalogue.series_of(index) if at != index and self.world.alive[at])
        return [at for at in family if bool(catalogue.is_addition[at]) == additions]

    def _additions(self, index: int) -> list[int]:
        base = self.catalogue.position[index] == 0
        return self._family(index, additions=True) if base else []

    def _sequels(self, index: int) -> list[int]:
        return [] if self.catalogue.is_addition[index] else self._family(index, additions=False)

    def _parents(self, index: int) -> list[int]:
        if not self.catalogue.is_addition[index]:
            return []
        base = self.catalogue.series_of(index)[0]
        return [base] if self.world.alive[base] else []

    def _members(self, indexes: list[int]) -> list[dict[str, Any]]:
        return [self.rows.rich(at) for at in indexes]
