"""Reading a log: what a row tells, what is wrong with it, and that nothing of a person is ever said."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.contacts.call_log import COLUMNS, MOST_ROWS, Entry, Problem, entries
from tests.builders.logs import LOGS, a_log, answered, missed

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
LINES = ("prevention", "youth")
CALLER = "+31 6 1234 5678"
# What a message may say by itself.
TOLD = " ".join(str(problem) for problem in entries("x", LINES, NOW))


def read(text: str) -> list[Entry | Problem]:
    return list(entries(text, LINES, NOW))


def the_entry(text: str) -> Entry:
    (entry,) = read(text)
    assert isinstance(entry, Entry), entry
    return entry


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read(text) if isinstance(problem, Problem)]


# What a row tells


def test_an_answered_contact_is_read() -> None:
    entry = the_entry(a_log(answered(referral="practitioner")))
    assert entry == Entry(
        at=datetime(2020, 5, 4, 8, 15, tzinfo=UTC),
        line="prevention",
        channel="phone",
        cause="",
        person="p1",
        concern="self",
        age_band="26-35",
        gender="male",
        topics=("attraction", "viewing"),
        found_via="internet",
        referral="practitioner",
        minutes=20,
    )


def test_what_is_empty_is_unknown() -> None:
    empty = dict.fromkeys(("person", "concern", "age_band", "gender", "topics", "found_via", "duration_minutes"), "")
    entry = the_entry(a_log(answered(**empty)))
    assert (entry.concern, entry.age_band, entry.gender, entry.found_via) == ("unknown",) * 4
    assert (entry.person, entry.topics, entry.referral, entry.minutes) == ("", (), "none", None)


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("abandoned", "left"), ("left", "left"), ("left_early", "left_early"), ("closed", "closed")],
)
def test_whoever_is_called_abandoned_left(reason: str, cause: str) -> None:
    assert the_entry(a_log(missed(missed_reason=reason))).cause == cause


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2020-03-29T01:59:59+01:00", datetime(2020, 3, 29, 0, 59, 59, tzinfo=UTC)),
        ("2020-03-29T03:00:00+02:00", datetime(2020, 3, 29, 1, tzinfo=UTC)),
        ("2020-10-25T02:30:00+02:00", datetime(2020, 10, 25, 0, 30, tzinfo=UTC)),
        ("2020-10-25T02:30:00+01:00", datetime(2020, 10, 25, 1, 30, tzinfo=UTC)),
        ("2020-02-29T12:00:00Z", datetime(2020, 2, 29, 12, tzinfo=UTC)),
        ("2020-01-01T00:00:00+14:00", datetime(2019, 12, 31, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_is_taken_with_its_offset(told: str, moment: datetime) -> None:
    assert the_entry(a_log(answered(occurred_at=told))).at == moment


def test_columns_may_stand_in_any_order_and_lines_end_as_they_like() -> None:
    text = a_log(answered(), columns=tuple(reversed(COLUMNS)))
    assert read(text) == read(a_log(answered())) == read(a_log(answered()).replace("\n", "\r\n") + "\r\n\r\n")


def test_the_youth_line_has_age_bands_of_its_own() -> None:
    assert the_entry(a_log(answered(line="youth", age_band="12-15"))).age_band == "12-15"
    assert "age_band" in problems(a_log(answered(line="youth", age_band="61+")))[0]


@pytest.mark.parametrize(("year", "rows"), [(2019, 1012), (2020, 1430)])
def test_the_logs_of_two_years_can_be_read(year: int, rows: int) -> None:
    found = read((LOGS / f"contact-log-{year}.csv").read_text(encoding="utf-8"))
    assert len(found) == rows
    assert problems((LOGS / f"contact-log-{year}.csv").read_text(encoding="utf-8")) == []


# What is wrong


@pytest.mark.parametrize(
    ("column", "cell", "what"),
    [
        ("occurred_at", "", "no moment"),
        ("occurred_at", "yesterday", "no moment"),
        ("occurred_at", "2020-05-04", "no offset"),
        ("occurred_at", "2020-05-04T10:15:00", "no offset"),
        ("occurred_at", "2019-02-29T10:15:00+01:00", "no moment"),
        ("occurred_at", "2020-05-04T25:00:00+01:00", "no moment"),
        ("occurred_at", "04-05-2020 10:15", "no moment"),
        ("occurred_at", "2026-03-03T20:00:00+00:00", "still to come"),
        ("occurred_at", "0001-01-01T00:00:00+14:00", "before 1990"),
        ("occurred_at", "9999-12-31T23:59:59-12:00", "still to come"),
        ("line", "", "is none of prevention, youth"),
        ("line", "elders", "is none of prevention, youth"),
        ("line", "Prevention", "is none of"),
        ("channel", "fax", "is none of chat, phone, email, letter"),
        ("outcome", "lost", "is none of answered, missed"),
        ("missed_reason", "closed", "this one was answered"),
        ("concern", "selff", "is none of self, other, professional, general, unknown"),
        ("age_band", "18-26", "none of 0-17, 18-25"),
        ("age_band", "34", "none of 0-17, 18-25"),
        ("gender", "m", "none of male, female, other, unknown"),
        ("topics", "Not A Code", "no code"),
        ("topics", "any", "no code"),
        ("topics", ";".join(f"topic_{letter}" for letter in "abcdefghijklmnopqrstu"), "more than 20"),
        ("found_via", "the internet", "no code"),
        ("referral", "total", "no code"),
        ("duration_minutes", "12.5", "no whole number"),
        ("duration_minutes", "-1", "no whole number"),
        ("duration_minutes", "1441", "no whole number"),
        ("duration_minutes", "²", "no whole number"),
        ("duration_minutes", "9" * 5000, "no whole number"),
        ("person", "x" * 101, "no code"),
        ("person", "p\x001", "no code"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(column: str, cell: str, what: str) -> None:
    (problem,) = problems(a_log(answered(), answered(**{column: cell}), answered()))
    assert problem.startswith(f"line 3, column {column}: ")
    assert what in problem


@pytest.mark.parametrize("reason", ["", "busy"])
def test_a_missed_contact_needs_a_cause(reason: str) -> None:
    (problem,) = problems(a_log(missed(missed_reason=reason)))
    assert problem.startswith("line 2, column missed_reason: ")


def test_every_problem_is_named_not_only_the_first() -> None:
    found = problems(a_log(answered(concern="x", gender="y"), answered(), missed(channel="z")))
    assert [problem.partition(":")[0] for problem in found] == [
        "line 2, column concern",
        "line 2, column gender",
        "line 4, column channel",
    ]


def test_a_line_is_that_of_the_file_also_below_a_cell_of_several_lines() -> None:
    text = a_log(answered(person='a "quoted" code'), answered(person="two\nlines"), answered(gender="x"))
    assert [problem.partition(":")[0] for problem in problems(text)] == [
        "line 3, column person",
        "line 5, column gender",
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1, column occurred_at: the file is empty"),
        ("\n", "line 1, column occurred_at: the file is empty"),
        ("date;line\n2020;youth\n", "line 1, column occurred_at: the columns are not separated by commas"),
        ("date,line\n2020,youth\n", "line 1, column occurred_at: is missing"),
        (a_log(columns=COLUMNS[:-1]), "line 1, column duration_minutes: is missing"),
        (a_log(columns=(*COLUMNS, "gender")), "line 1, column gender: stands here twice"),
        (a_log(answered()) + "2020,youth\n", "line 3, column channel: the row has 2 cells, the first 13"),
        (a_log(answered()).rstrip() + ",more\n", "line 2, column duration_minutes: the row has 14 cells"),
        (a_log(answered()) + '"2020', "line 3, column occurred_at: from here on this is no CSV"),
        (a_log(answered()) + "x" * 200_000, "line 3, column occurred_at: from here on this is no CSV"),
    ],
)
def test_a_file_that_is_no_log_says_where(text: str, where: str) -> None:
    assert problems(text)[0].startswith(where)


def test_a_file_may_have_so_many_rows_and_no_more() -> None:
    (last,) = [found for found in entries("".join(too_many()), LINES, NOW) if isinstance(found, Problem)]
    assert (last.line, "too many" in last.what) == (MOST_ROWS + 2, True)


def too_many() -> list[str]:
    header, row = a_log(missed()).splitlines(keepends=True)
    return [header, *[row] * (MOST_ROWS + 2)]


# Telephone numbers and whatever else may stand in a cell


@pytest.mark.parametrize(
    "name",
    ["caller", "Caller ID", "caller_number", "phone", "telefoonnummer", "msisdn", "from-number", "CLI", "number"],
)
def test_a_column_called_like_a_number_is_dropped_whatever_is_in_it(name: str) -> None:
    text = a_log(answered(**{name: "Jan, 0612345678"}), columns=(*COLUMNS, name))
    assert read(text) == read(a_log(answered()))


def test_a_column_that_only_holds_numbers_is_dropped_whatever_it_is_called() -> None:
    rows = [answered(leg=cell) for cell in (CALLER, "0612345678", "", "anonymous", "(020) 123 45 67")]
    assert len(problems(a_log(*rows, columns=(*COLUMNS, "leg")))) == 0


def test_any_other_column_is_refused_once_and_its_words_are_not_told() -> None:
    rows = [answered(leg=cell) for cell in (CALLER, "Jan Jansen", "Piet")]
    (problem,) = problems(a_log(*rows, columns=(*COLUMNS, "leg")))
    assert problem.startswith("line 3, column leg: is no column of a log")
    assert "Jan" not in problem


def test_a_telephone_number_is_no_code_of_a_person() -> None:
    for number in (CALLER, "0612345678", "0031612345678", "06-12345678", "+49 (30) 901820"):
        assert the_entry(a_log(answered(person=number))).person == ""
    for code in ("p20-0155", "17", "20200155", "0000017", "6f1c2b9e"):
        assert the_entry(a_log(answered(person=code))).person == code


def test_a_log_without_a_first_line_tells_no_number() -> None:
    text = a_log(answered(), columns=COLUMNS).splitlines()[1] + f",{CALLER}\n"
    assert not any(re.search(r"\d{4,}", problem) for problem in problems(text))


@given(st.sampled_from(COLUMNS), st.text(max_size=60) | st.from_regex(r"\+?[0-9 ]{6,20}", fullmatch=True))
def test_nothing_breaks_the_reader_and_no_cell_is_told(column: str, cell: str) -> None:
    found = read(a_log(answered(**{column: cell}), missed()))
    assert found
    for problem in found:
        if isinstance(problem, Problem) and len(cell.strip()) > 2 and cell.strip() not in TOLD:
            assert cell.strip() not in str(problem)


@given(st.text(max_size=300))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    assert all(isinstance(found, Entry | Problem) for found in read(text))
    assert all(isinstance(found, Entry | Problem) for found in read(a_log(answered()) + text))


@given(st.lists(st.sampled_from([*COLUMNS, "x"]), max_size=16), st.lists(st.text(max_size=8), max_size=16))
def test_no_header_breaks_the_reader(names: list[str], cells: list[str]) -> None:
    read(",".join(names) + "\n" + ",".join(cells) + "\n")
