"""One test's browsers: each person gets a fresh profile, every page is watched, and failures leave pictures."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.chromium import NO_LINE, Chromium, Watch
from tests.browser.people import Desk, PlainRoom, Room
from tests.journeys.house import House

ARTEFACTS = Path(__file__).parents[2] / ".artefacts"
PATIENCE_MS = 10_000
PHONE, SCREEN = (360, 740), (1280, 800)

expect.set_options(timeout=PATIENCE_MS)


class Stage:
    """Opens browsers on a running helpline."""

    def __init__(self, chromium: Chromium, house: House) -> None:
        self.chromium = chromium
        self.house = house
        self.watch = Watch(house.server.url)
        self._pages: dict[str, Page] = {}

    @property
    def url(self) -> str:
        """Where the helpline is."""
        return self.house.server.url

    def page(self, who: str, size: tuple[int, int] = SCREEN, **options: Any) -> Page:
        """A page in a fresh profile; `options` are those of a Playwright context."""
        width, height = size
        # Without motion nothing is measured or photographed half way.
        wanted = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce", "locale": "en-GB"}
        # No browser knows the authority that signs in the tests.
        wanted["ignore_https_errors"] = self.url.startswith("https:")
        page = self._pages[who] = self._opened(wanted | options)
        self.watch.over(page.context)
        return page

    def _opened(self, options: dict[str, Any]) -> Page:
        context = self.chromium.browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        return context.new_page()

    def _left(self, page: Page) -> None:
        self.chromium.close(page.context)

    def visitor(self, who: str = "visitor", line: str = "youth", lang: str = "en", **options: Any) -> Room:
        """A visitor with scripts."""
        return Room(self.page(who, **options), self.url, line, lang)

    def plain_visitor(self, who: str = "plain", line: str = "youth", lang: str = "en", **options: Any) -> PlainRoom:
        """A visitor without scripts."""
        return PlainRoom(self.page(who, java_script_enabled=False, **options), self.url, line, lang)

    def desk(self, login: str, **options: Any) -> Desk:
        """The desk of somebody who is signed in already."""
        desk = self.signed_out_desk(login, **options)
        self.sign_in_quietly(login, desk.page)
        desk.open()
        return desk

    def sign_in_quietly(self, login: str, page: Page) -> None:
        """Give this browser the cookie of a sign-in."""
        cookie = self.house.counsellor(login).http.cookies["console"]
        page.context.add_cookies([{"name": "console", "value": cookie, "url": self.url, "httpOnly": True}])

    def lose_line(self, page: Page) -> None:
        """Cut this browser's line for the rest of the test."""
        self.watch.allow(NO_LINE)
        page.context.set_offline(True)

    def signed_out_desk(self, login: str, **options: Any) -> Desk:
        """A browser in which this counsellor has not signed in yet."""
        return Desk(self.page(login, **options), self.url)

    def twin(self, room: Room) -> Room:
        """The same room in a second tab of the same browser."""
        twin = Room(room.page.context.new_page(), self.url)
        twin.page.goto(room.page.url)
        return twin

    def hide(self, page: Page) -> None:
        """Another window covers the page."""
        self._sight(page, "hidden")

    def show(self, page: Page) -> None:
        """The page is in front again."""
        self._sight(page, "visible")

    @staticmethod
    def _sight(page: Page, state: str) -> None:
        # Without a screen Chromium takes every page for visible, so the page is told by hand.
        page.evaluate(
            """state => {
              Object.defineProperty(document, 'hidden', { configurable: true, get: () => state === 'hidden' });
              Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
              document.dispatchEvent(new Event('visibilitychange'));
            }""",
            state,
        )

    def close(self, test: str, failed: bool) -> None:
        """Close every browser; of a failed test keep what the pages showed and what the server said."""
        if failed:
            self._keep(re.sub(r"[^\w.-]+", "_", test))
        for page in self._pages.values():
            self._left(page)
        problems = self.watch.problems
        assert not problems or failed, "\n".join(problems)

    def _keep(self, test: str) -> None:
        folder = ARTEFACTS / test
        folder.mkdir(parents=True, exist_ok=True)
        for who, page in self._pages.items():
            for number, shown in enumerate(page.context.pages):
                # A page that is hung can't be photographed; the others still can.
                with contextlib.suppress(Exception):
                    shown.screenshot(path=folder / f"{who}-{number}.png", timeout=5000)
        for log in self.house.server.logs:
            if log.exists():
                shutil.copy(log, folder / log.name)
        (folder / "problems.txt").write_text("\n".join(self.watch.problems) + "\n")


class UsedPages(Stage):
    """A stage that wipes its pages and keeps them in `idle` for the next one: a fresh profile costs half a second.

    For tests that look at a page and press nothing which a profile could remember in other ways than these.
    """

    def __init__(self, chromium: Chromium, house: House, idle: dict[str, list[Page]]) -> None:
        super().__init__(chromium, house)
        self._idle = idle
        self._kinds: dict[Page, str] = {}

    def _opened(self, options: dict[str, Any]) -> Page:
        kind = repr(sorted(options.items()))
        kept = self._idle.setdefault(kind, [])
        page = kept.pop() if kept else super()._opened(options)
        self._kinds[page] = kind
        page.set_viewport_size(options["viewport"])
        page.emulate_media(media="null", color_scheme="light")
        return page

    def _left(self, page: Page) -> None:
        context = page.context
        self.watch.leave(context)
        for other in context.pages[1:]:
            other.close()
        context.set_offline(False)
        page.unroute_all()
        # A page of ours that runs nothing, and has what was stored here.
        page.goto(f"{self.url}/healthz")
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        context.clear_cookies()
        self._idle[self._kinds[page]].append(page)
