"""/games: planned windows in, the tables of a game out.

`game_pages` plans page requests, `game_list` (declared for dlt's `rest_api`) asks for them in parallel, `walked_games`
gathers the pages until their windows are proven, and the tables take from it what is theirs.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract import DltResource
from dlt.sources.rest_api import rest_api_resources

from sources.rawg import columns
from sources.rawg.columns import Columns, arrow_schema
from sources.rawg.rows import Game, Row, arrow_where_known, link_tables, snapshot_row, without_links
from sources.rawg.run import RawgRun
from sources.rawg.walk import Batch, GamesWalk, Reconciliation, Watermark
from sources.rawg.windows import PAGE_SIZE

GAME_TABLES = [
    "games",
    *(f"games__{name}" for name in columns.GAME_LINKS),
    "game_snapshots",
    "game_tags",
    "game_windows",
]
"""Resources that one walk over /games fills."""


def game_resources(run: RawgRun, walk: GamesWalk) -> Iterator[DltResource]:
    """The resources of one chunk of the walk."""
    game_pages = dlt.resource(lambda: walk.page_requests(), name="game_pages", selected=False)
    *_, game_list = rest_api_resources(
        {
            "client": {"base_url": run.configuration.base_url, "session": walk.session},
            "resources": [game_pages, GAME_LIST],  # type: ignore[list-item]
        }
    )
    walked = game_list | _walked_games(walk)
    yield from (game_pages, game_list, walked)
    yield walked | _table("games", columns.GAMES, _seen_now)
    for name in columns.GAME_LINKS:
        yield walked | _link_table(name, walk)
    yield walked | _table("game_snapshots", columns.GAME_SNAPSHOTS, _snapshots)
    yield walked | _game_tags()
    yield walked | _game_windows(run, walk)


GAME_LIST: dict[str, Any] = {
    "name": "game_list",
    "selected": False,
    "parallelized": True,
    "include_from_parent": ["window", "ordering", "page"],
    "endpoint": {
        "path": "games",
        "params": {
            "updated": "{resources.game_pages.window}",
            "ordering": "{resources.game_pages.ordering}",
            "page": "{resources.game_pages.page}",
            "page_size": PAGE_SIZE,
        },
        # the whole envelope: the walk needs the count
        "data_selector": "$",
        "paginator": "single_page",
    },
}


def _walked_games(walk: GamesWalk) -> DltResource:
    """What the pages amount to, once their windows are walked."""

    def walked_games(pages: list[Row]) -> Iterator[Batch]:
        for page in pages:
            window, ordering, number = (page[f"_game_pages_{name}"] for name in ("window", "ordering", "page"))
            yield from walk.receive(window, ordering, number, page["count"], page["results"])

    return dlt.transformer(walked_games, name="walked_games", selected=False)


def _table(name: str, hints: Columns, rows: Callable[[list[Game]], Iterable[Row]]) -> DltResource:
    schema = arrow_schema(hints)

    def table(batch: Batch) -> Iterator[pa.Table | list[Row]]:
        yield from arrow_where_known(rows(batch.games), schema)

    return dlt.transformer(table, name=name, columns=hints, write_disposition="merge")


def _link_table(name: str, walk: GamesWalk) -> DltResource:
    hints = columns.GAME_LINKS[name]
    schema = arrow_schema(hints)

    def links(batch: Batch) -> Iterator[pa.Table | list[Row]]:
        walk.progress.without_links[f"games__{name}"] += without_links(batch.games, name)
        yield from link_tables(batch.games, name, schema)

    return dlt.transformer(links, name=f"games__{name}", columns=hints, write_disposition="merge")


def _seen_now(games: list[Game]) -> Iterator[Row]:
    now = datetime.now(UTC)
    return ({**game.row, "last_seen_at": now} for game in games)


def _snapshots(games: list[Game]) -> Iterator[Row]:
    today = datetime.now(UTC).date()
    return (snapshot_row(game, today) for game in games)


def _game_tags() -> DltResource:
    """The tags that the walked games carry: the `tags` table without the 240 requests of its endpoint."""

    def tags(batch: Batch) -> Iterator[list[Row]]:
        if batch.tags:
            yield batch.tags

    return dlt.transformer(
        tags, name="game_tags", table_name="tags", columns=columns.TAGS, primary_key="id", write_disposition="merge"
    )


def _game_windows(run: RawgRun, walk: GamesWalk) -> DltResource:
    """The proof of completeness, and the place in the state that moves with it."""

    def windows(batch: Batch) -> Iterator[list[Row]]:
        if batch.windows:
            yield batch.windows
        if walk.complete_until is None:
            return
        state = dlt.current.resource_state("games")
        if run.purpose == "news":
            Watermark(state).move_to(walk.complete_until, datetime.now(UTC).date())
        elif run.purpose == "reconciliation":
            Reconciliation(state).move_to(walk.complete_until, run.started_at)

    return dlt.transformer(windows, name="game_windows", columns=columns.GAME_WINDOWS, write_disposition="merge")


def unlisted_games(run: RawgRun) -> DltResource:
    """What a reconciliation found, and its end."""

    def unlisted() -> Iterator[list[Row]]:
        yield run.unlisted_games
        Reconciliation(dlt.current.resource_state("games")).end()

    return dlt.resource(unlisted, name="unlisted_games", columns=columns.UNLISTED_GAMES, write_disposition="merge")
