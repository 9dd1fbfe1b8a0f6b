"""How a rebuilt warehouse takes the place of the old one: complete, or not at all."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import Protocol

import dlt
import duckdb
from dlt.common.destination.client import RunnableLoadJob
from dlt.common.schema import Schema
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.common.utils import uniq_id
from dlt.dataset.utils import get_destination_clients
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset
from dlt.destinations.job_impl import ReferenceFollowupJobRequest

from pipelines.failures import plain_failure
from pipelines.lake import VERSIONS, Lake
from pipelines.load import lake_configuration, warehouse_location
from pipelines.lock import only_run
from pipelines.rebuilt_tables import fill, quoted
from sources.rawg.errors import ConfigurationError, LoadFailed, RawgError


class RebuildInterrupted(RawgError):
    """Somebody pressed Ctrl-C or the container was told to stop."""

    exit_code = 130


def rebuild(pipeline: dlt.Pipeline, as_of: date | None = None, replace: bool = False) -> tuple[Lake, dict[str, int]]:
    """Makes the pipeline's warehouse from its lake and returns the lake and the rows by table.

    Args:
        as_of: Use what was committed until the end of this day (UTC).
        replace: Whether it may take the place of a warehouse that has tables.

    Raises:
        RawgError: nothing was changed.
    """
    with _unchanged_on_failure(), only_run(pipeline, lake_configuration(pipeline)):
        warehouse = warehouse_of(pipeline)
        lake = Lake.read(pipeline, as_of)
        if warehouse.has_tables(lake) and not replace:
            raise ConfigurationError(
                f"The warehouse {warehouse_location(pipeline)} has tables; nothing was changed, because taking its"
                " place wants --yes."
            )
        # a package that waits in the working folder was made for the other one: its tables, and where that ended
        pipeline.drop()
        return lake, warehouse.rebuild(lake)


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


class Warehouse(Protocol):
    """A warehouse that can be made anew."""

    def has_tables(self, lake: Lake) -> bool:
        """Whether there is something to lose."""

    def rebuild(self, lake: Lake) -> dict[str, int]:
        """Makes the warehouse from the lake and returns its rows by table."""


def warehouse_of(pipeline: dlt.Pipeline) -> Warehouse:
    """The pipeline's warehouse, of whichever kind its destination is."""
    configuration = pipeline.destination_client().config
    if isinstance(configuration, DuckDbClientConfiguration):
        return DuckDbWarehouse(pipeline, Path(configuration.data_location()))
    return ServedWarehouse(pipeline)


class DuckDbWarehouse:
    """A file: the tables are made in one beside it, which then takes its place."""

    def __init__(self, pipeline: dlt.Pipeline, path: Path) -> None:
        self.pipeline = pipeline
        self.path = path
        self.beside = path.with_name(f".{path.name}.rebuild")
        self.spill = path.with_name(f"{self.beside.name}.spill")

    def has_tables(self, lake: Lake) -> bool:
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
        """Makes the file anew and returns its rows by table."""
        self._clean_up()
        try:
            rows = fill(self.beside, lake, self.pipeline, self.spill)
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


class ServedWarehouse:
    """A server (Snowflake): the tables are made here in a DuckDB file, copied through the lake into dlt's staging
    dataset, and replace the rows of the old ones in one transaction, so that grants on the tables stay.

    What a killed rebuild leaves behind, files under `_rebuild/` in the lake and rows in the staging dataset, the next
    one removes.
    """

    def __init__(self, pipeline: dlt.Pipeline) -> None:
        self.pipeline = pipeline
        self.lake = lake_configuration(pipeline)
        self.filesystem, root = fsspec_from_config(self.lake)
        self.copies = f"{root.rstrip('/')}/_rebuild"

    def has_tables(self, lake: Lake) -> bool:
        """Whether one of the tables that would be made is there already."""
        schema = lake.history.schema()
        with self._client(schema) as client:
            return client.is_storage_initialized() and any(
                columns for _, columns in client.get_storage_tables(schema.tables)
            )

    def rebuild(self, lake: Lake) -> dict[str, int]:
        """Replaces the rows of all tables and returns their numbers by table."""
        schema = lake.history.schema()
        self._clean_up()
        try:
            client = self._client(schema)
            with TemporaryDirectory() as folder, client:
                file = Path(folder) / "rebuilt.duckdb"
                rows = fill(file, lake, self.pipeline, Path(folder) / "spill")
                names = [*rows, *schema.dlt_table_names()]
                before = _make_tables(client, names)
                with client.with_staging_dataset():
                    _make_tables(client, names)
                    client.initialize_storage(truncate_tables=names)
                for name in names:
                    self._copy_into_staging(file, schema, name)
                _replace_rows(client, names)
                _drop_surplus(client, before)
                with client.with_staging_dataset():
                    client.initialize_storage(truncate_tables=names)
        finally:
            self._clean_up()
        return rows

    def _clean_up(self) -> None:
        # one by one: not every store takes a request to delete many
        for path in self.filesystem.find(self.copies):
            self.filesystem.rm_file(path)

    def _client(self, schema: Schema) -> SqlJobClientWithStagingDataset:
        pipeline = self.pipeline
        client, _ = get_destination_clients(
            schema,
            destination=pipeline.destination,
            destination_dataset_name=pipeline.dataset_name,
            staging=pipeline.staging,
            staging_dataset_name=pipeline.dataset_name,
        )
        return client  # type: ignore[return-value]

    def _copy_into_staging(self, file: Path, schema: Schema, name: str) -> None:
        """Copies a table as dlt's loader would: from a file in the lake, by a job with a connection of its own."""
        job_name = ParsedLoadJobFileName(name, uniq_id(), 0, "parquet").file_name()
        local = file.with_name(job_name)
        with duckdb.connect(file, read_only=True) as connection:
            table = f"{quoted(str(self.pipeline.dataset_name))}.{quoted(name)}"
            connection.execute(f"COPY (SELECT * FROM {table}) TO '{local}' (FORMAT parquet)")
        self.filesystem.makedirs(self.copies, exist_ok=True)
        self.filesystem.put_file(str(local), f"{self.copies}/{job_name}")
        local.unlink()
        reference = ReferenceFollowupJobRequest(job_name, [f"{self.lake.protocol}://{self.copies}/{job_name}"])
        client = self._client(schema)
        with client.with_staging_dataset():
            _run(client, name, reference.new_file_path())


def _run(client: SqlJobClientWithStagingDataset, name: str, file: str) -> None:
    table, load_id = client.prepare_load_table(name), uniq_id()
    job = client.create_load_job(table, file, load_id)
    assert isinstance(job, RunnableLoadJob)
    job.set_run_vars(load_id, client.schema, table)
    done = BoundedSemaphore()
    done.acquire()
    job.run_managed(client, done)
    Path(file).unlink()
    if job.state() != "completed":
        raise job.exception()


def _make_tables(client: SqlJobClientWithStagingDataset, names: list[str]) -> Schema | None:
    """Adds the tables and columns that are missing; returns the schema that was there before."""
    client.initialize_storage()
    stored = client.get_stored_schema(client.schema.name) if client.get_storage_table(VERSIONS)[0] else None
    client.update_stored_schema(only_tables=names, force=True)
    return Schema.from_stored_schema(json.loads(stored.schema)) if stored else None


def _replace_rows(client: SqlJobClientWithStagingDataset, names: list[str]) -> None:
    """Puts the rows of the staging dataset in the place of all rows, in one transaction."""
    sql = client.sql_client
    with sql.begin_transaction():
        for name in names:
            table, staging_table = sql.get_qualified_table_names(name)
            columns = ", ".join(map(sql.escape_column_name, client.schema.get_table_columns(name)))
            sql.execute_sql(f"DELETE FROM {table} WHERE 1 = 1")
            sql.execute_sql(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {staging_table}")


def _drop_surplus(client: SqlJobClientWithStagingDataset, before: Schema | None) -> None:
    """Drops tables and columns that came after what was rebuilt."""
    if before is None:
        return
    sql, now = client.sql_client, client.schema.tables
    client.drop_tables(*(before.tables.keys() - now.keys()), delete_schema=False)
    for name in before.tables.keys() & now.keys():
        for column in before.get_table_columns(name).keys() - now[name]["columns"].keys():
            table = sql.make_qualified_table_name(name)
            sql.execute_sql(f"ALTER TABLE {table} DROP COLUMN IF EXISTS {sql.escape_column_name(column)}")
