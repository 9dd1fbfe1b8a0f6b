"""Runs a command and measures what it and the processes below it take; reads /proc, so Linux only."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = 0.05
"""Seconds between two looks at the memory."""


class CommandFailed(RuntimeError):
    """A command did not do what it is measured for; says what, without paths, because it goes into documents."""


@dataclass(frozen=True)
class Usage:
    """What a command took.

    Attributes:
        seconds: From the start of its process to its exit (clock).
        cpu_seconds: User and system time of the process and of all children that it waited for (`wait4`).
        peak_mb: Most memory of its biggest process, in 10^6 bytes (`VmHWM`, looked at every 50 ms).
        peak_sum_mb: Most memory of all its processes together at one time, in 10^6 bytes (sum of `VmRSS`).
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    peak_sum_mb: float


def measured(command: list[str], environment: Mapping[str, str]) -> Usage:
    """Runs a command in the checkout, with nothing but `environment`, to its end.

    Raises:
        CommandFailed: it failed; the end of its output is on standard error.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        memory = _Memory(process.pid)
        with memory:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines()
            print("\n".join(said[-20:]), file=sys.stderr)
            raise CommandFailed(f"ended with exit code {process.returncode}")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, memory.biggest / 1e6, memory.together / 1e6)


class _Memory(threading.Thread):
    """Looks at a process and those below it until it is told to stop.

    `ru_maxrss` would be simpler, but a child inherits in it what its parent held when it forked.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.biggest = self.together = 0
        self._over = threading.Event()

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while True:
            found = [_memory(pid) for pid in _tree(self.pid)]
            self.biggest = max(self.biggest, *(peak for peak, _ in found))
            # a peak of one process between two looks is one of all processes, too
            self.together = max(self.together, self.biggest, sum(now for _, now in found))
            if self._over.wait(SAMPLE):
                return


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = children.read_text().split()
        except OSError:  # the thread has ended
            continue
        for child in below:
            yield from _tree(int(child))


def _memory(pid: int) -> tuple[int, int]:
    """Bytes at most so far and now; nothing of a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmHWM", "VmRSS"))}
    return kilobytes.get("VmHWM", 0) * 1024, kilobytes.get("VmRSS", 0) * 1024


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder; none when there is no such folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def without_settings() -> dict[str, str]:
    """The environment without settings of dlt, which would reach every contender."""
    return {name: value for name, value in os.environ.items() if "__" not in name and not name.startswith("DLT_")}


@dataclass(frozen=True)
class Machine:
    """What the benchmark ran on."""

    cores: int
    memory_gb: float
    processor: str


def machine() -> Machine:
    """This machine; cores are those that this process may use."""
    facts = dict(
        line.split(":", 1)
        for name in ("meminfo", "cpuinfo")
        for line in Path("/proc", name).read_text().splitlines()
        if ":" in line
    )
    names = {name.strip(): value.strip() for name, value in facts.items()}
    kilobytes = int(names["MemTotal"].split()[0])
    return Machine(len(os.sched_getaffinity(0)), kilobytes * 1024 / 1e9, names.get("model name", "unknown processor"))
