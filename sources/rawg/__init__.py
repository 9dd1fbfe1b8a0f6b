"""dlt source for the RAWG video games API (https://rawg.io/apidocs). Data by RAWG (https://rawg.io).

- Auth: `key` query parameter, from RAWG_API_KEY or `sources.rawg.api_key`; only `session.py` ever holds it.
- Paging: by `page`, 40 rows each. /games is walked in windows of `updated` that fit under RAWG's 10,000-row cap.
- Write dispositions: reference lists replace; everything else merges on RAWG's ids, so that a page read twice is
  harmless; a game's links are replaced with their game.
- Incremental: the watermark is the last `updated` day up to which every window was proven complete.

    run = RawgRun.start(rawg_configuration(), ledger)
    pipeline.run(rawg_source(run).with_resources("genres", "stores"))
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date

import dlt
from dlt.extract import DltResource, DltSource
from dlt.sources.rest_api import rest_api_resources
from fsspec.implementations.memory import MemoryFileSystem

from sources.rawg.columns import GAME_FETCHES
from sources.rawg.configuration import RawgConfiguration
from sources.rawg.endpoints import ENDPOINT_BY_NAME, declare
from sources.rawg.games import game_resources, unlisted_games
from sources.rawg.ledger import RequestLedger
from sources.rawg.rows import Row
from sources.rawg.run import RawgRun
from sources.rawg.schema_changes import schema_changes


@dlt.source(name="rawg", section="rawg", max_table_nesting=3)
def rawg_source(run: RawgRun, endpoints: Collection[str] = tuple(ENDPOINT_BY_NAME)) -> Iterable[DltResource]:
    """All tables of RAWG; select with `.with_resources(...)`.

    Args:
        run: Session, quota and plan that the packages of a run share. Without a walk (`RawgRun.walk_games`) the
            tables of /games are left out.
        endpoints: Those to declare; dlt takes its time over each, selected or not.
    """
    if endpoints:
        yield from rest_api_resources(
            {
                "client": {"base_url": run.configuration.base_url, "session": run.session},
                "resources": [
                    _selected_games(run),
                    *(declare(ENDPOINT_BY_NAME[name], run.most_pages) for name in endpoints),
                ],
            }
        )
    yield _game_fetches(run)
    yield unlisted_games(run)
    yield schema_changes(run)
    if run.walk is not None:
        yield from game_resources(run, run.walk)


def declared_source() -> DltSource:
    """The source with all its resources, to look at: it needs no key and no lake, and may not send a request."""
    run = RawgRun.start(RawgConfiguration(api_key="no key"), RequestLedger(MemoryFileSystem(), "", monthly_limit=0))
    run.walk_games(date.max, date.max)
    return rawg_source(run)


def _selected_games(run: RawgRun) -> DltResource:
    return dlt.resource(lambda: iter([run.selected_games]), name="selected_games", selected=False)


def _game_fetches(run: RawgRun) -> DltResource:
    """Remembers what was asked for each game, so that nothing is asked twice until the game changes."""

    def fetches() -> Iterator[Row]:
        for game in run.selected_games:
            for resource in run.selected_resources:
                yield {"resource": resource, "game_id": game["id"], "game_updated": game["updated"]}

    return dlt.resource(fetches, name="game_fetches", columns=GAME_FETCHES, write_disposition="merge")
