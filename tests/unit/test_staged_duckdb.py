"""DuckDB's memory while a package is loaded, and for the checkpoint after it."""

from pathlib import Path

import dlt
import pytest

from pipelines import staged_duckdb


@pytest.mark.parametrize(("memory", "left"), [("96MB", "91.5 MiB"), ("1KB", "488.2 MiB")])
def test_a_checkpoint_gets_little_memory_if_it_can_do_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: str, left: str
) -> None:
    monkeypatch.setattr(staged_duckdb, "CHECKPOINT_MEMORY", memory)
    destination = staged_duckdb.staged_duckdb(str(tmp_path / "warehouse.duckdb"), memory_limit="512MB")
    pipeline = dlt.pipeline("checkpoint", pipelines_dir=str(tmp_path), destination=destination, dataset_name="raw")
    limit = "SELECT current_setting('memory_limit')"
    for _ in range(2):
        pipeline.extract([{"id": 1}], table_name="games")
        pipeline.normalize()
        with pipeline.sql_client() as client:
            assert client.execute_sql(limit) == [("488.2 MiB",)]
            pipeline.load()
            assert client.execute_sql(limit) == [(left,)]
