"""What a page of one room says about the others on its line, which the rooms themselves may not know."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import g, request

from helpline import clock, web
from helpline.advice import service as advice
from helpline.chat import access, service
from helpline.chat.access import NoAccess
from helpline.chat.status import shown_status
from helpline.lines.models import Line
from helpline.privacy import sessions
from helpline.selfhelp import service as selfhelp


def words() -> dict[str, Any]:
    """What every template may ask for; each is looked up only where a page does."""
    return {
        "line_status": line_status,
        "chat_here": chat_here,
        "has_advice": has_advice,
        "has_course": has_course,
        "takes_letters": takes_letters,
    }


def line_status() -> dict[str, Any]:
    """Whether the line of this page takes visitors now; looked up once for a page."""
    if "line_status" not in g:
        g.line_status = shown_status(g.line)
    status: dict[str, Any] = g.line_status
    return status


def has_advice() -> bool:
    """Whether the line of this page has advice to walk to."""
    return "line" in g and advice.has_advice(g.line.slug)


def has_course() -> bool:
    """Whether the line of this page has a course to follow."""
    return "line" in g and selfhelp.has_course(g.line.slug)


def takes_letters() -> bool:
    """Whether the line of this page takes letters."""
    return "line" in g and bool(g.line.letters)


def chat_here() -> bool:
    """True while this browser has a chat on the line of this page that has not ended; looked up once for a page."""
    if "chat_here" not in g:
        g.chat_here = "line" in g and _live_chat(g.line)
    return bool(g.chat_here)


def _live_chat(line: Line) -> bool:
    try:
        caller = access.visitor_of(request.cookies.get(web.VISIT), clock.now())
    except NoAccess:
        return False
    with contextlib.suppress(NoAccess):
        return bound_to(line) and service.is_live(caller)
    return False


def bound_to(line: Line) -> bool:
    """Whether this browser's visit is one on this line."""
    content = sessions.load(request.cookies.get(web.VISIT), clock.now()) or {}
    return content.get("line") == line.slug
