"""The known columns of every table: dlt's hints, written once.

Explicit types keep a rating that arrives as `0` from making a bigint column. Fields that are not listed here make
columns of their own when they appear.
"""

from typing import Any

import pyarrow as pa
from dlt.common.data_types import TDataType
from dlt.common.schema.typing import TColumnSchema

Columns = dict[str, TColumnSchema]


def columns(**types: TDataType) -> Columns:
    """Column hints from `name=data_type`."""
    return {name: {"name": name, "data_type": data_type} for name, data_type in types.items()}


LARGEST = 2**53
"""Integers up to here are exact in every engine's numbers; larger ones are left to dlt."""
ARROW_TYPES: dict[TDataType, pa.DataType] = {
    "bigint": pa.int64(),
    "double": pa.float64(),
    "text": pa.string(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def arrow_schema(hints: Columns) -> pa.Schema:
    """The Arrow schema of a table with these column hints."""
    return pa.schema(
        [
            pa.field(name, ARROW_TYPES[_data_type(hint)], nullable=hint.get("nullable", True))
            for name, hint in hints.items()
        ]
    )


def _data_type(hint: TColumnSchema) -> TDataType:
    data_type = hint["data_type"]
    assert data_type is not None
    return data_type


def _required(hints: Columns, *names: str, **hint: Any) -> Columns:
    """The same hints with `names` not nullable and carrying `hint`."""
    return {
        name: {**column, "nullable": False, **hint} if name in names else column  # type: ignore[typeddict-item]
        for name, column in hints.items()
    }


GAME_MEASURES = columns(
    rating="double",
    rating_top="bigint",
    ratings_count="bigint",
    reviews_text_count="bigint",
    reviews_count="bigint",
    added="bigint",
    added_by_status__yet="bigint",
    added_by_status__owned="bigint",
    added_by_status__beaten="bigint",
    added_by_status__toplay="bigint",
    added_by_status__dropped="bigint",
    added_by_status__playing="bigint",
    metacritic="bigint",
    playtime="bigint",
    suggestions_count="bigint",
)
"""What RAWG overwrites and keeps no history of; `playtime` is in hours."""

# `_dlt_id` of a game is its id as text, so that links and games join on either, whichever load they came with
_ROW_KEY = _required(columns(_dlt_id="text"), "_dlt_id", unique=True, row_key=True)

GAMES: Columns = {
    **_required(columns(id="bigint"), "id", primary_key=True),
    **columns(
        slug="text",
        name="text",
        released="date",
        tba="bool",
        background_image="text",
        **{name: _data_type(hint) for name, hint in GAME_MEASURES.items()},
        community_rating="double",
        esrb_rating__id="bigint",
        esrb_rating__name="text",
        esrb_rating__slug="text",
        updated="timestamp",
        last_seen_at="timestamp",
    ),
    **_ROW_KEY,
}

UNLISTED_GAMES: Columns = {
    **_required(columns(game_id="bigint"), "game_id", primary_key=True),
    **columns(last_seen_at="timestamp", noticed_at="timestamp"),
}
"""Games that a walk over the whole catalogue did not meet; RAWG never says that a game is gone."""

GAME_SNAPSHOTS: Columns = {
    **_required(columns(game_id="bigint", snapshot_date="date"), "game_id", "snapshot_date", primary_key=True),
    **GAME_MEASURES,
    # dlt adds it to rows that come as dicts, and could not add it to a table that Arrow filled without
    **_ROW_KEY,
}


LINK_BOOKKEEPING = ("game_id", "is_removed", "_dlt_parent_id", "_dlt_id")
"""Columns of every link table beside what RAWG says of the link."""


def _link(**types: TDataType) -> Columns:
    return {
        **_required(columns(game_id="bigint"), "game_id", merge_key=True),
        **columns(**types),
        # marks a game without such links: dlt deletes the game's old links and stores no row
        "is_removed": {"name": "is_removed", "data_type": "bool", "hard_delete": True},
        **_required(columns(_dlt_parent_id="text"), "_dlt_parent_id"),
        **_ROW_KEY,
    }


GAME_LINKS: dict[str, Columns] = {
    "genres": _link(id="bigint"),
    "tags": _link(id="bigint"),
    "platforms": _link(platform__id="bigint", released_at="text"),
    "parent_platforms": _link(platform__id="bigint"),
    "stores": _link(id="bigint", store__id="bigint"),
    "ratings": _link(id="bigint", title="text", count="bigint", percent="double"),
    "short_screenshots": _link(id="bigint", image="text"),
}
"""Lists of a game row that become tables `games__<name>`, one row a link, replaced with their game."""

GAME_WINDOWS: Columns = {
    **_required(columns(updated_from="date", updated_to="date"), "updated_from", "updated_to", primary_key=True),
    **columns(
        expected_count="bigint",
        rows_seen="bigint",
        requests="bigint",
        status="text",
        reason="text",
        walked_at="timestamp",
    ),
}

_NAMED = columns(id="bigint", name="text", slug="text")
_LISTED = {**_NAMED, **columns(games_count="bigint", image_background="text")}
_PERSON = {**_LISTED, **columns(image="text")}

GENRES = _LISTED
# most of them come with games, in Arrow, where dlt adds no key
TAGS = {**_required({**_LISTED, **columns(language="text")}, "id", primary_key=True), **_ROW_KEY}
PLATFORMS = {**_LISTED, **columns(image="text", year_start="bigint", year_end="bigint")}
PARENT_PLATFORMS = _NAMED
STORES = {**_LISTED, **columns(domain="text")}
CREATOR_ROLES = _NAMED
DEVELOPERS = _LISTED
PUBLISHERS = _LISTED
CREATORS = _PERSON

GAME_DETAILS: Columns = {
    **{name: hint for name, hint in GAMES.items() if name not in ("_dlt_id", "last_seen_at")},
    **columns(
        name_original="text",
        description="text",
        description_raw="text",
        website="text",
        metacritic_url="text",
        background_image_additional="text",
        screenshots_count="bigint",
        movies_count="bigint",
        creators_count="bigint",
        achievements_count="bigint",
        parent_achievements_count="bigint",
        additions_count="bigint",
        game_series_count="bigint",
        parents_count="bigint",
        reddit_count="bigint",
        twitch_count="bigint",
        youtube_count="bigint",
    ),
}

_OF_GAME = _required(columns(game_id="bigint", id="bigint"), "game_id", "id", primary_key=True)
GAME_ACHIEVEMENTS = {**_OF_GAME, **columns(name="text", description="text", image="text", percent="double")}
GAME_SCREENSHOTS = {**_OF_GAME, **columns(image="text", width="bigint", height="bigint", is_deleted="bool")}
GAME_STORES = {**_OF_GAME, **columns(store_id="bigint", url="text")}
GAME_MOVIES = {**_OF_GAME, **columns(name="text", preview="text")}
RELATED_GAMES = {**_OF_GAME, **columns(slug="text", name="text", released="date", updated="timestamp")}
DEVELOPMENT_TEAM = {**_OF_GAME, **columns(name="text", slug="text", image="text", games_count="bigint")}

SCHEMA_CHANGES: Columns = {
    **_required(columns(table_name="text", column_name="text"), "table_name", "column_name", primary_key=True),
    **columns(change="text", data_type="text", noticed_at="timestamp"),
}
"""Columns that RAWG brought and no version of the project declared; see `schema_changes.py`."""

GAME_FETCHES: Columns = {
    **_required(columns(resource="text", game_id="bigint"), "resource", "game_id", primary_key=True),
    **columns(game_updated="timestamp"),
}
