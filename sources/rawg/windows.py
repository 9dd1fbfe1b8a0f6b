"""Splitting the days of `updated` into windows that RAWG lists completely.

A filtered list stops after 10,000 rows while its `count` tells the true size, so a range is split by day until each
part fits. One probe splits a range in two: the right half's count is what the left half leaves.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

PAGE_SIZE = 40
"""Rows on a page of /games; RAWG silently gives 40 when asked for more."""
ROW_CAP = 10_000
"""Rows after which RAWG stops listing a filtered result."""
REACHABLE_ROWS = 2 * ROW_CAP
"""Rows of one day that can be listed: from the front of the ordering and from its back."""
WORTH_FILLING = 1 / 5
"""Part of a chunk that is worth a probe or two."""
LEFTOVER = 1 / 10
"""Part of a chunk by which the last one may be larger, because each load package takes its second."""
AIM = 0.95
"""Part of what fits that a split aims at, because days are not alike."""
NEAR = 1 / 4
"""Part of a window from which on a split may trust in its days being alike."""
ONE_DAY = timedelta(days=1)


def pages_for(rows: int) -> int:
    """Pages that hold `rows` rows; an empty list is one page as well."""
    return max(1, -(-rows // PAGE_SIZE))


@dataclass(frozen=True)
class Window:
    """Games whose `updated` lies in `start`..`end` (UTC days, both inclusive), and how many RAWG says there are."""

    start: date
    end: date
    expected: int

    @property
    def requests(self) -> int:
        """Requests that one walk over the window takes; an empty one is looked at as well, to prove that it is."""
        front = pages_for(min(self.expected, ROW_CAP))
        behind_the_cap = min(self.expected, REACHABLE_ROWS) - ROW_CAP
        return front + (pages_for(behind_the_cap) if behind_the_cap > 0 else 0)

    @property
    def is_single_day(self) -> bool:
        return self.start == self.end

    @property
    def filter(self) -> str:
        """The window as RAWG's `updated` filter."""
        return f"{self.start},{self.end}"

    def __str__(self) -> str:
        return str(self.start) if self.is_single_day else f"{self.start} to {self.end}"


class WindowPlanner:
    """Plans the windows of a range of days, oldest first, probing only as far as it is asked.

    Args:
        start, end: First and last day of the range, inclusive.
        count: Asks RAWG how many games were updated between two days; one request a call.
    """

    def __init__(self, start: date, end: date, count: Callable[[date, date], int]) -> None:
        self._count = count
        self._unprobed: tuple[date, date] | None = (start, end) if start <= end else None
        self._pending: list[Window] = []

    @property
    def is_empty(self) -> bool:
        """Whether every window was taken."""
        return self._unprobed is None and not self._pending

    def next_window(self, most_requests: Callable[[], float] = lambda: math.inf) -> Window | None:
        """Takes the oldest window that is left, or None when none is left.

        Windows are as large as the cap allows; one that costs more than `most_requests()`, which is asked anew after
        each probe because probes may be paid from the same purse, is split by day until it costs no more, except for
        a single day, which is returned as it is.
        """
        window = self._next_fitting(most_requests)
        if window is None:
            return None
        try:
            return self._merged_with_neighbours(window, most_requests)
        except BaseException:
            self._pending.append(window)
            raise

    def next_in_chunk(
        self, budget: int, chunk_requests: int, left: Callable[[], float] = lambda: math.inf
    ) -> Window | None:
        """Takes the oldest window for a chunk of `chunk_requests` of which `budget` are left, or None when it is full.

        A window is split to fill the chunk, unless so little of it is left that a fuller one is not worth the probes.
        What would be left over behind the last chunk goes along when it is little. A single day may be larger than the
        chunk, and than what the quota has `left`.
        """
        if budget <= 0:
            return None
        room = budget if budget >= chunk_requests * WORTH_FILLING else chunk_requests
        window = self.next_window(lambda: min(left(), room))
        leftover = chunk_requests * LEFTOVER if self.is_empty else 0
        if window and budget + leftover < window.requests <= left() and budget < chunk_requests:
            self.put_back(window)
            return None
        return window

    def put_back(self, window: Window) -> None:
        """Returns a window that was not walked; it comes out next."""
        self._pending.append(window)

    def _merged_with_neighbours(self, window: Window, most_requests: Callable[[], float]) -> Window:
        while (neighbour := self._next_fitting(most_requests, reserve=window.requests)) is not None:
            merged = Window(window.start, neighbour.end, window.expected + neighbour.expected)
            if not _fits(merged, most_requests()):
                self._pending.append(neighbour)
                break
            window = merged
        return window

    def _next_fitting(self, most_requests: Callable[[], float], reserve: int = 0) -> Window | None:
        """The oldest window, split until it fits; None, too, when a probe would cut into the `reserve`."""
        if self._unprobed is not None:
            start, end = self._unprobed
            self._pending.append(Window(start, end, self._count(start, end)))
            self._unprobed = None
        if not self._pending:
            return None
        days_are_alike = True
        while not _fits(self._pending[-1], most_requests()) and not self._pending[-1].is_single_day:
            if reserve and most_requests() <= reserve:
                return None
            window = self._pending.pop()
            share = AIM * min(ROW_CAP, most_requests() * PAGE_SIZE) / window.expected
            if days_are_alike and NEAR < share < 1:
                self._split(window, share)
                days_are_alike = False  # else it fits now
            else:
                self._split(window, 1 / 2)
        return self._pending.pop()

    def _split(self, window: Window, share: float) -> None:
        """Splits so that this share of the days is on the left."""
        last = window.start + timedelta(days=int((window.end - window.start).days * share))
        try:
            left = min(self._count(window.start, last), window.expected)
        except BaseException:
            self._pending.append(window)  # a probe that fails costs nothing but itself
            raise
        self._pending.append(Window(last + ONE_DAY, window.end, window.expected - left))
        self._pending.append(Window(window.start, last, left))


def _fits(window: Window, most_requests: float) -> bool:
    return window.expected <= ROW_CAP and window.requests <= max(most_requests, 1)
