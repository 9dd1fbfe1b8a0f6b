"""Reference lists, catalogues and what is asked for each game."""

from collections.abc import Callable

from sources.rawg.sandbox import SandboxProcess
from tests.project import Project, requests_for

Serve = Callable[..., SandboxProcess]
SetUp = Callable[..., Project]


def test_reference_lists_are_replaced_whole(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(100)
    project = set_up(sandbox)
    lists = ["genres", "platforms", "parent_platforms", "stores", "creator_roles"]
    for _ in range(2):
        project.load("--resources", *lists)
        counts = {name: project.value(f"SELECT count(*) FROM raw.{name}") for name in lists}
        assert counts == {"genres": 19, "platforms": 51, "parent_platforms": 14, "stores": 10, "creator_roles": 7}
    # the only map from a parent platform to its platforms
    unknown = "SELECT count(*) FROM raw.parent_platforms__platforms WHERE id NOT IN (SELECT id FROM raw.platforms)"
    assert project.value(unknown) == 0
    assert not requests_for(sandbox, "/games")


def test_a_list_that_breaks_off_leaves_its_table_alone(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(100)
    project = set_up(sandbox)
    project.load("--resources", "platforms")
    sandbox.faults(match=[{"fault": "envelope:null", "path": "/platforms"}])
    finished = project.run("--resources", "platforms", SOURCES__RAWG__RETRY_ATTEMPTS="2")
    assert finished.exit_code == 4
    assert project.value("SELECT count(*) FROM raw.platforms") == 51


def test_a_catalogue_is_loaded_over_many_packages_and_runs(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(3_000)
    project = set_up(sandbox, SOURCES__RAWG__CHUNK_REQUESTS=3)
    finished = project.run("--resources", "developers", "--max-requests", "7")
    assert finished.exit_code == 3
    assert project.value("SELECT count(*) FROM raw.developers") == 7 * 40
    project.load("--resources", "developers")
    pages = [request["params"]["page"] for request in requests_for(sandbox, "/developers")]
    assert pages == [str(number) for number in range(1, len(pages) + 1)]
    rows, keys = project.query("SELECT count(*), count(DISTINCT id) FROM raw.developers")[0]
    assert rows == keys > 7 * 40


def test_tags_come_from_the_list_as_well_as_from_games(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(300)
    project = set_up(sandbox)
    project.load("--resources", "games")
    unknown = "SELECT count(*) FROM raw.games__tags WHERE id NOT IN (SELECT id FROM raw.tags)"
    assert project.value(unknown) == 0
    with_games = project.value("SELECT count(*) FROM raw.tags")
    project.load("--resources", "tags")
    assert project.value("SELECT count(*) FROM raw.tags") >= with_games
    assert project.value("SELECT count(*) - count(DISTINCT id) FROM raw.tags") == 0


def test_details_are_asked_for_the_most_added_games_and_only_once(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(600)
    project = set_up(sandbox, SOURCES__RAWG__GAME_SELECTION__LIMIT=15, SOURCES__RAWG__GAME_SELECTION__MINIMUM_ADDED=1)
    project.load("--resources", "games")
    sandbox.clear_history()
    project.load("--resources", "game_details", "game_achievements")
    popular = [game["id"] for game in sorted(sandbox.truth(), key=lambda game: (-game["added"], game["id"]))]
    assert {id for (id,) in project.query("SELECT id FROM raw.game_details")} == set(popular[:15])
    assert project.value("SELECT count(*) FROM raw.game_details__developers") > 0
    assert project.value("SELECT typeof(percent) FROM raw.game_achievements LIMIT 1") == "DOUBLE"
    sandbox.touch([popular[3]])
    project.load("--resources", "games")
    sandbox.clear_history()
    project.load("--resources", "game_details", SOURCES__RAWG__GAME_SELECTION__LIMIT="3")
    asked = {int(request["path"].split("/")[2]) for request in sandbox.history()}
    assert popular[3] in asked  # it changed
    assert asked - {popular[3]} <= set(popular[15:])  # the others were never asked for


def test_a_game_that_is_gone_does_not_stop_the_others(serve: Serve, set_up: SetUp) -> None:
    sandbox = serve(300)
    project = set_up(sandbox, SOURCES__RAWG__GAME_SELECTION__LIMIT=5, SOURCES__RAWG__GAME_SELECTION__MINIMUM_ADDED=1)
    project.load("--resources", "games")
    most_added = max(sandbox.truth(), key=lambda game: game["added"])["id"]
    sandbox.delete([most_added])
    project.load("--resources", "game_details", "game_screenshots")
    assert project.value("SELECT count(*) FROM raw.game_details") == 4
    assert project.value("SELECT count(DISTINCT game_id) FROM raw.game_screenshots") > 0
    sandbox.clear_history()
    project.load("--resources", "game_details", SOURCES__RAWG__GAME_SELECTION__LIMIT="1")
    assert str(most_added) not in {request["path"].split("/")[2] for request in sandbox.history()}
