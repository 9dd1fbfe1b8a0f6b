"""Turning whatever went wrong into one sentence and an exit code."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.common.exceptions import SignalReceivedException
from dlt.pipeline.exceptions import PipelineStepFailed

from sources.rawg.errors import ConfigurationError, Interrupted, LoadFailed, RawgError

SAFE = "packages committed before are safe, run the same command again to finish."
CREDENTIALS = "DESTINATION__LAKE__CREDENTIALS__"


@contextmanager
def plain_failure(failed: str = "Loading failed", advice: str = SAFE) -> Iterator[None]:
    """Raises every failure of the block as a `RawgError`.

    Args:
        failed: What to say of a failure that is not known better.
        advice: What to do about it.
    """
    logging.getLogger("dlt").addFilter(_in_one_line)
    # tasks that aiohttp abandons when a connection breaks; who awaited them has the error
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        yield
    except RawgError:
        raise
    except (KeyboardInterrupt, SignalReceivedException):
        raise Interrupted() from None
    except Exception as error:
        known = _rawg_error(error) or _lake_error(error) or _memory_error(error)
        raise known or LoadFailed(_sentence(error, failed, advice)) from error


def _in_one_line(record: logging.LogRecord) -> bool:
    """Cuts tracebacks down to what was raised, except at level DEBUG."""
    if logging.getLogger("dlt").isEnabledFor(logging.DEBUG):
        return True
    text, _, trace = record.getMessage().partition("Traceback (most recent call last)")
    if trace:
        record.msg, record.args = text + trace.strip().splitlines()[-1], ()
    record.exc_info = record.exc_text = None
    return not text.startswith("Transient exception in job")  # the retry is reported with the same reason


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        # what a load job ran into is an attribute of dlt's error
        error = error.__cause__ or getattr(error, "client_exception", None) or error.__context__


def _rawg_error(error: BaseException) -> RawgError | None:
    return next((cause for cause in _chain(error) if isinstance(cause, RawgError)), None)


def _memory_error(error: BaseException) -> RawgError | None:
    import duckdb

    causes = list(_chain(error))
    # no other run is in the file (`pipelines/lock.py`): a conflict is one with the first try of the same job, which ran
    # out of memory, and dlt tells of the last try only
    conflict = any("Conflict on tuple deletion" in str(cause) for cause in causes)
    if conflict or any(isinstance(cause, duckdb.OutOfMemoryException) for cause in causes):
        return LoadFailed(f"DuckDB needs more than its `memory_limit` in .dlt/config.toml; raise it; {SAFE}")
    return None


def _lake_error(error: BaseException) -> RawgError | None:
    """What keeps the lake's object store from working, as advice."""
    from botocore import exceptions as s3  # type: ignore[import-untyped]

    for cause in _chain(error):
        if isinstance(cause, ConfigFieldMissingException):
            names = re.findall(r"for field `\w+` .*\n *\(Environment Variables, (\w+)\)", str(cause))
            return ConfigurationError(f"Settings are missing: {', '.join(names or cause.fields)}; set them in .env.")
        if isinstance(cause, ValueError) and str(cause).startswith("Invalid endpoint"):
            return ConfigurationError(
                f"{CREDENTIALS}ENDPOINT_URL is not an address ({cause}); it begins with http:// or https://."
            )
        if isinstance(cause, s3.ClientError):
            return _refusal(cause.response.get("Error", {}), cause.response["ResponseMetadata"]["HTTPStatusCode"])
        if isinstance(cause, s3.ConnectionError | s3.HTTPClientError):
            address = urlsplit(cause.kwargs.get("endpoint_url") or "")
            place = f" at {address.scheme}://{address.netloc}" if address.netloc else ""
            return LoadFailed(
                f"The lake's object store{place} does not answer ({_reason(error)}); start it, or correct"
                f" {CREDENTIALS}ENDPOINT_URL; {SAFE}"
            )
    return None


def _refusal(answer: dict[str, str], status: int) -> RawgError:
    """What an S3 error says, in the words of the settings."""
    code = answer.get("Code", "")
    said = f"{status} {code}: {answer.get('Message', '')}".rstrip(". ")
    if code == "NoSuchBucket":
        bucket = " ".join(["bucket", *filter(None, [answer.get("BucketName")])])
        return ConfigurationError(
            f"The lake's {bucket} does not exist; create it, or correct DESTINATION__LAKE__BUCKET_URL."
        )
    if status in (401, 403):
        return ConfigurationError(
            f"The lake's object store refused access ({said}); check {CREDENTIALS}AWS_ACCESS_KEY_ID and"
            f" {CREDENTIALS}AWS_SECRET_ACCESS_KEY, and that they may list, read and write the bucket."
        )
    if status < 500:
        return ConfigurationError(
            f"The lake's object store takes the request for a mistake ({said}); check {CREDENTIALS}REGION_NAME,"
            f" {CREDENTIALS}ENDPOINT_URL and DESTINATION__LAKE__BUCKET_URL."
        )
    return LoadFailed(f"The lake's object store failed ({said}); {SAFE}")


def _reason(error: BaseException) -> str:
    root = list(_chain(error))[-1]
    return " ".join(str(root).split())[:300] or type(root).__name__


def _sentence(error: Exception, failed: str, advice: str) -> str:
    reason = _reason(error)
    if "lock on file" in reason:
        return (
            "The warehouse file is open in another process; close it (a DuckDB shell, Dagster, another load) and run"
            " the same command again."
        )
    step = f" in step {error.step}" if isinstance(error, PipelineStepFailed) else ""
    return f"{failed}{step}: {reason}; {advice}"
