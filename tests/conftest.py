"""Fixtures that all tests share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.forked import ForkedSandbox
from tests.project import Project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts slow tests first, so that no worker is left with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def serve() -> Iterator[Callable[..., SandboxProcess]]:
    """Starts sandboxes that end with the test; takes the arguments of `SandboxProcess`."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(ForkedSandbox(*arguments, **options))


@pytest.fixture
def set_up(tmp_path: Path) -> Callable[..., Project]:
    """Makes a project for a sandbox; keyword arguments are environment variables."""

    def project(sandbox: SandboxProcess, **environment: Any) -> Project:
        return Project(tmp_path, sandbox.base_url, {name: str(value) for name, value in environment.items()})

    return project
