"""The levers below /_sandbox/: for tests, without key, not billed, not in the history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
import orjson

from .api import Api, Reply, json_reply
from .world import World


class Control:
    """Changes of the world; the answers say which games they concerned. ValueError: the caller's mistake."""

    def __init__(self, world: World, api: Api) -> None:
        self.world = world
        self.api = api
        self.actions: dict[str, Callable[[dict[str, Any]], Reply]] = {
            "touch": self._touch,
            "delete": self._delete,
            "patch": self._patch,
            "links": self._links,
            "clock": self._clock,
        }

    def _indexes(self, ids: list[int]) -> list[int]:
        found = [self.world.index_of(int(number)) for number in ids]
        missing = [number for number, index in zip(ids, found, strict=True) if index is None]
        if missing:
            raise ValueError(f"There is no game {missing[0]}.")
        return [index for index in found if index is not None]

    def _touch(self, body: dict[str, Any]) -> Reply:
        if "ids" in body:
            indexes = self._indexes(body["ids"])
        else:
            indexes = self.world.choose(int(body.get("count", 1)))
        self.world.touch(indexes)
        return self._concerned(indexes)

    def _delete(self, body: dict[str, Any]) -> Reply:
        indexes = self._indexes(body.get("ids", []))
        ids = self._concerned(indexes)
        self.world.delete(indexes)
        return ids

    def _patch(self, body: dict[str, Any]) -> Reply:
        everyone = body.get("ids", "all") == "all"
        games = None if everyone else frozenset(self._indexes(body["ids"]))
        self.world.patch(games, body.get("set") or {}, tuple(body.get("remove") or ()))
        return json_reply({"games": int(self.world.alive.sum()) if games is None else len(games)})

    def _links(self, body: dict[str, Any]) -> Reply:
        indexes = self._indexes([body["id"]])
        links = {kind: self._places(kind, numbers) for kind, numbers in body.items() if kind != "id"}
        for kind, places in links.items():
            self.world.relink(indexes[0], kind, places)
        self.world.touch(indexes)
        return self._concerned(indexes)

    def _places(self, kind: str, ids: list[int]) -> list[int]:
        kinds = self.api.references.kinds
        if kind not in kinds:
            raise ValueError(f"{kind!r} are not links; the links are {', '.join(kinds)}.")
        found = [kinds[kind].place(str(number)) for number in ids]
        missing = [number for number, place in zip(ids, found, strict=True) if place is None]
        if missing:
            raise ValueError(f"There is no {missing[0]} in {kind}.")
        return [place for place in found if place is not None]

    def _clock(self, body: dict[str, Any]) -> Reply:
        self.world.clock(date.fromisoformat(body["as_of"]))
        return json_reply({"as_of": body["as_of"]})

    def _concerned(self, indexes: list[int]) -> Reply:
        ids = self.world.catalogue.ids
        return json_reply({"games": len(indexes), "ids": [int(ids[index]) for index in indexes]})

    def truth(self) -> Iterator[bytes]:
        """NDJSON in pieces of about a thousand living games."""
        living = np.flatnonzero(self.world.alive).tolist()
        for first in range(0, len(living), 1000):
            lines = (orjson.dumps(self.api.rows.truth(index)) for index in living[first : first + 1000])
            yield b"\n".join(lines) + b"\n"
