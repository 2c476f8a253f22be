"""What visitors said after their chats, on the page of figures: by month and year, exact, and of no day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from helpline import clock
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from tests.desk.test_figures_counts import Tables
from tests.house.test_routes import signed_in
from tests.postgres import sqlite_only

pytestmark = sqlite_only
BETTER, AGAIN = "Do you feel better than before the chat?", "Would you come back to us?"


def test_answers_are_told_by_month_and_year_beside_those_before(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 20, 12, tzinfo=UTC))
    youth = lines.get_line("youth")
    for month, answers in ((2, ["yes", "no"]), (3, ["yes", "yes", "partly"])):
        for answer in answers:
            contacts.count_after(youth, {"better": answer}, at=datetime(2026, month, 10, 12, tzinfo=UTC))
    contacts.count_after(lines.get_line("prevention"), {"better": "no", "again": "no"}, at=clock.now())
    browser = signed_in(app, "supervisor")

    def page(period: str, more: str = "") -> str:
        return browser.get(f"/console/figures/?line=youth&period={period}{more}").text

    shown = Tables()
    shown.feed(page("2026-03"))
    assert shown.found[BETTER] == [
        ["Answer", "Number", "Share", "February 2026"],
        ["Yes", "2", "67%", "1"],
        ["A bit", "1", "33%", "0"],
        ["No", "0", "0%", "1"],
        ["All", "3", "100%", "2"],
    ]
    assert AGAIN not in shown.found, "nobody answered it"
    year = Tables()
    year.feed(page("2026"))
    assert [row[1] for row in year.found[BETTER]] == ["Number", "3", "1", "1", "5"]
    for period in ("2026-W11", "2026-03-10"):
        assert BETTER not in page(period)
        assert "only known by month" in page(period)
    assert BETTER not in page("2026-03", "&channel=chat")
    assert "Nobody answered the two questions" in page("2026-01")
