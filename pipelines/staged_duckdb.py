"""dlt's DuckDB destination, loading from files that a filesystem destination staged.

dlt's own DuckDB destination refuses staging, Snowflake's has it. This subclass closes the gap, so that a laptop
and the cloud run the same pipeline: lake first, then the warehouse from the lake.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from urllib.parse import quote, unquote
from weakref import WeakValueDictionary

from dlt.common.configuration import configspec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import FollowupJobRequest, LoadJob, SupportsStagingDestination
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema.typing import C_DLT_ID, TSchemaTables
from dlt.common.storages import LoadJobInfo
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration, DuckDbCredentials
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.impl.duckdb.factory import duckdb
from dlt.destinations.job_client_impl import SqlLoadJob
from dlt.destinations.job_impl import ReferenceFollowupJobRequest
from duckdb import OutOfMemoryException

CHECKPOINT_MEGABYTES = 32
"""For the checkpoint with which DuckDB closes a file, whatever `memory_limit` says: it tidies all tables at once, in
all the memory that it is given, and is no faster in 512 MB."""
CHECKPOINT_MEGABYTES_PER_COLUMN = 1
"""What a wide table's checkpoint gets: with 0.7 and less it failed, which is not said, and left all to the write-ahead
log (tables of 45 to 200 columns of text, DuckDB 2.0)."""

LAKE = "lake:"
"""Before the quoted address of a file in a statement that is still to be run."""
_IN_LAKE = re.compile(f"'{LAKE}([^']*)'")

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
    """Inserts one file of the lake, matching columns by name; what is merged is left where it is."""

    def run(self) -> None:
        client = cast(StagedDuckDbClient, self._job_client)
        if not client.in_staging_dataset_mode:
            self.insert(client)

    def insert(self, client: "StagedDuckDbClient") -> None:
        """Inserts rows that are not there: killed after the commit and before dlt noted it, the job runs once more."""
        table = client.sql_client.make_qualified_table_name(self.load_table_name)
        missing = f"ANTI JOIN {table} USING ({C_DLT_ID})" if C_DLT_ID in self._load_table["columns"] else ""
        url = ReferenceFollowupJobRequest.resolve_reference(self._file_path)
        with client.on_local_disk([url]) as (path,):
            rows = f"SELECT * FROM {_parquet([_literal(path)])} {missing}"
            client.sql_client.execute_sql(f"INSERT INTO {table} BY NAME {rows}")


class StagedSqlJob(SqlLoadJob):
    """A statement over files of the lake, such as a merge."""

    def run(self) -> None:
        text = Path(self._file_path).read_text("utf-8")
        urls = list(dict.fromkeys(map(unquote, _IN_LAKE.findall(text))))
        client = cast(StagedDuckDbClient, self._job_client)
        with client.on_local_disk(urls) as paths:
            self._paths = dict(zip(urls, paths, strict=True))
            super().run()

    def _split_fragments(self, sql: str) -> list[str]:
        # after the split: a path may hold what statements are split at
        return [
            _IN_LAKE.sub(lambda found: _literal(self._paths[unquote(found[1])]), fragment)
            for fragment in super()._split_fragments(sql)
        ]


class StagedDuckDbClient(DuckDbClient, SupportsStagingDestination):
    """DuckDB's client, merging from the files that the filesystem destination staged.

    dlt would copy them into tables of a staging dataset first. Here the files take the place of those tables, of which
    nothing is left to make, to copy, to empty, or to lose: a merge that a kill cut short is run again from the lake.
    """

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        if ReferenceFollowupJobRequest.is_reference_job(file_path):
            return StagedCopyJob(file_path)
        if StagedSqlJob.is_sql_job(file_path):
            return StagedSqlJob(file_path)
        return super().create_load_job(table, file_path, load_id, restore)

    def create_table_chain_completed_followup_jobs(
        self,
        table_chain: Sequence[PreparedTableSchema],
        completed_table_chain_jobs: Sequence[LoadJobInfo] | None = None,
    ) -> list[FollowupJobRequest]:
        jobs = super().create_table_chain_completed_followup_jobs(table_chain, completed_table_chain_jobs)
        files: dict[str, list[str]] = defaultdict(list)
        for job in completed_table_chain_jobs or ():
            if ReferenceFollowupJobRequest.is_reference_job(job.file_path):
                url = ReferenceFollowupJobRequest.resolve_reference(_job_file(job))
                files[job.job_file_info.table_name].append(f"'{LAKE}{quote(url)}'")
        for each in jobs:
            script = Path(each.new_file_path())
            text = script.read_text("utf-8")
            for name in (str(table["name"]) for table in table_chain):
                table, staging_table = self.sql_client.get_qualified_table_names(name)
                text = text.replace(staging_table, _rows(table, files[name]))
            script.write_text(text, "utf-8")
        return jobs

    @contextmanager
    def on_local_disk(self, urls: Sequence[str]) -> Iterator[list[str]]:
        """Paths of files of the lake, or of copies that last as long as the block.

        An object is fetched whole, by one request: DuckDB's own way to S3 is its httpfs extension, a download that a
        closed network refuses.
        """
        if all(url.startswith("file:") for url in urls):
            # undoes the percent-encoding of `load_date=`
            yield [FilesystemConfiguration.make_local_path(url) for url in urls]
            return
        filesystem, _ = fsspec_from_config(cast(FilesystemConfiguration, self.config.staging_config))
        with TemporaryDirectory() as folder:
            paths = [f"{folder}/{number}.parquet" for number in range(len(urls))]
            for url, path in zip(urls, paths, strict=True):
                filesystem.get_file(url, path)
            yield paths

    def initialize_storage(self, truncate_tables: Iterable[str] | None = None) -> None:
        if not self.in_staging_dataset_mode:
            super().initialize_storage(truncate_tables)  # type: ignore[arg-type]

    def update_stored_schema(
        self,
        only_tables: Iterable[str] | None = None,
        expected_update: TSchemaTables | None = None,
        force: bool = False,
    ) -> TSchemaTables | None:
        if self.in_staging_dataset_mode:
            return {}
        return super().update_stored_schema(only_tables, expected_update, force)  # type: ignore[arg-type]

    def complete_load(self, load_id: str) -> None:
        super().complete_load(load_id)
        # the merges are done, and what follows is the checkpoint
        columns = max(len(table["columns"]) for table in self.schema.tables.values())
        megabytes = max(CHECKPOINT_MEGABYTES, columns * CHECKPOINT_MEGABYTES_PER_COLUMN)
        with suppress(OutOfMemoryException):  # news all over a large table holds more than that until then
            self.sql_client.native_connection.execute(f"SET GLOBAL memory_limit = '{megabytes}MB'")

    def should_truncate_table_before_load_on_staging_destination(self, table_name: str) -> bool:
        return self.config.truncate_tables_on_staging_destination_before_load


def _job_file(job: LoadJobInfo) -> str:
    """Where the file of a completed job is; that of the last one is still to be moved."""
    completed = Path(job.file_path)
    return str(completed if completed.exists() else completed.parent.with_name("started_jobs") / completed.name)


def _rows(table: str, files: Sequence[str]) -> str:
    """The rows of files with all columns of a table, in whose place dlt's statements name a staging table."""
    nothing = f"SELECT * FROM {table} WHERE false"
    return f"({nothing} UNION ALL BY NAME SELECT * FROM {_parquet(files)})" if files else f"({nothing})"


def _parquet(files: Sequence[str]) -> str:
    # `load_date=` is a folder of the lake, not a column of the table
    return f"read_parquet([{', '.join(files)}], union_by_name = true, hive_partitioning = false)"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


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
