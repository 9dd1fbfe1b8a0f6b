"""Merges from the lake; DuckDB's memory while a package is loaded and for the checkpoint after it; its connections."""

from pathlib import Path

import dlt
import pytest
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

from pipelines import staged_duckdb


def test_files_of_the_lake_are_merged_wherever_they_lie(tmp_path: Path) -> None:
    pipeline = dlt.pipeline(
        "merging",
        pipelines_dir=str(tmp_path),
        destination=staged_duckdb.staged_duckdb(str(tmp_path / "warehouse.duckdb")),
        staging=dlt.destinations.filesystem(str(tmp_path / 'it\'s; a DROP of 100% %3B "lake"')),
        dataset_name="raw",
    )
    games = [{"id": 1, "name": "old", "prizes": ["gold", "silver"]}, {"id": 2, "name": "other", "prizes": ["bronze"]}]
    for rows in (games, [{"id": 1, "name": "new", "mood": "calm"}]):
        pipeline.run(rows, table_name="games", primary_key="id", write_disposition="merge")
    with pipeline.sql_client() as client:
        assert client.execute_sql("SELECT id, name, mood FROM games ORDER BY id") == [
            (1, "new", "calm"),
            (2, "other", None),
        ]
        assert client.execute_sql("SELECT value FROM games__prizes") == [("bronze",)]
        assert client.execute_sql("SELECT DISTINCT table_schema FROM information_schema.tables") == [("raw",)]


@pytest.mark.parametrize(
    ("megabytes", "each", "columns", "left"),
    [(96, 1, 1, "91.5 MiB"), (96, 1, 200, "193.5 MiB"), (0.001, 0, 1, "488.2 MiB")],
)
def test_a_checkpoint_gets_little_memory_if_it_can_do_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, megabytes: float, each: int, columns: int, left: str
) -> None:
    monkeypatch.setattr(staged_duckdb, "CHECKPOINT_MEGABYTES", megabytes)
    monkeypatch.setattr(staged_duckdb, "CHECKPOINT_MEGABYTES_PER_COLUMN", each)
    destination = staged_duckdb.staged_duckdb(str(tmp_path / "warehouse.duckdb"), memory_limit="512MB")
    pipeline = dlt.pipeline("checkpoint", pipelines_dir=str(tmp_path), destination=destination, dataset_name="raw")
    limit = "SELECT current_setting('memory_limit')"
    for _ in range(2):
        pipeline.extract([{"id": 1, **{f"c{number}": number for number in range(columns)}}], table_name="games")
        pipeline.normalize()
        with pipeline.sql_client() as client:
            assert client.execute_sql(limit) == [("488.2 MiB",)]
            pipeline.load()
            assert client.execute_sql(limit) == [(left,)]


def test_who_opens_the_file_beside_a_run_leaves_its_settings_alone(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    with pipeline.sql_client() as run:
        run.execute_sql("SET GLOBAL memory_limit = '96MB'")
        with pipeline.sql_client() as beside:
            beside.execute_sql("SELECT 1")
        assert run.execute_sql("SELECT current_setting('memory_limit')") == [("91.5 MiB",)]


def test_a_connection_that_was_taken_away_is_nobody_elses(tmp_path: Path) -> None:
    pipeline = _pipeline(tmp_path)
    with pipeline.destination_client() as client:
        credentials = client.config.credentials
        assert isinstance(credentials, DuckDbCredentials)
        assert credentials.conn_pool
        taken = credentials.conn_pool.move_conn()  # as `pipeline.dataset().ibis()` does
    taken.close()
    assert not pipeline.run([{"id": 2}], table_name="games").has_failed_jobs
    with pipeline.sql_client() as client:
        assert client.execute_sql("SELECT id FROM games ORDER BY id") == [(1,), (2,)]


def _pipeline(folder: Path) -> dlt.Pipeline:
    """A pipeline that has loaded one game."""
    destination = staged_duckdb.staged_duckdb(str(folder / "warehouse.duckdb"), memory_limit="512MB")
    pipeline = dlt.pipeline("connections", pipelines_dir=str(folder), destination=destination, dataset_name="raw")
    pipeline.run([{"id": 1}], table_name="games")
    return pipeline
