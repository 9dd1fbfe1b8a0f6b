"""Counting requests: across runs and months, and never too few after a crash."""

from pathlib import Path

import fsspec
import pytest

from sources.rawg.errors import LoadFailed, QuotaReached
from sources.rawg.ledger import BLOCK, RequestLedger


def _ledger(folder: Path, monthly_limit: int = 100, **options: object) -> RequestLedger:
    return RequestLedger(fsspec.filesystem("file"), str(folder), monthly_limit, **options)  # type: ignore[arg-type]


def test_runs_that_share_a_lake_share_the_month(tmp_path: Path) -> None:
    first = _ledger(tmp_path)
    for _ in range(30):
        first.take()
    first.close()
    second = _ledger(tmp_path)
    assert second.used_this_month == 30
    assert second.remaining == 70


def test_a_run_that_is_killed_counts_at_most_one_block_too_many(tmp_path: Path) -> None:
    for sent in (1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK):
        folder = tmp_path / str(sent)
        killed = _ledger(folder, 1_000)
        for _ in range(sent):
            killed.take()
        counted = _ledger(folder, 1_000).used_this_month
        assert sent <= counted <= sent + BLOCK


def test_a_run_that_is_killed_amid_writing_spoils_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = _ledger(tmp_path)
    for _ in range(BLOCK):
        ledger.take()

    def half(path: str, content: bytes) -> None:
        Path(path).write_bytes(content[: len(content) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(ledger.filesystem, "pipe_file", half)
    with pytest.raises(KeyboardInterrupt):
        ledger.take()
    assert _ledger(tmp_path).used_this_month == BLOCK


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run": "x"}'])
def test_a_damaged_file_is_named_and_not_taken_for_nothing(tmp_path: Path, content: str) -> None:
    ledger = _ledger(tmp_path)
    ledger.take()
    (file,) = tmp_path.rglob("*.json")
    file.write_text(content)
    with pytest.raises(LoadFailed, match=file.name):
        _ledger(tmp_path)


def test_the_last_request_of_the_month_can_be_sent_and_no_further(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path, 27)
    for _ in range(27):
        ledger.take()
    with pytest.raises(QuotaReached, match="next month"):
        ledger.take()
    assert ledger.sent == 27
    assert _ledger(tmp_path, 27).used_this_month == 27


def test_a_runs_own_limit_is_named_as_such(tmp_path: Path) -> None:
    ledger = _ledger(tmp_path, run_limit=2)
    ledger.take()
    ledger.take()
    with pytest.raises(QuotaReached, match="--max-requests"):
        ledger.take()


def test_a_new_month_begins_at_zero_even_within_a_run(tmp_path: Path) -> None:
    month = ["2024-05"]
    ledger = _ledger(tmp_path, 10, month=lambda: month[0])
    for _ in range(10):
        ledger.take()
    month[0] = "2024-06"
    ledger.take()
    assert ledger.used_this_month == 1
    ledger.close()
    assert _ledger(tmp_path, 10, month=lambda: "2024-05").remaining == 0
    assert _ledger(tmp_path, 10, month=lambda: "2024-06").remaining == 9
