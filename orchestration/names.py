"""Names that users of Dagster see and that more than one module needs."""

import dagster as dg

OWNER = "team:game-market"
RAWG_API = dg.AssetKey("rawg_api")
WAREHOUSE = "warehouse"
"""Concurrency pool of everything that opens the warehouse: DuckDB lets one process in. `dagster.yaml` limits it."""
