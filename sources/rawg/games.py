"""/games: planned windows in, the tables of a game out.

`game_pages` plans page requests, `game_list` (declared for dlt's `rest_api`) asks for them in parallel, `walked_games`
gathers the pages until their windows are proven, and the tables take from it what is theirs.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.common.jsonpath import compile_path
from dlt.common.schema.typing import TDeleteInsertStrategyDict
from dlt.extract import DltResource
from dlt.sources.rest_api import rest_api_resources

from sources.rawg import columns
from sources.rawg.columns import Columns
from sources.rawg.pages import Games
from sources.rawg.rows import Row
from sources.rawg.run import RawgRun
from sources.rawg.tables import Items, game_rows, link_rows, removals, snapshot_rows, tag_rows
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
MERGE: TDeleteInsertStrategyDict = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}
"""The walk keeps one sighting of each game in a package, so nobody needs to look for a second one."""


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
        # the whole envelope: the walk needs the count; compiled, because dlt would do it for each page
        "data_selector": compile_path("$"),
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


def _table(name: str, hints: Columns, rows: Callable[[Games], Items]) -> DltResource:
    def table(batch: Batch) -> Items:
        yield from rows(batch.games)

    return dlt.transformer(table, name=name, columns=hints).apply_hints(write_disposition=MERGE)


def _link_table(name: str, walk: GamesWalk) -> DltResource:
    table_name = f"games__{name}"

    def links(games: Games) -> Items:
        for item in link_rows(games, name):
            walk.progress.removals[table_name] += removals(item)
            yield item

    return _table(table_name, columns.GAME_LINKS[name], links)


def _seen_now(games: Games) -> Items:
    return game_rows(games, datetime.now(UTC))


def _snapshots(games: Games) -> Items:
    return snapshot_rows(games, datetime.now(UTC).date())


def _game_tags() -> DltResource:
    """The tags that the walked games carry: the `tags` table without the 240 requests of its endpoint."""

    def tags(batch: Batch) -> Items:
        yield from tag_rows(batch.games)

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
