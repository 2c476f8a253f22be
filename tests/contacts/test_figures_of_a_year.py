"""What comes out of imported logs: the published figures, and for any log a plain count of its rows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from helpline import clock, db
from helpline.contacts import categories, service
from helpline.contacts.cli import contacts
from helpline.contacts.models import Contact, ContactTopic, ImportedFile, MissedContact
from tests.builders import ledger
from tests.builders.logs import LOGS, a_log, answered, missed

pytestmark = pytest.mark.usefixtures("house")


# The two years


@pytest.fixture
def both_years(house: object) -> None:
    for year in (2019, 2020):
        log = str(LOGS / f"contact-log-{year}.csv")
        assert CliRunner().invoke(contacts, ["import", log]).exit_code == 0


@pytest.mark.usefixtures("both_years")
def test_the_figures_of_two_years_are_those_that_were_published() -> None:
    now, before = service.counts_of_year("prevention", 2020), service.counts_of_year("prevention", 2019)
    assert (now.answered, now.by_channel) == (620, {"email": 208, "phone": 412})
    assert (now.missed, now.missed_by_cause) == (810, {"closed": 497, "unanswered": 313})
    assert (before.answered, before.missed, before.by_channel) == (449, 563, {"email": 137, "phone": 312})
    assert (now.individuals, before.individuals) == (359, 266)
    assert now.individuals_by_concern == {"self": 169, "other": 86, "professional": 29, "general": 75, "unknown": 0}
    ages = {"0-17": 35, "18-25": 103, "26-35": 72, "36-45": 73, "46-60": 53, "61+": 9, "unknown": 14}
    assert now.individuals_by_age_band == ages
    assert before.individuals_by_concern["self"] == 124
    assert now.missed_by_channel == {"phone": 810}
    assert sum(now.by_weekday.values()) == 620


@pytest.mark.usefixtures("both_years")
def test_contacts_are_counted_over_all_time_and_the_other_line_has_none() -> None:
    assert ledger() == ledger("prevention") == {"answered": 1069, "closed": 858, "unanswered": 515}
    assert ledger("youth") == {}
    assert service.counts_of_year("youth", 2020).answered == 0


@pytest.mark.usefixtures("both_years")
def test_every_topic_of_the_two_years_is_known_by_its_words() -> None:
    with db.reading() as session:
        used = set(session.scalars(select(ContactTopic.topic).distinct()))
    known = {topic.code: topic for topic in service.topics_of("prevention")}
    assert used <= set(known)
    assert all(known[code].parent for code in used)


# Any log counts like its rows

zone = ZoneInfo("Europe/Amsterdam")
moments = st.datetimes(datetime(2019, 12, 20), datetime(2021, 1, 10), timezones=st.just(zone)) | st.datetimes(
    datetime(2020, 3, 28), datetime(2020, 3, 30), timezones=st.just(UTC)
)
some_answered = st.builds(
    answered,
    occurred_at=moments.map(datetime.isoformat),
    line=st.sampled_from(["prevention", "youth"]),
    channel=st.sampled_from(["phone", "email", "chat", "letter"]),
    person=st.sampled_from(["", "a", "b", "c", "d"]),
    concern=st.sampled_from(["", *categories.CONCERNS]),
    age_band=st.sampled_from(["", "18-25", "unknown"]),
    gender=st.sampled_from(["", "male", "female", "other", "unknown"]),
    topics=st.sampled_from(["", "attraction", "other;press", "a_new_one;a_new_one"]),
)
some_missed = st.builds(
    missed,
    occurred_at=moments.map(datetime.isoformat),
    line=st.sampled_from(["prevention", "youth"]),
    channel=st.sampled_from(["phone", "chat"]),
    missed_reason=st.sampled_from([*categories.CAUSES, "abandoned"]),
)


@given(st.lists(some_answered | some_missed, min_size=1, max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
def test_any_log_counts_like_its_rows(rows: list[dict[str, str]]) -> None:
    with db.transaction() as session:
        for model in (ContactTopic, Contact, MissedContact, ImportedFile):
            session.execute(delete(model))
    service.import_log(a_log(*rows).encode(), clock.now())
    for line in ("prevention", "youth"):
        for year in (2019, 2020, 2021):
            there = [row for row in rows if row["line"] == line and local(row).year == year]
            talked = [row for row in there if row["outcome"] == "answered"]
            lost = ["left" if row["missed_reason"] == "abandoned" else row["missed_reason"] for row in there]
            causes = Counter(cause for cause in lost if cause)
            counts = service.counts_of_year(line, year)
            assert (counts.answered, counts.by_channel) == (len(talked), Counter(row["channel"] for row in talked))
            assert counts.left_early == causes.pop("left_early", 0)
            assert (counts.missed, counts.missed_by_cause) == (causes.total(), causes)
            assert sum(counts.missed_by_channel.values()) == counts.missed
            assert list(counts.by_weekday.values()) == [
                sum(local(row).weekday() == day for row in talked) for day in range(7)
            ]
            people = {row["person"] for row in talked if row["person"]}
            assert counts.individuals == len(people)
            for parts in (counts.individuals_by_concern, counts.individuals_by_age_band):
                assert sum(parts.values()) == len(people)


def local(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["occurred_at"]).astimezone(zone)
