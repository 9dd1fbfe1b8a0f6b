"""Walking windows whose rows shift meanwhile, against a model of RAWG's offset paging."""

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import orjson
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.rawg import walk, windows
from sources.rawg.errors import ApiRefused
from sources.rawg.ledger import RequestLedger
from sources.rawg.pages import StoppableSession, read_page
from sources.rawg.walk import FORWARD, Batch, GamesWalk, Watermark, check_filter

TODAY = datetime.now(UTC).date()
PAST = TODAY - timedelta(days=30)


class Listing:
    """Ids of the games in one window, in the order of their creation."""

    def __init__(self, size: int) -> None:
        self.ids = list(range(1, size + 1))

    def page(self, ordering: str, number: int) -> tuple[int | None, list[int]]:
        ids = self.ids if ordering == FORWARD else self.ids[::-1]
        rows = ids[(number - 1) * 40 : number * 40]
        return (len(ids) if rows or number == 1 else None), rows


def _walk(
    listing: Listing, day: date, swaps: list[bool], change: Callable[[int], None]
) -> tuple[set[int], dict[str, Any]]:
    """Walks the listing; `change` is called after each answer."""
    walk = _games_walk(day, day, lambda start, end: len(listing.ids))

    def answer(request: dict[str, Any]) -> tuple[int | None, list[dict[str, Any]]]:
        count, ids = listing.page(request["ordering"], request["page"])
        return count, [{"id": number, "updated": f"{day}T12:00:00"} for number in ids]

    (batch,) = _chunk(walk, answer, swaps, change)
    (window,) = batch.windows
    return _ids([batch]), window


def _ids(batches: list[Batch]) -> set[int]:
    of_batches = [batch.games.known["id"].to_pylist() for batch in batches]
    assert all(len(ids) == len(set(ids)) for ids in of_batches)  # dlt is told so, and does not look
    return {id for ids in of_batches for id in ids}


def _games_walk(start: date, end: date, count: Callable[[date, date], int], chunk_requests: int = 250) -> GamesWalk:
    ledger = RequestLedger(MemoryFileSystem(), f"/{uuid4()}", 1_000_000)
    session = StoppableSession(None)  # type: ignore[arg-type]  # pages are answered by the tests
    return GamesWalk(start, end, count, session, ledger, chunk_requests)


def _chunk(
    walk: GamesWalk,
    answer: Callable[[dict[str, Any]], tuple[int | None, list[dict[str, Any]]]],
    swaps: list[bool],
    change: Callable[[int], None],
) -> Iterator[Batch]:
    """One chunk of a walk by two workers, whose answers may come in either order."""
    queue: list[dict[str, Any]] = []
    requests = walk.page_requests()
    answered = 0
    exhausted = False
    while queue or not exhausted:
        more = next(requests, ())
        exhausted = more == ()
        queue += more or []
        if not queue:
            continue
        at = 1 if len(queue) > 1 and swaps and swaps[answered % len(swaps)] else 0
        request = queue.pop(at)
        count, rows = answer(request)
        page = read_page(orjson.dumps({"count": 0, "results": rows}))
        assert page
        yield from walk.receive(request["window"], request["ordering"], request["page"], count, page["results"])
        answered += 1
        change(answered)


@given(
    st.integers(0, 700), st.lists(st.booleans(), max_size=7), st.dictionaries(st.integers(1, 20), st.integers(0, 699))
)
@settings(max_examples=300, deadline=None)
def test_games_that_leave_a_past_window_take_no_other_with_them(
    size: int, swaps: list[bool], departures: dict[int, int]
) -> None:
    listing = Listing(size)

    def leave(answered: int) -> None:
        if (position := departures.get(answered)) is not None and position < len(listing.ids):
            del listing.ids[position]

    loaded, window = _walk(listing, PAST, swaps, leave)
    if window["status"] == "complete":
        assert loaded >= set(listing.ids)
        assert window["rows_seen"] >= window["expected_count"] >= len(listing.ids)
    else:
        assert len(departures) > 3  # it changed again in every round


@given(
    st.integers(0, 700), st.lists(st.booleans(), max_size=7), st.dictionaries(st.integers(1, 20), st.integers(0, 699))
)
@settings(max_examples=300, deadline=None)
def test_games_that_enter_todays_window_push_no_other_out(
    size: int, swaps: list[bool], arrivals: dict[int, int]
) -> None:
    listing = Listing(size)

    def enter(answered: int) -> None:
        if (position := arrivals.get(answered)) is not None:
            listing.ids.insert(min(position, len(listing.ids)), 10_000 + answered)

    loaded, window = _walk(listing, TODAY, swaps, enter)
    if window["status"] == "complete":
        assert loaded >= set(range(1, size + 1))
    else:
        assert len(arrivals) > 3


class Catalogue:
    """RAWG in small: games by the day of their last change, of which it lists `cap` rows by `page_size`."""

    def __init__(self, ages: list[int], cap: int, page_size: int) -> None:
        self.updated = {number: TODAY - timedelta(days=age) for number, age in enumerate(ages, 1)}
        self.cap, self.page_size = cap, page_size
        self.requests = 0

    def ids(self, start: date, end: date) -> list[int]:
        return [number for number, day in self.updated.items() if start <= day <= end]

    def count(self, start: date, end: date) -> int:
        self.requests += 1
        return len(self.ids(start, end))

    def answer(self, request: dict[str, Any]) -> tuple[int | None, list[dict[str, Any]]]:
        self.requests += 1
        start, end = map(date.fromisoformat, request["window"].split(","))
        ids = self.ids(start, end)[:: 1 if request["ordering"] == FORWARD else -1]
        first = (request["page"] - 1) * self.page_size
        listed = ids[first : min(first + self.page_size, self.cap)]
        rows = [{"id": number, "updated": f"{self.updated[number]}T12:00:00"} for number in listed]
        return (len(ids) if listed or request["page"] == 1 else None), rows

    def change(self, number: int) -> None:
        if number in self.updated:
            self.updated[number] = TODAY

    def load(
        self, start: date, chunk: int, swaps: list[bool], change: Callable[[int], None]
    ) -> tuple[set[int], list[dict[str, Any]]]:
        """Walks all chunks from `start` until today, and returns the games and the windows."""
        whole = _games_walk(start, TODAY, self.count, chunk)
        batches: list[Batch] = []
        while not whole.is_finished:
            (batch,) = _chunk(whole, self.answer, swaps, change)
            batches.append(batch)
        return _ids(batches), [window for batch in batches for window in batch.windows]


@given(
    ages=st.lists(st.integers(0, 40), max_size=120),
    page_size=st.integers(1, 7),
    pages_of_the_cap=st.integers(2, 6),
    chunk=st.integers(2, 30),
    swaps=st.lists(st.booleans(), max_size=5),
    drift=st.dictionaries(st.integers(1, 30), st.integers(1, 120), max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_any_catalogue_is_walked_whole_within_its_bound(
    ages: list[int], page_size: int, pages_of_the_cap: int, chunk: int, swaps: list[bool], drift: dict[int, int]
) -> None:
    cap = page_size * pages_of_the_cap
    catalogue = Catalogue(ages, cap, page_size)
    start = TODAY - timedelta(days=40)
    with ExitStack() as stack:
        for module in (walk, windows):
            for name, value in (("PAGE_SIZE", page_size), ("ROW_CAP", cap), ("REACHABLE_ROWS", 2 * cap)):
                stack.enter_context(patch.object(module, name, value))
        loaded, walked = catalogue.load(start, chunk, swaps, lambda answered: catalogue.change(drift.get(answered, 0)))
        spent = catalogue.requests
        # what changed behind the walk's back comes with the next one, which looks two days back
        loaded |= catalogue.load(TODAY - timedelta(days=2), chunk, [], lambda answered: None)[0]
    walked.sort(key=lambda window: window["updated_from"])
    assert walked[0]["updated_from"] == start
    assert walked[-1]["updated_to"] == TODAY
    for before, after in itertools.pairwise(walked):
        assert after["updated_from"] == before["updated_to"] + timedelta(days=1)
    for window in walked:
        # one that grew beyond the cap meanwhile says so
        assert window["updated_from"] == window["updated_to"] or window["expected_count"] <= cap or window["reason"]
    reasons = {window["reason"] for window in walked}
    if reasons == {None}:
        assert loaded == set(catalogue.updated)
    else:
        assert reasons <= {None, "over_cap", "moved"}
        assert max(map(ages.count, ages)) > 2 * cap or drift
    if not drift:
        # each window's pages, of which one may not be full, and the probes that found it by halving 41 days
        assert spent <= len(ages) / page_size + len(walked) * (2 + math.ceil(math.log2(41))) + 1


def _chunks(days: int, games_a_day: int) -> list[int]:
    """Page requests of each chunk."""

    def count(start: date, end: date) -> int:
        return ((end - start).days + 1) * games_a_day

    walk = _games_walk(date(2020, 1, 1), date(2020, 1, 1) + timedelta(days=days - 1), count, chunk_requests=250)
    chunks = []
    while not walk.is_finished:
        requests = next(walk.page_requests())
        assert requests
        chunks.append(len(requests))
    return chunks


def test_a_chunk_is_filled_with_windows() -> None:
    chunks = _chunks(days=366, games_a_day=60)
    assert all(200 <= requests <= 250 for requests in chunks[:-1]), chunks


@pytest.mark.parametrize(("days", "amount", "largest"), [(250, 2, 275), (264, 3, 250)])
def test_little_that_would_be_left_over_goes_along(days: int, amount: int, largest: int) -> None:
    chunks = _chunks(days, games_a_day=80)
    assert len(chunks) == amount
    assert max(chunks) <= largest


def test_a_chunk_holds_the_tags_of_its_own_pages_as_they_came_last() -> None:
    tomorrow = PAST + timedelta(days=1)
    walk = _games_walk(PAST, tomorrow, lambda start, end: 80 * ((end - start).days + 1), chunk_requests=3)
    answers = itertools.count(1)

    def answer(request: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
        day = request["window"].split(",")[0]
        tags = [{"id": 1, "games_count": next(answers)}, {"id": 2 if day == str(PAST) else 3, "games_count": 0}]
        ids = range(request["page"] * 40, request["page"] * 40 + 40)
        return 80, [{"id": id, "updated": f"{day}T12:00:00", "tags": tags} for id in ids]

    chunks = [batch for _ in range(2) for batch in _chunk(walk, answer, [], lambda answered: None)]
    assert walk.is_finished
    told = [{id: tag.games_count for id, tag in batch.games.tags.items()} for batch in chunks]
    assert told == [{1: 2, 2: 0}, {1: 4, 3: 0}]


def test_a_quiet_window_costs_its_pages_and_no_more() -> None:
    loaded, window = _walk(Listing(415), PAST, [], lambda answered: None)
    assert len(loaded) == 415
    assert (window["requests"], window["status"], window["expected_count"], window["rows_seen"]) == (
        11,
        "complete",
        415,
        415,
    )


@pytest.mark.parametrize(("offset", "is_refused"), [(-2, True), (-1, False), (0, False), (1, False), (2, True)])
def test_a_game_from_outside_the_filter_is_refused(offset: int, is_refused: bool) -> None:
    updated = datetime.combine(PAST + timedelta(days=offset), time(10), UTC)
    if is_refused:
        with pytest.raises(ApiRefused, match="ignored the filter"):
            check_filter(updated, PAST, PAST)
    else:
        check_filter(updated, PAST, PAST)


def test_a_state_that_knows_only_the_watermark_goes_on_from_it() -> None:
    assert Watermark({"watermark": "2024-05-10"}).first_day(date(2000, 1, 1), 2) == date(2024, 5, 8)


def test_the_watermark_steps_back_by_the_lag() -> None:
    state: dict[str, Any] = {}
    watermark = Watermark(state)
    initial = date(2000, 1, 1)
    assert watermark.first_day(initial, 2) == initial
    watermark.move_to(date(2024, 5, 10), today=date(2024, 5, 10))
    assert watermark.first_day(initial, 2) == date(2024, 5, 8)
    watermark.move_to(date(2024, 3, 1), today=date(2024, 5, 10))
    assert watermark.first_day(initial, 2) == date(2024, 3, 2)
