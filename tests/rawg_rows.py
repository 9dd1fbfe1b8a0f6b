"""A game in RAWG's two shapes."""

from typing import Any

PC = {"id": 4, "name": "PC", "slug": "pc"}
FILTERED: dict[str, Any] = {
    "id": 3498,
    "slug": "a-game",
    "name": "A Game",
    "released": "2013-09-17",
    "updated": "2024-05-05T10:00:01",
    "rating": 4,
    "added": 12,
    "added_by_status": {"yet": 5, "owned": 7},
    "metacritic": None,
    "esrb_rating": {"id": 4, "name": "Mature", "slug": "mature", "name_en": "Mature", "name_ru": "С 17 лет"},
    "score": None,
    "user_game": None,
    "dominant_color": "0f0f0f",
    "saturated_color": "0f0f0f",
    "clip": None,
    "platforms": [{"platform": PC}],
    "parent_platforms": [{"platform": {"id": 1, "name": "PC", "slug": "pc"}}],
    "stores": None,
    "genres": [{"id": 4, "name": "Action", "slug": "action"}],
    "tags": [{"id": 31, "name": "Singleplayer", "slug": "singleplayer", "language": "eng", "games_count": 5}],
    "ratings": [{"id": 5, "title": "exceptional", "count": 3, "percent": 100}],
    "short_screenshots": [{"id": -1, "image": "https://x/1.jpg"}],
}
BROWSED = {
    **FILTERED,
    "esrb_rating": {"id": 4, "name": "Mature", "slug": "mature"},
    "platforms": [
        {
            "platform": {**PC, "games_count": 1, "image_background": "x", "year_start": None},
            "released_at": "2013-09-17",
            "requirements_en": None,
            "requirements_ru": None,
        }
    ],
    "stores": [],
}
del BROWSED["score"]
