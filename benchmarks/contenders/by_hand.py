"""By hand, as people write it: page after page with requests, a JSON file for each, and DuckDB guesses the types.

The two public RAWG loaders that we found to keep a file for each page write it with `json.dump`, even indented; this
one does not indent. `by_hand_bytes` is the same loop by somebody who writes the bytes of the answer.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import requests

from benchmarks.contenders import KEY, LINKS, PAGE_SIZE, base_url_and_folder

Save = Callable[[Path, requests.Response, dict[str, Any]], None]
"""Writes a file, given an answer and what was read of it."""


def dump(file: Path, response: requests.Response, page: dict[str, Any]) -> None:
    """What was read, written as JSON again."""
    with file.open("w") as text:
        json.dump(page, text)


def download(base_url: str, files: Path, save: Save) -> None:
    """All pages, each in a file of its own."""
    url = f"{base_url}/games?key={KEY}&page_size={PAGE_SIZE}"
    number = 0
    with requests.Session() as session:
        while url:
            response = session.get(url, timeout=30)
            response.raise_for_status()
            page = response.json()
            number += 1
            save(files / f"page-{number:05}.json", response, page)
            url = page["next"]


def load(files: Path, warehouse: Path) -> None:
    """The files as tables."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE SCHEMA raw")
        # the 32 files that DuckDB looks at do not show that `released` can be an empty text: a format that it does not
        # have leaves it a text
        connection.execute(
            f"""CREATE TEMP TABLE games AS SELECT unnest(results, max_depth := 2)
                FROM read_json('{files}/page-*.json', dateformat = '%d.%m.%Y')"""
        )
        connection.execute(f"CREATE TABLE raw.games AS SELECT * EXCLUDE ({', '.join(LINKS)}) FROM games")
        for name in LINKS:
            connection.execute(
                f"""CREATE TABLE raw.games__{name} AS
                    SELECT id AS game_id, unnest({name}) AS link FROM games"""
            )


def main(save: Save) -> None:
    """The whole load."""
    base_url, folder = base_url_and_folder()
    download(base_url, folder / "files", save)
    load(folder / "files", folder / "warehouse.duckdb")


if __name__ == "__main__":
    main(dump)
