"""The figures of the demo: believable, and the same every time."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from helpline import demo_figures as demo
from helpline.contacts import campaigns, categories
from helpline.contacts import service as contacts
from helpline.contacts.models import AdviceCount, AfterCount, Contact, ContactTopic, MissedContact
from helpline.db import transaction
from helpline.lines import service as lines
from helpline.selfhelp import service as selfhelp
from helpline.stats import campaigns as campaign_figures
from helpline.stats.course import Figures, Row, figures
from helpline.stats.periods import Period
from tests.postgres import sqlite_only

pytestmark = [pytest.mark.usefixtures("app"), sqlite_only]

TODAY = date(2026, 11, 23)
LINES = pytest.mark.parametrize("line", ["youth", "prevention"])


@pytest.fixture(scope="module")
def made() -> dict[str, demo.Rows]:
    """What was made, by line, once for all tests that look at it."""
    return {}


@pytest.fixture
def rows(app: object, made: dict[str, demo.Rows]) -> dict[str, demo.Rows]:
    """The demo's rows of both lines."""
    if not made:
        made |= {line.slug: demo.rows_of(line, TODAY) for line in lines.all_lines()}
    return made


def of_the_course(line: str = "prevention") -> list[Row]:
    columns = ("on_date", "module", "what", "seen_before", "count")
    return [tuple(row[name] for name in columns) for row in demo.course(line, TODAY)]  # type: ignore[misc]  # five of them


def told(year: int) -> Figures:
    order = [module.slug for module in selfhelp.content_of("prevention").course.modules]
    return figures(of_the_course(), Period(year), order, TODAY)


def share(some: int, all_: int) -> float:
    return some / all_


def test_the_course_has_a_believable_year_beside_the_one_before() -> None:
    now, before = told(2026), told(2025)
    assert 20 < now.visits_a_day < 25
    assert now.visits_a_day > before.visits_a_day > 10
    assert 0.11 < (now.visits.returning_share or 0) < 0.16
    assert [module.slug for module in now.most_visited[:2]] == ["feelings", "fantasies"]
    assert all(0.2 < (module.done_share or 0) < 0.6 for module in now.modules)


def test_days_long_ago_are_kept_as_the_server_keeps_them(rows: dict[str, demo.Rows]) -> None:
    since = contacts.apart_since(TODAY)
    days = {row[0] for row in of_the_course()}
    assert min(days) == date(2024, 1, 1)
    days |= {row["on_date"] for made in rows.values() for row in made[AdviceCount] + made[campaigns.CampaignCount]}
    assert max(days) < TODAY
    assert all(day.day == 1 for day in days if day < since)


def test_a_line_without_a_course_has_no_figures_of_one() -> None:
    assert of_the_course("youth") == []


def test_the_figures_are_the_same_every_time(rows: dict[str, demo.Rows]) -> None:
    def without_keys(made: demo.Rows) -> dict[str, list[dict[str, Any]]]:
        """Keys are random, as those of a real ledger."""
        keys = {"key", "contact_key"}
        return {
            table.__tablename__: [{name: row[name] for name in row if name not in keys} for row in made[table]]
            for table in made
        }

    again = demo.rows_of(lines.get_line("youth"), TODAY)
    assert without_keys(again) == without_keys(rows["youth"])


@LINES
def test_contacts_are_described_as_a_wrap_up_would(rows: dict[str, demo.Rows], line: str) -> None:
    answered = rows[line][Contact]
    for row in answered:
        described = {name: row[name] for name in contacts.Answers().columns()}
        categories.check(contacts.Answers(**described), line)
    about = rows[line][ContactTopic]
    assert {row["topic"] for row in about} <= {topic.code for topic in contacts.topics_of(line)}
    assert len({row["contact_key"] for row in about}) > len(answered) / 2


@LINES
def test_two_years_can_be_compared_and_have_all_channels(rows: dict[str, demo.Rows], line: str) -> None:
    answered, missed = rows[line][Contact], rows[line][MissedContact]
    days = {row["on_date"] for row in answered + missed}
    assert (min(days), max(days)) == (TODAY - timedelta(days=730), TODAY - timedelta(days=1))
    year_ago = TODAY - timedelta(days=365)
    now, before = (sum((row["on_date"] >= year_ago) is later for row in answered) for later in (True, False))
    assert 1.05 < now / before < 1.3
    channels = Counter(row["channel"] for row in answered)
    assert set(channels) == {"chat", "phone", "email"}
    assert min(channels.values()) > 0.05 * channels.total()
    assert {row["channel"] for row in missed} == {"chat", "phone"}
    assert {row["cause"] for row in missed} <= set(categories.CAUSES)
    assert 0.4 < share(len(missed), len(missed) + len(answered)) < 0.7


@LINES
def test_missed_contacts_have_a_pattern(rows: dict[str, demo.Rows], line: str) -> None:
    missed = rows[line][MissedContact]
    for row in missed:
        assert (row["cause"] == "closed") is not row["in_hours"]
    nights = [row for row in missed if row["on_hour"] < 9]
    assert {row["cause"] for row in nights} == {"closed"}
    caught = Counter(row["caught_by"] for row in missed)
    assert caught["none"] > len(missed) / 2
    assert caught["advice"] > 50
    assert set(caught) == {"none", "advice", "chat"} | ({"course"} if line == "prevention" else set())


def test_on_mondays_from_seven_to_ten_nobody_is_on_duty_on_prevention(rows: dict[str, demo.Rows]) -> None:
    nobody = [row for row in rows["prevention"][MissedContact] if row["cause"] == "nobody_on_duty"]
    assert len(nobody) > 100
    assert {(row["on_date"].weekday(), row["on_hour"]) for row in nobody} == {(0, 19), (0, 20), (0, 21)}


@LINES
def test_each_line_has_a_campaign_that_runs_and_one_that_is_over(rows: dict[str, demo.Rows], line: str) -> None:
    made = rows[line]
    running, over = sorted(made[campaigns.Campaign], key=lambda one: one["archived"])
    assert (running["archived"], running["ends_on"], over["archived"]) == (False, None, True)
    assert over["ends_on"] > over["starts_on"]
    for one in (running, over):
        assert campaigns.CODE.fullmatch(one["code"])
        counts = [row for row in made[campaigns.CampaignCount] if row["code"] == one["code"]]
        known = campaign_figures.figures(
            [(row["on_date"], row["arrivals"], row["impressions"], row["clicks"]) for row in counts]
        )
        assert 0.002 < (known.click_rate or 0) < 0.02
        assert 0.5 < (known.arrivals_a_click or 0) < 1


def test_all_of_it_can_be_stored_and_told(rows: dict[str, demo.Rows]) -> None:
    with transaction() as session:
        for table, some in rows["prevention"].items():
            session.execute(insert(table), some)
    assert contacts.count("prevention")["answered"] == len(rows["prevention"][Contact])
    assert len(campaigns.campaigns_of("prevention")) == 2


@LINES
def test_fewer_than_half_of_those_who_chatted_answer_the_two_questions(rows: dict[str, demo.Rows], line: str) -> None:
    chats = sum(row["channel"] == "chat" for row in rows[line][Contact])
    answers = Counter[str]()
    for row in rows[line][AfterCount]:
        assert row["answer"] in contacts.AFTER[row["question"]]
        answers[row["question"]] += row["count"]
    assert answers["better"] == answers["again"]
    assert 0.3 < answers["better"] / chats < 0.5
