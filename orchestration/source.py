"""The resources of the dlt source, and which of them a table of the warehouse belongs to."""

import dagster as dg

from sources.rawg import declared_source

WRITTEN_ALONG = "schema_changes"
"""What every load writes when there is something to tell: nobody asks for it."""
RESOURCES = {name: found for name, found in declared_source().selected_resources.items() if name != WRITTEN_ALONG}
"""Every resource that can be asked for and fills a table: each becomes one asset."""
DATASET = "raw"


def raw_key(resource: str) -> dg.AssetKey:
    """The asset of a resource."""
    return dg.AssetKey([DATASET, resource])


def table_of(resource: str) -> str:
    """The table that a resource fills."""
    return str(RESOURCES[resource].table_name)


def resource_of(table: str) -> str | None:
    """The resource that fills a table, or the one below whose table dlt has put it; None for others."""
    owners = [name for name in RESOURCES if table == name or table.startswith(f"{name}__")]
    return max(owners, key=len, default=None)
