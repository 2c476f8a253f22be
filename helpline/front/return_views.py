"""Coming back with a code: one page a line for everything that a code opens."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from helpline import addresses, clock, web
from helpline.chat import continuing
from helpline.letters import service as letters
from helpline.lines.models import Line
from helpline.lines.pages import LANG, find_line
from helpline.privacy import codes, guessing, sessions
from helpline.selfhelp import service as selfhelp

returning = Blueprint("returning", __name__, url_prefix=f"/{LANG}/<line>/return")
Page = str | Response | tuple[Any, int]


def _page(error: str = "", status: int = 200) -> Page:
    """The form with what was typed."""
    return render_template("public/return.html", typed=request.form.get("code", ""), error=error), status


@returning.errorhandler(CSRFError)
def _no_token(error: CSRFError) -> Page:
    """What was typed stands there again, with a fresh token."""
    web.remember_line()
    return web.form_expired(error) if web.from_another_site() or web.wants_json() else _page("again", 400)


@returning.errorhandler(codes.Busy)
def _busy(_: Exception) -> Page:
    """Too many codes are tried from one address at once; this one was not looked at."""
    return _page("busy", 429)


@returning.errorhandler(codes.Tampered)
def _unreadable(_: codes.Tampered) -> Page:
    """What lies at the place of this code can't be opened any more."""
    return _page("unreadable", 410)


@returning.errorhandler(selfhelp.TooMuch)
def _too_much(_: selfhelp.TooMuch) -> Page:
    """What was written in this visit doesn't fit with what is kept; both stay where they are."""
    return _page("too_much", 413)


@returning.errorhandler(letters.HasLetter)
def _keep_first(_: letters.HasLetter) -> Page:
    """The code of a letter that was written in this visit would be lost."""
    return redirect(url_for("letters.keep", **(request.view_args or {})), 303)


@returning.errorhandler(sessions.BoundElsewhere)
def _bound_elsewhere(_: sessions.BoundElsewhere) -> Page:
    """Ask before another visit of this browser ends."""
    arguments = request.view_args or {}
    begin = url_for("public.begin_return_here", **arguments)
    return render_template("components/other_visit.html", begin=begin, kept_text="")


@returning.get("/")
def enter(lang: str, line: str) -> Page:
    """The form for a code."""
    found = find_line(line, lang)
    cookie = request.cookies.get(web.VISIT)
    sessions.check_line(sessions.load(cookie, clock.now()) or {}, found.slug)
    if selfhelp.has_course(found.slug):
        with contextlib.suppress(codes.Tampered):
            # What can't be read here keeps nobody from another code.
            selfhelp.visit_of(cookie, found)
    return _page()


@returning.post("/")
def open_with(lang: str, line: str) -> Page:
    """Open what is kept under a code: a letter, a course or what is kept of chats, joined by what this visit has of it.

    No limit beside the slowing of tries: a right code is never refused for wrong ones before it.
    """
    found, code = find_line(line, lang), codes.read(request.form.get("code", ""))
    if code is None:
        return _page("malformed", 400)
    cookie = web.visit_cookie()
    sessions.check_line(sessions.load(cookie, clock.now()) or {}, found.slug)
    opened = guessing.in_turn(
        code, addresses.address_hash(), sessions.key_of(cookie), lambda root: _opened(cookie, found, root)
    )
    return _page("wrong", 400) if opened is None else redirect(opened, 303)


def _opened(cookie: str, line: Line, root: bytes) -> str | None:
    """The address of what this code opens here; None where it opens nothing."""
    here = {"lang": web.language(), "line": line.slug}
    if letters.open_at(cookie, line, root):
        return url_for("letters.yours", **here)
    if selfhelp.has_course(line.slug) and selfhelp.open_at(cookie, line, root) is not None:
        return f"{url_for('selfhelp.overview', **here)}#yours"
    if continuing.open_at(cookie, line, root):
        return url_for("kept.yours", **here)
    return None
