"""The ASGI application: keys, quota, history and faults around the API; the control endpoints beside it."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from .api import UNKNOWN_PATH, Api, Params, Reply, json_reply
from .control import Control
from .faults import Faults
from .world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

NO_KEY = json_reply({"error": "The key parameter is not provided"}, 401)
UNKNOWN_KEY = json_reply({"error": "The API key is not found"}, 401)
QUOTA_SPENT = json_reply({"error": "The monthly API limit reached"}, 401)
_CDN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>Error</h1>"
    b"<p>The web server reported a bad gateway error.</p></body></html>"
)


class SandboxApp:
    """One sandbox: `key` None accepts every key but `bad-key`; after `quota` billed requests comes 401."""

    def __init__(
        self,
        world: World,
        *,
        key: str | None = None,
        quota: int | None = None,
        faults: dict[str, Any] | None = None,
    ) -> None:
        self.world = world
        self.api = Api(world)
        self.control = Control(world, self.api)
        self.key = key
        self.quota = quota
        self.billed = 0
        self.history: list[dict[str, Any]] = []
        self.faults = Faults()
        self.set_faults(faults or {})

    def set_faults(self, settings: dict[str, Any]) -> None:
        """Replace all fault settings; `quota`, when named, also starts a new month."""
        self.faults = Faults.parse(settings)
        if "quota" in settings:
            self.quota, self.billed = self.faults.quota, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a defect of the sandbox itself is told on standard error and as 500."""
        path = scope["path"].rstrip("/")
        try:
            if path.startswith("/_sandbox/"):
                await self._serve_control(scope["method"], path.removeprefix("/_sandbox/"), receive, send)
            elif path.startswith("/api/"):
                await self._serve_api(scope, path.removeprefix("/api"), send)
            else:
                await _send(send, UNKNOWN_PATH)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            await _send(send, json_reply({"detail": "The sandbox has a defect."}, 500))

    async def _serve_api(self, scope: Scope, path: str, send: Send) -> None:
        params = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        entry = self._record(path, params)
        if self.faults.latency_ms:
            await asyncio.sleep(self.faults.latency_ms / 1000)
        refused = self._refusal(params.get("key", ""))
        fault = None if refused else self.faults.choose(entry["n"], path, entry["params"])
        entry["fault"] = fault
        if fault == "reset":
            await _reset(scope)
            return
        if fault and fault.startswith("hang"):
            await asyncio.sleep(float(fault.partition(":")[2] or 30))
        reply = refused or self._reply(scope, path, params, fault)
        entry["status"] = reply.status
        self._drift(reply)
        await _send(send, reply, cut=fault == "cut")

    def _record(self, path: str, params: Params) -> dict[str, Any]:
        shown = {name: value for name, value in params.items() if name != "key"}
        at = datetime.now(UTC).isoformat()
        entry = {
            "n": len(self.history) + 1,
            "at": at,
            "path": path,
            "params": shown,
            "status": None,
            "fault": None,
        }
        self.history.append(entry)
        return entry

    def _refusal(self, key: str) -> Reply | None:
        """Why the key is not served, if so. A valid key's request is billed whatever becomes of it."""
        if not key:
            return NO_KEY
        if key == "bad-key" or self.key not in (None, key):
            return UNKNOWN_KEY
        if self.quota is not None and self.billed >= self.quota:
            return QUOTA_SPENT
        self.billed += 1
        return None

    def _reply(self, scope: Scope, path: str, params: Params, fault: str | None) -> Reply:
        kind, _, argument = (fault or "").partition(":")
        if kind in ("502", "522", "html502", "html200"):
            return Reply(int(kind.removeprefix("html")), _CDN_PAGE, "text/html; charset=UTF-8")
        if kind == "401":
            return UNKNOWN_KEY
        if kind == "429":
            headers = ((b"retry-after", argument.encode()),) if argument else ()
            return Reply(429, b'{"detail":"Request was throttled."}', headers=headers)
        if kind == "envelope":
            return _wrong_envelope(argument)
        host = dict(scope["headers"]).get(b"host", b"127.0.0.1").decode("latin-1")
        url = f"http://{host}/api{path}"
        ignored = kind == "ignore_filter"
        return self.api.answer(path.strip("/"), params, url, shuffle=self.faults.shuffle, ignore_filter=ignored)

    def _drift(self, reply: Reply) -> None:
        """After every so many lists, a game of that list changes: pages shift under whoever walks them."""
        if reply.listed is None:
            return
        served = self.api.lists_served
        if self.faults.drift and served % self.faults.drift == 0:
            self.world.touch(self.world.choose(1, reply.listed))
        if self.faults.deletions and served % self.faults.deletions == 0:
            self.world.delete(self.world.choose(1, reply.listed))

    async def _serve_control(self, method: str, name: str, receive: Receive, send: Send) -> None:
        if (method, name) == ("GET", "truth"):
            await self._send_truth(send)
            return
        body = await _read(receive)
        try:
            reply = self._control(method, name, orjson.loads(body or b"{}"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reply = json_reply({"error": str(error)}, 400)
        await _send(send, reply)

    def _control(self, method: str, name: str, body: dict[str, Any]) -> Reply:
        if name == "history":
            if method == "DELETE":
                self.history.clear()
            return json_reply(self.history)
        if (method, name) == ("POST", "faults"):
            self.set_faults(body)
            return json_reply({})
        if method == "POST" and name in self.control.actions:
            return self.control.actions[name](body)
        return UNKNOWN_PATH

    async def _send_truth(self, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/x-ndjson")],
            }
        )
        for piece in self.control.truth():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _wrong_envelope(kind: str) -> Reply:
    wrong: dict[str, Any] = {
        "null": {"count": 1, "next": None, "previous": None, "results": None},
        "list": [],
    }
    return json_reply(wrong.get(kind, {"error": "Something went wrong"}))


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def _send(send: Send, reply: Reply, *, cut: bool = False) -> None:
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if cut:  # an unfinished response makes the server close the connection
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
    else:
        await send({"type": "http.response.body", "body": reply.body})


async def _reset(scope: Scope) -> None:
    """Drop the connection with RST: close with a linger time of zero."""
    transport = scope["sandbox.transport"]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await asyncio.sleep(0)
