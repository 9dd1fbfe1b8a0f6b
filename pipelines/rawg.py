"""Loads the RAWG games catalogue: RAWG API → lake (parquet files) → warehouse (DuckDB or Snowflake).

    python pipelines/rawg.py                  what is new since the last run (needs RAWG_API_KEY)
    python pipelines/rawg.py --plan           what that would cost, without loading
    python pipelines/rawg.py --sandbox        made-up games from a local RAWG look-alike; needs no key
    python pipelines/rawg.py --doctor         whether everything is in place for a load

Exit codes: 0 loaded (all in place), 2 usage or configuration (something is not in place), 3 quota reached (what was
loaded is kept), 4 RAWG refused or stayed down, 5 loading failed, 130 interrupted.
"""

import ctypes
import gc
import os
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # a script's own folder stands there, and its modules must not shadow others
os.environ.setdefault("DLT_PROJECT_DIR", str(ROOT))
os.environ.setdefault("DLT_LOCAL_DIR", os.environ["DLT_PROJECT_DIR"])  # where `data/` is, wherever the user stands

# what is imported and loaded are many objects and few cycles, and looking for them takes its time
gc.set_threshold(50_000)
# pages come and go, and Arrow's own pool would give their memory back to the system each time
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
# glibc would give each thread an arena of its own, and what one frees no other takes; other systems have no mallopt
M_ARENA_MAX = -8
with suppress(AttributeError, TypeError):
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)

import argparse  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from datetime import date  # noqa: E402
from typing import TYPE_CHECKING, NoReturn, TextIO  # noqa: E402

if TYPE_CHECKING:
    from sources.rawg.configuration import RawgConfiguration

SANDBOX_GAMES = 5_000


class OneSentenceParser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:]}; see --help.\n")


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Reads and checks the command line; ends the program with exit code 2 when something is wrong with it."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    beside = {name for name, value in vars(arguments).items() if value}
    if arguments.doctor and beside - {"doctor", "ask_rawg", "sandbox"}:
        parser.error("--doctor takes no other options than --ask-rawg and --sandbox")
    if arguments.ask_rawg and not arguments.doctor:
        parser.error("--ask-rawg needs --doctor")
    first, last = arguments.updated_from, arguments.updated_to
    if first and last and first > last:
        parser.error(f"--updated-from {first} is after --updated-to {last}")
    if (first or last) and arguments.full_refresh:
        parser.error("--full-refresh reloads everything and takes no --updated-from or --updated-to")
    if (first or last) and arguments.resources and "games" not in arguments.resources:
        parser.error("--updated-from and --updated-to apply to games, which --resources leaves out")
    if arguments.reconcile and (first or last or arguments.full_refresh or arguments.resources):
        parser.error("--reconcile walks all games and takes no days, --resources or --full-refresh")
    if arguments.sandbox_games is not None and not arguments.sandbox:
        parser.error("--sandbox-games needs --sandbox")
    return arguments


def _parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n")
    parser = OneSentenceParser(
        description=summary, epilog=rest.strip("\n"), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--resources", nargs="+", metavar="NAME", help="load these only; `games` brings its links and snapshots along")
    add("--updated-from", type=_day, metavar="DATE", help="first day of an explicit range, as YYYY-MM-DD")
    add("--updated-to", type=_day, metavar="DATE", help="last day of an explicit range; the watermark stays put")
    add("--max-requests", type=_positive, metavar="N", help="send at most this many requests in this run")
    add("--plan", action="store_true", help="show windows, requests and duration; costs only the counting")
    add("--full-refresh", action="store_true", help="empty the tables and load everything again (snapshots stay)")
    add("--reconcile", action="store_true", help="walk the whole catalogue, over many runs, for games that are gone")
    add("--yes", action="store_true", help="do not ask before a full refresh")
    add("--sandbox", action="store_true", help="use the built-in look-alike of RAWG, apart from the real data")
    add("--sandbox-games", type=_positive, metavar="N", help=f"size of its catalogue (default {SANDBOX_GAMES:,})")
    add("--doctor", action="store_true", help="check settings, lake, warehouse, disk and clock; sends no request")
    add("--ask-rawg", action="store_true", help="let the doctor try the key with one request")
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day as YYYY-MM-DD") from None


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def main(argv: list[str] | None = None) -> int:
    """Runs the script and returns its exit code."""
    arguments = parse_arguments(argv)
    if arguments.doctor:
        return _doctor(arguments)

    # only now, so that --help and a mistyped option answer at once
    from dotenv import load_dotenv

    from sources.rawg.errors import RawgError

    load_dotenv(ROOT / ".env")
    try:
        with _configured(arguments) as configuration:
            return _run(arguments, configuration)
    except RawgError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _doctor(arguments: argparse.Namespace) -> int:
    try:
        from dotenv import load_dotenv

        from pipelines.doctor import diagnose
    except ImportError as error:  # packages are missing, or this Python is too old for the project
        print(f"!!  Packages   {error}; install what is missing, for Python 3.11, 3.12 or 3.13, with: make -B setup")
        return 2
    load_dotenv(ROOT / ".env")
    return diagnose(arguments.sandbox, arguments.ask_rawg)


@contextmanager
def _configured(arguments: argparse.Namespace) -> "Iterator[RawgConfiguration]":
    """The source's settings; with --sandbox those of a look-alike that runs as long as the block."""
    from sources.rawg.configuration import rawg_configuration, sandbox_settings

    if not arguments.sandbox:
        yield rawg_configuration()
        return
    from sources.rawg.sandbox import SandboxProcess

    with SandboxProcess(games=arguments.sandbox_games or SANDBOX_GAMES) as sandbox:
        yield rawg_configuration(**sandbox_settings(sandbox.base_url))


def _run(arguments: argparse.Namespace, configuration: "RawgConfiguration") -> int:
    from pipelines.failures import plain_failure
    from pipelines.load import RESOURCES, LoadReport, LoadRequest, load, open_ledger, rawg_pipeline
    from pipelines.progress import stop_on_signals, watch
    from pipelines.summary import plan_text, summary_text
    from sources.rawg.errors import ConfigurationError, RawgError
    from sources.rawg.run import RawgRun

    gc.freeze()  # what is imported stays: nobody need look through it for garbage
    if unknown := sorted(set(arguments.resources or []) - set(RESOURCES)):
        raise ConfigurationError(f"There is no resource {', '.join(unknown)}; choose from {', '.join(RESOURCES)}.")
    if arguments.full_refresh and not arguments.yes and not _confirmed():
        raise ConfigurationError("Nothing was changed; --full-refresh wants a yes at the prompt, or --yes.")
    request = LoadRequest(
        **({"resources": arguments.resources} if arguments.resources else {}),
        updated_from=arguments.updated_from,
        updated_to=arguments.updated_to,
        max_requests=arguments.max_requests,
        full_refresh=arguments.full_refresh,
        reconcile=arguments.reconcile,
    )
    with plain_failure():
        pipeline = rawg_pipeline(arguments.sandbox)
        ledger = open_ledger(pipeline, configuration, request.max_requests)
    report = LoadReport(RawgRun.start(configuration, ledger))
    with stop_on_signals(report.run.session.cancelled):
        if arguments.plan:
            _say(plan_text(request, pipeline, report.run))
            return 0
        try:
            with watch(report):
                load(request, pipeline, report)
        except RawgError as error:
            report.stopped = error
    _say(summary_text(report, pipeline), file=sys.stderr if report.stopped else sys.stdout)
    return report.stopped.exit_code if report.stopped else 0


def _say(text: str, file: TextIO | None = None) -> None:
    with suppress(BrokenPipeError):  # whoever reads has seen enough; what was done stays done
        print(text, file=file, flush=True)


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        return False
    return input("Empty the tables and load everything again? The lake and the snapshots stay. [y/N] ").lower() == "y"


if __name__ == "__main__":
    exit_code = main()
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    # all is closed and written; Python would go on to take every object apart, a tenth of a small load's time
    os._exit(exit_code)
