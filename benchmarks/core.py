"""Measures what the core promises, against the sandbox: `python -m benchmarks.core`.

Prints a Markdown table: the promise, what was measured, and whether it held. Machines differ; requests do not.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks.measure import ROOT, Usage, measured
from sources.rawg.sandbox import SandboxProcess


def run(command: list[str], folder: Path, **environment: str) -> Usage:
    """Runs a Python command with its data in `folder`.

    Raises:
        CommandFailed: it failed.
    """
    settings = {
        "DLT_DATA_DIR": str(folder / "dlt"),
        "DESTINATION__LAKE__BUCKET_URL": str(folder / "lake"),
        "DESTINATION__WAREHOUSE__CREDENTIALS": f"duckdb:///{folder / 'warehouse.duckdb'}",
        "RAWG_API_KEY": "sandbox",
        "SOURCES__RAWG__REQUESTS_PER_SECOND": "1000",
        **environment,
    }
    return measured([sys.executable, *command], {**os.environ, **settings})


def load(sandbox: SandboxProcess, folder: Path, *arguments: str, **environment: str) -> Usage:
    """Runs the script against the sandbox."""
    command = [str(ROOT / "pipelines" / "rawg.py"), *arguments]
    return run(command, folder, SOURCES__RAWG__BASE_URL=sandbox.base_url, **environment)


Line = tuple[str, str, bool]


def bulk_day(folder: Path) -> Line:
    """Requests for a catalogue with a day beyond RAWG's list cap."""
    with SandboxProcess(13_000, bulk_day=(date(2024, 5, 5), 10_400)) as sandbox:
        load(sandbox, folder)
        requests, bound = len(sandbox.history()), int(1.35 * 13_000 / 40 + 40)
    return f"13,000 games, 10,400 of them on one day: ≤ {bound} requests", f"{requests} requests", requests <= bound


def second_run(folder: Path) -> Line:
    """Requests for a day's news."""
    with SandboxProcess(5_000) as sandbox:
        load(sandbox, folder)
        sandbox.touch(count=60)
        sandbox.clear_history()
        load(sandbox, folder)
        requests = len(sandbox.history())
    return "second run, 60 of 5,000 games changed: ≤ 40 requests", f"{requests} requests", requests <= 40


def full_load(folder: Path) -> Line:
    """Time and memory of a load that no API holds back."""
    with SandboxProcess(20_000) as sandbox:
        usages = [load(sandbox, folder / str(number)) for number in range(3)]
    seconds = sorted(usage.seconds for usage in usages)
    peak = max(usage.peak_mb for usage in usages)
    measured = f"{seconds[1]:.1f} s ({seconds[0]:.1f} to {seconds[-1]:.1f}), {peak:.0f} MB"
    return "20,000 games at zero latency: ≤ 15 s, < 600 MB", measured, seconds[1] <= 15 and peak < 600


def new_field(folder: Path) -> Line:
    """Memory on the day when RAWG adds a field to its games."""
    with SandboxProcess(10_000, popular=True) as sandbox:
        sandbox.patch("all", set={"wishlist_count": 7})
        usage = load(sandbox, folder)
    measured = f"{usage.peak_mb:.0f} MB, {usage.seconds:.1f} s"
    return "10,000 rich games, each with a new field: < 600 MB", measured, usage.peak_mb < 600


def paced(folder: Path) -> Line:
    """Whether anything but the request rate holds a load back."""
    with SandboxProcess(8_000) as sandbox:
        usage = load(sandbox, folder, SOURCES__RAWG__REQUESTS_PER_SECOND="4")
        pace = len(sandbox.history()) / 4
    measured = f"{usage.seconds:.1f} s for {pace:.1f} s of requests ({usage.seconds / pace:.2f}×)"
    return "at 4 requests/s: ≤ 1.15 × requests/4", measured, usage.seconds <= 1.15 * pace


def start_up(folder: Path) -> Line:
    """Time until the command line answers."""
    seconds = [
        run(command, folder).seconds for command in (["-c", "import sources.rawg"], ["pipelines/rawg.py", "--help"])
    ]
    return (
        "`import sources.rawg` and `--help`: < 2 s",
        " and ".join(f"{second:.2f} s" for second in seconds),
        max(seconds) < 2,
    )


CASES: list[Callable[[Path], Line]] = [bulk_day, second_run, full_load, new_field, paced, start_up]


def main() -> int:
    """Runs all cases; 1 when a promise was broken."""
    print("| promise | measured | held |\n|---|---|---|", flush=True)
    broken = 0
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            promise, measured, held = case(Path(folder))
        print(f"| {promise} | {measured} | {'yes' if held else 'NO'} |", flush=True)
        broken += not held
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
