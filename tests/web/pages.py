"""A browser without JavaScript inside the process: it reads pages, fills in forms and keeps cookies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ANSWERS = {"danger": "no", "distress": "3", "language": "en", "first_message": ""}
# How each line is called, and which one it never mentions.
OWN_WORDS = {"youth": ["youth", "zeg het ons"], "prevention": ["prevention", "anders verder"]}
OTHER = {"youth": "prevention", "prevention": "youth"}
VOID = {"input", "meta", "link", "img", "br", "hr", "base"}


@dataclass
class Form:
    """A form as it stands on a page."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    name: str = ""


@dataclass
class Text:
    """One text of the transcript."""

    seq: int
    author: str
    body: str = ""


class Page(HTMLParser):
    """What a page says and does, taken from its HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.title = ""
        self.language = ""
        self.words: list[str] = []
        self.forms: list[Form] = []
        self.buttons: list[dict[str, str]] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.metas: dict[str, str] = {}
        self.texts: list[Text] = []
        self.inline: list[str] = []
        self.attributes: dict[str, dict[str, str]] = {}
        self._open: list[str] = []
        self._area: str | None = None
        self._body = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        self.inline += [f"{name} on <{tag}>" for name in has if name == "style" or name.startswith("on")]
        if "javascript:" in " ".join(has.values()).lower():
            self.inline.append(f"javascript: in <{tag}>")
        if tag == "html":
            self.language = has.get("lang", "")
        if "id" in has:
            self.attributes[has["id"]] = has
        if tag == "button":
            self.buttons.append(has)
        if tag == "a":
            self.links.append(has.get("href", ""))
        elif "formaction" in has:
            self.links.append(has["formaction"])
        elif tag == "form":
            self.forms.append(Form(has.get("action", ""), has.get("method", "get").lower(), name=has.get("id", "")))
        elif tag == "meta":
            self.metas[has.get("name") or has.get("http-equiv", "")] = has.get("content", "")
        elif tag == "link" or "src" in has:
            self.loads.append(has.get("href") or has.get("src", ""))
        elif tag in ("script", "style"):
            self.inline.append(f"<{tag}>")
        if tag in ("input", "textarea") and self.forms and has.get("name"):
            self._field(tag, has)
        if has.get("data-seq"):
            self.texts.append(Text(int(has["data-seq"]), has.get("data-author", "")))
        self._body = self._body or (has.get("class") == "text-body" and bool(self.texts))

    def _field(self, tag: str, has: dict[str, str]) -> None:
        if tag == "textarea":
            self._area = has["name"]
            self.forms[-1].fields[has["name"]] = ""
        elif has.get("type") not in ("radio", "checkbox") or "checked" in has:
            self.forms[-1].fields[has["name"]] = has.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass
        if tag == "textarea":
            self._area = None
        if tag == "p":
            self._body = False

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title":
            self.title += data
        if self._area is not None:
            # The first line break after <textarea> belongs to the markup.
            self.forms[-1].fields[self._area] += data.removeprefix("\n")
        if self._body:
            self.texts[-1].body += data
        if data.strip():
            self.words.append(data.strip())

    @property
    def said(self) -> list[tuple[int, str, str]]:
        """(seq, author, body) of every text, each once."""
        return list(dict.fromkeys((text.seq, text.author, text.body) for text in self.texts))

    def form(self, action: str = "") -> Form:
        """The form that goes to an address that ends so."""
        found = [form for form in self.forms if form.action.partition("#")[0].endswith(action)]
        assert found, f"no form {action!r} among {[form.action for form in self.forms]}"
        return found[0]


class Tab:
    """One browser: follows nothing by itself, so that each answer can be looked at."""

    def __init__(self, client: FlaskClient, line: str = "youth", lang: str = "en") -> None:
        self.client = client
        self.line, self.lang = line, lang

    @property
    def chat(self) -> str:
        """Path of the join form."""
        return f"/{self.lang}/{self.line}/chat/"

    @property
    def room(self) -> str:
        """Path of the room."""
        return f"{self.chat}room/"

    def get(self, path: str, **headers: str) -> TestResponse:
        """Ask for a page."""
        return self.client.get(path, headers=headers, buffered=True)

    def page(self, path: str) -> Page:
        """A page that has to be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return Page(answer.text)

    def token(self) -> str:
        """The form token of this browser's session, taken from a page with a form."""
        for path in (self.chat, self.room):
            answer = self.get(path)
            if answer.status_code == 200:
                return Page(answer.text).forms[0].fields["csrf_token"]
        raise AssertionError("no page with a form")

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> TestResponse:
        """Send a form with the token of this session."""
        return self.client.post(path, data={"csrf_token": self.token()} | (fields or {}), headers=headers)

    def submit(self, path: str, form: Form, **fields: str) -> TestResponse:
        """Fill in a form as it stands on the page at `path` and send it."""
        return self.client.post(urljoin(path, form.action), data=form.fields | fields)

    def join(self, **answers: str) -> Tab:
        """Join the queue by the form."""
        answer = self.post(self.chat, ANSWERS | {"language": self.lang} | answers)
        assert (answer.status_code, answer.headers.get("Location")) == (303, self.room), answer.text[:500]
        return self

    def say(self, body: str, client_id: str = "", **headers: str) -> TestResponse:
        """Say something by the room's form, or with a `client_id` of one's own."""
        form = self.page(self.room).form("say")
        return self.client.post(
            f"{self.room}say",
            data=form.fields | {"body": body} | ({"client_id": client_id} if client_id else {}),
            headers=headers,
        )

    def transcript(self, after: int = 0) -> Page:
        """The self-refreshing frame."""
        return self.page(f"{self.room}transcript?after={after}")

    def sync(self, after: int = 0) -> dict[str, Any]:
        """The same as JSON."""
        answer = self.get(f"{self.room}transcript?after={after}", Accept="application/json")
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())


def cookies_set(answer: TestResponse) -> dict[str, str]:
    """The Set-Cookie headers of an answer, by name."""
    found = answer.headers.getlist("Set-Cookie")
    return {re.split("[=;]", header)[0]: header for header in found}


def mentions(text: str, slug: str) -> list[str]:
    """Where `text` names this line, by slug or by name."""
    text = text.replace("113 Suicide Prevention", "")  # what a helpline of others is called
    found = [re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text.lower()) for word in OWN_WORDS[slug]]
    return [text[max(0, match.start() - 60) : match.end() + 60] for match in found if match]
