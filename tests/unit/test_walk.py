"""Walking windows whose rows shift meanwhile, against a model of RAWG's offset paging."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.rawg.errors import ApiRefused
from sources.rawg.ledger import RequestLedger
from sources.rawg.rows import canonical_game
from sources.rawg.session import StoppableSession
from sources.rawg.walk import FORWARD, GamesWalk, Watermark, check_filter

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
    """Walks the listing with two workers, whose answers may come in either order; `change` is called after each."""
    ledger = RequestLedger(fsspec.filesystem("memory"), f"/{id(listing)}", 10_000)
    session = StoppableSession(None)  # type: ignore[arg-type]  # pages are answered here
    walk = GamesWalk(day, day, lambda start, end: len(listing.ids), session, ledger, 250)
    loaded: set[int] = set()
    windows: list[dict[str, Any]] = []
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
        count, ids = listing.page(request["ordering"], request["page"])
        rows = [{"id": number, "updated": f"{day}T12:00:00"} for number in ids]
        for batch in walk.receive(request["window"], request["ordering"], request["page"], count, rows):
            loaded |= {game.id for game in batch.games}
            windows += batch.windows
        answered += 1
        change(answered)
    assert len(windows) == 1
    return loaded, windows[0]


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
    game = canonical_game({"id": 1, "updated": f"{PAST + timedelta(days=offset)}T10:00:00"})
    if is_refused:
        with pytest.raises(ApiRefused, match="ignored the filter"):
            check_filter(game, PAST, PAST)
    else:
        check_filter(game, PAST, PAST)


def test_the_watermark_steps_back_by_the_lag() -> None:
    state: dict[str, Any] = {}
    watermark = Watermark(state)
    initial = date(2000, 1, 1)
    assert watermark.first_day(initial, 2) == initial
    watermark.move_to(date(2024, 5, 10), today=date(2024, 5, 10))
    assert watermark.first_day(initial, 2) == date(2024, 5, 8)
    watermark.move_to(date(2024, 3, 1), today=date(2024, 5, 10))
    assert watermark.first_day(initial, 2) == date(2024, 3, 2)
