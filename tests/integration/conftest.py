"""Fixtures of whole loads."""

from collections.abc import Iterator

import pytest

from tests.integration.object_store import ObjectStore, StoreUnavailable


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A running object store with an empty bucket."""
    try:
        with ObjectStore(tmp_path_factory.mktemp("store")) as running:
            yield running
    except StoreUnavailable as error:
        pytest.skip(str(error))
