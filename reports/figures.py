"""What a page consists of: figures, each with its numbers, where they come from, and what to mind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sources.rawg.rows import Row

UNKNOWN = "–"
Draw = Callable[[list[Row], int], str]
"""Draws rows as an SVG of a width in pixels."""


def whole(value: float) -> str:
    """1,234"""
    return f"{value:,.0f}"


def signed(value: float) -> str:
    """+1,234"""
    return f"{value:+,.0f}"


def percent(value: float) -> str:
    """12.3 %"""
    return f"{value:.1%}".replace("%", " %")


def signed_percent(value: float) -> str:
    """+12.3 %"""
    return f"{value:+.1%}".replace("%", " %")


def rating(value: float) -> str:
    """4.21"""
    return f"{value:.2f}"


def day(value: date) -> str:
    """2026-11-26"""
    return value.isoformat()


def month(value: date) -> str:
    """2026-11"""
    return f"{value:%Y-%m}"


def minute(value: datetime) -> str:
    """2026-11-26 14:05 UTC"""
    return f"{value:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class Column:
    """A column of a figure's table.

    Attributes:
        name: Its name in the rows.
        form: How a value is written; None is written as unknown.
    """

    name: str
    label: str
    form: Callable[[Any], str] = str

    @property
    def is_number(self) -> bool:
        """Whether its values are aligned at the right."""
        return self.form not in (str, day, month, minute)

    def text(self, row: Row) -> str:
        """A value as the page shows it."""
        value = row[self.name]
        return UNKNOWN if value is None else self.form(value)


@dataclass(frozen=True)
class Figure:
    """A table of numbers from one mart, and how to draw it.

    Attributes:
        sample: How many things stand behind the numbers.
        caveat: What to mind when reading it.
        otherwise: What is said when there are no rows.
        is_list: Whether the table is shown at once instead of unfolded.
    """

    title: str
    mart: str
    sample: str
    caveat: str
    columns: list[Column]
    rows: list[Row]
    otherwise: str
    draw: Draw | None = None
    is_list: bool = False


@dataclass(frozen=True)
class Section:
    """A question and the figures that answer it.

    Attributes:
        anchor: Its name in the page's address.
        answer: The answer in a sentence; empty where there is none.
    """

    anchor: str
    title: str
    answer: str
    figures: list[Figure] = field(default_factory=list)
