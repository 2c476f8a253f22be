"""Visitors with a letter, and counsellors who answer it."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select

from helpline import clock, db
from helpline.letters import service
from helpline.letters.models import Letter
from helpline.letters.service import Opened, Thread
from helpline.letters.visit import KIND, LOOKUP, part_of
from helpline.lines import service as lines
from helpline.privacy import sessions
from helpline.staff.models import AuditEntry
from helpline.staff.service import Member
from tests.builders import a_counsellor
from tests.builders.returns import enters

CALLER = "the hash of an address"


class Writer:
    """A visitor with one browser."""

    def __init__(self, line: str = "youth") -> None:
        self.slug, self.cookie, self.code, self.id = line, sessions.new_cookie(), "", ""

    @property
    def line(self) -> Any:
        return lines.get_line(self.slug)

    @property
    def content(self) -> dict[str, Any]:
        return sessions.load(self.cookie, clock.now()) or {}

    @property
    def letter(self) -> Letter | None:
        """The row, as long as there is one."""
        with db.reading() as session:
            return session.get(Letter, self.id)

    @property
    def row(self) -> Letter:
        letter = self.letter
        assert letter is not None
        return letter

    @property
    def state(self) -> str | None:
        letter = self.letter
        return None if letter is None else letter.state

    @property
    def thread(self) -> Thread:
        thread = service.thread_of(self.cookie, self.line)
        assert thread is not None
        return thread

    @property
    def bodies(self) -> list[str]:
        return [text.body for text in self.thread.texts]

    def writes(self, body: str = "hello", language: str = "nl", form: str | None = None) -> str | None:
        code = service.write(self.cookie, self.line, language, body, form or uuid.uuid4().hex)
        self.code = code or self.code
        with db.reading() as session:
            lookup = part_of(self.content)[LOOKUP]
            self.id = session.scalars(select(Letter.id).where(Letter.lookup == lookup)).one()
        return code

    def keeps_the_code(self) -> bool:
        return service.confirm_code(self.cookie, self.line, self.code)

    def replies(self, body: str, form: str | None = None) -> int:
        return service.reply(self.cookie, self.line, body, form or uuid.uuid4().hex)

    def enters(self, code: str, caller: str = CALLER) -> bool:
        return bool(enters(self.cookie, self.line, code, caller, service.open_at))

    def comes_back(self) -> Writer:
        """On another day, with another browser."""
        self.cookie = sessions.new_cookie()
        assert self.enters(self.code)
        return self

    def comes_back_without_staying(self) -> None:
        """As if the page had been opened just before: the session knows the letter, whose time was not extended."""
        lookup = self.row.lookup
        self.cookie = sessions.new_cookie()
        sessions.save(self.cookie, {"line": self.slug, KIND: {LOOKUP: lookup}}, clock.now())

    def erases(self) -> bool:
        return service.erase(self.cookie, self.line)


class Answerer:
    """A counsellor with the page of one letter open, or a colleague who reads it."""

    def __init__(self, letter: str, member: Member | None = None) -> None:
        self.member, self.letter = member or a_counsellor(on_duty=False), letter
        self.page: Opened | None = None

    def claims(self) -> Answerer:
        service.claim(self.member, self.letter)
        return self.looks()

    def looks(self) -> Answerer:
        self.page = service.open_letter(self.member, self.letter)
        return self

    @property
    def version(self) -> int:
        return self.page.draft.version if self.page else 0

    @property
    def seen(self) -> int:
        return self.page.seen if self.page else 0

    def saves(self, body: str) -> int:
        version = service.save_draft(self.member, self.letter, body, self.version)
        self.looks()
        return version

    def submits(self, body: str, *, ask: bool = False) -> int:
        return service.submit(self.member, self.letter, body, self.version, self.seen, ask=ask)

    def approves(self, *, allow: bool = False) -> None:
        service.approve(self.member, self.letter, self.version, self.seen, allow=allow)

    def sends_back(self, remark: str) -> None:
        service.send_back(self.member, self.letter, remark, self.version)

    def answers(self, body: str, form: str | None = None, *, allow: bool = False) -> int:
        form = form or uuid.uuid4().hex
        return service.answer(self.member, self.letter, body, self.version, self.seen, form, allow=allow)


def a_letter(body: str = "hello", line: str = "youth") -> Writer:
    """A visitor who has written a letter and kept its code."""
    writer = Writer(line)
    writer.writes(body)
    assert writer.keeps_the_code()
    return writer


def an_answered_letter(answer: str = "thank you for writing") -> Writer:
    """A letter with one answer."""
    writer = a_letter()
    Answerer(writer.id).claims().answers(answer)
    return writer


def rows(model: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def audited(letter: str) -> list[tuple[str | None, str]]:
    """Who did what with this letter."""
    wanted = select(AuditEntry.account_id, AuditEntry.action).where(AuditEntry.subject == f"letter:{letter}")
    with db.reading() as session:
        return [tuple(row) for row in session.execute(wanted.order_by(AuditEntry.id))]
