"""Debian's Chromium, driven by Playwright, and a watch over everything its pages do."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    WebError,
    WebSocket,
)

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
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
CLOSING_SECONDS = 30.0
# The same engine without the browser's own windows: a fresh profile costs next to nothing, but no left page is kept.
BARE = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# What Chromium writes when nobody listens, behind a proxy too, or the line is cut; a page can't keep it from that.
NO_LINE = re.compile(
    r"net::ERR_(CONNECTION_|INTERNET_DISCONNECTED|EMPTY_RESPONSE|NETWORK_)|Connection closed before|"
    r"(status of|response code:) 50[234]"
)

# What Chromium writes about a page that came with an error's status, as it should.
ANSWERED_NO = re.compile(r"the server responded with a status of [45]")


def executable(*, whole: bool) -> str:
    """Where Chromium is: $CHROMIUM, else whatever this machine calls it; the bare one will do unless it is `whole`."""
    named = os.environ.get("CHROMIUM")
    names = [named] if named else NAMES if whole else [BARE, *NAMES]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        wanted = named or " or ".join(names)
        raise RuntimeError(f"no {wanted} here: `make test-tools` installs Chromium, CHROMIUM names another")
    return found


def launch(playwright: Playwright, *arguments: str, keeps_pages: bool = False) -> Browser:
    """Start Chromium with a fresh profile; with `keeps_pages` going back shows kept pages, as people's browsers do."""
    left_out = ["--disable-back-forward-cache"] if keeps_pages else None
    return playwright.chromium.launch(
        executable_path=executable(whole=keeps_pages), args=[*ARGUMENTS, *arguments], ignore_default_args=left_out
    )


class Chromium:
    """A Chromium for several tests, started when first needed, and again when it had to be killed."""

    def __init__(self, playwright: Playwright, *, keeps_pages: bool = False) -> None:
        self._playwright = playwright
        self._keeps_pages = keeps_pages
        # Chromium ignores a switch it doesn't know; its process is found by it.
        self._mark = f"--helpline-tests={secrets.token_hex(8)}"
        self._browser: Browser | None = None

    @property
    def browser(self) -> Browser:
        """The running browser."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = launch(self._playwright, self._mark, keeps_pages=self._keeps_pages)
        return self._browser

    def close(self, what: BrowserContext | None = None) -> None:
        """Close one context, or the browser; one that hangs in it is killed, since its driver would wait forever."""
        if self._browser is None:
            return
        killer = threading.Timer(CLOSING_SECONDS, self._kill)
        killer.start()
        try:
            (what or self._browser).close()
        except Error:
            if self._browser.is_connected():
                raise
        finally:
            killer.cancel()

    @property
    def pid(self) -> int:
        """The process that holds all pages."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                arguments = (process / "cmdline").read_bytes().decode(errors="replace")
                if self._mark in arguments and "--type=" not in arguments:
                    return int(process.name)
        raise RuntimeError("no Chromium runs")

    def _kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class Watch:
    """Notes what no page of ours may do: errors in the console, errors in scripts, requests to anywhere else."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []
        self._tolerated: list[re.Pattern[str]] = []

    def over(self, context: BrowserContext) -> None:
        """Watch every page of this context, those that open later too."""
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("page", self._page)
        for page in context.pages:
            self._page(page)

    def leave(self, context: BrowserContext) -> None:
        """Look at this context no longer."""
        context.remove_listener("console", self._console)
        context.remove_listener("weberror", self._error)
        context.remove_listener("request", self._request)
        context.remove_listener("page", self._page)
        for page in context.pages:
            page.remove_listener("websocket", self._socket)

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

    def _error(self, error: WebError) -> None:
        self.problems.append(f"script error: {error.error}")

    def _page(self, page: Page) -> None:
        page.on("websocket", self._socket)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:" + self.origin)):
            self.problems.append(f"request to elsewhere: {request.url}")

    def _socket(self, socket: WebSocket) -> None:
        if not socket.url.startswith(self.origin.replace("http", "ws", 1) + "/"):
            self.problems.append(f"socket to elsewhere: {socket.url}")
