"""What RAWG may do to its fields: nothing is dropped or bent, and new things appear by themselves."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sources.rawg.export_schema import schema_yaml
from sources.rawg.sandbox import SandboxProcess
from sources.rawg.schema_changes import KNOWN_SCHEMA
from tests.project import Project, assert_holds

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]


CHANGES = "(SELECT table_name, column_name, change, data_type FROM raw.schema_changes ORDER BY 1, 2)"


@pytest.fixture(scope="module")
def first_load(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lake and warehouse after a load of all games; to be copied, not to be changed."""
    with SandboxProcess(120) as sandbox:
        project = Project(tmp_path_factory.mktemp("first"), sandbox.base_url)
        project.load("--resources", "games")
    return project.folder / "data"


@pytest.fixture
def loaded(serve: Serve, set_up: SetUp, first_load: Path) -> tuple[SandboxProcess, Project]:
    sandbox = serve(120)
    project = set_up(sandbox)
    shutil.copytree(first_load, project.folder / "data")
    return sandbox, project


def _change(sandbox: SandboxProcess, count: int = 3, **fields: Any) -> list[int]:
    ids = [game["id"] for game in sandbox.truth()][:count]
    sandbox.patch(ids, set=fields)
    sandbox.touch(ids)
    return ids


def test_a_known_column_that_changes_its_type_keeps_old_and_new_values(loaded: tuple[SandboxProcess, Project]) -> None:
    sandbox, project = loaded
    before = dict(project.query("SELECT id, added FROM raw.games"))
    assert "schema_changes" not in project.tables()
    sent = {"double": 7.5, "text": "many", "bool": True}
    ids = dict(zip(sent, sorted(before), strict=False))
    for data_type, value in sent.items():
        sandbox.patch([ids[data_type]], set={"added": value})
    sandbox.touch(list(ids.values()))
    finished = project.load("--resources", "games")
    for data_type, value in sent.items():
        variant = f"added__v_{data_type}"
        kept = project.query(f"SELECT id, added, {variant} FROM raw.games WHERE {variant} IS NOT NULL")
        assert kept == [(ids[data_type], None, value)]
        assert f"games.{variant}" in finished.output  # said aloud, once
    others = project.query(f"SELECT id, added FROM raw.games WHERE id NOT IN {tuple(ids.values())}")
    assert dict(others) == {id: added for id, added in before.items() if id not in ids.values()}
    assert project.query(f"FROM {CHANGES}") == [
        (table, f"added__v_{data_type}", "new_type", data_type)
        for table in ("game_snapshots", "games")
        for data_type in sorted(sent)
    ]
    trace = project.python("-c", "import dlt; print(dlt.attach('rawg').last_trace.asdict())")
    assert "games.added__v_text (new_type: text)" in trace.output
    sandbox.touch(list(ids.values()))
    assert "games.added__v" not in project.load("--resources", "games").output


def test_a_column_of_our_own_making_may_turn_from_int_to_float_to_text(loaded: tuple[SandboxProcess, Project]) -> None:
    sandbox, project = loaded
    _change(sandbox, heat=1)
    project.load("--resources", "games")
    for count, value in ((3, None), (2, "three"), (1, 2.5)):
        _change(sandbox, count, heat=value)
    project.load("--resources", "games")
    columns = {
        name
        for (name,) in project.query(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'raw' AND table_name = 'games'"
        )
    }
    assert {"heat", "heat__v_double", "heat__v_text"} <= columns
    assert project.value("SELECT count(*) FROM raw.games") == 120


def test_a_field_that_disappears_leaves_nulls(loaded: tuple[SandboxProcess, Project]) -> None:
    sandbox, project = loaded
    ids = [game["id"] for game in sandbox.truth()][:4]
    sandbox.patch(ids, remove=["playtime", "short_screenshots"])
    sandbox.touch(ids)
    project.load("--resources", "games")
    listed = ", ".join(map(str, ids))
    assert project.query(f"SELECT DISTINCT playtime FROM raw.games WHERE id IN ({listed})") == [(None,)]


def test_hostile_names_become_columns(loaded: tuple[SandboxProcess, Project]) -> None:
    sandbox, project = loaded
    columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'raw' AND table_name = 'games'"
    before = project.value(columns)
    names = ["select", "Release Window", "naïve 🎮", "user.score", "1st", "a" * 90]
    fields: dict[str, Any] = dict.fromkeys(names, "x")
    _change(sandbox, 3, **fields)
    project.load("--resources", "games")
    assert project.value(columns) == before + len(names)
    assert project.value("SELECT count(*) FROM raw.games") == 120


def test_twins_that_differ_in_case_lose_no_row(loaded: tuple[SandboxProcess, Project]) -> None:
    sandbox, project = loaded
    _change(sandbox, Mood="calm", mood="wild")
    project.load("--resources", "games")
    assert project.value("SELECT count(*) FROM raw.games WHERE mood IN ('calm', 'wild')") == 3


def test_new_objects_and_lists_become_columns_and_tables(loaded: tuple[SandboxProcess, Project]) -> None:
    sandbox, project = loaded
    _change(sandbox, studio={"city": {"name": "Oslo", "people": 3}}, prizes=["gold", "silver"])
    finished = project.load("--resources", "games")
    assert project.query("SELECT DISTINCT studio__city__name FROM raw.games WHERE studio__city__people = 3") == [
        ("Oslo",)
    ]
    assert project.query("SELECT value, count(*) FROM raw.games__prizes GROUP BY value ORDER BY value") == [
        ("gold", 3),
        ("silver", 3),
    ]
    assert "games__prizes" in finished.output
    # the list changes with its game, and goes with it
    _change(sandbox, count=1, prizes=["bronze"])
    project.load("--resources", "games")
    assert project.query("SELECT value, count(*) FROM raw.games__prizes GROUP BY value ORDER BY value") == [
        ("bronze", 1),
        ("gold", 2),
        ("silver", 2),
    ]


def test_links_of_a_new_shape_replace_the_old_ones(loaded: tuple[SandboxProcess, Project]) -> None:
    sandbox, project = loaded
    ids = _change(sandbox, genres=[{"id": 4, "weight": 0.5}, {"slug": "no-id"}])
    project.load("--resources", "games")
    for game_id in ids:
        assert project.query(f"SELECT id, slug FROM raw.games__genres WHERE game_id = {game_id} ORDER BY id") == [
            (4, None),
            (None, "no-id"),
        ]


def test_what_was_odd_and_is_well_again_leaves_the_truth(loaded: tuple[SandboxProcess, Project]) -> None:
    sandbox, project = loaded
    ids = _change(sandbox, metacritic="n/a")
    project.load("--resources", "games")
    sandbox.patch(ids, set={"metacritic": 70})
    sandbox.touch(ids)
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())


def test_the_committed_schema_is_the_one_that_the_project_loads() -> None:
    assert KNOWN_SCHEMA.read_text() == schema_yaml(), "run `make schema` and look at the difference"


def test_what_a_killed_run_did_not_record_is_recorded_by_the_next(loaded: tuple[SandboxProcess, Project]) -> None:
    sandbox, project = loaded
    _change(sandbox, mood="calm")
    project.kill_at("load id was written", 1, "--resources", "games")
    assert "schema_changes" not in project.tables()
    project.load("--resources", "games")
    assert project.query(f"SELECT table_name, column_name, change FROM {CHANGES}") == [("games", "mood", "new_column")]


def test_a_first_load_tells_as_well(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(80)
    project = set_up(sandbox)
    sandbox.patch("all", set={"playtime": "long", "prizes": ["gold"]})
    finished = project.load("--resources", "games")
    assert "games.playtime__v_text (text)" in finished.output
    assert "games__prizes (a new table)" in finished.output
    changes = project.query(f"SELECT DISTINCT table_name, change FROM {CHANGES} ORDER BY ALL")
    assert changes == [("game_snapshots", "new_type"), ("games", "new_type"), ("games__prizes", "new_table")]
