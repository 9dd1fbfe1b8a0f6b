"""The page in a browser, as wide as a phone and as a desk, in a dark and in a light room."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.reports.conftest import Reported
from tests.reports.page import Page

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; Debian's package will do")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
FRAME = """
<iframe src="measured.html" style="width: WIDTHpx; height: 800px; border: 0"></iframe>
<pre id="said"></pre>
<script>addEventListener("message", event => { said.textContent = event.data })</script>
"""
MEASURE = """
<script>
const shown = selector => [...document.querySelectorAll(selector)].filter(one => one.checkVisibility()).length
const reachable = [...document.querySelectorAll("a, summary, [tabindex]")].filter(one => one.tabIndex >= 0).length
parent.postMessage(JSON.stringify({
  width: innerWidth, needed: document.documentElement.scrollWidth,
  wide: shown(".wide svg"), narrow: shown(".narrow svg"), reachable,
  unnamed: [...document.querySelectorAll("figure, nav, section, [role=region]")].filter(one =>
    !one.ariaLabel && !document.getElementById(one.getAttribute("aria-labelledby"))).length,
  paper: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.querySelector("figure svg text")).fill
}), "*")
</script>
"""


def _browse(folder: Path, page: Path, *options: str) -> tuple[str, str]:
    """The page as the browser has it in the end, and what its console said."""
    given = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    given += ["--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", *options]
    finished = subprocess.run(
        [str(CHROMIUM), *given, page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return finished.stdout, "\n".join(line for line in finished.stderr.splitlines() if "CONSOLE" in line)


def _measured(folder: Path, html: str, width: int, *options: str) -> dict[str, Any]:
    """What the page says of itself in a window of a width."""
    (folder / "measured.html").write_text(POLICY.sub("", html).replace("</body>", f"{MEASURE}</body>"))
    (folder / "frame.html").write_text(FRAME.replace("WIDTH", str(width)))
    dom, _ = _browse(folder, folder / "frame.html", *options)
    said = re.search(r'<pre id="said">(.+?)</pre>', dom)
    assert said, dom
    measured: dict[str, Any] = json.loads(said[1])
    return measured


def test_the_console_has_nothing_to_say(market: Reported, page: Page, tmp_path: Path) -> None:
    dom, console = _browse(tmp_path, market.page_file)
    assert "The games market" in dom
    assert not console


@pytest.mark.parametrize(("width", "drawings"), [(360, "narrow"), (1200, "wide")])
def test_it_fits_a_phone_and_a_desk(market: Reported, page: Page, tmp_path: Path, width: int, drawings: str) -> None:
    measured = _measured(tmp_path, market.page_file.read_text(), width)
    assert measured["width"] == width
    assert measured["needed"] <= width
    shown = {name for name in ("wide", "narrow") if measured[name]}
    assert shown == {drawings}
    assert measured[drawings] == len(page.drawn)
    # each link, each table that unfolds or scrolls is reached by the keyboard, and each part of the page has a name
    assert measured["reachable"] >= len(page.links) + len(page.tables)
    assert measured["unnamed"] == 0


def test_drawings_follow_the_light_of_the_room(market: Reported, page: Page, tmp_path: Path) -> None:
    html = market.page_file.read_text()
    seen = {
        scheme: _measured(tmp_path, html, 800, f"--blink-settings=preferredColorScheme={number}")
        for scheme, number in (("dark", 0), ("light", 1))
    }
    assert seen["light"]["paper"] == "rgb(255, 255, 255)"
    assert seen["dark"]["paper"] != seen["light"]["paper"]
    assert seen["dark"]["ink"] != seen["light"]["ink"]
