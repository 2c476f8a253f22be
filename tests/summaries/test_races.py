"""Two tabs, two devices, one code: one clear outcome each, nothing lost and nothing twice. On both databases."""

from __future__ import annotations

from functools import partial

import pytest

from helpline import clock
from helpline.chat import agreeing, continuing, service
from helpline.chat.access import NoAccess
from helpline.lines.models import Line
from helpline.privacy import sessions
from helpline.staff.service import Member
from helpline.summaries import service as summaries
from tests.builders import a_chat
from tests.builders.hands import OK, Hands
from tests.summaries.people import (
    a_code,
    agree_on,
    content,
    ends,
    enters,
    keeps,
    kept,
    root_of,
    rows,
    shown,
    texts,
)

# Some seconds each; a busy machine may need a multiple of that.
pytestmark = pytest.mark.timeout(300)
ROUNDS = 12


def test_the_same_form_from_two_tabs_keeps_one(line: Line, anna: Member, hands: Hands) -> None:
    for number in range(ROUNDS):
        visit = a_chat(held_by=anna)
        agree_on(visit, anna, f"words {number}")
        assert hands.act(partial(keeps, visit), partial(keeps, visit)) == [OK, OK]
        assert texts(visit.cookie, line) == [f"words {number}"]
        code = summaries.make_code(visit.cookie, line) or ""
        confirm = partial(continuing.confirm_code, visit.cookie, line, code)
        assert hands.act(confirm, confirm) == [OK, OK]
        assert (texts(visit.cookie, line), len(rows())) == ([f"words {number}"], number + 1)
        assert hands.act(partial(keeps, visit), partial(keeps, visit)) == [OK, OK]
        assert texts(visit.cookie, line) == [f"words {number}"]
        ends(anna, visit)


def test_two_tabs_that_ask_for_a_code_get_the_same(line: Line, anna: Member, hands: Hands) -> None:
    for _ in range(ROUNDS):
        visit = a_chat(held_by=anna)
        keeps(visit, summary=False)
        made: list[str | None] = []

        def make(visit=visit, made=made) -> None:  # type: ignore[no-untyped-def]  # bound now
            made.append(summaries.make_code(visit.cookie, line))

        assert hands.act(make, make) == [OK, OK]
        assert len(set(made)) == 1
        ends(anna, visit)


def test_two_devices_with_one_code_lose_neither_summary(line: Line, anna: Member, hands: Hands) -> None:
    code, first = a_code("the first", anna)
    ends(anna, first)
    phone, laptop = enters(code, line), enters(code, line)
    assert phone is not None
    assert laptop is not None
    for number in range(4):
        visits = [a_chat(held_by=anna, cookie=cookie) for cookie in (phone, laptop)]
        for which, visit in enumerate(visits):
            agree_on(visit, anna, f"{number} {which}")
        assert hands.act(*(partial(keeps, visit) for visit in visits)) == [OK, OK]
        for visit in visits:
            ends(anna, visit)
    wanted = {"the first"} | {f"{number} {which}" for number in range(4) for which in (0, 1)}
    assert set(texts(phone, line)) == wanted
    assert texts(laptop, line) == texts(phone, line)


def test_keeping_while_another_device_erases(line: Line, anna: Member, hands: Hands) -> None:
    """Either it was kept and is erased with the rest, or it waits in the visit for a new code."""
    outcomes = set()
    for number in range(ROUNDS):
        code, visit = a_code(f"kept {number}", anna)
        other = enters(code, line) or ""
        agree_on(visit, anna, f"more {number}")
        assert hands.act(partial(keeps, visit), partial(summaries.erase, other, line)) == [OK, OK]
        assert enters(code, line) is None
        try:
            assert texts(visit.cookie, line) == [f"more {number}"]
            assert not kept(visit.cookie, line).has_code
            outcomes.add("waits")
        except summaries.Gone:
            outcomes.add("erased")
        ends(anna, visit)
    assert outcomes <= {"waits", "erased"}
    assert rows() == []


def test_entering_a_code_while_it_is_erased(line: Line, anna: Member, hands: Hands) -> None:
    for number in range(ROUNDS):
        code, visit = a_code(f"kept {number}", anna)
        root, browser = root_of(code), sessions.new_cookie()
        opens = partial(continuing.open_at, browser, line, root)
        assert hands.act(opens, partial(summaries.erase, visit.cookie, line)) == [OK, OK]
        if "summary" in content(browser):
            with pytest.raises(summaries.Gone):
                summaries.visit_of(browser, line)
        ends(anna, visit)
    assert rows() == []


def test_two_browsers_that_enter_each_others_code(line: Line, anna: Member, hands: Hands) -> None:
    """Neither waits for the other: what is kept under the code that a browser had open before stays as it is."""
    (one, _), (other, _) = a_code("one", anna), a_code("other", anna)
    for _ in range(ROUNDS):
        browsers = enters(one, line) or "", enters(other, line) or ""
        deeds = [
            partial(continuing.open_at, browser, line, root_of(code))
            for browser, code in zip(browsers, (other, one), strict=True)
        ]
        assert hands.act(*deeds) == [OK, OK]
        assert [texts(browser, line) for browser in browsers] == [["other"], ["one"]]


def test_keeping_while_the_counsellor_writes_on(line: Line, anna: Member, hands: Hands) -> None:
    """Kept is what both agreed on, whole, or nothing: never words that only one has said yes to."""
    for number in range(ROUNDS):
        _, visit = a_code("before", anna)
        version = agree_on(visit, anna, f"agreed {number}")
        done = hands.act(
            partial(keeps, visit), partial(agreeing.staff_saves, anna, visit.chat, version, f"on {number}")
        )
        assert done[1] == OK
        assert shown(visit)["body"] == f"on {number}"
        assert texts(visit.cookie, line) == ([f"agreed {number}"] if done[0] == OK else ["before"])
        assert done[0] in (OK, "wrong_state")
        ends(anna, visit)


def test_keeping_and_the_quick_exit_at_once(line: Line, anna: Member, hands: Hands) -> None:
    """Nothing comes back into a session that was left."""
    for number in range(ROUNDS):
        visit = a_chat(held_by=anna)
        agree_on(visit, anna, f"words {number}")

        def leaves(visit=visit) -> None:  # type: ignore[no-untyped-def]  # bound now
            sessions.leave(sessions.key_of(visit.cookie), clock.now())
            service.quick_exit(visit.cookie)

        def keep(visit=visit) -> None:  # type: ignore[no-untyped-def]  # bound now
            try:
                keeps(visit)
            except sessions.Left:
                raise NoAccess("left") from None

        done = hands.act(keep, leaves)
        assert done[1] == OK
        assert done[0] in (OK, "left", "unauthorised", "forbidden")
        assert sessions.load(visit.cookie, clock.now()) is None
    assert rows() == []


def test_two_browsers_that_go_on_with_each_others_chats(line: Line, anna: Member, hands: Hands) -> None:
    """Each leaves the chat that the other one goes on with: nobody waits for anybody, and one clear end."""
    for number in range(ROUNDS):
        (one, first), (other, second) = (a_code(f"{which} {number}", anna) for which in ("one", "other"))
        enters(other, line, first.cookie)
        enters(one, line, second.cookie)
        done = hands.act(
            partial(continuing.go_on, first.cookie, line),
            partial(continuing.go_on, second.cookie, line),
        )
        # Whoever was first has left the chat that the other one wanted.
        assert sorted(done) == [OK, "wrong_state"]
        assert sorted([first.state, second.state]) == ["active", "ended"]
        service.quick_exit(first.cookie)
        service.quick_exit(second.cookie)
