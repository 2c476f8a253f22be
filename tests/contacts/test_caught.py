"""What became of a missed contact: noted once, before a release counts it, and without any link."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from helpline import clock, db
from helpline.contacts import service as contacts
from helpline.contacts.models import MissedContact
from helpline.lines import service as lines
from helpline.stats.figures import figures
from tests.builders import the_missed_contact

pytestmark = pytest.mark.usefixtures("house")
LONG_AGO = datetime(2025, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
def missed(house: object) -> str:
    """A missed contact of last year."""
    return contacts.record_missed(lines.get_line("youth"), cause="closed", at=LONG_AGO)


def told() -> object:
    today = clock.now().date()
    return figures(contacts.tallies("youth", date(2025, 1, 1), today, today))


def test_the_first_way_in_is_what_caught_it(missed: str) -> None:
    before = told()
    assert contacts.catch(missed, "letter")
    assert not contacts.catch(missed, "advice")
    assert the_missed_contact().caught_by == "letter"
    assert told() != before, "the day is counted anew"


def test_what_is_not_there_or_was_released_stays_as_it_is(missed: str) -> None:
    assert not contacts.catch("nothing", "letter")
    with db.transaction() as session:
        session.get_one(MissedContact, missed).counted_in = "2025-11"
    assert not contacts.catch(missed, "letter")
    assert the_missed_contact().caught_by == "none"


def test_only_our_ways_in_catch_anything(missed: str) -> None:
    with pytest.raises(ValueError, match="pigeon"):
        contacts.catch(missed, "pigeon")
