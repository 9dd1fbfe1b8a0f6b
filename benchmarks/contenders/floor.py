"""The floor: two connections of a plain HTTP client, NDJSON files, and DuckDB told every type.

As little as can be done for the same tables: no state, no retries, no proof, no second load.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import orjson
import urllib3

from benchmarks.contenders import KEY, PAGE_SIZE, base_url_and_folder

WORKERS = 2
"""As many as `[extract] workers` in .dlt/config.toml."""
MEASURES = (
    "rating_top ratings_count reviews_text_count reviews_count added metacritic playtime suggestions_count".split()
)
STATUSES = "yet owned beaten toplay dropped playing".split()
LINKS = {
    "genres": ("id BIGINT", "link.id"),
    "tags": ("id BIGINT", "link.id"),
    "platforms": (
        "platform STRUCT(id BIGINT), released_at VARCHAR",
        "link.platform.id AS platform__id, link.released_at",
    ),
    "parent_platforms": ("platform STRUCT(id BIGINT)", "link.platform.id AS platform__id"),
    "stores": ("id BIGINT, store STRUCT(id BIGINT)", "link.id, link.store.id AS store__id"),
    "ratings": (
        "id BIGINT, title VARCHAR, count BIGINT, percent DOUBLE",
        "link.id, link.title, link.count, link.percent",
    ),
    "short_screenshots": ("id BIGINT, image VARCHAR", "link.id, link.image"),
}
"""Type of a link in the JSON, and columns of its table."""
TYPES = {
    "id": "BIGINT",
    "slug": "VARCHAR",
    "name": "VARCHAR",
    "released": "VARCHAR",
    "tba": "BOOLEAN",
    "background_image": "VARCHAR",
    "rating": "DOUBLE",
    **dict.fromkeys(MEASURES, "BIGINT"),
    "added_by_status": f"STRUCT({', '.join(f'{name} BIGINT' for name in STATUSES)})",
    "community_rating": "DOUBLE",
    "esrb_rating": "STRUCT(id BIGINT, name VARCHAR, slug VARCHAR)",
    "updated": "TIMESTAMP",
    **{name: f"STRUCT({fields})[]" for name, (fields, _) in LINKS.items()},
}


def download(base_url: str, files: Path) -> None:
    """All pages, as one file of rows for each connection."""
    client = urllib3.PoolManager(maxsize=WORKERS)

    def page(number: int) -> dict[str, Any]:
        address = f"{base_url}/games?key={KEY}&page_size={PAGE_SIZE}&page={number}"
        response = client.request("GET", address)
        if response.status != 200:
            raise RuntimeError(f"page {number} was answered with {response.status}")
        body: dict[str, Any] = orjson.loads(response.data)
        return body

    def write(file: Path, numbers: Iterable[int]) -> None:
        with file.open("wb") as rows:
            for number in numbers:
                rows.writelines(orjson.dumps(row) + b"\n" for row in page(number)["results"])

    pages = range(1, -(-page(1)["count"] // PAGE_SIZE) + 1)
    with ThreadPoolExecutor(WORKERS) as pool:
        written = [pool.submit(write, files / f"{first}.ndjson", pages[first::WORKERS]) for first in range(WORKERS)]
    for each in written:
        each.result()


def load(files: Path, warehouse: Path) -> None:
    """The files as tables."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in TYPES.items())
    statuses = ", ".join(f"added_by_status.{name} AS added_by_status__{name}" for name in STATUSES)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            f"""CREATE TEMP TABLE listed AS
                FROM read_json('{files}/*.ndjson', format = 'newline_delimited', columns = {{{columns}}})"""
        )
        connection.execute(
            f"""CREATE TABLE raw.games AS SELECT
                id, slug, name, try_cast(released AS DATE) AS released, tba, background_image, rating,
                {", ".join(MEASURES)}, {statuses}, community_rating, esrb_rating.id AS esrb_rating__id,
                esrb_rating.name AS esrb_rating__name, esrb_rating.slug AS esrb_rating__slug, updated
            FROM listed"""
        )
        for name, (_, fields) in LINKS.items():
            connection.execute(
                f"""CREATE TABLE raw.games__{name} AS
                    SELECT game_id, {fields} FROM (SELECT id AS game_id, unnest({name}) AS link FROM listed)"""
            )


if __name__ == "__main__":
    base_url, folder = base_url_and_folder()
    download(base_url, folder / "files")
    load(folder / "files", folder / "warehouse.duckdb")
