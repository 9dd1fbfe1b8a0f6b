"""What the README and docs/local_setup.md tell people to type is typed here, in a fresh copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.project import KEY, ROOT

DOCUMENTS = ["README.md", "docs/local_setup.md"]
NOT_OF_A_CHECKOUT = shutil.ignore_patterns(
    *(
        ".git",
        ".venv",
        ".tools",
        "data",
        "target",
        "logs",
        ".env",
        "secrets.toml",
        "__pycache__",
        ".*_cache",
        ".terraform",
    )
)
SERVERS = {
    "make dagster",
    "make dagster-sandbox",
    "make sandbox",
    "make local-start",
    "make local-stop",
    "make local-clean",
}
"""They run until somebody ends them, or need a container engine: that they would run something must do here."""
NEEDS_CONTAINERS = {"docker compose exec code python pipelines/rawg.py --plan"}
OURSELVES = {"make test"}


def _blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)


def _commands() -> list[str]:
    """Every line of every shell example, once, without its comment."""
    lines = [
        re.sub(r"\s+# .*", "", line).strip()
        for document in DOCUMENTS
        for block in _blocks(document, "sh")
        for line in block.splitlines()
    ]
    return [line for line in dict.fromkeys(lines) if line]


def _checkout(folder: Path) -> Path:
    """A copy of the project as a clone has it, in which the dependencies are installed."""
    copy = folder / "game-market-pipeline"
    shutil.copytree(ROOT, copy, ignore=NOT_OF_A_CHECKOUT)
    (copy / ".venv").symlink_to(sys.prefix)
    for name in copy.glob("*requirements*.txt"):
        os.utime(name, (0, 0))
    os.utime(copy / "constraints.txt", (0, 0))
    return copy


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user with a key and a browser, and RAWG within reach."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "BROWSER": "true",
        "RAWG_API_KEY": KEY,
        "SOURCES__RAWG__REQUESTS_PER_SECOND": "1000",
        "DBT_EXCLUDE_RESOURCE_TYPES": "test unit_test",  # tests/dbt has them
    }


def test_every_command_and_every_query_works(tmp_path: Path, environment: dict[str, str]) -> None:
    checkout = _checkout(tmp_path)
    commands = _commands()
    assert {"make demo", "make report", "cp .env.example .env", *SERVERS, *OURSELVES, *NEEDS_CONTAINERS} <= set(
        commands
    )
    with SandboxProcess(300) as rawg:
        environment["SOURCES__RAWG__BASE_URL"] = rawg.base_url
        for command in [command for command in commands if command not in NEEDS_CONTAINERS]:
            dry = " --dry-run" if command in SERVERS | OURSELVES else ""
            typed = command.replace("http://127.0.0.1:8000/api", rawg.base_url)
            finished = subprocess.run(
                ["/bin/sh", "-c", f"{typed}{dry}"],
                cwd=checkout,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            assert finished.returncode == 0, f"{command}\n{finished.stdout}{finished.stderr}"
            assert finished.stdout or command.startswith("cp ") or command == "make setup", command
            assert KEY not in finished.stdout + finished.stderr

    pages = sorted(path.relative_to(checkout) for path in checkout.glob("data/**/market.html"))
    assert pages == [Path("data/lake/reports/market.html"), Path("data/sandbox/lake/reports/market.html")]
    queries = [query for document in DOCUMENTS for query in _blocks(document, "sql")]
    assert len(queries) >= 5
    with duckdb.connect(str(checkout / "data" / "sandbox" / "warehouse.duckdb"), read_only=True) as warehouse:
        for query in queries:
            assert warehouse.execute(query).fetchall(), query


def test_every_link_to_a_file_leads_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    assert len(documents) > 8
    for document in documents:
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
        assert not [target for target in targets if not (document.parent / target).exists()], document.name
