"""People who look for advice, as they use a browser: they tap answers and read what is shown."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.sync_api import FrameLocator, Locator, Page, expect

from helpline.advice import loader
from helpline.advice.tree import Advice

Answers = Mapping[str, str]

SAFE = {"danger": "no", "safe": "yes"}
BOY: Answers = SAFE | {
    "who": "me",
    "what": "extortion",
    "demand": "money",
    "paid": "no",
    "age": "12-15",
    "home": "no",
    "gender": "male",
}
GIRL: Answers = BOY | {"home": "yes", "gender": "female"}
PARENT: Answers = SAFE | {
    "who": "child",
    "child-happened": "blackmail",
    "child-age": "12-17",
    "child-home": "no",
    "gender": "female",
}
FRIEND: Answers = SAFE | {
    "who": "friend",
    "friend-happened": "image",
    "friend-home": "yes",
    "age": "16-17",
    "gender": "rather-not",
}
# On the prevention line.
THEIR_OWN: Answers = SAFE | {"child": "no", "who": "me"}
VISITED: Answers = THEIR_OWN | {"age": "26+", "brings": "police", "visit": "days", "kids-near": "yes", "gender": "male"}
MINOR: Answers = THEIR_OWN | {"age": "12-15", "young-what": "feelings", "home": "yes", "gender": "male"}


def title_of(node: str, lang: str = "en") -> str:
    """What stands above this advice."""
    content = loader.load("youth")
    place = content.forest.nodes[node]
    assert isinstance(place, Advice)
    return content.advice(place, lang).title


def words_of(question: str, option: str, lang: str = "en") -> tuple[str, str]:
    """How a question is asked, and how this answer to it is called."""
    content = loader.load("youth")
    words = content.question(content.forest.nodes[question], lang)  # type: ignore[arg-type]  # named by the test
    return words.ask, words.options[option]


class Asker:
    """Somebody and the pages of the advice; nothing here needs scripts."""

    def __init__(self, page: Page, url: str, line: str = "youth", lang: str = "en") -> None:
        self.page = page
        self.front = f"{url}/{lang}/{line}/"
        self.advice = f"{self.front}advice/"

    def comes_in(self) -> None:
        """Through the door on the front page."""
        self.page.goto(self.front)
        self.page.locator("a.door[href$='/advice/']").click()
        self.is_asked("danger")

    def is_asked(self, question: str) -> None:
        """Wait until this question stands there."""
        expect(self.page.locator(f"input[name=question][value$='/{question}']")).to_be_attached()

    def answer(self, option: str) -> None:
        """Tap an answer."""
        self.page.locator(f".answer[value='{option}']").click()

    def answers(self, answers: Answers) -> None:
        """Tap one answer after the other."""
        for question, option in answers.items():
            self.is_asked(question)
            self.answer(option)

    def walks(self, answers: Answers) -> None:
        """From the first question to the advice."""
        self.page.goto(self.advice)
        self.answers(answers)
        self.page.wait_for_url("**/advice/yours/")

    @property
    def title(self) -> Locator:
        """What stands above the page."""
        return self.page.locator("h1")

    @property
    def marked(self) -> Locator:
        """The answer that was given before."""
        return self.page.locator(".answer[aria-current]")

    def goes_back(self) -> None:
        """Press what leads to the question before."""
        self.page.locator(".back a").click()

    def section(self, title: str) -> Locator:
        """A part of the advice, folded out if it was folded."""
        fold = self.page.locator("details.more").filter(has=self.page.get_by_role("heading", name=title, exact=True))
        if fold.count():
            if fold.get_attribute("open") is None:
                fold.locator("summary").click()
            return fold.locator(".more-in")
        return self.page.get_by_role("region", name=title, exact=True)

    def whole_text(self) -> str:
        """All that the page says, the folded parts too."""
        return " ".join((self.page.locator("main").text_content() or "").split())

    def talks(self) -> None:
        """Take the way to our chat that stands in the advice."""
        self.page.locator(".part-of-advice").get_by_role("link", name="Talk to us").click()

    @property
    def strip(self) -> FrameLocator:
        """How the chat stands that goes on beside the advice."""
        return self.page.frame_locator("iframe.place-frame")

    def is_told(self, words: str) -> None:
        """Wait until the strip says this; it loads itself again every ten seconds."""
        expect(self.strip.locator(".strip strong")).to_have_text(words, timeout=20_000)
