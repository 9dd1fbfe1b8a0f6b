"""Reading the market marts, on whichever warehouse the pipeline has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration

from pipelines.load import is_sandbox, warehouse_location
from sources.rawg.errors import ConfigurationError, LoadFailed
from sources.rawg.rows import Row

Answer = tuple[list[str], list[Any]]
"""Names of columns, and rows."""


class NoGames(ConfigurationError):
    """The marts are there and empty, as after a first load that a quota stopped at once."""


@dataclass(frozen=True)
class Marts:
    """The marts of one warehouse.

    Attributes:
        option: The option with which scripts mean this warehouse, as in a command that helps.
    """

    ask: Callable[[str], Answer]
    option: str

    def rows(self, sql: str) -> list[Row]:
        """Rows of a statement, by column name in lower case."""
        names, rows = self.ask(sql)
        return [{name.lower(): _plain(value) for name, value in zip(names, row, strict=True)} for row in rows]

    def row(self, sql: str) -> Row:
        """The one row of a statement that aggregates."""
        return self.rows(sql)[0]


def _plain(value: Any) -> Any:
    """Numbers as Python's own: sums come as decimals."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


@contextmanager
def open_marts(pipeline: dlt.Pipeline) -> Iterator[Marts]:
    """The marts, for reading only.

    Raises:
        ConfigurationError: there is no warehouse, or no mart in it.
        NoGames: there is no game in the marts.
        LoadFailed: the marts are not those that the report asks.
    """
    option = " --sandbox" if is_sandbox(pipeline) else ""
    location = warehouse_location(pipeline)
    build = f"build them with: python pipelines/transform.py{option}"
    with _questions(pipeline, option) as ask:
        marts = Marts(ask, option)
        tables = "SELECT count(*) AS n FROM information_schema.tables WHERE lower(table_schema) = 'market'"
        if not marts.row(tables)["n"]:
            raise ConfigurationError(f"The warehouse {location} has no market marts yet; {build}")
        try:
            if not marts.row("SELECT count(*) AS n FROM market.game_scores")["n"]:
                raise NoGames(
                    f"The marts in {location} hold no game yet; load games with: python pipelines/rawg.py{option}, then"
                    f" {build}"
                )
            yield marts
        except (duckdb.Error, DatabaseException) as error:
            reason = " ".join(str(error).split())[:200]
            raise LoadFailed(
                f"The marts in {location} are not those that the report asks ({reason}); {build}"
            ) from error


@contextmanager
def _questions(pipeline: dlt.Pipeline, option: str) -> Iterator[Callable[[str], Answer]]:
    configuration = pipeline.destination_client().config
    if not isinstance(configuration, DuckDbClientConfiguration):
        with pipeline.sql_client() as client:

            def ask(sql: str) -> Answer:
                with client.execute_query(sql) as cursor:
                    return [column[0] for column in cursor.description], list(cursor.fetchall())

            yield ask
        return
    path = Path(configuration.data_location())
    if not path.exists():
        raise ConfigurationError(
            f"There is no warehouse at {path} yet; load one with: python pipelines/rawg.py{option}"
        )
    # dlt's own connection would write, and keep everybody else out
    with duckdb.connect(path, read_only=True) as connection:

        def ask_file(sql: str) -> Answer:
            cursor = connection.execute(sql)
            return [column[0] for column in cursor.description], cursor.fetchall()

        yield ask_file
