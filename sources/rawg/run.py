"""What the load packages of one run share: settings, session, quota, plan."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

import requests

from sources.rawg.configuration import RawgConfiguration
from sources.rawg.errors import ApiRefused
from sources.rawg.ledger import RequestLedger
from sources.rawg.pages import StoppableSession, read_page
from sources.rawg.rows import Row
from sources.rawg.session import RawgSession
from sources.rawg.walk import GamesWalk, check_filter
from sources.rawg.windows import Window, WindowPlanner

PROBE_ROWS = 10
"""Rows asked for beside a count, enough to notice that RAWG ignored the filter."""


@dataclass
class RawgRun:
    """One run against the API.

    Attributes:
        walk: The walk over /games, when games are loaded.
        purpose: What the walk is for: news, which moves the watermark; a range of days or of tables, which moves
            nothing; or the reconciliation of the whole catalogue, which keeps its own place.
        unlisted_games: Games that the reconciliation did not meet, as rows of `unlisted_games`.
        schema_changes: What RAWG sends and nobody has noticed before, as rows of `schema_changes`.
        selected_games: Games that the per-game resources ask for, as `{"id": ..., "updated": ...}`.
        selected_resources: The per-game resources that ask for them.
        most_pages: Pages of a catalogue list in one package.
    """

    configuration: RawgConfiguration
    ledger: RequestLedger
    session: RawgSession
    walk: GamesWalk | None = None
    purpose: Literal["news", "range", "reconciliation"] = "news"
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    unlisted_games: list[Row] = field(default_factory=list)
    schema_changes: list[Row] = field(default_factory=list)
    selected_games: list[Row] = field(default_factory=list)
    selected_resources: list[str] = field(default_factory=list)
    most_pages: int = 0

    @classmethod
    def start(cls, configuration: RawgConfiguration, ledger: RequestLedger) -> "RawgRun":
        """A run that has sent nothing yet."""
        session = RawgSession(configuration, ledger)
        return cls(configuration, ledger, session, most_pages=configuration.chunk_requests)

    def planned_windows(self, start: date, end: date) -> Iterator[Window]:
        """The windows of a walk over `start`..`end` with enough requests left, probing RAWG for counts as it goes."""
        planner, chunk = WindowPlanner(start, end, self.count_games), self.configuration.chunk_requests
        while not planner.is_empty:
            budget = chunk
            while window := planner.next_in_chunk(budget, chunk):
                budget -= window.requests
                yield window

    def walk_games(self, start: date, end: date) -> GamesWalk:
        """Sets out to walk the games updated in `start`..`end`."""
        stoppable = StoppableSession(self.session)
        chunk = self.configuration.chunk_requests
        self.walk = GamesWalk(start, end, self.count_games, stoppable, self.ledger, chunk)
        return self.walk

    def count_games(self, start: date, end: date) -> int:
        """Asks RAWG how many games were updated in `start`..`end` (both inclusive); one request.

        Raises:
            ApiRefused: RAWG ignored the filter.
        """
        url = f"{self.configuration.base_url.rstrip('/')}/games"
        params: dict[str, str | int] = {"updated": f"{start},{end}", "page": 1, "page_size": PROBE_ROWS}
        request = self.session.prepare_request(requests.Request("GET", url, params=params))
        payload = self.session.answer(request, read_page).json()
        if "count" not in payload:
            raise ApiRefused(f"RAWG did not count the games updated from {start} to {end}; try again later.")
        for _, updated in payload["results"].sightings:
            check_filter(updated, start, end)
        return int(payload["count"])
