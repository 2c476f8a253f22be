"""What goes along to a later chat, only by the visitor's will; and going on with a chat that was cut off."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from helpline import clock, db
from helpline.chat import continuing, service
from helpline.chat.access import NoAccess
from helpline.chat.items import Refused
from helpline.chat.models import Chat
from helpline.chat.retention import purge
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, sessions
from helpline.staff.models import AuditEntry
from helpline.staff.service import Member
from helpline.summaries import service as summaries
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, a_supervisor, is_offered, ledger
from tests.chat.conftest import Ears
from tests.summaries.people import WORDS, a_code, content, ends, enters, keeps, kept, takes_a_code, texts

SHOWN = {"summary": {"day": "2026-03-02", "text": WORDS}, "continues": False}


@pytest.fixture(autouse=True)
def quick_codes(house: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes that are quick to check."""
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)


@pytest.fixture
def line() -> Line:
    """The line for youngsters."""
    return lines.get_line("youth")


def joins(cookie: str, line: Line, *, show: bool = False, go_on: bool = False, danger: str = "no") -> Visit:
    """A visit joins the queue, with what it lets go along."""
    entry = service.Entry("nl", danger, 1, show_summary=show, goes_on=go_on)
    return Visit(cookie, service.join(cookie, line, entry))


def seen(member: Member, visit: Visit) -> object:
    """What the counsellor sees above the chat of an earlier one."""
    return service.staff_sync(member, visit.chat, "talk", 0)["earlier"]


def cut_off(line: Line, anna: Member, time: StoppedClock, *bodies: str) -> tuple[str, Visit]:
    """A code, and the conversation to which it leads, which ended when its visitor was not heard any more."""
    visit = a_chat(held_by=anna)
    for body in bodies or ("I have never told anybody",):
        visit.says(body)
    keeps(visit, summary=False)
    code = takes_a_code(visit.cookie, line)
    time.passes(silent=[visit], minutes=10, seconds=1)
    assert (visit.state, visit.row.reason) == ("ended", "lost")
    return code, visit


def audited(action: str) -> list[tuple[str, str]]:
    with db.reading() as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.action == action))
        return [(entry.account_id or "", entry.subject or "") for entry in found]


# The summary of last time


def test_the_next_counsellor_reads_it_only_if_the_visitor_says_so(line: Line) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    code, first = a_code(member=anna)
    ends(anna, first)
    for show in (True, False):
        back = enters(code, line)
        assert back is not None
        visit = joins(back, line, show=show)
        with pytest.raises(NoAccess):
            seen(ben, visit)
        service.accept(ben, visit.chat)
        assert seen(ben, visit) == (SHOWN if show else None)
        assert service.staff_sync(ben, visit.chat, "aside", 0)["earlier"] is None
        assert service.visitor_sync(visit.visitor, 0, whole=True)["earlier"] == (SHOWN if show else None)
        assert texts(back, line) == [WORDS]
        ends(ben, visit)


def test_without_a_code_in_the_visit_nothing_goes_along(line: Line) -> None:
    ben = a_counsellor()
    visit = joins(sessions.new_cookie(), line, show=True, go_on=True)
    service.accept(ben, visit.chat)
    assert seen(ben, visit) is None
    assert (visit.row.continues, visit.row.cut_off) == (None, False)


def test_in_a_chat_that_goes_on_it_can_be_shown_too(line: Line, ears: Ears) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    code, first = a_code(member=anna)
    visit, other = a_chat(held_by=ben), a_chat(held_by=ben)
    with pytest.raises(Refused, match="wrong_state"):
        continuing.show(visit.cookie, line)
    enters(code, line, visit.cookie)
    before = service.resume(ben)["chats"]
    continuing.show(visit.cookie, line)
    assert (seen(ben, visit), seen(ben, other)) == (SHOWN, None)
    assert ears.of_chat(visit.chat, "earlier") == [("earlier", SHOWN | {"chat": visit.chat})]
    assert ears.of_visitor(visit.chat, "earlier") == ears.of_chat(other.chat, "earlier") == []
    assert service.resume(ben)["chats"] != before, "whoever missed the push sees that there is something"
    with pytest.raises(NoAccess):
        seen(anna, visit)
    service.leave(visit.visitor)
    with pytest.raises(Refused, match="wrong_state"):
        continuing.show(visit.cookie, line)
    with pytest.raises(Refused, match="wrong_state"):
        continuing.show(first.cookie, line)


def test_a_counsellor_is_not_shown_what_was_written_together_just_now(line: Line) -> None:
    anna = a_counsellor()
    _, visit = a_code(member=anna)
    with pytest.raises(Refused, match="wrong_state"):
        continuing.show(visit.cookie, line)
    assert seen(anna, visit) is None


# Going on


def test_a_chat_that_was_cut_off_goes_on_with_a_head_start(line: Line, time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    code, first = cut_off(line, anna, time, "one", "two")
    back = enters(code, line)
    assert back is not None
    way = continuing.way_back(back, line)
    assert way is not None
    assert (way.goes_on, way.cut_off) == (False, True)
    assert continuing.offered(back, line) == {"summary": None, "cut_off": True}
    visit = joins(back, line, go_on=True)
    calm = a_chat()
    row = visit.row
    assert (row.continues, row.cut_off, (calm.row.rank_at - row.rank_at).total_seconds()) == (first.chat, True, 1800)
    assert kept(back, line).record.chat == visit.chat, "the code leads to this one from now on"
    service.accept(ben, visit.chat)
    assert seen(ben, visit) == {"summary": None, "continues": True}
    texts_before = continuing.staff_before(ben, visit.chat)
    assert [(text["body"], text["part"]) for text in texts_before] == [("one", 0), ("two", 0)]
    assert audited("read_before") == [(ben.id, f"chat:{first.chat}")]
    shown = service.visitor_sync(visit.visitor, 0, whole=True)["before"]
    assert [[text["body"] for text in part] for part in shown] == [["one", "two"]]
    assert "before" not in visit.sees()


def test_who_may_read_what_was_before(line: Line, time: StoppedClock) -> None:
    anna, ben, chief = a_counsellor(), a_counsellor(), a_supervisor()
    far = a_counsellor(line="prevention")
    code, _ = cut_off(line, anna, time)
    visit = joins(enters(code, line) or "", line, go_on=True)
    for member, why in ((anna, "forbidden"), (ben, "forbidden"), (far, "not_found")):
        with pytest.raises(NoAccess, match=why):
            continuing.staff_before(member, visit.chat)
    service.accept(ben, visit.chat)
    for member in (ben, chief):
        assert len(continuing.staff_before(member, visit.chat)) == 1
    with pytest.raises(NoAccess, match="forbidden"):
        continuing.staff_before(anna, visit.chat)
    other = a_chat(held_by=ben)
    with pytest.raises(NoAccess, match="not_found"):
        continuing.staff_before(ben, other.chat)
    service.end(ben, visit.chat)
    with pytest.raises(NoAccess, match="wrong_state"):
        continuing.staff_before(ben, visit.chat)


def test_a_chat_that_only_rings_is_not_read_before_it_is_accepted(line: Line, time: StoppedClock) -> None:
    anna = a_counsellor()
    code, _ = cut_off(line, anna, time)
    visit = joins(enters(code, line) or "", line, go_on=True)
    is_offered(visit, anna)
    with pytest.raises(NoAccess, match="forbidden"):
        continuing.staff_before(anna, visit.chat)
    assert audited("read_before") == []


@pytest.mark.parametrize(("show", "go_on"), [(True, False), (False, True)])
def test_what_goes_along_and_whether_it_goes_on_are_two_choices(
    line: Line, time: StoppedClock, show: bool, go_on: bool
) -> None:
    anna = a_counsellor()
    code, first = a_code(member=anna)
    time.passes(silent=[first], minutes=10, seconds=1)
    visit = joins(enters(code, line) or "", line, show=show, go_on=go_on)
    service.accept(anna, visit.chat)
    assert visit.row.continues == (first.chat if go_on else None)
    assert seen(anna, visit) == {"summary": SHOWN["summary"] if show else None, "continues": go_on}


def test_cut_off_twice_the_whole_of_it_is_there(line: Line, time: StoppedClock) -> None:
    anna = a_counsellor()
    code, _ = cut_off(line, anna, time, "at first")
    second = joins(enters(code, line) or "", line, go_on=True)
    service.accept(anna, second.chat)
    second.says("and then")
    time.passes(silent=[second], minutes=10, seconds=1)
    assert second.row.reason == "lost"
    third = joins(enters(code, line) or "", line, go_on=True)
    assert third.row.continues == second.chat
    service.accept(anna, third.chat)
    before = continuing.staff_before(anna, third.chat)
    assert [(text["part"], text["body"], text["seq"]) for text in before] == [(0, "at first", 1), (1, "and then", 1)]


@pytest.mark.parametrize("how", ["finished", "left", "emergency_exit", "never answered", "not wanted"])
def test_only_a_conversation_that_was_cut_off_goes_on(line: Line, time: StoppedClock, how: str) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=None if how == "never answered" else anna, cookie=sessions.new_cookie())
    keeps(visit, summary=False)
    code = takes_a_code(visit.cookie, line)
    if how == "finished":
        ends(anna, visit)
    elif how == "left":
        service.leave(visit.visitor)
    elif how == "emergency_exit":
        service.quick_exit(visit.cookie)
    else:
        time.passes(silent=[visit], minutes=10, seconds=1)
    assert visit.state == "ended"
    back = enters(code, line)
    assert back is not None
    way = continuing.way_back(back, line)
    assert way is not None
    assert way.cut_off == (how == "not wanted")
    again = joins(back, line, go_on=how != "not wanted")
    assert (again.row.continues, again.row.cut_off) == (None, False)


def test_what_is_erased_can_not_be_gone_on_with(line: Line, time: StoppedClock) -> None:
    anna = a_counsellor()
    code, first = cut_off(line, anna, time)
    visit = joins(enters(code, line) or "", line, go_on=True)
    service.accept(anna, visit.chat)
    with db.transaction() as session:
        late = session.get(Chat, visit.chat)
        assert late is not None
        late.expires_at = clock.now().replace(year=2030)
    time.turn(days=15)
    purge(time.moment)
    with pytest.raises(NoAccess, match="not_found"):
        continuing.staff_before(anna, visit.chat)
    assert continuing.way_back(enters(code, line), line).cut_off is False  # type: ignore[union-attr]  # it is there
    assert first.chat


def test_the_head_start_is_the_same_however_often_it_was_cut_off(line: Line, time: StoppedClock) -> None:
    anna = a_counsellor()
    code, _ = cut_off(line, anna, time)
    visit = joins(enters(code, line) or "", line, go_on=True, danger="yes")
    rank = visit.row.rank_at
    service.accept(anna, visit.chat)
    service.hand_over(anna, visit.chat, "queue")
    assert visit.row.rank_at == rank


def test_in_the_very_same_browser_it_goes_on_without_a_code(line: Line, time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    assert continuing.offered(visit.cookie, line) is None
    visit.says("I have never told anybody")
    time.passes(silent=[visit], minutes=10, seconds=1)
    assert continuing.offered(visit.cookie, line) == {"summary": None, "cut_off": True}
    assert continuing.offered(visit.cookie, lines.get_line("prevention")) is None
    again = joins(visit.cookie, line, go_on=True)
    assert (again.row.continues, again.row.cut_off) == (visit.chat, True)
    assert "summary" not in content(visit.cookie), "nothing is kept that nobody asked to keep"
    service.accept(anna, again.chat)
    service.leave(again.visitor)
    third = joins(visit.cookie, line, go_on=True)
    assert third.row.continues is None, "the last one was not cut off"


# A chat that goes on elsewhere


def test_with_the_code_another_browser_goes_on_with_the_chat(line: Line) -> None:
    anna = a_counsellor()
    code, first = a_code(member=anna)
    back = enters(code, line)
    assert back is not None
    way = continuing.way_back(back, line)
    assert way is not None
    assert (way.goes_on, way.here, way.cut_off) == (True, False, False)
    for _ in range(2):
        continuing.go_on(back, line)
    twin = Visit(back, first.chat)
    twin.says("here I am again")
    assert [text["body"] for text in first.sees()["messages"]] == ["here I am again"]
    way = continuing.way_back(back, line)
    assert way is not None
    assert (way.goes_on, way.here) == (False, True), "it is the one of this browser now"


def test_going_on_leaves_the_chat_that_this_browser_had(line: Line, ears: Ears) -> None:
    anna = a_counsellor()
    code, first = a_code(member=anna)
    waiting = a_chat()
    enters(code, line, waiting.cookie)
    continuing.go_on(waiting.cookie, line)
    assert (waiting.state, waiting.row.reason, first.state) == ("ended", "left", "active")
    assert content(waiting.cookie)["chat"] == first.chat
    assert ledger() == {"left_early": 1}


def test_nobody_goes_on_with_what_has_ended_or_was_never_kept(line: Line) -> None:
    anna = a_counsellor()
    code, first = a_code(member=anna)
    back = enters(code, line)
    assert back is not None
    ends(anna, first)
    for cookie in (back, a_chat().cookie):
        with pytest.raises(Refused, match="wrong_state"):
            continuing.go_on(cookie, line)
    with pytest.raises(NoAccess):
        continuing.go_on(sessions.new_cookie(), line)


def test_the_way_back_is_there_from_the_beginning(line: Line) -> None:
    visit = a_chat()
    assert keeps(visit, summary=False) is False
    code = takes_a_code(visit.cookie, line)
    assert keeps(visit, summary=False) is True
    here = continuing.is_kept_here(visit.cookie, line)
    assert here == {"here": True, "has_code": True, "pending": False}
    back = enters(code, line)
    assert back is not None
    assert continuing.is_kept_here(back, line)["here"] is False
    continuing.go_on(back, line)
    assert Visit(back, visit.chat).sees()["state"] == "waiting"
    assert continuing.is_kept_here(None, line) == continuing.is_kept_here(sessions.new_cookie(), line)


def test_a_way_back_to_a_later_chat_keeps_the_summaries(line: Line) -> None:
    anna = a_counsellor()
    code, first = a_code(member=anna)
    ends(anna, first)
    second = a_chat(cookie=enters(code, line))
    assert keeps(second, summary=False) is True
    found = kept(enters(code, line) or "", line)
    assert (found.record.chat, [one.text for one in found.summaries]) == (second.chat, [WORDS])


def test_erased_elsewhere_nothing_goes_along_and_joining_works(line: Line) -> None:
    anna = a_counsellor()
    code, first = a_code(member=anna)
    back = enters(code, line)
    assert back is not None
    summaries.erase(first.cookie, line)
    assert continuing.is_kept_here(back, line)["here"] is False
    visit = joins(back, line, show=True, go_on=True)
    service.accept(anna, visit.chat)
    assert seen(anna, visit) is None
