"""By hand, as people write it: page after page with requests, a JSON file for each, and DuckDB guesses the types."""

from pathlib import Path

import duckdb
import requests

from benchmarks.contenders import KEY, LINKS, PAGE_SIZE, base_url_and_folder


def download(base_url: str, files: Path) -> None:
    """All pages, each in a file of its own."""
    url = f"{base_url}/games?key={KEY}&page_size={PAGE_SIZE}"
    page = 0
    with requests.Session() as session:
        while url:
            response = session.get(url, timeout=30)
            response.raise_for_status()
            page += 1
            (files / f"page-{page:05}.json").write_bytes(response.content)
            url = response.json()["next"]


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


if __name__ == "__main__":
    base_url, folder = base_url_and_folder()
    download(base_url, folder / "files")
    load(folder / "files", folder / "warehouse.duckdb")
