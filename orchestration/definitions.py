"""Everything that Dagster shows and runs, put together: `dagster dev -m orchestration.definitions`."""

import dagster as dg
from dagster_dbt import DbtCliResource

from orchestration.checks import RAWG_CHECKS
from orchestration.dbt_project import PROJECT
from orchestration.jobs import JOBS
from orchestration.models import WRITTEN_BY_EVERY_LOAD, models
from orchestration.rawg import RAWG_ASSETS
from orchestration.report import market_report
from orchestration.schedules import SCHEDULES
from orchestration.sensors import SENSORS

defs = dg.Definitions(
    assets=[*RAWG_ASSETS, *WRITTEN_BY_EVERY_LOAD, models, market_report],
    asset_checks=RAWG_CHECKS,
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=SENSORS,
    resources={"dbt": DbtCliResource(project_dir=PROJECT)},
    # one process: the steps of a run take turns at the warehouse anyway
    executor=dg.in_process_executor,
)
