"""What supervisors see of their lines: the board, and alerts that nobody has dealt with yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpline.chat import reading, routing, store
from helpline.chat.reading import LineSight
from helpline.chat.states import State
from helpline.chat.store import Glimpse
from helpline.lines import service as lines
from helpline.staff import duties
from helpline.staff.duties import OnDuty
from helpline.staff.service import Member


def board(live: Sequence[Glimpse], line: str, sight: LineSight, missed: int, now: datetime) -> dict[str, Any]:
    """One line of the board; what rings still waits."""
    waits = [reading.waited_s(chat, now) for chat in live if chat.line == line and reading.waits(chat)]
    return {
        "waiting": len(waits),
        "longest_wait_s": max(waits, default=0),
        "active": sum(chat.line == line and chat.state == State.ACTIVE for chat in live),
        "on_duty": sight.on_duty,
        "missed_today": missed,
    }


def overview(session: Session, member: Member, now: datetime) -> dict[str, Any]:
    """`{board, alerts}` of a supervisor's lines as they stand now; empty for everybody else."""
    if "supervisor" not in member.roles:
        return {"board": {}, "alerts": []}
    live = [chat for chat in store.glimpses(session) if chat.line in member.lines]
    boards = {}
    for slug in sorted(member.lines):
        sight = reading.line_sight(session, lines.get_line(slug), now)
        boards[slug] = board(live, slug, sight, reading.missed_today(slug, now), now)
    return {"board": boards, "alerts": _open_alerts(session, live)}


def _open_alerts(session: Session, live: Sequence[Glimpse]) -> list[dict[str, str]]:
    """A chat in danger, or one that rang unanswered at the last one on duty, until somebody has it."""
    alone = {member.account for member in duties.everybody() if _left_alone(member)}
    unanswered = {r.chat_id for r in store.refusals(session) if r.kind == "missed" and r.account_id in alone}
    waiting = [chat for chat in live if reading.waits(chat)]
    alerts = [("danger", chat) for chat in waiting if chat.danger == routing.Danger.YES]
    alerts += [("unanswered_offers", chat) for chat in waiting if chat.id in unanswered]
    return [{"kind": kind, "chat": chat.id, "line": chat.line} for kind, chat in alerts]


def _left_alone(member: OnDuty) -> bool:
    """Missed as many offers as take a counsellor off duty, and stayed on it since there is nobody else."""
    if member.state != "available" or member.line is None:
        return False
    return member.missed_offers >= lines.get_line(member.line).missed_offers_limit
