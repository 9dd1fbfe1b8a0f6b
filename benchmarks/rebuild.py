"""Measures a rebuild of the warehouse from the lake: `python -m benchmarks.rebuild`.

Prints a Markdown table in the style of `benchmarks.core`; most of the time goes into the load that comes before.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.core import Line, load, run
from benchmarks.measure import ROOT
from sources.rawg.sandbox import SandboxProcess

GAMES = 100_000


def rebuild(folder: Path) -> Line:
    """Time and memory of the whole catalogue with its links, after a first load and one with news."""
    with SandboxProcess(GAMES) as sandbox:
        quota = {"SOURCES__RAWG__MONTHLY_REQUESTS": "100000"}
        load(sandbox, folder, **quota)
        sandbox.touch(count=GAMES // 50)
        load(sandbox, folder, **quota)
    (folder / "warehouse.duckdb").unlink()
    usage = run([str(ROOT / "pipelines" / "rebuild.py")], folder)
    measured = f"{usage.seconds:.1f} s, {usage.peak_mb:.0f} MB"
    return f"{GAMES:,} games rebuilt: < 60 s, < 1,500 MB", measured, usage.seconds < 60 and usage.peak_mb < 1_500


def main() -> int:
    """Runs the case; 1 when the promise was broken."""
    print("| promise | measured | held |\n|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        promise, measured, held = rebuild(Path(folder))
    print(f"| {promise} | {measured} | {'yes' if held else 'NO'} |", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
