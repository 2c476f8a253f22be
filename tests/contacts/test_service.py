"""The two ledgers: what a row tells, what it never tells, how rows are counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import inspect, select, text, update

from helpline import config, db
from helpline.chat.states import Cause
from helpline.contacts import service
from helpline.contacts.models import Contact, MissedContact, WrapUp
from helpline.lines import service as lines
from tests.builders import StoppedClock, a_counsellor, ledger, the_contact, the_missed_contact
from tests.postgres import sqlite_only

pytestmark = pytest.mark.usefixtures("house")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_contact(
    line: str = "youth",
    *,
    joined_at: datetime = NOON,
    wait: timedelta = timedelta(),
    length: timedelta = timedelta(),
    account: str | None = None,
    chat: str | None = None,
) -> str:
    """An answered chat in the ledger; its key."""
    return service.record_contact(
        lines.get_line(line),
        joined_at=joined_at,
        started_at=joined_at + wait,
        ended_at=joined_at + wait + length,
        language="nl",
        chat=chat or db.random_key(),
        account=account or a_counsellor(on_duty=False).id,
    )


def a_missed_contact(line: str = "youth", *, cause: str = "left", at: datetime = NOON, wait_s: float = 0) -> str:
    """A contact that nobody answered; its key."""
    return service.record_missed(lines.get_line(line), cause=cause, at=at, language="nl", wait_s=wait_s)


# Bands


@pytest.mark.parametrize(("seconds", "band"), [(0, 0), (9.99, 0), (10, 10), (59, 50), (3661, 3660), (-5, 0)])
def test_a_wait_is_written_to_ten_seconds_downwards(seconds: float, band: int) -> None:
    assert service.band_of_wait(seconds) == band


def test_a_contact_tells_bands_and_hours_and_nothing_finer() -> None:
    a_contact(
        joined_at=NOON + timedelta(minutes=34, seconds=56),
        wait=timedelta(seconds=47),
        length=timedelta(minutes=9, seconds=59),
    )
    row = the_contact()
    assert (row.on_date, row.on_hour, row.wait_s, row.length_min) == (date(2026, 3, 2), 13, 40, 9)
    assert {column.name for column in Contact.__table__.columns} == {
        "key", "line", "channel", "on_date", "on_hour", "in_hours", "language", "wait_s", "length_min",
        "concern", "age_band", "gender", "test", "found_via", "referral", "recorded", "returned", "person",
        "counted_in",
    }  # fmt: skip


def test_no_row_of_a_ledger_holds_a_moment() -> None:
    kinds = {str(column.type) for table in (Contact, MissedContact) for column in table.__table__.columns}
    assert not any("TIME" in kind for kind in kinds)


@pytest.mark.parametrize(
    ("moment", "day", "hour"),
    [
        (datetime(2026, 1, 31, 23, 30, tzinfo=UTC), date(2026, 2, 1), 0),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), date(2026, 3, 29), 1),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 29), 3),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25), 2),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 25), 2),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), date(2026, 7, 2), 0),
    ],
)
def test_day_and_hour_are_those_on_the_clock_of_the_line(moment: datetime, day: date, hour: int) -> None:
    a_missed_contact(at=moment)
    row = the_missed_contact()
    assert (row.on_date, row.on_hour) == (day, hour)


@pytest.mark.parametrize(("hours", "inside"), [("always", True), ("mon 13:00-13:30", True), ("mon 14:00-22:00", False)])
def test_a_row_tells_whether_the_line_was_open_then(hours: str, inside: bool) -> None:
    lines.change_line("youth", {"hours": hours})
    a_missed_contact(at=NOON)
    assert the_missed_contact().in_hours is inside


def test_what_a_closed_line_missed_was_outside_opening_hours_and_is_caught_as_that() -> None:
    youth = lines.change_line("youth", {"hours": "always"})
    a_missed_contact(at=NOON, cause="closed")
    assert the_missed_contact().in_hours is False
    assert service.mark_caught(youth, "advice", cause="closed", at=NOON, language="nl", wait_s=0)


# Order and links


@sqlite_only
def test_the_order_of_the_rows_tells_nothing(settings: config.Settings) -> None:
    """Random keys, and on SQLite no hidden row number."""
    keys = [a_missed_contact() for _ in range(20)]
    with db.reading() as session:
        stored = list(session.scalars(text("SELECT key FROM missed_contacts")))
        tables = session.scalars(text("SELECT sql FROM sqlite_master WHERE name IN ('contacts', 'missed_contacts')"))
        assert all("WITHOUT ROWID" in sql for sql in tables)
    assert stored == sorted(keys) != keys


def test_only_the_wrap_up_leads_from_a_chat_to_its_contact(time: StoppedClock) -> None:
    anna = a_counsellor(on_duty=False)
    key = a_contact(chat="a chat", account=anna.id)
    with db.reading() as session:
        link = session.scalars(select(WrapUp)).one()
        assert (link.chat_id, link.contact_key, link.account_id) == ("a chat", key, anna.id)
        for table in ("contacts", "missed_contacts"):
            assert inspect(session.connection()).get_foreign_keys(table) == []


# Wrap-ups


def test_a_wrap_up_is_open_for_a_day_and_its_contact_stays(time: StoppedClock) -> None:
    anna = a_counsellor(on_duty=False)
    a_contact(joined_at=NOON, length=timedelta(minutes=12), account=anna.id)
    (pending,) = service.pending_wrap_ups(anna.id)
    assert (pending.line, pending.ended_at, pending.minutes) == ("youth", NOON + timedelta(minutes=12), 12)
    day_later = pending.ended_at + timedelta(hours=24)
    assert service.drop_old_wrap_ups(day_later) == 0
    assert service.drop_old_wrap_ups(day_later + timedelta(seconds=1)) == 1
    assert service.pending_wrap_ups(anna.id) == []
    row = the_contact()
    assert {row.concern, row.age_band, row.gender} == {"unknown"}


def test_wrap_ups_are_listed_oldest_first_and_for_their_own_counsellor() -> None:
    anna, ben = a_counsellor(on_duty=False), a_counsellor(on_duty=False)
    for chat, hour in (("second", 2), ("first", 1), ("third", 3)):
        a_contact(joined_at=NOON + timedelta(hours=hour), chat=chat, account=anna.id)
    a_contact(chat="other", account=ben.id)
    assert [item.chat for item in service.pending_wrap_ups(anna.id)] == ["first", "second", "third"]


def test_a_chat_can_not_be_counted_twice() -> None:
    anna = a_counsellor(on_duty=False)
    a_contact(chat="a chat", account=anna.id)
    with pytest.raises(Exception, match="wrap_ups"):
        a_contact(chat="a chat", account=anna.id)
    assert ledger() == {"answered": 1}


# Counting


def test_contacts_are_counted_by_line_and_cause() -> None:
    for cause in service.CAUSES:
        a_missed_contact(cause=cause)
    a_missed_contact(cause="lost")
    a_missed_contact("prevention", cause="closed")
    a_contact()
    a_contact("prevention")
    assert service.count("youth") == {"answered": 1, "missed": dict.fromkeys(service.CAUSES, 1) | {"lost": 2}}
    assert service.count("prevention") == {
        "answered": 1,
        "missed": dict.fromkeys(service.CAUSES, 0) | {"closed": 1},
    }
    assert service.count()["missed"]["closed"] == 2


def test_contacts_that_staff_marked_as_a_test_are_not_counted() -> None:
    a_contact()
    a_missed_contact()
    with db.transaction() as session:
        for model in (Contact, MissedContact):
            session.execute(update(model).values(test=True))
    assert (ledger(), service.missed_on("youth", NOON.date())) == ({}, 0)


def test_missed_today_counts_the_day_of_the_line_without_those_who_left_at_once() -> None:
    a_missed_contact(cause="lost", at=NOON)
    a_missed_contact(cause="left_early", at=NOON)
    a_missed_contact(cause="lost", at=NOON - timedelta(days=1))
    a_missed_contact("prevention", cause="lost", at=NOON)
    assert service.missed_on("youth", NOON.date()) == 1


def test_every_cause_of_a_chat_is_one_of_the_ledger() -> None:
    assert {str(cause) for cause in Cause} == set(service.CAUSES)
    with pytest.raises(ValueError, match="bored"):
        a_missed_contact(cause="bored")
    assert ledger() == {}


def test_a_row_is_written_with_the_transaction_it_belongs_to_or_not_at_all() -> None:
    def end_a_chat_that_fails() -> None:
        with db.transaction():
            a_missed_contact()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        end_a_chat_that_fails()
    assert ledger() == {}
