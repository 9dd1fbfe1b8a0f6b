"""Scripts in processes of their own, forked from one that has imported what they import: each starts a second sooner.

In all else such a process is what the shell would start: its own environment, folder, output, signals and exit code.
"""

import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.preloaded"])


class Forked:
    """A running script, with as much of `subprocess.Popen` as the tests need; what it prints goes to a file.

    Args:
        script: A path, or the name of a module as after `python -m`.
    """

    def __init__(self, script: str, arguments: tuple[str, ...], environment: dict[str, str], folder: Path) -> None:
        with tempfile.NamedTemporaryFile(delete=False) as output:
            self._output = Path(output.name)
        self._process = _CONTEXT.Process(target=_run, args=(script, arguments, environment, folder, self._output))
        with patch.dict(os.environ, PYTHONPATH=str(ROOT)):  # for the process that all others are forked from
            self._process.start()

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, signum: signal.Signals) -> None:
        assert self._process.pid
        with suppress(ProcessLookupError):  # it is over
            os.kill(self._process.pid, signum)

    def wait(self, timeout: float = 300) -> tuple[int, str]:
        """Waits for the end; gives the exit code and all that was printed."""
        self._process.join(timeout)
        output = self._output.read_text()
        if self._process.exitcode is None:
            self._process.kill()
            raise TimeoutError(output)
        self._output.unlink()
        return self._process.exitcode, output


def _run(script: str, arguments: tuple[str, ...], environment: dict[str, str], folder: Path, output: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path, mode in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY | os.O_APPEND)):
        descriptor = os.open(path, mode)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.dup2(1, 2)
    sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = [script, *arguments]
    if os.sep in script:
        runpy.run_path(script, run_name="__main__")
    else:
        runpy.run_module(script, run_name="__main__", alter_sys=True)
