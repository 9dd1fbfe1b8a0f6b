"""Fixtures of the dbt tests."""

import shutil
from pathlib import Path

import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.dbt.dbt_project import DbtProject
from tests.project import Project

GAMES = 600
OTHER_RESOURCES = ("developers", "publishers", "game_details")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that the project's own loader filled."""
    folder = tmp_path_factory.mktemp("loaded")
    with SandboxProcess(GAMES) as sandbox:
        project = Project(folder, sandbox.base_url)
        project.load()
        project.load("--resources", *OTHER_RESOURCES)
    return project.warehouse


@pytest.fixture
def over_loaded(loaded: Path, tmp_path: Path) -> DbtProject:
    """The models over a copy of the loaded warehouse."""
    return DbtProject(tmp_path, Path(shutil.copy(loaded, tmp_path / "warehouse.duckdb")))


@pytest.fixture
def over_nothing(tmp_path: Path) -> DbtProject:
    """The models over a warehouse without a table."""
    return DbtProject(tmp_path, tmp_path / "warehouse.duckdb")
