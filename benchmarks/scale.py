"""Measures this project over a catalogue as large as RAWG's: `python -m benchmarks.scale`.

    python -m benchmarks.scale                     900,000 games
    python -m benchmarks.scale --games 2000        a try: all catalogues shrink alike
    python -m benchmarks.scale --keep FOLDER       leaves the lake and the warehouse of the largest catalogue there

Prints Markdown tables. The smaller catalogues tell how time and memory grow, and whether the load of a day's news costs
more when the warehouse is large. The API is the sandbox at 0 ms, whose time and memory are not counted. The floor of
`benchmarks.compare` runs before and after each full load and tells the pace of the machine. Exit code 1: a goal was
missed.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median

import requests

from benchmarks.compare import FLOOR, GOALS_ARE_OF, Line, Run, loaded, run
from benchmarks.compare import GAMES as GAMES_OF_GOALS
from benchmarks.contenders import KEY
from benchmarks.measure import CommandFailed, machine
from sources.rawg.sandbox import SandboxProcess

GAMES = 900_000
SMALLER = (20_000, 40_000, 400_000)
NEWS = 3
"""Loads of recent games into each catalogue but that of 40,000."""
FLOORS = 3
"""Runs of the floor at a time, of which the median counts."""
LAG_DAYS = 2
"""As in .dlt/config.toml."""


@dataclass
class Catalogue:
    """A catalogue of the sandbox, its full load, and what followed it.

    Attributes:
        slower: How many times as long the floor took around the full load as on the machine that the goals are of.
    """

    games: int
    sandbox: SandboxProcess
    folder: Path
    full: Run
    slower: float
    news: list[Run] = field(default_factory=list)
    steps: dict[str, Run] = field(default_factory=dict)

    @property
    def news_seconds(self) -> float:
        return median(run.usage.seconds for run in self.news)

    def load_news(self, games: int) -> None:
        """Loads that many games, most of them changed a moment ago."""
        # the last days are walked again, and hold more games in a larger catalogue
        self.sandbox.touch(count=max(1, games - recent(self.sandbox)))
        self.news.append(run("ours", self.sandbox, self.folder))

    def go_on(self, *steps: str) -> None:
        """Runs what follows a load.

        Raises:
            CommandFailed: a step failed, or a rebuild made other tables than the loads did.
        """
        for step in steps:
            self.steps[step] = run("ours", self.sandbox, self.folder, step)
        contents = loaded(self.folder / "warehouse.duckdb")
        if "rebuild" in steps and loaded(self.folder / "rebuilt" / "warehouse.duckdb") != contents:
            raise CommandFailed("wrong: the rebuilt tables differ from the loaded ones")

    def check(self) -> None:
        """Counts the games.

        Raises:
            CommandFailed: some are missing.
        """
        found = loaded(self.folder / "warehouse.duckdb")["games"]
        if found != self.games:
            raise CommandFailed(f"wrong: {found:,} instead of {self.games:,} games")


def pace(sandbox: SandboxProcess) -> float:
    """How many times as long the floor takes here and now as on the machine that the goals are of."""
    seconds = []
    for _ in range(FLOORS):
        with tempfile.TemporaryDirectory() as folder:
            seconds.append(run(FLOOR.module, sandbox, Path(folder)).usage.seconds)
    return median(seconds) / GOALS_ARE_OF[FLOOR.title]


def full_load(games: int, folder: Path, rich: SandboxProcess, running: ExitStack) -> Catalogue:
    """Loads a catalogue into an empty folder; its sandbox goes on `running`."""
    sandbox = running.enter_context(SandboxProcess(games))
    before = pace(rich)  # a machine is not equally fast all the time
    full = run("ours", sandbox, folder)
    catalogue = Catalogue(games, sandbox, folder, full, slower=mean([before, pace(rich)]))
    catalogue.check()
    return catalogue


def recent(sandbox: SandboxProcess) -> int:
    """Games that the next load walks, if nothing changes."""
    today = datetime.now(UTC).date()
    days = f"{today - timedelta(days=LAG_DAYS)},{today}"
    answer = requests.get(f"{sandbox.base_url}/games", {"key": KEY, "updated": days}, timeout=60)
    return int(answer.json()["count"])


def table(loads: list[Catalogue], news: int) -> str:
    """A line a step."""
    lines = [
        "| | wall s | CPU s | MB, biggest process | MB, all processes | requests | MB of lake |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for found in loads:
        took = [("full load", found.full), *((f"about {news:,} games", each) for each in found.news)]
        for title, each in [*took, *found.steps.items()]:
            usage = each.usage
            cells = [
                f"{found.games:,} games: {title}",
                f"{usage.seconds:.1f}",
                f"{usage.cpu_seconds:.1f}",
                f"{usage.peak_mb:,.0f}",
                f"{usage.peak_sum_mb:,.0f}",
                f"{each.requests:,}",
                f"{each.file_bytes / 1e6:,.1f}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def goals(loads: list[Catalogue]) -> list[Line]:
    """What must hold, of the small, the middle, the large and the largest catalogue."""
    small, middle, large, everything = loads
    steps = everything.steps
    seconds = sum(each.usage.seconds for each in (everything.full, steps["models"], steps["report"]))
    gigabytes = everything.full.file_bytes / 1e9
    rebuild = steps["rebuild"].usage.seconds
    memory = large.full.usage.peak_sum_mb / middle.full.usage.peak_sum_mb - 1
    further = large.full.usage.seconds - middle.full.usage.seconds
    at_pace = large.full.usage.seconds / large.slower - middle.full.usage.seconds / middle.slower
    thousands = (large.games - middle.games) / 1_000
    news = large.news_seconds / small.news_seconds - 1
    return [
        (f"{everything.games:,} games: load, models and report < 30 min", f"{seconds / 60:.1f} min", seconds < 1_800),
        ("its lake < 3 GB after the load", f"{gigabytes:.2f} GB", gigabytes < 3),
        ("its rebuild from the lake < 8 min", f"{rebuild / 60:.1f} min", rebuild < 480),
        (f"memory of a load, {middle.games:,} to {large.games:,} games: < 10 % more", f"{memory:+.1%}", memory < 0.1),
        (
            "each further 1,000 games between these: ≤ 0.25 s where the floor takes"
            f" {GOALS_ARE_OF[FLOOR.title]:.1f} s for {GAMES_OF_GOALS:,} rich games",
            f"{further / thousands:.2f} s; {at_pace / thousands:.2f} s at that pace",
            at_pace / thousands <= 0.25,
        ),
        (
            f"load of the same number of games, {small.games:,} to {large.games:,} games: ≤ 20 % more",
            f"{news:+.1%} ({small.news_seconds:.1f} s and {large.news_seconds:.1f} s, medians of {NEWS})",
            news <= 0.2,
        ),
    ]


def main() -> int:
    """Measures, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", type=int, default=GAMES, metavar="N", help=f"size of the largest ({GAMES:,})")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="an empty folder, for the data of the largest")
    options = parser.parse_args()
    if options.keep and options.keep.exists() and any(options.keep.iterdir()):
        parser.error(f"{options.keep} is not empty")
    sizes = [*(max(1, games * options.games // GAMES) for games in SMALLER), options.games]
    with ExitStack() as running:
        folders = [Path(running.enter_context(tempfile.TemporaryDirectory())) for _ in SMALLER]
        folders.append(options.keep or Path(running.enter_context(tempfile.TemporaryDirectory())))
        rich = running.enter_context(SandboxProcess(GAMES_OF_GOALS, popular=True))
        loads = [full_load(games, folder, rich, running) for games, folder in zip(sizes, folders, strict=True)]
        games_of_news = max(1, sizes[0] // 4)
        small, _, large, everything = loads
        for _ in range(NEWS):  # in turns, for the same reason
            for catalogue in (small, large, everything):
                catalogue.load_news(games_of_news)
        everything.go_on("models", "report", "rebuild")
        for catalogue in loads:
            catalogue.check()
    lines = goals(loads)
    on = machine()
    print(f"\n{on.cores} cores ({on.processor}), {on.memory_gb:.0f} GB of memory\n")
    paces = ", ".join(f"{each.slower:.2f}" for each in loads)
    print(f"the floor around the full loads: {paces} times as long as on the goals' machine\n")
    print("| goal | measured | held |\n|---|---|---|")
    for goal, found, held in lines:
        print(f"| {goal} | {found} | {'yes' if held else 'NO'} |")
    print(f"\n{table(loads, games_of_news)}")
    return 0 if all(held for *_, held in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
