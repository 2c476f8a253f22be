"""The two questions after a chat: once for each chat that somebody answered, counted by month and by nothing else."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from helpline import clock, db
from helpline.chat import access, parting, service
from helpline.chat.access import NoAccess
from helpline.chat.parting import Standing
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from helpline.privacy import sessions
from tests.builders import StoppedClock, a_chat, a_counsellor
from tests.journeys.house import snapshot_of

pytestmark = pytest.mark.usefixtures("house")
EVER = date(2020, 1, 1), date(2030, 12, 1)
GLAD = {"better": "yes", "again": "maybe"}
NOTHING = {"better": {"yes": 0, "partly": 0, "no": 0}, "again": {"yes": 0, "maybe": 0, "no": 0}}


@pytest.fixture
def cookie() -> str:
    return sessions.new_cookie()


def counted(line: str = "youth") -> dict[str, dict[str, int]]:
    return contacts.after_counts(line, *EVER)


def answers(cookie: str, given: dict[str, str]) -> bool:
    return parting.answer(cookie, access.visitor_of(cookie, clock.now()), lines.get_line("youth"), given)


def talked(cookie: str, time: StoppedClock) -> None:
    visit = a_chat(cookie=cookie, held_by=a_counsellor())
    time.turn(minutes=5)
    service.leave(visit.visitor)


def test_who_talked_is_asked_once_and_thanked(cookie: str, time: StoppedClock) -> None:
    assert parting.standing(cookie) is Standing.NOTHING, "there is no chat yet"
    talked(cookie, time)
    assert parting.standing(cookie) is Standing.ASK
    assert not answers(cookie, {}), "to say nothing is no answer, and may be thought over"
    assert answers(cookie, GLAD)
    assert parting.standing(cookie) is Standing.THANKS
    assert not answers(cookie, {"better": "no"}), "the same form again"
    assert counted() == {"better": {"yes": 1, "partly": 0, "no": 0}, "again": {"yes": 0, "maybe": 1, "no": 0}}
    assert counted("prevention") == NOTHING
    talked(cookie, time)
    assert parting.standing(cookie) is Standing.ASK, "each chat has its own answers"
    assert answers(cookie, {"better": "yes"})
    assert counted()["better"]["yes"] == 2


def test_who_was_never_answered_or_still_talks_is_not_asked(cookie: str, time: StoppedClock) -> None:
    visit = a_chat(cookie=cookie)
    assert not answers(cookie, GLAD)
    service.accept(a_counsellor(), visit.chat)
    assert (parting.standing(cookie), answers(cookie, GLAD)) == (Standing.NOTHING, False)
    other = sessions.new_cookie()
    unheard = a_chat(cookie=other)
    time.turn(minutes=5)
    service.leave(unheard.visitor)
    assert (parting.standing(other), answers(other, GLAD)) == (Standing.NOTHING, False)
    assert counted() == NOTHING


def test_after_the_time_to_read_it_nobody_is_asked_any_more(cookie: str, time: StoppedClock) -> None:
    talked(cookie, time)
    time.turn(minutes=11)
    assert parting.standing(cookie) is Standing.NOTHING
    with pytest.raises(NoAccess):
        answers(cookie, GLAD)
    assert counted() == NOTHING


def test_nothing_leads_from_an_answer_to_a_chat_an_hour_or_a_counsellor(cookie: str, time: StoppedClock) -> None:
    talked(cookie, time)
    before = snapshot_of(db.engine())
    assert answers(cookie, GLAD)
    after = snapshot_of(db.engine())
    changed = {table for table in after if after[table] != before[table]}
    assert changed == {"after_counts", "visitor_sessions"}, "the visit knows, sealed, and one number is higher"
    month = f"{lines.local(lines.get_line('youth'), clock.now()):%Y-%m}"
    rows = {tuple(row) for row in after["after_counts"]}
    assert rows == {("youth", month, "better", "yes", 1), ("youth", month, "again", "maybe", 1)}


def test_months_are_counted_on_the_clock_of_the_line_and_told_apart(cookie: str) -> None:
    from datetime import UTC, datetime

    youth = lines.get_line("youth")
    contacts.count_after(youth, {"better": "no"}, at=datetime(2026, 3, 31, 22, 30, tzinfo=UTC))
    assert contacts.after_counts("youth", date(2026, 3, 1), date(2026, 3, 31)) == NOTHING
    assert contacts.after_counts("youth", date(2026, 4, 1), date(2026, 4, 30))["better"]["no"] == 1
    with pytest.raises(ValueError, match="no answer"):
        contacts.count_after(youth, {"better": "maybe"}, at=clock.now())


def test_the_form_stands_in_the_room_and_counts_what_is_an_answer(
    house: Flask, cookie: str, time: StoppedClock
) -> None:
    talked(cookie, time)
    browser = house.test_client()
    browser.set_cookie("visit", cookie)
    frame = browser.get("/en/youth/chat/room/transcript").text
    assert "/en/youth/chat/room/?over=1#after-chat" in frame
    room = browser.get("/en/youth/chat/room/").text
    token = room.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"csrf_token": token, "better": "partly", "again": "yes; DROP", "counsellor": "anna"}
    answer = browser.post("/en/youth/chat/room/after", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/youth/chat/room/#after-chat")
    assert counted() == NOTHING | {"better": {"yes": 0, "partly": 1, "no": 0}}
    assert "Thank you" in browser.get("/en/youth/chat/room/").text
    assert "#after-chat" not in browser.get("/en/youth/chat/room/transcript").text
    assert browser.post("/en/youth/chat/room/after", data={"better": "yes"}).status_code == 400, "no token"
