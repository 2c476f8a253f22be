"""Debian's Chromium, driven by Playwright, and a watch over everything its pages do."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, WebSocket

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever a page would ask of the world fails here, on every machine alike.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# What Chromium writes when nobody listens or the line is cut; a page can't keep it from that.
NO_LINE = re.compile(r"net::ERR_(CONNECTION_|INTERNET_DISCONNECTED|EMPTY_RESPONSE|NETWORK_)|Connection closed before")

# What Chromium writes about a page that came with an error's status, as it should.
ANSWERED_NO = re.compile(r"the server responded with a status of [45]")


def executable() -> str:
    """Where Chromium is: $CHROMIUM, else whatever this machine calls it."""
    named = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, [named] if named else NAMES)), None)
    if found is None:
        wanted = named or " or ".join(NAMES)
        raise RuntimeError(f"no {wanted} here: `make test-tools` installs Chromium, CHROMIUM names another")
    return found


def launch(playwright: Playwright, *, keeps_pages: bool = False) -> Browser:
    """Start Chromium with a fresh profile; with `keeps_pages` going back shows kept pages, as people's browsers do."""
    left_out = ["--disable-back-forward-cache"] if keeps_pages else None
    return playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS, ignore_default_args=left_out)


class Watch:
    """Notes what no page of ours may do: errors in the console, errors in scripts, requests to anywhere else."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []
        self._tolerated: list[re.Pattern[str]] = []

    def over(self, context: BrowserContext) -> None:
        """Watch every page of this context, those that open later too."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))
        context.on("request", self._request)
        context.on("page", lambda page: page.on("websocket", self._socket))

    def allow(self, pattern: re.Pattern[str]) -> None:
        """Console errors like this one belong to the test."""
        self._tolerated.append(pattern)

    @contextlib.contextmanager
    def tolerating(self, pattern: re.Pattern[str], *pages: Page) -> Iterator[None]:
        """Console errors like this one are expected for a while; `pages` get the time to report theirs."""
        self._tolerated.append(pattern)
        try:
            yield
        finally:
            for page in pages:
                page.evaluate("0")
            self._tolerated.remove(pattern)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(pattern.search(message.text) for pattern in self._tolerated):
            self.problems.append(f"console: {message.text} ({message.location['url']})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:" + self.origin)):
            self.problems.append(f"request to elsewhere: {request.url}")

    def _socket(self, socket: WebSocket) -> None:
        if not socket.url.startswith(self.origin.replace("http", "ws", 1) + "/"):
            self.problems.append(f"socket to elsewhere: {socket.url}")
