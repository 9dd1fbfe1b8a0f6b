"""The report: one page, built from all the market marts."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from orchestration.loading import plain_words
from orchestration.models import models
from orchestration.names import OWNER, WAREHOUSE
from pipelines.load import rawg_pipeline
from reports.marts import NoGames
from reports.page import write_report

MARTS = [key for key, group in models.group_names_by_key.items() if group == "market"]


@dg.asset(
    deps=MARTS,
    group_name="report",
    kinds={"html", "altair"},
    owners=[OWNER],
    pool=WAREHOUSE,
    output_required=False,
    description="The games market on one page, with charts: `reports/market.html` in the lake."
    " Data by [RAWG](https://rawg.io).",
)
def market_report(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
    """Builds the page anew, if there is a game to tell of: a quota may have stopped the first load at once."""
    with plain_words(attempts=context.retry_number):
        try:
            report = write_report(rawg_pipeline())
        except NoGames as error:
            context.log.warning(str(error))
            return
    yield dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.path(report.location),
            "megabytes": round(report.bytes / 1e6, 2),
            **report.numbers,
        }
    )
