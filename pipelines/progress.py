"""What a person sees while a run works, and how they stop it."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tqdm import tqdm

from pipelines.load import LoadReport

LOG_EVERY = 5.0
"""Seconds between two lines where no terminal shows a live bar."""
REFRESH_EVERY = 0.3
"""Seconds between two refreshes of the live bar."""


@contextmanager
def watch(report: LoadReport) -> Iterator[None]:
    """Shows windows, pages, rows a second and requests left: a live bar on a terminal, plain lines elsewhere."""
    done = threading.Event()
    show = _live_bar if sys.stderr.isatty() else _plain_lines
    thread = threading.Thread(target=show, args=(report, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def stop_on_signals(cancelled: threading.Event) -> Iterator[None]:
    """Ctrl-C or SIGTERM ends the run after the requests in flight, keeping what was received; a second one kills it."""

    def stop(signum: int, frame: FrameType | None) -> None:
        if cancelled.is_set():
            raise KeyboardInterrupt
        cancelled.set()

    previous = {signum: signal.signal(signum, stop) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, handler)


def _live_bar(report: LoadReport, done: threading.Event) -> None:
    with tqdm(unit=" pages", file=sys.stderr, leave=False, dynamic_ncols=True) as bar:
        started = time.monotonic()
        while not done.wait(REFRESH_EVERY):
            walk = report.run.walk
            if walk:
                bar.total = max(walk.progress.planned_pages, walk.progress.pages)
                bar.n = walk.progress.pages
            bar.set_postfix_str(_state(report, started), refresh=True)


def _plain_lines(report: LoadReport, done: threading.Event) -> None:
    started = time.monotonic()
    while not done.wait(LOG_EVERY):
        print(_state(report, started), file=sys.stderr, flush=True)


def _state(report: LoadReport, started: float) -> str:
    ledger, walk = report.run.ledger, report.run.walk
    parts = [f"{ledger.sent:,} requests sent, {ledger.remaining:,} left"]
    if walk:
        progress, seconds = walk.progress, time.monotonic() - started
        parts += [
            f"{progress.windows_complete:,} of {progress.windows:,} windows",
            f"{progress.pages:,} pages",
            f"{progress.rows:,} games ({progress.rows / seconds:,.0f}/s)",
        ]
    return " · ".join(parts)
