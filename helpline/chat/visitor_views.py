"""The visitor's pages: joining, the room, and the HTTP twins of the socket events."""

from __future__ import annotations

import contextlib
import re
import secrets
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from helpline import clock, web
from helpline.chat import access, afterwards, continuing, service
from helpline.chat.access import NoAccess
from helpline.chat.agreeing import MAX_SUMMARY
from helpline.chat.forms import JoinForm, one_line_break, why_not_along, why_refused
from helpline.chat.limits import TextBudget
from helpline.chat.service import Entry, NotTaken
from helpline.chat.status import shown_status
from helpline.chat.visitor_pages import (
    STATUS,
    Page,
    answer_refused,
    bound_elsewhere,
    content_here,
    settled,
    visitor_here,
)
from helpline.chat.writer import MAX_BODY, Refused
from helpline.extensions import limiter
from helpline.lines.models import Line
from helpline.lines.pages import LANG, find_line, limits_of
from helpline.privacy import sessions
from helpline.privacy.keyring import KeyDestroyed

visitor = Blueprint("visitor", __name__, url_prefix=f"/{LANG}/<line>/chat")
budget = TextBudget()
# Many may share an address (a school, Tor), but nobody fills the queue from one alone.
JOINS_OF_ONE_ADDRESS = "12 per minute; 120 per hour"

# What a session on another line may hold without anybody missing it: its line, a chat that is over, tries to get in.
ENDS_UNASKED = {"line", "chat", "tries"} | afterwards.ENDS_UNASKED
# Beyond every `seq`: the state alone is asked for.
NO_TEXTS = 2**53


@visitor.get("/")
def join(lang: str, line: str) -> Page:
    """The join form, or one button where the line is closed or full."""
    found = find_line(line, lang)
    if _has_chat(found):
        return redirect(url_for("visitor.room", lang=lang, line=line), 303)
    if service.refusal(found, clock.now()) is not None:
        return render_template("visitor/closed.html", status=shown_status(found), brought=_brought(found))
    return _form_page(found, _form(found))


def _has_chat(line: Line) -> bool:
    """True while this browser has a chat on this line that has not ended: the way leads there, not to a second one."""
    try:
        return service.is_live(visitor_here(line))
    except NoAccess:
        return False


def _form(line: Line) -> JoinForm:
    form = JoinForm()
    form.language.choices = [SelectChoice(code, web.LANGUAGES[code]) for code in line.languages]
    if request.method == "GET":
        form.language.data = web.language()
        way = _way_back(line)
        form.show_summary.data = form.continues.data = way is not None
    return form


def _way_back(line: Line) -> dict[str, Any] | None:
    """What may go along of an earlier chat."""
    return continuing.offered(request.cookies.get(web.VISIT), line)


def _form_page(line: Line, form: JoinForm, *, asks_other: bool = False) -> str:
    return render_template(
        "visitor/join.html",
        form=form,
        status=shown_status(line),
        limits=limits_of(line),
        other=_open_elsewhere(line),
        brought=_brought(line),
        way_back=_way_back(line),
        asks_other=asks_other,
    )


def _brought(line: Line) -> str:
    """What waits in this browser's session to go along with a chat on this line."""
    return "" if bound_elsewhere(line) else content_here().get(sessions.UNSENT, "")


def _open_elsewhere(line: Line) -> str:
    """What ends on another line when this browser joins here: a `chat` that goes on, another `visit`, or nothing."""
    content = content_here()
    if content.get("line", line.slug) == line.slug:
        return ""
    with contextlib.suppress(NoAccess):
        if service.is_live(access.visitor_of(request.cookies.get(web.VISIT), clock.now())):
            return "chat"
    return "visit" if content.keys() - ENDS_UNASKED else ""


@visitor.post("/")
@limiter.limit(JOINS_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)
def enter(lang: str, line: str) -> Page:
    """Join the queue and go to the room; a closed or full line counts the try and shows the other ways in."""
    found = find_line(line, lang)
    if _has_chat(found):
        return redirect(url_for("visitor.room", lang=lang, line=line), 303)
    if "other_language" in request.form:
        return _form_in_other_language(found)
    cause = service.refusal(found, clock.now())
    if cause is not None:
        return _turned_away(found, cause)
    form = _form(found)
    asks_other = bool(_open_elsewhere(found)) and not form.end_other.data
    if not form.validate() or asks_other:
        too_long = len(form.first_message.data or "") > MAX_BODY
        return _form_page(found, form, asks_other=asks_other), STATUS["too_long" if too_long else "invalid"]
    cookie = web.visit_cookie()
    first, leave_out = form.first_message.data or "", form.leave_out.data
    brings = {"show_summary": form.show_summary.data, "goes_on": form.continues.data}
    entry = Entry(form.language.data, form.danger.data, int(form.distress.data), first, leave_out, **brings)
    try:
        service.join(cookie, found, entry)
    except NotTaken as refused:
        return _turned_away(found, refused.cause)
    except Refused as refused:
        form.first_message.errors = [*form.first_message.errors, why_refused(refused.code)]
        return _form_page(found, form), STATUS[refused.code]
    return redirect(url_for("visitor.room", lang=lang, line=line), 303)


def _form_in_other_language(line: Line) -> Page:
    """The form with all that was filled in; nothing is judged and nobody joins."""
    if service.refusal(line, clock.now()) is not None:
        return redirect(url_for("visitor.join", lang=web.language(), line=line.slug), 303)
    form = _form(line)
    form.language.data = web.language()
    return _form_page(line, form)


def _turned_away(line: Line, cause: service.Cause) -> Response:
    service.count_try(web.visit_cookie(), line, cause, web.language())
    return redirect(url_for("visitor.other_ways", lang=web.language(), line=line.slug), 303)


@visitor.post("/bring")
def bring(lang: str, line: str) -> Page:
    """Send along what the visitor has read and said yes to, at once or with the join form; without a yes nothing."""
    found = find_line(line, lang)
    wanted = request.form.get("choice") == "yes"
    text = one_line_break(request.form.get("text")) or ""
    if bound_elsewhere(found):
        if not wanted:
            return redirect(url_for("visitor.join", lang=lang, line=line), 303)
        if not request.form.get("end_other"):
            return _bring_refused("wrong_state", text)
    cookie = web.visit_cookie()
    try:
        if not budget.take(sessions.key_of(cookie)):
            raise Refused("rate_limited")
        goes_on = service.bring(cookie, found, text if wanted else "")
    except Refused as refused:
        return _bring_refused(refused.code, text)
    if web.wants_json():
        return jsonify(ok=True)
    return redirect(url_for("visitor.room" if goes_on else "visitor.join", lang=lang, line=line), 303)


def _bring_refused(code: str, text: str) -> Page:
    """Say why it does not go along, and give it back."""
    if web.wants_json():
        return jsonify(ok=False, error=code), STATUS[code]
    asks_other = code == "wrong_state"
    shown = render_template("visitor/bring.html", text=text, error=why_not_along(code), asks_other=asks_other)
    return shown, STATUS[code]


@visitor.get("/other-ways/")
def other_ways(lang: str, line: str) -> Page:
    """What a visitor can do while nobody can chat."""
    return render_template("visitor/other_ways.html", status=shown_status(find_line(line, lang)))


@visitor.get("/room/")
def room(lang: str, line: str) -> Page:
    """The room: waiting, talking and the end on one page."""
    found = find_line(line, lang)
    try:
        chat = settled(service.visitor_sync(visitor_here(found), 0, whole=True))
    except (NoAccess, KeyDestroyed) as refused:
        return answer_refused(getattr(refused, "code", "not_found"))
    return _room_page(found, chat)


def _room_page(line: Line, chat: dict[str, Any], body: str = "", error: str = "", client_id: str = "") -> str:
    """The room; a text that was refused comes back with its own id, for it may have been stored after all."""
    return render_template(
        "visitor/room.html",
        chat=chat,
        client_id=client_id or secrets.token_hex(12),
        read_minutes=line.read_after_end_minutes,
        limits=limits_of(line),
        way_back=continuing.is_kept_here(request.cookies.get(web.VISIT), line),
        longest_summary=MAX_SUMMARY,
        kept_text=body,
        say_error=error,
    )


@visitor.get("/room/transcript")
def transcript(lang: str, line: str) -> Page:
    """The texts after `after`, as a page that refreshes itself or as JSON; a sign of life."""
    found = find_line(line, lang)
    given = request.args.get("after", "0")
    if not re.fullmatch("[0-9]{1,15}", given):
        return web.problem(400, "invalid", "errors/404.html")
    after = int(given)
    try:
        chat = settled(service.visitor_sync(visitor_here(found), after))
    except (NoAccess, KeyDestroyed) as refused:
        return answer_refused(getattr(refused, "code", "not_found"))
    if web.wants_json():
        return jsonify({"ok": True} | chat)
    return render_template(
        "visitor/transcript.html",
        chat=chat,
        messages=chat["messages"],
        after=after,
        read_minutes=found.read_after_end_minutes,
    )


@visitor.get("/room/place")
def place(lang: str, line: str) -> Page:
    """A strip for other pages that says how the chat of this browser stands; refreshes itself, a sign of life."""
    found = find_line(line, lang)
    try:
        chat = settled(service.visitor_sync(visitor_here(found), NO_TEXTS))
    except (NoAccess, KeyDestroyed):
        return web.problem(410, "not_found", "visitor/place.html", chat=None)
    return render_template("visitor/place.html", chat=chat)


@visitor.post("/room/say")
def say(lang: str, line: str) -> Page:
    """Store a text: 303 back to the room, or the event's answer as JSON."""
    found = find_line(line, lang)
    body, client_id = one_line_break(request.form.get("body")), request.form.get("client_id")
    try:
        caller = visitor_here(found)
        if not budget.take(caller.session_key):
            raise Refused("rate_limited")
        mark = request.form.get("mark")
        stored = service.say_by_form(caller, client_id, body, mark, edited_anew=not web.wants_json())
    except NoAccess as refused:
        return answer_refused(refused.code, body or "")
    except Refused as refused:
        return _text_refused(found, refused.code, body or "", client_id or "")
    if web.wants_json():
        return jsonify(ok=True, seq=stored.seq)
    return redirect(url_for("visitor.room", lang=lang, line=line), 303)


def _text_refused(line: Line, code: str, body: str, client_id: str) -> Page:
    """Say why a text was not stored and give it back, so that nothing is lost."""
    if web.wants_json():
        return jsonify(ok=False, error=code), STATUS[code]
    try:
        chat = service.visitor_sync(visitor_here(line), 0, whole=True)
    except (NoAccess, KeyDestroyed) as refused:
        return answer_refused(getattr(refused, "code", "not_found"), body)
    kept_id = client_id if code == "unavailable" else ""
    return _room_page(line, chat, body, why_refused(code), kept_id), STATUS[code]


@visitor.post("/room/leave")
def leave(lang: str, line: str) -> Page:
    """Leave the queue or the chat; the room then shows the end."""
    found = find_line(line, lang)
    try:
        state = settled(service.leave(visitor_here(found)))
    except (NoAccess, KeyDestroyed) as refused:
        return answer_refused(getattr(refused, "code", "not_found"))
    if web.wants_json():
        return jsonify({"ok": True} | state)
    return redirect(url_for("visitor.room", lang=lang, line=line), 303)
