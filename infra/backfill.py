"""The input of a backfill: one range of days for each month.

python infra/backfill.py 2024-01 2024-12
"""

import calendar
import json
import sys
from datetime import date


def ranges(first: str, last: str) -> list[dict[str, str]]:
    """First and last day of every month from `first` to `last` (both as YYYY-MM).

    Raises:
        ValueError: one is not a month, or they are the wrong way round.
    """
    month, end = (date.fromisoformat(f"{text}-01") for text in (first, last))
    if month > end:
        raise ValueError(f"{first} is after {last}")
    found = []
    while month <= end:
        days = calendar.monthrange(month.year, month.month)[1]
        found.append({"updated_from": month.isoformat(), "updated_to": month.replace(day=days).isoformat()})
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return found


def main() -> None:
    """Prints the input, or says in one sentence what is wrong."""
    try:
        first, last = sys.argv[1:]
        print(json.dumps({"resources": ["games"], "ranges": ranges(first, last)}))
    except ValueError as error:
        sys.exit(f"A backfill goes from a month to a month, FROM=2024-01 TO=2024-12: {error}.")


if __name__ == "__main__":
    main()
