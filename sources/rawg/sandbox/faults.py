"""Faults on demand, written `kind` or `kind:argument`: `502`, `429:5`, `hang:30`, `envelope:null`.

| fault           | what the client sees                                                       |
|-----------------|----------------------------------------------------------------------------|
| `502` `522`     | the CDN's HTML page with that status                                        |
| `401`           | the key is not known (any more)                                             |
| `429` `429:N`   | 429 without `Retry-After`, or with N seconds (0 too)                         |
| `html200`       | the CDN's HTML page under 200                                               |
| `html502`       | same as `502`, under the name people know it by                             |
| `cut`           | half of the body, then the connection closes                                |
| `reset`         | the connection is reset without a response                                  |
| `hang:N`        | nothing for N seconds (default 30), then the right answer                   |
| `envelope`      | 200 with `{"error": ...}`; `envelope:null`: results null; `envelope:list`: a bare list |
| `ignore_filter` | the whole catalogue instead of what was asked for                           |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .hashing import mix

_WITH_SECONDS = {"429", "hang"}
_KINDS = {"401", "502", "522", "429", "html200", "html502", "cut", "reset", "hang", "envelope", "ignore_filter"}
_NUMBERS = {"latency_ms", "drift", "deletions", "seed", "quota"}
_SETTINGS = _NUMBERS | {"script", "match", "shuffle"}


@dataclass
class Rule:
    """A fault for requests to `path` (without /api) with these `params`, `times` times (None: always)."""

    fault: str
    path: str | None = None
    params: dict[str, str] = field(default_factory=dict)
    times: int | None = None

    def applies(self, path: str, params: dict[str, str]) -> bool:
        """Whether this request is meant; counts down `times` when it is."""
        if self.times == 0 or self.path not in (None, path) or not self.params.items() <= params.items():
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Faults:
    """What goes wrong, when. Probabilities are drawn by request number, so a run can be repeated exactly.

    `script` names faults by request number, `match` by path and parameters; both win over probabilities.
    `drift`, `deletions`: after every so many answered /games lists, a game of that list is touched / deleted
    (0: never). `shuffle`: rows shift by up to two places from list to list, so that some repeat and others
    vanish while `count` stays. `latency_ms` delays every answer. `quota`: requests that are left this month.
    """

    rates: dict[str, float] = field(default_factory=dict)
    script: dict[int, str] = field(default_factory=dict)
    match: list[Rule] = field(default_factory=list)
    latency_ms: float = 0
    drift: int = 0
    deletions: int = 0
    shuffle: bool = False
    seed: int = 1
    quota: int | None = None

    @classmethod
    def parse(cls, settings: dict[str, Any]) -> Faults:
        """Settings as JSON has them: `{"502": 0.1, "script": {"5": "reset"}, "match": [{...}], "drift": 3}`.

        Raises ValueError, one sentence, when something is not known.
        """
        faults = cls(rates={name: rate for name, rate in settings.items() if name not in _SETTINGS})
        faults.script = _script(settings.get("script", {}))
        faults.match = [_rule(entry) for entry in settings.get("match", [])]
        for fault in [*faults.rates, *faults.script.values(), *(rule.fault for rule in faults.match)]:
            _check(fault)
        for name, value in settings.items():
            if name not in ("script", "match", "shuffle"):
                _check_number(name, value)
        for name in _NUMBERS & settings.keys():
            setattr(faults, name, settings[name])
        faults.shuffle = bool(settings.get("shuffle", False))
        if sum(faults.rates.values()) > 1:
            raise ValueError("The probabilities of faults must not sum to more than 1.")
        return faults

    def choose(self, number: int, path: str, params: dict[str, str]) -> str | None:
        """The fault for the `number`-th request, if any."""
        if number in self.script:
            return self.script[number]
        for rule in self.match:
            if rule.applies(path, params):
                return rule.fault
        chance = mix(self.seed * 1_000_003 + number) / 2**64
        for fault, rate in self.rates.items():
            chance -= rate
            if chance < 0:
                return fault
        return None


def _script(entries: Any) -> dict[int, str]:
    if not isinstance(entries, dict) or not all(str(number).isdecimal() for number in entries):
        raise ValueError('A script names faults by request number, like {"5": "502"}.')
    return {int(number): str(fault) for number, fault in entries.items()}


def _rule(entry: Any) -> Rule:
    known = {"fault", "path", "params", "times"}
    if not isinstance(entry, dict) or not {"fault"} <= entry.keys() <= known:
        raise ValueError("An entry of match has a fault, and optionally path, params and times.")
    params, times = entry.get("params", {}), entry.get("times")
    if not isinstance(params, dict):
        raise ValueError("The params of an entry of match are an object.")
    if times is not None:
        _check_number("times", times)
    return Rule(str(entry["fault"]), entry.get("path"), {name: str(value) for name, value in params.items()}, times)


def _check_number(name: str, value: Any) -> None:
    if name == "quota" and value is None:
        return
    whole = name in ("drift", "deletions", "seed", "quota", "times")
    if not isinstance(value, int if whole else (int, float)) or value < 0:
        raise ValueError(f"{name} must be a {'whole ' if whole else ''}number, 0 or more.")


def _check(fault: str) -> None:
    kind, _, argument = fault.partition(":")
    known = kind in _KINDS and (
        not argument
        or (kind in _WITH_SECONDS and argument.replace(".", "", 1).isdecimal())
        or (kind == "envelope" and argument in ("error", "null", "list"))
    )
    if not known:
        raise ValueError(f"{fault!r} is not a fault; the faults are {', '.join(sorted(_KINDS))}.")
