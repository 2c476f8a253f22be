"""Where somebody is in a course, and its modules with their exercises. All of it works without scripts.

No address says what was written: it names a module at most. What a form sent is on the page again whenever it could
not be kept.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import structlog
from flask import abort, g, render_template, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from helpline import clock, config, web
from helpline.extensions import limiter
from helpline.lines import service as lines
from helpline.lines import texts
from helpline.privacy import sessions
from helpline.selfhelp import forms, pages, progress, service, showing
from helpline.selfhelp.course import Course, Exercise, Module
from helpline.selfhelp.forms import Sent
from helpline.selfhelp.loader import Content
from helpline.selfhelp.pages import GONE, Page, paced, selfhelp
from helpline.selfhelp.progress import Record
from helpline.selfhelp.service import BoundElsewhere, TooMuch, Visit

log = structlog.get_logger()

COUNTED_OF_ONE_ADDRESS = "60 per minute; 600 per hour"
counted = limiter.limit(COUNTED_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)
# What a page says first when a form could not be kept, or came later than what stood there could last.
NOT_SENT, TOO_MANY, TOO_MUCH, WRONG, FAILED = "not_sent", "too_many", "too_much", "wrong", "failed"
CLOSED, OTHER = "closed", "other"
UNFIT, TOO_BIG, TOO_OFTEN, AWAY = 400, 413, 429, 503
# An exercise that is too long can be given back to be made shorter: with all of it in escapes of nine characters each.
MOST_BYTES_SENT = 1024 * 1024


@selfhelp.url_value_preprocessor
def _room_for_what_is_too_long(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """Before anything reads the form."""
    if endpoint == "selfhelp.save":
        request.max_content_length = request.max_form_memory_size = MOST_BYTES_SENT


def _module(visit: Visit, slug: str) -> Module:
    return visit.content.course.module(slug) or abort(404)


def _exercise(content: Content, slug: str, key: str) -> Exercise:
    module = content.course.module(slug) or abort(404)
    return module.exercise(key) or abort(404)


def _count(module: str) -> None:
    """Count this page for the day; whoever asks too often, only ahead, or has just left, reads it uncounted."""
    ahead = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    if request.method == "HEAD" or "prefetch" in ahead.lower():
        return
    with contextlib.suppress(RateLimitExceeded, sessions.Left):
        _counted(module)


@counted
def _counted(module: str) -> None:
    service.seen(web.visit_cookie(), g.line, module)


# What went wrong


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
        visit = pages.visit_to(at["line"], at["lang"])
        module, exercise = _module(visit, at["slug"]), _exercise(visit.content, at["slug"], at["exercise"])
    except BoundElsewhere as bound:
        return pages.bound_elsewhere(bound)
    except NotFound:
        return web.problem(404, "not_found", "errors/404.html")
    return _module_page(visit, module, exercise, forms.read(exercise, request.form), notice), status


@selfhelp.errorhandler(RequestEntityTooLarge)
def _beyond_all(_: RequestEntityTooLarge) -> Page:
    """So much that it is not even read; what can be done is said."""
    web.remember_line()
    return web.problem(TOO_BIG, "too_long", "selfhelp/beyond.html")


def _not_kept(problem: SQLAlchemyError) -> Page:
    """The database is away: all that was sent is on the page, or where not even that can be made, on a bare one."""
    log.error("request_failed", endpoint=request.endpoint, problem=type(problem).__name__)
    try:
        return _given_back(FAILED, AWAY)
    except SQLAlchemyError:
        return render_template("selfhelp/not_kept.html", kept_text=pages.written()), AWAY


# Where somebody is


@selfhelp.get("/")
def overview(lang: str, line: str) -> Page:
    """What this is, how far one is, what was written and when it goes."""
    visit = pages.visit_to(line, lang)
    _count("")
    today = lines.local(g.line, clock.now()).date()
    due = [module.slug for module in progress.due(visit.record, visit.content.course, today)]
    return render_template(
        "selfhelp/overview.html",
        **pages.shown(visit),
        course=showing.overview(visit.content, lang, visit.record, due),
        titles=pages.titles(visit),
        has_plan=bool(visit.content.course.plan),
        notice=pages.said_gone(visit),
    )


# Modules


@selfhelp.get("/<slug>/")
def module(lang: str, line: str, slug: str) -> Page:
    """One module with its exercises."""
    visit = pages.visit_to(line, lang)
    found = _module(visit, slug)
    _count(slug)
    return _module_page(visit, found, notice=pages.said_gone(visit))


def _module_page(
    visit: Visit, module: Module, sent_of: Exercise | None = None, sent: Sent | None = None, notice: str = ""
) -> str:
    lang, record = web.language(), visit.record
    course, words = visit.content.course, visit.content.words[lang]
    standing = showing.standing(record, module)
    marks = {address: progress.mark(value) for address, value in standing.items()}
    entries = texts.load_help(g.line.country, lang, config.current().instance_dir, line=g.line.slug)
    today = lines.local(g.line, clock.now()).date()
    following = _following(record, course, module)
    return render_template(
        "selfhelp/module.html",
        **pages.shown(visit),
        module=module,
        words=words[module.slug],
        many=len(course.modules),
        sections=visit.content.sections(lang, module.slug),
        parts=list(showing.parts(visit.content, lang, record, module, entries)),
        titles=pages.titles(visit),
        many_exercises=len(module.exercises) > 1,
        has_timer=any(asked.kind == "timer" for exercise in module.exercises for asked in exercise.fields),
        values=standing | (dict(sent.values) if sent else {}),
        marks=marks | (dict(sent.seen) if sent else {}),
        sent_of=sent_of.key if sent_of else None,
        sent=sent or Sent(),
        notice=notice,
        done_on=record.done.get(module.slug) if module not in progress.due(record, course, today) else None,
        following=following,
        offers_code=not visit.has_code and bool(record.answers),
        first_saved=_exercises_with_answers(record) == 1,
        **pages.DRAWING,
    )


def _following(record: Record, course: Course, module: Module) -> Module | None:
    """The module that is suggested behind this one; behind the last there is none, whatever was passed over."""
    is_last = module == course.modules[-1]
    return progress.suggested(record, course, module.slug) if module.number and not is_last else None


def _exercises_with_answers(record: Record) -> int:
    return len({address.rpartition(".")[0] for address in record.answers})


@selfhelp.get("/<slug>/<exercise>/")
def at_exercise(lang: str, line: str, slug: str, exercise: str) -> Page:
    """An exercise has no page of its own: it stands in its module."""
    _exercise(service.content_of(pages.line_of(line, lang).slug), slug, exercise)
    return pages.to("module", slug=slug, _anchor=f"exercise-{exercise}")


@selfhelp.post("/<slug>/<exercise>/")
@paced
def save(lang: str, line: str, slug: str, exercise: str) -> Page:
    """Keep an exercise. What can't be kept comes back with all the rest of it."""
    try:
        return _saved(lang, line, slug, exercise)
    except SQLAlchemyError as problem:
        return _not_kept(problem)


def _saved(lang: str, line: str, slug: str, exercise: str) -> Page:
    visit = pages.visit_to(line, lang)
    asked = _exercise(visit.content, slug, exercise)
    sent = forms.read(asked, request.form)
    if not sent.is_whole:
        return _module_page(visit, _module(visit, slug), asked, sent, WRONG), TOO_BIG if sent.too_long else UNFIT
    try:
        kept = service.write(web.visit_cookie(), g.line, asked, sent.values, sent.seen, pages.epoch_sent())
    except TooMuch:
        return _module_page(visit, _module(visit, slug), asked, sent, TOO_MUCH), TOO_BIG
    is_done = request.form.get("then") == "done"
    if is_done:
        kept = replace(service.finish(web.visit_cookie(), g.line, slug, kept.record.epoch), stale=kept.stale)
    if kept.stale:
        pages.said_gone(kept)
        return _module_page(kept, _module(kept, slug), asked, notice=_of_other_answers(kept))
    return _on_from(kept, slug) if is_done else pages.to("module", slug=slug, _anchor=f"exercise-{exercise}")


def _of_other_answers(kept: Visit) -> str:
    """What to say when a form was of other answers than those among which it is kept now."""
    if kept.has_code:
        return OTHER
    return CLOSED if request.form.get("had", "").startswith(pages.CODE) else GONE


@selfhelp.post("/<slug>/beside")
@paced
def beside(lang: str, line: str, slug: str) -> Page:
    """A text that lies beside a field goes back into it, or away."""
    visit = pages.visit_to(line, lang)
    address, which = request.form.get("field", ""), request.form.get("which", "")
    exercise = address.split(".")[1] if address.count(".") == 2 else ""
    _exercise(visit.content, slug, exercise)
    change = service.take_back if request.form.get("choice") == "back" else service.throw_away
    change(web.visit_cookie(), g.line, address, which, pages.epoch_sent())
    return pages.to("module", slug=slug, _anchor=f"exercise-{exercise}")


@selfhelp.post("/<slug>/done")
@paced
def done(lang: str, line: str, slug: str) -> Page:
    """Done with a module: on to the next one."""
    found = _module(pages.visit_to(line, lang), slug)
    return _on_from(service.finish(web.visit_cookie(), g.line, found.slug, pages.epoch_sent()), slug)


def _on_from(visit: Visit, slug: str) -> Page:
    following = _following(visit.record, visit.content.course, _module(visit, slug))
    # An anchor of its own, or the browser takes along that of the exercise.
    if following is None:
        return pages.to("overview", _anchor="main")
    return pages.to("module", slug=following.slug, _anchor="main")
