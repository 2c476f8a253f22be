"""The visitor's pages around the summary of a chat, the way back to one, and the code that keeps both.

All of them work without JavaScript. How often somebody closes or erases is not limited: to be rid of it must work at
once, whoever shares the address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import format_date
from werkzeug.wrappers import Response as Answer

from helpline import web
from helpline.chat import agreeing, continuing, service, summary_events
from helpline.chat.access import NoAccess
from helpline.chat.agreeing import MAX_SUMMARY
from helpline.chat.forms import one_line_break, why_not_kept
from helpline.chat.items import Refused
from helpline.chat.visitor_pages import STATUS, Page, answer_refused, settled, visitor_here
from helpline.extensions import limiter
from helpline.lines.models import Line
from helpline.lines.pages import LANG, find_line
from helpline.privacy import codes, sessions
from helpline.privacy.keyring import KeyDestroyed
from helpline.privacy.sessions import BoundElsewhere
from helpline.summaries import service as summaries

kept = Blueprint("kept", __name__, url_prefix=f"/{LANG}/<line>/chat")
# Many may share an address, and nobody makes a code every minute.
CODES_OF_ONE_ADDRESS = "30 per minute; 200 per hour"
paced = limiter.limit(CODES_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)


def _cookie() -> str | None:
    return request.cookies.get(web.VISIT)


def _url(endpoint: str) -> str:
    return url_for(endpoint, lang=web.language(), line=request.view_args["line"] if request.view_args else "")


def _to(endpoint: str) -> Answer:
    return redirect(_url(endpoint), 303)


def _went(endpoint: str) -> Page:
    """On to the next page, or where that is."""
    return jsonify(ok=True, where=_url(endpoint)) if web.wants_json() else _to(endpoint)


@kept.errorhandler(BoundElsewhere)
def _bound_elsewhere(_: BoundElsewhere) -> Page:
    """Ask before another visit of this browser ends."""
    if web.wants_json():
        return jsonify(ok=False, error="not_found"), STATUS["not_found"]
    begin = _url("public.begin_return_here")
    kept_text = request.form.get("body", "")
    return render_template("components/other_visit.html", begin=begin, kept_text=kept_text)


@kept.errorhandler(summaries.Gone)
@kept.errorhandler(codes.Tampered)
def _gone(error: Exception) -> Page:
    """Erased on another device, or past its time: which of these nobody can tell; or it can't be read any more."""
    return render_template("visitor/kept_gone.html", unreadable=isinstance(error, codes.Tampered)), 410


@kept.errorhandler(summaries.Changed)
def _changed(_: Exception) -> Page:
    """Another tab of this browser has opened something else meanwhile."""
    return render_template("visitor/kept_changed.html"), 409


# While the chat goes on


def _chat_here(line: Line) -> dict[str, Any]:
    """The chat of this browser; raises NoAccess, KeyDestroyed."""
    return settled(service.visitor_sync(visitor_here(line), 0, whole=True))


@kept.get("/room/summary")
def summary(lang: str, line: str) -> Page:
    """The summary on a page of its own, for browsers without scripts."""
    found = find_line(line, lang)
    try:
        chat = _chat_here(found)
    except (NoAccess, KeyDestroyed) as refused:
        return answer_refused(getattr(refused, "code", "not_found"))
    return jsonify(ok=True, summary=chat["summary"]) if web.wants_json() else _summary_page(found, chat)


def _summary_page(line: Line, chat: dict[str, Any], error: str = "") -> str:
    return render_template(
        "visitor/summary.html",
        chat=chat,
        body=one_line_break(request.form.get("body")) or "",
        error=error,
        way_back=way_back(line),
        longest_summary=MAX_SUMMARY,
    )


def way_back(line: Line) -> dict[str, bool]:
    """Whether this browser's chat is kept to come back to, under a code, or under one that is not confirmed yet."""
    return continuing.is_kept_here(_cookie(), line)


@kept.post("/room/summary")
def write(lang: str, line: str) -> Page:
    """Save a version of the summary."""
    return _done(find_line(line, lang), lambda visitor: agreeing.visitor_saves(visitor, _version(), _body()))


@kept.post("/room/agree")
def agree(lang: str, line: str) -> Page:
    """Say yes to a version."""
    return _done(find_line(line, lang), lambda visitor: agreeing.visitor_agrees(visitor, _version()))


def _version() -> int:
    given = request.form.get("version", "")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Refused("invalid")
    return int(given)


def _body() -> str | None:
    return one_line_break(request.form.get("body"))


def _done(line: Line, deed: Callable[[Any], int]) -> Page:
    """Do this to the summary of the chat: back to its page, or the answer of the event as JSON."""
    try:
        caller = visitor_here(line)
        summary_events.within_budget(caller.session_key)
        version = deed(caller)
    except (NoAccess, KeyDestroyed) as refused:
        return answer_refused(getattr(refused, "code", "not_found"), _body() or "")
    except Refused as refused:
        return _refused(line, refused.code)
    return jsonify(ok=True, version=version) if web.wants_json() else _to("kept.summary")


def _refused(line: Line, code: str) -> Page:
    """Say why nothing was changed, and give back what was typed."""
    if web.wants_json():
        return jsonify(ok=False, error=code), STATUS[code]
    try:
        chat = _chat_here(line)
    except (NoAccess, KeyDestroyed) as refused:
        return answer_refused(getattr(refused, "code", "not_found"), _body() or "")
    return _summary_page(line, chat, why_not_kept(code)), STATUS[code]


@kept.post("/room/keep")
def keep(lang: str, line: str) -> Page:
    """Keep the summary that both agreed on, and the way back to the chat."""
    return _keep(find_line(line, lang), summary=True)


@kept.post("/room/way-back")
def keep_way_back(lang: str, line: str) -> Page:
    """Keep the way back to the chat alone; whoever was just cut off goes on to the queue."""
    then = "visitor.join" if request.form.get("then") == "join" else ""
    return _keep(find_line(line, lang), summary=False, then=then)


def _keep(line: Line, *, summary: bool, then: str = "") -> Page:
    try:
        caller = visitor_here(line)
        summary_events.within_budget(caller.session_key)
        under_code = continuing.keep(_cookie() or "", line, caller, summary=summary)
    except (NoAccess, KeyDestroyed) as refused:
        return answer_refused(getattr(refused, "code", "not_found"))
    except Refused as refused:
        return _refused(line, refused.code)
    return _went(then or ("kept.yours" if under_code else "kept.code"))


# What is kept


@kept.get("/kept/")
def yours(lang: str, line: str) -> Page:
    """What this visit has opened or is about to keep, folded: somebody may read along."""
    return _yours_page(find_line(line, lang))


def _yours_page(line: Line, error: str = "", status: int = 200) -> Page:
    way = continuing.way_back(_cookie(), line)
    if way is None:
        return _to("returning.enter")
    shown = render_template(
        "visitor/kept.html",
        kept=way.kept,
        had=way.kept.mark,
        goes_on=way.goes_on,
        kept_here=way.here,
        cut_off=way.cut_off,
        can_show=way.can_show,
        day=_day,
        error=error,
    )
    return shown, status


def _day(on: Any) -> str:
    return str(format_date(on, "d MMMM y"))


@kept.post("/kept/show")
def show(lang: str, line: str) -> Page:
    """Let the counsellor of the chat that goes on read the summary of last time."""
    return _with_the_chat(find_line(line, lang), continuing.show)


@kept.post("/kept/go-on")
def go_on(lang: str, line: str) -> Page:
    """Go on in this browser with the chat that goes on elsewhere."""
    return _with_the_chat(find_line(line, lang), continuing.go_on)


def _with_the_chat(line: Line, deed: Callable[[str, Line], None]) -> Page:
    """Do this with what is kept and on to the room, or say on the page why not."""
    cookie = _cookie() or ""
    try:
        summary_events.within_budget(sessions.key_of(cookie))
        deed(cookie, line)
    except (NoAccess, KeyDestroyed) as refused:
        return answer_refused(getattr(refused, "code", "not_found"))
    except Refused as refused:
        if web.wants_json():
            return jsonify(ok=False, error=refused.code), STATUS[refused.code]
        return _yours_page(line, why_not_kept(refused.code), STATUS[refused.code])
    return _went("visitor.room")


# The code


@kept.get("/kept/code/")
def code(lang: str, line: str) -> Page:
    """What a code is for, before there is one."""
    found = summaries.visit_of(_cookie(), find_line(line, lang))
    if found is None or found.has_code:
        return _to("kept.yours")
    return render_template("visitor/kept_code.html", kept=found)


@kept.post("/kept/code/")
@paced
def make_code(lang: str, line: str) -> Page:
    """Make a code; it keeps nothing until it was typed once."""
    made = summaries.make_code(web.visit_cookie(), find_line(line, lang))
    return _to("kept.yours" if made is None else "kept.show_code")


@kept.get("/kept/code/keep/")
def show_code(lang: str, line: str) -> Page:
    """The code, to be written down or printed: it is shown here and nowhere else."""
    made = summaries.pending_code(_cookie(), find_line(line, lang))
    if made is None:
        return _to("kept.code")
    return render_template("visitor/kept_keep.html", groups=made.split("-"), which=_mark_of(made))


def _mark_of(made: str) -> str:
    return hashlib.sha256(f"code:{made}".encode()).hexdigest()[:16]


@kept.get("/kept/code/confirm/")
def confirm(lang: str, line: str) -> Page:
    """The code is typed once from what was written down."""
    if summaries.pending_code(_cookie(), find_line(line, lang)) is None:
        return _to("kept.code")
    return _confirm_page()


def _confirm_page(typed: str = "", error: str = "") -> str:
    return render_template("visitor/kept_confirm.html", typed=typed, error=error)


@kept.post("/kept/code/confirm/")
@paced
def confirm_code(lang: str, line: str) -> Page:
    """From now on only the paper has the code."""
    found, typed = find_line(line, lang), request.form.get("code", "")
    try:
        if continuing.confirm_code(web.visit_cookie(), found, typed):
            return _to("kept.yours")
    except codes.Busy:
        return _confirm_page(typed, "busy"), 429
    if summaries.pending_code(_cookie(), found) is None:
        return _to("kept.code")
    return _confirm_page(typed, "other" if codes.read(typed) else "malformed"), 400


@kept.post("/kept/code/forget")
def forget_code(lang: str, line: str) -> Page:
    """Rather no code."""
    found = find_line(line, lang)
    made = summaries.pending_code(_cookie(), found)
    if made is not None and request.form.get("which", "") != _mark_of(made):
        raise summaries.Changed
    summaries.forget_code(web.visit_cookie(), found)
    return _to("kept.yours")


# Going


@kept.post("/kept/close")
def close(lang: str, line: str) -> Page:
    """This browser forgets what it has open; what is kept under a code stays."""
    summaries.close(web.visit_cookie(), find_line(line, lang), request.form.get("had"))
    return _unseen(redirect(f"{_url('returning.enter')}#closed", 303))


@kept.post("/kept/erase")
def erase(lang: str, line: str) -> Answer:
    """Erase all that is kept under the code, for good."""
    erased = summaries.erase(web.visit_cookie(), find_line(line, lang), request.form.get("had"))
    return _unseen(make_response(render_template("visitor/kept_erased.html", erased=erased)))


def _unseen(answer: Answer) -> Answer:
    """Browsers keep left pages whole for going back, even those that are not to be stored: they let go of them."""
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
