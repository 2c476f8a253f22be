"""What visitors read, as all staff can look at it: lists, drawings, previews in each language."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpline.advice import loader
from helpline.advice.tree import Advice, Question
from helpline.selfhelp import loader as courses
from helpline.selfhelp.loader import AnswersHere, ExerciseHere
from tests.house.test_routes import signed_in, wrong_with
from tests.postgres import sqlite_only
from tests.web.pages import Page

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

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
    trees = [link for link in links_to(Page(analyst.get(ROOT).text), root) if link.count("/") == 5]
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


def test_every_module_of_a_course_can_be_read_in_each_language_with_its_exercises(analyst: FlaskClient) -> None:
    found, root = courses.load("prevention"), f"{ROOT}prevention/course/"
    modules = [*found.course.modules, *found.course.boosters]
    listed = links_to(Page(analyst.get(ROOT).text), root)
    assert listed == sorted(f"{root}{module.slug}/" for module in modules)
    assert len(listed) >= 18
    for module in modules:
        for lang, other in (("en", "nl"), ("nl", "en")):
            answer = analyst.get(f"{root}{module.slug}/?lang={lang}")
            page, words = Page(answer.text), found.words[lang][module.slug]
            assert (answer.status_code, wrong_with(answer, root)) == (200, [])
            assert f"<h1>{_escaped(words.title)}</h1>" in answer.text
            assert _escaped(words.step) in answer.text
            for block in found.texts[lang, module.slug]:
                if isinstance(block, ExerciseHere):
                    exercise = words.exercises[block.key]
                    said = [exercise.title, exercise.intro, *(asked.label for asked in exercise.fields.values())]
                    said += [option for asked in exercise.fields.values() for option in asked.options.values()]
                    assert [text for text in said if _escaped(text) not in answer.text] == []
                elif isinstance(block, AnswersHere):
                    asked = found.course.field(block.address)
                    assert asked is not None
                    assert _escaped(found.field_words(lang, asked).label) in answer.text
            assert f"{root}{module.slug}/?lang={other}" in page.links
            assert not [link for link in page.links if "/self-help/" in link], "looking at it here is no visit"
            assert [form.action for form in page.forms] == ["/console/sign-out"], "nothing can be written here"


def test_modules_lead_from_one_to_the_next(analyst: FlaskClient) -> None:
    root = f"{ROOT}prevention/course/"
    path = found = f"{root}welcome/"
    walked = set()
    while found:
        path, found = found, ""
        walked.add(path)
        html = analyst.get(f"{path}?lang=nl").text
        turn = [link.partition("?")[0] for link in Page(html[html.index('<nav class="turn"') :]).links]
        found = next((link for link in turn if link.startswith(root) and link not in walked), "")
    assert walked == set(links_to(Page(analyst.get(ROOT).text), root))


def test_whoever_has_no_desk_is_told_what_there_is(app: Flask, analyst: FlaskClient) -> None:
    first = analyst.get("/console/")
    assert (first.status_code, first.headers["Location"]) == (303, "/console/releases/")
    home = signed_in(app, "administrator").get("/console/").text
    assert "<code>helpline staff add</code>" in home
    assert ROOT in Page(home[home.index("<main") :]).links


@pytest.mark.parametrize(
    "path",
    [
        "youth/course/welcome/",
        "prevention/course/nothing/",
        "prevention/course/welcome/?lang=fr",
        "nowhere/course/welcome/",
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
    for path in ("", "youth/start/", "youth/start/danger/", "prevention/course/welcome/"):
        assert client.get(ROOT + path).status_code == 303
