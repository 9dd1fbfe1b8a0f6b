"""Fixtures of the report's tests."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.dbt.dbt_project import MODELS_ONLY
from tests.forked import Forked
from tests.project import ROOT, Finished, Project
from tests.reports.page import Page

GAMES = 4_000
HOSTILE = "<script>alert('x')</script> & {{ 7 * 7 }}"
EARLIER = {8: 40, 30: 10}
"""Days before today on which games were seen as well; the smaller the second number, the fewer had added them."""


class Reported(Project):
    """A project with marts, and the page that is made from them."""

    def transform(self) -> None:
        """Builds the models, without tests and without RAWG's key."""
        environment = {
            **self._without_key,
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        script = str(ROOT / "pipelines" / "transform.py")
        exit_code, output = Forked(script, MODELS_ONLY, environment, self.folder).wait()
        assert exit_code == 0, output

    def report(self, *arguments: str) -> Finished:
        """`python -m reports.market`, run to its end."""
        return Finished(*Forked("reports.market", arguments, self.environment, ROOT).wait())

    @property
    def page_file(self) -> Path:
        return self.folder / "data" / "lake" / "reports" / "market.html"

    def page(self) -> Page:
        """The page, made anew."""
        finished = self.report()
        assert finished.exit_code == 0, finished.output
        return Page(self.page_file.read_text())

    def change(self, *statements: str) -> None:
        """Changes the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """A catalogue that was loaded today, over snapshots of earlier days, and modelled; to be read only."""
    folder = tmp_path_factory.mktemp("market")
    settings = {"SOURCES__RAWG__GAME_SELECTION__MINIMUM_ADDED": "5", "SOURCES__RAWG__GAME_SELECTION__LIMIT": "600"}
    with SandboxProcess(GAMES) as sandbox:
        project = Reported(folder, sandbox.base_url, settings)
        project.load()
        project.load("--resources", "game_details")
    today = datetime.now(UTC).date()
    project.change(
        *(
            f"""
            INSERT INTO raw.game_snapshots BY NAME
            SELECT * REPLACE (
                DATE '{today - timedelta(days)}' AS snapshot_date,
                added - added * (game_id % 5) // {divisor} AS added,
                _dlt_id || '-{days}' AS _dlt_id
            )
            FROM raw.game_snapshots WHERE snapshot_date = DATE '{today}'
            """
            for days, divisor in EARLIER.items()
        ),
        # the better known half of a market that is much larger
        "UPDATE raw.games SET ratings_count = ratings_count + 10 WHERE ratings_count > 0",
        # two of the most wanted games share a name that nobody would give a game
        f"""
        UPDATE raw.games SET name = '{HOSTILE.replace("'", "''")}' WHERE id IN (
            SELECT id FROM raw.games WHERE released > DATE '{today}' AND released < DATE '{today + timedelta(400)}'
            ORDER BY added_by_status__toplay DESC NULLS LAST, id LIMIT 2
        )
        """,
    )
    project.transform()
    return project


@pytest.fixture(scope="session")
def page(market: Reported) -> Page:
    """The page of that market."""
    return market.page()


@pytest.fixture
def changeable(market: Reported, tmp_path: Path) -> Callable[[], Reported]:
    """Makes a copy of that market, without a report, to be changed."""

    def copy() -> Reported:
        project = Reported(tmp_path, market.base_url)
        project.warehouse.parent.mkdir()
        shutil.copy(market.warehouse, project.warehouse)
        return project

    return copy
