"""Socket events around the summary of a chat and what the visitor lets be read of an earlier one."""

from __future__ import annotations

from typing import Any

from helpline.chat import agreeing, continuing
from helpline.chat.access import Visitor
from helpline.chat.event_data import a_number, a_text
from helpline.chat.items import Refused
from helpline.chat.limits import TextBudget
from helpline.staff.service import Member

Answer = dict[str, Any]
# Each version is a transaction of its own: far above what anybody writes.
budget = TextBudget()


def within_budget(sender: str) -> None:
    """Raises Refused `rate_limited` for whoever sends more than anybody writes."""
    if not budget.take(sender):
        raise Refused("rate_limited")


def visitor_summary(visitor: Visitor, data: Answer) -> Answer:
    """A version of the visitor."""
    within_budget(visitor.session_key)
    return {"version": agreeing.visitor_saves(visitor, a_number(data, "version"), data.get("body"))}


def visitor_agree(visitor: Visitor, data: Answer) -> Answer:
    """The visitor says yes to a version."""
    within_budget(visitor.session_key)
    return {"version": agreeing.visitor_agrees(visitor, a_number(data, "version"))}


def staff_summary(sid: str, member: Member, data: Answer) -> Answer:
    """A version of the counsellor."""
    within_budget(member.id)
    chat, version = a_text(data, "chat"), a_number(data, "version")
    return {"version": agreeing.staff_saves(member, chat, version, data.get("body"))}


def staff_agree(sid: str, member: Member, data: Answer) -> Answer:
    """The counsellor says yes to a version."""
    within_budget(member.id)
    return {"version": agreeing.staff_agrees(member, a_text(data, "chat"), a_number(data, "version"))}


def staff_earlier(sid: str, member: Member, data: Answer) -> Answer:
    """The texts of the chat that was cut off before this one; noted in the audit trail."""
    within_budget(member.id)
    return {"messages": continuing.staff_before(member, a_text(data, "chat"))}


OF_VISITOR = {"summary": visitor_summary, "agree": visitor_agree}
OF_STAFF = {"summary": staff_summary, "agree": staff_agree, "earlier": staff_earlier}
