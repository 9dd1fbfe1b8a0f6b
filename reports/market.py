"""Builds the market report, one HTML page, from the marts: `reports/market.html` in the lake.

    python -m reports.market              from the games that pipelines/rawg.py loaded
    python -m reports.market --sandbox    from the made-up games
    python -m reports.market --open       and shows it in the browser

Exit codes are those of pipelines/rawg.py: 0 written, 2 nothing to report or a wrong argument, 5 the warehouse or the
lake failed.
"""

import argparse
import sys
import tempfile
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.rawg import ROOT, OneSentenceParser  # tells dlt where the project is, too

if TYPE_CHECKING:
    from reports.page import Report


def main(argv: list[str] | None = None) -> int:
    """Writes the report and returns the exit code."""
    arguments = _parser().parse_args(argv)

    # only now, so that --help and a mistyped option answer at once
    from dotenv import load_dotenv

    from pipelines.failures import plain_failure
    from pipelines.load import rawg_pipeline
    from pipelines.summary import short_location
    from reports.page import UNCHANGED, write_report
    from sources.rawg.errors import RawgError

    load_dotenv(ROOT / ".env")
    started = time.monotonic()
    try:
        with plain_failure("The report failed", UNCHANGED):
            report = write_report(rawg_pipeline(arguments.sandbox))
            seconds = time.monotonic() - started
            print(f"Report     {short_location(report.location)} ({report.bytes / 1e6:.1f} MB, {seconds:.1f} s)")
            if arguments.open:
                _show(report)
    except RawgError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n")
    parser = OneSentenceParser(
        description=summary, epilog=rest.strip("\n"), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sandbox", action="store_true", help="from the made-up games of `pipelines/rawg.py --sandbox`"
    )
    parser.add_argument("--open", action="store_true", help="show it in the browser")
    return parser


def _show(report: "Report") -> None:
    """Opens the page; one in an object store as a copy, because the bucket is private."""
    path = Path(report.location)
    if not path.exists():
        path = Path(tempfile.mkdtemp(prefix="market-")) / "market.html"
        report.filesystem.get_file(report.path, str(path))
    if not webbrowser.open(path.as_uri()):
        print(f"No browser answers here; open {path} yourself.")


if __name__ == "__main__":
    sys.exit(main())
