"""The pages of a course: where somebody is in it, a module each, what they have written. All work without scripts.

No address says what was written: it names a module at most. What a form sent is on the page again whenever it could
not be kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask_babel import format_date, format_time, gettext
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Answer

from helpline import clock, config, web
from helpline.extensions import limiter
from helpline.lines import service as lines
from helpline.lines import texts
from helpline.lines.models import Line
from helpline.lines.pages import LANG, find_line
from helpline.privacy import sessions
from helpline.selfhelp import forms, progress, service, showing
from helpline.selfhelp.course import Exercise, Module
from helpline.selfhelp.forms import Sent
from helpline.selfhelp.loader import Content
from helpline.selfhelp.service import BoundElsewhere, TooMuch, Visit

selfhelp = Blueprint("selfhelp", __name__, url_prefix=f"/{LANG}/<line>/self-help")
Page = str | Answer | tuple[Any, int]
# Many may share an address, and nobody saves an exercise every second.
SENT_BY_ONE_ADDRESS = "120 per minute; 1200 per hour"
COUNTED_OF_ONE_ADDRESS = "60 per minute; 600 per hour"
paced = limiter.limit(SENT_BY_ONE_ADDRESS, exempt_when=web.from_this_machine)
counted = limiter.limit(COUNTED_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)
# What a page says first when a form could not be kept, or came later than what stood there could last.
NOT_SENT, TOO_MANY, TOO_MUCH, WRONG = "not_sent", "too_many", "too_much", "wrong"
GONE, CLOSED = "gone", "closed"
# What a form says it saw: answers in this visit only, or some that are kept under a code.
HELD, CODE = "some", "code"
TOO_BIG, TOO_OFTEN = 413, 429
FILE = "page.txt"


def _line(slug: str, lang: str) -> Line:
    """The line of the path; 404 where it has no course in this language."""
    line = find_line(slug, lang)
    if not service.has_course(line.slug) or lang not in service.content_of(line.slug).words:
        abort(404)
    return line


def _visit(slug: str, lang: str) -> Visit:
    return service.visit_of(request.cookies.get(web.VISIT), _line(slug, lang))


def _module(visit: Visit, slug: str) -> Module:
    return visit.content.course.module(slug) or abort(404)


def _exercise(content: Content, slug: str, key: str) -> Exercise:
    module = content.course.module(slug) or abort(404)
    return module.exercise(key) or abort(404)


def _url(endpoint: str, **more: Any) -> str:
    return url_for(endpoint, lang=web.language(), line=g.line.slug, **more)


def _to(endpoint: str, **more: Any) -> Answer:
    return redirect(_url(f"selfhelp.{endpoint}", **more), 303)


def _count(module: str) -> None:
    """Count this page for the day; whoever asks too often, or has just left, reads it uncounted."""
    with contextlib.suppress(RateLimitExceeded, sessions.Left):
        _counted(module)


@counted
def _counted(module: str) -> None:
    service.seen(web.visit_cookie(), g.line, module)


def _shown(visit: Visit) -> dict[str, Any]:
    """What every page says about what was written: whether there is any, and when it goes."""
    gone_at = None if visit.gone_at is None else format_time(lines.local(g.line, visit.gone_at), "HH:mm", rebase=False)
    until = None if visit.kept_until is None else format_date(visit.kept_until, "d MMMM y")
    return {"visit": visit, "record": visit.record, "gone_at": gone_at, "kept_until": until}


# What went wrong


@selfhelp.errorhandler(BoundElsewhere)
def _bound_elsewhere(_: BoundElsewhere) -> Page:
    """Ask before another visit of this browser ends; which one is said on no page of this line."""
    begin = _url("public.begin_course_here")
    return render_template("components/other_visit.html", begin=begin, kept_text=_written())


@selfhelp.errorhandler(CSRFError)
def _no_token(error: CSRFError) -> Page:
    """A form without our token: what was written stands on the page again, with a fresh one."""
    web.remember_line()
    if request.endpoint != "selfhelp.save" or web.from_another_site() or web.wants_json():
        return web.form_expired(error)
    return _given_back(NOT_SENT, 400)


@selfhelp.errorhandler(RateLimitExceeded)
def _too_often(error: RateLimitExceeded) -> Any:
    """The words that were sent too soon are not lost."""
    if request.endpoint != "selfhelp.save":
        return web.problem(TOO_OFTEN, "rate_limited", "errors/403.html")
    return _given_back(TOO_MANY, TOO_OFTEN)


def _given_back(notice: str, status: int) -> Page:
    """The module with all that the form said."""
    at = request.view_args or {}
    try:
        visit = _visit(at["line"], at["lang"])
        module, exercise = _module(visit, at["slug"]), _exercise(visit.content, at["slug"], at["exercise"])
    except BoundElsewhere as bound:
        return _bound_elsewhere(bound)
    except NotFound:
        return web.problem(404, "not_found", "errors/404.html")
    return _module_page(visit, module, exercise, forms.read(exercise, request.form), notice), status


def _written() -> str:
    """What a form held that nothing could be done with, to be copied."""
    hidden = ("csrf_token", "had")
    texts_sent = [text for name, text in request.form.items(multi=True) if name not in hidden and "seen." not in name]
    return "\n\n".join(text for text in texts_sent if text.strip())


# Where somebody is


@selfhelp.get("/")
def overview(lang: str, line: str) -> Page:
    """What this is, how far one is, what was written and when it goes."""
    visit = _visit(line, lang)
    _count("")
    today = lines.local(g.line, clock.now()).date()
    due = [module.slug for module in progress.due(visit.record, visit.content.course, today)]
    return render_template(
        "selfhelp/overview.html",
        **_shown(visit),
        course=showing.overview(visit.content, lang, visit.record, due),
        titles=_titles(visit),
        has_plan=bool(visit.content.course.plan),
        notice=_said_gone(visit),
    )


def _titles(visit: Visit) -> dict[str, str]:
    return {slug: said.title for slug, said in visit.content.words[web.language()].items()}


def _said_gone(visit: Visit) -> str:
    """Say once that what was there before is gone."""
    if not visit.rest_gone:
        return ""
    with contextlib.suppress(sessions.Left):
        service.said_rest_gone(web.visit_cookie(), g.line)
    return GONE


# Modules


@selfhelp.get("/<slug>/")
def module(lang: str, line: str, slug: str) -> Page:
    """One module with its exercises."""
    visit = _visit(line, lang)
    found = _module(visit, slug)
    _count(slug)
    return _module_page(visit, found, notice=_said_gone(visit))


def _module_page(
    visit: Visit, module: Module, sent_of: Exercise | None = None, sent: Sent | None = None, notice: str = ""
) -> str:
    lang, record = web.language(), visit.record
    course, words = visit.content.course, visit.content.words[lang]
    entries = texts.load_help(g.line.country, lang, config.current().instance_dir, line=g.line.slug)
    today = lines.local(g.line, clock.now()).date()
    following = progress.suggested(record, course, module.slug) if module.number else None
    return render_template(
        "selfhelp/module.html",
        **_shown(visit),
        module=module,
        words=words[module.slug],
        many=len(course.modules),
        sections=visit.content.sections(lang, module.slug),
        parts=list(showing.parts(visit.content, lang, record, module, entries)),
        titles=_titles(visit),
        many_exercises=len(module.exercises) > 1,
        has_timer=any(asked.kind == "timer" for exercise in module.exercises for asked in exercise.fields),
        values=record.answers if sent is None else {**record.answers, **sent.values},
        marks=_marks(visit, module) | (dict(sent.seen) if sent else {}),
        sent_of=sent_of.key if sent_of else None,
        sent=sent or Sent(),
        notice=notice,
        done_on=record.done.get(module.slug) if module not in progress.due(record, course, today) else None,
        following=following,
        had=CODE if visit.has_code else "" if record.is_empty else HELD,
        offers_code=not visit.has_code and bool(record.answers),
        first_saved=_exercises_with_answers(record) == 1,
        **DRAWING,
    )


# What the templates of exercises draw with.
DRAWING: Mapping[str, Any] = {
    "cell": forms.cell,
    "longest": forms.longest,
    "cells": showing.cells,
    "column_words": showing.column_words,
    "Given": showing.Given,
    "mark": progress.mark,
}


def _marks(visit: Visit, module: Module) -> dict[str, str]:
    return {
        asked.address: progress.mark(visit.record.answers.get(asked.address))
        for exercise in module.exercises
        for asked in exercise.fields
    }


def _exercises_with_answers(record: progress.Record) -> int:
    return len({address.rpartition(".")[0] for address in record.answers})


@selfhelp.get("/<slug>/<exercise>/")
def at_exercise(lang: str, line: str, slug: str, exercise: str) -> Page:
    """An exercise has no page of its own: it stands in its module."""
    _exercise(service.content_of(_line(line, lang).slug), slug, exercise)
    return _to("module", slug=slug, _anchor=f"exercise-{exercise}")


@selfhelp.post("/<slug>/<exercise>/")
@paced
def save(lang: str, line: str, slug: str, exercise: str) -> Page:
    """Keep an exercise. What can't be kept comes back with all the rest of it."""
    visit = _visit(line, lang)
    asked = _exercise(visit.content, slug, exercise)
    sent = forms.read(asked, request.form)
    if not sent.is_whole:
        return _module_page(visit, _module(visit, slug), asked, sent, WRONG), TOO_BIG
    cookie = web.visit_cookie()
    try:
        kept = service.write(cookie, g.line, asked, dict(sent.values), dict(sent.seen))
    except TooMuch:
        return _module_page(visit, _module(visit, slug), asked, sent, TOO_MUCH), TOO_BIG
    if notice := _lapsed(visit, kept):
        _said_gone(kept)
        return _module_page(kept, _module(kept, slug), asked, notice=notice)
    return _to("module", slug=slug, _anchor=f"exercise-{exercise}")


def _lapsed(before: Visit, kept: Visit) -> str:
    """What to say when the visit that this form was opened in had ended before it was sent."""
    had = request.form.get("had", "")
    if had == CODE and not kept.has_code:
        return CLOSED
    return GONE if had == HELD and before.record.is_empty else ""


@selfhelp.post("/<slug>/beside")
@paced
def beside(lang: str, line: str, slug: str) -> Page:
    """A text that lies beside a field goes back into it, or away."""
    visit = _visit(line, lang)
    address, which = request.form.get("field", ""), request.form.get("which", "")
    exercise = address.split(".")[1] if address.count(".") == 2 else ""
    _exercise(visit.content, slug, exercise)
    change = service.take_back if request.form.get("choice") == "back" else service.throw_away
    change(web.visit_cookie(), g.line, address, which)
    return _to("module", slug=slug, _anchor=f"exercise-{exercise}")


@selfhelp.post("/<slug>/done")
@paced
def done(lang: str, line: str, slug: str) -> Page:
    """Done with a module: on to the next one."""
    visit = _visit(line, lang)
    found = _module(visit, slug)
    service.finish(web.visit_cookie(), g.line, found.slug)
    following = progress.suggested(visit.record, visit.content.course, slug) if found.number else None
    return _to("overview") if following is None else _to("module", slug=following.slug)


# The plan on one page


@selfhelp.route("/plan/", methods=["GET", "POST"])
def plan(lang: str, line: str) -> Page:
    """All that belongs to the plan, to print; without what was ticked. Nothing of that choice is kept."""
    visit = _planned(line, lang)
    groups = showing.gathered(visit.content, lang, visit.record)
    return render_template(
        "selfhelp/plan.html",
        **_shown(visit),
        groups=groups,
        out=frozenset(request.form.getlist("out")),
        back=visit.content.course.plan,
        **DRAWING,
    )


@selfhelp.route("/plan/file", methods=["GET", "POST"])
def plan_file(lang: str, line: str) -> Page:
    """The same as a text file; its name tells nothing."""
    visit = _planned(line, lang)
    out = frozenset(request.form.getlist("out"))
    groups = showing.without(showing.gathered(visit.content, lang, visit.record), out)
    answer = Response(showing.as_text(gettext("My page"), groups), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f"attachment; filename={FILE}"
    return answer


def _planned(line: str, lang: str) -> Visit:
    visit = _visit(line, lang)
    if not visit.content.course.plan:
        abort(404)
    return visit
