"""What a lake holds of a warehouse: its history, and the files of the loads that reached it."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.utils import get_root_table
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from pipelines.load import lake_configuration
from sources.rawg.errors import ConfigurationError
from sources.rawg.rows import Row

LOADS, VERSIONS = "_dlt_loads", "_dlt_version"
"""dlt's tables of committed loads and of schemas: in the lake one JSON file a row (`history.py`)."""


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
