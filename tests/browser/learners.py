"""People who follow the course, as they use a browser: they write in fields, press Save and read what stands there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Locator, Page, expect

Answers = Mapping[str, str | list[str] | int]

# What somebody writes in the first modules: by module and exercise, then by the name of the field.
WHY = "I lie awake, and I want it to be over."
REASON = "I can look my sister in the eye again."
LIFE = "Peace at home, and work that I am good at."
GOAL = "Drink coffee with Els twice."
STEP = "Find her number and write one line."
FIRST_THREE: dict[tuple[str, str], Answers] = {
    ("welcome", "use"): {"why-here": WHY, "how": ["write-here", "save-code"]},
    ("why-stop", "balance"): {
        "gain-go-on": "Rest, for an hour.",
        "cost-stop": "The evenings are empty.",
        "cost-go-on": "A child pays for it.",
        "gain-stop": REASON,
        "ready": 6,
        "not-lower": "Because I am here.",
    },
    ("goals", "ladder"): {
        "life": LIFE,
        "goal": GOAL,
        "steps-0-step": STEP,
        "steps-0-when": "If I close my laptop on Thursday, then I send it.",
        "trust": 8,
    },
}
WRITTEN = [said for answers in FIRST_THREE.values() for said in answers.values() if isinstance(said, str)]


class Learner:
    """Somebody and the pages of a course; nothing here needs scripts."""

    def __init__(self, page: Page, url: str, line: str = "prevention", lang: str = "en") -> None:
        self.page = page
        self.front = f"{url}/{lang}/{line}/"
        self.course = f"{self.front}self-help/"
        self.visited: list[str] = []
        page.on("request", lambda request: self.visited.append(request.url))

    def opens(self, slug: str) -> None:
        """Open a module."""
        self.page.goto(f"{self.course}{slug}/")

    def exercise(self, key: str) -> Locator:
        """An exercise on its module's page."""
        return self.page.locator(f"#exercise-{key}")

    def field(self, key: str, name: str) -> Locator:
        """A field of an exercise."""
        return self.exercise(key).locator(f"[name='{name}']")

    def fills(self, key: str, answers: Answers) -> None:
        """Fill in an exercise."""
        for name, answer in answers.items():
            if isinstance(answer, str):
                self.field(key, name).fill(answer)
            else:
                for chosen in answer if isinstance(answer, list) else [answer]:
                    self.exercise(key).locator(f"label:has([name='{name}'][value='{chosen}'])").click()

    def saves(self, key: str) -> None:
        """Press Save, and be told that it is saved."""
        self.exercise(key).locator(".save button").click()
        expect(self.exercise(key).locator(".saved")).to_contain_text("Saved.")

    def writes(self, slug: str, key: str, answers: Answers) -> None:
        """Fill in and save an exercise."""
        self.opens(slug)
        self.fills(key, answers)
        self.saves(key)

    def holds(self, key: str, answers: Answers) -> None:
        """These answers stand in the fields of an exercise."""
        for name, answer in answers.items():
            if isinstance(answer, str):
                expect(self.field(key, name)).to_have_value(answer)
            else:
                for chosen in answer if isinstance(answer, list) else [answer]:
                    expect(self.exercise(key).locator(f"[name='{name}'][value='{chosen}']")).to_be_checked()

    @property
    def earlier(self) -> Locator:
        """What a module shows of other modules' answers."""
        return self.page.locator(".earlier dd")

    @property
    def yours(self) -> Locator:
        """What the overview says about what was written."""
        return self.page.locator("#yours")

    # Codes

    def makes_a_code(self) -> str:
        """Make a code and read it from the page."""
        self.page.goto(f"{self.course}code/")
        self.page.locator("main form button.primary").click()
        self.page.wait_for_url("**/code/keep/")
        return "-".join(self.page.locator(".code .four").all_inner_texts())

    def types(self, code: str) -> None:
        """Type a code and send it."""
        self.page.locator("#code").fill(code)
        self.page.locator("main form button.primary").click()

    def takes_a_code(self) -> str:
        """From the offer to the confirmed code."""
        code = self.makes_a_code()
        self.page.locator("a[href$='/code/confirm/']").click()
        self.types(code)
        expect(self.yours).to_contain_text("Your code works.")
        return code

    def comes_back(self, code: str) -> None:
        """Enter a code."""
        self.page.goto(f"{self.front}return/")
        self.types(code)

    def is_back(self, code: str) -> None:
        """Enter a code that opens what is kept."""
        self.comes_back(code)
        expect(self.yours).to_contain_text("Your code works.")

    def refused(self) -> tuple[str, str]:
        """What stands above the page of a code that opens nothing, and what it says about it."""
        expect(self.page.locator("#code-error")).to_be_visible()
        return self.page.locator("h1").inner_text(), self.page.locator("#code-error").inner_text()


def sloppy(code: str) -> str:
    """A code as people type it."""
    return "  " + code.lower().replace("0", "o").replace("1", "l").replace("-", " ") + " "


def wrong(code: str) -> str:
    """A code with its last character mistaken."""
    return code[:-1] + ("2" if code[-1] != "2" else "3")


def left_behind(page: Page) -> dict[str, Any]:
    """What scripts have put in this browser."""
    return {
        "local": page.evaluate("({...localStorage})"),
        "session": page.evaluate("({...sessionStorage})"),
        "state": page.evaluate("history.state"),
        "cookies": page.evaluate("document.cookie"),
    }


def names_only_modules(visited: list[str]) -> bool:
    """No address says anything but which page it is."""
    paths = [re.sub(r"^https?://[^/]+", "", url).partition("#") for url in visited]
    return all("?" not in path or path.startswith("/static/") for path, _, _ in paths)
