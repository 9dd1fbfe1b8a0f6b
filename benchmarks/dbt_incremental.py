"""What an incremental build saves: a full build of the models against builds after small changes.

    python -m benchmarks.dbt_incremental                       200,000 games; 1 % and 10 % of them changed
    python -m benchmarks.dbt_incremental --games 20000

Prints Markdown tables. The raw tables are made up in the warehouse itself; no API, no loader. Times are dbt's own, the
sum over the models built by load (the star's game tables), and over all models, which adds the views, the small
dimensions and the marts that are built anew each time. dbt's start (parsing, connecting) is only in the clock's time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

DBT = Path(__file__).resolve().parents[1] / "dbt"
FIRST_LOAD, FIRST_CHANGE = 1_750_000_000, 1_750_100_000
SNAPSHOT_DAYS = 10
LINKS = {
    "genres": ("id", 19, 2),
    "tags": ("id", 2_000, 15),
    "platforms": ("platform__id", 51, 2),
    "stores": ("store__id", 10, 2),
}
"""Column, vocabulary and links a game of each link table."""


@dataclass(frozen=True)
class Build:
    """Seconds of one build: in each incremental model, in all models, and on the clock."""

    incremental: dict[str, float]
    models: float
    clock: float

    @property
    def by_load(self) -> float:
        return sum(self.incremental.values())


def fill(warehouse: Path, games: int) -> None:
    """Makes up the raw tables."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            f"""CREATE TABLE raw.games AS SELECT
                id, 'game-' || id AS slug, 'Game ' || id AS name,
                DATE '1995-01-01' + (hash(id) % 11000)::INTEGER AS released, false AS tba,
                CASE WHEN id % 25 = 0 THEN 3 + hash(id, 1) % 200 / 100.0 ELSE 0 END AS rating, 4 AS rating_top,
                CASE WHEN id % 25 = 0 THEN hash(id, 2) % 500 ELSE 0 END::BIGINT AS ratings_count,
                CASE WHEN id % 25 = 0 THEN 10 ELSE 0 END::BIGINT AS reviews_count,
                (1000000 // id + hash(id, 3) % 5)::BIGINT AS added, (hash(id, 4) % 40)::BIGINT AS playtime,
                TIMESTAMPTZ '2025-06-15 10:00:00+00' AS updated, '{FIRST_LOAD}.' || (id // 10000) AS _dlt_load_id
            FROM range(1, {games + 1}) AS numbers (id)"""
        )
        for name, (column, vocabulary, links) in LINKS.items():
            connection.execute(
                f"""CREATE TABLE raw.games__{name} AS SELECT
                    games.id AS game_id, (hash(games.id, number, '{name}') % {vocabulary})::BIGINT AS {column}
                FROM raw.games AS games, range({links}) AS links (number)"""
            )
            connection.execute(
                f"CREATE TABLE raw.{name} AS SELECT id, '{name} ' || id AS name, 'eng' AS language,"
                f" '{FIRST_LOAD}.0' AS _dlt_load_id FROM range({vocabulary}) AS numbers (id)"
            )
        connection.execute(
            """CREATE TABLE raw.games__ratings AS SELECT
                id AS game_id, level AS id, 'verdict' AS title, 5 AS count, 50.0 AS percent
            FROM raw.games, (VALUES (3), (5)) AS levels (level) WHERE id % 25 = 0"""
        )
        connection.execute(
            f"""CREATE TABLE raw.game_snapshots AS SELECT
                id AS game_id, DATE '2025-06-15' - number::INTEGER AS snapshot_date, rating, ratings_count,
                reviews_count, added - number AS added, playtime, '{FIRST_LOAD}.' || number AS _dlt_load_id
            FROM raw.games, range({SNAPSHOT_DAYS}) AS days (number)"""
        )


def change(warehouse: Path, share: float, number: int) -> None:
    """Does what a load of `share` of the games does: new measures, new links, one more snapshot."""
    every, load = round(1 / share), f"'{FIRST_CHANGE + number}.5'"
    with duckdb.connect(str(warehouse)) as connection:
        changed = f"id % {every} = {number}"
        connection.execute(f"UPDATE raw.games SET added = added + 3, _dlt_load_id = {load} WHERE {changed}")
        for name, (column, vocabulary, _) in LINKS.items():
            connection.execute(
                f"UPDATE raw.games__{name} SET {column} = ({column} + 1) % {vocabulary}"
                f" WHERE game_id % {every} = {number}"
            )
        connection.execute(
            f"""INSERT INTO raw.game_snapshots BY NAME SELECT
                id AS game_id, DATE '2025-06-15' + {number} AS snapshot_date, rating, ratings_count, added,
                _dlt_load_id FROM raw.games WHERE {changed}"""
        )


def build(folder: Path, *arguments: str) -> Build:
    """Runs all models once."""
    environment = {
        **os.environ,
        "DBT_PROJECT_DIR": str(DBT),
        "DBT_PROFILES_DIR": str(DBT),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_DUCKDB_PATH": str(folder / "warehouse.duckdb"),
        # one after another, so that times add up
        "DBT_THREADS": "1",
    }
    started = time.monotonic()
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", "run", *arguments]
    subprocess.run(command, env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    clock = time.monotonic() - started
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    seconds = {nodes[result["unique_id"]]["name"]: result["execution_time"] for result in results}
    by_load = {node["name"] for node in nodes.values() if node["config"]["materialized"] == "incremental"}
    return Build({name: seconds[name] for name in sorted(by_load)}, sum(seconds.values()), clock)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", type=int, default=200_000)
    games: int = parser.parse_args().games
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "warehouse.duckdb", games)
        builds = {"full": build(folder)}
        change(folder / "warehouse.duckdb", 0.01, 1)
        builds["1 % changed"] = build(folder)
        change(folder / "warehouse.duckdb", 0.1, 2)
        builds["10 % changed"] = build(folder)
    full = builds["full"]
    print(f"{games:,} games, DuckDB {duckdb.__version__}, one thread\n")
    print("| build | models built by load | of the full build | all models | on the clock |")
    print("|---|---:|---:|---:|---:|")
    for title, took in builds.items():
        print(
            f"| {title} | {took.by_load:.1f} s | {took.by_load / full.by_load:.0%}"
            f" | {took.models:.1f} s | {took.clock:.1f} s |"
        )
    print(f"\n| model built by load | {' | '.join(builds)} |\n|---|{'---:|' * len(builds)}")
    for name in full.incremental:
        print(f"| `{name}` | {' | '.join(f'{took.incremental[name]:.2f} s' for took in builds.values())} |")


if __name__ == "__main__":
    main()
