"""Every setting is documented where it is set, and nothing is documented that does not exist."""

import dataclasses
import tomllib

from sources.rawg.configuration import GameSelection, RawgConfiguration
from sources.rawg.session import RateLimit
from tests.project import ROOT


def test_every_setting_stands_in_config_toml_with_its_default_and_a_comment() -> None:
    text = (ROOT / ".dlt" / "config.toml").read_text()
    written = tomllib.loads(text)["sources"]["rawg"]
    selection = written.pop("game_selection")
    for spec, values in ((RawgConfiguration, written), (GameSelection, selection)):
        defaults = {field.name: field.default for field in dataclasses.fields(spec) if field.default is not None}
        own = {name: default for name, default in defaults.items() if not name.startswith("__")}
        assert values == own
    lines = text.splitlines()
    for name in written:
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{name} ="))
        assert lines[at - 1].startswith("#"), name


def test_requests_are_spaced_evenly_whichever_thread_sends_them() -> None:
    limit = RateLimit(4.0)
    waits = [limit.next_slot() for _ in range(5)]
    for number, wait in enumerate(waits):
        assert number * 0.25 - 0.2 < wait <= number * 0.25
