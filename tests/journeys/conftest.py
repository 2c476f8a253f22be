"""One real server for all journeys; each test finds it empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients import Server
from tests.journeys.house import House


@pytest.fixture(scope="session")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server with staff that runs as long as the tests do."""
    house = House(Server(tmp_path_factory.mktemp("house") / "instance", ping_seconds="0.5"))
    try:
        yield house.open()
    finally:
        house.server.stop()


@pytest.fixture
def house(open_house: House) -> Iterator[House]:
    """The running helpline, without visitors, everybody away."""
    yield open_house
    open_house.see_out()
