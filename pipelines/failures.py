"""Turning whatever went wrong into one sentence and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

from dlt.common.exceptions import SignalReceivedException
from dlt.pipeline.exceptions import PipelineStepFailed

from sources.rawg.errors import Interrupted, LoadFailed, RawgError


@contextmanager
def plain_failure() -> Iterator[None]:
    """Raises every failure of the block as a `RawgError`."""
    try:
        yield
    except RawgError:
        raise
    except (KeyboardInterrupt, SignalReceivedException):
        raise Interrupted() from None
    except Exception as error:
        raise _rawg_error(error) or LoadFailed(_sentence(error)) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _rawg_error(error: BaseException) -> RawgError | None:
    return next((cause for cause in _chain(error) if isinstance(cause, RawgError)), None)


def _sentence(error: Exception) -> str:
    root = list(_chain(error))[-1]
    text = " ".join(str(root).split())[:300]
    if "lock on file" in text:
        return (
            "The warehouse file is open in another process; close it (a DuckDB shell, Dagster, another load) and run"
            " the same command again."
        )
    step = f" in step {error.step}" if isinstance(error, PipelineStepFailed) else ""
    return (
        f"Loading failed{step}: {text or type(root).__name__}; packages committed before are safe, run the same"
        " command again to finish."
    )
