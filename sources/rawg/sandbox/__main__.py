"""Serve the sandbox: `python -m sources.rawg.sandbox --games 20000 --port 8000`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import Receive, SandboxApp, Scope, Send
from .catalogue import Catalogue
from .world import World

MAX_GAMES = 1_000_000


class ConnectionProtocol(H11Protocol):
    """Hands each request its connection, so that a fault can reset it."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["sandbox.transport"] = transport
            await app(scope, receive, send)

        self.app = with_transport


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, build, listen, tell the address, serve until Ctrl-C."""
    options = _parse(arguments)
    try:
        app = build(options)
        listener = _listen(options.port)
    except (ValueError, OSError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    config = uvicorn.Config(
        app,
        http=ConnectionProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="critical",
        timeout_keep_alive=60,  # seconds: a slow client must not meet a connection that closes by itself
    )
    if options.until_stdin_closes:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    _tell(listener.getsockname()[1], options.games)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def build(options: argparse.Namespace) -> SandboxApp:
    """The application that the options describe; ValueError, one sentence, when they make no sense."""
    if options.bulk_day and not 0 < options.bulk_day[1] <= options.games:
        raise ValueError("A bulk day needs between 1 and --games rows.")
    if options.bulk_day and options.bulk_day[0] > options.as_of:
        raise ValueError("A bulk day must not be after --as-of.")
    catalogue = Catalogue(options.games, options.seed, options.as_of.year, options.popular)
    world = World(catalogue, options.as_of, options.bulk_day, options.seed)
    return SandboxApp(world, key=options.key, quota=options.quota, faults=options.faults)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    today = datetime.now(UTC).date()
    parser = argparse.ArgumentParser(prog="python -m sources.rawg.sandbox", description=__doc__, exit_on_error=False)
    add = parser.add_argument
    add(
        "--games",
        type=_games,
        default=20_000,
        metavar="N",
        help="size of the catalogue, 1 to 1,000,000 (default 20000)",
    )
    add("--seed", type=_natural, default=1, metavar="N", help="another seed is another catalogue (default 1)")
    add("--popular", action="store_true", help="every game has as many links, pictures and texts as a popular one")
    add("--port", type=_port, default=0, metavar="N", help="port on 127.0.0.1 (default: any free one)")
    add(
        "--as-of",
        type=_day,
        default=today,
        metavar="DATE",
        help="the day it is, YYYY-MM-DD (default: today, UTC)",
    )
    add("--bulk-day", type=_bulk, metavar="DATE:ROWS", help="stamp exactly ROWS games as updated on DATE")
    add("--quota", type=_natural, metavar="N", help="answer 401 after N billed requests (default: never)")
    add("--key", help="the only key that is accepted (default: any but 'bad-key')")
    add(
        "--faults",
        type=_json,
        default=os.environ.get("RAWG_SANDBOX_FAULTS", "{}"),
        metavar="JSON",
        help='what goes wrong, e.g. \'{"502": 0.05, "script": {"3": "reset"}}\' '
        "(default: the variable RAWG_SANDBOX_FAULTS, else nothing); faults.py beside this file names all",
    )
    add(
        "--until-stdin-closes",
        action="store_true",
        help="end when standard input ends, as it does when a parent dies",
    )
    try:
        return parser.parse_args(arguments)
    except argparse.ArgumentError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more.")
    return int(text)


def _games(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_GAMES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MAX_GAMES:,}.")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port.")
    return int(text)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2024-03-01.") from None
    if not 1990 <= day.year <= 2100:
        raise argparse.ArgumentTypeError("The sandbox knows the years 1990 to 2100.")
    return day


def _bulk(text: str) -> tuple[date, int]:
    day, _, rows = text.partition(":")
    if not rows.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not like 2024-03-01:10400.")
    return _day(day), int(rows)


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("Faults are a JSON object.")
    return value


def _listen(port: int) -> socket.socket:
    # asyncio turns off Nagle's algorithm only where the protocol is named; with it, small answers take 40 ms longer
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        raise OSError(f"Port {port} cannot be used: {error.strerror}.") from None
    listener.listen(128)
    return listener


def _tell(port: int, games: int) -> None:
    url = f"http://127.0.0.1:{port}/api"
    print(f"RAWG sandbox with {games:,} games: {url} - try: curl '{url}/games?key=any&page_size=3'", flush=True)


def _end_with_parent() -> None:
    """End at once, as nobody is left who could wait for an answer or a tidy shutdown."""
    while os.read(sys.stdin.fileno(), 1024):  # sys.stdin itself would be locked when Ctrl-C ends the process
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
