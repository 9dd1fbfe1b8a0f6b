"""The dbt project as the pipeline runs it: a process of its own, its warehouse and artifacts in a folder of its own."""

import json
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from tests.forked import Forked
from tests.project import ROOT

DBT = ROOT / "dbt"
MARTS = ("core", "market")
MODELS_ONLY = ("--exclude-resource-type", "test", "unit_test")
WAREHOUSE = "warehouse.duckdb"


@dataclass(frozen=True)
class Ran:
    """A dbt command that is over."""

    exit_code: int
    output: str
    statuses: dict[str, str]


@dataclass
class DbtProject:
    """The project's models over a DuckDB file in `folder`; everything dbt writes goes to `folder` as well."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        return self.folder / WAREHOUSE

    def copy(self, folder: Path) -> "DbtProject":
        """The same in another folder: what is built, and what dbt knows of the project."""
        (folder / "target").mkdir()
        # a forked process ends without DuckDB's last tidying up: a part of its tables may be in the log
        for name in (WAREHOUSE, f"{WAREHOUSE}.wal", "target/partial_parse.msgpack"):
            if (self.folder / name).exists():
                shutil.copy(self.folder / name, folder / name)
        return DbtProject(folder, self.environment)

    def run(self, *arguments: str) -> Ran:
        """`dbt <arguments>`, run to its end."""
        environment = {
            **os.environ,
            "DBT_PROJECT_DIR": str(DBT),
            "DBT_PROFILES_DIR": str(DBT),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_LOG_LEVEL_FILE": "none",
            # the same in each folder: with other settings dbt would read the project anew
            "DBT_DUCKDB_PATH": WAREHOUSE,
            # more only wait for each other where statements are short
            "DBT_THREADS": "1",
            **self.environment,
        }
        command = str(Path(sys.executable).with_name("dbt"))
        exit_code, output = Forked(command, ("--no-use-colors", *arguments), environment, self.folder).wait()
        return Ran(exit_code, output, self._statuses())

    def build(self, *arguments: str) -> Ran:
        """`dbt build`, run to a good end."""
        ran = self.run("build", *arguments)
        assert ran.exit_code == 0, ran.output
        return ran

    def manifest(self) -> dict[str, Any]:
        """What dbt knows of the project after any command."""
        manifest: dict[str, Any] = json.loads((self.folder / "target" / "manifest.json").read_text())
        return manifest

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement on the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def change(self, *statements: str) -> None:
        """Changes the warehouse, as a load would."""
        with duckdb.connect(str(self.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)

    def marts(self, schemas: Iterable[str] = MARTS) -> dict[str, list[tuple[Any, ...]]]:
        """Every mart with its rows in order."""
        names = ", ".join(f"'{schema}'" for schema in schemas)
        tables = self.query(
            f"SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_schema IN ({names})"
        )
        return {table: self.query(f"SELECT * FROM {table} ORDER BY ALL") for (table,) in tables}

    def _statuses(self) -> dict[str, str]:
        results = self.folder / "target" / "run_results.json"
        if not results.exists():
            return {}
        return {result["unique_id"]: result["status"] for result in json.loads(results.read_text())["results"]}
