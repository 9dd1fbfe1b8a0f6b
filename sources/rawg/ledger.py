"""The request ledger: how many requests were sent to RAWG this month, remembered in the lake.

RAWG tells nobody how much of the quota is left, so the client counts. Each run keeps one small file a month at
`_requests/month=YYYY-MM/<run>.json` in the lake, which every container that shares the lake can read. A run writes down
a block of requests *before* it sends them: after a crash the count is too high by at most one block, never too low.
"""

import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from sources.rawg.errors import LoadFailed, QuotaReached

BLOCK = 25
"""Requests written down at once: one small file write in the lake per block."""


def current_month() -> str:
    """This month in UTC as `YYYY-MM`, the period that RAWG's quota counts in."""
    return datetime.now(UTC).strftime("%Y-%m")


class RequestLedger:
    """Requests sent this month by all runs that share a lake, and by this run.

    Args:
        filesystem: The lake's filesystem.
        root: Path of the lake in it.
        monthly_limit: Requests the key's plan allows in a month.
        run_limit: Requests this run may send, or None for no limit of its own.
    """

    def __init__(
        self,
        filesystem: AbstractFileSystem,
        root: str,
        monthly_limit: int,
        run_limit: int | None = None,
        month: Callable[[], str] = current_month,
    ) -> None:
        self.filesystem = filesystem
        self.folder = f"{root.rstrip('/')}/_requests"
        self.monthly_limit = monthly_limit
        self.run_limit = run_limit
        self.sent = 0
        self.outcomes: dict[str, int] = {}
        self._run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"
        self._month_of = month
        self._lock = threading.Lock()
        self._month = ""
        self._reserved = 0
        self._sent_this_month = 0
        self._used_by_others = 0
        self._begin_month()

    @property
    def used_this_month(self) -> int:
        """Requests sent this month, by this run and all others."""
        return self._used_by_others + self._sent_this_month

    @property
    def remaining(self) -> int:
        """Requests that may still be sent: the smaller of what the month and this run have left."""
        left = self.monthly_limit - self.used_this_month
        if self.run_limit is not None:
            left = min(left, self.run_limit - self.sent)
        return max(left, 0)

    def take(self) -> None:
        """Counts one request that is about to be sent.

        Raises:
            QuotaReached: the month's or the run's requests are used up.
        """
        with self._lock:
            if self._month_of() != self._month:
                self.close()
                self._begin_month()
            if not self.remaining:
                raise self.refusal("one more is needed")
            if self._sent_this_month == self._reserved:
                reserved = self._reserved + min(BLOCK, self.remaining)
                self._write(reserved)
                self._reserved = reserved
            self.sent += 1
            self._sent_this_month += 1

    def note(self, outcome: str) -> None:
        """Adds one to how often requests of this run ended with `outcome` (a status code or a kind of failure)."""
        with self._lock:
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def close(self) -> None:
        """Writes the exact count, giving back what the last block did not use."""
        if self._sent_this_month:
            self._write(self._sent_this_month)

    def _begin_month(self) -> None:
        self._month = self._month_of()
        self._sent_this_month = 0
        self._reserved = 0
        self._used_by_others = sum(self._read())

    def refusal(self, reason: str, spoken_for: int = 0) -> QuotaReached:
        """The error that says which limit is in the way of `reason`, and how to go on.

        Args:
            spoken_for: Requests that are not sent yet and not free either.
        """
        run_left = None if self.run_limit is None else self.run_limit - self.sent - spoken_for
        month_left = self.monthly_limit - self.used_this_month - spoken_for
        if run_left is not None and run_left <= month_left:
            return QuotaReached(
                f"{max(run_left, 0):,} of this run's {self.run_limit:,} requests (--max-requests) are left and"
                f" {reason}; what was loaded is kept, and the same command goes on from there at any time."
            )
        return QuotaReached(
            f"{max(month_left, 0):,} of the {self.monthly_limit:,} requests of {self._month} are left and {reason};"
            " what was loaded is kept, and the same command goes on from there next month (or after raising"
            " SOURCES__RAWG__MONTHLY_REQUESTS for a larger plan)."
        )

    def _read(self) -> list[int]:
        """Requests of each run this month."""
        folder = f"{self.folder}/month={self._month}"
        self.filesystem.invalidate_cache()
        try:
            paths = self.filesystem.ls(folder, detail=False)
        except FileNotFoundError as error:
            if error.__cause__:  # an answer of the object store: not the folder is missing but the bucket
                raise
            return []
        return [self._requests_in(path) for path in paths if path.endswith(".json")]

    def _requests_in(self, path: str) -> int:
        try:
            return int(json.loads(self.filesystem.cat_file(path))["requests"])
        except (ValueError, KeyError, TypeError):
            raise LoadFailed(
                f"The request ledger's file {path} is damaged; write what its run sent into it as"
                ' {"requests": ...}, or delete it if that does not matter.'
            ) from None

    def _write(self, requests: int) -> None:
        folder = f"{self.folder}/month={self._month}"
        entry = {"run": self._run_id, "month": self._month, "requests": requests, "outcomes": self.outcomes}
        write_whole(self.filesystem, f"{folder}/{self._run_id}.json", json.dumps(entry).encode())


def write_whole(filesystem: AbstractFileSystem, path: str, content: bytes) -> None:
    """Writes a small file so that a kill leaves the old one or the new one, as an object store does by itself."""
    if isinstance(filesystem, LocalFileSystem):
        filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
        filesystem.pipe_file(f"{path}.tmp", content)
        os.replace(f"{path}.tmp", path)
    else:
        filesystem.pipe_file(path, content)
