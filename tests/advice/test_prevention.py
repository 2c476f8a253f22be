"""What the advice of the prevention line promises on every way: safety first, and nobody is sent into danger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from flask import Flask

from helpline.advice import loader, service, tree
from helpline.advice.loader import SHARED, Card
from helpline.advice.tree import Advice
from helpline.advice.ways import all_ways
from helpline.content.files import LANGUAGES
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.lines.texts import HelpEntry, countries, load_help
from helpline.privacy import sessions
from helpline.selfhelp import loader as courses

LINE = "prevention"
COURSE = "[[course]]"
MINORS = {"0-11", "12-15", "16-17"}
QUOTED = re.compile(r"'[^'\n]*[a-z][^'\n]*'(?!\w)")
INFORMAL = re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b", re.IGNORECASE)
FORMAL = re.compile(r"\b(u|uw|uzelf)\b", re.IGNORECASE)
# Where only somebody under 18 comes; everybody else on this line is said 'u' to.
YOUNG = "under-18"
YOUNG_SHARED = {"tell-home", "tell-outside", "home"}


@dataclass(frozen=True)
class End:
    """One way through a tree, to advice: what was answered, in order, and the names of its parts by section."""

    place: Advice
    known: dict[str, str]
    parts: dict[str, tuple[str, ...]]

    def text(self, section: str, lang: str = "en") -> str:
        """A section as it is written."""
        files = loader.load(LINE).files
        own, shared = files.trees[self.place.tree].words[lang].parts, files.shared[lang].parts
        return "\n".join(own.get(part) or shared[part] for part in self.parts.get(section, ()))


@cache
def ends() -> tuple[End, ...]:
    """Every end of every way."""
    forest = loader.load(LINE).forest
    found = []
    for entry in (entry for entries in all_ways(forest).entries.values() for entry in entries):
        for way in tree.paths(forest, entry.start, known=dict(entry.known)):
            known = dict(entry.known) | {question.rpartition("/")[2]: option for question, option in way}
            place = led_to(way, known)
            if isinstance(place, Advice):
                found.append(End(place, known, dict(place.composed(known))))
    assert {end.place.id for end in found} == {node.id for node in forest.nodes.values() if isinstance(node, Advice)}
    return tuple(found)


def led_to(way: tree.Answers, known: dict[str, str]) -> tree.Node:
    forest = loader.load(LINE).forest
    last = forest.nodes[way[-1][0]]
    assert isinstance(last, tree.Question)
    return forest.nodes[last.leads_to(known)]


def shown(end: End, lang: str = "nl", country: str = "nl") -> list[service.Section]:
    """The sections as a visitor in this country reads them."""
    return service.composed(loader.load(LINE), end.place, end.known, lang, load_help(country, lang, line=LINE))


def cards(section: service.Section) -> list[str]:
    return [block.key for block in section.blocks if isinstance(block, HelpEntry | Card)]


# Safety first


def test_a_life_the_reader_and_a_child_are_asked_about_before_all_else() -> None:
    forest = loader.load(LINE).forest
    for way in tree.paths(forest, forest.start):
        known = {question.rpartition("/")[2]: option for question, option in way}
        place = led_to(way, known)
        first = ("danger", "safe", "child")[: len(way)]
        assert tuple(known)[:3] == first
        if isinstance(place, Advice) and place.urgent:
            continue
        assert known["danger"] not in ("yes", "thoughts")
        assert known["safe"] != "no"
        assert known["child"] not in ("because-of-me", "because-of-other")
        if known.get("age") in MINORS:
            assert place.tree == YOUNG, "nobody under 18 is led to what was written for adults"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("country", countries(None))
def test_urgent_advice_has_somebody_to_call_before_any_step_of_ours_ends(country: str, lang: str) -> None:
    for end in ends():
        if end.place.urgent:
            now = shown(end, lang, country)[0]
            assert {"emergency", "crisis"} & set(cards(now)), end.place.id


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("country", countries(None))
def test_after_the_police_the_crisis_line_comes_first(country: str, lang: str) -> None:
    places = set()
    for end in ends():
        if end.place.tree == "police-came" or end.place.id == f"{YOUNG}/young-police":
            now = shown(end, lang, country)[0]
            assert cards(now)[0] == "crisis", end.place.id
            ahead = "".join(str(block) for block in now.blocks[: list(map(_key, now.blocks)).index("crisis")])
            assert "<li>" not in ahead, "no step stands before it"
            places.add(end.place.key)
        elif end.known.get("known-how") == "police" or end.known.get("case") == "client-police":
            assert end.known.get("relation") == "child-minor" or "crisis" in cards(shown(end, lang, country)[0])
    assert len(places) == 6


def _key(block: object) -> str:
    return block.key if isinstance(block, HelpEntry | Card) else ""


UNSURE = ("unknown", "rather-not")


def test_whoever_did_not_say_that_nobody_is_in_danger_sees_the_crisis_line_before_any_step() -> None:
    """In `police-came` everybody does, see above."""
    unsure = [end for end in ends() if end.known.get("danger") in UNSURE and not end.place.urgent]
    assert {end.place.tree for end in unsure} == set(loader.load(LINE).files.trees) - {"police-came"}
    for end in unsure:
        assert {"crisis", "emergency"} & set(cards(shown(end)[0])), end
        assert "crisis" in [key for section in shown(end) if section.open for key in cards(section)], end


def test_whoever_did_not_say_that_no_child_is_in_danger_is_told_whom_to_call() -> None:
    for end in ends():
        if end.known.get("child") in UNSURE and not end.place.urgent:
            assert "emergency" in cards(children_of(end)), end


def children_of(end: End) -> service.Section:
    title = loader.load(LINE).files.shared["nl"].sections["children"]
    return next(section for section in shown(end) if section.title == title)


def test_the_section_about_children_shows_each_number_once() -> None:
    for end in ends():
        if "children" in end.parts:
            met = cards(children_of(end))
            assert len(met) == len(set(met)), (end, met)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_the_emergency_number_is_named_it_is_in_sight(lang: str) -> None:
    named = re.compile("emergency number|alarmnummer", re.IGNORECASE)
    for end in ends():
        sections = dict(zip(end.parts, shown(end, lang), strict=True))
        open_ones = {key for section in sections.values() if section.open for key in cards(section)}
        for name, section in sections.items():
            if named.search(end.text(name, lang)):
                assert "emergency" in open_ones | set(cards(section)), (end.place.id, name)


def test_whoever_hears_or_finds_something_is_told_to_ask_about_dying_with_the_line_at_hand() -> None:
    for end in ends():
        if end.place.id in {f"partner-or-family/{name}" for name in ("found-something", "told-me", "my-child")}:
            assert "dying" in end.text("now")
            assert "crisis" in cards(shown(end)[0])


# Whom to tell


def test_nobody_under_18_is_sent_home_who_is_not_safe_there() -> None:
    asked = set()
    for end in ends():
        pieces = {piece for section in end.parts.values() for piece in section}
        if end.place.tree != YOUNG:
            assert not pieces & {"tell-home", "tell-outside"}
            continue
        safe = end.known["home"] == "no"
        asked.add(end.known["home"])
        assert end.parts["telling"] == ("tell-home" if safe else "tell-outside",)
        assert ("tell-home" in pieces) == safe
    assert asked == {"no", "yes", "unknown", "rather-not"}


def test_whoever_tells_somebody_near_is_asked_first_whether_that_is_safe() -> None:
    """Adults may be in danger at home as well, and a parent who is told may hurt the child."""
    near = re.compile(r"\b(partner|parents?|family|relative|brother|father|mother|home)\b", re.IGNORECASE)
    careful = re.compile(
        r"\b(could somebody hurt|could someone at home hurt|are you afraid|are they afraid)", re.IGNORECASE
    )
    for end in ends():
        telling = end.text("telling")
        if end.place.tree != YOUNG and near.search(telling):
            assert careful.search(telling), end.parts["telling"]


# Somebody to turn to


def test_every_end_has_a_number_that_is_answered_when_our_chat_is_closed() -> None:
    for end in ends():
        met = {key for section in shown(end) for key in cards(section)}
        assert met & {"crisis", "emergency"}, end.place.id
        assert loader.CHAT in met, end.place.id


def test_the_young_are_shown_where_children_can_call_and_who_helps_after_harm() -> None:
    for end in ends():
        if end.place.tree == YOUNG:
            met = {key for section in shown(end) for key in cards(section)}
            assert "child_helpline" in met
            assert ("sexual_assault" in met) == (end.place.key == "young-hurt")


# Words


@pytest.mark.parametrize("slug", [SHARED, *sorted(loader.load(LINE).files.trees)])
def test_adults_are_said_u_to_and_only_the_young_je(slug: str) -> None:
    for name, text in words_of(slug):
        text = QUOTED.sub("", text)
        young = slug == YOUNG or name in YOUNG_SHARED
        wrong = (FORMAL if young else INFORMAL).search(text)
        assert wrong is None, (slug, name, wrong)


def words_of(slug: str) -> Iterator[tuple[str, str]]:
    """Each text of a tree in Dutch, by its name."""
    files = loader.load(LINE).files
    said = files.shared["nl"] if slug == SHARED else files.trees[slug].words["nl"]
    yield from said.parts.items()
    for name, question in said.questions.items():
        yield name, f"{question.ask} {question.hint or ''}"
    if slug != SHARED:
        for name, head in files.trees[slug].words["nl"].advice.items():
            yield name, f"{head.title} {head.lead}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nobody_is_told_to_copy_or_to_send_an_image(lang: str) -> None:
    verbs = {
        "en": (r"\b(screenshot|download|forward|copy|save)\b", r"\b(don't|never|nothing|not|can't)\b"),
        "nl": (r"\b(schermafdruk|screenshot|download|kopieer|stuur)\b", r"\b(niet|nooit|niets|geen|niemand)\b"),
    }
    about, denied = (re.compile(pattern, re.IGNORECASE) for pattern in verbs[lang])
    files = loader.load(LINE).files
    texts = [
        *files.shared[lang].parts.values(),
        *(text for tree in files.trees.values() for text in tree.words[lang].parts.values()),
    ]
    for sentence in (part for text in texts for part in re.split(r"(?<=[.!?])\s", QUOTED.sub("", text))):
        if about.search(sentence) and not re.search(r"bericht|message", sentence):
            assert denied.search(sentence), sentence


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_module_of_the_course_is_named_as_it_is_called_there(lang: str) -> None:
    titles = {words.title for words in courses.load(LINE).words[lang].values()}
    named = {name for end in ends() for name in re.findall(r"'([A-Z][^'\n]+)'", end.text("course", lang))}
    assert named
    assert named <= titles


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_the_course_is_named_stands_the_way_to_it_once(lang: str) -> None:
    for end in ends():
        everything = "\n".join(end.text(section, lang) for section in end.parts)
        named = re.search(r"cours|cursus", everything.replace(COURSE, ""))
        assert everything.count(COURSE) == end.text("course", lang).count(COURSE) == bool(named), end


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_course_is_for_the_same_people_on_every_page(lang: str) -> None:
    for text in {end.text("course", lang) for end in ends()}:
        assert not re.search(r"(course|cursus)\b[^.]*(for|voor) (adults|volwassenen)\b", text), text
    young = [end.text("course", lang) for end in ends() if end.known.get("age") in MINORS - {"0-11"}]
    assert all(re.search(r"an adult beside|een volwassene ernaast", text) for text in young if text)
    assert any(young)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_whoever_worries_about_a_colleague_reads_of_no_client(lang: str) -> None:
    for end in (end for end in ends() if end.place.id == "professional/colleague"):
        for section in end.parts:
            assert not re.search(r"client|cliënt", end.text(section, lang)), section


# Journeys


@pytest.fixture
def line(app: Flask) -> Line:
    return lines.get_line(LINE)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ("thoughts", "start/thinking-of-death"),
        ("no no", "start/not-safe"),
        ("no yes because-of-me", "start/child-because-of-me"),
        ("no yes no rather-not rather-not", "start/just-begin"),
        ("no yes no me 26+ done watching yes male", "first-steps/stop-watching"),
        ("no yes no me 26+ done accident female", "first-steps/by-accident"),
        ("no yes no me 18-25 feelings scary other", "feelings-not-acted-on/scary-thoughts"),
        ("no yes no me rather-not police days unknown rather-not", "police-came/just-came"),
        ("no yes no me 12-15 feelings yes male", "under-18/young-feelings"),
        ("no yes no other partner told yes female", "partner-or-family/told-me"),
        ("no yes no other acquaintance police no female", "partner-or-family/police-at-friend"),
        ("no yes unknown other i-am-young someone unknown female", "under-18/young-someone"),
        ("no yes no work myself-feelings 26+ help no male", "feelings-not-acted-on/want-help"),
        ("no yes no work myself-police 18-25 days no male", "police-came/just-came"),
        ("no yes no work myself 16-17 watched no male", "under-18/young-watched"),
        ("no yes no me 12-15 own-age no male", "under-18/young-own-age"),
        ("no yes no other child-minor unknown female", "partner-or-family/my-child"),
        ("no yes no work colleague yes male", "professional/colleague"),
    ],
)
def test_answers_lead_there(line: Line, options: str, place: str) -> None:
    cookie = sessions.new_cookie()
    for step, option in enumerate(options.split(), 1):
        walk = service.answer(cookie, line, step, option)
    assert walk.place.id == place
    assert service.visit_of(cookie, line).walk == walk


def test_going_back_to_say_that_it_is_not_safe_at_home_changes_whom_to_tell(line: Line) -> None:
    cookie = sessions.new_cookie()
    told = []
    for home in ("no", "yes"):
        for step, option in enumerate(["no", "yes", "no", "me", "16-17", "watched", home, "male"], 1):
            walk = service.answer(cookie, line, step, option)
        assert isinstance(walk.place, Advice)
        told.append(dict(walk.place.composed(walk.known))["telling"])
    assert told == [("tell-home",), ("tell-outside",)]
