"""How figures are drawn: Altair charts, rendered to SVG beforehand, so that the page needs no script.

Colours are the page's own (`var(--...)` in report.css), so that a chart follows the reader's light or dark mode.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import vl_convert

from sources.rawg.rows import Row

WIDTHS = {"wide": 720, "narrow": 340}
"""Pixels: on a desk, and on a phone."""
MOST_BARS = 12
"""Bars in a chart that a reader still takes in."""
BAR = 24
"""Pixels of height for one horizontal bar."""
SERIES = [f"var(--series-{number})" for number in range(1, 7)]
INK, MUTED, LINE, UP, DOWN = (f"var(--{name})" for name in ("ink", "muted", "line", "series-1", "series-2"))
Chart = alt.Chart | alt.LayerChart | alt.FacetChart


def svg(chart: Chart, width: int, height: int) -> str:
    """The chart as an SVG element without fixed colours or texts for screen readers: those have the table below it."""
    text: dict[str, Any] = {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 400,
    }
    dressed = chart.properties(
        width=width,
        height=height,
        background="transparent",
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        padding={"left": 12, "top": 4, "right": 12, "bottom": 8},
    ).configure(
        aria=False,
        font="Arial, sans-serif",  # whose widths the renderer knows
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(**text, gridColor=LINE, domainColor=LINE, tickColor=LINE),
        legend=alt.LegendConfig(
            **text, orient="top", title=None, columns=width // 170, columnPadding=24, symbolType="square"
        ),
        text=alt.MarkConfig(color=INK, fontSize=12),
    )
    drawn: str = vl_convert.vegalite_to_svg(dressed.to_dict())
    return drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _data(rows: Sequence[Row]) -> alt.InlineData:
    plain = [{name: str(value) if isinstance(value, date) else value for name, value in row.items()} for row in rows]
    return alt.InlineData(values=plain)


def _told_apart(rows: list[Row], label: str) -> list[Row]:
    """The rows with different labels: two games may have one name, and each has its bar."""
    return [row | {label: row[label] + "\N{ZERO WIDTH SPACE}" * place} for place, row in enumerate(rows)]


def bars(rows: list[Row], width: int, *, label: str, value: str, form: str, title: str) -> str:
    """A horizontal bar for each row, in the order of the rows, with its value beside it.

    Args:
        form: d3's format of the value, such as `+.0%`.
    """
    base = alt.Chart(_data(_told_apart(rows, label))).encode(
        y=alt.Y(label, type="nominal", sort=None, title=None, axis=alt.Axis(labelLimit=width // 3, domain=False)),
        x=alt.X(value, type="quantitative", title=title, axis=alt.Axis(labels=False, ticks=False, grid=False)).scale(
            **_room_for_text(rows, value, width)
        ),
    )
    rises = alt.datum[value] >= 0
    colored = base.mark_bar(cornerRadius=2).encode(color=alt.when(rises).then(alt.value(UP)).otherwise(alt.value(DOWN)))
    written = base.encode(text=alt.Text(value, type="quantitative", format=form))
    beside = [
        written.transform_filter(rises).mark_text(align="left", dx=4),
        written.transform_filter(~rises).mark_text(align="right", dx=-4),
    ]
    return svg(alt.layer(colored, *beside), width, BAR * len(rows) + 24)


def _room_for_text(rows: list[Row], value: str, width: int) -> dict[str, Any]:
    """A scale on which the longest bars leave some 60 pixels for their values."""
    numbers = [row[value] for row in rows]
    low, high = min(0, *numbers), max(0, *numbers)
    room = (high - low or 1) * 60 / (width * 0.6)
    return {"domain": [low - room if low else 0, high + room if high else 0], "nice": False}


def months(rows: list[Row], width: int, *, month: str, parts: dict[str, str], title: str) -> str:
    """A stacked column for each month.

    Args:
        month: Column with the first day of the month.
        parts: Columns that add up to the height, and what the legend calls them.
    """
    chart = (
        alt.Chart(_data(_parts(rows, month, parts)))
        .mark_bar()
        .encode(
            x=alt.X(
                "label:T", timeUnit="utcyearmonth", title=None, axis=alt.Axis(grid=False, format="%Y", tickCount="year")
            ),
            y=alt.Y("value:Q", title=title, axis=alt.Axis(tickCount=5)),
            color=_series("part", list(parts.values())),
            order="order:O",
        )
    )
    return svg(chart, width, 260)


def _parts(rows: list[Row], label: str, parts: dict[str, str]) -> list[Row]:
    """A row for each part of each row, in the order in which they are piled up."""
    return [
        {"label": row[label], "value": row[name], "part": text, "order": order}
        for row in rows
        for order, (name, text) in enumerate(parts.items())
    ]


def _series(field: str, names: list[str]) -> alt.Color:
    return alt.Color(field, type="nominal", scale=alt.Scale(domain=names, range=SERIES[: len(names)]))


def lines(rows: list[Row], width: int, *, x: str, y: str, series: str, title: str) -> str:
    """A line for each series over years; y is a share."""
    names = list(dict.fromkeys(row[series] for row in rows))
    chart = (
        alt.Chart(_data(rows))
        .mark_line(point={"size": 25}, strokeWidth=2)
        .encode(
            x=alt.X(x, type="quantitative", title=None, axis=alt.Axis(format="d", grid=False, tickMinStep=1)).scale(
                zero=False, nice=False
            ),
            y=alt.Y(y, type="quantitative", title=title, axis=alt.Axis(format="%", tickCount=5)),
            color=_series(series, names) if len(names) > 1 else alt.value(UP),
        )
    )
    return svg(chart, width, 280)


def shares(rows: list[Row], width: int, *, label: str, parts: dict[str, str], title: str) -> str:
    """A horizontal bar of parts that sum to one for each row, in the order of the rows."""
    chart = (
        alt.Chart(_data(_parts(rows, label, parts)))
        .mark_bar()
        .encode(
            y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(labelLimit=width // 3, domain=False)),
            x=alt.X("value:Q", title=title, axis=alt.Axis(format="%", tickCount=4, grid=False)).scale(
                domain=[0, 1], nice=False
            ),
            color=_series("part", list(parts.values())),
            order="order:O",
        )
    )
    return svg(chart, width, BAR * len(rows) + 60)


def heat(
    rows: list[Row], width: int, *, x: str, y: str, count: str, steps: tuple[float, float], titles: tuple[str, str]
) -> str:
    """Squares that are the darker the more rows fall into them; x and y are the lower ends of bins of size `steps`."""
    axis = alt.Axis(grid=False, tickCount=6)
    binned = [row | {"x_end": row[x] + steps[0], "y_end": row[y] + steps[1]} for row in rows]
    chart = (
        alt.Chart(_data(binned))
        .mark_rect(color=UP)
        .encode(
            x=alt.X(x, type="quantitative", title=titles[0], axis=axis).scale(zero=False),
            x2="x_end:Q",
            y=alt.Y(y, type="quantitative", title=titles[1], axis=axis).scale(zero=False),
            y2="y_end:Q",
            opacity=alt.Opacity(count, type="quantitative", legend=None, scale=alt.Scale(type="sqrt", range=[0.15, 1])),
        )
    )
    return svg(chart, width, min(width, 360))
