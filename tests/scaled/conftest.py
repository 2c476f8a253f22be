"""One cluster for all tests of this folder; each finds it empty and whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import chromium, new_stage, playwright, pytest_runtest_makereport
from tests.journeys.house import House
from tests.scaled.cluster import Cluster

__all__ = ["chromium", "new_stage", "playwright", "pytest_runtest_makereport"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder needs PostgreSQL."""
    for item in items:
        if item.path.parent.name == "scaled":
            item.add_marker(pytest.mark.postgres)


@pytest.fixture(scope="session")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Two processes with staff that run as long as the tests do."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), ping_seconds="1")
    try:
        yield House(cluster.open()).open()
    finally:
        cluster.stop()


@pytest.fixture
def house(open_house: House) -> Iterator[House]:
    """The running helpline, without visitors, everybody away."""
    yield open_house
    open_house.see_out()


@pytest.fixture
def cluster(house: House) -> Cluster:
    """The parts of the running helpline."""
    assert isinstance(house.server, Cluster)
    return house.server
