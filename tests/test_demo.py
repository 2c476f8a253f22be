"""The figures of the demo: believable, and the same every time."""

from __future__ import annotations

from datetime import date

import pytest

from helpline import demo
from helpline.contacts import categories
from helpline.contacts import service as contacts
from helpline.contacts.models import Contact, CourseCount
from helpline.lines import service as lines
from helpline.selfhelp import service as selfhelp
from helpline.stats.course import Figures, Row, figures
from helpline.stats.periods import Period

pytestmark = pytest.mark.usefixtures("app")

TODAY = date(2026, 11, 23)


def of_the_course(line: str = "prevention") -> list[Row]:
    made: list[CourseCount] = demo._course(lines.get_line(line), TODAY)
    return [(row.on_date, row.module, row.what, row.seen_before, row.count) for row in made]


def told(year: int) -> Figures:
    order = [module.slug for module in selfhelp.content_of("prevention").course.modules]
    return figures(of_the_course(), Period(year), order, TODAY)


def test_the_course_has_a_believable_year_beside_the_one_before() -> None:
    now, before = told(2026), told(2025)
    assert 20 < now.visits_a_day < 25
    assert now.visits_a_day > before.visits_a_day > 10
    assert 0.11 < (now.visits.returning_share or 0) < 0.16
    assert [module.slug for module in now.most_visited[:2]] == ["feelings", "fantasies"]
    assert all(0.2 < (module.done_share or 0) < 0.6 for module in now.modules)


def test_the_figures_of_the_course_are_the_same_every_time() -> None:
    assert of_the_course() == of_the_course()


def test_days_long_ago_are_kept_as_the_server_keeps_them() -> None:
    since = contacts.apart_since(TODAY)
    days = {row[0] for row in of_the_course()}
    assert min(days) == date(2024, 1, 1)
    assert max(days) < TODAY
    assert all(day.day == 1 for day in days if day < since)


@pytest.mark.parametrize("line", ["youth", "prevention"])
def test_contacts_of_the_year_are_described_as_a_wrap_up_would(line: str) -> None:
    year = [row for row in demo._year(lines.get_line(line), TODAY) if isinstance(row, Contact)]
    for row in year:
        described = {name: getattr(row, name) for name in contacts.Answers().columns()}
        categories.check(contacts.Answers(**described), line)
    about = demo._about(lines.get_line(line), year)
    assert {row.topic for row in about} <= {topic.code for topic in contacts.topics_of(line)}
    assert len({row.contact_key for row in about}) > len(year) / 2


def test_a_line_without_a_course_has_no_figures_of_one() -> None:
    assert of_the_course("youth") == []
