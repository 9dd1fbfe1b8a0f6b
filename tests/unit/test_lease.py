"""Runs on different machines: who lives keeps others out, who is dead does not."""

from pathlib import Path

import fsspec
import pytest
from fsspec import AbstractFileSystem

from pipelines.lease import Lease
from sources.rawg.errors import LoadFailed
from sources.rawg.ledger import write_whole


def _lease(folder: Path, name: str, **options: float) -> Lease:
    return Lease(fsspec.filesystem("file"), str(folder), name, **options)


def _left_behind(folder: Path, name: str) -> Path:
    """The lease of a run that was killed."""
    path = folder / "_runs" / f"{name}.json"
    path.parent.mkdir()
    path.write_text('{"beat": 3}')
    return path


def test_a_run_that_lives_keeps_others_out(tmp_path: Path) -> None:
    first = _lease(tmp_path, "first", beat=0.01)
    second = _lease(tmp_path, "second", beat=0.01)
    with first:
        with pytest.raises(LoadFailed, match="on another machine"), second:
            pytest.fail("both are in")
        assert [path.name for path in tmp_path.glob("_runs/*")] == ["first.json"]
    with _lease(tmp_path, "third"):
        pass
    assert not list(tmp_path.glob("_runs/*"))


def test_a_run_that_was_killed_is_outlived(tmp_path: Path) -> None:
    left = _left_behind(tmp_path, "killed")
    with _lease(tmp_path, "next", patience=0):
        assert not left.exists()


def test_a_run_that_ends_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = _left_behind(tmp_path, "about to end")
    monkeypatch.setattr("pipelines.lease.time.sleep", lambda seconds: left.unlink())
    with _lease(tmp_path, "next", patience=60):
        assert not left.exists()


def test_the_same_machine_goes_on_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _left_behind(tmp_path, "here")
    monkeypatch.setattr("pipelines.lease.time.sleep", lambda seconds: pytest.fail("it waits for itself"))
    with _lease(tmp_path, "here"):
        pass


def test_a_store_that_fails_for_a_while_does_not_end_the_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([OSError("the store is away")] * 3)

    def sometimes(filesystem: AbstractFileSystem, path: str, content: bytes) -> None:
        if path.endswith("first.json") and (failure := next(failures, None)):
            raise failure
        write_whole(filesystem, path, content)

    with _lease(tmp_path, "first", beat=0.01):
        monkeypatch.setattr("pipelines.lease.write_whole", sometimes)
        with pytest.raises(LoadFailed, match="on another machine"), _lease(tmp_path, "second"):
            pytest.fail("both are in")
    assert next(failures, None) is None
