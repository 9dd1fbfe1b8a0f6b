"""A lease in the lake, at which runs on different machines meet that load into one warehouse."""

import json
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType

from fsspec import AbstractFileSystem

from sources.rawg.errors import LoadFailed
from sources.rawg.ledger import write_whole

BEAT = 10.0
"""Seconds between two signs of life: one small write into the lake each."""
PATIENCE = 60.0
"""Seconds without a sign of life after which a run counts as dead."""
LOOK = 1.0
"""Seconds between two looks at a run that may be dead."""


class Lease:
    """Keeps the runs of other machines out for as long as a block.

    A run writes its own file before it looks for others', so of two that begin together at least one sees the other and
    leaves. A file that goes on changing belongs to a run that lives; clocks are never compared, and nothing is asked of
    the object store beyond reading what was written. (dlt's `TransactionalFile` orders runs by their machines' clocks.)

    Args:
        filesystem: The lake's filesystem.
        root: Path of the lake in it.
        name: Whose lease it is; one that a killed run of the same name left is taken over at once.
        beat: Seconds between two signs of life.
        patience: Seconds for which another run may be silent.
    """

    def __init__(
        self, filesystem: AbstractFileSystem, root: str, name: str, beat: float = BEAT, patience: float = PATIENCE
    ) -> None:
        self.filesystem = filesystem
        self.folder = f"{root.rstrip('/')}/_runs"
        self.path = f"{self.folder}/{name}.json"
        self.beat = beat
        self.patience = patience
        self._since = datetime.now(UTC).isoformat(timespec="seconds")
        self._beats = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> None:
        """Takes the lease.

        Raises:
            LoadFailed: another run lives.
        """
        self._give_sign()
        self._thread.start()
        try:
            self._outlive(self._others())
        except BaseException:
            self._end()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._done.set()
        self._thread.join()
        # a lease that stays is one that others wait for and take away
        with suppress(Exception):
            self.filesystem.rm_file(self.path)

    def _live(self) -> None:
        while not self._done.wait(self.beat):
            # the store may come back before anybody's patience ends
            with suppress(Exception):
                self._give_sign()

    def _give_sign(self) -> None:
        self._beats += 1
        sign = {"since": self._since, "beat": self._beats}
        write_whole(self.filesystem, self.path, json.dumps(sign).encode())

    def _others(self) -> dict[str, bytes]:
        """The leases of other runs and what is in them."""
        self.filesystem.invalidate_cache(self.folder)
        found = {}
        for path in self.filesystem.ls(self.folder, detail=False):
            if path.endswith(".json") and path.rpartition("/")[2] != self.path.rpartition("/")[2]:
                with suppress(FileNotFoundError):  # it has just ended
                    found[path] = self.filesystem.cat_file(path)
        return found

    def _outlive(self, first: dict[str, bytes]) -> None:
        """Waits until the runs seen at first have ended, or are known to be dead; who comes later sees this one."""
        if not first:
            return
        print(f"A run on another machine left {', '.join(first)}; waiting to see if it lives ...", file=sys.stderr)
        started = time.monotonic()
        while left := {path: content for path, content in self._others().items() if path in first}:
            if alive := [path for path, content in left.items() if content != first[path]]:
                raise LoadFailed(
                    f"Another run is at work on the same warehouse, on another machine ({alive[0]} in the lake); wait"
                    " for its end, then run the same command again."
                )
            if time.monotonic() - started >= self.patience:
                for path in left:
                    with suppress(FileNotFoundError):
                        self.filesystem.rm_file(path)
                return
            time.sleep(min(LOOK, self.patience))
