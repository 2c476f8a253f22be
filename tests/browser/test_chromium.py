"""A browser that hangs while it closes must not take the rest of the tests with it."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import Playwright

from tests.browser import chromium
from tests.browser.chromium import Chromium


def test_a_browser_that_hangs_is_killed_and_the_next_page_opens(
    playwright: Playwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium, "CLOSING_SECONDS", 0.5)
    running = Chromium(playwright)
    context = running.browser.new_context()
    context.new_page()
    os.kill(running.pid, signal.SIGSTOP)
    running.close(context)
    page = running.browser.new_page()
    assert page.evaluate("1 + 1") == 2
    running.close()
