"""The local stack without a container engine: the compose file is valid, and what its services would run does run."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
import yaml

from sources.rawg.sandbox import SandboxProcess
from tests.integration.object_store import ACCESS_KEY, SECRET, ObjectStore, StoreUnavailable
from tests.orchestration.dagster_dev import DagsterClient
from tests.project import KEY, ROOT

COMPOSE = ROOT / "docker-compose.yml"
PATIENCE = 120.0
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), None)
PASSWORD = "a password with a space: and a colon"
CHOSEN = {
    "POSTGRES_PASSWORD": PASSWORD,
    "LAKE_BUCKET": "stack",
    "DESTINATION__LAKE__CREDENTIALS__AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "DESTINATION__LAKE__CREDENTIALS__AWS_SECRET_ACCESS_KEY": SECRET,
}
"""What a user puts into .env."""


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services as written."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def _interpolated(value: str, settings: dict[str, str]) -> str:
    """Compose's `${NAME}`, `${NAME:-default}` and `${NAME:?message}` replaced."""

    def replacement(match: re.Match[str]) -> str:
        name, operator, rest = match.groups()
        if operator == ":?":
            assert settings.get(name), rest
        return settings.get(name) or (rest if operator == ":-" else "")

    return re.sub(r"\$\{(\w+)(:[-?])?([^}]*)\}", replacement, value)


def _project_folder(folder: Path, *without: str) -> Path:
    """A folder with the compose file and a .env of what a user has chosen."""
    lines = [f"{name}={value}" for name, value in CHOSEN.items() if name not in without]
    (folder / ".env").write_text((ROOT / ".env.example").read_text() + "\n".join(lines) + "\n")
    shutil.copy(COMPOSE, folder)
    return folder


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="there is no docker-compose; Debian's package will do")
def test_the_compose_file_is_valid_and_asks_for_what_it_lacks(tmp_path: Path) -> None:
    command = ["docker-compose", "config"]
    clean = {"PATH": os.environ["PATH"]}
    good = subprocess.run(
        command, cwd=_project_folder(tmp_path), env=clean, capture_output=True, text=True, check=False
    )
    assert good.returncode == 0, good.stderr
    for name in set(CHOSEN) - {"LAKE_BUCKET"}:
        _project_folder(tmp_path, name)
        bad = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
        assert bad.returncode != 0
        assert "of your choice into .env" in bad.stderr


def test_every_service_is_pinned_watched_private_and_without_secrets(services: dict[str, Any]) -> None:
    ours = re.compile("game-market-(pipeline|dagster)")
    for name, service in services.items():
        image = _interpolated(service["image"], {})
        assert ours.fullmatch(image) or re.search(r":[\w.-]*\d[\w.-]*$", image), image
        assert "healthcheck" in service or name == "bucket"
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|ACCESS_KEY|ROOT_USER", variable):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), variable
    named = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert named == set(yaml.safe_load(COMPOSE.read_text())["volumes"])


def test_the_images_are_built_from_what_is_there(services: dict[str, Any]) -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    stages = {line.split(" AS ")[1] for line in lines if line.startswith("FROM ")}
    assert {service["build"]["target"] for service in services.values() if "build" in service} <= stages
    assert "USER app" in lines
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for path in (path for path in copied if not path.startswith("--")):
        assert (ROOT / path).exists()
        assert any(line.startswith(f"!{path}") for line in ignored), path
    (base,) = {line.split()[1] for line in lines if line.startswith("FROM python")}
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base)


class Stack:
    """What the services of the compose file run, as processes, with their environment, on ports that are free."""

    def __init__(
        self, folder: Path, services: dict[str, Any], stack: ExitStack, store: ObjectStore, postgres: int
    ) -> None:
        self.folder, self.services, self.store, self._stack = folder, services, store, stack
        self.code_port, self.web_port = _free_port(), _free_port()
        self.home = folder / "home"
        self.home.mkdir()
        shutil.copy(ROOT / "orchestration" / "dagster.compose.yaml", self.home / "dagster.yaml")
        shutil.copytree(ROOT / ".dlt", folder / ".dlt")
        # where a container would see other hosts, ports and folders
        self.replaced = {
            "object-store:9000": store.endpoint_url.removeprefix("http://"),
            "0.0.0.0": "127.0.0.1",
            "4000": str(self.code_port),
            "3000": str(self.web_port),
            "5432": str(postgres),
            "/data": str(folder / "data"),
            "/logs": str(folder / "logs"),
            "/app": str(folder),
        }

    def environment(self, name: str) -> dict[str, str]:
        """A service's environment."""
        declared = {
            key: self._here(_interpolated(value, CHOSEN)) for key, value in self.services[name]["environment"].items()
        }
        hosts = {key: "127.0.0.1" for key in ("DAGSTER_CODE_HOST", "DAGSTER_POSTGRES_HOST") if key in declared}
        inherited = {key: value for key, value in os.environ.items() if "__" not in key and key[:4] != "DLT_"}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        image = {
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "DLT_PROJECT_DIR": str(self.folder),
            "DAGSTER_HOME": str(self.home),
        }
        return {**inherited, **image, **declared, **hosts}

    def start(self, name: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Starts a service."""
        service = self.services[name]
        command = [self._here(word) for word in [*service.get("entrypoint", []), *service.get("command", [])]]
        output = self._stack.enter_context((self.folder / f"{name}.txt").open("wb"))
        process = subprocess.Popen(
            command, cwd=ROOT, env={**self.environment(name), **environment}, stdout=output, stderr=subprocess.STDOUT
        )
        self._stack.callback(_end, process)
        return process

    def is_healthy(self, name: str) -> bool:
        """Whether a service's health check passes."""
        command = [self._here(word) for word in self.services[name]["healthcheck"]["test"][1:]]
        return not subprocess.run(
            command, cwd=ROOT, env=self.environment(name), capture_output=True, check=False
        ).returncode

    def output(self, name: str) -> str:
        """What a service has printed."""
        return (self.folder / f"{name}.txt").read_text(errors="replace")

    def _here(self, text: str) -> str:
        for there, here in self.replaced.items():
            text = text.replace(there, here)
        return text


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()  # asked politely, one of them took twenty seconds now and then
    process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _postgres(folder: Path) -> Iterator[int]:
    """A PostgreSQL on a free port, as the image of the stack would set it up."""
    assert POSTGRES
    folder.chmod(0o777)
    account: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    port, data, secret = _free_port(), folder / "postgres", folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    subprocess.run(
        [str(POSTGRES / "initdb"), "-D", str(data), "-U", "dagster", "-A", "scram-sha-256", f"--pwfile={secret}"],
        check=True,
        capture_output=True,
        cwd=folder,
        **account,
    )
    server = subprocess.Popen(
        [str(POSTGRES / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **account,
    )
    try:
        client = {**os.environ, "PGPASSWORD": PASSWORD}
        create = [str(POSTGRES / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "dagster", "dagster"]
        _wait_for(
            lambda: subprocess.run(create, env=client, capture_output=True, check=False).returncode == 0, "PostgreSQL"
        )
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(condition: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"no {what}"
        time.sleep(0.2)


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory, services: dict[str, Any]) -> Iterator[Stack]:
    if POSTGRES is None:
        pytest.skip("there is no PostgreSQL; Debian's package will do")
    folder = tmp_path_factory.mktemp("stack")
    with ExitStack() as started:
        try:
            store = started.enter_context(ObjectStore(folder / "store"))
        except StoreUnavailable as error:
            pytest.skip(str(error))
        # not below pytest's folder: PostgreSQL runs as a user of its own
        postgres = started.enter_context(_postgres(Path(started.enter_context(TemporaryDirectory()))))
        yield Stack(folder, services, started, store, postgres)


@pytest.mark.slow
def test_what_the_services_run_works_together(stack: Stack) -> None:
    for said in ("Created bucket stack", "Bucket stack is there"):
        assert stack.start("bucket").wait(timeout=60) == 0, stack.output("bucket")
        assert said in stack.output("bucket")
    grants = stack.store.filesystem().call_s3("get_bucket_acl", Bucket="stack")["Grants"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"]
    with SandboxProcess(120) as sandbox:
        stack.start("code", RAWG_API_KEY=KEY, SOURCES__RAWG__BASE_URL=sandbox.base_url)
        _wait_for(partial(_accepts, stack.code_port), "code server")  # asking it for its health costs seconds
        _wait_for(partial(stack.is_healthy, "code"), "healthy code server")
        for name in ("daemon", "webserver"):
            stack.start(name)
        dagster = DagsterClient(f"http://127.0.0.1:{stack.web_port}")
        _wait_for(dagster.is_up, "webserver")
        run = dagster.launch("backfill", {"ops": {"load_form": {"config": {"resources": ["games", "genres"]}}}})
        assert dagster.await_end(run) == "SUCCESS"
        with duckdb.connect(str(stack.folder / "data" / "warehouse.duckdb")) as warehouse:
            assert warehouse.execute("SELECT count(*) FROM raw.games").fetchall() == [(120,)]
    for name in ("daemon", "webserver"):
        _wait_for(partial(stack.is_healthy, name), f"healthy {name}")
    tables = {path.split("/")[3] for path in stack.store.filesystem().find("stack/lake/raw")}
    assert {"games", "genres", "_dlt_loads"} <= tables
    assert list((stack.folder / "logs").rglob("*.err"))
    written = b"".join(
        path.read_bytes() for path in stack.folder.rglob("*.*") if path.suffix in (".txt", ".err", ".out")
    )
    for secret in (KEY, SECRET, PASSWORD):
        assert secret.encode() not in written
