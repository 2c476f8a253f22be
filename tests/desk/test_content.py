"""What visitors read, as all staff can look at it: lists, drawings, previews in each language."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpline.advice import loader
from helpline.advice.tree import Advice, Question
from tests.house.test_routes import signed_in, wrong_with
from tests.web.pages import Page

ROOT = "/console/content/"


@pytest.fixture
def analyst(app: Flask) -> FlaskClient:
    """Somebody who takes no chats: whoever works here may read what visitors read."""
    return signed_in(app, "analyst")


def links_to(page: Page, beginning: str) -> list[str]:
    return sorted({link for link in page.links if link.startswith(beginning)})


@pytest.mark.parametrize("role", ["counsellor", "supervisor", "administrator"])
def test_all_staff_find_their_way_there(app: Flask, role: str) -> None:
    client = signed_in(app, role)
    assert ROOT in Page(client.get("/console/").text).links
    assert client.get(ROOT).status_code == 200


@pytest.mark.parametrize("line", ["youth", "prevention"])
def test_every_page_of_every_tree_can_be_reached_and_read_in_each_language(analyst: FlaskClient, line: str) -> None:
    content, root = loader.load(line), f"{ROOT}{line}/"
    trees = links_to(Page(analyst.get(ROOT).text), root)
    assert trees == sorted(f"{root}{tree}/" for tree in content.files.trees)
    pages = set()
    for tree in trees:
        answer = analyst.get(tree)
        assert (answer.status_code, wrong_with(answer, tree)) == (200, [])
        pages |= {link for link in links_to(Page(answer.text), root) if link.count("/") == 6}
    assert pages == {f"{root}{node}/" for node in content.forest.nodes}
    for page in sorted(pages):
        node = content.forest.nodes[page.removeprefix(root).strip("/")]
        for lang in loader.LANGUAGES:
            answer = analyst.get(f"{page}?lang={lang}")
            assert (answer.status_code, wrong_with(answer, page)) == (200, [])
            said = content.advice(node, lang).title if isinstance(node, Advice) else content.question(node, lang).ask
            assert f"<h1>{_escaped(said)}</h1>" in answer.text
            other = next(code for code in loader.LANGUAGES if code != lang)
            assert f"{page}?lang={other}" in Page(answer.text).links


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("'", "&#39;").replace('"', "&#34;")


@pytest.mark.parametrize(("line", "tree"), [("youth", "extortion"), ("prevention", "partner-or-family")])
def test_a_drawing_shows_each_page_once_and_the_list_too(analyst: FlaskClient, line: str, tree: str) -> None:
    html = analyst.get(f"{ROOT}{line}/{tree}/").text
    drawing = html[html.index('<svg class="drawing"') : html.index("</svg>", html.index('<svg class="drawing"'))]
    nodes = [node for node in loader.load(line).forest.nodes.values() if node.tree == tree]
    for node in nodes:
        address = f'href="{ROOT}{line}/{node.id}/"'
        assert drawing.count(address) == 1, node.id
        assert html.count(address) >= 2, node.id
    assert not re.search(r"<(script|style|image|foreignObject)|style=|https?:|@import|xlink", drawing)


def test_a_part_for_some_says_for_whom_and_a_card_is_the_entry_of_the_country(analyst: FlaskClient) -> None:
    html = analyst.get(f"{ROOT}youth/extortion/child/?lang=nl").text
    assert "<code>trust-home</code>" in html
    assert "home: No" in html, "who reads it is said in the language of the console"
    assert "113 Zelfmoordpreventie" in html


def test_who_reads_a_part_is_said_in_the_words_of_its_own_tree(analyst: FlaskClient) -> None:
    """Several trees ask for the same under one key, each with answers of its own."""
    content = loader.load("youth")
    for place in (node for node in content.forest.nodes.values() if isinstance(node, Advice)):
        html = analyst.get(f"{ROOT}youth/{place.id}/").text
        for piece in (piece for _, pieces in place.sections for piece in pieces if piece.when):
            said = []
            for key, options in piece.when.items():
                question = content.forest.nodes[f"{place.tree}/{key}"]
                assert isinstance(question, Question)
                assert options <= set(question.options), (place.id, piece)
                words = content.question(question, "en").options
                said.append(f"if {key}: {', '.join(words[option] for option in question.options if option in options)}")
            assert f"<code>{piece.name}</code> · {_escaped(', '.join(said))}</p>" in html, (place.id, piece)


def test_the_question_asked_last_can_be_read_too(analyst: FlaskClient) -> None:
    answer = analyst.get(f"{ROOT}youth/shared/gender/?lang=nl")
    assert answer.status_code == 200
    assert "steers nothing" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "nowhere/start/",
        "prevention/nothing/",
        "youth/nothing/",
        "youth/shared/",
        "youth/start/nothing/",
        "youth/nothing/danger/",
        "youth/start/danger/?lang=fr",
        "youth/start/danger/?lang=",
        "youth/../start/",
    ],
)
def test_what_is_not_there_is_not_found(analyst: FlaskClient, path: str) -> None:
    assert analyst.get(ROOT + path).status_code == 404


def test_nobody_else_reads_along(client: FlaskClient) -> None:
    for path in ("", "youth/start/", "youth/start/danger/"):
        assert client.get(ROOT + path).status_code == 303
