"""The forms by hand: for whom, which moments they take, what is counted, once, and back again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from helpline import clock, db
from helpline.contacts import service as contacts
from helpline.contacts.models import Contact, ContactTopic, MissedContact, WrapUp
from helpline.lines import service as lines
from helpline.staff import duties
from tests.builders import StoppedClock, ledger, the_contact
from tests.house.test_routes import JSON, signed_in, wrong_with
from tests.postgres import sqlite_only
from tests.web.pages import Page

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

ROOT = "/console/contacts/"
ANSWERED, MISSED, UNDO = f"{ROOT}answered/", f"{ROOT}missed/", f"{ROOT}undo"
NOW = datetime(2026, 3, 20, 13, 7, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch, app: Flask) -> StoppedClock:
    """The clock stands on an afternoon in spring, 14:07 in Amsterdam."""
    stopped = StoppedClock()
    stopped.turn(seconds=(NOW - stopped.now()).total_seconds())
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@pytest.fixture
def anna(app: Flask) -> FlaskClient:
    """A counsellor of one line."""
    return signed_in(app, "counsellor", ["youth"])


def filled(client: FlaskClient, page: str) -> dict[str, str]:
    """What the form of a page holds before anybody writes in it."""
    forms = [form for form in Page(client.get(page).text).forms if "mark" in form.fields]
    return forms[0].fields


def post(client: FlaskClient, page: str, data: dict[str, str]) -> TestResponse:
    """The page to which a form leads that did what it was for."""
    answer = client.post(page, data=data)
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["Location"])


def send(client: FlaskClient, page: str, **fields: str) -> TestResponse:
    """Open a form, fill it in and send it, like a browser without scripts."""
    return post(client, page, filled(client, page) | fields)


def undo_of(answer: TestResponse) -> dict[str, str]:
    """What the button that takes it back sends."""
    return Page(answer.text).form("/undo").fields


def in_words(answer: TestResponse) -> str:
    return " ".join(Page(answer.text).words)


# For whom


@pytest.mark.parametrize("role", ["analyst", "administrator"])
def test_only_who_takes_contacts_registers_them(app: Flask, role: str) -> None:
    client = signed_in(app, role, ["youth"])
    for path in (ROOT, ANSWERED, MISSED):
        answer = client.get(path)
        assert (answer.status_code, wrong_with(answer, path)) == (403, [])
        assert "/console/content/" in Page(answer.text[answer.text.index("<main") :]).links, "to what they do have"
        assert client.get(path, headers=JSON).get_json() == {"ok": False, "error": "forbidden"}
    token = Page(client.get("/console/", follow_redirects=True).text).form("sign-out").fields["csrf_token"]
    assert client.post(MISSED, data={"csrf_token": token, "what": "phone-left"}).status_code == 403
    assert ledger() == {}


def test_nobody_registers_for_a_line_of_others(anna: FlaskClient) -> None:
    for page in (ANSWERED, MISSED):
        assert anna.get(f"{page}?line=youth").status_code == 200
        assert anna.get(f"{page}?line=prevention").status_code == 404
        form = filled(anna, page) | {"what": "phone-left"}
        assert anna.post(f"{page}?line=prevention", data=form).status_code == 404
    assert ledger() == {}


def test_who_works_for_both_lines_chooses_one_and_its_questions(app: Flask) -> None:
    client = signed_in(app, "supervisor", ["youth", "prevention"])
    for line, band, other in (("youth", "12–15", "36–45"), ("prevention", "36–45", "12–15")):
        answer = client.get(f"{ANSWERED}?line={line}")
        assert wrong_with(answer, ANSWERED) == []
        assert band in in_words(answer)
        assert other not in in_words(answer)
        assert f"{ANSWERED}?line=youth" in Page(answer.text).links
    send(client, f"{ANSWERED}?line=prevention", age_band="36-45")
    assert (the_contact().line, the_contact().age_band) == ("prevention", "36-45")


# What is still to be described


def test_open_wrap_ups_stand_on_the_page_and_nothing_is_said_so(anna: FlaskClient) -> None:
    answer = anna.get(ROOT)
    assert (answer.status_code, wrong_with(answer, ROOT)) == (200, [])
    assert "Nothing is open" in answer.text
    account = duties.account_of_login("the-counsellor", "youth")
    began = NOW - timedelta(minutes=40)
    contacts.record_contact(
        lines.get_line("youth"),
        joined_at=began,
        started_at=began,
        ended_at=NOW,
        language="nl",
        chat="thechat",
        account=account or "",
    )
    page = anna.get(ROOT)
    assert "/console/wrap-up/thechat/" in Page(page.text).links
    assert "ended 14:07, 40 min" in in_words(page)
    assert "open until 21 March 2026, 14:07" in in_words(page)


# An answered one


def test_a_call_is_counted_with_all_that_was_asked(anna: FlaskClient) -> None:
    form = filled(anna, ANSWERED)
    assert (form["day"], form["clock"], form["channel"]) == ("2026-03-20", "14:07", "phone"), (
        "now, unless told otherwise"
    )
    answer = send(
        anna,
        ANSWERED,
        channel="email",
        day="2026-03-19",
        clock="9.30",
        minutes=" 25 ",
        language="nl",
        concern="other",
        age_band="12-15",
        gender="female",
        topics="fear",
        recorded="yes",
        found_via="school",
        referral="police",
        returned="yes",
    )
    assert (answer.status_code, wrong_with(answer, ANSWERED)) == (200, [])
    row = the_contact()
    when = (row.on_date, row.on_hour, row.length_min)
    assert (row.line, row.channel, *when) == ("youth", "email", date(2026, 3, 19), 9, 25)
    described = (
        row.language,
        row.concern,
        row.age_band,
        row.gender,
        row.recorded,
        row.found_via,
        row.referral,
        row.returned,
    )
    assert described == ("nl", "other", "12-15", "female", "yes", "school", "police", "yes")
    assert (row.wait_s, row.person, row.test) == (None, None, False)
    with db.reading() as session:
        assert list(session.scalars(select(ContactTopic.topic))) == ["fear"]
        assert session.scalar(select(WrapUp.chat_id)) is None, "nothing is left to describe, and nobody is named"
    assert "Registered: E-mail, 19 March 2026, 09:30." in in_words(answer)
    (following,) = [form for form in Page(answer.text).forms if "mark" in form.fields]
    kept = following.fields
    assert (kept["channel"], kept["day"], kept["clock"]) == ("email", "2026-03-19", ""), "way and day stay for the next"
    assert (kept["minutes"], kept["concern"], kept["gender"]) == ("", "unknown", "unknown"), "nothing of a person does"
    assert kept["mark"] != form["mark"]


def test_nothing_but_when_has_to_be_said_and_a_test_is_in_no_figure(anna: FlaskClient) -> None:
    answer = send(anna, ANSWERED)
    row = the_contact()
    assert (row.channel, row.language, row.length_min, row.concern, row.on_hour) == (
        "phone",
        "unknown",
        None,
        "unknown",
        14,
    )
    assert Page(answer.text).form("?line=youth").fields["clock"] == "14:07", "today goes on at the present time"
    send(anna, ANSWERED, test="y")
    assert ledger() == {"answered": 1}


REFUSED = [
    ("2026-03-20", "14:08", "clock", "still to come"),
    ("2026-03-21", "00:00", "day", "still to come"),
    ("1989-12-31", "23:59", "day", "from 1990 on"),
    ("0001-01-01", "00:00", "day", "from 1990 on"),
    ("9999-12-31", "23:59", "day", "still to come"),
    ("", "14:00", "day", "Fill in the date"),
    ("20-03-2026", "14:00", "day", "Fill in the date"),
    ("2026-02-29", "14:00", "day", "Fill in the date"),
    ("2026-03-20", "", "clock", "Fill in the time"),
    ("2026-03-20", "24:00", "clock", "Fill in the time"),
    ("2025-03-30", "02:30", "clock", "the clocks went forward"),
]


@pytest.mark.parametrize("page", [ANSWERED, MISSED])
def test_a_moment_that_can_not_be_is_refused_at_its_field(anna: FlaskClient, page: str) -> None:
    form = filled(anna, page) | {"what": "phone-left", "many": "7", "minutes": "7"}
    for day, time_of_day, field, why in REFUSED:
        answer = anna.post(page, data=form | {"day": day, "clock": time_of_day})
        assert (answer.status_code, wrong_with(answer, page)) == (422, [])
        shown = Page(answer.text)
        assert why in shown.html, (day, time_of_day)
        assert shown.attributes[field]["aria-describedby"].split()[-1] == f"{field}-error"
        kept = shown.form("?line=youth").fields
        assert (kept["day"], kept["clock"], kept.get("many") or kept["minutes"]) == (day, time_of_day, "7")
    assert ledger() == {}


def test_a_moment_that_was_is_counted_on_its_day_and_hour(anna: FlaskClient) -> None:
    moments = {("2026-03-20", 14), ("1990-01-01", 0), ("2025-03-30", 3), ("2025-10-26", 2), ("2024-02-29", 23)}
    for day, hour in moments:
        clock_says = "14:07" if hour == 14 else f"{hour:02}:00"
        assert send(anna, MISSED, day=day, clock=clock_says, what="phone-left").status_code == 200
    with db.reading() as session:
        rows = session.execute(select(MissedContact.on_date, MissedContact.on_hour)).all()
    assert {(str(day), hour) for day, hour in rows} == moments


def test_now_is_that_of_the_line_wherever_it_is(app: Flask, anna: FlaskClient) -> None:
    with db.transaction() as session:
        session.execute(update(lines.Line).where(lines.Line.slug == "youth").values(time_zone="Pacific/Auckland"))
    form = filled(anna, ANSWERED)
    assert (form["day"], form["clock"]) == ("2026-03-21", "02:07")
    send(anna, ANSWERED)
    assert (the_contact().on_date, the_contact().on_hour) == (date(2026, 3, 21), 2)


def test_what_does_not_fit_is_said_at_its_field(anna: FlaskClient) -> None:
    form = filled(anna, ANSWERED)
    wrong = {
        "channel": ["chat"],
        "minutes": ["-1", "1441", "half an hour", "1.5"],
        "language": ["xx"],
        "age_band": ["36-45"],
        "topics": ["attraction"],
    }
    for field, values in wrong.items():
        for value in values:
            answer = anna.post(ANSWERED, data=form | {field: value})
            assert (answer.status_code, wrong_with(answer, ANSWERED)) == (422, []), (field, value)
            assert f"{field}-error" in Page(answer.text).attributes
            assert "It was not registered yet." in answer.text
    assert ledger() == {}


# Missed ones


def test_missed_ones_are_counted_with_their_cause_as_many_as_there_were(anna: FlaskClient) -> None:
    answer = send(anna, MISSED, what="phone-queue_full", many="12", clock="10:00")
    assert (answer.status_code, wrong_with(answer, MISSED)) == (200, [])
    assert ledger() == {"queue_full": 12}
    assert "Registered: 12 missed contacts, Telephone, 20 March 2026, 10:00." in in_words(answer)
    assert Page(answer.text).form("?line=youth").fields["what"] == "phone-queue_full"
    send(anna, MISSED, what="email-unanswered")
    send(anna, MISSED, what="chat-nobody_on_duty", test="y")
    assert ledger() == {"queue_full": 12, "unanswered": 1}
    with db.reading() as session:
        assert set(session.scalars(select(MissedContact.channel))) == {"phone", "email", "chat"}


def test_what_makes_no_sense_is_said_at_its_field_and_none_counts(anna: FlaskClient) -> None:
    form = filled(anna, MISSED) | {"what": "phone-left"}
    wrong = {
        "what": ["", "email-left", "phone-emergency_exit", "letter-unanswered", "phone", "x-y"],
        "many": ["0", "51", "two", "", "-1", "1e1"],
    }
    for field, values in wrong.items():
        for value in values:
            answer = anna.post(MISSED, data=form | {field: value})
            assert (answer.status_code, wrong_with(answer, MISSED)) == (422, []), (field, value)
            assert f"{field}-error" in Page(answer.text).attributes
    del form["what"]
    assert anna.post(MISSED, data=form).status_code == 422
    assert ledger() == {}


# Once, and back


def test_a_form_that_is_sent_again_counts_once(anna: FlaskClient, time: StoppedClock) -> None:
    for page in (ANSWERED, MISSED):
        form = filled(anna, page) | {"what": "phone-left", "many": "3"}
        first = post(anna, page, form)
        again = post(anna, page, form)
        changed = post(anna, page, form | {"many": "2", "clock": "10:00", "minutes": "5"})
        assert "Registered:" in in_words(first)
        for answer in (again, changed):
            assert (answer.status_code, wrong_with(answer, page)) == (200, [])
            assert "counted once, not again" in answer.text
    assert ledger() == {"answered": 1, "left": 3}
    assert "Undone" in post(anna, UNDO, undo_of(changed)).text
    assert ledger() == {"answered": 1}, "all three, whatever number was sent later"


def test_what_became_of_a_form_is_said_once_on_the_page_it_leads_to(anna: FlaskClient) -> None:
    for page in (ANSWERED, MISSED):
        saved = send(anna, page, what="phone-left", day="2026-03-19")
        assert "Registered:" in saved.text
        for path in (ROOT, ANSWERED, MISSED):
            shown = anna.get(path).text
            assert ("Registered:" in shown, "2026-03-19" in shown) == (False, False), "neither twice nor elsewhere"
        anna.set_cookie("told", "told~answered~saved~phone~2026-03-19~10:00~~x", path="/console/contacts")
        assert "outcome" not in anna.get(page).text, "only what this house signed"


def test_what_was_wrong_can_be_undone_for_ten_minutes(anna: FlaskClient, time: StoppedClock) -> None:
    for page in (ANSWERED, MISSED):
        saved = send(anna, page, what="phone-left", many="3")
        time.turn(minutes=10)
        answer = post(anna, UNDO, undo_of(saved))
        assert (answer.status_code, wrong_with(answer, UNDO)) == (200, [])
        assert "Undone: it is not counted." in answer.text
        assert ledger() == {}
        assert "nothing to undo any more" in post(anna, UNDO, undo_of(saved)).text
        assert "mark" in Page(answer.text).form("?line=youth").fields, "the form for the next one"
    late = send(anna, ANSWERED)
    time.turn(minutes=10, seconds=1)
    assert "nothing to undo any more" in post(anna, UNDO, undo_of(late)).text
    assert ledger() == {"answered": 1}


def test_what_can_be_undone_stands_in_the_list_as_long_as_it_can(anna: FlaskClient, time: StoppedClock) -> None:
    send(anna, ANSWERED)
    send(anna, MISSED, what="phone-left", many="3")
    page = anna.get(ROOT)
    assert wrong_with(page, ROOT) == []
    assert "missed: 3 possible until 14:17" in in_words(page).replace(" Undo ", " ")
    first = next(form for form in Page(page.text).forms if form.action.endswith("/undo"))
    assert "Undone" in post(anna, UNDO, first.fields).text
    assert ledger() == {"answered": 1}, "the last one comes first"
    assert "missed: 3" not in anna.get(ROOT).text
    assert "one that was answered" in anna.get(ROOT).text
    time.turn(minutes=10, seconds=1)
    assert "Just registered" not in anna.get(ROOT).text


def test_a_form_that_was_open_for_long_is_not_undone_by_sending_it_again(anna: FlaskClient, time: StoppedClock) -> None:
    form = filled(anna, ANSWERED)
    post(anna, ANSWERED, form)
    time.turn(minutes=11)
    again = post(anna, ANSWERED, form)
    assert "counted once, not again" in again.text
    assert UNDO not in [sent.action for sent in Page(again.text).forms]


def test_what_a_release_counts_is_not_undone(anna: FlaskClient) -> None:
    saved = send(anna, ANSWERED)
    with db.transaction() as session:
        session.execute(update(Contact).values(counted_in="2026-03"))
    assert "nothing to undo any more" in post(anna, UNDO, undo_of(saved)).text
    assert ledger() == {"answered": 1}


def test_nobody_else_undoes_it_nor_sends_a_mark_of_their_own(app: Flask, anna: FlaskClient) -> None:
    saved = send(anna, ANSWERED)
    ben = signed_in(app, "supervisor", ["youth"])
    token = filled(ben, ANSWERED)["csrf_token"]
    assert ben.post(UNDO, data=undo_of(saved) | {"csrf_token": token}).status_code == 400
    form = filled(anna, ANSWERED)
    for mark in ("", "x", "form~x~1~y", undo_of(saved)["entry"], form["mark"][:-1], f"{form['mark']}0", "é~é"):
        assert anna.post(ANSWERED, data=form | {"mark": mark}).status_code == 400, mark
    for entry in ("", form["mark"], undo_of(saved)["entry"].replace("answered", "missed"), "~" * 9):
        assert anna.post(UNDO, data=undo_of(saved) | {"entry": entry}).status_code == 400, entry
    assert ledger() == {"answered": 1}


def test_no_row_tells_of_its_form_or_who_sent_it(anna: FlaskClient) -> None:
    form = filled(anna, ANSWERED)
    anna.post(ANSWERED, data=form)
    key = the_contact().key
    assert len(key) == 26
    assert not any(part in key or key in part for part in form["mark"].split("~"))
    with db.reading() as session:
        tables = [table for table in db.Base.metadata.sorted_tables if table.name != "contacts"]
        stored = [value for table in tables for row in session.execute(select(table)) for value in row]
    assert key not in stored
    assert not any(isinstance(value, str) and form["mark"].split("~")[1] in value for value in stored)
