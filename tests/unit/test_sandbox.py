"""The sandbox through its public door: each behaviour of the RAWG API that it promises, each fault, each lever."""

import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sources.rawg.sandbox import SandboxProcess, names
from sources.rawg.sandbox.__main__ import main
from sources.rawg.sandbox.hashing import mix
from sources.rawg.sandbox.rows import statuses

Json = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 3, 1)
GAMES = 10_500
EVER = "1990-01-01,2100-01-01"
KEY = "secret-key"
PLATFORMS = ",".join(platform.slug for platform in names.PLATFORMS)
SLIM_PLATFORM = {"id", "name", "slug"}
PARTS = {
    "achievements": "achievements_count",
    "screenshots": "screenshots_count",
    "movies": "movies_count",
    "reddit": "reddit_count",
    "additions": "additions_count",
    "game-series": "game_series_count",
    "parent-games": "parents_count",
    "development-team": "creators_count",
}


class Door:
    """A client without retries of one sandbox."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(self.sandbox.base_url + path, params={"key": KEY, **params}, timeout=30)

    def gives_up(self) -> None:
        with pytest.raises(requests.ReadTimeout):
            self.session.get(self.sandbox.base_url + "/games", params={"key": KEY}, timeout=0.1)

    def json(self, path: str, **params: Any) -> Json:
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        body: Json = response.json()
        return body

    def games(self, **params: Any) -> list[Json]:
        rows: list[Json] = self.json("/games", page_size=40, **params)["results"]
        return rows

    def ids(self, **params: Any) -> list[int]:
        return [row["id"] for row in self.games(**params)]

    def count(self, **params: Any) -> int:
        return int(self.json("/games", page_size=1, **params)["count"])

    def faults_seen(self) -> list[str | None]:
        return [entry["fault"] for entry in self.sandbox.history()]


@pytest.fixture(scope="module")
def untouched() -> Iterator[Door]:
    with SandboxProcess(GAMES, as_of=TODAY) as sandbox:
        yield Door(sandbox)


@pytest.fixture
def door(untouched: Door) -> Door:
    """The big catalogue, which no test changes; without faults and history."""
    untouched.sandbox.faults()
    untouched.sandbox.clear_history()
    return untouched


@pytest.fixture(scope="module")
def truth(untouched: Door) -> list[Json]:
    return untouched.sandbox.truth()


@pytest.fixture(scope="module")
def browsed(untouched: Door) -> list[Json]:
    """Rich rows from the head and the tail of the catalogue."""
    pages = [("-added", page) for page in range(1, 11)] + [("created", page) for page in range(1, 31)]
    rows = [row for ordering, page in pages for row in untouched.games(ordering=ordering, page=page)]
    return list({row["id"]: row for row in rows}.values())


@pytest.fixture
def small() -> Iterator[Door]:
    """A catalogue of its own for a test that changes it."""
    with SandboxProcess(300, as_of=TODAY) as sandbox:
        yield Door(sandbox)


# -- keys and quota ----


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"key": None}, "The key parameter is not provided"),
        ({"key": ""}, "The key parameter is not provided"),
        ({"key": "bad-key"}, "The API key is not found"),
    ],
)
def test_refuses_a_missing_and_an_unknown_key(door: Door, params: Json, error: str) -> None:
    response = door.get("/games", **params)
    assert (response.status_code, response.json()) == (401, {"error": error})


def test_bills_each_request_of_the_only_key_until_the_quota_is_spent() -> None:
    with SandboxProcess(5, key=KEY, quota=3, faults={"script": {"3": "502", "4": "reset"}}) as sandbox:
        door = Door(sandbox)
        assert door.get("/games", key="another").json() == {"error": "The API key is not found"}
        assert door.get("/games").status_code == 200
        assert door.get("/games").status_code == 502
        with pytest.raises(requests.ConnectionError):
            door.get("/games")
        spent = door.get("/genres")
        assert (spent.status_code, spent.json()) == (401, {"error": "The monthly API limit reached"})
        sandbox.faults(quota=1)
        assert [door.get("/games").status_code for _ in range(2)] == [200, 401]
        sandbox.faults(quota=None)
        assert door.get("/games").status_code == 200


def test_next_and_previous_carry_the_key_and_all_parameters(door: Door) -> None:
    body = door.json("/games", page=2, page_size=40, ordering="-added", genres="4,51")
    for link, page in ((body["next"], ["3"]), (body["previous"], None)):
        params = parse_qs(urlsplit(link).query)
        assert params.pop("page", None) == page
        assert params == {"key": [KEY], "page_size": ["40"], "ordering": ["-added"], "genres": ["4,51"]}
        assert link.startswith(door.sandbox.base_url + "/games?")
        assert requests.get(link, timeout=30).status_code == 200


def test_history_tells_what_was_asked_but_not_the_key(door: Door) -> None:
    door.get("/games", page=3)
    door.get("/games/nothing-like-it", key="bad-key")
    seen = door.sandbox.history()
    assert [{name: entry[name] for name in ("n", "path", "params", "status", "fault")} for entry in seen] == [
        {"n": 1, "path": "/games", "params": {"page": "3"}, "status": 200, "fault": None},
        {"n": 2, "path": "/games/nothing-like-it", "params": {}, "status": 401, "fault": None},
    ]
    assert KEY not in str(seen)
    door.sandbox.clear_history()
    door.get("/genres")
    assert [entry["n"] for entry in door.sandbox.history()] == [1]


# -- pages ----


@pytest.mark.parametrize(("asked", "rows"), [(None, 20), (1, 1), (40, 40), (41, 40), (1000, 40), (0, 20), ("many", 20)])
def test_a_page_has_at_most_40_rows(door: Door, asked: object, rows: int) -> None:
    assert len(door.json("/games", page_size=asked)["results"]) == rows


@pytest.mark.parametrize("page", ["0", "-1", "x", str(GAMES // 40 + 2), "9" * 30])
def test_a_page_that_does_not_exist_is_404(door: Door, page: str) -> None:
    response = door.get("/games", page=page, page_size=40)
    assert (response.status_code, response.json()) == (404, {"detail": "Invalid page."})


def test_an_unfiltered_list_is_complete(door: Door, truth: list[Json]) -> None:
    last = GAMES // 40 + 1
    assert door.json("/games", page_size=40)["previous"] is None
    body = door.json("/games", page=last, page_size=40, ordering="created")
    assert (body["count"], body["next"], len(body["results"])) == (GAMES, None, GAMES % 40)
    assert [row["id"] for row in body["results"]] == [game["id"] for game in truth[-(GAMES % 40) :]]


@pytest.mark.parametrize("filters", [{"updated": EVER}, {"platforms": PLATFORMS}, {"exclude_additions": "true"}])
def test_a_filtered_list_stops_after_10000_rows_but_counts_on(door: Door, filters: Json) -> None:
    last = door.json("/games", page=250, page_size=40, **filters)
    assert last["count"] > 10_000
    assert len(last["results"]) == 40
    assert parse_qs(urlsplit(last["next"]).query)["page"] == ["251"]
    beyond = door.get("/games", page=251, page_size=40, **filters)
    assert (beyond.status_code, beyond.json()) == (404, {"detail": "Invalid page."})


def test_the_cap_counts_rows_whatever_the_page_size(door: Door) -> None:
    assert len(door.json("/games", page=257, page_size=39, updated=EVER)["results"]) == 10_000 - 256 * 39
    assert door.get("/games", page=258, page_size=39, updated=EVER).status_code == 404


# -- errors ----


@pytest.mark.parametrize("path", ["/games/999999999", "/games/no-such-game", "/genres/999", "/games/0/screenshots"])
def test_an_unknown_id_is_not_found(door: Door, path: str) -> None:
    response = door.get(path)
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


@pytest.mark.parametrize("path", ["/nothing", "/games/1/nothing", "/games/1/screenshots/2", "/genres/4/games", "/"])
def test_an_unknown_path_is_html(door: Door, path: str) -> None:
    response = door.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert "<html" in response.text


def test_responses_cannot_be_asked_for_conditionally(door: Door) -> None:
    headers = door.get("/games").headers
    assert headers["content-type"] == "application/json"
    assert not {"etag", "last-modified"} & {name.lower() for name in headers}


@pytest.mark.parametrize("part", ["suggested", "twitch", "youtube"])
def test_some_parts_need_a_paid_plan(door: Door, truth: list[Json], part: str) -> None:
    assert door.get(f"/games/{truth[0]['id']}/{part}").status_code == 401


# -- filters ----


@pytest.mark.parametrize("name", ["updated", "dates"])
@pytest.mark.parametrize(
    "value",
    [
        "2024-01-01",
        "2024-01-01,",
        "2024-1-1,2024-2-1",
        "2024-02-30,2024-03-01",
        "2024-01-01T00:00:00,2024-02-01",
        "x,y",
    ],
)
def test_a_malformed_date_filter_is_ignored(door: Door, name: str, value: str) -> None:
    body = door.json("/games", **{name: value})
    assert body["count"] == GAMES
    assert isinstance(body["results"][0]["platforms"], list)
    assert "released_at" in body["results"][0]["platforms"][0]
    assert door.get("/games", page=251, page_size=40, **{name: value}).status_code == 200


def test_updated_filters_whole_days_both_inclusive(door: Door, truth: list[Json]) -> None:
    days = Counter(game["updated"][:10] for game in truth)
    (first, _), (last, _) = sorted(days.items())[-5], sorted(days.items())[-2]
    listed = door.ids(updated=f"{first},{first}", page=1)
    assert set(listed) <= {game["id"] for game in truth if game["updated"].startswith(first)}
    assert door.count(updated=f"{first},{first}") == days[first]
    assert door.count(updated=f"{first},{last}") == sum(n for day, n in days.items() if first <= day <= last)
    assert door.count(updated=f"{last},{first}") == 0


def test_updates_are_naive_seconds_spread_over_the_day(truth: list[Json]) -> None:
    stamps = Counter(game["updated"] for game in truth)
    assert all(len(stamp) == len("2026-03-01T00:00:00") for stamp in stamps)
    assert max(stamps) < TODAY.isoformat()
    assert len(stamps) > GAMES * 0.9


def test_dates_filters_releases(door: Door, truth: list[Json]) -> None:
    expected = {game["id"] for game in truth if "2024-03-01" <= (game["released"] or "") <= "2024-03-12"}
    assert set(door.ids(dates="2024-03-01,2024-03-12")) == expected
    april = {game["id"] for game in truth if "2020-04-01" <= (game["released"] or "") <= "2020-04-12"}
    assert door.count(dates="2024-03-01,2024-03-12.2020-04-01,2020-04-12") == len(expected) + len(april)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("genres", "4", {4}),
        ("genres", "action,51", {4, 51}),
        ("platforms", "18,187", {18, 187}),
        ("parent_platforms", "2", {2}),
        ("parent_platforms", "mac,14", {5, 14}),
        ("stores", "gog", {5}),
        ("tags", "31,singleplayer,40", {31, 40}),
        ("genres", "999999", set()),
        ("tags", "no-such-tag", set()),
    ],
)
def test_link_filters_take_ids_and_slugs(
    door: Door, truth: list[Json], name: str, value: str, wanted: set[int]
) -> None:
    expected = sum(not wanted.isdisjoint(game[name]) for game in truth)
    body = door.json("/games", **{name: value})
    assert body["count"] == expected
    assert bool(body["results"]) == bool(wanted)


@pytest.mark.parametrize("name", ["developers", "publishers", "creators"])
def test_filters_by_makers_agree_with_the_details(door: Door, name: str) -> None:
    largest = door.json(f"/{name}")["results"][0]
    found = door.ids(**{name: largest["slug"]})
    assert found == door.ids(**{name: largest["id"]})
    part = "/development-team" if name == "creators" else ""
    detail = door.json(f"/games/{found[0]}{part}")
    assert largest["id"] in [entry["id"] for entry in detail["results" if part else name]]
    assert door.count(**{name: largest["id"]}) == largest["games_count"]


def test_filters_by_score_text_and_kind(door: Door, truth: list[Json]) -> None:
    scored = {game["id"] for game in truth if 80 <= (game["metacritic"] or 0) <= 100}
    assert door.count(metacritic="80,100") == len(scored) > 0
    assert door.count(metacritic="80") == door.count(metacritic="a,b") == GAMES
    named = {game["id"] for game in truth if "lantern" in game["slug"]}
    assert door.count(search="Lantern") == len(named) > 0
    assert {row["id"] for row in door.games(search="Lantern")} <= named
    additions = GAMES - door.count(exclude_additions="true")
    assert 0 < additions < GAMES / 10
    assert door.json("/games", search="no such game at all")["results"] == []


def test_filters_combine(door: Door, truth: list[Json]) -> None:
    expected = sum(4 in game["genres"] and 18 in game["platforms"] for game in truth)
    assert door.count(genres="4", platforms="18") == expected > 0


# -- ordering ----


@pytest.mark.parametrize("name", ["name", "released", "added", "updated", "rating", "metacritic"])
def test_orderings_go_both_ways(door: Door, truth: list[Json], name: str) -> None:
    wanted = [game for game in truth if "2010-01-01" <= (game["released"] or "") <= "2023-12-31"]
    filters = {"dates": "2010-01-01,2023-12-31"}
    keys = [game[name].lower() if name == "name" else game[name] or 0 for game in wanted]
    for ordering, is_reversed in ((name, False), (f"-{name}", True)):
        rows = [row for page in (1, 2, 3) for row in door.games(ordering=ordering, page=page, **filters)]
        listed = [row[name].lower() if name == "name" else row[name] or 0 for row in rows]
        assert listed == sorted(keys, reverse=is_reversed)[:120]


def test_the_most_added_come_first_by_default(door: Door) -> None:
    assert door.ids() == door.ids(ordering="no-such-order") == door.ids(ordering="-added")


def test_created_is_stable_while_games_are_touched(small: Door) -> None:
    everyone = [game["id"] for game in small.sandbox.truth()]
    assert everyone == sorted(everyone)
    before = [small.ids(ordering="created", updated=EVER, page=page) for page in (1, 2, 8)]
    touched = small.sandbox.touch(count=25)
    after = [small.ids(ordering="created", updated=EVER, page=page) for page in (1, 2, 8)]
    assert after == before == [everyone[:40], everyone[40:80], everyone[280:]]
    assert small.ids(ordering="-created") == everyone[::-1][:40]
    assert set(small.ids(ordering="-updated")[:25]) == set(touched)


# -- rows ----


def place_in_browse(door: Door, truth: list[Json], game: Json) -> Json:
    place = truth.index(game)
    return door.games(ordering="created", page=place // 40 + 1)[place % 40]


def test_a_filtered_row_is_slim_and_a_browsed_row_is_rich(door: Door, truth: list[Json]) -> None:
    game = max((game for game in truth if game["stores"] and game["genres"]), key=lambda game: int(game["added"]))
    rich = place_in_browse(door, truth, game)
    slim = next(row for row in door.games(updated=EVER, ordering="-added") if row["id"] == game["id"])
    for row in (rich, slim):
        assert row["id"] == game["id"]
        assert {name: row[name] for name in ("slug", "name", "updated", "added")} == {
            name: game[name] for name in ("slug", "name", "updated", "added")
        }
        assert [entry["platform"]["id"] for entry in row["platforms"]] == game["platforms"]
        assert [entry["platform"]["id"] for entry in row["parent_platforms"]] == game["parent_platforms"]
        assert [entry["store"]["id"] for entry in row["stores"]] == game["stores"]
        assert [entry["id"] for entry in row["genres"]] == game["genres"]
        assert [entry["id"] for entry in row["tags"]] == game["tags"]
        assert [entry["id"] for entry in row["short_screenshots"]] == game["short_screenshots"]
        assert row["user_game"] is None
    assert rich["platforms"][0].keys() == {"platform", "released_at", "requirements_en", "requirements_ru"}
    assert rich["platforms"][0]["platform"].keys() > SLIM_PLATFORM
    assert rich["stores"][0].keys() == {"id", "store"}
    assert "score" not in rich
    assert slim["platforms"][0].keys() == {"platform"}
    assert slim["platforms"][0]["platform"].keys() == SLIM_PLATFORM
    assert slim["stores"][0].keys() == {"store"}
    assert slim["score"] is None


def test_no_platforms_are_null_when_filtered_and_empty_when_browsed(door: Door, truth: list[Json]) -> None:
    game = next(game for game in truth if not game["platforms"])
    rich = place_in_browse(door, truth, game)
    day = game["updated"][:10]
    slim = next(row for row in door.games(updated=f"{day},{day}") if row["id"] == game["id"])
    for name in ("platforms", "parent_platforms", "stores"):
        assert (rich[name], slim[name]) == ([], None)


def test_a_search_scores_its_rows(door: Door) -> None:
    scores = [float(row["score"]) for row in door.games(search="a") if isinstance(row["score"], str)]
    assert len(scores) == 40
    assert scores == sorted(scores, reverse=True)


def test_age_ratings_have_more_names_when_filtered(door: Door) -> None:
    rich = {row["id"]: row["esrb_rating"] for row in door.games() if row["esrb_rating"]}
    slim = {row["id"]: row["esrb_rating"] for row in door.games(updated=EVER) if row["esrb_rating"]}
    assert rich.keys() == slim.keys()
    assert rich
    for game, rating in rich.items():
        assert rating.keys() == {"id", "name", "slug"}
        assert slim[game].keys() == {"id", "name", "slug", "name_en", "name_ru"}


def test_envelopes_carry_what_is_not_data(door: Door) -> None:
    core = {"count", "next", "previous", "results"}
    browse, search = door.json("/games"), door.json("/games", search="a")
    assert browse.keys() - core >= {
        "seo_title",
        "noindex",
        "nofollow",
        "description",
        "filters",
        "nofollow_collections",
    }
    assert search.keys() - core == {"user_platforms"}


def test_sums_hold_on_every_row(browsed: list[Json]) -> None:
    assert len(browsed) > 1_500
    for row in browsed:
        assert sum(entry["count"] for entry in row["ratings"]) == row["reviews_count"]
        assert row["ratings_count"] + row["reviews_text_count"] == row["reviews_count"]
        if row["added_by_status"]:
            assert sum(row["added_by_status"].values()) == row["added"]
            assert min(row["added_by_status"].values()) > 0
        else:
            assert row["added"] == 0
        assert 0 <= row["rating"] <= 5


@pytest.mark.parametrize("is_out", [True, False])
@pytest.mark.parametrize("added", [1, 25, 999, 20_000])
def test_no_status_is_ever_negative(added: int, is_out: bool) -> None:
    for number in range(10_000):
        parts = statuses(added, mix(number), is_out) or {}
        assert sum(parts.values()) == added
        assert min(parts.values()) > 0


def test_rows_show_the_odd_values_of_the_real_ones(browsed: list[Json]) -> None:
    ratings = [entry for row in browsed for entry in row["ratings"]]
    assert any(row["rating"] == 0 and isinstance(row["rating"], int) for row in browsed)
    assert {type(entry["percent"]) for entry in ratings} == {int, float}
    assert {entry["id"] for entry in ratings} == {1, 3, 4, 5}
    ids = [[entry["id"] for entry in row["ratings"]] for row in browsed]
    assert [] in ids
    assert any(found != sorted(found, reverse=True) for found in ids)
    assert {None, ""} < {row["background_image"] for row in browsed}
    assert any(row["added_by_status"] is None for row in browsed)
    assert any(row["added_by_status"] == {} for row in browsed)
    assert len({frozenset(row["added_by_status"] or ()) for row in browsed}) > 3
    for name in ("metacritic", "clip", "esrb_rating"):
        assert {row[name] is None for row in browsed} == {True, False}
    assert 0 in {row["playtime"] for row in browsed}
    assert 0 < sum("community_rating" in row for row in browsed) < len(browsed)
    assert any(10 <= len(row["tags"]) <= 40 for row in browsed)
    assert {tag["language"] for row in browsed for tag in row["tags"]} == {"eng", "rus"}
    assert {row["short_screenshots"][0]["id"] for row in browsed if row["background_image"]} == {-1}


def test_all_games_can_be_as_rich_as_popular_ones() -> None:
    lists = ("tags", "platforms", "parent_platforms", "genres", "stores", "ratings", "short_screenshots")
    with SandboxProcess(200, as_of=TODAY) as usual, SandboxProcess(200, as_of=TODAY, popular=True) as popular:
        rows, rich_rows = (Door(sandbox).games(ordering="created", page=1) for sandbox in (usual, popular))
    assert [row["id"] for row in rows] == [row["id"] for row in rich_rows]
    links, rich_links = (sum(len(row[name]) for row in page for name in lists) for page in (rows, rich_rows))
    assert links < 25 * len(rows)
    assert rich_links > 35 * len(rich_rows)


def test_release_dates_are_as_untidy_as_the_real_ones(truth: list[Json]) -> None:
    released = Counter(game["released"] for game in truth)
    assert 0.025 < released[None] / GAMES < 0.042
    assert released[""] > 0
    assert released["2030-01-01"] > 10
    new_year = sum(count for day, count in released.items() if day and day.endswith(("-01-01", "-12-31")))
    assert new_year > 3 * GAMES * 2 / 365


def test_placeholders_are_not_marked_as_to_be_announced(door: Door) -> None:
    rows = door.games(dates="2030-01-01,2030-01-01")
    assert rows
    assert {row["tba"] for row in rows} == {False}


def test_popularity_is_skewed_and_names_are_unique(truth: list[Json]) -> None:
    added = sorted((game["added"] for game in truth), reverse=True)
    assert sum(added[: GAMES // 100]) > sum(added) / 2
    assert len({game["slug"] for game in truth}) == len({game["id"] for game in truth}) == GAMES


# -- details ----


@pytest.fixture(scope="module")
def popular(untouched: Door) -> Json:
    rows = untouched.games(ordering="-added")
    return next(row for row in rows if row["metacritic"] and row["stores"])


def test_a_detail_adds_texts_studios_and_counts(door: Door, popular: Json) -> None:
    detail = door.json(f"/games/{popular['id']}")
    assert detail == door.json(f"/games/{popular['slug']}")
    same = popular.keys() - {"short_screenshots", "platforms"}
    assert {name: detail[name] for name in same} == {name: popular[name] for name in same}
    assert "short_screenshots" not in detail
    assert detail["name_original"] == popular["name"]
    assert detail["description"].startswith("<p>")
    assert "<" not in detail["description_raw"]
    assert {"website", "metacritic_url", "alternative_names", "reactions"} <= detail.keys()
    assert detail["developers"][0].keys() == {"id", "name", "slug", "games_count", "image_background"}
    assert all(isinstance(entry["requirements"], dict) for entry in detail["platforms"])
    scored = [entry["platform"]["platform"] for entry in detail["metacritic_platforms"]]
    assert scored == [entry["platform"]["id"] for entry in popular["platforms"]]


@pytest.mark.parametrize(("part", "count"), PARTS.items())
def test_the_parts_of_a_game_are_as_many_as_its_detail_says(
    door: Door, truth: list[Json], part: str, count: str
) -> None:
    leaders = door.ids(ordering="-added")[:12]
    tail = [game["id"] for game in truth[:60]]
    details = {game: door.json(f"/games/{game}") for game in leaders + tail}
    sizes = {game: door.json(f"/games/{game}/{part}")["count"] for game in details}
    assert sizes == {game: detail[count] for game, detail in details.items()}


def test_parts_are_paginated(door: Door) -> None:
    game = next(game for game in door.ids() if door.json(f"/games/{game}")["achievements_count"] > 20)
    first = door.json(f"/games/{game}/achievements")
    second = door.json(f"/games/{game}/achievements", page=2)
    assert len(first["results"]) == 20
    assert parse_qs(urlsplit(first["next"]).query)["key"] == [KEY]
    ids = [row["id"] for row in first["results"] + second["results"]]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(row["percent"], str) for row in first["results"])


def test_a_games_stores_have_addresses(door: Door, popular: Json) -> None:
    links = door.json(f"/games/{popular['id']}/stores")["results"]
    assert [link["store_id"] for link in links] == [entry["store"]["id"] for entry in popular["stores"]]
    assert [link["id"] for link in links] == [entry["id"] for entry in popular["stores"]]
    assert all(link["url"].startswith("https://") and link["game_id"] == popular["id"] for link in links)


def test_additions_and_their_parents_know_each_other(door: Door, truth: list[Json]) -> None:
    addition = next(game for game in truth if game["name"].endswith(" - Season Pass") or " - The Lost" in game["name"])
    (parent,) = door.json(f"/games/{addition['id']}/parent-games")["results"]
    additions = door.json(f"/games/{parent['id']}/additions")["results"]
    assert addition["id"] in [game["id"] for game in additions]


# -- reference lists ----


@pytest.mark.parametrize(
    ("path", "size"),
    [("/genres", 19), ("/platforms/lists/parents", 14), ("/stores", 10), ("/creator-roles", 7)],
)
def test_short_lists_come_whole(door: Door, path: str, size: int) -> None:
    body = door.json(path)
    assert (body["count"], len(body["results"]), body["next"]) == (size, size, None)
    assert len({row["id"] for row in body["results"]}) == size


def test_platforms_come_in_two_pages(door: Door) -> None:
    first, second = door.json("/platforms"), door.json("/platforms", page=2)
    assert (first["count"], len(first["results"]), len(second["results"])) == (51, 50, 1)
    assert parse_qs(urlsplit(first["next"]).query) == {"key": [KEY], "page": ["2"]}
    ids = {row["id"] for row in first["results"] + second["results"]}
    parents = door.json("/platforms/lists/parents")["results"]
    members = [platform["id"] for parent in parents for platform in parent["platforms"]]
    assert len(members) == 51
    assert set(members) == ids


@pytest.mark.parametrize("path", ["/tags", "/developers", "/publishers", "/creators"])
def test_long_lists_can_be_walked(door: Door, path: str) -> None:
    body = door.json(path, page_size=40)
    rows = body["results"]
    for page in range(2, -(-body["count"] // 40) + 1):
        rows += door.json(path, page_size=40, page=page)["results"]
    assert len({row["id"] for row in rows}) == len({row["slug"] for row in rows}) == body["count"]
    assert 0 < len(rows[0]["games"]) <= 6
    assert min(row["games_count"] for row in rows) > 0
    assert door.json(path, updated="2026-02-01,2026-02-02")["count"] == body["count"]
    assert door.json(path, ordering="name")["results"] == door.json(path)["results"]


@pytest.mark.parametrize("path", ["/genres", "/platforms", "/stores", "/platforms/lists/parents"])
def test_short_lists_can_be_ordered(door: Door, path: str) -> None:
    rows = door.json(path, ordering="name")["results"]
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    assert door.json(path, ordering="-id")["results"][0]["id"] == max(row["id"] for row in rows)


@pytest.mark.parametrize("kind", ["genres", "platforms", "stores", "tags"])
def test_every_link_leads_to_an_entry(door: Door, truth: list[Json], kind: str) -> None:
    linked = {number for game in truth for number in game[kind]}
    listed = set()
    body: Json = {"next": f"{door.sandbox.base_url}/{kind}?key={KEY}&page_size=40"}
    while body["next"]:
        body = door.session.get(body["next"], timeout=30).json()
        listed |= {row["id"] for row in body["results"]}
    assert linked <= listed


@pytest.mark.parametrize("kind", ["genres", "platforms", "stores", "tags", "developers", "publishers", "creators"])
def test_an_entry_has_a_page_by_id_and_slug(door: Door, kind: str) -> None:
    row = door.json(f"/{kind}")["results"][0]
    detail = door.json(f"/{kind}/{row['id']}")
    assert detail == door.json(f"/{kind}/{row['slug']}")
    assert (detail["name"], detail["games_count"]) == (row["name"], row["games_count"])
    assert detail["description"]


def test_id_spaces_overlap(door: Door) -> None:
    def ids(path: str) -> set[int]:
        return {row["id"] for row in door.json(path, page_size=40)["results"]}

    assert ids("/platforms") & ids("/platforms/lists/parents")
    assert ids("/developers") & ids("/publishers")


def test_a_full_size_list_of_tags_has_no_two_slugs_alike() -> None:
    assert len({names.tag(number)[1] for number in range(9_672)}) == 9_672


# -- faults ----


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("502", 502, "<!DOCTYPE html>"),
        ("522", 522, "<!DOCTYPE html>"),
        ("html502", 502, "<!DOCTYPE html>"),
        ("html200", 200, "<!DOCTYPE html>"),
        ("429", 429, "throttled"),
    ],
)
def test_failures_look_like_the_real_ones(door: Door, fault: str, status: int, text: str) -> None:
    door.sandbox.faults(**{fault: 1.0})
    response = door.get("/games")
    assert response.status_code == status
    assert text in response.text
    assert ("html" in response.headers["content-type"]) == ("html" in text)
    assert "retry-after" not in response.headers


@pytest.mark.parametrize("seconds", ["0", "7"])
def test_a_429_may_say_when_to_retry(door: Door, seconds: str) -> None:
    door.sandbox.faults(script={1: f"429:{seconds}"})
    response = door.get("/games")
    assert (response.status_code, response.headers["retry-after"]) == (429, seconds)
    assert door.get("/games").status_code == 200


def test_a_reset_is_a_connection_error(door: Door) -> None:
    door.sandbox.faults(script={1: "reset"})
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        door.get("/games")
    assert door.get("/games").status_code == 200
    assert [entry["status"] for entry in door.sandbox.history()] == [None, 200]


def test_a_cut_body_breaks_the_connection_while_it_is_read(door: Door) -> None:
    door.sandbox.faults(script={1: "cut"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        door.get("/games")
    assert len(door.games()) == 40


def test_broken_connections_of_one_client_leave_the_other_alone(door: Door) -> None:
    door.sandbox.faults(reset=0.3, cut=0.3)
    both_ready = threading.Barrier(2)

    def client(pages: range) -> dict[str, str | None]:
        own, seen = Door(door.sandbox), {}
        both_ready.wait(10)
        for page in pages:
            outcome = None
            try:
                assert len(own.games(page=page)) == 40
            except requests.exceptions.ChunkedEncodingError:
                outcome = "cut"
            except requests.ConnectionError:
                outcome = "reset"
            seen[str(page)] = outcome
        return seen

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(client, (range(1, 31), range(31, 61)))
    told = {entry["params"]["page"]: entry["fault"] for entry in door.sandbox.history()}
    assert first | second == told
    assert set(told.values()) == {None, "reset", "cut"}


def test_a_hang_holds_only_its_own_request(door: Door) -> None:
    door.sandbox.faults(script={1: "hang:600"}, match=[{"fault": "hang:0.001", "params": {"page": 2}}])
    plain = door.sandbox.base_url.removeprefix("http://").removesuffix("/api")
    host, port = plain.split(":")
    with socket.create_connection((host, int(port))) as hanging:
        hanging.sendall(f"GET /api/games?key=k HTTP/1.1\r\nHost: {plain}\r\n\r\n".encode())
        assert any(door.sandbox.history() for _ in range(1_000))  # until it has arrived
        assert len(door.games(page=2)) == 40
        assert door.faults_seen() == ["hang:600", "hang:0.001"]
        hanging.setblocking(False)
        with pytest.raises(BlockingIOError):
            hanging.recv(1)


@pytest.mark.parametrize("settings", [{"hang": 1}, {"latency_ms": 600_000}])
def test_a_client_may_give_up_on_a_slow_answer(door: Door, settings: Json) -> None:
    door.sandbox.faults(**settings)
    door.gives_up()
    door.sandbox.faults()
    assert door.get("/games").status_code == 200


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("envelope", lambda body: body.keys() == {"error"}),
        ("envelope:error", lambda body: body.keys() == {"error"}),
        ("envelope:null", lambda body: body["results"] is None),
        ("envelope:list", lambda body: body == []),
    ],
)
def test_a_200_may_be_wrong_json(door: Door, fault: str, check: Any) -> None:
    door.sandbox.faults(script={1: fault})
    response = door.get("/games")
    assert response.status_code == 200
    assert check(response.json())


def test_a_good_filter_may_be_ignored(door: Door) -> None:
    window = {"updated": "2026-02-01,2026-02-02"}
    door.sandbox.faults(script={1: "ignore_filter"})
    ignored = door.json("/games", **window)
    assert ignored["count"] == GAMES > door.count(**window)
    assert parse_qs(urlsplit(ignored["next"]).query)["updated"] == ["2026-02-01,2026-02-02"]
    assert any(not "2026-02-01" <= row["updated"][:10] <= "2026-02-02" for row in ignored["results"])


def test_rates_are_drawn_by_request_number(door: Door) -> None:
    def draw(**settings: Any) -> list[str | None]:
        door.sandbox.clear_history()
        door.sandbox.faults(**{"502": 0.2, "429:0": 0.2}, **settings)
        statuses = {None: 200, "502": 502, "429:0": 429}
        answered = [door.get("/creator-roles").status_code for _ in range(100)]
        assert answered == [statuses[fault] for fault in door.faults_seen()]
        return door.faults_seen()

    first = draw()
    assert all(5 < Counter(first)[fault] < 40 for fault in ("502", "429:0"))
    assert draw() == first
    assert draw(seed=2) != first


def test_a_match_names_requests_and_a_script_wins(door: Door) -> None:
    door.sandbox.faults(
        script={4: "522"},
        match=[
            {"fault": "502", "path": "/games", "params": {"page": "2"}, "times": 2},
            {"fault": "429", "path": "/tags"},
        ],
    )
    asked = [("/games", 1), ("/games", 2), ("/tags", 1), ("/games", 2), ("/games", 2), ("/games", 2), ("/tags", 2)]
    assert [door.get(path, page=page).status_code for path, page in asked] == [200, 502, 429, 522, 502, 200, 429]


def test_drift_moves_rows_between_pages(small: Door) -> None:
    still = [game for page in range(1, 9) for game in small.ids(ordering="-updated", page=page)]
    assert len(set(still)) == 300
    small.sandbox.faults(drift=2)
    moving = [game for page in range(1, 9) for game in small.ids(ordering="-updated", page=page)]
    assert len(set(moving)) < len(moving) == 300


def test_deletions_shorten_the_list_during_the_walk(small: Door) -> None:
    small.sandbox.faults(deletions=3)
    assert [small.count(updated=EVER) for _ in range(7)] == [300, 300, 300, 299, 299, 299, 298]
    assert len(small.sandbox.truth()) == 298


def test_shuffled_pages_repeat_some_rows_and_miss_others(small: Door) -> None:
    small.sandbox.faults(shuffle=True)
    pages = [small.json("/games", ordering="created", page_size=40, page=page) for page in range(1, 9)]
    ids = [row["id"] for page in pages for row in page["results"]]
    assert {page["count"] for page in pages} == {len(ids)} == {300}
    assert len(set(ids)) < 300


@pytest.mark.parametrize(
    "settings",
    [
        {"503": 0.1},
        {"502": 1.1},
        {"502": "often"},
        {"502": 0.6, "reset": 0.6},
        {"script": ["502"]},
        {"script": {"1": "broken"}},
        {"match": [{"path": "/games"}]},
        {"match": [{"fault": "502", "times": "twice"}]},
        {"match": [{"fault": "502", "params": 2}]},
        {"drift": -1},
        {"quota": "all"},
    ],
)
def test_unknown_faults_are_refused_and_change_nothing(door: Door, settings: Json) -> None:
    door.sandbox.faults(**{"502": 1.0})
    with pytest.raises(ValueError, match=r"\w.*\.$"):
        door.sandbox.faults(**settings)
    assert door.get("/games").status_code == 502


# -- levers ----


def test_touch_stamps_today_and_raises_measures(small: Door) -> None:
    before = {game["id"]: game for game in small.sandbox.truth()}
    assert small.count(updated=f"{TODAY},{TODAY}") == 0
    some = next(iter(before))
    assert small.sandbox.touch(ids=[some]) == [some]
    touched = {some, *small.sandbox.touch(count=9)}
    assert len(touched) == 10
    assert set(small.ids(updated=f"{TODAY},{TODAY}")) == touched
    for game in small.sandbox.truth():
        old = before[game["id"]]
        if game["id"] in touched:
            assert game["added"] > old["added"]
            assert game["updated"].startswith(TODAY.isoformat())
        else:
            assert game == old
    with pytest.raises(ValueError, match="There is no game 999999"):
        small.sandbox.touch(ids=[999_999])


def test_nobody_rates_what_is_not_out(small: Door) -> None:
    coming = [game["id"] for game in small.sandbox.truth() if "2026-06-02" <= (game["released"] or "") < "2027-12-31"]
    small.sandbox.touch(ids=coming)
    touched = [game for game in small.sandbox.truth() if game["id"] in coming]
    assert touched
    assert all(game["added"] >= 4 and not game["ratings"] for game in touched)


def test_deleted_games_are_gone_and_nobody_is_told(small: Door) -> None:
    before = small.sandbox.truth()
    gone = [game["id"] for game in before[10:13]]
    small.sandbox.delete(gone)
    assert small.sandbox.truth() == [game for game in before if game["id"] not in gone]
    assert small.count() == small.count(updated=EVER) == 297
    assert [small.get(f"/games/{game}").status_code for game in gone] == [404] * 3
    assert small.get(f"/games/{before[10]['slug']}").status_code == 404
    samples = [game["id"] for row in small.json("/developers", page_size=40)["results"] for game in row["games"]]
    assert samples
    assert not set(samples) & set(gone)


def test_patch_changes_served_rows_only(small: Door) -> None:
    first, second, *_ = before = small.sandbox.truth()
    small.sandbox.patch([first["id"]], set={"added": 77, "mood": {"calm": True}}, remove=["name"])
    for row in (small.json(f"/games/{first['id']}"), small.games(ordering="created")[0]):
        assert (row["added"], row["mood"], row["updated"]) == (77, {"calm": True}, first["updated"])
        assert "name" not in row
    small.sandbox.patch("all", set={"playtime": None})
    slim = {row["id"]: row for row in small.games(updated=EVER, ordering="created")}
    assert {row["playtime"] for row in slim.values()} == {None}
    assert slim[second["id"]]["added"] == second["added"]
    assert small.sandbox.truth() == [
        {**first, "added": 77, "name": None, "playtime": None},
        *({**game, "playtime": None} for game in before[1:]),
    ]


def test_links_are_replaced_and_the_game_is_touched(small: Door) -> None:
    game = small.sandbox.truth()[0]["id"]
    wanted = {"genres": [4, 51], "platforms": [4, 7], "stores": [], "tags": [33, 31], "developers": [2, 1]}
    small.sandbox.links(game, **wanted, publishers=[3], creators=[79])
    line = small.sandbox.truth()[0]
    assert {kind: line[kind] for kind in ("genres", "platforms", "stores", "tags", "parent_platforms")} == {
        **{kind: wanted[kind] for kind in ("genres", "platforms", "stores", "tags")},
        "parent_platforms": [1, 7],
    }
    detail = small.json(f"/games/{game}")
    assert [entry["id"] for entry in detail["developers"]] == [2, 1]
    assert [entry["id"] for entry in detail["publishers"]] == [3]
    assert [entry["id"] for entry in small.json(f"/games/{game}/development-team")["results"]] == [79]
    assert small.ids(updated=f"{TODAY},{TODAY}") == [game]
    assert game in small.ids(creators="79")
    small.sandbox.links(game, genres=[5])
    assert [entry["id"] for entry in small.json(f"/games/{game}")["genres"]] == [5]


@pytest.mark.parametrize("links", [{"moods": [1]}, {"genres": [4, 999]}, {"publishers": [1, 2]}])
def test_impossible_links_change_nothing(door: Door, truth: list[Json], links: dict[str, list[int]]) -> None:
    with pytest.raises(ValueError, match=r"\w.*\.$"):
        door.sandbox.links(truth[0]["id"], **links)
    assert place_in_browse(door, truth, truth[0])["updated"] == truth[0]["updated"]


def test_the_clock_brings_scheduled_updates_and_keeps_touches(small: Door) -> None:
    touched = small.sandbox.touch(count=5)
    before = {game["id"]: game for game in small.sandbox.truth()}
    small.sandbox.clock(date(2026, 3, 11))
    after = {game["id"]: game for game in small.sandbox.truth()}
    moved = {number for number, game in after.items() if game["updated"] != before[number]["updated"]}
    assert 0 < len(moved) < 100
    assert set(touched) - moved
    for number, game in after.items():
        if number in moved:
            assert TODAY.isoformat() <= game["updated"][:10] <= "2026-03-10"
        else:
            assert game == before[number]
    assert small.count(updated="2026-03-01,2026-03-10") == len(moved | set(touched))
    with pytest.raises(ValueError, match="Invalid isoformat"):
        small.sandbox._call("POST", "clock", {"as_of": "tomorrow"})


def test_a_bulk_day_has_exactly_its_rows() -> None:
    day = date(2025, 6, 4)
    with SandboxProcess(400, as_of=TODAY, bulk_day=(day, 250)) as sandbox:
        door = Door(sandbox)
        assert door.count(updated=f"{day},{day}") == 250
        assert door.count(updated=EVER) == 400


# -- determinism ----


def answers(seed: int) -> list[Any]:
    with SandboxProcess(200, seed=seed, as_of=TODAY, faults={"502": 0.2, "429:0": 0.2, "522": 0.2}) as sandbox:
        door = Door(sandbox)
        statuses = [door.get("/genres").status_code for _ in range(30)]
        sandbox.faults()
        touched, detail = sandbox.touch(count=4), door.json("/games/" + sandbox.truth()[0]["slug"])
        untouched = [game for game in sandbox.truth() if game["id"] not in touched]
        return [statuses, touched, detail, untouched, door.json("/tags")["results"]]


def test_the_same_seed_gives_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    first = answers(seed=5)
    monkeypatch.setenv("PYTHONHASHSEED", "2")
    assert answers(seed=5) == first
    assert answers(seed=6)[3] != first[3]


# -- the process ----


def test_faults_come_from_the_environment_when_nobody_names_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAWG_SANDBOX_FAULTS", '{"502": 1}')
    with SandboxProcess(1) as sandbox:
        assert Door(sandbox).get("/games").status_code == 502
    with SandboxProcess(1, faults={"522": 1}) as sandbox:
        assert Door(sandbox).get("/games").status_code == 522


def test_a_catalogue_may_hold_a_single_game() -> None:
    with SandboxProcess(1, as_of=TODAY) as sandbox:
        door = Door(sandbox)
        (game,) = sandbox.truth()
        assert door.ids(updated=EVER, search=game["slug"]) == [game["id"]]
        sandbox.delete([game["id"]])
        assert door.json("/games")["results"] == []
        assert sandbox.touch() == []


def refused(url: str) -> bool:
    address = urlsplit(url)
    with socket.socket() as client:
        return client.connect_ex((address.hostname, address.port)) != 0


def test_the_child_ends_when_its_parent_is_killed() -> None:
    code = (
        "import sys; from sources.rawg.sandbox import SandboxProcess\n"
        "with SandboxProcess(5) as sandbox: print(sandbox.base_url, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert not refused(url)
        parent.send_signal(signal.SIGKILL)
        # the child shares the parent's standard error: it reads to its end only after both have ended
        _, errors = parent.communicate(timeout=20)
    assert parent.returncode == -signal.SIGKILL
    assert errors == ""
    assert refused(url)


def test_the_child_ends_with_the_block_even_while_a_request_hangs() -> None:
    with SandboxProcess(5, faults={"hang:600": 1}) as sandbox:
        url = sandbox.base_url
        Door(sandbox).gives_up()
    assert sandbox._child.returncode == 0
    assert refused(url)


def test_ctrl_c_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "sources.rawg.sandbox", "--games", "5", "--until-stdin-closes"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        url = child.stdout.readline().split("/api")[0].split()[-1]
        assert requests.get(f"{url}/api/games?key=k", timeout=30).status_code == 200
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 0
        assert child.stderr is not None
        assert child.stderr.read() == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--games", "0"],
        ["--games", "1000001"],
        ["--games", "10", "--bulk-day", "2026-01-01:11"],
        ["--as-of", "2026-01-01", "--bulk-day", "2026-01-02:1"],
        ["--as-of", "01.02.2026"],
        ["--port", "70000"],
        ["--faults", "[]"],
        ["--faults", '{"503": 1}'],
    ],
)
def test_senseless_options_are_one_sentence_and_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = main(arguments)
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("sandbox: ")
    assert output.err.count("\n") == 1


def test_a_taken_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--games", "1", "--port", str(port)]) == 2
    assert f"Port {port} cannot be used" in capsys.readouterr().err


def test_a_child_that_cannot_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="exit code 2"), SandboxProcess(0):
        pass
