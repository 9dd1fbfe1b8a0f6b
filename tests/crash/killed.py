"""Runs the script and kills it at a named moment: `python -m tests.crash.killed MOMENT COUNT [ARGUMENT ...]`.

A moment is a function of the project or of dlt; the process gets SIGKILL when it is called (`before`) or has returned
(`after`) for the COUNT-th time.
"""

import importlib
import itertools
import os
import signal
import sys
from typing import Any

CONNECTIONS = "dlt.destinations.impl.duckdb.configuration"
MOMENTS = {
    "planning": ("sources.rawg.run", "RawgRun.count_games", "after"),
    "receiving a page": ("sources.rawg.walk", "GamesWalk.receive", "before"),
    "extract is done": ("dlt.pipeline.pipeline", "Pipeline.extract", "after"),
    "amid normalize": ("dlt.common.storages.normalize_storage", "NormalizeStorage.__init__", "after"),
    "normalize is done": ("dlt.pipeline.pipeline", "Pipeline.normalize", "after"),
    "upload to the lake": ("dlt.destinations.impl.filesystem.filesystem", "FilesystemLoadJob.run", "before"),
    "uploaded to the lake": ("dlt.destinations.impl.filesystem.filesystem", "FilesystemLoadJob.run", "after"),
    "copy into the warehouse": ("pipelines.staged_duckdb", "StagedCopyJob.insert", "before"),
    "copied into the warehouse": ("pipelines.staged_duckdb", "StagedCopyJob.insert", "after"),
    "merge": ("dlt.destinations.job_client_impl", "SqlLoadJob.run", "before"),
    "merged": ("dlt.destinations.job_client_impl", "SqlLoadJob.run", "after"),
    "load id is written": ("dlt.destinations.job_client_impl", "SqlJobClientBase.complete_load", "before"),
    "load id was written": ("dlt.destinations.job_client_impl", "SqlJobClientBase.complete_load", "after"),
    "closing the warehouse": (CONNECTIONS, "DuckDbConnectionPool._close_conn", "before"),
    "closed the warehouse": (CONNECTIONS, "DuckDbConnectionPool._close_conn", "after"),
    "package is closed": ("dlt.common.storages.load_storage", "LoadStorage.complete_load_package", "before"),
    "package was closed": ("dlt.common.storages.load_storage", "LoadStorage.complete_load_package", "after"),
}


def kill_at(moment: str, count: int) -> None:
    """Arms the moment."""
    module, path, when = MOMENTS[moment]
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    function = getattr(owner, name)
    calls = itertools.count(1)

    def armed(*arguments: Any, **options: Any) -> Any:
        is_the_call = next(calls) == count
        if is_the_call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **options)
        if is_the_call and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, armed)


if __name__ == "__main__":
    from pipelines.rawg import main

    kill_at(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
