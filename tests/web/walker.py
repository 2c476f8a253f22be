"""Walks a whole tree through the real pages: every answer of every question, in every language."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flask.testing import FlaskClient

from helpline.advice import loader, tree
from helpline.advice.loader import LANGUAGES, Content
from helpline.advice.ways import Entry, all_ways
from tests.web.pages import OTHER, mentions

OPTION = re.compile(r'<button class="answer[^"]*" type="submit" name="answer" value="([^"]+)"')
QUESTION = re.compile(r'name="question" value="([^"]+)"')
# A number to call, or the way to our own chat.
PERSON = re.compile(r'href="(?:tel:|/[a-z]+/[a-z]+/(?:advice/bring|chat)/)')
MAIN = re.compile(r"<main\b.*</main>", re.DOTALL)


def slugs(line: str) -> list[str]:
    """Every tree of the line."""
    return sorted(loader.load(line).files.trees)


def answers_to(content: Content, entry: Entry) -> list[str]:
    """Answers to the first questions that lead to this tree."""
    for given in tree.paths(content.forest, content.forest.start):
        walked = tree.walk(content.forest, given)
        if walked.place.id == entry.start and entry.known <= set(walked.known.items()):
            return [option for _, option in given]
    assert entry.start == content.forest.start, f"no first answers lead to {entry}"
    return []


@dataclass
class Walker:
    """One browser that tries everything; `advice` is what it came to."""

    client: FlaskClient
    slug: str
    line: str = "youth"
    token: str = ""
    pages: int = 0
    ways: int = 0
    advice: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    closing: set[str] = field(default_factory=set)

    def walk(self) -> Walker:
        """The whole tree, from each way into it."""
        content = loader.load(self.line)
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.page(self.address("en")))
        assert found is not None
        self.token = found[1]
        for entry in all_ways(content.forest).entries[self.slug]:
            step = 1
            for option in answers_to(content, entry):
                self.answer(step, option)
                step += 1
            self.onwards(step)
        return self

    def address(self, lang: str, rest: str = "") -> str:
        return f"/{lang}/{self.line}/advice/{rest}"

    def page(self, path: str) -> str:
        """A page that is there and whole."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
        html = answer.get_data(as_text=True)
        assert f'<html lang="{path[1:3]}"' in html
        assert not mentions(html, OTHER[self.line]), path
        self.pages += 1
        return html

    def answer(self, step: int, option: str) -> str:
        """Tap an answer; where the browser is sent."""
        given = {"csrf_token": self.token, "answer": option}
        sent = self.client.post(self.address("en", f"step/{step}/"), data=given)
        assert sent.status_code == 303, (step, option, sent.status_code)
        return sent.headers["Location"]

    def onwards(self, step: int) -> None:
        """Everything from this question on, as far as it belongs to this tree."""
        html = self.page(self.address("en", f"step/{step}/"))
        options, (question,) = OPTION.findall(html), QUESTION.findall(html)
        assert options, (question, "a question without an answer")
        if question not in self.asked:
            # However one comes to a question, it is asked in the same words.
            self.asked.add(question)
            for lang in LANGUAGES:
                assert OPTION.findall(self.page(self.address(lang, f"step/{step}/"))) == options, (lang, question)
        of = question.partition("/")[0]
        if of not in (self.slug, loader.SHARED):
            self.ways += 1
            return
        if of == loader.SHARED:
            # Asked last and steering nothing: all of its answers once, then one a way is enough.
            options = options[: None if question not in self.closing else 1]
            self.closing.add(question)
        for option in options:
            to = self.answer(step, option)
            if to == self.address("en", "yours/"):
                self.arrived()
            else:
                assert to == self.address("en", f"step/{step + 1}/"), (question, option, to)
                self.onwards(step + 1)

    def arrived(self) -> None:
        """The advice in each language: with a title, something to do, and somebody to turn to."""
        self.ways += 1
        for lang in LANGUAGES:
            html = self.page(self.address(lang, "yours/"))
            (main,) = MAIN.findall(html)
            (title,) = re.findall(r"<h1>(.+?)</h1>", main)
            assert PERSON.search(main), (title, "leads to nobody")
            assert "[[" not in html, title
            assert main.count("<section") >= 2, title
            if title not in self.advice:
                self.advice.add(title)
                self.on_paper(lang, title)

    def on_paper(self, lang: str, title: str) -> None:
        (main,) = MAIN.findall(self.page(self.address(lang, "yours/print/")))
        assert title in main
        assert "<details" not in main
        assert "http" not in main
