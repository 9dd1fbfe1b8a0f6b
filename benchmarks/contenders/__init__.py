"""Ways to load the games of a RAWG API into DuckDB, to be compared.

Each runs alone: `python -m benchmarks.contenders.floor BASE_URL FOLDER`. It leaves `FOLDER/warehouse.duckdb` with
`raw.games` and a table or view `raw.games__<links>` for each of LINKS, one row a link, and in `FOLDER/files` what lay
between the API and the warehouse. All but this project's page through the unfiltered list of games, which is complete
on the sandbox; on RAWG a list that changes while it is paged is not, and none of them would notice.
"""

import sys
from pathlib import Path

LINKS = ("genres", "tags", "platforms", "parent_platforms", "stores", "ratings", "short_screenshots")
KEY = "sandbox"
PAGE_SIZE = 40
"""The largest page that RAWG gives."""


def base_url_and_folder() -> tuple[str, Path]:
    """The two arguments of every contender; the folder and its `files` are made."""
    if len(sys.argv) < 3:
        sys.exit("Give the address of the API, such as http://127.0.0.1:8000/api, and a folder.")
    base_url, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    (folder / "files").mkdir(parents=True, exist_ok=True)
    return base_url, folder
