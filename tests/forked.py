"""Processes forked from one that has imported what they import: a script starts two seconds sooner.

In all else a forked script is what the shell would start: its own environment, folder, output, signals and exit code.
"""

import multiprocessing
import os
import runpy
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sources.rawg.sandbox import SandboxProcess

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
        self._process = _start(_run, script, arguments, environment, folder, self._output)

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


class ForkedSandbox(SandboxProcess):
    """The sandbox, forked."""

    def __enter__(self) -> SandboxProcess:
        self._pipe, theirs = socket.socketpair()
        with theirs:
            self._process = _start(_serve, self._arguments, theirs)
        with self._pipe.makefile() as said:
            self.base_url = said.readline().split(" - ")[0].split(": ")[1]
        return self

    def _stop(self) -> None:
        self._pipe.close()
        self._process.join()


def _start(function: Any, *arguments: Any) -> BaseProcess:
    process = _CONTEXT.Process(target=function, args=arguments)
    with patch.dict(os.environ, PYTHONPATH=str(ROOT)):  # for the process that all others are forked from
        process.start()
    return process


def _serve(arguments: list[str], pipe: socket.socket) -> None:
    os.dup2(pipe.fileno(), 0)
    os.dup2(pipe.fileno(), 1)
    pipe.close()
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    import_module("sources.rawg.sandbox.__main__").main(arguments)


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
