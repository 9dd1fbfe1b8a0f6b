"""How RAWG's unfiltered lists are paged: by number, building each URL anew, because `next` carries the key."""

from typing import Any

import dlt
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

from sources.rawg.errors import ApiRefused

LIST_PAGE_SIZE = 40
"""Rows asked for on a page of a list."""


class ListPages(BasePaginator):
    """Pages a list until as many rows were seen as its `count` tells.

    Raises:
        ApiRefused: the list ended before its count was reached.
    """

    def __init__(self) -> None:
        super().__init__()
        self.page = 1
        self.rows = 0

    def init_request(self, request: Request) -> None:
        self.page, self.rows = 1, 0
        self._has_next_page = True
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        self.page += 1
        self.rows += len(data or [])
        self._has_next_page = self.rows < response.json()["count"]
        if self._has_next_page and not data:
            raise ApiRefused(
                f"RAWG ended a list after {self.rows} of {response.json()['count']} rows; try again later."
            )

    def update_request(self, request: Request) -> None:
        request.params = {**(request.params or {}), "page": self.page, "page_size": LIST_PAGE_SIZE}


class ReferencePages(ListPages):
    """`ListPages` for a table that is replaced: a list that lost most of its rows is an outage, not news."""

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        super().update_state(response, data)
        if self._has_next_page:
            return
        state = dlt.current.resource_state()
        if self.rows <= state.get("rows", 0) // 2:
            raise ApiRefused(
                f"RAWG listed {self.rows} rows of {response.url.rsplit('/', 1)[-1].split('?')[0]} where the last load"
                f" had {state.get('rows', 0)}; the table was left as it is, try again later."
            )
        state["rows"] = self.rows


class CataloguePages(ListPages):
    """Pages a long list from where the last package ended; `next_page` is kept in dlt's state with the rows.

    Args:
        most_pages: Pages to load in this package.
    """

    def __init__(self, most_pages: int) -> None:
        super().__init__()
        self.most_pages = most_pages

    def init_request(self, request: Request) -> None:
        super().init_request(request)
        self.page = dlt.current.resource_state().get("next_page", 1)
        self.first_page = self.page
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        is_last = self.page * LIST_PAGE_SIZE >= response.json()["count"] or not data
        self.page += 1
        dlt.current.resource_state()["next_page"] = 1 if is_last else self.page
        self._has_next_page = not is_last and self.page - self.first_page < self.most_pages
