"""Chromium once a file, one helpline for all of them, a stage for each test."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.browser.chromium import Chromium
from tests.browser.stage import Stage
from tests.clients import Server
from tests.journeys.house import House

FAILED: pytest.StashKey[bool] = pytest.StashKey()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in this folder drives a browser."""
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test failed: its stage keeps pictures then."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver; not longer than a file, for its event loop is in the way of others'."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Chromium]:
    """A running Chromium."""
    running = Chromium(playwright)
    yield running
    running.close()


@pytest.fixture(scope="session")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A helpline with staff that runs as long as the tests do."""
    house = House(Server(tmp_path_factory.mktemp("browser") / "instance", ping_seconds="1", joint_front_page="true"))
    try:
        yield house.open()
    finally:
        house.server.stop()


@pytest.fixture
def house(open_house: House) -> Iterator[House]:
    """The running helpline, without visitors, everybody away."""
    yield open_house
    open_house.see_out()


@pytest.fixture
def new_stage(request: pytest.FixtureRequest, chromium: Chromium) -> Iterator[Callable[..., Stage]]:
    """Sets a stage on a helpline, in a browser of one's own if need be."""
    made: list[Stage] = []

    def make(house: House, browser: Chromium = chromium) -> Stage:
        made.append(Stage(browser, house))
        return made[-1]

    yield make
    for stage in made:
        stage.close(request.node.name, request.node.stash.get(FAILED, False))


@pytest.fixture
def stage(house: House, new_stage: Callable[..., Stage]) -> Stage:
    """Browsers on the helpline that all tests share."""
    return new_stage(house)


@pytest.fixture(scope="module")
def keeping(playwright: Playwright) -> Iterator[Chromium]:
    """A Chromium that keeps left pages whole for going back, as people's browsers do."""
    running = Chromium(playwright, keeps_pages=True)
    yield running
    running.close()


@pytest.fixture(params=["chromium", "keeping"])
def either_stage(request: pytest.FixtureRequest, house: House, new_stage: Callable[..., Stage]) -> Stage:
    """A stage in a browser that keeps pages, and in one that loads them again."""
    return new_stage(house, request.getfixturevalue(request.param))
