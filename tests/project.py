"""The project as its users have it: the script in a process of its own, with all data in a folder of its own."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from sources.rawg.sandbox import SandboxProcess
from tests.forked import Forked

ROOT = Path(__file__).resolve().parents[1]
KEY = "a-key-that-nobody-may-see"
MEASURES = ("slug", "name", "updated", "added", "rating", "metacritic", "playtime", "released")


@dataclass(frozen=True)
class Finished:
    """A run of the script that is over."""

    exit_code: int
    output: str


@dataclass
class Project:
    """A checkout whose `.dlt` folder and data lie in `folder`, set up for the API at `base_url`."""

    folder: Path
    base_url: str
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shutil.copytree(ROOT / ".dlt", self.folder / ".dlt", ignore=shutil.ignore_patterns("secrets.toml"))
        # importing orchestration/ sets DLT's folders for this process; a project has its own
        inherited = {name: value for name, value in os.environ.items() if "__" not in name and name[:4] != "DLT_"}
        self.environment = {
            **inherited,
            "DLT_PROJECT_DIR": str(self.folder),
            "DLT_DATA_DIR": str(self.folder / "dlt"),
            "RAWG_API_KEY": KEY,
            "SOURCES__RAWG__BASE_URL": self.base_url,
            "SOURCES__RAWG__REQUESTS_PER_SECOND": "1000",
            "SOURCES__RAWG__RETRY_BACKOFF": "0.01",
            **self.environment,
        }

    def start(self, *arguments: str, **environment: str) -> Forked:
        """The script, running."""
        script = str(ROOT / "pipelines" / "rawg.py")
        # the script finds its project wherever it is called from
        return Forked(script, arguments, {**self.environment, **environment}, self.folder.parent)

    def run(self, *arguments: str, **environment: str) -> Finished:
        """The script, run to its end."""
        return Finished(*self.start(*arguments, **environment).wait())

    def load(self, *arguments: str, **environment: str) -> Finished:
        """The script, run to a good end."""
        finished = self.run(*arguments, **environment)
        assert finished.exit_code == 0, finished.output
        return finished

    def rebuild(self, *arguments: str) -> Finished:
        """The script that makes the warehouse anew, run to its end without RAWG's key."""
        script = str(ROOT / "pipelines" / "rebuild.py")
        return Finished(*Forked(script, arguments, self._without_key, self.folder.parent).wait())

    def python(self, *command: str, **environment: str) -> Finished:
        """A piece of code or a script in a Python of its own, run to its end without RAWG's key."""
        finished = subprocess.run(
            [sys.executable, *command],
            env={**self._without_key, "PYTHONPATH": str(ROOT), **environment},
            cwd=self.folder.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Finished(finished.returncode, finished.stdout + finished.stderr)

    def kill_at(self, moment: str, count: int, *arguments: str) -> None:
        """The script, killed at a moment of `tests.crash.killed`."""
        exit_code, output = Forked(
            "tests.crash.killed", (moment, str(count), *arguments), self.environment, ROOT
        ).wait()
        assert exit_code == -signal.SIGKILL, output

    @property
    def _without_key(self) -> dict[str, str]:
        return {name: value for name, value in self.environment.items() if name != "RAWG_API_KEY"}

    @property
    def warehouse(self) -> Path:
        return self.folder / "data" / "warehouse.duckdb"

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement on the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        """The one value that a statement gives."""
        return self.query(sql)[0][0]

    def tables(self) -> set[str]:
        """Tables of the raw dataset, without dlt's own."""
        if not self.warehouse.exists():
            return set()
        rows = self.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw'")
        return {name for (name,) in rows if not name.startswith("_dlt")}


def holding(folder: Path, secret: str) -> list[Path]:
    """Files in which a secret stands: as they are, and with what is compressed in them unpacked."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(secret.encode() in content for content in _contents(path))]


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes())
    elif path.suffix == ".parquet":
        yield str(pq.read_table(path).to_pylist()).encode()
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
            for schema, table in tables:
                yield str(connection.execute(f'FROM "{schema}"."{table}"').fetchall()).encode()


def await_requests(sandbox: SandboxProcess, count: int, process: Forked) -> None:
    """Waits until the API has been asked `count` times, or the process that asks is over."""
    while process.poll() is None and len(sandbox.history()) < count:
        time.sleep(0.02)


def stop(process: Forked, signum: signal.Signals) -> Finished:
    """Sends a signal and waits for the end."""
    process.send_signal(signum)
    return Finished(*process.wait(timeout=60))


def requests_for(sandbox: SandboxProcess, path: str) -> list[dict[str, Any]]:
    """Requests that the sandbox was sent for a path."""
    return [request for request in sandbox.history() if request["path"] == path]


def assert_holds(project: Project, truth: list[dict[str, Any]]) -> None:
    """Asserts that the games and all their links are what the API serves."""
    games = {game["id"]: tuple(_measure(game, name) for name in MEASURES) for game in truth}
    columns = ", ".join(MEASURES).replace("updated", "strftime(updated AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S')")
    columns = columns.replace("released", "CAST(released AS VARCHAR)")
    loaded = {row[0]: row[1:] for row in project.query(f"SELECT id, {columns} FROM raw.games")}
    assert loaded == games
    for table, column, links in (
        ("genres", "id", "genres"),
        ("tags", "id", "tags"),
        ("platforms", "platform__id", "platforms"),
        ("parent_platforms", "platform__id", "parent_platforms"),
        ("stores", "store__id", "stores"),
        ("short_screenshots", "id", "short_screenshots"),
    ):
        expected = Counter((game["id"], link) for game in truth for link in game[links] or [])
        assert Counter(project.query(f"SELECT game_id, {column} FROM raw.games__{table}")) == expected, table
    ratings = Counter((game["id"], rating["id"], rating["count"]) for game in truth for rating in game["ratings"])
    assert Counter(project.query("SELECT game_id, id, count FROM raw.games__ratings")) == ratings


def _measure(game: dict[str, Any], name: str) -> Any:
    value = game[name]
    return value or None if name == "released" else value
