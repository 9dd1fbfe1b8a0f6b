"""The dbt project as Dagster reads it: its manifest."""

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from dagster_dbt import DbtProject

from orchestration import ROOT

# dbt stands beside this Python, whether its environment is activated or not
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

PROJECT = DbtProject(ROOT / "dbt")


def _is_current(manifest_path: Path) -> bool:
    """Whether the manifest is newer than every file that it was made from."""
    if not manifest_path.exists():
        return False
    written = {"target", "logs", ".user.yml"}
    files = [
        path for part in PROJECT.project_dir.iterdir() if part.name not in written for path in [part, *part.rglob("*")]
    ]
    return manifest_path.stat().st_mtime >= max(path.stat().st_mtime for path in files)


# `prepare_if_dev` would parse the project in the process of every run
if not _is_current(PROJECT.manifest_path):
    PROJECT.preparer.prepare(PROJECT)


@cache
def manifest() -> dict[str, Any]:
    """What dbt knows of the project."""
    parsed: dict[str, Any] = json.loads(PROJECT.manifest_path.read_text())
    return parsed


def source_descriptions() -> dict[str, str]:
    """What each raw table is, in the words of the dbt project."""
    return {source["name"]: source["description"] for source in manifest()["sources"].values()}
