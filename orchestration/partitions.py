"""The days of `updated` that can be loaded on their own."""

from datetime import date, timedelta

import dagster as dg

from sources.rawg.configuration import rawg_configuration
from sources.rawg.errors import ConfigurationError

DAYS = dg.DailyPartitionsDefinition(start_date=rawg_configuration(api_key="not needed").initial_updated_date)


def days_of_run(context: dg.AssetExecutionContext) -> tuple[date, date] | None:
    """First and last day (UTC) of a run over one partition or a range of them; None for a run without.

    Raises:
        ConfigurationError: there is no such partition.
    """
    if not context.has_partition_key and not context.has_partition_key_range:
        return None
    first, last = context.partition_key_range
    for key in (first, last):
        if not DAYS.has_partition_key(key):
            raise ConfigurationError(
                f"There is no partition {key}: the days go from {DAYS.get_first_partition_key()} to yesterday"
                f" ({DAYS.get_last_partition_key()}, UTC)."
            )
    if first > last:
        raise ConfigurationError(f"The partitions {first} to {last} are no range: the first day is after the last.")
    window = context.partition_time_window
    return window.start.date(), window.end.date() - timedelta(days=1)
