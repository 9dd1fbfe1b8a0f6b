"""What an incremental build saves: a full build of the models against builds after small changes.

    python -m benchmarks.dbt_incremental                       200,000 games; 0.1 %, 1 % and 10 % of them changed
    python -m benchmarks.dbt_incremental --games 20000

Prints Markdown tables. The raw tables are made up in the warehouse itself, without API and loader, but like the ones
that a year of daily loads leaves: 1 % of the games change a day, a third on every thirtieth (RAWG stamps in bulk),
each change leaves a snapshot, and the rows of a load lie together, as dlt's merge writes them. A game has 15 tags and 5
other links, one in a hundred 40 and 20, one in 25 has ratings, one in 20 its details.

Times are CPU seconds, because they do not depend on what else the machine does: of each model the best of three builds,
summed, and of dbt's whole process with its start. "dbt alone" is what the same models take over a warehouse of 100
games: it does not depend on the data, so no incremental build can save it. Rows read are counted by DuckDB (`EXPLAIN
ANALYZE`) for the statements of the models built by load; rows of which it reads keys and load ids alone are counted
apart.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

DBT = Path(__file__).resolve().parents[1] / "dbt"
DAYS = 365
FIRST_LOAD, DAY = 1_700_000_000, 86_400
RUNS = 3
SHARES = {"0.1 %": 0.001, "1 %": 0.01, "10 %": 0.1}
LINKS = {
    "genres": ("id", 19, 1, 3, 4),
    "tags": ("id", 9_600, 10, 20, 40),
    "platforms": ("platform__id", 51, 1, 2, 10),
    "stores": ("store__id", 10, 1, 2, 6),
}
"""Column, vocabulary, fewest and most links of a game, and links of a popular game of each link table."""
KEYS = {"game_id", "snapshot_date", "load_id", "_dlt_load_id", ""}
"""Columns that tell a row of a game; a delete names none, and reads these."""
MEASURES = """rating, rating_top, ratings_count, reviews_text_count, reviews_count, added, added_by_status__yet,
    added_by_status__owned, added_by_status__beaten, added_by_status__toplay, added_by_status__dropped,
    added_by_status__playing, metacritic, playtime, suggestions_count"""


@dataclass(frozen=True)
class Build:
    """CPU seconds of one build: of each model, and of the whole process."""

    seconds: dict[str, float]
    by_load: list[str]
    cpu: float

    @property
    def all_models(self) -> float:
        return sum(self.seconds.values())

    @property
    def loaded_models(self) -> float:
        return sum(self.seconds[name] for name in self.by_load)


@dataclass
class RowsRead:
    """Rows that DuckDB read from tables: of their keys and load ids alone, and of other columns."""

    keys: int = 0
    others: int = 0


def fill(warehouse: Path, games: int) -> None:
    """Makes up the raw tables."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("CREATE SCHEMA raw")
        connection.execute(
            f"""CREATE TABLE seen AS
                SELECT id, 0::INTEGER AS day FROM range(1, {games + 1}) AS numbers (id)
                UNION ALL
                SELECT id, day::INTEGER AS day
                FROM range(1, {games + 1}) AS numbers (id), range(1, {DAYS}) AS days (day)
                WHERE hash(id, day) % 100 = 0 OR (day % 30 = 0 AND hash(id, day, 'bulk') % 3 = 0)"""
        )
        connection.execute(
            f"""CREATE TABLE raw.games AS SELECT
                id, 'game-' || id AS slug, 'Game ' || id AS name,
                DATE '1995-01-01' + (hash(id) % 11000)::INTEGER AS released, false AS tba,
                'https://media.rawg.io/media/games/' || hash(id) || '.jpg' AS background_image,
                CASE WHEN id % 25 = 0 THEN 3 + hash(id, 1) % 200 / 100.0 ELSE 0 END AS rating, 4 AS rating_top,
                CASE WHEN id % 25 = 0 THEN hash(id, 2) % 500 ELSE 0 END::BIGINT AS ratings_count,
                (hash(id, 5) % 3)::BIGINT AS reviews_text_count,
                CASE WHEN id % 25 = 0 THEN 20 ELSE 0 END::BIGINT AS reviews_count,
                (1000000 // id + hash(id, 3) % 5)::BIGINT AS added, added // 10 AS added_by_status__yet,
                added // 2 AS added_by_status__owned, added // 8 AS added_by_status__beaten,
                added // 7 AS added_by_status__toplay, added // 20 AS added_by_status__dropped,
                added - added // 10 - added // 2 - added // 8 - added // 7 - added // 20 AS added_by_status__playing,
                CASE WHEN id % 100 = 0 THEN 40 + hash(id, 6) % 60 END::BIGINT AS metacritic,
                (hash(id, 4) % 40)::BIGINT AS playtime, (hash(id, 7) % 900)::BIGINT AS suggestions_count,
                'everyone' AS esrb_rating__slug, 'Everyone' AS esrb_rating__name,
                TIMESTAMPTZ '2024-01-01 10:00:00+00' + to_days(day) AS updated,
                ({FIRST_LOAD} + day * {DAY}) || '.5' AS _dlt_load_id
            FROM (SELECT id, max(day) AS day FROM seen GROUP BY id) ORDER BY day, id"""
        )
        for name, (column, vocabulary, fewest, most, popular) in LINKS.items():
            count = f"if(id % 100 = 0, {popular}, {fewest} + hash(id, '{name}') % {most - fewest + 1})::BIGINT"
            connection.execute(
                f"""CREATE TABLE raw.games__{name} AS SELECT
                    id AS game_id, (hash(id, number, '{name}') % {vocabulary})::BIGINT AS {column}, _dlt_load_id
                FROM (SELECT id, _dlt_load_id, unnest(range({count})) AS number FROM raw.games)"""
            )
            connection.execute(
                f"""CREATE TABLE raw.{name} AS SELECT
                    id, '{name} ' || id AS name, if(id % 3 = 0, 'rus', 'eng') AS language,
                    '{FIRST_LOAD}.5' AS _dlt_load_id
                FROM range({vocabulary}) AS numbers (id)"""
            )
        connection.execute(
            """CREATE TABLE raw.games__ratings AS SELECT
                id AS game_id, level AS id, 'verdict' AS title, 5 AS count, 25.0 AS percent, _dlt_load_id
            FROM raw.games, (VALUES (1), (3), (4), (5)) AS levels (level) WHERE id % 25 = 0"""
        )
        connection.execute(
            "CREATE TABLE raw.game_details AS SELECT id, slug, name, _dlt_load_id FROM raw.games WHERE id % 20 = 0"
        )
        for name in ("developers", "publishers"):
            connection.execute(
                f"""CREATE TABLE raw.game_details__{name} AS SELECT
                    id::VARCHAR AS _dlt_parent_id, (hash(id, '{name}') % 2000)::BIGINT AS id, '{name} ' || id AS name
                FROM raw.game_details"""
            )
        connection.execute(
            f"""CREATE TABLE raw.game_snapshots AS SELECT
                games.id AS game_id, DATE '2024-01-01' + seen.day AS snapshot_date,
                {MEASURES.replace("added,", f"added - ({DAYS} - seen.day) // 20 AS added,")},
                ({FIRST_LOAD} + seen.day * {DAY}) || '.5' AS _dlt_load_id
            FROM seen INNER JOIN raw.games AS games ON games.id = seen.id ORDER BY seen.day, games.id"""
        )
        connection.execute("DROP TABLE seen")


def change(warehouse: Path, share: float, number: int) -> None:
    """Does what a load of `share` of the games does: new rows for the old ones, and a snapshot."""
    day = DAYS + number
    load = f"'{FIRST_LOAD + day * DAY}.5' AS _dlt_load_id"
    tables = {
        "games": ("id", "added + 3 AS added"),
        **{
            f"games__{name}": ("game_id", f"({column} + 1) % {vocabulary} AS {column}")
            for name, (column, vocabulary, *_) in LINKS.items()
        },
        "games__ratings": ("game_id", "count + 1 AS count"),
    }
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("BEGIN")
        for table, (key, new) in tables.items():
            changed = f"hash({key}, {day}) % 1000 < {share * 1000}"
            connection.execute(
                f"CREATE TEMP TABLE changed AS SELECT * REPLACE ({new}, {load}) FROM raw.{table} WHERE {changed}"
            )
            connection.execute(f"DELETE FROM raw.{table} WHERE {changed}")
            connection.execute(f"INSERT INTO raw.{table} SELECT * FROM changed")
            connection.execute("DROP TABLE changed")
        connection.execute(
            f"INSERT INTO raw.game_snapshots BY NAME SELECT id AS game_id, DATE '2024-01-01' + {day} AS snapshot_date,"
            f" {MEASURES}, {load} FROM raw.games WHERE hash(id, {day}) % 1000 < {share * 1000}"
        )
        connection.execute("COMMIT")


def build(folder: Path, *arguments: str) -> Build:
    """Runs all models once, in a process of its own."""
    environment = {
        "DBT_PROJECT_DIR": str(DBT),
        "DBT_PROFILES_DIR": str(DBT),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_DUCKDB_PATH": str(folder / "warehouse.duckdb"),
        # one after another, so that times belong to a model
        "DBT_THREADS": "1",
    }
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        seconds, cpu = pool.submit(run_dbt, environment, ["--quiet", "run", *arguments]).result()
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    by_load = [node["name"] for node in nodes.values() if node["config"]["materialized"] == "incremental"]
    return Build(seconds, sorted(by_load), cpu)


def run_dbt(environment: dict[str, str], arguments: list[str]) -> tuple[dict[str, float], float]:
    """CPU seconds of each model and of the whole process."""
    from dbt.cli.main import dbtRunner

    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    started: dict[str, float] = {}
    seconds: dict[str, float] = {}

    def note(event: Any) -> None:
        if event.info.name == "NodeStart":
            started[event.data.node_info.node_name] = time.process_time()
        elif event.info.name == "NodeFinished":
            name = event.data.node_info.node_name
            seconds[name] = time.process_time() - started[name]

    ran = dbtRunner(callbacks=[note]).invoke(arguments)
    if not ran.success:
        raise RuntimeError(f"dbt failed: {ran.exception or ran.result}")
    return seconds, time.process_time()


def best(builds: list[Build]) -> Build:
    """The shortest time of each model: whatever else the machine does only adds to it."""
    seconds = {name: min(took.seconds[name] for took in builds) for name in builds[0].seconds}
    return Build(seconds, builds[0].by_load, min(took.cpu for took in builds))


def rows_read(before: Path, folder: Path, model: str) -> RowsRead:
    """Rows that the last build of `model` in `folder` read: it is done again on the warehouse `before` it."""
    statements = folder / "target" / "run" / "game_market" / "models" / "marts" / "core" / f"{model}.sql"
    read = RowsRead()
    with duckdb.connect(str(before)) as connection:
        # the last one drops the temporary table
        for statement in connection.extract_statements(statements.read_text())[:-1]:
            ((_, analyzed),) = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.query}").fetchall()
            for scan in _scans(json.loads(analyzed)["operator"]):
                columns = scan["extra_info"].get("Projections", [])
                columns = {columns} if isinstance(columns, str) else set(columns)
                keys = KEYS if "__" in scan["extra_info"]["Table"] else KEYS | {"id"}
                if columns <= keys:
                    read.keys += scan["rows_scanned"]
                else:
                    read.others += scan["rows_scanned"]
    return read


def _scans(operators: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for operator in operators:
        if operator["type"] == "TABLE_SCAN":
            yield operator
        yield from _scans(operator.get("children", []))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", type=int, default=200_000)
    games: int = parser.parse_args().games
    with tempfile.TemporaryDirectory() as name:
        folder, before = Path(name), Path(name, "before", "warehouse.duckdb")
        before.parent.mkdir()
        warehouse = folder / "warehouse.duckdb"
        fill(warehouse, 100)
        build(folder)
        fixed = best([build(folder) for _ in range(RUNS)])
        warehouse.unlink()
        fill(warehouse, games)
        full, builds, reads = best([build(folder, "--full-refresh") for _ in range(RUNS)]), {}, {}
        days = iter(range(RUNS * len(SHARES)))
        for title, share in SHARES.items():
            runs = []
            for _ in range(RUNS):
                change(warehouse, share, next(days))
                shutil.copy(warehouse, before)
                runs.append(build(folder))
            builds[title] = best(runs)
            reads[title] = {model: rows_read(before, folder, model) for model in full.by_load}
    print_builds(games, full, builds, fixed)
    print_reads(full, builds, reads)


def print_builds(games: int, full: Build, builds: dict[str, Build], fixed: Build) -> None:
    """A line a build."""
    print(f"{games:,} games, DuckDB {duckdb.__version__}, one thread\n")
    print("| build | models built by load | of the full build | all models | of the full build | with dbt's start |")
    print("|---|---:|---:|---:|---:|---:|")
    for title, took in {"full": full, **{f"{share} changed": took for share, took in builds.items()}}.items():
        print(
            f"| {title} | {took.loaded_models:.1f} s | {took.loaded_models / full.loaded_models:.0%}"
            f" | {took.all_models:.1f} s | {took.all_models / full.all_models:.0%} | {took.cpu:.1f} s |"
        )
    print(f"| dbt alone | {fixed.loaded_models:.1f} s | | {fixed.all_models:.1f} s | | {fixed.cpu:.1f} s |")


def print_reads(full: Build, builds: dict[str, Build], reads: dict[str, dict[str, RowsRead]]) -> None:
    """A line a model built by load: seconds, and rows read."""
    titles = [*builds, *(f"rows at {share}" for share in builds)]
    print(f"\n| model built by load | full | {' | '.join(titles)} |")
    print(f"|---|---:|{'---:|' * 2 * len(builds)}")
    for model in full.by_load:
        seconds = " | ".join(f"{took.seconds[model]:.2f} s" for took in builds.values())
        rows = " | ".join(f"{read[model].others:,}" for read in reads.values())
        print(f"| `{model}` | {full.seconds[model]:.2f} s | {seconds} | {rows} |")
    keys = [f"{sum(read.keys for read in models.values()):,}" for models in reads.values()]
    others = [f"{sum(read.others for read in models.values()):,}" for models in reads.values()]
    print(f"\nRows read: {', '.join(others)}; keys read beside them: {', '.join(keys)}")


if __name__ == "__main__":
    main()
