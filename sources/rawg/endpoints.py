"""Every RAWG endpoint that the free plan serves, as facts in one table, and how dlt's `rest_api` declares it.

To add an endpoint, add a line to `ENDPOINTS` and its columns to `columns.py`, and run `make schema`.
Left out: `/games/{id}/reddit` (names of private people) and `/suggested`, `/twitch`, `/youtube` (paid plans).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from dlt.sources.rest_api.typing import EndpointResource

from sources.rawg import columns
from sources.rawg.columns import Columns
from sources.rawg.paginators import CataloguePages, ListPages, ReferencePages
from sources.rawg.rows import Row, game_detail, of_game, related_game, without_samples


@dataclass(frozen=True)
class Endpoint:
    """One endpoint and the table it becomes.

    Attributes:
        kind: `reference`: a short list, loaded whole on every run and replaced in one transaction.
            `catalogue`: a long unfiltered list without `ordering`, loaded when named, page by page over many packages.
            `game`: asked once for each selected game, when named.
        to_row: Makes a row of the table from RAWG's row.
    """

    name: str
    kind: Literal["reference", "catalogue", "game"]
    path: str
    columns: Columns
    to_row: Callable[[Row], Row]


ENDPOINTS = [
    Endpoint("genres", "reference", "genres", columns.GENRES, without_samples),
    Endpoint("platforms", "reference", "platforms", columns.PLATFORMS, without_samples),
    Endpoint("parent_platforms", "reference", "platforms/lists/parents", columns.PARENT_PLATFORMS, without_samples),
    Endpoint("stores", "reference", "stores", columns.STORES, without_samples),
    Endpoint("creator_roles", "reference", "creator-roles", columns.CREATOR_ROLES, without_samples),
    Endpoint("tags", "catalogue", "tags", columns.TAGS, without_samples),
    Endpoint("developers", "catalogue", "developers", columns.DEVELOPERS, without_samples),
    Endpoint("publishers", "catalogue", "publishers", columns.PUBLISHERS, without_samples),
    Endpoint("creators", "catalogue", "creators", columns.CREATORS, without_samples),
    Endpoint("game_details", "game", "games/{id}", columns.GAME_DETAILS, game_detail),
    Endpoint("game_achievements", "game", "games/{id}/achievements", columns.GAME_ACHIEVEMENTS, of_game),
    Endpoint("game_screenshots", "game", "games/{id}/screenshots", columns.GAME_SCREENSHOTS, of_game),
    Endpoint("game_stores", "game", "games/{id}/stores", columns.GAME_STORES, of_game),
    Endpoint("game_movies", "game", "games/{id}/movies", columns.GAME_MOVIES, of_game),
    Endpoint("game_additions", "game", "games/{id}/additions", columns.RELATED_GAMES, related_game),
    Endpoint("game_series", "game", "games/{id}/game-series", columns.RELATED_GAMES, related_game),
    Endpoint("game_parent_games", "game", "games/{id}/parent-games", columns.RELATED_GAMES, related_game),
    Endpoint("game_development_team", "game", "games/{id}/development-team", columns.DEVELOPMENT_TEAM, of_game),
]
ENDPOINT_BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}


def declare(endpoint: Endpoint, most_pages: int) -> EndpointResource:
    """The endpoint as a resource of dlt's `rest_api`; `most_pages` bounds a catalogue's package."""
    declaration: dict[str, Any] = {
        "name": endpoint.name,
        "columns": endpoint.columns,
        "write_disposition": "replace" if endpoint.kind == "reference" else "merge",
        "processing_steps": [{"map": endpoint.to_row}],
    }
    if endpoint.kind == "reference":
        declaration["endpoint"] = _list(endpoint.path, ReferencePages())
    elif endpoint.kind == "catalogue":
        declaration["endpoint"] = _list(endpoint.path, CataloguePages(most_pages))
        declaration["primary_key"] = "id"
    else:
        declaration |= {"endpoint": _of_selected_game(endpoint), "include_from_parent": ["id"], "parallelized": True}
    return declaration  # type: ignore[return-value]


def _list(path: str, paginator: ListPages) -> dict[str, Any]:
    return {"path": path, "data_selector": "results", "paginator": paginator}


def _of_selected_game(endpoint: Endpoint) -> dict[str, Any]:
    path = endpoint.path.replace("{id}", "{resources.selected_games.id}")
    # a game that RAWG deleted after it was selected
    gone = {"response_actions": [{"status_code": 404, "action": "ignore"}]}
    if endpoint.to_row is game_detail:
        return {"path": path, "data_selector": "$", "paginator": "single_page", **gone}
    return {**_list(path, ListPages()), **gone}
