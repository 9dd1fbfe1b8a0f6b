"""Builds the warehouse again from the lake alone, without one request to RAWG and without a key.

    python pipelines/rebuild.py                       the warehouse as its last load left it
    python pipelines/rebuild.py --as-of 2026-03-01    as it was at the end of that day (UTC)
    python pipelines/rebuild.py --yes                 even if it takes the place of one that has tables

The next `python pipelines/rawg.py` goes on at its watermark. A rebuild that fails or is killed leaves the warehouse as
it was.

Exit codes: 0 rebuilt, 2 usage or configuration (or nothing to rebuild from, or --yes is missing), 5 rebuilding failed,
130 interrupted.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # a script's own folder stands there, and its modules must not shadow others
os.environ.setdefault("DLT_PROJECT_DIR", str(ROOT))
os.environ.setdefault("DLT_LOCAL_DIR", os.environ["DLT_PROJECT_DIR"])  # where `data/` is, wherever the user stands

import argparse  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402
from datetime import date  # noqa: E402
from typing import TYPE_CHECKING  # noqa: E402

from pipelines.rawg import OneSentenceParser  # noqa: E402

if TYPE_CHECKING:
    import dlt

    from pipelines.lake import Lake


def _summary(pipeline: "dlt.Pipeline", lake: "Lake", rows: dict[str, int], seconds: float) -> str:
    from pipelines.load import lake_configuration, warehouse_location

    loads = lake.history.loads
    lines = [f"{'table (dataset raw)':<40}{'rows':>20}"]
    lines += [f"{name:<40}{count:>20,}" for name, count in sorted(rows.items())]
    lines += [
        "",
        f"Rebuilt {warehouse_location(pipeline)} from {lake_configuration(pipeline).bucket_url} in {seconds:.1f} s:"
        f" {len(loads):,} load packages, the last one of {loads[-1]['inserted_at'][:16].replace('T', ' ')} UTC.",
        "Tables that dbt made are not in the lake; build them again. The next load goes on at the watermark.",
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Runs the script and returns its exit code."""
    arguments = _parser().parse_args(argv)

    # only now, so that --help and a mistyped option answer at once
    from dotenv import load_dotenv

    from pipelines.load import rawg_pipeline
    from pipelines.warehouses import rebuild
    from sources.rawg.errors import RawgError

    load_dotenv(ROOT / ".env")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    try:
        pipeline = rawg_pipeline(arguments.sandbox)
        lake, rows = rebuild(pipeline, arguments.as_of, arguments.yes)
    except RawgError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(_summary(pipeline, lake, rows, time.monotonic() - started))
    return 0


def _parser() -> argparse.ArgumentParser:
    summary, _, rest = (__doc__ or "").partition("\n")
    parser = OneSentenceParser(
        description=summary, epilog=rest.strip("\n"), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--as-of", type=_day, metavar="DATE", help="only what was loaded until the end of this day in UTC")
    add("--yes", action="store_true", help="take the place of a warehouse that has tables")
    add("--sandbox", action="store_true", help="the made-up games of `pipelines/rawg.py --sandbox`")
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day as YYYY-MM-DD") from None


if __name__ == "__main__":
    sys.exit(main())
