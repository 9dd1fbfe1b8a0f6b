"""The sandbox as a child process, for tests and the demo."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

_PACKAGE = Path(__file__).resolve().parent
_URL = re.compile(r"http://\S+/api")


class SandboxProcess:
    """A RAWG API of `games` games on a free port, for the time of a `with` block.

    `base_url` is `http://127.0.0.1:PORT/api`; the methods are the levers below /_sandbox/. Request numbers
    (`n` in the history, keys of a fault script) start at 1, and again at 1 after `clear_history()`. The child ends
    with its parent, however the parent ends: it reads a pipe that closes then.
    """

    base_url: str

    def __init__(
        self,
        games: int = 5000,
        *,
        seed: int = 1,
        popular: bool = False,
        as_of: date | None = None,
        bulk_day: tuple[date, int] | None = None,
        quota: int | None = None,
        key: str | None = None,
        faults: dict[str, Any] | None = None,
    ) -> None:
        self._arguments = ["--games", str(games), "--seed", str(seed), "--until-stdin-closes"]
        optional = {
            "--as-of": as_of and as_of.isoformat(),
            "--bulk-day": bulk_day and f"{bulk_day[0].isoformat()}:{bulk_day[1]}",
            "--quota": quota,
            "--key": key,
            "--faults": faults and json.dumps(faults),
        }
        if popular:
            self._arguments.append("--popular")
        for name, value in optional.items():
            if value is not None:
                self._arguments += [name, str(value)]
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> SandboxProcess:
        self._child = subprocess.Popen(
            # started as a package of its own, because `sources.rawg` would import all of dlt
            [sys.executable, "-m", _PACKAGE.name, *self._arguments],
            cwd=_PACKAGE.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._child.stdout is not None
        found = _URL.search(self._child.stdout.readline())
        if found is None:
            self._stop()
            raise RuntimeError(f"The sandbox did not start (exit code {self._child.returncode}).")
        self.base_url = found.group()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _call(self, method: str, name: str, body: dict[str, Any] | None = None) -> bytes:
        url = self.base_url.removesuffix("api") + f"_sandbox/{name}"
        data = None if body is None else json.dumps(body).encode()
        try:
            with self._opener.open(urllib.request.Request(url, data, method=method), timeout=120) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            raise ValueError(orjson.loads(error.read())["error"]) from None

    def history(self) -> list[dict[str, Any]]:
        """All requests so far: `{n, at, path, params, status, fault}`; no /api in path, no key in params."""
        requests: list[dict[str, Any]] = orjson.loads(self._call("GET", "history"))
        return requests

    def clear_history(self) -> None:
        """Forget the history; the next request is number 1. The bill stays."""
        self._call("DELETE", "history")

    def faults(self, **settings: Any) -> None:
        """Replace all fault settings; without any, nothing goes wrong.

        E.g. `faults(**{"502": 0.3}, script={"2": "reset"})`; what there is: `sandbox/faults.py`.
        """
        self._call("POST", "faults", settings)

    def touch(self, ids: list[int] | None = None, count: int | None = None) -> list[int]:
        """Stamp games `updated` = now and raise their measures; `count` picks some. Returns the ids."""
        body: dict[str, Any] = {"ids": ids} if ids is not None else {"count": 1 if count is None else count}
        touched: list[int] = orjson.loads(self._call("POST", "touch", body))["ids"]
        return touched

    def delete(self, ids: list[int]) -> None:
        """Remove games; `updated` of the others does not tell."""
        self._call("POST", "delete", {"ids": ids})

    def patch(self, ids: list[int] | str, set: dict[str, Any] | None = None, remove: list[str] | None = None) -> None:
        """Set or remove top-level fields of served rows of these games (or "all"); `updated` stays."""
        self._call("POST", "patch", {"ids": ids, "set": set or {}, "remove": remove or []})

    def links(self, game_id: int, **links: list[int]) -> None:
        """Replace a game's links, e.g. `links(7, genres=[4, 51])`, and touch it."""
        self._call("POST", "links", {"id": game_id, **links})

    def truth(self) -> list[dict[str, Any]]:
        """Every living game as the API serves it now: keys, measures, link ids."""
        return [orjson.loads(line) for line in self._call("GET", "truth").splitlines()]

    def clock(self, as_of: date) -> None:
        """Move time: every game gets its latest scheduled update before that day's midnight (UTC)."""
        self._call("POST", "clock", {"as_of": as_of.isoformat()})
