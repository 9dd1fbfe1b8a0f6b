"""From RAWG's two shapes of a game row to one canonical row and its links."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sources.rawg.columns import GAME_LINKS, LINK_BOOKKEEPING

Row = dict[str, Any]

NOISE = frozenset({"user_game", "saturated_color", "dominant_color", "score"})
"""Fields that are the same on every row of a keyed request, or null."""
ESRB = "esrb_rating"
ESRB_KEYS = ("id", "name", "slug")
"""What both shapes have; the filtered one adds the name in two languages."""
REFERENCES = {"platforms": "platform", "parent_platforms": "platform", "stores": "store"}
"""Links that hold the linked thing under a name of its own, beside what belongs to the link."""
VOCABULARIES = frozenset({"genres", "tags"})
"""Links that are the linked thing itself; its other fields live in a table of its own."""
LINK_FIELDS = {
    name: tuple(column for column in hints if column not in LINK_BOOKKEEPING) for name, hints in GAME_LINKS.items()
}
"""The known columns of each link table, without its keys."""


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


TEXTS: dict[str, Callable[[str], Any]] = {"released": date.fromisoformat, "updated": _utc}
"""What arrives as text, and how to read it; an empty text is RAWG's other way to say that it does not know."""


@dataclass
class Game:
    """One canonical game row, the rows of its links by table, and its tags in full."""

    row: Row
    links: dict[str, list[Row]] = field(default_factory=dict)
    tags: list[Row] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.row["id"])


def canonical_game(raw: Row) -> Game:
    """Makes one game out of either shape; unknown fields pass through, what cannot be read stays as it came."""
    row = {name: value for name, value in raw.items() if value is not None and name not in NOISE}
    row["_dlt_id"] = str(raw["id"])
    _flatten(row, "added_by_status")
    _flatten(row, ESRB, only=ESRB_KEYS)
    for name, parse in TEXTS.items():
        _parse(row, name, parse)
    game = Game(row)
    for name in GAME_LINKS:
        if isinstance(elements := row.get(name), list):
            game.links[name] = [_link(name, element) for element in row.pop(name)]
            if name == "tags":
                game.tags = [element for element in elements if isinstance(element, dict)]
    return game


def without_samples(raw: Row) -> Row:
    """A row of a list without the handful of sample games beside it; linked platforms shrink to their ids."""
    row = {name: value for name, value in raw.items() if name != "games"}
    if isinstance(platforms := row.get("platforms"), list):
        row["platforms"] = [{"id": platform["id"]} for platform in platforms]
    return row


def game_detail(raw: Row) -> Row:
    """The detail of a game without the links that its row in `games` has."""
    game = canonical_game(raw)
    row = {name: value for name, value in game.row.items() if name not in SELECTED_GAME_KEYS}
    if isinstance(reactions := row.get("reactions"), dict):
        # the ids of reactions are keys of an object, and would become a column each
        row["reactions"] = [{"id": id, "count": count} for id, count in reactions.items()]
    return {**row, "platforms": [_link("platforms", element) for element in raw.get("platforms") or []]}


def of_game(raw: Row) -> Row:
    """A row of a per-game list with its game's id."""
    return {"game_id": raw["_selected_games_id"], **_without_parent_keys(raw)}


def related_game(raw: Row) -> Row:
    """A row of /additions, /game-series or /parent-games; its links belong to `games`."""
    game = canonical_game(_without_parent_keys(raw))
    row = {name: game.row.get(name) for name in ("id", "slug", "name", "released", "updated")}
    return {"game_id": raw["_selected_games_id"], **row}


SELECTED_GAME_KEYS = frozenset({"_selected_games_id"})
"""What dlt adds to the rows of a per-game resource."""


def _without_parent_keys(raw: Row) -> Row:
    return {name: value for name, value in raw.items() if name not in SELECTED_GAME_KEYS}


def _link(name: str, element: Any) -> Row:
    if not isinstance(element, dict):
        return {"value": element}
    if name in VOCABULARIES and "id" in element:
        return {"id": element["id"]}
    reference = REFERENCES.get(name)
    if reference and isinstance(linked := element.get(reference), dict):
        own = {key: value for key, value in element.items() if key != reference and value is not None}
        return {f"{reference}__id": linked.get("id"), **own}
    return {key: value for key, value in element.items() if value is not None}


def _flatten(row: Row, name: str, only: tuple[str, ...] | None = None) -> None:
    nested = row.get(name)
    if isinstance(nested, dict):
        del row[name]
        row.update((f"{name}__{key}", value) for key, value in nested.items() if only is None or key in only)


def _parse(row: Row, name: str, parse: Any) -> None:
    value = row.get(name)
    if value == "":
        del row[name]
    elif isinstance(value, str):
        try:
            row[name] = parse(value)
        except ValueError:
            pass
