"""A browser that hangs while it closes must not take the rest of the tests with it; one that keeps pages does so."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser import chromium as chromium_file
from tests.browser.chromium import Chromium
from tests.journeys.house import House


def test_a_browser_that_hangs_is_killed_and_the_next_page_opens(
    playwright: Playwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium_file, "CLOSING_SECONDS", 0.5)
    running = Chromium(playwright)
    context = running.browser.new_context()
    context.new_page()
    os.kill(running.pid, signal.SIGSTOP)
    running.close(context)
    page = running.browser.new_page()
    assert page.evaluate("1 + 1") == 2
    running.close()


def came_back_kept(page: Page, url: str) -> bool:
    """Whether going back shows the page that was left, and not one that was loaded again."""
    page.goto(f"{url}/en/youth/")
    page.evaluate("window.left = true")
    page.goto(f"{url}/en/youth/about/")
    page.go_back(wait_until="commit")
    expect(page).to_have_url(f"{url}/en/youth/")
    return bool(page.evaluate("window.left"))


def test_what_tries_going_back_tries_it_on_kept_pages_too(house: House, chromium: Chromium, keeping: Chromium) -> None:
    assert came_back_kept(keeping.browser.new_page(), house.server.url)
    assert not came_back_kept(chromium.browser.new_page(), house.server.url)
