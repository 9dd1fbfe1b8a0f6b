"""Whether everything is in place for a load: one line for each thing that a load needs, and how to mend what is not.

No data is changed: a probe file in the lake is removed again, a missing DuckDB file is not made, and dlt's working
folder is left to the run that may be at work in it.
"""

import os
import shutil
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, NamedTuple
from uuid import uuid4

import dlt
import duckdb
import requests
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.common.storages.fsspec_filesystem import S3_PROTOCOLS, fsspec_from_config
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from fsspec import AbstractFileSystem

from pipelines.failures import SAFE, plain_failure
from pipelines.load import idle_pipeline, lake_configuration, open_ledger, warehouse_location
from pipelines.lock import only_run
from pipelines.summary import short_location
from sources.rawg.configuration import RawgConfiguration, rawg_configuration, sandbox_settings
from sources.rawg.errors import ApiRefused, ApiUnavailable, ConfigurationError, Interrupted, LoadFailed, RawgError
from sources.rawg.ledger import RequestLedger
from sources.rawg.sandbox import SandboxProcess
from sources.rawg.session import RawgSession

PINS = Path(__file__).resolve().parents[1] / "constraints.txt"
OLDEST_PYTHON, FIRST_UNKNOWN_PYTHON = (3, 11), (3, 14)
PACKAGES = ["dlt", "duckdb", "dbt-core", "dbt-duckdb"]
"""Those whose other versions behave differently; dbt-snowflake comes to them where the warehouse is one."""
DEADLINE = 30.0
"""Seconds that one check may take; then it is left to itself, and its line says so."""
STORE_TIMEOUT = 5.0
"""Seconds that the object store may take for a connection or an answer; it is asked once."""
RAWG_TIMEOUT = 15.0
"""Seconds that RAWG may take for its answer at most; it is asked once."""
ENOUGH_DISK = 1e9
"""Free bytes without which not even an unfinished load would fit; the whole catalogue takes a few times as much."""
CLOCK_TOLERANCE = timedelta(minutes=5)
"""S3 refuses signatures that are a quarter of an hour off."""
GREEN, RED, PLAIN = "\033[32m", "\033[31m", "\033[0m"


@dataclass(frozen=True)
class Finding:
    """What a check found; the text of a bad one is a sentence that ends with the way to mend it."""

    name: str
    is_good: bool
    text: str


class _Check(NamedTuple):
    name: str
    look: Callable[[], str]
    fix: str
    """What to do when it fails in a way that it has no words for."""


def diagnose(sandbox: bool, ask_rawg: bool) -> int:
    """Prints what `examine` finds and returns the script's exit code: 0 when all is good, else 2."""
    try:
        with plain_failure("Examining failed", "mend that and run the same command again"):
            findings = examine(sandbox, ask_rawg)
    except RawgError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(findings_text(findings, colored=sys.stdout.isatty() and not os.environ.get("NO_COLOR")))
    return 0 if all(finding.is_good for finding in findings) else 2


def findings_text(findings: list[Finding], colored: bool) -> str:
    """One line for each finding."""
    lines = []
    for finding in findings:
        mark = "ok" if finding.is_good else "!!"
        if colored:
            mark = f"{GREEN if finding.is_good else RED}{mark}{PLAIN}"
        lines.append(f"{mark}  {finding.name:<11}{finding.text}")
    return "\n".join(lines)


def examine(sandbox: bool = False, ask_rawg: bool = False) -> list[Finding]:
    """Checks what a load needs; no check stops the others, and none takes longer than `DEADLINE`.

    Args:
        sandbox: Examine the lake and the warehouse of the made-up games.
        ask_rawg: Try the key with one request, which is counted in the ledger.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        parts = _Parts(sandbox, ask_rawg, folder)
        lake, warehouse = (f"DESTINATION__{parts.prefix.upper()}{name}__" for name in ("LAKE", "WAREHOUSE"))
        checks = [
            _Check("Python", _look_at_python, "run it with another Python"),
            _Check("Packages", parts.look_at_packages, "install them anew with: make -B setup"),
            _Check("Disk", parts.look_at_disk, f"check DLT_DATA_DIR, {lake}BUCKET_URL and {warehouse}DATABASE_FILE"),
            _Check("Lake", parts.look_at_lake, f"check {lake}BUCKET_URL, and that it may be listed, read and written"),
            _Check("Warehouse", parts.look_at_warehouse, f"check {warehouse}DATABASE_FILE or {warehouse}CREDENTIALS"),
            _Check("RAWG", parts.look_at_rawg, "check SOURCES__RAWG__BASE_URL"),
            _Check("Requests", parts.look_at_requests, f"check what lies under _requests/ in {lake}BUCKET_URL"),
            _Check("Clock", parts.look_at_clock, "check the clock of this machine"),
        ]
        return [_finding(check) for check in checks]


def _finding(check: _Check) -> Finding:
    try:
        with plain_failure("It cannot be used", check.fix):
            return Finding(check.name, True, _in_time(check))
    except Interrupted:
        raise
    except RawgError as error:
        # an advice for loads
        sentence = " ".join(str(error).removesuffix(f"; {SAFE}").split())
        return Finding(check.name, False, f"{sentence.rstrip('.')}.")


def _in_time(check: _Check) -> str:
    """What a check says.

    Raises:
        LoadFailed: it takes too long.
    """
    answer: Future[str] = Future()

    def look() -> None:
        try:
            answer.set_result(check.look())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=look, daemon=True).start()
    if not wait([answer], timeout=DEADLINE).done:
        raise LoadFailed(f"It does not answer within {DEADLINE:.0f} seconds; {check.fix}.")
    return answer.result()


def _look_at_python() -> str:
    name = ".".join(map(str, sys.version_info[:3]))
    if not OLDEST_PYTHON <= sys.version_info[:2] < FIRST_UNKNOWN_PYTHON:
        raise ConfigurationError(
            f"{name} is not one of 3.11, 3.12 and 3.13, which the project is tested with; remove .venv and make it"
            " anew with: make setup PYTHON=python3.12"
        )
    return name


class _Parts:
    """The parts of a pipeline, each looked at by a method that returns what is good, or raises what is not.

    What several of them need is made when the first one asks for it, so that its failure is their finding.
    """

    def __init__(self, sandbox: bool, ask_rawg: bool, folder: str) -> None:
        self.sandbox = sandbox
        self.ask_rawg = ask_rawg
        self.folder = folder
        self.prefix = "sandbox_" if sandbox else ""
        self.lake_works = False
        self.clocks: dict[str, timedelta] = {}
        """How far this machine's clock was ahead of each server that was asked."""

    @cached_property
    def pipeline(self) -> dlt.Pipeline:
        return idle_pipeline(self.sandbox, str(Path(self.folder) / "pipelines"))

    @cached_property
    def warehouse_file(self) -> Path | None:
        """The DuckDB file; None for a warehouse on a server."""
        lake_configuration(self.pipeline)  # what it lacks, dlt says less plainly when it opens both
        configuration = self.pipeline.destination_client().config
        return Path(configuration.data_location()) if isinstance(configuration, DuckDbClientConfiguration) else None

    @cached_property
    def ledger(self) -> RequestLedger:
        if not self.lake_works:
            raise LoadFailed("The requests are counted in the lake, which cannot be used; mend it first.")
        # for the count a key is not needed
        settings = {"api_key": "none", **(sandbox_settings("http://127.0.0.1") if self.sandbox else {})}
        # one request may be sent, so one is written down
        return open_ledger(self.pipeline, rawg_configuration(**settings), max_requests=1)

    def look_at_packages(self) -> str:
        destination_type = dlt.config.get(f"destination.{self.prefix}warehouse.destination_type", str)
        names = [*PACKAGES, *(["dbt-snowflake"] if "snowflake" in str(destination_type) else [])]
        pinned = dict(line.split("==") for line in _pins()) if PINS.exists() else {}
        installed = {name: _installed(name) for name in names}
        differing = [
            f"{name} is {found or 'missing'} where constraints.txt has {pinned[name]}"
            for name, found in installed.items()
            if name in pinned and found != pinned[name]
        ]
        if differing:
            raise ConfigurationError(
                f"{', '.join(differing)}; install the pinned versions with: {short_location(sys.executable)} -m pip"
                " install -r requirements.txt -c constraints.txt"
            )
        unpinned = "" if pinned else " (not compared: constraints.txt is not here)"
        return ", ".join(f"{name} {found or 'missing'}" for name, found in installed.items()) + unpinned

    def look_at_disk(self) -> str:
        working_folder = Path(get_dlt_pipelines_dir())
        _write_nothing_in(working_folder)
        places = [("dlt's working folder", working_folder, "DLT_DATA_DIR")]
        lake = lake_configuration(self.pipeline)
        if lake.is_local_filesystem:
            folder = Path(lake.make_local_path(str(lake.bucket_url)))
            places.append(("the lake", folder, f"DESTINATION__{self.prefix.upper()}LAKE__BUCKET_URL"))
        if self.warehouse_file:
            setting = f"DESTINATION__{self.prefix.upper()}WAREHOUSE__DATABASE_FILE"
            places.append(("the warehouse", self.warehouse_file.parent, setting))
        said = []
        for name, folder, setting in places:
            free = shutil.disk_usage(_existing(folder)).free
            if free < ENOUGH_DISK:
                raise ConfigurationError(
                    f"{free / 1e9:.2f} GB are free for {name} in {folder}, and all games take some; make"
                    f" {ENOUGH_DISK / 1e9:.0f} GB free at least, or move it with {setting}"
                )
            said.append(f"{free / 1e9:,.1f} GB free for {name}")
        return ", ".join(said)

    def look_at_lake(self) -> str:
        configuration = lake_configuration(self.pipeline)
        is_store = configuration.protocol in S3_PROTOCOLS
        if is_store:
            timeouts = {"connect_timeout": STORE_TIMEOUT, "read_timeout": STORE_TIMEOUT}
            once = {"config_kwargs": {**timeouts, "retries": {"total_max_attempts": 1}}}
            configuration.kwargs = {**(configuration.kwargs or {}), **once}
        filesystem, root = fsspec_from_config(configuration)
        if is_store:
            filesystem.retries = 1
            # a refusal carries the store's time as well, and may be about the time
            filesystem.s3.meta.events.register("after-call.s3", self._note_time_of_store)
        _probe(filesystem, root.rstrip("/"))
        self.lake_works = True
        return f"{configuration.bucket_url.removeprefix('file://')} can be listed, written and read"

    def _note_time_of_store(self, http_response: Any, **_: object) -> None:
        self._note_time("the object store", http_response.headers.get("Date"))

    def _note_time(self, server: str, date: str | None) -> None:
        try:
            self.clocks[server] = datetime.now(UTC) - parsedate_to_datetime(date or "")
        except (ValueError, TypeError):  # no date, or one without a time zone
            pass

    def look_at_warehouse(self) -> str:
        file, place = self.warehouse_file, warehouse_location(self.pipeline)
        if file is None:
            with self.pipeline.sql_client() as client:
                client.execute_sql("SELECT 1")
            return f"{place} answers"
        # without the lock a run that begins now would find the file open
        with only_run(self.pipeline, lake_configuration(self.pipeline)):
            if not file.exists():
                _write_nothing_in(file.parent)
                return f"{place} does not exist yet and can be made"
            try:
                duckdb.connect(place).close()
            except duckdb.Error as error:
                if "lock on file" in str(error):
                    raise
                rebuild = f"pipelines/rebuild.py --yes{' --sandbox' if self.sandbox else ''}"
                raise LoadFailed(
                    f"DuckDB cannot open the file ({error}); make it anew from the lake with: python {rebuild}, or"
                    f" name another one as DESTINATION__{self.prefix.upper()}WAREHOUSE__DATABASE_FILE"
                ) from None
        return f"{place} can be written"

    def look_at_rawg(self) -> str:
        if self.sandbox and self.ask_rawg:
            with SandboxProcess(games=10) as running:
                return self._ask("the sandbox", rawg_configuration(**sandbox_settings(running.base_url)))
        if self.sandbox:
            return "not needed: the sandbox takes any key; not asked (--ask-rawg does)"
        configuration = rawg_configuration()
        if self.ask_rawg:
            return self._ask("RAWG", configuration)
        return "a key is set; not tried (--ask-rawg does, with one request)"

    def _ask(self, server: str, configuration: RawgConfiguration) -> str:
        configuration.retry_attempts = 1
        configuration.request_timeout = min(configuration.request_timeout, RAWG_TIMEOUT)
        session = RawgSession(configuration, self.ledger)
        url = f"{configuration.base_url.rstrip('/')}/genres"
        request = session.prepare_request(requests.Request("GET", url, params={"page_size": 1}))
        try:
            with closing(self.ledger):
                answer = session.answer(request)
        except ApiUnavailable as error:
            # its context is how the one attempt ended
            raise ApiUnavailable(
                f"RAWG is down or out of reach ({error.__context__}), which tells nothing about the key; try again"
                " later, and check this machine's network and SOURCES__RAWG__BASE_URL"
            ) from None
        if answer.status_code != 200:
            raise ApiRefused("RAWG does not know its own list of genres (status 404); check SOURCES__RAWG__BASE_URL")
        self._note_time(server, answer.headers.get("Date"))
        return f"{server} answers and takes the key"

    def look_at_requests(self) -> str:
        limit = self.ledger.monthly_limit
        left = max(limit - self.ledger.used_this_month, 0)
        if not left:
            raise ConfigurationError(
                f"None of {limit:,} are left this month; wait for the next one, or raise"
                " SOURCES__RAWG__MONTHLY_REQUESTS if the plan of the key is larger"
            )
        return f"{left:,} of {limit:,} left this month"

    def look_at_clock(self) -> str:
        if not self.clocks:
            return "not compared: no server was asked that knows the time (--ask-rawg asks RAWG)"
        server = next((name for name in self.clocks if name != "the object store"), "the object store")
        ahead = self.clocks[server]
        off = timedelta(seconds=round(abs(ahead.total_seconds())))
        if off > CLOCK_TOLERANCE:
            raise ConfigurationError(
                f"It is {off} {'ahead of' if ahead > timedelta() else 'behind'} the clock of {server}, so days and"
                " the month's requests would be miscounted and S3 would refuse access; set it with: timedatectl"
                " set-ntp true"
            )
        return f"{off} off the clock of {server}"


def _pins() -> list[str]:
    return [line for line in PINS.read_text().splitlines() if "==" in line]


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _write_nothing_in(folder: Path) -> None:
    """Makes a file in a folder that is gone at once; permissions alone do not tell of a read-only disk."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder):
        pass


def _probe(filesystem: AbstractFileSystem, root: str) -> None:
    """Lists the lake, writes a small file into it, reads that back and removes it."""
    try:
        filesystem.ls(root, detail=False)
    except FileNotFoundError as error:
        if error.__cause__:  # an answer of the object store: not the folder is missing but the bucket
            raise
    filesystem.makedirs(root, exist_ok=True)
    path, content = f"{root}/_doctor-{uuid4().hex}", uuid4().bytes
    filesystem.pipe_file(path, content)
    try:
        found = filesystem.cat_file(path)
    finally:
        filesystem.rm_file(path)
    if found != content:
        raise LoadFailed(f"What was written to {path} was not what was read; check what serves the lake")
