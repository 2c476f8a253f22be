"""The two questions after a chat: a form in the room, with or without JavaScript."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for

from helpline import web
from helpline.chat import parting
from helpline.chat.access import NoAccess
from helpline.chat.visitor_pages import Page, answer_refused, visitor_here
from helpline.contacts import service as contacts
from helpline.lines.pages import LANG, find_line

after = Blueprint("after", __name__, url_prefix=f"/{LANG}/<line>/chat/room")


@after.app_context_processor
def _words() -> dict[str, object]:
    """What the templates of the room may ask for; looked up only where one does."""
    return {"after_chat": lambda: parting.standing(request.cookies.get(web.VISIT))}


@after.post("/after")
def answer(lang: str, line: str) -> Page:
    """Count the answers and go back to the room; what is no answer counts as none given."""
    found = find_line(line, lang)
    given = {name: request.form.get(name, "") for name in contacts.AFTER}
    told = {name: value for name, value in given.items() if value in contacts.AFTER[name]}
    try:
        parting.answer(web.visit_cookie(), visitor_here(found), found, told)
    except NoAccess as refused:
        return answer_refused(refused.code)
    return redirect(f"{url_for('visitor.room', lang=lang, line=line)}#after-chat", 303)
