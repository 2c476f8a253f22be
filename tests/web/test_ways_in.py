"""Who can't chat now finds a way in: when that is possible again, a letter, and others who help, here and elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from helpline import clock, db
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from helpline.lines.models import Line
from tests.web.conftest import House

WEEK = "mon-fri 09:00-17:00;tue 19:00-21:00"
# In March 2026 the second is a Monday, and Amsterdam is an hour ahead.
OPENINGS = [
    (datetime(2026, 3, 3, 7, 30, tzinfo=UTC), "today at 9:00", "vandaag om 9:00"),
    (datetime(2026, 3, 3, 16, 30, tzinfo=UTC), "tonight at 19:00", "vanavond om 19:00"),
    (datetime(2026, 3, 2, 22, 59, tzinfo=UTC), "tomorrow at 9:00", "morgen om 9:00"),
    (datetime(2026, 3, 2, 23, 1, tzinfo=UTC), "today at 9:00", "vandaag om 9:00"),
    (datetime(2026, 3, 6, 17, 0, tzinfo=UTC), "on Monday at 9:00", "op maandag om 9:00"),
]


@pytest.mark.parametrize(("now", "in_english", "in_dutch"), OPENINGS)
def test_the_next_opening_is_told_as_people_say_it_on_the_clock_of_the_line(
    house: House, monkeypatch: pytest.MonkeyPatch, now: datetime, in_english: str, in_dutch: str
) -> None:
    house.set_line("youth", hours=WEEK)
    monkeypatch.setattr(clock, "now", lambda: now)
    for lang, when in (("en", in_english), ("nl", in_dutch)):
        tab = house.tab("youth", lang)
        for path in (tab.chat, f"{tab.chat}other-ways/", f"/{lang}/youth/"):
            assert when in tab.get(path).text, path
        assert "Amsterdam" in tab.get(tab.chat).text


def test_a_line_that_opens_in_more_than_a_week_names_the_date(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.set_line("youth", hours="mon 09:00-10:00")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    tab = house.tab()
    assert "on Monday 9 March at 9:00" in tab.get(tab.chat).text


def test_who_comes_too_late_for_today_is_told_when_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.set_line("youth", hours=WEEK)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 3, 15, 50, tzinfo=UTC))
    tab = house.tab()
    told = tab.get(tab.chat).text
    assert "We close at 17:00" in told
    assert "tonight at 19:00" in told


def test_who_comes_too_late_to_a_full_line_is_not_told_to_try_again_soon(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.set_line("youth", hours=WEEK, queue_limit=0)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 3, 15, 50, tzinfo=UTC))
    tab = house.tab()
    for path in (tab.chat, f"{tab.chat}other-ways/"):
        told = tab.get(path).text
        assert "tonight at 19:00" in told
        assert "in 15 minutes" not in told


LETTERS = "/en/youth/letters/"


@pytest.mark.parametrize("closing", [{"hours": "closed"}, {"queue_limit": 0}])
def test_a_letter_stands_first_with_when_an_answer_comes(house: House, closing: dict[str, str | int]) -> None:
    house.set_line("youth", **closing)
    tab = house.tab()
    line = lines.get_line("youth")
    for path in (tab.chat, f"{tab.chat}other-ways/"):
        told = tab.get(path).text
        assert LETTERS in tab.page(path).links
        assert "We want to answer within 3 days." in told
        assert "we answered too few letters to say" in told, "four are too few"
    for hours in (3, 20, 26, 30, 200):
        contacts.count_letter(line, hours=hours, in_time=hours < 72, at=clock.now())
    for path in (tab.chat, f"{tab.chat}other-ways/", LETTERS):
        told = tab.get(path).text
        assert "half of the answers came within 26 hours." in told
        assert "Of all letters 80% got their answer in time." in told
        assert "too few letters" not in told


def test_a_line_without_letters_has_no_door_to_one(house: House) -> None:
    house.set_line("youth", hours="closed", letters=False)
    tab = house.tab()
    for path in (tab.chat, f"{tab.chat}other-ways/", "/en/youth/"):
        assert LETTERS not in tab.page(path).links, path


def test_others_who_help_are_told_by_country_each_once(house: House) -> None:
    tab = house.tab()
    told = tab.get(f"{tab.chat}other-ways/").text
    own, _, elsewhere = told.partition("Are you in another country?")
    assert "Kindertelefoon" in own
    assert "Awel" not in own
    assert {"Belgium", "Anywhere else"} <= set(tab.page(f"{tab.chat}other-ways/").words)
    assert "Awel" in elsewhere
    assert "Kindertelefoon" not in elsewhere
    assert told.count("https://stopncii.org/") == 1, "what both countries have stands once"


def test_a_country_without_a_crisis_number_for_all_is_shown_a_page_that_finds_one(house: House) -> None:
    with db.transaction() as session:
        session.execute(update(Line).where(Line.slug == "youth").values(country="int"))
    tab = house.tab()
    told = tab.get(f"{tab.chat}other-ways/").text
    assert "https://findahelpline.com/" in told.partition("Others who can help")[0]
    assert "None" not in told
    assert {"Belgium", "Netherlands"} <= set(tab.page(f"{tab.chat}other-ways/").words)


# While waiting


def test_who_waits_long_is_offered_a_letter_and_keeps_the_place(house: House) -> None:
    tab = house.tab()
    assert LETTERS in tab.page(tab.chat).links, "nobody is on duty"
    tab.join(danger="no")
    room, frame = tab.page(tab.room), tab.get(f"{tab.room}transcript").text
    assert LETTERS in room.links
    assert 'id="long-wait" data-from="15">' in room.html
    assert "you keep your place" in frame.partition(LETTERS)[2]
    form = next(form for form in tab.page(LETTERS).forms if "body" in form.fields)
    assert tab.submit(LETTERS, form, body="It takes too long.").status_code == 303
    assert tab.sync()["state"] == "waiting"


def test_a_letter_is_not_offered_in_danger_nor_where_the_line_takes_none(house: House) -> None:
    in_danger = house.tab().join(danger="yes")
    assert "long-wait" not in in_danger.page(in_danger.room).html
    house.set_line("youth", letters=False)
    tab = house.tab().join(danger="no")
    for shown in (tab.page(tab.room), tab.page(f"{tab.room}transcript")):
        assert LETTERS not in shown.links


# From advice and the course


def test_every_advice_and_every_module_ends_with_a_way_to_a_letter(house: House) -> None:
    tab = house.tab()
    first = "/en/youth/advice/step/1/"
    token = tab.page("/en/youth/advice/").form().fields["csrf_token"]
    assert tab.post(first, {"csrf_token": token, "answer": "yes"}).status_code == 303
    assert LETTERS in tab.page("/en/youth/advice/yours/").links
    course = house.tab("prevention")
    assert "/en/prevention/letters/" in course.page("/en/prevention/self-help/goals/").links
    house.set_line("prevention", letters=False)
    assert "/en/prevention/letters/" not in course.page("/en/prevention/self-help/goals/").links
