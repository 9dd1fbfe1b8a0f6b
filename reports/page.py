"""The page: marts in, HTML out, and where it is kept."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dlt
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from fsspec import AbstractFileSystem
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.failures import plain_failure
from pipelines.load import is_sandbox, lake_configuration, open_ledger
from reports.charts import WIDTHS
from reports.figures import Figure, day, signed, whole
from reports.marts import open_marts
from reports.sections import all_sections, headline
from sources.rawg.configuration import rawg_configuration
from sources.rawg.ledger import write_whole
from sources.rawg.rows import Row

HERE = Path(__file__).parent
UNCHANGED = "the last report is as it was."
HEADLINES = {
    "games": "games",
    "new_games": "came out in the last 28 days",
    "upcoming_games": "upcoming",
    "rated_games": "rated by 10 or more",
    "added": "times added to libraries",
}
"""The numbers on top, as their keys in `headline` and in words."""


@dataclass(frozen=True)
class Report:
    """A report that was written.

    Attributes:
        path: Where the page is, as the lake's filesystem names it.
        numbers: The numbers on top of it.
        bytes: The page's size.
    """

    filesystem: AbstractFileSystem
    path: str
    numbers: Row
    bytes: int

    @property
    def location(self) -> str:
        """The address of the page."""
        return str(self.filesystem.unstrip_protocol(self.path)).removeprefix("file://")


def write_report(pipeline: dlt.Pipeline) -> Report:
    """Builds the page from the marts and writes it to `reports/market.html` in the lake.

    The numbers on top are kept beside it, a file a day, for the next report to compare with.

    Raises:
        RawgError: there are no marts, or they cannot be read; nothing was written.
    """
    with plain_failure("The report failed", UNCHANGED):
        return _written(pipeline)


def _written(pipeline: dlt.Pipeline) -> Report:
    filesystem, root = fsspec_from_config(lake_configuration(pipeline))
    folder = f"{root.rstrip('/')}/reports"
    with open_marts(pipeline) as marts:
        numbers = headline(marts)
        as_of = numbers.pop("as_of_date")
        ledger = open_ledger(pipeline, rawg_configuration(api_key="not needed"))
        sections = all_sections(marts, ledger)
    before = _numbers_before(filesystem, f"{folder}/numbers", as_of)
    html = _render(
        sections=sections,
        cards=_cards(numbers, before),
        as_of=as_of,
        before=before and before["as_of_date"],
        built_at=datetime.now(UTC),
        is_sandbox=is_sandbox(pipeline),
    )
    content = html.encode()
    write_whole(filesystem, f"{folder}/market.html", content)
    kept = json.dumps({"as_of_date": day(as_of), **numbers})
    write_whole(filesystem, f"{folder}/numbers/{as_of}.json", kept.encode())
    return Report(filesystem, f"{folder}/market.html", numbers, len(content))


def _numbers_before(filesystem: AbstractFileSystem, folder: str, as_of: date) -> Row | None:
    """The numbers of the newest report on an earlier day; one that cannot be read is passed over."""
    filesystem.invalidate_cache(folder)
    paths: list[str] = []
    with suppress(FileNotFoundError):
        paths = filesystem.ls(folder, detail=False)
    names = sorted((path for path in paths if path.endswith(".json")), reverse=True)
    for path in (path for path in names if path.rpartition("/")[2] < f"{as_of}.json"):
        with suppress(ValueError, KeyError):
            numbers: Row = json.loads(filesystem.cat_file(path))
            if all(isinstance(numbers[name], int) for name in HEADLINES):
                return numbers
    return None


def _cards(numbers: Row, before: Row | None) -> list[Row]:
    return [
        {
            "name": name,
            "words": words,
            "value": numbers[name],
            "text": whole(numbers[name]),
            "change": signed(numbers[name] - before[name]) if before else None,
        }
        for name, words in HEADLINES.items()
    ]


def _render(**context: object) -> str:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,  # names of games are anybody's texts
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (HERE / "market.css").read_text()
    return environment.get_template("market.html.j2").render(drawings=_drawings, style=style, **context)


def _drawings(figure: Figure) -> dict[str, str]:
    """The figure for each width of screen."""
    if figure.draw is None or not figure.rows:
        return {}
    return {name: figure.draw(figure.rows, width) for name, width in WIDTHS.items()}
