"""The visitor's pages of letters: write, keep the code, read, reply, erase. All of them work without JavaScript."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_limiter import RateLimitExceeded
from werkzeug.wrappers import Response as Answer

from helpline import clock, web
from helpline.extensions import limiter
from helpline.letters import service
from helpline.letters.service import NotDone, Refused, Thread
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.lines.pages import LANG, find_line, limits_of
from helpline.privacy import codes
from helpline.privacy.sessions import BoundElsewhere

letters = Blueprint("letters", __name__, url_prefix=f"/{LANG}/<line>/letters")
Page = str | Answer | tuple[Any, int]
# Many may share an address, and nobody writes a letter every minute.
SENT_BY_ONE_ADDRESS = "30 per minute; 200 per hour"
paced = limiter.limit(SENT_BY_ONE_ADDRESS, exempt_when=web.from_this_machine)


def _cookie() -> str | None:
    return request.cookies.get(web.VISIT)


def _url(endpoint: str) -> str:
    return url_for(endpoint, lang=web.language(), line=g.line.slug)


def _to(endpoint: str) -> Answer:
    return redirect(_url(f"letters.{endpoint}"), 303)


def _body() -> str:
    return request.form.get("body", "")


def _introduction() -> str:
    """What the visitor wants to go along: nothing without a yes to it."""
    return request.form.get("introduction", "") if "send_along" in request.form else ""


def _all_written(body: str) -> str:
    """Both fields of the form for a new letter, in one."""
    return "\n\n".join(filter(None, (_introduction().replace("\r\n", "\n"), body)))


@letters.errorhandler(BoundElsewhere)
def _bound_elsewhere(_: BoundElsewhere) -> Page:
    """Ask before another visit of this browser ends."""
    begin, kept_text = _url("public.begin_letter_here"), _all_written(_body())
    return render_template("components/other_visit.html", begin=begin, kept_text=kept_text)


@letters.errorhandler(RateLimitExceeded)
def _too_often(_: RateLimitExceeded) -> Page:
    """Many may share an address: what was written stands in its field again."""
    at = request.view_args or {}
    found = find_line(at["line"], at["lang"])
    if request.endpoint == "letters.write":
        return _write_page(found, "too_often", 429)
    if request.endpoint == "letters.reply":
        return _reply_page(found, "too_often", 429)
    return web.problem(429, "rate_limited", "errors/403.html")


# Writing


@letters.get("/")
def begin(lang: str, line: str) -> Page:
    """What happens with a letter, and the form; whoever has a letter open already comes to that."""
    found = find_line(line, lang)
    try:
        if service.thread_of(_cookie(), found) is not None:
            return _to("keep" if service.pending_code(_cookie(), found) else "yours")
    except (NotDone, service.Unreadable):
        return _to("yours")
    return _write_page(found)


def _write_page(line: Line, error: str = "", status: int = 200) -> Page:
    if not line.letters:
        abort(404)
    return (
        render_template(
            "letters/write.html",
            limits=limits_of(line),
            body=_body(),
            client_id=request.form.get("client_id") or uuid.uuid4().hex,
            along=service.summary_along(_cookie(), line),
            show_summary=request.method == "GET" or "show_summary" in request.form,
            introduction=request.form.get("introduction"),
            send_along="send_along" in request.form,
            error=error,
            longest=service.MAX_BODY,
        ),
        status,
    )


@letters.post("/")
@paced
def write(lang: str, line: str) -> Page:
    """Store the letter; its code is shown next."""
    found = find_line(line, lang)
    try:
        code = service.write(
            web.visit_cookie(),
            found,
            lang,
            _body(),
            request.form.get("client_id", ""),
            show_summary="show_summary" in request.form,
            introduction=_introduction(),
        )
    except service.NoLetters as none:
        return render_template("letters/not_taken.html", kept_text=_all_written(none.text)), 404
    except Refused as refused:
        return _write_page(found, refused.code, 400)
    except codes.Busy:
        return _write_page(found, "busy", 429)
    except service.HasLetter as has:
        return render_template("letters/has_letter.html", kept_text=_all_written(has.text)), 409
    return _to("keep" if code else "yours")


# The code


@letters.get("/code/")
def keep(lang: str, line: str) -> Page:
    """The code, to be written down or printed: it is shown here and nowhere else."""
    code = service.pending_code(_cookie(), find_line(line, lang))
    return _to("begin") if code is None else render_template("letters/keep.html", groups=code.split("-"))


@letters.get("/code/confirm/")
def confirm(lang: str, line: str) -> Page:
    """The code is typed once from what was written down."""
    if service.pending_code(_cookie(), find_line(line, lang)) is None:
        return _to("begin")
    return _confirm_page()


def _confirm_page(typed: str = "", error: str = "") -> str:
    return render_template("letters/confirm.html", typed=typed, error=error)


@letters.post("/code/confirm/")
@paced
def confirm_code(lang: str, line: str) -> Page:
    """From now on only the paper has the code."""
    found, typed = find_line(line, lang), request.form.get("code", "")
    try:
        if service.confirm_code(web.visit_cookie(), found, typed):
            return _to("yours")
    except NotDone:
        return _to("yours")
    if service.pending_code(_cookie(), found) is None:
        return _to("begin")
    return _confirm_page(typed, "other" if codes.read(typed) else "malformed"), 400


# Reading and replying


@letters.get("/yours/")
def yours(lang: str, line: str) -> Page:
    """The letter of this visit, its texts folded: somebody may read along."""
    found = find_line(line, lang)
    try:
        thread = service.thread_of(_cookie(), found)
    except NotDone:
        return _gone()
    except service.Unreadable:
        return render_template("letters/unreadable.html"), 410
    return _to("begin") if thread is None else _thread_page(found, thread)


def _thread_page(line: Line, thread: Thread, error: str = "", status: int = 200) -> Page:
    due = thread.answer_due
    return (
        render_template(
            "letters/yours.html",
            thread=thread,
            day=lambda on: format_date(on, "d MMMM y"),
            kept_until=format_date(thread.kept_until, "d MMMM y"),
            due=None if due is None else format_date(lines.local(line, due).date(), "EEEE d MMMM"),
            late=due is not None and due < clock.now(),
            body=_body(),
            client_id=request.form.get("client_id") or uuid.uuid4().hex,
            error=error,
            longest=service.MAX_BODY,
        ),
        status,
    )


def _gone(kept_text: str = "") -> Page:
    """Erased on another device, put away, or past its time: which of these nobody can tell any more."""
    return render_template("letters/gone.html", kept_text=kept_text), 410


@letters.post("/yours/")
@paced
def reply(lang: str, line: str) -> Page:
    """Write again; a text that finds no letter any more is given back."""
    found = find_line(line, lang)
    try:
        service.reply(web.visit_cookie(), found, _body(), request.form.get("client_id", ""))
    except NotDone as told:
        return _gone(told.text)
    except Refused as refused:
        return _reply_page(found, refused.code, 400)
    return redirect(f"{_url('letters.yours')}#sent", 303)


def _reply_page(line: Line, error: str, status: int) -> Page:
    """The letter with the text in its field; where it is not open any more, the text alone."""
    try:
        thread = service.thread_of(_cookie(), line)
    except (NotDone, service.Unreadable):
        thread = None
    return _gone(_body()) if thread is None else _thread_page(line, thread, error, status)


# Going


@letters.post("/close")
def close(lang: str, line: str) -> Page:
    """This browser forgets the letter, which stays where it is; `anyway` also where its code was not retyped yet."""
    found = find_line(line, lang)
    try:
        service.close_visit(web.visit_cookie(), found, anyway="anyway" in request.form)
    except service.CodeNotKept:
        return render_template("letters/not_kept.html"), 409
    return _unseen(redirect(f"{_url('letters.begin')}#closed" if found.letters else _url("public.front"), 303))


@letters.post("/erase")
def erase(lang: str, line: str) -> Answer:
    """Erase the letter with all that was answered, for good."""
    erased = service.erase(web.visit_cookie(), find_line(line, lang))
    return _unseen(make_response(render_template("letters/erased.html", erased=erased)))


def _unseen(answer: Answer) -> Answer:
    """Browsers keep left pages whole for going back, even those that are not to be stored: they let go of them."""
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
