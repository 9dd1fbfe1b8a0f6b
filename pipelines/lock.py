"""One run at a time on a warehouse: two would take each other's working folder and load the same windows twice."""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO
from uuid import uuid4

import dlt
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from dlt.destinations.impl.filesystem.configuration import FilesystemDestinationClientConfiguration

from pipelines.lease import Lease
from sources.rawg.errors import LoadFailed


@contextmanager
def only_run(pipeline: dlt.Pipeline, lake: FilesystemDestinationClientConfiguration) -> Iterator[None]:
    """Keeps others out of the pipeline's working folder and its warehouse.

    Runs on this machine meet at file locks, which end with their processes. A warehouse on a server is shared with
    other machines, and they meet at leases in the lake.

    Raises:
        LoadFailed: another run is at work.
    """
    configuration = pipeline.destination_client().config
    with ExitStack() as stack:
        working_folder = Path(pipeline.pipelines_dir).with_name(f"{pipeline.pipeline_name}.lock")
        file = stack.enter_context(_locked(working_folder))
        if isinstance(configuration, DuckDbClientConfiguration):
            stack.enter_context(_locked(Path(f"{configuration.data_location()}.lock")))
        else:
            filesystem, root = fsspec_from_config(lake)
            stack.enter_context(Lease(filesystem, root, _name_in(file)))
        yield


@contextmanager
def _locked(path: Path) -> Iterator[TextIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LoadFailed(
                f"Another run is at work on the same warehouse ({path} is locked); wait for its end, then run the same"
                " command again."
            ) from None
        yield file


def _name_in(file: TextIO) -> str:
    """The name of a working folder, which stands in its lock file from its first run on.

    Who has locked the file knows that no other run of this name lives, so a lease that a killed run left is its own.
    """
    file.seek(0)
    name = file.read()
    if not name:
        name = uuid4().hex
        file.write(name)
        file.flush()
    return name
