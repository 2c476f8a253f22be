"""Members of staff, on duty or not."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from helpline.chat import service as chats
from helpline.staff import duties
from helpline.staff import service as staff
from helpline.staff.service import DutyView, Member

_numbers = count(1)


def a_counsellor(
    login: str | None = None,
    *,
    line: str = "youth",
    lines: Iterable[str] | None = None,
    languages: Iterable[str] = ("nl", "en"),
    capacity: int = 3,
    roles: Iterable[str] = ("counsellor",),
    on_duty: bool = True,
    state: str = "available",
) -> Member:
    """A counsellor of one line, or of `lines` serving `line` now, who is available unless told otherwise."""
    chosen = login or f"counsellor{next(_numbers)}"
    held = tuple(lines) if lines is not None else (line,)
    staff.add_account(chosen, roles, held, languages, capacity)
    account = duties.account_of_login(chosen, held[0])
    assert account is not None
    member = Member(
        id=account,
        login=chosen,
        name=chosen,
        roles=frozenset(roles),
        lines=frozenset(held),
        languages=frozenset(languages),
        capacity=capacity,
    )
    if on_duty:
        chats.change_duty(member, state, line, capacity)
    return member


def a_supervisor(login: str | None = None, *, line: str = "youth") -> Member:
    """A supervisor of the line who takes no chats now."""
    return a_counsellor(login, line=line, roles=("supervisor",), on_duty=False)


def duty_of(member: Member) -> DutyView:
    """What the member does now."""
    return staff.duty_of(member.id)
