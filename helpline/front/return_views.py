"""Coming back with a code: one page a line for everything that a code opens."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from helpline import addresses, web
from helpline.lines.models import Line
from helpline.lines.pages import LANG, find_line
from helpline.privacy import codes
from helpline.selfhelp import service as selfhelp

returning = Blueprint("returning", __name__, url_prefix=f"/{LANG}/<line>/return")
Page = str | Response | tuple[Any, int]


def _line(slug: str, lang: str) -> Line:
    """The line of the path; 404 where no code opens anything."""
    line = find_line(slug, lang)
    if not selfhelp.has_course(line.slug):
        abort(404)
    return line


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


@returning.errorhandler(selfhelp.BoundElsewhere)
def _bound_elsewhere(_: selfhelp.BoundElsewhere) -> Page:
    """Ask before another visit of this browser ends."""
    arguments = request.view_args or {}
    begin = url_for("public.begin_course_here", **arguments)
    return render_template("components/other_visit.html", begin=begin, kept_text="")


@returning.get("/")
def enter(lang: str, line: str) -> Page:
    """The form for a code."""
    found = _line(line, lang)
    with contextlib.suppress(codes.Tampered):
        # What can't be read here keeps nobody from another code.
        selfhelp.visit_of(request.cookies.get(web.VISIT), found)
    return _page()


@returning.post("/")
def open_with(lang: str, line: str) -> Page:
    """Open what is kept under a code; what was written in this visit comes along.

    No limit beside the slowing of tries: a right code is never refused for wrong ones before it.
    """
    found, typed = _line(line, lang), request.form.get("code", "")
    if codes.read(typed) is None:
        return _page("malformed", 400)
    if selfhelp.open_with(web.visit_cookie(), found, typed, addresses.address_hash()) is None:
        return _page("wrong", 400)
    return redirect(f"{url_for('selfhelp.overview', lang=lang, line=line)}#yours", 303)
