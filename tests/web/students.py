"""A browser without scripts whose visitor follows a course."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from werkzeug.test import TestResponse

from tests.web.pages import Page, Tab


class Student(Tab):
    """Somebody at the pages of a line's course."""

    @property
    def course(self) -> str:
        """The overview."""
        return f"/{self.lang}/{self.line}/self-help/"

    @property
    def entrance(self) -> str:
        """Where a code is entered."""
        return f"/{self.lang}/{self.line}/return/"

    def module(self, slug: str) -> Page:
        """A module's page."""
        return self.page(f"{self.course}{slug}/")

    def writes(self, slug: str, exercise: str, **fields: str) -> TestResponse:
        """Fill in an exercise as it stands on its page and save it."""
        return self.sends(self.module(slug), slug, exercise, **fields)

    def sends(self, page: Page, slug: str, exercise: str, **fields: str) -> TestResponse:
        """Save an exercise from a page that was opened earlier."""
        named = {name.replace("__", "-"): value for name, value in fields.items()}
        return self.submit(f"{self.course}{slug}/", page.form(f"{slug}/{exercise}/"), **named)

    def holds(self, slug: str, exercise: str) -> dict[str, str]:
        """What stands in the fields of an exercise."""
        fields = self.module(slug).form(f"{slug}/{exercise}/").fields
        hidden = ("csrf_token", "had")
        return {name: value for name, value in fields.items() if value and name not in hidden and "seen" not in name}

    def presses(self, path: str, action: str, **fields: str) -> TestResponse:
        """Press the button of a form on a page."""
        return self.submit(path, self.page(path).form(action), **fields)

    def is_done(self, slug: str, page: Page | None = None, **fields: str) -> TestResponse:
        """Press 'Done' below a module, which sends what stands in its last exercise."""
        page = page or self.module(slug)
        button = next(has for has in page.buttons if has.get("value") == "done")
        form = next(form for form in page.forms if form.name == button["form"])
        return self.submit(f"{self.course}{slug}/", form, **{button["name"]: "done"}, **fields)

    def takes_a_code(self) -> str:
        """From the offer to the confirmed code."""
        page = f"{self.course}code/"
        assert self.presses(page, "/code/").headers["Location"] == f"{page}keep/"
        code = "-".join(re.findall(r'class="four">(\w{4})<', self.get(f"{page}keep/").text))
        kept = self.presses(f"{page}confirm/", "/confirm/", code=code)
        assert (kept.status_code, kept.headers["Location"]) == (303, f"{self.course}#yours")
        return code

    def comes_back(self, code: str) -> TestResponse:
        """Enter a code."""
        return self.presses(self.entrance, "/return/", code=code)

    def follow(self, answer: TestResponse) -> Page:
        """The page that an answer leads to."""
        return self.page(urljoin(self.course, answer.headers["Location"].partition("#")[0]))


def words(page: Page) -> str:
    """All that a page says."""
    return " ".join(" ".join(page.words).split())
