"""A log comes into the ledgers whole or not at all, once, and counts as a plain count of its rows would."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, inspect, select, text

from helpline import clock, config, db
from helpline.contacts import importing, persons, service
from helpline.contacts.cli import contacts
from helpline.contacts.models import Contact, ContactTopic, ImportedFile, MissedContact, Topic
from helpline.lines import service as lines
from tests.builders import ledger, the_contact, the_missed_contact
from tests.builders.logs import a_large_log, a_log, answered, missed

pytestmark = pytest.mark.usefixtures("house")

CALLER = "+31 6 1234 5678"


def take(log: str) -> service.Imported:
    return service.import_log(log.encode(), clock.now())


def run(path: Path) -> Result:
    return CliRunner().invoke(contacts, ["import", str(path)])


def rows_of(*models: Any) -> list[int]:
    with db.reading() as session:
        return [session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


# What a row is in the ledger


def test_an_answered_contact_is_a_row_without_a_person() -> None:
    take(a_log(answered(person="p20-0155", referral="self_help")))
    row = the_contact()
    assert (row.line, row.channel, row.on_date, row.on_hour) == ("prevention", "phone", date(2020, 5, 4), 10)
    assert (row.concern, row.age_band, row.gender, row.length_min) == ("self", "26-35", "male", 20)
    assert (row.found_via, row.referral, row.recorded, row.returned) == ("internet", "self_help", "unknown", "unknown")
    assert (row.wait_s, row.test, row.counted_in, row.language) == (None, False, None, "unknown")
    assert row.person is not None
    assert len(row.person) == 32
    assert "0155" not in row.person
    with db.reading() as session:
        assert set(session.scalars(select(ContactTopic.topic))) == {"attraction", "viewing"}


def test_a_missed_contact_tells_its_cause_and_nothing_else() -> None:
    take(a_log(missed(missed_reason="abandoned", person="p1", concern="self", topics="attraction")))
    row = the_missed_contact()
    assert (row.cause, row.channel, row.on_hour, row.counted_in) == ("left", "phone", 10, None)
    assert rows_of(Contact, ContactTopic) == [0, 0]


@pytest.mark.parametrize(
    ("told", "day", "hour"),
    [
        ("2020-03-29T01:59:00+01:00", date(2020, 3, 29), 1),
        ("2020-03-29T01:00:00+00:00", date(2020, 3, 29), 3),
        ("2020-10-25T02:30:00+02:00", date(2020, 10, 25), 2),
        ("2020-10-25T02:30:00+01:00", date(2020, 10, 25), 2),
        ("2019-12-31T23:30:00+00:00", date(2020, 1, 1), 0),
        ("2020-12-31T23:59:59+01:00", date(2020, 12, 31), 23),
        ("2021-01-01T00:00:00+01:00", date(2021, 1, 1), 0),
        ("2020-02-29T23:59:00-05:00", date(2020, 3, 1), 5),
    ],
)
def test_day_and_hour_are_those_of_the_line_wherever_the_log_was_written(told: str, day: date, hour: int) -> None:
    take(a_log(answered(occurred_at=told), missed(occurred_at=told)))
    assert (the_contact().on_date, the_contact().on_hour) == (day, hour)
    assert (the_missed_contact().on_date, the_missed_contact().on_hour) == (day, hour)
    assert service.counts_of_year("prevention", day.year).answered == 1
    assert service.counts_of_year("prevention", day.year - 1).answered == 0


@pytest.mark.parametrize(
    ("told", "inside"),
    [
        ("2020-05-04T08:59:59+02:00", False),
        ("2020-05-04T09:00:00+02:00", True),
        ("2020-05-04T16:59:59+02:00", True),
        ("2020-05-04T17:00:00+02:00", False),
        ("2020-03-30T09:00:00+02:00", True),
        ("2020-03-27T09:00:00+01:00", True),
    ],
)
def test_whether_it_was_in_hours_is_asked_of_the_line(told: str, inside: bool) -> None:
    lines.change_line("prevention", {"hours": "mon-fri 09:00-17:00"})
    take(a_log(answered(occurred_at=told), missed(occurred_at=told)))
    assert the_contact().in_hours is the_missed_contact().in_hours is inside


def test_what_a_closed_line_missed_was_outside_whatever_its_hours_are_by_now() -> None:
    lines.change_line("prevention", {"hours": "always"})
    take(a_log(missed(missed_reason="closed")))
    assert the_missed_contact().in_hours is False


@given(
    st.datetimes(datetime(2019, 3, 28), datetime(2019, 4, 3))
    | st.datetimes(datetime(2019, 10, 24), datetime(2020, 1, 3)),
    st.sampled_from(["mon-fri 09:00-17:00", "mon-sun 22:00-03:00", "sun 02:30-03:30", "always", "closed"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_asking_for_a_whole_log_answers_like_asking_for_a_moment(moment: datetime, hours: str) -> None:
    line = lines.change_line("prevention", {"hours": hours})
    moment = moment.replace(tzinfo=UTC)
    assert lines.was_open(line, moment) is lines.opening(line, moment).open


# Persons


def test_the_same_code_is_the_same_person_within_a_year_and_a_line_only() -> None:
    rows = [answered(occurred_at=f"{year}-05-04T10:15:00+02:00", person="p1") for year in (2019, 2020, 2020)]
    take(a_log(*rows, answered(line="youth", age_band="16-17", person="p1")))
    with db.reading() as session:
        seen = Counter(session.scalars(select(Contact.person)))
    assert sorted(seen.values()) == [1, 1, 2]
    assert service.counts_of_year("prevention", 2020).individuals == 1


def test_a_year_ends_at_the_midnight_of_the_line() -> None:
    late, early = "2019-12-31T22:59:59+00:00", "2019-12-31T23:00:00+00:00"
    take(a_log(answered(occurred_at=late), answered(occurred_at=early)))
    assert [service.counts_of_year("prevention", year).individuals for year in (2019, 2020)] == [1, 1]


def test_without_its_salt_nobody_can_tell_whose_row_it_was(settings: config.Settings) -> None:
    take(a_log(answered(person="p1")))
    salt = (settings.instance_dir / "secrets" / "persons-2020-prevention.key").read_bytes()
    assert the_contact().person == persons.disguised("p1", "prevention", salt)
    service.forget_persons("prevention", 2020)
    assert not (settings.instance_dir / "secrets" / "persons-2020-prevention.key").exists()
    take(a_log(answered(person="p1", gender="female"), answered(occurred_at="2019-05-04T10:15:00+02:00")))
    assert not (settings.instance_dir / "secrets" / "persons-2020-prevention.key").exists()
    with db.reading() as session:
        by_year = select(Contact.on_date, Contact.gender, Contact.person.is_not(None))
        told = {(day.year, gender): known for day, gender, known in session.execute(by_year)}
    assert told == {(2020, "male"): True, (2020, "female"): False, (2019, "male"): True}
    service.forget_persons("prevention", 2020)


def test_a_person_counts_under_what_most_of_its_contacts_say() -> None:
    said = [("self", "unknown"), ("self", "18-25"), ("other", "26-35"), ("", "26-35")]
    take(a_log(*(answered(concern=concern, age_band=age) for concern, age in said)))
    counts = service.counts_of_year("prevention", 2020)
    assert {name: number for name, number in counts.individuals_by_concern.items() if number} == {"self": 1}
    assert {name: number for name, number in counts.individuals_by_age_band.items() if number} == {"26-35": 1}


# Whole or not at all, and once


def test_a_file_is_imported_once(file: Path) -> None:
    file.write_text(a_log(answered(), missed()))
    first, again = run(file), run(file)
    told = "Imported: 1 answered, 1 missed.\nprevention: 2020-05-04 to 2020-05-04\n"
    assert (first.exit_code, first.output) == (0, told)
    assert (again.exit_code, again.output) == (0, "This file was imported before: nothing was changed.\n")
    assert rows_of(Contact, MissedContact, ImportedFile) == [1, 1, 1]


def test_of_a_file_only_a_digest_and_the_day_are_kept() -> None:
    take(a_log(answered(), missed()))
    with db.reading() as session:
        kept = session.scalars(select(ImportedFile)).one()
    assert (len(kept.digest), kept.imported_at, kept.rows) == (64, clock.now().date(), 2)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b" \n\r\n", "the file is empty"),
        (a_log(answered()).replace(",", ";").encode(), "the columns are not separated by commas"),
        (a_log(answered()).replace(",", "\t").encode(), "the columns are not separated by commas"),
        (b"PK\x03\x04\x00\x00", "this is no text"),
        (b"\xd0\xcf\x11\xe0\x00\xff", "this is no text"),
        (a_log(answered()).encode("utf-16"), "this is no text"),
        (a_log().encode(), "there are no rows below the names of the columns"),
    ],
)
def test_what_is_no_log_is_told_in_one_sentence(file: Path, data: bytes, said: str) -> None:
    file.write_bytes(data)
    refused = run(file)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.count(" is missing") == 0
    assert refused.stderr.splitlines()[-1].startswith(f"Error: line 1, column occurred_at: {said}")
    assert rows_of(Contact, MissedContact, ImportedFile) == [0, 0, 0]


def test_of_a_file_with_one_bad_row_nothing_is_kept(file: Path, settings: config.Settings) -> None:
    file.write_text(a_log(*[answered(topics="brand_new")] * 3000, answered(gender="x"), *[missed()] * 50))
    refused = run(file)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "line 3002, column gender" in refused.stderr
    assert rows_of(Contact, ContactTopic, MissedContact, ImportedFile) == [0, 0, 0, 0]
    assert all(topic.code != "brand_new" for topic in service.topics_of("prevention"))


def test_each_bad_row_is_told_up_to_a_bound(file: Path) -> None:
    file.write_text(a_log(*[answered(gender="x")] * 250))
    told = run(file).stderr.splitlines()
    assert told[0].startswith("helpline: line 2, column gender: ")
    assert told[199].startswith("helpline: line 201, column gender: ")
    assert "250 problems, 50 of them not listed; nothing was imported" in told[-1]


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", "é".encode("latin-1")])
def test_what_is_no_utf_8_is_refused_by_its_line(file: Path, data: bytes) -> None:
    file.write_bytes(a_log(answered()).encode() + data)
    refused = run(file)
    assert (refused.exit_code, "line 3, column occurred_at: from here on this is no UTF-8" in refused.stderr) == (
        2,
        True,
    )


def test_a_mark_at_the_beginning_is_no_part_of_a_column(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + a_log(answered()).encode())
    assert run(file).exit_code == 0


def test_too_large_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "LARGEST_FILE", 1 << 20)
    with pytest.raises(service.BadFile) as refused:
        take(a_large_log(20_000))
    assert "more than 1 MB" in str(refused.value.problems[0])


def test_what_is_no_file_is_bad_input(tmp_path: Path) -> None:
    assert (run(tmp_path).exit_code, run(tmp_path / "none.csv").exit_code) == (2, 2)


# Topics that nobody knows yet


def test_a_topic_of_another_system_is_added_so_that_the_log_comes_in_whole(file: Path) -> None:
    file.write_text(a_log(answered(topics="attraction;lonely_at_night"), answered(topics="lonely_at_night")))
    assert "New topics of prevention, still without words: lonely_at_night" in run(file).output
    added = service.topics_of("prevention")[-1]
    assert (added.code, added.parent, added.labels["nl"]) == ("lonely_at_night", None, "Lonely at night")
    assert all(topic.code != "lonely_at_night" for topic in service.topics_of("youth"))


def test_a_wrong_column_does_not_become_a_list_of_topics() -> None:
    with pytest.raises(service.BadFile, match="1 problems"):
        take(a_log(*(answered(topics=f"t{letter}{other}") for letter in "abcdefg" for other in "abcdefg")))
    assert not any(topic.code.startswith("ta") for topic in service.topics_of("prevention"))


# Nothing of a caller anywhere


def test_no_number_and_no_code_of_a_caller_is_kept_anywhere(
    file: Path, settings: config.Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    columns = (*answered(), "caller", "leg")
    rows = [answered(caller=CALLER, leg=CALLER, person="canary-code"), missed(caller=CALLER, leg=CALLER, person=CALLER)]
    file.write_text(a_log(*rows, columns=columns))
    done = run(file)
    assert done.exit_code == 0
    bad = tuple(row | {"topics": CALLER, "person": "canary-code" * 20, "line": CALLER} for row in rows)
    file.write_text(a_log(*bad, columns=columns))
    refused = run(file)
    assert refused.exit_code == 2
    said = capfd.readouterr()
    kept = [done.output, refused.output, refused.stderr, said.out, said.err, json.dumps(everything())]
    with db.engine().connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    found = b"".join(path.read_bytes() for path in settings.instance_dir.rglob("*") if path.is_file())
    for word in (CALLER, CALLER.replace(" ", ""), "canary-code"):
        assert not any(word in text for text in kept)
        assert word.encode() not in found


def everything() -> list[list[str]]:
    with db.engine().connect() as connection:
        tables = inspect(connection).get_table_names()
        return [[str(row) for row in connection.execute(text(f'SELECT * FROM "{table}"'))] for table in tables]  # noqa: S608 - names from the database itself


def test_nothing_of_the_import_stays_on_the_way() -> None:
    before = set(tables())
    take(a_log(answered()))
    with pytest.raises(service.BadFile):
        take(a_log(answered(gender="x")))
    assert set(tables()) == before
    assert not [name for name in tables() if name.startswith("arriving")]
    assert take(a_log(answered(gender="female"))).answered == 1


def tables() -> list[str]:
    with db.engine().connect() as connection:
        found = inspect(connection)
        return [*found.get_table_names(), *found.get_temp_table_names()]


def test_a_log_of_many_rows_counts_right_beside_what_is_there() -> None:
    take(a_large_log(9000))
    once = ledger()
    take(a_large_log(9000, seed=2))
    both = Counter(ledger()) - Counter(once)
    assert sum(once.values()) == sum(both.values()) == 9000
    with db.reading() as session:
        orphans = (
            select(func.count()).select_from(ContactTopic).outerjoin(Contact, Contact.key == ContactTopic.contact_key)
        )
        assert session.scalar(orphans.where(Contact.key.is_(None))) == 0
        assert session.scalar(select(func.count()).select_from(Topic).where(Topic.line == "youth"))


def test_the_order_of_the_rows_of_a_file_tells_nothing() -> None:
    days = [f"2020-05-{day:02}T10:15:00+02:00" for day in range(1, 31)]
    take(a_log(*(answered(occurred_at=day) for day in days)))
    take(a_log(*(answered(occurred_at=day, gender="female") for day in days)))
    with db.reading() as session:
        stored = session.execute(select(Contact.key, Contact.on_date, Contact.gender).order_by(Contact.key)).all()
    assert len({key[importing.SHARED_CHARACTERS :] for key, _, _ in stored}) == 60
    for gender in ("male", "female"):
        told = [day for _, day, sex in stored if sex == gender]
        assert told != sorted(told)
