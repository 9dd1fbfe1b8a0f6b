"""The session against an API that misbehaves: what is retried, how patiently, and what is not."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
import requests

from sources.rawg.configuration import rawg_configuration
from sources.rawg.errors import ApiRefused, ApiUnavailable, Interrupted, QuotaReached, RawgError
from sources.rawg.ledger import RequestLedger
from sources.rawg.sandbox import SandboxProcess
from sources.rawg.session import LONGEST_WAIT, RawgSession


class Clock(threading.Event):
    """Remembers the waits that a session asks for, and lets none of them pass."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxProcess]:
    with SandboxProcess(50) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.faults()
    running.clear_history()
    return running


@pytest.fixture
def make_session(sandbox: SandboxProcess, tmp_path: Path) -> Callable[..., RawgSession]:
    def make(**settings: Any) -> RawgSession:
        explicit = {"api_key": "key", "base_url": sandbox.base_url, "requests_per_second": 100_000.0, **settings}
        configuration = rawg_configuration(**explicit)
        session = RawgSession(configuration, RequestLedger(fsspec.filesystem("file"), str(tmp_path), 1_000))
        session.cancelled = Clock()
        return session

    return make


@pytest.fixture
def get(sandbox: SandboxProcess) -> Callable[..., requests.Response]:
    def ask(session: RawgSession, path: str = "genres") -> requests.Response:
        return session.answer(session.prepare_request(requests.Request("GET", f"{sandbox.base_url}/{path}")))

    return ask


def _backoffs(session: RawgSession) -> list[float]:
    assert isinstance(session.cancelled, Clock)
    return [wait for wait in session.cancelled.waits if wait > 0.001]


PASSING = [
    "429",
    "429:0",
    "502",
    "522",
    "html200",
    "html502",
    "cut",
    "reset",
    "envelope",
    "envelope:null",
    "envelope:list",
]


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_tried_again(
    sandbox: SandboxProcess, make_session: Callable[..., RawgSession], get: Callable[..., requests.Response], fault: str
) -> None:
    sandbox.faults(script={1: fault, 2: fault})
    session = make_session()
    assert get(session).json()["count"] == 19
    assert [request["fault"] for request in sandbox.history()] == [fault, fault, None]
    assert session.ledger.sent == 3


def test_a_hang_is_cut_off(
    sandbox: SandboxProcess, make_session: Callable[..., RawgSession], get: Callable[..., requests.Response]
) -> None:
    sandbox.faults(script={1: "hang:60"})
    assert get(make_session(request_timeout=0.2)).json()["count"] == 19
    assert len(sandbox.history()) == 2


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_stays_ends_after_the_attempts(
    sandbox: SandboxProcess, make_session: Callable[..., RawgSession], get: Callable[..., requests.Response], fault: str
) -> None:
    sandbox.faults(**{fault: 1})
    with pytest.raises(ApiUnavailable, match="4 attempts"):
        get(make_session(retry_attempts=4))
    assert len(sandbox.history()) == 4


def test_waits_grow_and_differ(
    sandbox: SandboxProcess, make_session: Callable[..., RawgSession], get: Callable[..., requests.Response]
) -> None:
    sandbox.faults(**{"502": 1})
    series = []
    for _ in range(6):
        session = make_session(retry_attempts=8)
        with pytest.raises(ApiUnavailable):
            get(session)
        series.append(_backoffs(session))
    for number in range(7):
        waits = [waits[number] for waits in series]
        assert max(waits) <= min(2**number, LONGEST_WAIT)
        assert len(set(waits)) > 1  # two workers must not come back at the same moment
    assert max(waits[6] for waits in series) > 2


@pytest.mark.parametrize(("fault", "least"), [("429:5", 5.0), ("429:7200", LONGEST_WAIT), ("429:0", 0.0)])
def test_retry_after_is_honoured_within_reason(
    sandbox: SandboxProcess,
    make_session: Callable[..., RawgSession],
    get: Callable[..., requests.Response],
    fault: str,
    least: float,
) -> None:
    sandbox.faults(script={1: fault})
    session = make_session()
    get(session)
    (wait,) = _backoffs(session)
    assert least <= wait <= LONGEST_WAIT
    assert wait > 0


@pytest.mark.parametrize(
    ("key", "quota", "error"), [("bad-key", None, ApiRefused), ("key", 0, QuotaReached), ("", None, ApiRefused)]
)
def test_a_401_is_never_asked_again(
    sandbox: SandboxProcess,
    make_session: Callable[..., RawgSession],
    get: Callable[..., requests.Response],
    key: str,
    quota: int | None,
    error: type[RawgError],
) -> None:
    sandbox.faults(quota=quota)
    with pytest.raises(error):
        get(make_session(api_key=key or "bad-key"))
    assert [request["status"] for request in sandbox.history()] == [401]
    sandbox.faults(quota=None)


@pytest.mark.parametrize("path", ["nosuch", "games/{id}/suggested"])
def test_what_rawg_will_never_answer_is_asked_once(
    sandbox: SandboxProcess, make_session: Callable[..., RawgSession], get: Callable[..., requests.Response], path: str
) -> None:
    path = path.format(id=sandbox.truth()[0]["id"])
    with pytest.raises(ApiRefused):
        get(make_session(), path)
    assert len(sandbox.history()) == 1


def test_a_run_may_fail_as_often_as_it_succeeds_and_not_for_ever(
    sandbox: SandboxProcess, make_session: Callable[..., RawgSession], get: Callable[..., requests.Response]
) -> None:
    sandbox.faults(**{"502": 0.9})
    session = make_session(retry_attempts=1_000)

    def keep_asking() -> None:
        for _ in range(1_000):
            get(session)

    with pytest.raises(ApiUnavailable, match="times in this run"):
        keep_asking()
    answered = [request["status"] for request in sandbox.history()].count(200)
    assert len(sandbox.history()) <= 2 * answered + 51


def test_who_asks_to_stop_does_not_wait(
    sandbox: SandboxProcess, make_session: Callable[..., RawgSession], get: Callable[..., requests.Response]
) -> None:
    sandbox.faults(**{"502": 1})
    session = make_session()
    session.cancelled.set()
    with pytest.raises(Interrupted):
        get(session)
    assert not sandbox.history()


def test_a_server_that_is_not_there(make_session: Callable[..., RawgSession]) -> None:
    session = make_session(api_key="nobody-may-see-this", retry_attempts=3)
    request = session.prepare_request(requests.Request("GET", "http://127.0.0.1:9/api/games"))
    with pytest.raises(ApiUnavailable, match="no connection") as caught:
        session.answer(request)
    error: BaseException | None = caught.value
    while error is not None:  # nor in what it came from
        assert "nobody-may-see-this" not in str(error)
        error = error.__cause__
    assert session.ledger.sent == 3
