"""Pages and their forms over HTTP, as browsers without scripts send them: codes, letters, the inbox."""

from __future__ import annotations

import html
import re

from tests.clients import PATIENCE, Browser, Counsellor

WRONG = "7777-7777-7777-7777"
LETTERS, CHAT, RETURN = "/en/youth/letters/", "/en/youth/chat/", "/en/youth/return/"


class Forms:
    """Pages and their forms, as a browser without scripts has them."""

    def __init__(self, browser: Browser) -> None:
        self.browser, self.shown = browser, ""

    def goes_to(self, path: str, status: int = 200) -> str:
        answer = self.browser.http.get(self.browser.server.url + path, timeout=PATIENCE)
        assert answer.status_code == status, (path, answer.status_code)
        self.shown = answer.text
        return html.unescape(answer.text)

    def sends(self, path: str, status: int = 303, **fields: str) -> str:
        """Fill in the form of this page that leads there; where the answer leads."""
        forms = re.findall(r"<form[^>]*>.*?</form>", self.shown, re.DOTALL)
        (form, *_others) = [form for form in forms if f'action="{path}"' in form]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        answer = self.browser.http.post(
            self.browser.server.url + path, data=hidden | fields, timeout=PATIENCE, allow_redirects=False
        )
        assert answer.status_code == status, (path, answer.status_code)
        return str(answer.headers.get("Location", ""))

    def takes_the_code(self, shown_at: str, confirmed_at: str) -> str:
        """Read it, type another one, and then this one."""
        code = "-".join(re.findall(r'class="four">(\w{4})<', self.goes_to(shown_at)))
        self.goes_to(confirmed_at)
        self.sends(confirmed_at, 400, code=WRONG)
        self.sends(confirmed_at, code=code.lower())
        return code

    def enters(self, code: str, status: int = 303) -> str:
        self.goes_to(RETURN)
        return self.sends(RETURN, status, code=code)


class Inbox(Forms):
    """A counsellor with the one letter there is."""

    def __init__(self, counsellor: Counsellor, letter: str) -> None:
        super().__init__(counsellor)
        self.path = f"/console/letters/{letter}/"

    def does(self, where: str, status: int = 303, **fields: str) -> None:
        self.goes_to(self.path)
        self.sends(self.path + where, status, **fields)

    def writes(self, body: str, deed: str, status: int = 303) -> None:
        self.does("write", status, body=body, deed=deed)
