"""Fixtures of the dbt tests."""

import shutil
from pathlib import Path

import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.dbt.dbt_project import WAREHOUSE, DbtProject
from tests.project import Project

GAMES = 600
OTHER_RESOURCES = ("developers", "publishers", "game_details")


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The project, read and not built; the others start from what dbt remembers of that."""
    project = DbtProject(tmp_path_factory.mktemp("parsed"))
    ran = project.run("parse")
    assert ran.exit_code == 0, ran.output
    return project


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that the project's own loader filled."""
    folder = tmp_path_factory.mktemp("loaded")
    with SandboxProcess(GAMES) as sandbox:
        project = Project(folder, sandbox.base_url)
        project.load()
        project.load("--resources", *OTHER_RESOURCES)
    return project.warehouse


@pytest.fixture(scope="module")
def built(parsed: DbtProject, loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """The models built over the loaded warehouse, with all their tests; to be copied, not to be changed."""
    project = parsed.copy(tmp_path_factory.mktemp("built"))
    shutil.copy(loaded, project.warehouse)
    project.build()
    return project


@pytest.fixture
def over_loaded(parsed: DbtProject, loaded: Path, tmp_path: Path) -> DbtProject:
    """The models over a copy of the loaded warehouse, not built."""
    shutil.copy(loaded, tmp_path / WAREHOUSE)
    return parsed.copy(tmp_path)


@pytest.fixture
def over_built(built: DbtProject, tmp_path: Path) -> DbtProject:
    """A copy of the built models, to change and to build again."""
    return built.copy(tmp_path)


@pytest.fixture
def over_nothing(parsed: DbtProject, tmp_path: Path) -> DbtProject:
    """The models over a warehouse without a table."""
    return parsed.copy(tmp_path)
