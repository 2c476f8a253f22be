"""The tallies of days: like a plain count of the rows, whatever was written when."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from helpline import clock
from helpline.contacts import service as contacts
from helpline.contacts import tallies as kept
from helpline.contacts.models import Contact, DayTally, MissedContact
from helpline.contacts.service import Answers
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.stats.figures import figures
from tests.builders import a_counsellor

TODAY = date(2026, 11, 18)
LONG_AGO = datetime(2026, 9, 3, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def line(house: object, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 18, 12, tzinfo=UTC))
    return lines.get_line("prevention")


def told(first: date = date(2026, 1, 1), last: date = TODAY):
    return figures(contacts.tallies("prevention", first, last, TODAY))


def plain() -> tuple[int, int, Counter[tuple[str, str]]]:
    with reading() as session:
        answered = session.scalars(select(Contact).where(~Contact.test)).all()
        missed = session.scalars(select(MissedContact).where(~MissedContact.test)).all()
    return (
        len(answered),
        sum(row.cause != "left_early" for row in missed),
        Counter((row.age_band, row.gender) for row in answered),
    )


def by_hand(line, at: datetime, **answers: object) -> str:
    return contacts.record_by_hand(line, channel="phone", at=at, minutes=9, answers=Answers(**answers))


def test_they_count_like_the_rows(line) -> None:
    for days, (age, gender) in enumerate([("18-25", "male"), ("unknown", "female"), ("61+", "male")] * 9):
        by_hand(line, clock.now() - timedelta(days=days * 3), age_band=age, gender=gender, test=days % 5 == 0)
        cause = ("closed", "left_early", "unanswered")[days % 3]
        contacts.record_missed(line, cause=cause, at=clock.now() - timedelta(days=days * 2), test=days % 7 == 0)
    for _ in range(2):
        now = told()
        answered, missed, ages = plain()
        assert (now.answered, now.missed) == (answered, missed)
        assert now.by("answered", "age_band gender") == ages
        assert sum(now.by_day("answered").values()) == answered


@pytest.mark.parametrize("change", ["by hand", "missed", "import", "wrap-up"])
def test_a_late_row_is_in_the_next_count(line, change: str) -> None:
    by_hand(line, LONG_AGO)
    assert (told().answered, told().missed) == (1, 0)
    if change == "by hand":
        by_hand(line, LONG_AGO)
        assert told().answered == 2
    elif change == "missed":
        contacts.record_missed(line, cause="closed", at=LONG_AGO)
        assert told().missed == 1
    elif change == "import":
        head = "occurred_at,line,channel,outcome,missed_reason,person,concern,age_band,gender,topics,found_via,referral"
        row = "2026-09-03T14:00:00+02:00,prevention,phone,answered,,,self,18-25,male,,,,"
        contacts.import_log(f"{head},duration_minutes\n{row}\n".encode(), clock.now())
        assert told().answered == 2
    else:
        account = a_counsellor("jan").id
        contacts.record_contact(
            line,
            joined_at=LONG_AGO,
            started_at=LONG_AGO,
            ended_at=LONG_AGO,
            language="nl",
            chat="c" * 26,
            account=account,
        )
        assert told().along("answered", "concern gender", 0) == {("unknown",): 2}
        contacts.wrap_up(account, "c" * 26, Answers(concern="other"))
        assert told().along("answered", "concern gender", 0) == {("unknown",): 1, ("other",): 1}


def test_a_count_that_missed_a_row_is_not_kept_for_the_truth(line, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row comes when the rows are read already and the tally is not stored yet."""
    by_hand(line, LONG_AGO)
    store = kept._keep

    def late(*arguments: object) -> None:
        by_hand(line, LONG_AGO)
        store(*arguments)

    monkeypatch.setattr(kept, "_keep", late)
    assert told().answered == 1
    monkeypatch.setattr(kept, "_keep", store)
    assert told().answered == 2
    by_hand(line, LONG_AGO)
    assert told().answered == 3


def test_young_days_are_not_kept_and_old_ones_are_read_from_what_was(line) -> None:
    by_hand(line, clock.now())
    by_hand(line, LONG_AGO)
    assert told().answered == 2
    with reading() as session:
        days = session.scalars(select(DayTally.on_date)).all()
    assert LONG_AGO.date() in days
    assert max(days) < TODAY - kept.YOUNG
    with transaction() as session:
        session.get_one(DayTally, ("prevention", LONG_AGO.date())).tally = b"{}"
    assert told().answered == 1


def test_nothing_was_ever_counted(line) -> None:
    assert contacts.tallies("prevention", date(2026, 1, 1), TODAY, TODAY) == []
    assert contacts.counted_since("prevention") is None
    assert told().share_missed is None
