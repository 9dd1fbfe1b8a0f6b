"""dlt's DuckDB destination, loading from files that a filesystem destination staged.

dlt's own DuckDB destination refuses staging, Snowflake's has it. This subclass closes the gap, so that a laptop
and the cloud run the same pipeline: lake first, then the warehouse from the lake.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from weakref import WeakValueDictionary

from dlt.common.configuration import configspec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import LoadJob, SupportsStagingDestination
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema.typing import C_DLT_ID
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration, DuckDbCredentials
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.impl.duckdb.factory import duckdb
from dlt.destinations.job_impl import ReferenceFollowupJobRequest
from duckdb import OutOfMemoryException

CHECKPOINT_MEMORY = "96MB"
"""For the checkpoint with which DuckDB closes a file, whatever `memory_limit` says: it tidies all tables at once, in
all the memory that it is given, and is no faster in 512 MB."""

_CREDENTIALS: WeakValueDictionary[str, DuckDbCredentials] = WeakValueDictionary()
"""By file, those whose connection all share. dlt makes a pool of connections for each configuration that it resolves,
and each would connect and set everything anew for most jobs; from one pool a job gets a copy of the one that a run
holds open."""


@configspec(init=False)
class StagedDuckDbClientConfiguration(DuckDbClientConfiguration):
    """DuckDB's configuration with a plain path beside `credentials`, because config.toml may not hold credentials."""

    database_file: str | None = None
    """DuckDB file used when no `credentials` are given, relative to the project folder."""
    memory_limit: str | None = None
    """Memory for DuckDB while dlt loads, as DuckDB writes it; a merge that needs more fails, and loses nothing."""
    threads: int | None = None
    """Threads of DuckDB beside those of dlt's jobs."""

    def on_resolved(self) -> None:
        super().on_resolved()
        limits = {"memory_limit": self.memory_limit, "threads": self.threads}
        given = {name: value for name, value in limits.items() if value is not None}
        self.credentials.global_config = {**given, **(self.credentials.global_config or {})}
        self._share_connections()

    def _share_connections(self) -> None:
        known = _CREDENTIALS.setdefault(self.data_location(), self.credentials)
        if known.external_conn() is None and self.credentials.external_conn() is None:
            self.credentials.conn_pool = known.conn_pool

    def __str__(self) -> str:
        """The file; dlt would load SQLAlchemy to say the same as a URL."""
        return self.data_location()

    def make_location(self, configured_location: str, default_location_pat: str) -> str:
        location = super().make_location(configured_location or self.database_file or "", default_location_pat)
        Path(location).parent.mkdir(parents=True, exist_ok=True)
        return location


class StagedCopyJob(DuckDbCopyJob):
    """Inserts one staged parquet file, matching columns by name."""

    def run(self) -> None:
        sql_client = self._job_client.sql_client
        table = sql_client.make_qualified_table_name(self.load_table_name)
        # `load_date=` is a folder of the lake, not a column of the table
        file = "read_parquet(?, hive_partitioning = false)"
        # killed after the commit and before dlt noted it, the job runs once more
        missing = f"ANTI JOIN {table} USING ({C_DLT_ID})" if C_DLT_ID in self._load_table["columns"] else ""
        with self._on_local_disk() as path:
            sql_client.execute_sql(f"INSERT INTO {table} BY NAME SELECT * FROM {file} {missing}", path)

    @contextmanager
    def _on_local_disk(self) -> Iterator[str]:
        """Path of the staged file, or of a copy that lasts as long as the block.

        An object is fetched whole, by one request: DuckDB's own way to S3 is its httpfs extension, a download that a
        closed network refuses.
        """
        url = ReferenceFollowupJobRequest.resolve_reference(self._file_path)
        if url.startswith("file:"):
            # undoes the percent-encoding of `load_date=`
            yield FilesystemConfiguration.make_local_path(url)
            return
        filesystem, _ = fsspec_from_config(cast(FilesystemConfiguration, self._job_client.config.staging_config))
        with TemporaryDirectory() as folder:
            path = f"{folder}/staged.parquet"
            filesystem.get_file(url, path)
            yield path


class StagedDuckDbClient(DuckDbClient, SupportsStagingDestination):
    """DuckDB's client, accepting references to staged files."""

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        if ReferenceFollowupJobRequest.is_reference_job(file_path):
            return StagedCopyJob(file_path)
        return super().create_load_job(table, file_path, load_id, restore)

    def complete_load(self, load_id: str) -> None:
        super().complete_load(load_id)
        # the merges are done, and what follows is the checkpoint
        with suppress(OutOfMemoryException):  # news all over a large table holds more than that until then
            self.sql_client.native_connection.execute(f"SET GLOBAL memory_limit = '{CHECKPOINT_MEMORY}'")

    def should_truncate_table_before_load_on_staging_destination(self, table_name: str) -> bool:
        return self.config.truncate_tables_on_staging_destination_before_load


class staged_duckdb(duckdb):
    """DuckDB destination that loads parquet files from a staging filesystem."""

    spec = StagedDuckDbClientConfiguration

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.preferred_staging_file_format = "parquet"
        capabilities.supported_staging_file_formats = ["parquet"]
        return capabilities

    @property
    def client_class(self) -> type[StagedDuckDbClient]:
        return StagedDuckDbClient
