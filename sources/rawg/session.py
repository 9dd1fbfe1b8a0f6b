"""The one door to RAWG: key, rate limit, quota, retries and the check of every answer.

The key is put on a request at the very last moment and taken off every answer at the first, so nothing above this
module (dlt's logs, traces, load packages) ever sees it.
"""

import logging
import threading
import time
from _thread import start_new_thread
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
import tenacity
from requests.adapters import HTTPAdapter
from requests.hooks import default_hooks, dispatch_hook

from sources.rawg.configuration import RawgConfiguration
from sources.rawg.errors import ApiRefused, ApiUnavailable, Interrupted, QuotaReached, RawgError
from sources.rawg.ledger import RequestLedger

CONNECT_TIMEOUT = 10.0
LONGEST_WAIT = 60.0
"""Seconds that a retry waits at most, whatever `Retry-After` says."""
STOP_GRACE = 5.0
"""Seconds that a request under way is given when the run is told to stop: its answer is paid for."""
WHOLE_BODY = 2**20
"""Bytes to read at once, more than a page of 40 games has (90 to 400 kB): after each read a thread waits for Python's
lock, and requests reads 10 kB at a time."""
CHECK_EVERY = 0.5
"""Seconds between two looks at whether the run is told to stop, while RAWG keeps a request waiting."""
SPARE_FAILURES = 50
"""Failures that a run survives however short it is; beyond them it may fail as often as it succeeds."""
QUOTA_SPENT = "monthly api limit"
"""In the body of a 401; the body alone tells a spent quota from a bad key."""


_Answer = requests.Response | BaseException
Reader = Callable[[bytes], dict[str, Any] | None]


class _Retriable(Exception):
    """An attempt that failed in a way that passes: 429, 5xx, a broken connection or body."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def _next(answers: SimpleQueue[_Answer], seconds: float) -> _Answer | None:
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return None


def read_json(content: bytes) -> dict[str, Any] | None:
    """The body of a 200 as RAWG documents it, a list's envelope of things with ids or one thing with an id; None when
    it is something else."""
    payload = _parse(content)
    if not isinstance(payload, dict):
        return None
    if "results" not in payload:
        return payload if "id" in payload else None
    rows = payload["results"]
    is_whole = (
        isinstance(payload.get("count"), int)
        and isinstance(rows, list)
        and all(isinstance(row, dict) and "id" in row for row in rows)
    )
    return payload if is_whole else None


def _parse(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


class RateLimit:
    """Spaces the starts of requests evenly, whichever thread sends them."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1.0 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def next_slot(self) -> float:
        """Books the next slot and returns the seconds to wait for it."""
        with self._lock:
            now = time.monotonic()
            slot = max(now, self._next)
            self._next = slot + self._interval
            return slot - now


class RawgSession(requests.Session):
    """A `requests.Session` that dlt's REST client uses to talk to RAWG.

    Answers reach the caller as 200 with a checked JSON body (parsed once, without `next` and `previous`, which carry
    the key) or as RAWG's JSON 404. Everything else is retried or raised as a `RawgError`.
    """

    def __init__(self, configuration: RawgConfiguration, ledger: RequestLedger) -> None:
        super().__init__()
        self.ledger = ledger
        self.cancelled = threading.Event()
        self._key = str(configuration.api_key)
        # proxies and certificates, which requests would look for in the environment on each request
        self._settings = self.merge_environment_settings(configuration.base_url, {}, False, None, None)
        self._timeout = (CONNECT_TIMEOUT, configuration.request_timeout)
        self._rate = RateLimit(configuration.requests_per_second)
        self._backoff = tenacity.wait_random_exponential(multiplier=configuration.retry_backoff, max=LONGEST_WAIT)
        self._attempts = configuration.retry_attempts
        self._answered = 0
        self._failed = 0
        self.headers["Accept"] = "application/json"
        self.mount("http://", HTTPAdapter(pool_maxsize=16))
        self.mount("https://", HTTPAdapter(pool_maxsize=16))
        _mask_key_in_logs(self._key)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Sends one request like `answer`, and leaves it to the hooks of dlt's REST client what a 404 means.

        Raises:
            ApiRefused: RAWG does not have what was asked for, and the hooks do not ignore it.
        """
        try:
            return dispatch_hook("response", request.hooks, self.answer(request), **kwargs)  # type: ignore[no-any-return, no-untyped-call]
        except requests.HTTPError:
            raise ApiRefused(
                f"RAWG has no {_path(request)} (status 404); nothing of this list was loaded, try again later."
            ) from None

    def answer(self, request: requests.PreparedRequest, read: Reader = read_json) -> requests.Response:
        """Sends one request, with retries, and returns a checked answer: 200, or RAWG's own 404.

        Args:
            read: Makes of the body of a 200 what the response's `json()` is to return; None when the body is broken.

        Raises:
            QuotaReached: the ledger or RAWG says that the month's requests are used up.
            ApiRefused: RAWG will not answer this request however often it is asked.
            ApiUnavailable: every attempt failed, or the whole run failed too often.
            Interrupted: `cancelled` was set while waiting.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts),
            retry=tenacity.retry_if_exception_type(_Retriable),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._attempt, request, read)
        except _Retriable as failure:
            raise ApiUnavailable(
                f"RAWG did not answer {_path(request)} in {self._attempts} attempts ({failure}); what was loaded is"
                " kept, try again later."
            ) from None

    def _attempt(self, request: requests.PreparedRequest, read: Reader) -> requests.Response:
        self._sleep(self._rate.next_slot())
        self.ledger.take()
        keyed = request.copy()
        keyed.hooks = default_hooks()
        keyed.prepare_url(request.url, {"key": self._key})
        try:
            options = {**self._settings, "timeout": self._timeout, "allow_redirects": False, "stream": True}
            response = self._exchange(keyed, options)
        except requests.RequestException as error:
            # the exception's text holds the URL with the key
            self.ledger.note(_plain_reason(error))
            raise self._failure(_plain_reason(error)) from None
        response.request = request
        response.url = str(request.url)
        return self._checked(response, read)

    def _exchange(self, keyed: requests.PreparedRequest, options: Mapping[str, Any]) -> requests.Response:
        """Sends, and leaves a request that hangs to itself when the run is told to stop: ECS kills after 30 seconds."""
        send = super().send
        answers: SimpleQueue[_Answer] = SimpleQueue()

        def exchange() -> None:
            try:
                response = send(keyed, **options)
                # a body that breaks off after its headers fails here, not later
                response._content = b"".join(response.iter_content(WHOLE_BODY))
                answers.put(response)
            except BaseException as error:
                answers.put(error)

        # unlike a `Thread`, it is not waited for: neither now, until it runs, nor at exit
        start_new_thread(exchange, ())
        is_last_look = self.cancelled.is_set()
        while (answer := _next(answers, STOP_GRACE if is_last_look else CHECK_EVERY)) is None:
            if is_last_look:
                self.ledger.note("given up")
                raise Interrupted()
            is_last_look = self.cancelled.is_set()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _checked(self, response: requests.Response, read: Reader) -> requests.Response:
        self.ledger.note(str(response.status_code))
        if response.status_code == 401:
            raise _refusal(_parse(response.content))
        if response.status_code == 429 or response.status_code >= 500:
            raise self._failure(f"status {response.status_code}", _retry_after(response))
        if response.status_code == 404:
            payload = _parse(response.content)
            if isinstance(payload, dict) and "detail" in payload:
                return with_json(response, payload)
        if response.status_code != 200:
            raise ApiRefused(
                f"RAWG answered {_path(response.request)} with status {response.status_code}; check"
                " sources.rawg.base_url and whether the plan includes this resource."
            )
        payload = read(response.content)
        if payload is None:
            raise self._failure("a broken body")
        self._answered += 1
        return with_json(response, payload)

    def _failure(self, reason: str, wait: float | None = None) -> Exception:
        self._failed += 1
        if self._failed > SPARE_FAILURES + self._answered:
            return ApiUnavailable(
                f"RAWG failed {self._failed:,} times in this run (last: {reason}); what was loaded is kept, try"
                " again later."
            )
        return _Retriable(reason, wait)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.wait if isinstance(failure, _Retriable) and failure.wait else 0.0
        # `Retry-After: 0` must not burn every attempt at once
        return max(min(asked, LONGEST_WAIT), self._backoff(state))

    def _sleep(self, seconds: float) -> None:
        if self.cancelled.wait(seconds) if seconds > 0 else self.cancelled.is_set():
            raise Interrupted()


def with_json(response: requests.Response, payload: dict[str, Any]) -> requests.Response:
    """The response with this as its parsed body, and nothing of the body that holds the key."""
    payload.pop("next", None)
    payload.pop("previous", None)
    response._content = b""  # the raw body holds the key in `next`
    response.json = lambda **_: payload  # type: ignore[method-assign]
    return response


def _refusal(payload: Any) -> RawgError:
    message = str(payload.get("error", "")) if isinstance(payload, dict) else ""
    if QUOTA_SPENT in message.lower():
        return QuotaReached(
            "RAWG says that this month's requests are used up; what was loaded is kept, and the same command goes on"
            " from there when the quota is renewed."
        )
    return ApiRefused("RAWG refused the API key; check RAWG_API_KEY against the key shown at https://rawg.io/apidocs.")


def _retry_after(response: requests.Response) -> float | None:
    try:
        return float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None


def _plain_reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return "a broken answer"


def _path(request: requests.PreparedRequest) -> str:
    return urlsplit(str(request.url)).path


def _mask_key_in_logs(key: str) -> None:
    """Masks the key in urllib3's DEBUG lines, the only ones that are written while a request carries it."""

    class MaskKey(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            if record.args:
                record.msg, record.args = record.getMessage(), ()
            record.msg = str(record.msg).replace(key, "***")
            return True

    logging.getLogger("urllib3.connectionpool").addFilter(MaskKey())
