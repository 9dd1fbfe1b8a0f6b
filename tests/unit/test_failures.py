"""What a user reads when something went wrong that no other test brings about."""

import duckdb
import pytest
from dlt.destinations.exceptions import DatabaseTransientException

from pipelines.failures import plain_failure
from sources.rawg.errors import LoadFailed


def test_a_conflict_with_a_job_that_ran_out_of_memory_is_said_to_be_that() -> None:
    # seen when too little memory was left for a merge into 400,000 games: dlt's second try told only this
    conflict = duckdb.TransactionException("TransactionContext Error: Conflict on tuple deletion!")
    with pytest.raises(LoadFailed, match="memory_limit"), plain_failure():
        raise DatabaseTransientException(conflict) from conflict
