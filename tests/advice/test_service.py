"""What a visit keeps of a walk, and what is counted of it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpline import clock, db
from helpline.advice import loader, service, tree
from helpline.advice.service import BoundElsewhere
from helpline.advice.tree import Advice, NotInTheTree
from helpline.contacts.models import AdviceCount, AdviceHelped
from helpline.content.files import ContentError
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import sessions
from tests.advice.gardens import Plot
from tests.clients import COMMAND, Server

COOKIE = sessions.new_cookie()


@pytest.fixture
def line(app: Flask) -> Line:
    return lines.get_line("youth")


def longest_way() -> tree.Answers:
    """Answers that lead through some tree to an advice, with the questions asked last."""
    forest = loader.load("youth").forest
    answers: tree.Answers = ()
    while isinstance(place := tree.walk(forest, answers).place, tree.Question):
        # The last but three is neither 'I don't know' nor 'rather not', and no danger.
        options = [option for option in place.options if option not in ("yes", "unknown", "rather-not")]
        option = "yes" if place.key == "safe" else options[0]
        answers = tree.answered(forest, answers, len(answers) + 1, option)
    return answers


def give(line: Line, answers: tree.Answers) -> tree.Walk:
    for step, (_, option) in enumerate(answers, 1):
        walk = service.answer(COOKIE, line, step, option)
    return walk


def counters(model: Any) -> list[Any]:
    with db.reading() as session:
        return list(session.scalars(select(model)))


def content() -> dict[str, Any]:
    return sessions.load(COOKIE, clock.now()) or {}


def test_answers_are_kept_in_the_visit_beside_all_else(line: Line) -> None:
    sessions.save(COOKIE, {"line": "youth", "chat": "c1", "tries": {"youth": "x"}}, clock.now())
    answers = longest_way()
    walk = give(line, answers)
    assert isinstance(walk.place, Advice)
    kept = content()
    assert kept["chat"] == "c1"
    assert kept["tries"] == {"youth": "x"}
    assert kept["advice"]["answers"] == [list(pair) for pair in answers]
    assert service.visit_of(COOKIE, line).walk == walk


def test_a_walk_is_counted_once_with_bands_and_for_whom(line: Line) -> None:
    answers = longest_way()
    walk = give(line, answers)
    (row,) = counters(AdviceCount)
    assert (row.line, f"{row.tree}/{row.advice}", row.count) == ("youth", walk.place.id, 1)
    assert row.age_band == walk.known["age"]
    assert row.gender == walk.known["gender"]
    assert row.asked_for == loader.load("youth").files.trees[walk.place.tree].shape.asked_for
    service.answer(COOKIE, line, len(answers), "rather-not")
    give(line, answers)
    assert [row.count for row in counters(AdviceCount)] == [1]


def test_a_new_walk_counts_again_only_after_half_an_hour(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, start = longest_way(), clock.now()
    for minutes, counted in ((0, 1), (10, 1), (29, 1), (31, 2), (32, 2)):
        monkeypatch.setattr(clock, "now", lambda at=start + timedelta(minutes=minutes): at)
        service.start_again(COOKIE, line)
        give(line, answers)
        assert sum(row.count for row in counters(AdviceCount)) == counted, minutes


def test_an_urgent_advice_is_a_stopover_and_the_advice_after_it_is_counted_too(line: Line) -> None:
    assert isinstance(service.answer(COOKIE, line, 1, "yes").place, Advice)
    (row,) = counters(AdviceCount)
    assert (row.age_band, row.gender, row.count) == ("unknown", "unknown", 1)
    urgent, walk = row.advice, give(line, longest_way())
    assert {row.advice: row.count for row in counters(AdviceCount)} == {urgent: 1, walk.place.key: 1}
    service.answer(COOKIE, line, 1, "yes")
    give(line, longest_way())
    assert [row.count for row in counters(AdviceCount)] == [1, 1], "each kind once a walk"


def test_whether_it_helped_is_counted_once_and_for_the_advice_that_was_counted(line: Line) -> None:
    assert not service.say_if_it_helped(COOKIE, line, "yes")
    service.answer(COOKIE, line, 1, "yes")
    assert service.say_if_it_helped(COOKIE, line, "no")
    answers = longest_way()
    first = give(line, answers).place
    assert service.say_if_it_helped(COOKIE, line, "partly")
    assert not service.say_if_it_helped(COOKIE, line, "yes")
    helped = {row.advice: (row.helped, row.count) for row in counters(AdviceHelped)}
    assert helped == {"life-in-danger": ("no", 1), first.key: ("partly", 1)}  # type: ignore[union-attr]  # an advice


def test_advice_that_was_not_counted_is_not_asked_about(line: Line) -> None:
    give(line, longest_way())
    service.start_again(COOKIE, line)
    walk = give(line, longest_way())
    assert isinstance(walk.place, Advice)
    assert not service.visit_of(COOKIE, line).may_say_if_it_helped(walk.place)
    assert not service.say_if_it_helped(COOKIE, line, "yes")
    assert counters(AdviceHelped) == []


def test_beginning_again_and_saying_that_it_helped_leave_no_row_for_nothing(line: Line) -> None:
    service.start_again(COOKIE, line)
    service.say_if_it_helped(COOKIE, line, "yes")
    assert counters(sessions.VisitorSession) == []


def test_reading_lets_the_idle_hours_begin_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now()
    service.answer(COOKIE, line, 1, "no")
    for minutes in (90, 180, 270):
        monkeypatch.setattr(clock, "now", lambda at=start + timedelta(minutes=minutes): at)
        assert service.visit_of(COOKIE, line).answers


def test_another_answer_after_the_yes_takes_back_what_was_to_go_along(line: Line) -> None:
    answers = longest_way()
    give(line, answers)
    sessions.save(COOKIE, content() | {"bring": "text"}, clock.now())
    service.answer(COOKIE, line, len(answers), answers[-1][1])
    assert content()["bring"] == "text", "the same answer changes nothing"
    service.answer(COOKIE, line, len(answers), "rather-not")
    assert "bring" not in content()


def test_a_visit_on_another_line_is_neither_read_nor_written(line: Line) -> None:
    sessions.save(COOKIE, {"line": "prevention", "chat": "c1"}, clock.now())
    for call in (
        lambda: service.visit_of(COOKIE, line),
        lambda: service.answer(COOKIE, line, 1, "no"),
        lambda: service.say_if_it_helped(COOKIE, line, "yes"),
        lambda: service.start_again(COOKIE, line),
    ):
        with pytest.raises(BoundElsewhere):
            call()
    assert content() == {"line": "prevention", "chat": "c1"}


def test_an_answer_to_another_question_than_the_one_that_is_asked_is_not_kept(line: Line) -> None:
    service.answer(COOKIE, line, 1, "no", question="start/danger")
    for step, option, question in ((1, "no", "start/safe"), (7, "no", None), (2, "nonsense", None), (0, "no", None)):
        with pytest.raises(NotInTheTree):
            service.answer(COOKIE, line, step, option, question)
    assert content()["advice"]["answers"] == [["start/danger", "no"]]


def test_the_text_for_a_counsellor_has_no_answer_that_is_for_the_figures_only(line: Line) -> None:
    answers = longest_way()
    give(line, answers)
    visit = service.visit_of(COOKIE, line)
    for lang in loader.LANGUAGES:
        text = service.in_own_words(visit.content, visit.walk, lang)
        words = visit.content.question(visit.content.forest.nodes["shared/gender"], lang)  # type: ignore[arg-type]  # a question
        assert words.ask not in text
        assert text.count("– ") == len(answers) - 1
        assert 0 < len(text) <= service.LONGEST_TEXT


def test_an_entry_that_the_country_lacks_is_left_out() -> None:
    whole = loader.load("youth")
    advice = whole.forest.nodes["start/not-safe"]
    assert isinstance(advice, Advice)
    shown = service.composed(whole, advice, {}, "en", {})
    blocks = [block for section in shown for block in section.blocks]
    assert all(isinstance(block, str) or block.key == loader.CHAT for block in blocks)
    assert service.leads_to_the_chat(shown)


def test_the_way_to_the_course_is_no_way_to_our_chat() -> None:
    section = service.Section("", open=True, icon=None, blocks=(loader.Card(loader.COURSE),))
    assert not service.leads_to_the_chat([section])


def test_a_way_to_a_course_that_is_not_there_keeps_the_server_from_starting(plot: Plot) -> None:
    for lang, after in (("en", "After rain."), ("nl", "Doe het na de regen.")):
        plot.change(f"slugs/{lang}.yaml", after, f"{after}\n\n    [[course]]")
    service.prepare(plot.instance, plot.root, courses=frozenset({"allotment"}))
    with pytest.raises(ContentError, match="no course to lead to"):
        service.prepare(plot.instance, plot.root, courses=frozenset())


# What is wrong keeps the server from starting


def test_whole_trees_are_read_at_the_start() -> None:
    service.prepare(None)


def test_broken_trees_are_refused_with_file_and_line(plot: Plot) -> None:
    plot.change("plant/tree.yaml", "start: eaten", "start: drunk")
    with pytest.raises(ContentError, match=r"plant/tree.yaml:\d+: "):
        service.prepare(plot.instance, plot.root)


OWN_POLICE = """
police:
  name: {en: Police, nl: Politie}
  what: {en: Not for everybody., nl: Niet voor iedereen.}
  phone: 0900-8844
  lines: [prevention]
  verified: unverified
"""


def test_an_organisation_that_takes_an_entry_from_the_line_is_told_at_the_start(tmp_path: Path) -> None:
    own = tmp_path / "help" / "nl.yaml"
    own.parent.mkdir()
    own.write_text(OWN_POLICE, encoding="utf-8")
    with pytest.raises(ContentError, match=r"\.yaml:\d+: help entry 'police'"):
        service.prepare(tmp_path)


def test_an_own_file_of_a_country_that_no_line_uses_keeps_nobody_from_starting(tmp_path: Path) -> None:
    own = tmp_path / "help" / "be.yaml"
    own.parent.mkdir()
    own.write_text("police: {name: x}\n", encoding="utf-8")
    service.prepare(tmp_path, in_use=frozenset({"nl"}))
    with pytest.raises(ContentError, match=r"be\.yaml:1: "):
        service.prepare(tmp_path, in_use=frozenset({"nl", "be"}))


def test_an_entry_that_is_hidden_everywhere_keeps_nobody_from_starting(tmp_path: Path) -> None:
    own = tmp_path / "help" / "nl.yaml"
    own.parent.mkdir()
    own.write_text(OWN_POLICE.replace("[prevention]", "[]"), encoding="utf-8")
    service.prepare(tmp_path, in_use=frozenset({"nl"}))


def test_the_server_says_in_one_line_why_it_does_not_start(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance")
    server.command("lines", "list")
    own = server.instance / "help" / "nl.yaml"
    own.parent.mkdir()
    own.write_text(OWN_POLICE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "serve", "--port", "0"],
        env=server.environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    (said,) = done.stderr.strip().splitlines()
    assert "help entry 'police'" in said
