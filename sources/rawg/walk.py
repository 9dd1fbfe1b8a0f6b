"""Walking windows page by page, and proving that each was walked completely.

Pages are requested by dlt's worker threads; everything here runs in the extracting thread.

RAWG pages by offset, so rows shift while we walk, and one can be missed. What saves requests is the direction:

- A window of past days only loses games (a change gives a game a new `updated`). Walked from its last page to its
  first, rows shift towards the pages that are still to come: some are seen twice, none is missed.
- A window that reaches today only gains games. Walked from its first page on, the same holds.

The `count` on every page tells the order in which RAWG answered: where two neighbouring pages were answered in the
wrong order around a change, both are asked for again. A window is complete when no such pair is left and as many
different games were seen as RAWG counted.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from sources.rawg.errors import ApiRefused, QuotaReached, RawgError
from sources.rawg.ledger import RequestLedger
from sources.rawg.pages import Games, PageOfGames, Sighting, StoppableSession
from sources.rawg.rows import Row
from sources.rawg.windows import ONE_DAY, PAGE_SIZE, REACHABLE_ROWS, ROW_CAP, Window, WindowPlanner, pages_for

MOST_WALKS = 4
"""Rounds of requests for a window before it is left as incomplete; the next run takes it up."""
FORWARD, BACKWARD = "created", "-created"
"""Orderings that do not change while a game stays in its window."""

Page = tuple[str, int]
"""Ordering and page number."""
PageRequest = dict[str, Any]
"""A page of a window, as dlt's `rest_api` resolves it into a request."""


@dataclass
class WalkProgress:
    """Where the walk is, for people who watch it."""

    planned_pages: int = 0
    pages: int = 0
    rows: int = 0
    windows: int = 0
    windows_complete: int = 0
    incomplete: list[Row] = field(default_factory=list)
    removals: Counter[str] = field(default_factory=Counter)

    def end(self, result: Row) -> None:
        if result["status"] == "complete":
            self.windows_complete += 1
        else:
            self.incomplete.append(result)


@dataclass
class Batch:
    """What the tables of one chunk are made of."""

    games: Games
    windows: list[Row]


def check_filter(updated: datetime | None, start: date, end: date) -> None:
    """Makes sure that a game which RAWG lists for `start`..`end` belongs there.

    Raises:
        ApiRefused: RAWG ignored the filter, as it does with one it cannot read, and answered with the whole catalogue.
    """
    # a day of grace: nobody documents the time zone that the filter's days are in
    if updated and not start - ONE_DAY <= updated.date() <= end + ONE_DAY:
        raise ApiRefused(
            f"RAWG ignored the filter updated={start},{end}: it listed a game updated on {updated.date()}; nothing of"
            " this answer was loaded."
        )


class WindowWalk:
    """One window while its pages arrive.

    Args:
        loses_games: Whether the window lies in the past, so that games only leave it; else they only enter it.
    """

    def __init__(self, window: Window, loses_games: bool) -> None:
        self.window = window
        self.loses_games = loses_games
        self.requests = 0
        self.walks = 0
        self.ended = False
        self.reason: str | None = None
        self.pending: set[Page] = set()
        self._ordering = BACKWARD
        self._seen: set[int] = set()
        self._told: dict[Page, list[int]] = {}

    def next_requests(self) -> list[PageRequest]:
        """Page requests that the proof still lacks: all pages at first, then those that a shift made doubtful."""
        self.walks += 1
        if not self._lacks_rows:
            return self._request(self._doubtful_pages())
        count = self.count
        if len(self._counts) > 1:
            # what was seen so far may have left by now, and would make up for what is lacking
            self._seen, self._told = set(), {}
        # from the other end of the list, other rows lie where two pages meet
        self._ordering = BACKWARD if self._ordering == FORWARD else FORWARD
        return self._request(self._pages(count))

    def receive(self, ordering: str, page: int, count: int | None, sightings: Iterable[Sighting]) -> list[PageRequest]:
        """Takes one page; returns further requests when it tells of more rows than were asked for.

        A page that RAWG no longer has (`count` is None) tells that the rows before it are all there is.
        """
        self.pending.discard((ordering, page))
        for id, updated in sightings:
            check_filter(updated, self.window.start, self.window.end)
            self._seen.add(id)
        told = (page - 1) * PAGE_SIZE if count is None else count
        self._told.setdefault((ordering, page), []).append(told)
        return self._request(self._pages(told) - self._told.keys() - self.pending)

    @property
    def count(self) -> int:
        """Games that were in the window all the while; before the first page, what the plan expected."""
        return min(self._counts, default=self.window.expected)

    @property
    def is_complete(self) -> bool:
        return not self._lacks_rows and not self._doubtful_pages()

    @property
    def is_over_cap(self) -> bool:
        """Whether RAWG holds more games in the window than it lists, however often it is walked."""
        return self.window.is_single_day and self.count > REACHABLE_ROWS

    @property
    def needs_no_further_walk(self) -> bool:
        """Whether the watermark may pass: what lies behind the cap stays there however often it is asked for."""
        return self.ended and self.reason in (None, "over_cap")

    def end(self, reason: str | None) -> None:
        """Closes the window: complete when there is no reason against it."""
        self.ended, self.reason = True, reason

    def result(self) -> Row:
        """The window's row in `game_windows`."""
        return {
            "updated_from": self.window.start,
            "updated_to": self.window.end,
            "expected_count": self.count,
            "rows_seen": len(self._seen),
            "requests": self.requests,
            "status": "incomplete" if self.reason else "complete",
            "reason": self.reason,
            "walked_at": datetime.now(UTC),
        }

    @property
    def _counts(self) -> set[int]:
        return {count for told in self._told.values() for count in told}

    @property
    def _lacks_rows(self) -> bool:
        return not self._told or len(self._seen) < self.count

    def _doubtful_pages(self) -> set[Page]:
        """Neighbouring pages between which a row can have slipped through.

        The one that was to be asked for first must have been answered before the window changed: with a count at
        least as high when games leave, at most as high when they enter.
        """
        doubtful: set[Page] = set()
        for (ordering, number), told in self._told.items():
            following = (ordering, number + 1)
            if following not in self._told:
                continue
            after = self._told[following]
            in_order = max(after) >= min(told) if self.loses_games else min(told) <= max(after)
            if not in_order:
                doubtful |= {(ordering, number), following}
        return doubtful

    def _pages(self, rows: int) -> set[Page]:
        """The pages that list `rows` rows: from one end, and on a day beyond the cap from the other end as well."""
        pages = {(self._ordering, page) for page in range(1, pages_for(min(rows, ROW_CAP)) + 1)}
        behind_the_cap = min(rows, REACHABLE_ROWS) - ROW_CAP
        if behind_the_cap > 0 and self.window.is_single_day:
            back = BACKWARD if self._ordering == FORWARD else FORWARD
            pages |= {(back, page) for page in range(1, pages_for(behind_the_cap) + 1)}
        return pages

    def _request(self, pages: set[Page]) -> list[PageRequest]:
        self.pending |= pages
        self.requests += len(pages)
        in_order = sorted(pages, key=lambda page: page[1], reverse=self.loses_games)
        return [{"window": self.window.filter, "ordering": ordering, "page": page} for ordering, page in in_order]


class Watermark:
    """The last day up to which everything is loaded, as kept in dlt's state."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state

    @property
    def day(self) -> date | None:
        value = self._state.get("watermark")
        return date.fromisoformat(value) if value else None

    def first_day(self, initial: date, lag_days: int) -> date:
        """Where the next load begins: after the watermark, and never later than `lag_days` before the last walk."""
        if self.day is None:
            return initial
        walked_on = date.fromisoformat(self._state.get("walked_on", self._state["watermark"]))
        return min(self.day + ONE_DAY, walked_on - timedelta(days=lag_days))

    def move_to(self, day: date, today: date) -> None:
        self._state.update(watermark=day.isoformat(), walked_on=today.isoformat())


class Reconciliation:
    """How far a walk over the whole catalogue has come, which may take many runs; kept in dlt's state."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state

    @property
    def started_at(self) -> datetime | None:
        """When the walk under way began, or None."""
        value = self._state.get("reconciling_since")
        return datetime.fromisoformat(value) if value else None

    def first_day(self, initial: date) -> date:
        """Where the walk goes on."""
        until = self._state.get("reconciled_until")
        return date.fromisoformat(until) + ONE_DAY if self.started_at and until else initial

    def move_to(self, day: date, started_at: datetime) -> None:
        self._state.setdefault("reconciling_since", started_at.isoformat())
        self._state["reconciled_until"] = day.isoformat()

    def end(self) -> None:
        for name in ("reconciling_since", "reconciled_until"):
            self._state.pop(name, None)


class OutOfQuota(QuotaReached):
    """The ledger leaves no request for another window; those already begun go on."""


class GamesWalk:
    """The walk over all planned windows, chunk by chunk; one object lives as long as the run.

    Args:
        start, end: First and last `updated` day, inclusive.
        count: Asks RAWG how many games were updated between two days; one request a call.
        session: Asks for the pages, until a request fails for good.
        ledger: Tells how many requests are left.
        chunk_requests: Requests that a chunk holds at most, the last one a tenth more, unless a single day needs more.
    """

    def __init__(
        self,
        start: date,
        end: date,
        count: Callable[[date, date], int],
        session: StoppableSession,
        ledger: RequestLedger,
        chunk_requests: int,
    ) -> None:
        self.start = start
        self.planner = WindowPlanner(start, end, self._count_within_quota)
        self._count = count
        self.session = session
        self.ledger = ledger
        self.chunk_requests = chunk_requests
        self.complete_until: date | None = None
        self.progress = WalkProgress()
        self._walks: list[WindowWalk] = []
        self._open: dict[str, WindowWalk] = {}
        self._queue: list[PageRequest] = []
        self._in_flight = 0
        self._pages: list[pa.RecordBatch] = []
        self._tags: dict[int, Any] = {}
        self._latest: dict[int, tuple[datetime | None, int, int]] = {}
        self._results: list[Row] = []
        self._out_of_quota: RawgError | None = None

    @property
    def stopped(self) -> RawgError | None:
        """Why no further window is begun; what was received by then is kept."""
        return self.session.stopped or self._out_of_quota

    @property
    def is_finished(self) -> bool:
        """Whether every planned window was walked."""
        return self.planner.is_empty

    def page_requests(self) -> Iterator[list[PageRequest] | None]:
        """Page requests of one chunk; None while only the answers to earlier ones can tell what to ask next."""
        budget = self.chunk_requests
        while window := self._next_window(budget):
            budget -= window.requests
            self._begin(WindowWalk(window, loses_games=window.end < datetime.now(UTC).date() - ONE_DAY))
        while self._in_flight or self._queue:
            yield self._dispatch() if self._queue else None

    def receive(
        self, window: str, ordering: str, page: int, count: int | None, results: PageOfGames | None
    ) -> Iterator[Batch]:
        """Takes the answer to one page request; the chunk's last one yields what the chunk has gathered.

        `results` is None when the request was not answered, `count` when RAWG no longer has the page.
        """
        self._in_flight -= 1
        walk = self._open[window]
        if results is not None:
            self._queue += walk.receive(ordering, page, count, results.sightings)
            self._keep(results)
        if self.session.stopped:
            self._queue.clear()
        if not walk.pending:
            self._end(walk)
        if self.session.stopped and not self._in_flight:
            for unfinished in list(self._open.values()):
                self._end(unfinished)
        if not self._open:
            yield self._gathered()

    def _keep(self, page: PageOfGames) -> None:
        """Keeps the latest sighting of each game: one that moves while we walk is seen in two windows."""
        for position, (id, updated) in enumerate(page.sightings):
            known, *_ = self._latest.get(id, (None,))
            if known is None or updated is None or updated >= known:
                self._latest[id] = updated, len(self._pages), position
        self._pages.append(page.games.known)
        self._tags |= page.games.tags  # kept page by page, the same tags would take more memory than all games
        self.progress.pages += 1
        self.progress.rows += len(page.sightings)

    def _next_window(self, budget: int) -> Window | None:
        if self.stopped:
            return None
        try:
            window = self.planner.next_in_chunk(budget, self.chunk_requests, lambda: self._unspoken_for)
        except OutOfQuota as error:
            self._out_of_quota = error
            return None
        except RawgError as error:
            self.session.stopped = error
            return None
        if window is None:
            return None
        if window.requests > self._unspoken_for:
            self.planner.put_back(window)
            self._out_of_quota = self._refusal(f"the games updated on {window} need {window.requests:,}")
            return None
        return window

    @property
    def _unspoken_for(self) -> int:
        """Requests that the quota leaves beside those for the windows already begun."""
        return self.ledger.remaining - len(self._queue)

    def _count_within_quota(self, start: date, end: date) -> int:
        if self._unspoken_for < 2:
            # a count alone is worth nothing without the request for the rows
            raise OutOfQuota(str(self._refusal("counting and loading the next games needs more")))
        return self._count(start, end)

    def _refusal(self, reason: str) -> QuotaReached:
        return self.ledger.refusal(reason, spoken_for=len(self._queue))

    def _begin(self, walk: WindowWalk) -> None:
        self._walks.append(walk)
        self._open[walk.window.filter] = walk
        self._queue += walk.next_requests()
        self.progress.windows += 1
        self.progress.planned_pages += walk.window.requests

    def _dispatch(self) -> list[PageRequest]:
        requests, self._queue = self._queue, []
        self._in_flight += len(requests)
        return requests

    def _end(self, walk: WindowWalk) -> None:
        """Closes a window whose pages are in, or asks again for what its proof lacks."""
        if walk.is_complete:
            walk.end(None)
        elif walk.is_over_cap:
            walk.end("over_cap")
        elif self.session.stopped:
            walk.end("stopped")
        elif walk.walks == MOST_WALKS or (walk.count > ROW_CAP and not walk.window.is_single_day):
            walk.end("moved")
        else:
            self._queue += walk.next_requests()
            self.progress.planned_pages += len(walk.pending)
            return
        del self._open[walk.window.filter]
        self._results.append(walk.result())
        self.progress.end(walk.result())
        while self._walks and self._walks[0].needs_no_further_walk:
            self.complete_until = self._walks.pop(0).window.end

    def _gathered(self) -> Batch:
        kept: dict[int, list[int]] = defaultdict(list)
        for _, page, position in self._latest.values():
            kept[page].append(position)
        games = Games.together(((self._pages[page], positions) for page, positions in kept.items()), self._tags)
        batch = Batch(games, self._results)
        self._pages, self._tags, self._latest, self._results = [], {}, {}, []
        return batch
