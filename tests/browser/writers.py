"""People who write letters and those who answer them, as they use a browser; nothing here needs scripts."""

from __future__ import annotations

import re
from datetime import datetime

import pyotp
from playwright.sync_api import Locator, Page, expect


class Writer:
    """Somebody who writes to a line, and reads what comes back."""

    def __init__(self, page: Page, url: str, line: str = "youth", lang: str = "en") -> None:
        self.page = page
        self.front = f"{url}/{lang}/{line}/"
        self.letters = f"{self.front}letters/"
        self.visited: list[str] = []
        page.on("request", lambda request: self.visited.append(request.url))

    def is_turned_away(self) -> None:
        """Want to chat while the line is closed, and be shown the other ways."""
        self.page.goto(f"{self.front}chat/")
        self.page.locator("main form[method=post] button[type=submit]").first.click()
        self.page.wait_for_url("**/other-ways/")

    def goes_to_the_letter(self) -> None:
        """Take the way to a letter that this page offers."""
        self.page.locator("main a[href$='/letters/']").first.click()
        self.page.wait_for_url(self.letters)

    def writes(self, body: str) -> None:
        """Fill in what stands on this page and send it."""
        self.page.locator("#body").fill(body)
        self.page.locator("form:has(#body) button.primary").click()

    def reads_the_code(self) -> str:
        """The code, as it is shown once."""
        self.page.wait_for_url("**/code/**")
        code = "-".join(self.page.locator(".code .four").all_inner_texts())
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code), code
        return code

    def types(self, code: str) -> None:
        """Type a code and send it."""
        self.page.locator("#code").fill(code)
        self.page.locator("form:has(#code) button.primary").click()

    def comes_back(self, code: str) -> None:
        """Enter a code."""
        self.page.goto(f"{self.front}return/")
        self.types(code)

    def refused(self) -> tuple[str, str]:
        """What a code that opens nothing is answered: what stands above the page, and what is said about it."""
        expect(self.page.locator("#code-error")).to_be_visible()
        return self.page.locator("h1").inner_text(), self.page.locator("#code-error").inner_text()

    @property
    def texts(self) -> Locator:
        """The texts of the letter, folded or not."""
        return self.page.locator(".letter-text")

    def unfolds(self) -> list[str]:
        """Open one text after another and read it."""
        for part in self.page.locator("details.letter-part").all():
            if part.get_attribute("open") is None:
                part.locator("summary").click()
        return [text.inner_text() for text in self.texts.all()]

    def erases(self) -> None:
        """Erase the letter with one press."""
        self.page.locator("form[action$='/erase'] button.erase").click()


class Answerer:
    """A counsellor at the inbox."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.inbox = f"{url}/console/letters/"

    def sign_in(self, login: str, password: str, totp: str, at: datetime) -> None:
        """Sign in with the code of this moment on the server's clock."""
        self.page.goto(self.inbox.replace("letters/", "sign-in"))
        self.page.locator("#login").fill(login)
        self.page.locator("#password").fill(password)
        self.page.locator("#code").fill(pyotp.TOTP(totp).at(at))
        self.page.locator("form button.primary").click()
        self.page.wait_for_url(re.compile(r"/console/(?!sign-in)"))

    @property
    def listed(self) -> Locator:
        """The letters in the list."""
        return self.page.locator(".inbox-item > a")

    def opens(self) -> None:
        """Open the one letter that is to be answered."""
        self.page.goto(self.inbox)
        self.listed.click()
        expect(self.page.locator("h1")).to_be_visible()

    def presses(self, deed: str) -> None:
        """Press what takes the letter, or gives it away."""
        self.page.locator(f"form[action$='/{deed}'] button").click()

    def texts(self) -> list[str]:
        """What was written so far."""
        return [text.inner_text() for text in self.page.locator(".letter-texts .letter-text").all()]

    def writes(self, body: str, deed: str) -> None:
        """Write an answer; `deed` says which button comes after it."""
        self.page.locator("#body").fill(body)
        self.does(deed)

    def does(self, deed: str) -> None:
        """Press one of the buttons below a draft."""
        self.page.locator(f"button[name=deed][value={deed}]").click()
