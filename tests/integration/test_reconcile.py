"""RAWG never says that a game is gone: a walk over the whole catalogue, over many runs, notices."""

from collections.abc import Callable

from sources.rawg.sandbox import SandboxProcess
from tests.project import Project, assert_holds

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]


def _unlisted(project: Project) -> set[int]:
    if "unlisted_games" not in project.tables():
        return set()
    return {game_id for (game_id,) in project.query("SELECT game_id FROM raw.unlisted_games")}


def test_games_that_are_gone_are_noticed_over_many_runs(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(900)
    project = set_up(sandbox)
    project.load("--resources", "games")
    watermark = project.value("SELECT max(updated_to) FROM raw.game_windows")
    gone = [game["id"] for game in sandbox.truth()][100:700:100]
    sandbox.delete(gone)
    runs = 0
    while (finished := project.run("--reconcile", "--max-requests", "20")).exit_code == 3:
        runs += 1
        assert runs < 20, finished.output
        assert "unlisted_games" not in project.tables()
    assert finished.exit_code == 0, finished.output
    assert runs > 0
    assert _unlisted(project) == set(gone)
    assert project.value("SELECT count(*) FROM raw.games") == 900  # nothing is deleted
    assert project.value("SELECT max(updated_to) FROM raw.game_windows") == watermark
    # the next one begins anew
    project.load("--reconcile")
    assert _unlisted(project) == set(gone)
    sandbox.clear_history()
    project.load("--resources", "games")
    assert len(sandbox.history()) <= 5  # the watermark is where it was


def test_a_game_that_changes_meanwhile_is_not_taken_for_gone(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(900)
    project = set_up(sandbox)
    project.load("--resources", "games")
    assert project.run("--reconcile", "--max-requests", "20").exit_code == 3
    sandbox.touch(count=30)
    project.load("--reconcile")
    assert _unlisted(project) == set()
    project.load("--resources", "games")
    assert_holds(project, sandbox.truth())
