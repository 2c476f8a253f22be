"""Where the answers lie, how long, and who brings them back: without a code, with one, and in between."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from helpline import clock, db
from helpline.lines.models import Line
from helpline.privacy import codes, guessing, sessions
from helpline.privacy.codes import Tampered
from helpline.selfhelp import progress, service, store
from helpline.selfhelp.course import TooLong
from helpline.selfhelp.models import SavedCourse
from helpline.selfhelp.service import BoundElsewhere, TooMuch
from tests.builders import StoppedClock
from tests.selfhelp.visits import CALLER, Browser, address_of, counted, saved, texts_of

WRONG = "0000-0000-0000-0000"


# Without a code


def test_a_line_without_a_course_has_none() -> None:
    assert service.has_course("prevention")
    assert not service.has_course("youth")


def test_who_only_looks_leaves_nothing(browser: Browser) -> None:
    visit = browser.visit
    assert (visit.there, visit.record.is_empty, visit.kept_until, visit.gone_at) == (False, True, None, None)
    assert service.visit_of(None, browser.line) == visit
    assert (visit.has_code, visit.pending_code, visit.rest_gone) == (False, False, False)
    assert browser.content is None


def test_answers_lie_in_the_session_until_two_idle_hours_are_over(browser: Browser, time: StoppedClock) -> None:
    visit = browser.writes(" my text\r\n")
    assert visit.record.answers == {address_of(browser.line): "my text"}
    assert visit == browser.visit
    assert (visit.gone_at, visit.kept_until) == (time.moment + timedelta(hours=2, minutes=1), None)
    assert saved() == []
    time.turn(hours=1, minutes=59)
    assert browser.visit.gone_at == time.moment + timedelta(hours=2, minutes=1), "to read is to be here"
    time.turn(hours=2)
    assert browser.answers
    time.turn(hours=2, minutes=2)
    assert not browser.visit.there
    assert browser.answers == {}


def test_all_else_in_the_session_stays(browser: Browser, line: Line) -> None:
    kept = {"line": line.slug, "chat": "c1", "advice": {"answers": [["a", "b"]]}, sessions.UNSENT: "text"}
    sessions.save(browser.cookie, kept, clock.now())
    browser.writes("x")
    service.seen(browser.cookie, line, "goals")
    service.finish(browser.cookie, line, "goals")
    code = browser.takes_a_code()
    assert browser.content is not None
    for deed in (
        lambda: service.close(browser.cookie, line),
        lambda: browser.enters(code),
        lambda: service.erase(browser.cookie, line),
        lambda: service.make_code(browser.cookie, line),
        lambda: service.forget_code(browser.cookie, line),
    ):
        deed()
        content = dict(browser.content or {})
        content.pop(store.KIND)
        assert content == kept


def test_a_browser_on_another_line_is_asked_first(browser: Browser, line: Line) -> None:
    sessions.save(browser.cookie, {"line": "youth"}, clock.now())
    asked, exercise = texts_of(line)[0]
    for deed in (
        lambda: browser.visit,
        lambda: service.write(browser.cookie, line, exercise, {asked.address: "x"}, {}),
        lambda: service.finish(browser.cookie, line, "goals"),
        lambda: service.seen(browser.cookie, line),
        lambda: service.make_code(browser.cookie, line),
        lambda: service.pending_code(browser.cookie, line),
        lambda: service.confirm_code(browser.cookie, line, WRONG),
        lambda: service.forget_code(browser.cookie, line),
        lambda: browser.enters(WRONG),
        lambda: service.close(browser.cookie, line),
        lambda: service.erase(browser.cookie, line),
        lambda: service.said_rest_gone(browser.cookie, line),
    ):
        with pytest.raises(BoundElsewhere):
            deed()
    assert browser.content == {"line": "youth"}
    assert counted() == {}


def test_a_form_that_was_under_way_at_the_quick_exit_keeps_nothing(browser: Browser, line: Line) -> None:
    browser.writes("x")
    code = service.make_code(browser.cookie, line)
    sessions.leave(sessions.key_of(browser.cookie), clock.now())
    sessions.end(browser.cookie)
    for deed in (
        lambda: browser.writes("y"),
        lambda: service.finish(browser.cookie, line, "goals"),
        lambda: service.seen(browser.cookie, line),
        lambda: service.make_code(browser.cookie, line),
        lambda: service.erase(browser.cookie, line),
        lambda: service.close(browser.cookie, line),
    ):
        with pytest.raises(sessions.Left):
            deed()
    assert not service.confirm_code(browser.cookie, line, str(code))
    assert (browser.content, saved(), counted()) == (None, [], {})


def test_what_a_field_cannot_hold_changes_nothing(browser: Browser) -> None:
    browser.writes("x")
    with pytest.raises(TooLong):
        browser.writes("y" * 5000)
    with pytest.raises(ValueError, match="can't hold"):
        browser.writes(3)
    assert browser.answers == {address_of(browser.line): "x"}
    asked, exercise = texts_of(browser.line)[0]
    service.write(browser.cookie, browser.line, exercise, {"another.field.here": "z"}, {})
    assert browser.answers == {asked.address: "x"}


def test_more_than_can_be_kept_is_refused_and_all_before_it_stays(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.writes("x")
    monkeypatch.setattr(store, "MOST_BYTES", 300)
    with pytest.raises(TooMuch):
        browser.writes("é" * 200, 1)
    browser.takes_a_code()
    with pytest.raises(TooMuch):
        browser.writes("é" * 200, 1)
    assert browser.answers == {address_of(browser.line): "x"}


def test_a_form_that_comes_when_all_is_gone_is_kept_whole_and_it_is_said_once(
    browser: Browser, time: StoppedClock, line: Line
) -> None:
    asked, exercise = texts_of(line)[0]
    browser.writes("stood there")
    time.turn(hours=3)
    marks = {asked.address: progress.mark("stood there")}
    visit = service.write(browser.cookie, line, exercise, {asked.address: "stood there"}, marks, browser.epoch)
    assert visit.record.answers == {asked.address: "stood there"}
    assert visit.rest_gone
    assert visit.stale
    assert browser.visit.rest_gone
    service.said_rest_gone(browser.cookie, line)
    assert not browser.visit.rest_gone
    assert browser.answers == {asked.address: "stood there"}
    assert not Browser(line).writes("first words").rest_gone


def test_to_say_that_all_is_gone_makes_no_session(browser: Browser) -> None:
    service.said_rest_gone(browser.cookie, browser.line)
    assert browser.content is None


def test_a_module_that_is_not_there_cannot_be_done(browser: Browser) -> None:
    with pytest.raises(LookupError):
        service.finish(browser.cookie, browser.line, "nowhere")


def test_a_module_is_done_on_the_day_of_the_line(browser: Browser, time: StoppedClock) -> None:
    time.turn(hours=3)  # after midnight in Amsterdam, not yet in UTC
    assert service.finish(browser.cookie, browser.line, "goals").record.done == {"goals": date(2026, 3, 3)}


# Taking a code


def test_a_code_keeps_the_answers_once_it_was_typed_again(browser: Browser, line: Line) -> None:
    browser.writes("x")
    code = service.make_code(browser.cookie, line)
    assert code is not None
    assert service.make_code(browser.cookie, line) == code, "pressed twice"
    assert service.pending_code(browser.cookie, line) == code
    assert (browser.visit.pending_code, browser.visit.has_code, saved()) == (True, False, [])
    assert browser.writes("y", 1).pending_code
    for wrong in (WRONG, "", "nonsense", codes.new_code(bytes(32))):
        assert not service.confirm_code(browser.cookie, line, wrong)
    assert service.confirm_code(browser.cookie, line, code.lower().replace("-", " "))
    visit = browser.visit
    assert (visit.pending_code, visit.has_code, visit.gone_at) == (False, True, None)
    assert visit.kept_until == date(2027, 3, 2)
    assert sorted(visit.record.answers.values()) == ["x", "y"]
    assert [row.expires_on for row in saved()] == [date(2027, 3, 2)]
    assert browser.content is not None
    assert set(browser.content[store.KIND]) == {"lookup", "key", "sum"}
    assert (service.make_code(browser.cookie, line), service.pending_code(browser.cookie, line)) == (None, None)


def test_a_form_that_confirms_may_be_sent_again(browser: Browser, line: Line) -> None:
    code = browser.takes_a_code()
    assert service.confirm_code(browser.cookie, line, code)
    assert not service.confirm_code(browser.cookie, line, WRONG)
    other = Browser(line)
    assert not service.confirm_code(other.cookie, line, code), "another browser has confirmed nothing"
    assert len(saved()) == 1


def test_a_code_is_dropped_and_the_answers_stay(browser: Browser, line: Line) -> None:
    browser.writes("x")
    code = service.make_code(browser.cookie, line)
    service.forget_code(browser.cookie, line)
    assert not service.confirm_code(browser.cookie, line, str(code))
    assert (browser.visit.pending_code, saved(), list(browser.answers.values())) == (False, [], ["x"])
    assert service.make_code(browser.cookie, line) != code


def test_a_code_confirmed_when_the_session_is_over_keeps_nothing_and_says_so(
    browser: Browser, line: Line, time: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.writes("x")
    code = str(service.make_code(browser.cookie, line))
    slow = codes.opened

    def over_meanwhile(typed: str, salt: bytes, **_: bool) -> bytes:
        time.turn(hours=3)
        return slow(typed, salt)

    monkeypatch.setattr(codes, "opened", over_meanwhile)
    assert not service.confirm_code(browser.cookie, line, code)
    assert (saved(), browser.content) == ([], None)
    assert not service.confirm_code(browser.cookie, line, code)
    assert browser.enters(code) is None


@pytest.mark.parametrize("meanwhile", ["forgotten", "exit"])
def test_what_happens_while_the_code_is_checked_counts(
    browser: Browser, line: Line, meanwhile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = str(service.make_code(browser.cookie, line))
    slow = codes.opened

    def opened(typed: str, salt: bytes, **_: bool) -> bytes:
        if meanwhile == "exit":
            sessions.leave(sessions.key_of(browser.cookie), clock.now())
            sessions.end(browser.cookie)
        else:
            service.forget_code(browser.cookie, line)
        return slow(typed, salt)

    monkeypatch.setattr(codes, "opened", opened)
    if meanwhile == "exit":
        with pytest.raises(sessions.Left):
            service.confirm_code(browser.cookie, line, code)
    else:
        assert not service.confirm_code(browser.cookie, line, code)
    assert saved() == []


# Coming back


def test_another_browser_opens_it_with_the_code_and_the_first_sees_what_it_writes(browser: Browser, line: Line) -> None:
    browser.writes("x")
    code, other = browser.takes_a_code(), Browser(line)
    visit = other.enters(code.lower())
    assert visit is not None
    assert visit == other.visit
    assert visit.record.answers == {address_of(line): "x"}
    other.writes("y", 1)
    other.writes("x2", saw="x")
    assert list(browser.answers.values()) == ["x2", "y"]


def test_what_was_written_before_the_code_was_entered_is_joined_in(browser: Browser, line: Line) -> None:
    browser.writes("kept")
    code, other, address = browser.takes_a_code(), Browser(line), address_of(line)
    other.writes("brought")
    other.writes("new", 1)
    service.make_code(other.cookie, line)
    visit = other.enters(code)
    assert visit is not None
    assert visit.record.answers == {address: "kept", address_of(line, 1): "new"}
    assert visit.record.beside == {address: ("brought",)}
    assert browser.visit.record == visit.record
    assert not visit.pending_code
    again = other.enters(code)
    assert again is not None
    assert again.record == visit.record, "entered twice"
    back = service.take_back(other.cookie, line, address, progress.mark("brought"))
    assert (back.record.answers[address], back.record.beside) == ("brought", {address: ("kept",)})
    assert service.throw_away(browser.cookie, line, address, progress.mark("kept")).record.beside == {}


def test_both_together_may_be_too_much_and_then_nothing_changes(
    browser: Browser, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.writes("x" * 250)
    code, other = browser.takes_a_code(), Browser(line)
    other.writes("y" * 250)
    monkeypatch.setattr(store, "MOST_BYTES", 500)
    with pytest.raises(TooMuch):
        other.enters(code)
    assert list(browser.answers.values()) == ["x" * 250]
    assert list(other.answers.values()) == ["y" * 250]


def test_a_second_code_leaves_what_is_under_the_first_where_it_is(browser: Browser, line: Line) -> None:
    browser.writes("first")
    first, other = browser.takes_a_code(), Browser(line)
    other.writes("second")
    second = other.takes_a_code()
    for code, text in ((second, "second"), (first, "first")):
        visit = browser.enters(code)
        assert visit is not None
        assert list(visit.record.answers.values()) == [text]


def test_a_wrong_code_opens_nothing_and_makes_no_session(browser: Browser, line: Line) -> None:
    Browser(line).takes_a_code()
    for wrong in (WRONG, codes.new_code(bytes(32)), "nonsense", ""):
        assert browser.enters(wrong) is None
    assert browser.content is None


def test_a_code_of_another_kind_or_line_opens_nothing(browser: Browser, line: Line) -> None:
    code = codes.new_code(codes.own_salt())
    root = codes.opened(code, codes.own_salt())
    browser.writes("x")
    for kind, slug in (("letter", line.slug), (store.KIND, "youth")):
        place = codes.for_kind(root, kind, slug)
        with db.transaction() as session:
            session.add(SavedCourse(lookup=place.lookup, sealed=codes.seal(place, {}), expires_on=date(2027, 1, 1)))
    assert browser.enters(code) is None
    assert list(browser.answers.values()) == ["x"]


def test_a_row_put_in_the_place_of_another_does_not_open(browser: Browser, line: Line) -> None:
    code, other = browser.takes_a_code(), Browser(line)
    other.takes_a_code()
    one, two = saved()
    with db.transaction() as session:
        for row, sealed in ((one, two.sealed), (two, one.sealed)):
            session.execute(update(SavedCourse).where(SavedCourse.lookup == row.lookup).values(sealed=sealed))
    for deed in (lambda: browser.visit, lambda: browser.writes("x"), lambda: other.enters(code)):
        with pytest.raises(Tampered):
            deed()


def test_wrong_codes_slow_down_and_never_lock_out(
    browser: Browser, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(pauses.append))
    code, stranger = browser.takes_a_code(), Browser(line)
    for _ in range(6):
        stranger.enters(WRONG)
        stranger.enters("nonsense")  # nothing to look for
    assert pauses == [1.0, 2.0]
    assert stranger.enters(code) is not None
    assert Browser(line).enters(code, CALLER + " of somebody else") is not None
    assert pauses == [1.0, 2.0], "a right code waits for nothing"


def test_a_code_whose_time_is_over_is_like_one_that_never_was(
    browser: Browser, line: Line, time: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(pauses.append))
    code, stranger = browser.takes_a_code(), Browser(line)
    time.turn(days=370)
    for _ in range(3):
        assert stranger.enters(code) is None
        assert stranger.enters(WRONG) is None
    assert pauses == [1.0, 2.0]
    assert stranger.content is None, "no session comes to be by either"
