"""One run at a time on a warehouse: two would take each other's working folder and load the same windows twice."""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dlt
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration

from sources.rawg.errors import LoadFailed


@contextmanager
def only_run(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Keeps others out of the pipeline's working folder and its DuckDB file; the lock ends with the process.

    Machines that share a Snowflake warehouse don't see each other's locks: there the scheduler lets one run in.

    Raises:
        LoadFailed: another run is at work.
    """
    paths = [Path(pipeline.pipelines_dir).with_name(f"{pipeline.pipeline_name}.lock")]
    configuration = pipeline.destination_client().config
    if isinstance(configuration, DuckDbClientConfiguration):
        paths.append(Path(f"{configuration.data_location()}.lock"))
    with ExitStack() as stack:
        for path in paths:
            stack.enter_context(_locked(path))
        yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LoadFailed(
                f"Another run is at work on the same warehouse ({path} is locked); wait for its end, then run the same"
                " command again."
            ) from None
        yield
