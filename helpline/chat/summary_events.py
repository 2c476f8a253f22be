"""Socket events around the summary of a chat and what the visitor lets be read of an earlier one."""

from __future__ import annotations

from typing import Any

from helpline.chat import agreeing, continuing
from helpline.chat.access import Visitor
from helpline.chat.event_data import a_number, a_switch, a_text
from helpline.chat.items import Refused
from helpline.chat.limits import TextBudget
from helpline.staff.service import Member

Answer = dict[str, Any]
# Each of these is a transaction of its own, which texts share; still far above what two people do with a few lines.
budget = TextBudget(burst=60, a_second=2)


def within_budget(sender: str) -> None:
    """Raises Refused `rate_limited` for whoever sends more than anybody writes."""
    if not budget.take(sender):
        raise Refused("rate_limited")


def visitor_summary(visitor: Visitor, data: Answer) -> Answer:
    """A version of the visitor."""
    version = a_number(data, "version")
    within_budget(visitor.session_key)
    return {"version": agreeing.visitor_saves(visitor, version, data.get("body"))}


def visitor_agree(visitor: Visitor, data: Answer) -> Answer:
    """The visitor says yes to a version."""
    version = a_number(data, "version")
    within_budget(visitor.session_key)
    return {"version": agreeing.visitor_agrees(visitor, version)}


def staff_summary(sid: str, member: Member, data: Answer) -> Answer:
    """A version of the counsellor."""
    chat, version = a_text(data, "chat"), a_number(data, "version")
    within_budget(member.id)
    allow = "allow" in data and a_switch(data, "allow")
    return {"version": agreeing.staff_saves(member, chat, version, data.get("body"), allow=allow)}


def staff_agree(sid: str, member: Member, data: Answer) -> Answer:
    """The counsellor says yes to a version."""
    chat, version = a_text(data, "chat"), a_number(data, "version")
    within_budget(member.id)
    return {"version": agreeing.staff_agrees(member, chat, version)}


def staff_earlier(sid: str, member: Member, data: Answer) -> Answer:
    """The texts of the chat that was cut off before this one; noted in the audit trail."""
    chat = a_text(data, "chat")
    within_budget(member.id)
    return {"messages": continuing.staff_before(member, chat)}


OF_VISITOR = {"summary": visitor_summary, "agree": visitor_agree}
OF_STAFF = {"summary": staff_summary, "agree": staff_agree, "earlier": staff_earlier}
