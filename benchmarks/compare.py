"""Measures this project beside other ways to load the same games: `python -m benchmarks.compare`.

    python -m benchmarks.compare                            all cases, three rounds; writes docs/benchmarks.md
    python -m benchmarks.compare --games 1000 --rounds 1    a quick try; writes data/benchmarks/benchmarks.md

Everything is loaded from the sandbox, whose games are all as rich as popular ones. It runs in a process of its own on
the same machine; its time on the cores is not counted, but it takes them from the contenders, from all of them alike.
Rounds go through all contenders, and each begins with another one. What a contender loaded is compared with what the
sandbox holds. Exit code 1: a goal was missed, or this project's tables were wrong.
"""

import argparse
import platform
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from statistics import median
from typing import Any

import altair as alt
import duckdb
import vl_convert

from benchmarks.contenders import LINKS, singer
from benchmarks.measure import ROOT, CommandFailed, Usage, folder_bytes, machine, measured, without_settings
from sources.rawg.sandbox import SandboxProcess

GAMES = 20_000
ROUNDS = 3
LATENCY_MS = 100
LONG = 90
"""Seconds from which on a contender is not run again."""
GOALS_ARE_OF = {"the floor": 3.0, "by hand": 12.9, "dlt's defaults": 118.0}
"""Seconds for GAMES at 0 ms latency on the machine that the goals are of; two cores as well."""


@dataclass(frozen=True)
class Contender:
    """A way to load: a module of `benchmarks.contenders`, what tables call it, and what it does."""

    module: str
    title: str
    does: str


OURS = Contender(
    "ours",
    "this project",
    "`pipelines/rawg.py` with the settings of the checkout: counted windows over two connections, parquet in the lake,"
    " a merge into DuckDB, the reference lists, snapshots of the measures and the proof that nothing is missing",
)
FLOOR = Contender(
    "floor",
    "the floor",
    "urllib3 over two connections, NDJSON files, DuckDB's `read_json` with every type written down; no state, no"
    " retries, no second load",
)
BY_HAND = Contender(
    "by_hand",
    "by hand",
    "`requests` asks for one page after another, `json.dump` writes each to a file, as the public RAWG loaders do that"
    " we found to keep pages; DuckDB's `read_json` guesses the types and `unnest` makes the links",
)
BY_HAND_BYTES = Contender(
    "by_hand_bytes",
    "by hand, bytes",
    "the same, but the file gets the bytes of the answer as they came",
)
DLT = Contender(
    "dlt_defaults",
    "dlt's defaults",
    "dlt's `rest_api` source into its DuckDB destination, nothing tuned; links are dlt's nested child tables",
)
SINGER = Contender(
    "singer",
    "Singer",
    f"`{'` into `'.join(singer.PACKAGES)}`; links stay JSON texts in the table of games, and views unnest them",
)
CONTENDERS = [OURS, FLOOR, BY_HAND, BY_HAND_BYTES, DLT, SINGER]


@dataclass(frozen=True)
class Case:
    """A full load of so many games from an API that takes so long to answer.

    Attributes:
        changed: Games that change afterwards, for this project's next load; none: there is no next load.
        with_models: Whether this project's models, report and rebuild are measured, too.
    """

    games: int
    latency_ms: int
    changed: int = 0
    with_models: bool = False

    @property
    def title(self) -> str:
        return f"{self.games:,} games, {self.latency_ms} ms latency"


@dataclass(frozen=True)
class Run:
    """One run: what it took, requests that the API was sent, bytes between the API and the warehouse."""

    usage: Usage
    requests: int
    file_bytes: int


@dataclass
class Results:
    """Runs by contender, or by step of this project; and why there are none, or fewer."""

    runs: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    problems: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)

    def median(self, name: str, what: str) -> float:
        """Median of a figure of `Usage`."""
        return float(median(getattr(run.usage, what) for run in self.runs[name]))


Contents = dict[str, int]
"""Number of games, sum of `added`, rows of each link table."""


def truth(sandbox: SandboxProcess) -> Contents:
    """What the sandbox holds."""
    games = sandbox.truth()
    links = {name: sum(len(game[name] or []) for game in games) for name in LINKS}
    return {"games": len(games), "added": sum(game["added"] for game in games), **links}


def loaded(warehouse: Path) -> Contents:
    """What a warehouse holds."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:

        def number(sql: str) -> int:
            return int(connection.execute(sql).fetchall()[0][0])

        return {
            "games": number("SELECT count(*) FROM raw.games"),
            "added": number("SELECT sum(added) FROM raw.games"),
            **{name: number(f"SELECT count(*) FROM raw.games__{name}") for name in LINKS},
        }


def check(warehouse: Path, expected: Contents) -> None:
    """Compares what was loaded with the truth.

    Raises:
        CommandFailed: it differs.
    """
    try:
        found = loaded(warehouse)
    except duckdb.Error as error:
        print(error, file=sys.stderr)
        raise CommandFailed("wrong: its tables cannot be read") from None
    wrong = [
        f"{name} {found[name]:,} instead of {expected[name]:,}" for name in expected if found[name] != expected[name]
    ]
    if wrong:
        raise CommandFailed(f"wrong: {', '.join(wrong)}")


def run(module: str, sandbox: SandboxProcess, folder: Path, step: str = "") -> Run:
    """One run of a contender, or of a step of this project, in a process of its own."""
    sandbox.clear_history()
    command = [sys.executable, "-m", f"benchmarks.contenders.{module}", sandbox.base_url, str(folder)]
    usage = measured([*command, step] if step else command, without_settings())
    print(f"  {module} {step or 'load'}: {usage.seconds:.1f} s, {usage.peak_mb:,.0f} MB", flush=True)
    return Run(usage, len(sandbox.history()), folder_bytes(folder / "files"))


def compare(case: Case, rounds: int, folder: Path, problems: dict[str, str]) -> tuple[Results, Results]:
    """All contenders, round by round; and what only this project does, after its load of each round."""
    results, steps = Results(problems=dict(problems)), Results()
    with SandboxProcess(case.games, popular=True, faults={"latency_ms": case.latency_ms}) as sandbox:
        for number in range(rounds):
            print(f"{case.title}: round {number + 1} of {rounds}", flush=True)
            for contender in _still_in(results, number):
                own, expected = folder / contender.module, truth(sandbox)
                try:
                    finished = run(contender.module, sandbox, own)
                    check(own / "warehouse.duckdb", expected)
                    results.runs[contender.title].append(finished)
                    if contender != OURS and finished.usage.seconds > LONG and number + 1 < rounds:
                        results.remarks[contender.title] = f"{number + 1} of {rounds} runs: it takes more than {LONG} s"
                    if contender == OURS and case.changed:
                        go_on(case, sandbox, own, steps)
                except CommandFailed as error:
                    results.problems[contender.title] = str(error)
                    results.runs.pop(contender.title, None)
                    print(f"  {contender.module}: {error}", flush=True)
                rmtree(own, ignore_errors=True)
    return results, steps


def too_large(case: Case, before: dict[Case, Results]) -> dict[str, str]:
    """Who is not tried with so many games, because the memory for GAMES shows that it would not do."""
    if case.games <= GAMES:
        return {}
    took = [
        (run.usage.peak_mb, smaller.games) for smaller, found in before.items() for run in found.runs.get(DLT.title, [])
    ]
    why = "its memory grows with the catalogue"
    if took:
        peak, games = max(took)
        why = f"{games:,} games took {peak / 1e3:.1f} GB of memory"
    return {DLT.title: f"not tried: {why}"}


def _still_in(results: Results, number: int) -> list[Contender]:
    turn = number % len(CONTENDERS)
    out = results.problems.keys() | results.remarks.keys()
    return [contender for contender in CONTENDERS[turn:] + CONTENDERS[:turn] if contender.title not in out]


def go_on(case: Case, sandbox: SandboxProcess, folder: Path, steps: Results) -> None:
    """What this project does after a full load: models, report, news, models again, a rebuild, all games once more."""

    def step(name: str, title: str) -> None:
        steps.runs[title].append(run("ours", sandbox, folder, name))

    if case.with_models:
        step("models", f"dbt models, full, {case.games:,} games")
        step("report", f"report, {case.games:,} games")
    sandbox.touch(count=case.changed)
    expected = truth(sandbox)
    step("load", f"load of {case.changed:,} changed games into {case.games:,}")
    check(folder / "warehouse.duckdb", expected)
    if case.with_models:
        step("models", f"dbt models, incremental, {case.changed:,} of {case.games:,} games changed")
        step("rebuild", f"rebuild from the lake, {case.games:,} games")
        check(folder / "rebuilt" / "warehouse.duckdb", expected)
    step("merge", f"all {case.games:,} games once more, into the populated tables")
    check(folder / "warehouse.duckdb", expected)


Line = tuple[str, str, bool]
"""A goal, what was measured, and whether it held."""


def goals(results: dict[Case, Results]) -> Iterator[Line]:
    """What this project promises to cost beside the others."""
    for case, found in results.items():
        limits = [(FLOOR, 2.5), (BY_HAND, 0.6)] if not case.latency_ms else [(FLOOR, 1.5)]
        for contender, limit in limits:
            goal = f"{case.title}: ≤ {limit} × {contender.title}"
            if {OURS.title, contender.title} <= found.runs.keys():
                ratio = found.median(OURS.title, "seconds") / found.median(contender.title, "seconds")
                yield goal, f"{ratio:.2f} ×", ratio <= limit
            else:
                yield goal, "not measured", False
    games = max(case.games for case in results)
    largest = [run for case, found in results.items() if case.games == games for run in found.runs.get(OURS.title, [])]
    peak = max((run.usage.peak_sum_mb for run in largest), default=None)
    goal = f"{games:,} games: memory under 600 MB in every run"
    yield goal, "not measured" if peak is None else f"{peak:.0f} MB", peak is not None and peak < 600


def beside_goals(results: dict[Case, Results]) -> str:
    """How this machine compares with the one that the goals are of, and which of the loops by hand they are about."""
    parts = []
    at_once = {case: found for case, found in results.items() if not case.latency_ms}
    for found in (found for case, found in at_once.items() if case.games == GAMES):
        here = {title: found.median(title, "seconds") for title in GOALS_ARE_OF if title in found.runs}
        took = (f"{title} {GOALS_ARE_OF[title]:.1f} s, {here[title]:.1f} s here" for title in here)
        parts.append(f"The goals are of another machine of two cores, on which {GAMES:,} games took {'; '.join(took)}.")
    lean = [
        f"{found.median(OURS.title, 'seconds') / found.median(BY_HAND_BYTES.title, 'seconds'):.2f} × for {case.games:,}"
        for case, found in at_once.items()
        if {OURS.title, BY_HAND_BYTES.title} <= found.runs.keys()
    ]
    if lean:
        parts.append(f"Beside the loop by hand that keeps the bytes, this project takes {' and '.join(lean)} games.")
    return " ".join(parts)


def table(results: Results, base: str | None) -> str:
    """A line a contender or step: medians, and the spread of the time; `base` is what the times are compared with."""
    columns = ["", "wall s (spread)", *([f"× {base}"] if base else []), "CPU s", "MB, biggest process"]
    columns += ["MB, all processes", "requests", "MB of files"]
    lines = [_row(columns), f"|---|{'---:|' * (len(columns) - 1)}"]
    for name, runs in results.runs.items():
        seconds = [run.usage.seconds for run in runs]
        cells = [
            name + (f" ({results.remarks[name]})" if name in results.remarks else ""),
            f"{median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})",
            *([_times(results, name, base)] if base else []),
            f"{results.median(name, 'cpu_seconds'):.1f}",
            f"{results.median(name, 'peak_mb'):,.0f}",
            f"{results.median(name, 'peak_sum_mb'):,.0f}",
            f"{median(run.requests for run in runs):,.0f}",
            f"{median(run.file_bytes for run in runs) / 1e6:,.1f}",
        ]
        lines.append(_row(cells))
    lines += [_row([name, problem, *[""] * (len(columns) - 2)]) for name, problem in results.problems.items()]
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _times(results: Results, name: str, base: str) -> str:
    if base not in results.runs:
        return ""
    return f"{results.median(name, 'seconds') / results.median(base, 'seconds'):.2f}"


def document(results: dict[Case, Results], steps: Results, lines: list[Line], rounds: int, command: str) -> str:
    """The page that tells all of it."""
    on, packages = machine(), ("dlt", "duckdb", "dbt-core", "dbt-duckdb", "msgspec", "pyarrow", "requests", "urllib3")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    parts = [
        "# Benchmarks",
        f"What this project costs beside other ways to load the same games. Written by `{command}`; medians of {rounds}"
        " runs; all contenders take their turn in each round.",
        "![Seconds of a full load](images/benchmarks.svg)",
        "\n".join(f"- **{contender.title}**: {contender.does}." for contender in CONTENDERS),
        f"{on.cores} cores ({on.processor}), {on.memory_gb:.0f} GB of memory, {platform.system()}"
        f" {platform.release()}; Python {platform.python_version()}, {versions}.",
        "The API is the sandbox, on the same cores; every game is as rich as a popular one: some 10 kB and 40 links in"
        " the unfiltered list. Time is from the start of a contender's process to its exit;"
        " CPU time and memory are the contender's alone. All but this project page through the unfiltered list, whose"
        " rows are longer; this project asks for the games of some days at a time, because only that can be"
        " proven complete. Of each run the number of games, the sum of `added` and the rows of"
        f" all link tables ({', '.join(LINKS)}) were compared with the sandbox. Files are what lies between the API and"
        " the warehouse when the run is over: the lake, JSON, dlt's load packages; Singer's tap writes into a pipe, and"
        " its target deletes its files.",
        "## Goals",
        "| goal | measured | held |\n|---|---|---|",
    ]
    parts[-1] += "".join(f"\n| {goal} | {found} | {'yes' if held else 'NO'} |" for goal, found, held in lines)
    parts += [beside_goals(results)]
    for case, found in results.items():
        parts += [f"## Full load: {case.title}", table(found, FLOOR.title)]
    parts += [
        "## This project alone",
        "At 0 ms latency, each in a process of its own: `pipelines/rawg.py`, `pipelines/transform.py` without tests,"
        " `python -m reports.market`, `pipelines/rebuild.py` into an empty warehouse, and `pipelines/rawg.py"
        " --resources games --updated-from 2000-01-01`. Files are the lake.",
        table(steps, None),
        "The games are made up, in the shape of the data of [RAWG](https://rawg.io).",
    ]
    return "\n\n".join(parts) + "\n"


def chart(results: dict[Case, Results]) -> str:
    """Seconds of each contender in each case, as SVG."""
    rows: list[dict[str, Any]] = [
        {
            "case": case.title,
            "contender": contender.title,
            "seconds": round(found.median(contender.title, "seconds"), 1),
        }
        for case, found in results.items()
        for contender in CONTENDERS
        if contender.title in found.runs
    ]
    base = alt.Chart().encode(
        # where Arial is missing, a page takes a wider font than the picture was measured with
        y=alt.Y(
            "contender:N", sort=[contender.title for contender in CONTENDERS], title=None, axis=alt.Axis(minExtent=90)
        ),
        x=alt.X("seconds:Q", title="seconds (median)", axis=alt.Axis(grid=False, tickCount=5)),
    )
    ours = alt.datum.contender == OURS.title
    bars = base.mark_bar().encode(color=alt.when(ours).then(alt.value("#2a6fbb")).otherwise(alt.value("#b5b5b5")))
    texts = base.mark_text(align="left", dx=4).encode(text=alt.Text("seconds:Q", format=",.1f"))
    drawn = (
        alt.layer(bars, texts, data=alt.InlineData(values=rows))
        .properties(width=560, height=alt.Step(24))
        .facet(row=alt.Row("case:N", sort=[case.title for case in results], title=None, header=_header()))
        .resolve_scale(y="independent")
        .configure(background="white", font="Arial, sans-serif", view=alt.ViewConfig(stroke=None))
    )
    image: str = vl_convert.vegalite_to_svg(drawn.to_dict())
    return image


def _header() -> alt.Header:
    return alt.Header(labelAngle=0, labelOrient="top", labelAnchor="start", labelFontWeight="bold")


def main() -> int:
    """Measures, writes, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", type=int, default=GAMES, metavar="N", help="a smaller catalogue, for a try")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N")
    options = parser.parse_args()
    games, rounds, changed = options.games, options.rounds, max(1, options.games // 100)
    is_try = games != GAMES or rounds < ROUNDS
    cases = [
        Case(games, 0, changed),
        Case(2 * games, 0, changed, with_models=True),
        Case(games, LATENCY_MS),
        Case(2 * games, LATENCY_MS),
    ]
    results: dict[Case, Results] = {}
    steps = Results()
    with tempfile.TemporaryDirectory() as name:
        problems = _install(Path(name, singer.ENVIRONMENT))
        for case in cases:
            results[case], more = compare(case, rounds, Path(name), problems | too_large(case, results))
            steps.runs.update(more.runs)
    lines = list(goals(results))
    command = "python -m benchmarks.compare" + (f" --games {games} --rounds {rounds}" if is_try else "")
    write(
        ROOT / ("data/benchmarks" if is_try else "docs"),
        document(results, steps, lines, rounds, command),
        chart(results),
    )
    failed = any(OURS.title in found.problems for found in results.values())
    return 1 if failed or not all(held for *_, held in lines) else 0


def _install(folder: Path) -> dict[str, str]:
    try:
        singer.install(folder)
    except CommandFailed as error:
        return {SINGER.title: str(error)}
    return {}


def write(folder: Path, page: str, image: str) -> None:
    """The page and its chart."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "images" / "benchmarks.svg").write_text(image)
    (folder / "benchmarks.md").write_text(page)
    print(f"\n{page}\nWritten to {folder / 'benchmarks.md'}")


if __name__ == "__main__":
    sys.exit(main())
