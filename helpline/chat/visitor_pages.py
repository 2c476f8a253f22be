"""What all pages of a visitor's chat share: whose they are, and what they say where there is nothing to show."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from helpline import clock, web
from helpline.chat import access, service
from helpline.chat.access import NoAccess, Visitor
from helpline.chat.states import State
from helpline.lines.models import Line
from helpline.privacy import sessions

STATUS = {
    "invalid": 400,
    "too_long": 413,
    "not_found": 410,
    "forbidden": 403,
    "unauthorised": 410,
    "wrong_state": 409,
    "taken": 409,
    "rate_limited": 429,
    "unavailable": 503,
}
Page = str | Response | tuple[Any, int]


def content_here() -> dict[str, Any]:
    """What this browser's session holds."""
    return sessions.load(request.cookies.get(web.VISIT), clock.now()) or {}


def bound_elsewhere(line: Line) -> bool:
    """True when this browser's session belongs to another line."""
    return content_here().get("line", line.slug) != line.slug


def visitor_here(line: Line) -> Visitor:
    """Whoever's cookie this is, as long as the session belongs to this line; raises NoAccess."""
    found = access.visitor_of(request.cookies.get(web.VISIT), clock.now())
    if bound_elsewhere(line):
        raise NoAccess("unauthorised")
    return found


def settled(chat: dict[str, Any]) -> dict[str, Any]:
    """A chat as it is shown; that it is over, or was answered, is news for the visit."""
    if chat["state"] in (State.ACTIVE, State.ENDED):
        service.settle(request.cookies.get(web.VISIT))
    return chat


def answer_refused(code: str, kept_text: str = "") -> Page:
    """The page, or the answer, that says why the chat is not shown."""
    if code in ("unauthorised", "not_found", "forbidden"):
        told = "not_found" if code == "unauthorised" else code
        return web.problem(STATUS[code], told, "errors/gone.html", kept_text=kept_text)
    return web.problem(STATUS[code], code, "errors/500.html")
