"""Pages are asked inside the process, on a database of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from helpline import clock, config, db
from helpline.advice import service as advice
from helpline.chat import service as chats
from helpline.contacts import service as contacts
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.staff import service as staff
from tests.journeys.house import snapshot_of
from tests.web.pages import Tab


class House:
    """The installation behind the pages."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def tab(self, line: str = "youth", lang: str = "en") -> Tab:
        """Another browser."""
        return Tab(self.app.test_client(), line, lang)

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        return snapshot_of(db.engine())

    def set_line(self, slug: str, **changes: Any) -> None:
        """Change settings of a line."""
        lines.change_line(slug, changes)

    def line_without_trees(self, slug: str = "allotment") -> str:
        """Another line, as an organisation may add one, for which nobody wrote advice; its slug."""
        limits = config.current().instance_dir / "limits"
        limits.mkdir(exist_ok=True)
        for lang in ("en", "nl"):
            text = "---\ndate: 2026-03-01\nreviewed: true\n---\nWe keep **little**.\n"
            (limits / f"nl-{slug}.{lang}.md").write_text(text, encoding="utf-8")
        with transaction() as session:
            place = {"country": "nl", "time_zone": "Europe/Amsterdam", "languages": ["nl", "en"]}
            session.add(Line(slug=slug, name=slug.title(), hours="always", **place))
        assert not advice.has_advice(slug)
        return slug

    def missed(self, line: str | None = None) -> dict[str, int]:
        """Missed contacts by cause, without the causes that nobody had."""
        return {cause: number for cause, number in contacts.count(line)["missed"].items() if number}

    def counsellor(self, login: str = "anna", line: str = "youth") -> staff.Member:
        """A counsellor who is available."""
        from sqlalchemy import select

        from helpline.staff.models import Account

        if not any(account.login == login for account in staff.list_accounts()):
            staff.add_account(login, ["counsellor"], [line], ["nl", "en"], 3)
        with reading() as session:
            account = session.scalar(select(Account).where(Account.login == login))
        assert account is not None
        lines_of = frozenset([line])
        languages = frozenset(["nl", "en"])
        member = staff.Member(account.id, login, login, frozenset(["counsellor"]), lines_of, languages, 3)
        chats.change_duty(member, "available", line, 3)
        return member

    def accept(self, member: staff.Member) -> str:
        """The counsellor pulls the next chat of the queue; its id."""
        chat = str(chats.resume(member)["queue"][0]["chat"])
        chats.accept(member, chat)
        return chat


@pytest.fixture
def house(app: Flask) -> House:
    """An installation with both lines open."""
    return House(app)


@pytest.fixture
def tab(house: House) -> Tab:
    """A visitor's browser without JavaScript."""
    return house.tab()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Turns the clock forward."""
    real, ahead = clock.now, [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: real() + ahead[0])

    def turn(**by: float) -> datetime:
        ahead[0] += timedelta(**by)
        return clock.now()

    return turn
