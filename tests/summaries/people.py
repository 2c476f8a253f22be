"""Visitors and counsellors who agree on a summary, and browsers that come back with a code."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpline import clock, config, db
from helpline.chat import agreeing, continuing, service
from helpline.chat.models import ChatSummary
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, keyring, sessions
from helpline.staff.service import Member
from helpline.summaries import service as summaries
from helpline.summaries.models import KeptSummaries
from helpline.summaries.service import Kept
from tests.builders import Visit, a_chat

WORDS = "We talked about the uncle. Next: tell the aunt."


def line_of(visit: Visit) -> Line:
    """The line of a chat."""
    return lines.get_line(visit.row.line)


def shown(visit: Visit) -> Any:
    """The summary as the visitor sees it."""
    return visit.sees()["summary"]


def agree_on(visit: Visit, member: Member, words: str = WORDS) -> int:
    """The counsellor writes it and the visitor says yes; its version."""
    before = shown(visit)
    version = agreeing.staff_saves(member, visit.chat, before["version"] if before else 0, words)
    return agreeing.visitor_agrees(visit.visitor, version)


def keeps(visit: Visit, *, summary: bool = True) -> bool:
    """The visitor keeps it; whether that is under a code."""
    return continuing.keep(visit.cookie, line_of(visit), visit.visitor, summary=summary)


def takes_a_code(cookie: str, line: Line) -> str:
    """The visit makes a code and confirms it."""
    code = summaries.make_code(cookie, line)
    assert code is not None
    assert continuing.confirm_code(cookie, line, code.lower())
    return code


def a_code(words: str = WORDS, member: Member | None = None, line: str = "youth") -> tuple[str, Visit]:
    """The code of a chat of which these words are kept; the chat goes on."""
    from tests.builders import a_counsellor

    visit = a_chat(line, held_by=member or a_counsellor(line=line))
    holder = member or _holder(visit)
    agree_on(visit, holder, words)
    keeps(visit)
    return takes_a_code(visit.cookie, line_of(visit)), visit


def _holder(visit: Visit) -> Member:
    from helpline.staff.models import Account

    with db.reading() as session:
        account = session.get(Account, visit.row.counsellor)
    assert account is not None
    return Member(
        account.id, account.login, account.name, frozenset(["counsellor"]), frozenset([visit.row.line]),
        frozenset(["nl", "en"]), 3,
    )  # fmt: skip


def root_of(code: str) -> bytes:
    """What all keys of a code come from."""
    return codes.opened(code, keyring.secret(config.current().instance_dir, "codes"))


def enters(code: str, line: Line, cookie: str | None = None) -> str | None:
    """A browser, another one unless told, enters a code; its cookie, None where that opens nothing."""
    browser = cookie or sessions.new_cookie()
    return browser if continuing.open_at(browser, line, root_of(code)) else None


def kept(cookie: str, line: Line) -> Kept:
    """What the visit has open."""
    found = summaries.visit_of(cookie, line)
    assert found is not None
    return found


def texts(cookie: str, line: Line) -> list[str]:
    """The summaries that the visit has open, the newest first."""
    return [one.text for one in kept(cookie, line).summaries]


def content(cookie: str) -> dict[str, Any]:
    """What the session holds."""
    return sessions.load(cookie, clock.now()) or {}


def rows() -> list[KeptSummaries]:
    """All that is kept under codes."""
    with db.reading() as session:
        return list(session.scalars(select(KeptSummaries)))


def row_of(visit: Visit) -> ChatSummary | None:
    """The summary beside a chat as it is stored."""
    with db.reading() as session:
        return session.get(ChatSummary, visit.chat)


def ends(member: Member, visit: Visit) -> None:
    """The counsellor closes the conversation."""
    service.end(member, visit.chat)
