"""Planning windows: nothing left out, nothing counted twice, few probes."""

import itertools
import math
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.rawg.errors import ApiUnavailable, QuotaReached
from sources.rawg.windows import ROW_CAP, Window, WindowPlanner

START = date(2020, 1, 1)
DAYS = st.dictionaries(st.integers(0, 400), st.integers(1, 12_000), max_size=40)


class Catalogue:
    """Counts games by day and remembers how often it was asked."""

    def __init__(self, games_by_day: dict[int, int]) -> None:
        self.games = Counter({START + timedelta(days=day): games for day, games in games_by_day.items()})
        self.probes = 0

    def count(self, start: date, end: date) -> int:
        self.probes += 1
        return sum(games for day, games in self.games.items() if start <= day <= end)


def _plan(catalogue: Catalogue, days: int, most_requests: float = math.inf) -> list[Window]:
    planner = WindowPlanner(START, START + timedelta(days=days), catalogue.count)
    windows: list[Window] = []
    while window := planner.next_window(lambda: most_requests):
        windows.append(window)
    assert planner.is_empty
    return windows


@given(DAYS, st.just(math.inf) | st.integers(1, 300))
@settings(max_examples=150, deadline=None)
def test_windows_cover_every_day_once_and_fit(games_by_day: dict[int, int], most_requests: float) -> None:
    catalogue = Catalogue(games_by_day)
    windows = _plan(catalogue, 400, most_requests)
    assert windows[0].start == START
    assert windows[-1].end == START + timedelta(days=400)
    for before, after in itertools.pairwise(windows):
        assert after.start == before.end + timedelta(days=1)
    for window in windows:
        assert window.expected == catalogue.count(window.start, window.end)
        assert window.is_single_day or window.expected <= ROW_CAP
        assert window.is_single_day or window.requests <= most_requests


@given(DAYS, st.integers(25, 300))
@settings(max_examples=150, deadline=None)
def test_every_run_gets_on_whose_requests_pay_the_probes_as_well(games_by_day: dict[int, int], budget: int) -> None:
    start, end = START, START + timedelta(days=400)
    while start <= end:
        catalogue, begun, spent = Catalogue(games_by_day), start, 0

        def left() -> int:
            return budget - catalogue.probes - spent  # noqa: B023

        def count(first: date, last: date) -> int:
            if left() < 2:
                raise QuotaReached("no more")
            return catalogue.count(first, last)  # noqa: B023

        planner = WindowPlanner(start, end, count)
        window = None
        try:
            while (window := planner.next_window(left)) and window.requests <= left():
                spent += window.requests
                start = window.end + timedelta(days=1)
            assert window or planner.is_empty
        except QuotaReached:
            pass
        if start == begun:
            assert window
            assert window.is_single_day, f"{window} needs {window.requests}, {left()} are left"
            start = window.end + timedelta(days=1)  # a day that this budget cannot pay


@given(DAYS)
@settings(max_examples=100, deadline=None)
def test_windows_are_as_few_as_the_cap_allows(games_by_day: dict[int, int]) -> None:
    windows = _plan(Catalogue(games_by_day), 400)
    for left, right in itertools.pairwise(windows):
        assert left.expected + right.expected > ROW_CAP


def test_a_catalogue_under_the_cap_costs_one_probe_however_long_the_time() -> None:
    catalogue = Catalogue({7: 3, 390: 4_000})
    assert [window.expected for window in _plan(catalogue, 400)] == [4_003]
    assert catalogue.probes == 1


def test_a_split_leaves_a_window_that_is_nearly_full() -> None:
    catalogue = Catalogue(dict.fromkeys(range(300), 50))
    first, second = _plan(catalogue, 300)
    assert 0.9 * ROW_CAP < first.expected <= ROW_CAP
    assert first.expected + second.expected == 15_000
    assert catalogue.probes == 2


@pytest.mark.parametrize("day", [0, 1, 100, 250, 398, 399])
def test_a_day_that_is_not_like_the_others_is_found_by_halving(day: int) -> None:
    catalogue = Catalogue(dict.fromkeys(range(400), 10) | {day: 10_400})
    _plan(catalogue, 400)
    assert catalogue.probes <= 2 * math.ceil(math.log2(400))


def test_a_probe_that_fails_can_be_made_again() -> None:
    catalogue = Catalogue(dict.fromkeys(range(100), 300))
    failures = [2, 3]

    def count(start: date, end: date) -> int:
        if catalogue.probes + 1 in failures:
            failures.pop(0)
            raise ApiUnavailable("down")
        return catalogue.count(start, end)

    planner = WindowPlanner(START, START + timedelta(days=99), count)
    windows: list[Window] = []
    failed = 0
    while not planner.is_empty:
        try:
            if window := planner.next_window():
                windows.append(window)
        except ApiUnavailable:
            failed += 1
    assert failed == 2
    assert sum(window.expected for window in windows) == 30_000


@pytest.mark.parametrize(
    ("expected", "requests"),
    [(0, 1), (1, 1), (40, 1), (41, 2), (10_000, 250), (10_400, 260), (20_000, 500), (30_000, 500)],
)
def test_what_a_window_costs(expected: int, requests: int) -> None:
    assert Window(START, START, expected).requests == requests
