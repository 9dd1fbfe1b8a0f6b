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
import json  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402
from collections import defaultdict  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402
from datetime import UTC, date, datetime, timedelta  # noqa: E402
from tempfile import TemporaryDirectory  # noqa: E402

import dlt  # noqa: E402
import duckdb  # noqa: E402
from dlt.common.destination.client import JobClientBase  # noqa: E402
from dlt.common.schema import Schema  # noqa: E402
from dlt.common.schema.typing import TTableSchema  # noqa: E402
from dlt.common.schema.utils import (  # noqa: E402
    get_columns_names_with_prop,
    get_first_column_name_with_prop,
    get_root_table,
)
from dlt.common.storages.fsspec_filesystem import fsspec_from_config  # noqa: E402
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration  # noqa: E402
from fsspec import AbstractFileSystem  # noqa: E402
from fsspec.implementations.local import LocalFileSystem  # noqa: E402

from pipelines.failures import plain_failure  # noqa: E402
from pipelines.load import lake_configuration, rawg_pipeline, warehouse_location  # noqa: E402
from pipelines.lock import only_run  # noqa: E402
from pipelines.rawg import OneSentenceParser  # noqa: E402
from sources.rawg.errors import ConfigurationError, LoadFailed, RawgError  # noqa: E402
from sources.rawg.rows import Row  # noqa: E402

LOADS, VERSIONS = "_dlt_loads", "_dlt_version"
"""dlt's tables of committed loads and of schemas: in the lake one JSON file a row."""
MEMORY = "1GB"
"""What DuckDB may take before it spills to disk."""


class RebuildInterrupted(RawgError):
    """Somebody pressed Ctrl-C or the container was told to stop."""

    exit_code = 130


@dataclass(frozen=True)
class History:
    """What was committed to the warehouse, and under which schemas; both oldest first."""

    loads: list[Row]
    versions: list[Row]

    def until(self, instant: datetime) -> "History":
        """The history as it was at an instant."""

        def earlier(rows: list[Row]) -> list[Row]:
            return [row for row in rows if datetime.fromisoformat(row["inserted_at"]) < instant]

        return History(earlier(self.loads), earlier(self.versions))

    def schema(self) -> Schema:
        """The newest schema."""
        return Schema.from_stored_schema(json.loads(self.versions[-1]["schema"]))

    def drops(self) -> dict[str, str]:
        """Tables that a full refresh dropped, and the last load that did.

        Such a load's schema lacks tables that the schema it was made from has. A schema made from nothing drops
        nothing: it belongs to a warehouse that was begun anew.
        """
        schemas = {row["version_hash"]: json.loads(row["schema"]) for row in self.versions}
        dropped: dict[str, str] = {}
        for before, after in zip(self.loads, self.loads[1:], strict=False):
            old, new = (schemas.get(load["schema_version_hash"]) for load in (before, after))
            if old and new and old["version_hash"] in new["previous_hashes"]:
                dropped |= dict.fromkeys(old["tables"].keys() - new["tables"].keys(), after["load_id"])
        return dropped

    def kept_versions(self) -> list[Row]:
        """The schemas that dlt keeps in the warehouse: a full refresh deletes those before it."""
        refreshed = datetime.fromtimestamp(float(max(self.drops().values(), default="0")), UTC)
        return [row for row in self.versions if datetime.fromisoformat(row["inserted_at"]) > refreshed]


@dataclass(frozen=True)
class Lake:
    """The committed files of a lake.

    Attributes:
        files: Paths of each table's files by load, oldest load first.
    """

    filesystem: AbstractFileSystem
    history: History
    files: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, pipeline: dlt.Pipeline, as_of: date | None) -> "Lake":
        """Lists what was committed until the end of a day.

        Raises:
            ConfigurationError: nothing was.
        """
        location = lake_configuration(pipeline).bucket_url
        filesystem, root = fsspec_from_config(lake_configuration(pipeline))
        folder = filesystem._strip_protocol(f"{root.rstrip('/')}/{pipeline.dataset_name}")
        try:
            paths = filesystem.find(folder)
        except FileNotFoundError:
            paths = []
        by_table = defaultdict(list)
        for path in (path for path in paths if not path.endswith(".tmp")):
            by_table[path.removeprefix(f"{folder}/").partition("/")[0]].append(path)
        history = History(_rows(filesystem, by_table.pop(LOADS, [])), _rows(filesystem, by_table.pop(VERSIONS, [])))
        if as_of:
            history = history.until(datetime.combine(as_of + timedelta(days=1), datetime.min.time(), UTC))
        if not history.loads or not history.versions:
            until = f" until {as_of}" if as_of else ""
            raise ConfigurationError(f"The lake at {location} knows of no committed load{until}; nothing was changed.")
        return cls(filesystem, history, _committed(by_table, history))

    def files_of(self, schema: Schema, table: str) -> list[str]:
        """The files that may hold rows of a table: of a replaced one, and of tables below it, the last load's only."""
        loads = self.files.get(table, {})
        root = get_root_table(schema.tables, table)
        if root["write_disposition"] == "replace":
            return loads.get(max(self.files.get(str(root["name"]), {}), default=""), [])
        return [path for paths in loads.values() for path in paths]

    @contextmanager
    def on_local_disk(self, paths: list[str], folder: Path) -> Iterator[list[str]]:
        """Local paths of files; those of an object store are copied into `folder` for as long as the block.

        DuckDB's own way to S3 is its httpfs extension: a download that a closed network refuses.
        """
        if isinstance(self.filesystem, LocalFileSystem):
            yield paths
            return
        folder.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=folder) as copies:
            local = [f"{copies}/{path.rpartition('/')[2]}" for path in paths]
            self.filesystem.get(paths, local)
            yield local


def _rows(filesystem: AbstractFileSystem, paths: list[str]) -> list[Row]:
    rows = [json.loads(content) for content in filesystem.cat(paths).values()] if paths else []
    return sorted(rows, key=lambda row: str(row.get("load_id") or row["inserted_at"]))


def _committed(paths: dict[str, list[str]], history: History) -> dict[str, dict[str, list[str]]]:
    """Files of loads that reached the warehouse and were not dropped from it again."""
    drops = history.drops()
    loads = {load["load_id"] for load in history.loads if load["status"] == 0}
    files: dict[str, dict[str, list[str]]] = {}
    for table, found in paths.items():
        for path in sorted(found, key=_load_id):
            if (load := _load_id(path)) in loads and load > drops.get(table, ""):
                files.setdefault(table, {}).setdefault(load, []).append(path)
    return files


def _load_id(path: str) -> str:
    return path.rpartition("/")[2].rsplit(".", 2)[0]


class DuckDbWarehouse:
    """What is particular to DuckDB: tables are filled in a file beside the warehouse, which then takes its place."""

    def __init__(self, pipeline: dlt.Pipeline, configuration: DuckDbClientConfiguration) -> None:
        self.pipeline = pipeline
        self.path = Path(configuration.data_location())
        self.beside = self.path.with_name(f".{self.path.name}.rebuild")
        self.spill = self.path.with_name(f"{self.beside.name}.spill")

    def has_tables(self) -> bool:
        """Whether there is something to lose; a file that DuckDB cannot read may be worth something, too.

        Writing is asked for, so that nobody else is in the file, and so that changes that a killed process left in its
        write-ahead log get into it: the log must not outlive the file that it belongs to.
        """
        if not self.path.exists():
            return False
        try:
            with duckdb.connect(self.path) as connection:
                return connection.execute("SELECT count(*) > 0 FROM duckdb_tables()").fetchall() == [(True,)]
        except duckdb.Error as error:
            if "lock on file" in str(error):
                raise
            return True

    def rebuild(self, lake: Lake) -> dict[str, int]:
        """Makes the warehouse from the lake and returns its rows by table."""
        self._clean_up()
        try:
            rows = self._fill(lake)
            self._log(self.path).unlink(missing_ok=True)
            self.beside.replace(self.path)
        finally:
            self._clean_up()
        return rows

    def _clean_up(self) -> None:
        """Removes what this or a killed rebuild left behind."""
        self.beside.unlink(missing_ok=True)
        self._log(self.beside).unlink(missing_ok=True)
        shutil.rmtree(self.spill, ignore_errors=True)

    @staticmethod
    def _log(path: Path) -> Path:
        return path.with_name(f"{path.name}.wal")

    def _fill(self, lake: Lake) -> dict[str, int]:
        schema = lake.history.schema()
        names = list(schema.data_table_names(seen_data_only=True))
        with self._client(schema) as client:
            client.initialize_storage()
            client.update_stored_schema(only_tables=[*names, *schema.dlt_table_names()])
            connection = self._prepared(client.sql_client.native_connection)  # type: ignore[attr-defined]
            # roots first: the rows below them follow
            for name in sorted([schema.state_table_name, *names], key=lambda name: "parent" in schema.tables[name]):
                if files := lake.files_of(schema, name):
                    with lake.on_local_disk(files, self.spill) as paths:
                        connection.execute(
                            f"INSERT INTO {_quoted(name)} BY NAME {_surviving_rows(schema, name)}", [paths]
                        )
            _insert(connection, LOADS, lake.history.loads)
            _insert(connection, VERSIONS, lake.history.kept_versions())
            connection.execute("CHECKPOINT")
            return {name: _count(connection, name) for name in names}

    def _prepared(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute("SET temp_directory = ?", [str(self.spill)])
        connection.execute("SET preserve_insertion_order = false")
        return connection.execute(f"USE {_quoted(str(self.pipeline.dataset_name))}")

    def _client(self, schema: Schema) -> JobClientBase:
        """dlt's client of the file beside: it makes the tables as it would make them in the warehouse."""
        destination = self.pipeline.destination
        beside = type(destination)(
            credentials=f"duckdb:///{self.beside}", destination_name=destination.destination_name
        )
        return beside.client(schema, DuckDbClientConfiguration()._bind_dataset_name(self.pipeline.dataset_name))


def _surviving_rows(schema: Schema, name: str) -> str:
    """What is left of a table's files after all their loads, in one statement.

    A load deletes what has a key of its rows, then inserts its rows, so a row stays if no later load has its key. Rows
    below a root row stay with it.
    """
    table = schema.tables[name]
    columns = ", ".join(_quoted(column) for column in schema.get_table_columns(name))
    # the empty table brings the columns that no file has
    files = (
        "read_parquet(?, union_by_name = true, hive_partitioning = false, filename = '_file', file_row_number = true)"
    )
    rows = f"SELECT * FROM {_quoted(name)} WHERE false UNION ALL BY NAME SELECT * FROM {files}"
    # {load_id}.{file_id}.{ext}; nested rows have no _dlt_load_id
    rows = rf"SELECT *, regexp_extract(_file, '([0-9.]+)\.[^./]+\.[^./]+$', 1) AS _load FROM ({rows})"
    stays = _newest(table) if "parent" not in table else _below(schema, table)
    rows = f"SELECT *, {stays} AS _stays FROM ({rows})"
    return f"SELECT {columns} FROM ({rows}) WHERE _stays AND {_not_deleted(table)}"


def _newest(table: TTableSchema) -> str:
    """Keeps the rows that no later load deleted; of rows that share a primary key, one."""
    conditions = ["true"]
    if table.get("write_disposition") == "merge":
        if keys := ", ".join(map(_quoted, get_columns_names_with_prop(table, "primary_key"))):
            order = "_load DESC, _file, file_row_number"
            conditions.append(f"row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1")
        if keys := ", ".join(map(_quoted, get_columns_names_with_prop(table, "merge_key"))):
            conditions.append(f"_load = max(_load) OVER (PARTITION BY {keys})")
    return " AND ".join(conditions)


def _below(schema: Schema, table: TTableSchema) -> str:
    """Keeps the rows that came with a root row that is still there; root rows of two loads may share a `_dlt_id`."""
    root = get_root_table(schema.tables, str(table["name"]))
    if root["write_disposition"] == "replace":
        return "true"
    key = get_first_column_name_with_prop(table, "root_key") or get_first_column_name_with_prop(table, "parent_key")
    row_key = get_first_column_name_with_prop(root, "row_key")
    roots = f"SELECT {_quoted(str(row_key))}, _dlt_load_id FROM {_quoted(str(root['name']))}"
    return f"({_quoted(str(key))}, _load) IN ({roots})"


def _not_deleted(table: TTableSchema) -> str:
    """Leaves out rows that only say that something is gone."""
    marker = get_first_column_name_with_prop(table, "hard_delete")
    return f"{_quoted(marker)} IS NOT TRUE" if marker else "true"


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    """Replaces what is in one of dlt's own tables."""
    connection.execute(f"DELETE FROM {_quoted(table)}")
    columns, places = ", ".join(map(_quoted, rows[0])), ", ".join("?" * len(rows[0]))
    connection.executemany(
        f"INSERT INTO {_quoted(table)} ({columns}) VALUES ({places})", [list(row.values()) for row in rows]
    )


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {_quoted(table)}").fetchall()[0][0])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def rebuild(pipeline: dlt.Pipeline, as_of: date | None = None, replace: bool = False) -> tuple[Lake, dict[str, int]]:
    """Makes the pipeline's warehouse from its lake and returns the lake and the rows by table.

    Args:
        as_of: Use what was committed until the end of this day (UTC).
        replace: Whether it may take the place of a warehouse that has tables.

    Raises:
        RawgError: nothing was changed.
    """
    with _unchanged_on_failure(), only_run(pipeline):
        warehouse = _warehouse(pipeline)
        lake = Lake.read(pipeline, as_of)
        if warehouse.has_tables() and not replace:
            raise ConfigurationError(
                f"The warehouse {warehouse_location(pipeline)} has tables; nothing was changed, because taking its"
                " place wants --yes."
            )
        # a package that waits in the working folder was made for the other one: its tables, and where that ended
        pipeline.drop()
        return lake, warehouse.rebuild(lake)


def _warehouse(pipeline: dlt.Pipeline) -> DuckDbWarehouse:
    configuration = pipeline.destination_client().config
    if not isinstance(configuration, DuckDbClientConfiguration):
        raise ConfigurationError(
            f"Rebuilding is there for DuckDB only so far, not for {configuration.destination_type}; nothing was"
            " changed."
        )
    return DuckDbWarehouse(pipeline, configuration)


@contextmanager
def _unchanged_on_failure() -> Iterator[None]:
    with plain_failure():
        try:
            yield
        except KeyboardInterrupt:
            raise RebuildInterrupted("Stopped; the warehouse is as it was.") from None
        except duckdb.Error as error:
            if "lock on file" in str(error):
                raise
            text = " ".join(str(error).split())[:300]
            raise LoadFailed(f"Rebuilding failed: {text}; the warehouse is as it was.") from error


def _summary(pipeline: dlt.Pipeline, lake: Lake, rows: dict[str, int], seconds: float) -> str:
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
    from dotenv import load_dotenv

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
