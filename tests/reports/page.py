"""A page as its readers have it: texts, tables and drawings, read from the HTML."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Table:
    """One figure's numbers: cells by column name."""

    mart: str
    title: str
    rows: list[dict[str, str]] = field(default_factory=list)

    def column(self, name: str) -> list[str]:
        """The cells of a column."""
        return [row[name] for row in self.rows]


class Page(HTMLParser):
    """What a page says.

    Attributes:
        numbers: The numbers on top, by name.
        changes: What changed since the report before, by the number's name.
        tables: The tables of the figures, by title.
        drawn: The texts inside of drawings, by the title of the figure.
        captions: What stands below each figure.
        answers: The sentences that answer the sections' questions.
        empty: What is said instead of figures.
        links: Addresses of all links.
        loaded: Elements and attributes that would make a browser load or run something.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.numbers: dict[str, int] = {}
        self.changes: dict[str, str] = {}
        self.tables: dict[str, Table] = {}
        self.drawn: dict[str, list[str]] = {}
        self.captions: list[str] = []
        self.answers: list[str] = []
        self.empty: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._title = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag in ("script", "iframe", "object", "embed", "base", "form") or given.keys() & {"src", "srcset", "onload"}:
            self.loaded.append(self.get_starttag_text() or tag)
        if tag == "a":
            self.links.append(given["href"])
        if tag == "link" and not given["href"].startswith("data:"):
            self.loaded.append(given["href"])
        if "data-value" in given:
            self.numbers[given["data-name"]] = int(given["data-value"])
        if tag == "table":
            self.tables[given["data-title"]] = Table(given["data-mart"], given["data-title"])
        if tag == "tr" and self.tables:
            self._table.rows.append({})
        if tag not in ("meta", "link", "path", "line"):
            self._open.append((tag, given))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Drawings are full of them."""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag == "tr" and not self._table.rows[-1]:
            self._table.rows.pop()  # a head has names and no cells

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text or not self._open:
            return
        tag, given = self._open[-1]
        kind = given.get("class", "")
        if tag == "h3":
            self._title = text
        if tag == "td":
            self._table.rows[-1][given["data-column"]] = text
        if tag == "text":
            self.drawn.setdefault(self._title, []).append(text)
        if kind == "change":
            self.changes[given["data-change"]] = text
        for name, texts in (("source", self.captions), ("answer", self.answers), ("empty", self.empty)):
            if kind == name:
                texts.append(text)

    @property
    def _table(self) -> Table:
        return list(self.tables.values())[-1]
