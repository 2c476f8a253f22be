"""Every number of the page of figures against a plain count of the rows, for random ledgers and filters.

And on each of its tables the parts add up to their total.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest
from flask import Flask
from sqlalchemy import insert

from helpline import clock
from helpline.contacts import service as contacts
from helpline.contacts.categories import CAUSES, CHANNELS, CONCERNS, GENDERS, age_bands, found_via, referrals
from helpline.contacts.models import Contact, ContactTopic, MissedContact
from helpline.db import random_key, transaction
from helpline.lines import service as lines
from helpline.stats.figures import WEEKDAYS
from helpline.stats.periods import compared, parse_any
from tests.house.test_routes import signed_in
from tests.postgres import sqlite_only

pytestmark = sqlite_only

ROOT = "/console/figures/"
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
TODAY = NOON.date()
LINE = "prevention"
CAUGHT = ("none", "letter", "advice", "course", "chat")
# Days on which a period begins or ends, or which are not in every year.
EDGES = [date(2024, 2, 29), date(2024, 12, 31), date(2025, 1, 1), date(2025, 2, 28), date(2025, 12, 28)]
EDGES += [date(2025, 12, 29), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 4), date(2026, 1, 5), TODAY]
PERIODS = ["2026-01-10", "2026-W02", "2026-W01", "2026-01", "2025-12", "2024-02", "2025", "2024", "2026"]


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)


@dataclass
class Row:
    """A row of either ledger, as it is counted."""

    day: date
    hour: int
    channel: str
    in_hours: bool
    test: bool
    more: dict[str, object]
    topics: tuple[str, ...] = ()


class Tables(HTMLParser):
    """The tables of a page by their names: rows of cells, the foot last."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self.feet: set[str] = set()
        self._name, self._row, self._cell = "", [""], False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self._name = (given.get("aria-label") or "").removeprefix("Table: ")
            self.found[self._name] = []
        elif tag == "tfoot":
            self.feet.add(self._name)
        elif tag == "tr":
            self._row = []
        elif tag in ("td", "th") and "aria-hidden" not in given:
            self._row.append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr" and self._name:
            self.found[self._name].append(self._row)
        elif tag in ("td", "th"):
            self._cell = False
        elif tag == "table":
            self._name = ""

    def handle_data(self, data: str) -> None:
        if self._cell:
            self._row[-1] += data.strip()


def tables_of(html: str) -> Tables:
    read = Tables()
    read.feed(html)
    return read


def whole(cell: str) -> int | None:
    """The number of a cell, None of a share or a dash."""
    plain = cell.replace(",", "").strip("()")
    return int(plain) if plain.isdigit() else None


def random_ledgers(dice: random.Random, count: int) -> tuple[list[Row], list[Row]]:
    """Rows of some days, the last of which is today, stored and as a list."""
    topics = [topic.code for topic in contacts.topics_of(LINE)][:9]

    def row(more: dict[str, object], about: tuple[str, ...] = ()) -> Row:
        day = dice.choice([*EDGES, TODAY - timedelta(days=dice.randrange(700))])
        channel = dice.choice(CHANNELS)
        return Row(day, dice.randrange(24), channel, dice.random() < 0.6, dice.random() < 0.1, more, about)

    answered = [
        row(
            {
                "wait_s": dice.choice([None, *range(0, 1500, 10)]),
                "length_min": dice.choice([None, *range(90)]),
                "concern": dice.choice([*CONCERNS, "unknown"]),
                "age_band": dice.choice([*age_bands(LINE), "unknown"]),
                "gender": dice.choice([*GENDERS, "unknown"]),
                "found_via": dice.choice([*found_via(LINE), "unknown", "carrier_pigeon"]),
                "referral": dice.choice([*referrals(LINE), "none"]),
                "recorded": dice.choice(["yes", "no", "unknown"]),
                "returned": dice.choice(["yes", "no", "unknown"]),
            },
            tuple(dice.sample(topics, dice.randrange(4))),
        )
        for _ in range(count)
    ]
    missed = [
        row({"wait_s": dice.choice([None, 10, 90]), "cause": dice.choice(CAUSES), "caught_by": dice.choice(CAUGHT)})
        for _ in range(count)
    ]
    with transaction() as session:
        for ledger, rows in ((Contact, answered), (MissedContact, missed)):
            for one in rows:
                key = random_key()
                session.execute(
                    insert(ledger).values(
                        key=key,
                        line=LINE,
                        on_date=one.day,
                        on_hour=one.hour,
                        channel=one.channel,
                        in_hours=one.in_hours,
                        test=one.test,
                        language="nl",
                        **one.more,
                    )
                )
                session.add_all(ContactTopic(contact_key=key, topic=topic) for topic in one.topics)
    return answered, missed


def column(table: list[list[str]], place: int = 1) -> list[int | None]:
    return [whole(row[place]) for row in table[1:-1]]


def counts(rows: Iterable[Row], of: Callable[[Row], object], order: Iterable[object]) -> list[int]:
    counted = Counter(of(row) for row in rows)
    return [counted[value] for value in order]


def same_numbers(html: str, answered: list[Row], missed: list[Row], before: tuple[list[Row], list[Row]]) -> None:
    """Each table of the page has the counts of these rows, in its order."""
    tables = tables_of(html).found
    total = [row for row in missed if row.more["cause"] != "left_early"]
    was = [row for row in before[1] if row.more["cause"] != "left_early"]
    bands = {
        "Who it was about": ("concern", [*CONCERNS, "unknown"]),
        "Ages": ("age_band", [*age_bands(LINE), "unknown"]),
        "Gender": ("gender", [*GENDERS, "unknown"]),
        "Recorded on image": ("recorded", ["yes", "no", "unknown"]),
        "In touch before": ("returned", ["yes", "no", "unknown"]),
        "Where we sent them": ("referral", [*referrals(LINE), "none"]),
    }
    for name, (field, order) in bands.items():
        if answered:
            table = tables[name]
            assert column(table) == counts(answered, lambda row: row.more[field], order), name  # noqa: B023 - at once
            assert column(table, 3) == counts(before[0], lambda row: row.more[field], order), name  # noqa: B023 - at once
            assert (whole(table[-1][1]), whole(table[-1][3])) == (len(answered), len(before[0])), name
    if answered:
        about = Counter(topic for row in answered for topic in row.topics or ("unknown",))
        below = {topic.code: topic.parent or topic.code for topic in contacts.topics_of(LINE)}
        groups = Counter(group for row in answered for group in {below[topic] for topic in row.topics})
        assert sorted(n for n in column(tables["What it was about"]) if n) == sorted(
            (dict(about) | dict(groups)).values()
        )
        assert whole(tables["What it was about"][-1][1]) == len(answered)
        assert sum(n or 0 for n in column(tables["How they found us"])) == len(answered)
    if total:
        causes = [cause for cause in CAUSES if cause != "left_early"]
        assert column(tables["Why they were missed"]) == counts(total, lambda row: row.more["cause"], causes)
        caught = [*CAUGHT[1:], "none"]
        assert column(tables["What became of them"]) == counts(total, lambda row: row.more["caught_by"], caught)
    both = [(answered, 1), (before[0], 2), (total, 3), (was, 4)]
    for rows, place in both:
        assert column(tables["Contacts by hour"], place) == counts(rows, lambda row: row.hour, range(24))
        if "Contacts by weekday" in tables:
            assert column(tables["Contacts by weekday"], place) == counts(rows, lambda row: row.day.weekday(), range(7))
        if "Contacts by channel" in tables:
            assert column(tables["Contacts by channel"], place) == counts(rows, lambda row: row.channel, CHANNELS)
        if "In and outside opening hours" in tables:
            table = tables["In and outside opening hours"]
            assert column(table, place) == counts(rows, lambda row: row.in_hours, [True, False])
        for name in ("Contacts by day", "Contacts by month"):
            if name in tables:
                assert whole(tables[name][-1][place]) == len(rows), name
    if "When contacts are missed" in tables:
        cells = [[whole(cell) for cell in row[1:-1]] for row in tables["When contacts are missed"][1:-1]]
        there = Counter((row.hour, row.day.weekday()) for row in total)
        assert cells == [[there[hour, day] for day in range(len(WEEKDAYS))] for hour in range(24)]
    tiles = dict(re.findall(r'class="tile-what">([^<]*)</h2>\s*<p class="tile-number">([^<]*)</p>', html))
    assert whole(tiles["Answered"]) == len(answered)
    assert whole(tiles["Missed"]) == len(total)
    assert whole(tiles["Left at once"]) == len(missed) - len(total)
    assert whole(tiles["Of those caught"]) == sum(row.more["caught_by"] != "none" for row in total)


def parts_are_the_total(html: str) -> int:
    """How many tables of the page have a total that is the sum of its rows, wherever it must be."""
    read = tables_of(html)
    for name in read.feet - {"What it was about"}:
        *rows, foot = read.found[name][1:]
        for place, cell in enumerate(foot):
            if place and whole(cell) is not None:
                assert whole(cell) == sum(whole(row[place]) or 0 for row in rows), (name, place)
    return len(read.feet)


@pytest.mark.parametrize("seed", range(3))
def test_the_page_counts_like_the_rows(app: Flask, seed: int) -> None:
    dice = random.Random(seed)
    answered, missed = random_ledgers(dice, (3, 40, 90)[seed])
    client = signed_in(app, "supervisor", [LINE])
    for period in PERIODS:
        channel, hours = dice.choice(["", *CHANNELS]), dice.choice(["", "in", "out"])
        for part in {("", ""), (channel, hours)}:
            span = parse_any(period)
            assert span is not None

            def within(rows: list[Row], first: date, last: date, part: tuple[str, str] = part) -> list[Row]:
                return [
                    row
                    for row in rows
                    if first <= row.day <= last and not row.test
                    if part[0] in ("", row.channel) and part[1] in ("", "in" if row.in_hours else "out")
                ]

            asked = f"{ROOT}?line={LINE}&period={period}&channel={part[0]}&hours={part[1]}"
            html = client.get(asked).text
            now = within(answered, span.first, span.last), within(missed, span.first, span.last)
            if not any(now):
                assert "counted: " in html
                continue
            days = compared(span, TODAY)
            same_numbers(html, *now, (within(answered, *days), within(missed, *days)))
            assert parts_are_the_total(html) >= 2


# Through the services, on the clock of the line


def hours_and_days(app: Flask, moments: Iterable[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Contacts of these moments: the rows of the tables by hour and by inside and outside."""
    line = lines.get_line(LINE)
    for moment in moments:
        at = datetime.fromisoformat(moment)
        contacts.record_missed(line, cause="unanswered", at=at)
    html = signed_in(app, "supervisor", [LINE]).get(f"{ROOT}?period=2025").text
    tables = tables_of(html).found
    assert parts_are_the_total(html) >= 2
    return tables["When contacts are missed"], tables["In and outside opening hours"]


def test_an_hour_that_comes_twice_counts_both_and_one_that_is_skipped_none(app: Flask) -> None:
    by_hour, _ = hours_and_days(
        app,
        # Summer time ended on Sunday 26 October 2025 and began on Sunday 30 March.
        [
            "2025-10-26T00:30:00+00:00",
            "2025-10-26T01:30:00+00:00",
            "2025-03-30T00:59:59+00:00",
            "2025-03-30T01:00:00+00:00",
        ],
    )
    sundays = {row[0]: row[7] for row in by_hour[1:-1] if row[7] != "0"}
    assert sundays == {"1–2": "1", "2–3": "2", "3–4": "1"}


def test_midnight_belongs_to_the_new_day_of_the_line(app: Flask) -> None:
    by_hour, _ = hours_and_days(
        app,
        # Monday 14 July, 23:59:59 and midnight in Amsterdam; and the first moment of the year there, and the last.
        [
            "2025-07-14T21:59:59+00:00",
            "2025-07-14T22:00:00+00:00",
            "2024-12-31T23:00:00+00:00",
            "2025-12-31T22:59:59+00:00",
        ],
    )
    assert by_hour[-1][-1] == "4"
    row = {row[0]: row[1:] for row in by_hour}
    assert (row["23–24"][0], row["0–1"][1]) == ("1", "1")
    assert (row["0–1"][2], row["23–24"][2]) == ("1", "1")


def test_the_opening_moment_is_inside_and_the_closing_moment_outside(app: Flask) -> None:
    lines.change_line(LINE, {"hours": "mon-fri 09:00-17:00"})
    _, inside = hours_and_days(
        app,
        [
            "2025-07-14T08:59:59+02:00",
            "2025-07-14T09:00:00+02:00",
            "2025-07-14T16:59:59+02:00",
            "2025-07-14T17:00:00+02:00",
        ],
    )
    assert [row[3] for row in inside[1:]] == ["2", "2", "4"]
