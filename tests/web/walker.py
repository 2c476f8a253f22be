"""Walks a whole tree through the real pages: every answer of every question, in every language.

Each answer on each way is tapped. Each question is read once, and each advice once for what it is made of: two ways to
the same pieces lead to the same words. In the other languages it is read as often as it takes to have seen each piece,
as which pieces there are is the same in all.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from flask.testing import FlaskClient

from helpline.advice import loader, tree
from helpline.advice.loader import LANGUAGES, Content
from helpline.advice.tree import Advice, Answers, Question
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


def answers_to(content: Content, entry: Entry) -> Answers:
    """Answers to the first questions that lead to this tree."""
    for given in tree.paths(content.forest, content.forest.start):
        walked = tree.walk(content.forest, given)
        if walked.place.id == entry.start and entry.known <= set(walked.known.items()):
            return given
    assert entry.start == content.forest.start, f"no first answers lead to {entry}"
    return ()


@dataclass
class Walker:
    """One browser that tries everything; `advice` is what it came to, by title; `read` by what it is made of."""

    client: FlaskClient
    slug: str
    line: str = "youth"
    token: str = ""
    pages: int = 0
    ways: int = 0
    advice: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    read: set[object] = field(default_factory=set)
    pieces: set[tuple[str, str]] = field(default_factory=set)
    closing: set[str] = field(default_factory=set)

    def walk(self) -> Walker:
        """The whole tree, from each way into it."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.page(self.address("en")))
        assert found is not None
        self.token = found[1]
        for entry in all_ways(self.content.forest).entries[self.slug]:
            given = answers_to(self.content, entry)
            for step, (_, option) in enumerate(given, 1):
                self.answer(step, option)
            self.onwards(given)
        return self

    @property
    def content(self) -> Content:
        return loader.load(self.line)

    def address(self, lang: str, rest: str = "") -> str:
        return f"/{lang}/{self.line}/advice/{rest}"

    def page(self, path: str) -> str:
        """A page that is there and whole."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
        page = answer.get_data(as_text=True)
        assert f'<html lang="{path[1:3]}"' in page
        assert not mentions(page, OTHER[self.line]), path
        self.pages += 1
        return page

    def answer(self, step: int, option: str) -> str:
        """Tap an answer; where the browser is sent."""
        given = {"csrf_token": self.token, "answer": option}
        sent = self.client.post(self.address("en", f"step/{step}/"), data=given)
        assert sent.status_code == 303, (step, option, sent.status_code)
        return sent.headers["Location"]

    def onwards(self, given: Answers) -> None:
        """Everything from the question after these answers on, as far as it belongs to this tree."""
        question, step = tree.walk(self.content.forest, given).place, len(given) + 1
        assert isinstance(question, Question)
        if question.id not in self.asked:
            self.asked.add(question.id)
            for lang in LANGUAGES:
                page = self.page(self.address(lang, f"step/{step}/"))
                assert QUESTION.findall(page) == [question.id]
                assert OPTION.findall(page) == list(question.options), (lang, question.id)
        if question.tree not in (self.slug, loader.SHARED):
            self.ways += 1
            return
        options = question.options
        if question.tree == loader.SHARED:
            # Asked last and steering nothing: all of its answers once, then one a way is enough.
            options = options[: None if question.id not in self.closing else 1]
            self.closing.add(question.id)
        for option in options:
            to, now = self.answer(step, option), (*given, (question.id, option))
            if isinstance(tree.walk(self.content.forest, now).place, Advice):
                assert to == self.address("en", "yours/"), (now, to)
                self.arrived(now)
            else:
                assert to == self.address("en", f"step/{step + 1}/"), (now, to)
                self.onwards(now)

    def arrived(self, given: Answers) -> None:
        """The advice in each language: the right one, with something to do, and somebody to turn to."""
        self.ways += 1
        walked = tree.walk(self.content.forest, given)
        assert isinstance(walked.place, Advice)
        made_of = walked.place.id, walked.place.composed(walked.known)
        if made_of in self.read:
            return
        self.read.add(made_of)
        pieces = {(walked.place.id, piece) for _, section in made_of[1] for piece in section}
        for lang in LANGUAGES if pieces - self.pieces else ("en",):
            page = self.page(self.address(lang, "yours/"))
            (main,) = MAIN.findall(page)
            (title,) = re.findall(r"<h1>(.+?)</h1>", main)
            assert html.unescape(title) == self.content.advice(walked.place, lang).title
            assert PERSON.search(main), (title, "leads to nobody")
            assert "[[" not in page, title
            to_the_course = f'href="/{lang}/{self.line}/self-help/"'
            assert (to_the_course in main) == self.course_door(lang, made_of[0], pieces), title
            assert main.count("<section") >= 2, title
            if title not in self.advice:
                self.advice.add(title)
                self.on_paper(lang, title)
        self.pieces |= pieces

    def course_door(self, lang: str, advice: str, pieces: set[tuple[str, str]]) -> bool:
        """Whether these pieces lead to the course."""
        slug = advice.partition("/")[0]
        blocks = [block for _, piece in pieces for block in self.content.blocks(slug, piece, lang)]
        return loader.Card(loader.COURSE) in blocks

    def on_paper(self, lang: str, title: str) -> None:
        (main,) = MAIN.findall(self.page(self.address(lang, "yours/print/")))
        assert title in main
        assert "<details" not in main
        assert "http" not in main
        assert "/self-help/" not in main
