"""A topic that came by an import stands for its row: no release names it before a supervisor has edited it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask

from helpline.contacts import service as contacts
from helpline.db import reading
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.stats import counting, making, service
from helpline.stats.models import Released
from helpline.stats.periods import Period
from helpline.stats.tables import ANY, TOTAL, Key
from tests.builders.logs import a_log, answered

NOW = datetime(2021, 2, 3, 12, tzinfo=UTC)
LABELS = {"en": "Revenge", "nl": "Wraak"}


@pytest.fixture
def line(app: Flask) -> Line:
    """A line of which nothing is counted yet."""
    return lines.get_line("prevention")


def take(*topics: str, month: int = 5) -> None:
    """Import a contact of May 2020 with these topics."""
    row = answered(occurred_at=f"2020-{month:02}-04T10:15:00+02:00", topics=";".join(topics))
    contacts.import_log(a_log(row).encode(), NOW)


def named(line: Line, month: int = 5) -> tuple[str, ...]:
    """The topics of which a release tells a figure."""
    told = service.release_month(line, Period(2020, month), NOW)
    (table,) = (table for table in told.tables if table.name == "answered-by-topic")
    return table.dimensions[0].categories


def counted(month: int = 5) -> dict[Key, int]:
    """What a release counted under each topic."""
    with reading() as session:
        row = session.get_one(Released, ("prevention", f"2020-{month:02}"))
    (found,) = (one.figures() for one in making.store.month(row).exact if one.name == "answered-by-topic")
    return dict(found)


def test_a_release_does_not_tell_that_somebody_had_an_unknown_topic(line: Line) -> None:
    before = named(line, 4)
    take("revenge", "revenge_porn", "viewing")
    assert named(line) == before
    assert "other" in before
    assert not {"revenge", "revenge_porn"} & service.topics_told("prevention")
    figures = counted()
    assert (figures["other", TOTAL], figures["viewing", TOTAL], figures[ANY, TOTAL]) == (1, 1, 1), "once"


def test_the_exact_screen_shows_it(line: Line) -> None:
    take("revenge")
    (table,) = (table for table in counting.exact_tables(line, Period(2020, 5)) if table.name == "answered-by-topic")
    assert (table.figures()["revenge", TOTAL], table.figures()["other", TOTAL]) == (1, 0)


@pytest.mark.parametrize(
    "edit",
    [
        lambda: contacts.rename_topic("prevention", "revenge", LABELS),
        lambda: contacts.change_topic("prevention", "revenge", LABELS, "violence/other"),
        lambda: contacts.move_topic("prevention", "revenge", up=True),
    ],
    ids=["named", "reported as", "moved"],
)
def test_from_then_on_it_is_a_topic_like_any_other(line: Line, edit: Callable[[], None]) -> None:
    take("revenge")
    assert "revenge" not in named(line)
    edit()
    take("revenge", month=6)
    assert "revenge" in named(line, 6)
    assert counted(6)["revenge", TOTAL] == 1


def test_to_retire_it_gives_it_no_words(line: Line) -> None:
    take("revenge")
    contacts.retire_topic("prevention", "revenge")
    assert "revenge" not in named(line)


def test_what_is_a_topic_already_stays_one(line: Line) -> None:
    contacts.add_topic("prevention", "revenge", LABELS)
    take("revenge")
    assert "revenge" in named(line)
    assert all(topic.confirmed for topic in contacts.topics_of("prevention"))
