"""The report: one page, built from all the market marts."""

from typing import Any

import dagster as dg

from orchestration.loading import plain_words
from orchestration.models import models
from orchestration.names import OWNER, WAREHOUSE
from pipelines.load import rawg_pipeline
from reports.page import write_report

MARTS = [key for key, group in models.group_names_by_key.items() if group == "market"]


@dg.asset(
    deps=MARTS,
    group_name="report",
    kinds={"html", "altair"},
    owners=[OWNER],
    pool=WAREHOUSE,
    description="The games market on one page, with charts: `reports/market.html` in the lake."
    " Data by [RAWG](https://rawg.io).",
)
def market_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
    """Builds the page anew."""
    with plain_words(attempts=context.retry_number):
        report = write_report(rawg_pipeline())
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.path(report.location),
            "megabytes": round(report.bytes / 1e6, 2),
            **report.numbers,
        }
    )
