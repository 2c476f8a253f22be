"""What all pages of a course share: their line and visit, what they say of both, and what stops them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask_babel import format_date, format_time
from werkzeug.wrappers import Response as Answer

from helpline import web
from helpline.extensions import limiter
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.lines.pages import LANG, find_line
from helpline.privacy import sessions
from helpline.selfhelp import forms, progress, service, showing, store
from helpline.selfhelp.service import BoundElsewhere, Changed, Tampered, Visit

selfhelp = Blueprint("selfhelp", __name__, url_prefix=f"/{LANG}/<line>/self-help")
Page = str | Answer | tuple[Any, int]
# Many may share an address, and nobody saves an exercise every second.
SENT_BY_ONE_ADDRESS = "120 per minute; 1200 per hour"
paced = limiter.limit(SENT_BY_ONE_ADDRESS, exempt_when=web.from_this_machine)
# What a page says first when what was there before is not there any more.
GONE = "gone"
# How a form begins to say what it saw: answers in this visit only, or some that are kept under a code.
HELD, CODE = "some", "code"
NOT_NOW, NO_MORE = 409, 410


def line_of(slug: str, lang: str) -> Line:
    """The line of the path; 404 where it has no course in this language."""
    line = find_line(slug, lang)
    if not service.has_course(line.slug) or lang not in service.content_of(line.slug).words:
        abort(404)
    return line


def visit_to(slug: str, lang: str) -> Visit:
    """What this browser's visit to the line of the path holds."""
    return service.visit_of(request.cookies.get(web.VISIT), line_of(slug, lang))


def url(endpoint: str, **more: Any) -> str:
    """The address of a page of this line in this language."""
    return url_for(endpoint, lang=web.language(), line=g.line.slug, **more)


def to(endpoint: str, **more: Any) -> Answer:
    """On to a page of the course, after a form."""
    return redirect(url(f"selfhelp.{endpoint}", **more), 303)


def shown(visit: Visit) -> dict[str, Any]:
    """What every page says about what was written: whether there is any, and when it goes."""
    gone_at = None if visit.gone_at is None else format_time(lines.local(g.line, visit.gone_at), "HH:mm", rebase=False)
    until = None if visit.kept_until is None else format_date(visit.kept_until, "d MMMM y")
    epoch = visit.record.epoch
    had = f"{CODE if visit.has_code else HELD}.{epoch}" if epoch else ""
    return {"visit": visit, "record": visit.record, "gone_at": gone_at, "kept_until": until, "had": had}


def epoch_sent() -> str:
    """Which answers the page of the form that was sent had shown."""
    return request.form.get("had", "").partition(".")[2]


def said_gone(visit: Visit) -> str:
    """Say once that what was there before is gone."""
    if not visit.rest_gone:
        return ""
    with contextlib.suppress(sessions.Left):
        service.said_rest_gone(web.visit_cookie(), g.line)
    return GONE


def titles(visit: Visit) -> dict[str, str]:
    """How each module is called."""
    return {slug: said.title for slug, said in visit.content.words[web.language()].items()}


# What the templates of exercises draw with.
DRAWING: Mapping[str, Any] = {
    "cell": forms.cell,
    "longest": forms.longest,
    "cells": showing.cells,
    "column_words": showing.column_words,
    "Given": showing.Given,
    "mark": progress.mark,
    "unfit": showing.unfit,
}


def written() -> str:
    """What a form held that nothing could be done with, to be copied."""
    hidden = ("csrf_token", "had")
    texts_sent = [text for name, text in request.form.items(multi=True) if name not in hidden and "seen." not in name]
    return "\n\n".join(text for text in texts_sent if text.strip())


@selfhelp.errorhandler(BoundElsewhere)
def bound_elsewhere(_: BoundElsewhere) -> Page:
    """Ask before another visit of this browser ends; which one is said on no page of this line."""
    begin = url("public.begin_course_here")
    return render_template("components/other_visit.html", begin=begin, kept_text=written())


@selfhelp.errorhandler(Changed)
def _changed(_: Changed) -> Page:
    """Nothing is closed or erased that the page with the button did not show; it says what is there now."""
    visit = visit_to(g.line.slug, web.language())
    return render_template("selfhelp/changed.html", **shown(visit)), NOT_NOW


@selfhelp.errorhandler(Tampered)
def _unreadable(_: Tampered) -> Page:
    """What is kept can't be opened even with its code: say so, and let go of it."""
    had = f"{CODE}.{store.UNREADABLE}"
    return render_template("selfhelp/unreadable.html", had=had, kept_text=written()), NO_MORE
