"""The pages of the advice: a question each, then what to do now. All of them work without scripts.

What was answered is in no address: a page is known by its number only, and the answers decide what stands on it.
"""

from __future__ import annotations

import contextlib
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from helpline import config, web
from helpline.advice import service
from helpline.advice.service import BoundElsewhere, Visit
from helpline.advice.tree import RATHER_NOT, UNKNOWN, Advice, NotInTheTree, Question, Walk
from helpline.contacts import service as contacts
from helpline.extensions import limiter
from helpline.lines import texts
from helpline.lines.models import Line
from helpline.lines.pages import LANG, find_line
from helpline.privacy import sessions

advice = Blueprint("advice", __name__, url_prefix=f"/{LANG}/<line>/advice")
Page = str | Response | tuple[Any, int]
paced = limiter.limit(service.ANSWERS_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)
# What a question says first: after two hours nothing is left of a session; or it holds all but answers; or they have
# changed elsewhere, and what was sent answered another question.
GONE, NONE, CHANGED = "gone", "none", "changed"


def _line(slug: str, lang: str) -> Line:
    """The line of the path; 404 where it has no advice."""
    line = find_line(slug, lang)
    if not service.has_advice(line.slug):
        abort(404)
    return line


def _visit(slug: str, lang: str) -> Visit:
    return service.visit_of(request.cookies.get(web.VISIT), _line(slug, lang))


@advice.errorhandler(BoundElsewhere)
def _bound_elsewhere(_: BoundElsewhere) -> Page:
    """Ask before another visit of this browser ends; which one is said on no page of this line."""
    if request.method == "POST":
        return redirect(_url("advice.begin"), 303)
    return render_template("components/other_visit.html", begin=_url("public.begin_here"))


@advice.errorhandler(CSRFError)
def _no_token(error: CSRFError) -> Any:
    """An answer that came without our cookie could never be kept: say so, and where there is help without it."""
    web.remember_line()
    blocked = not sessions.is_cookie(request.cookies.get(web.VISIT)) and "text" not in request.form
    if not blocked or web.wants_json() or "line" not in g or not service.has_advice(g.line.slug):
        return web.form_expired(error)
    return render_template("advice/no_cookie.html"), 400


def _url(endpoint: str, **more: Any) -> str:
    return url_for(endpoint, lang=web.language(), line=g.line.slug, **more)


def _step_url(step: int) -> str:
    return _url("advice.begin") if step <= 1 else _url("advice.question", step=step)


def _last_step(walk: Walk) -> int:
    return walk.step if isinstance(walk.place, Question) else walk.step - 1


def _last_question(visit: Visit) -> Response:
    """To the last question that these answers reach; the first one says why it is asked again."""
    if not visit.walk.answers:
        _leave_notice(GONE if not visit.there else NONE)
    return redirect(_step_url(_last_step(visit.walk)), 303)


def _leave_notice(notice: str) -> None:
    """Kept in the session, never in an address; a browser that never was here is told nothing."""
    cookie = request.cookies.get(web.VISIT)
    if cookie is not None and sessions.is_cookie(cookie):
        # Whoever has just left gets nothing kept again.
        with contextlib.suppress(RateLimitExceeded, sessions.Left):
            _keep_notice(cookie, notice)


@paced
def _keep_notice(cookie: str, notice: str) -> None:
    service.leave_notice(cookie, notice)


# Questions


@advice.get("/")
def begin(lang: str, line: str) -> Page:
    """What this is, and the first question."""
    return _question_page(_visit(line, lang), 1)


@advice.get("/step/<int:step>/")
def question(lang: str, line: str, step: int) -> Page:
    """The question of this number, as far as the answers before it reach."""
    return _question_page(_visit(line, lang), step)


def _question_page(visit: Visit, step: int, notice: str = "") -> Page:
    whole = visit.walk
    try:
        place = visit.before(step).place
    except NotInTheTree:
        return _last_question(visit)
    if not isinstance(place, Question):
        return redirect(_url("advice.yours"), 303)
    if visit.notice:
        service.forget_notice(web.visit_cookie())
    return render_template(
        "advice/question.html",
        question=place,
        words=visit.content.question(place, web.language()),
        soft=(UNKNOWN, RATHER_NOT),
        step=step,
        chosen=whole.answers[step - 1][1] if step <= len(whole.answers) else None,
        back=_step_url(step - 1) if step > 1 else None,
        here=None if step == whole.step else _here(whole),
        notice=notice or visit.notice,
    )


def _here(walk: Walk) -> str:
    return _url("advice.yours") if isinstance(walk.place, Advice) else _step_url(walk.step)


@advice.post("/step/<int:step>/")
@paced
def answer(lang: str, line: str, step: int) -> Page:
    """Keep the answer and go on."""
    found, asked = _line(line, lang), request.form.get("question")
    try:
        walk = service.answer(web.visit_cookie(), found, step, request.form.get("answer", ""), asked)
    except NotInTheTree:
        return _asked_again(_visit(line, lang), step, asked)
    return redirect(_here(walk) if step + 1 >= walk.step else _step_url(step + 1), 303)


def _asked_again(visit: Visit, step: int, asked: str | None) -> Page:
    """The question that stands at this step by now, else the last one; it says why where it is another one."""
    at = max(1, min(step, _last_step(visit.walk)))
    notice = ""
    if step > 1 and not visit.walk.answers:
        notice = GONE if not visit.there else NONE
    elif step != at or asked not in (None, visit.before(at).place.id):
        notice = CHANGED
    return _question_page(visit, at, notice)


@advice.post("/over")
@paced
def over(lang: str, line: str) -> Page:
    """Forget all answers and begin again."""
    service.start_again(web.visit_cookie(), _line(line, lang))
    return redirect(_url("advice.begin"), 303)


# The advice


@advice.get("/yours/")
def yours(lang: str, line: str) -> Page:
    """The advice that fits the answers."""
    return _advice_page(_visit(line, lang), "advice/yours.html")


@advice.get("/yours/print/")
def on_paper(lang: str, line: str) -> Page:
    """The advice alone, unfolded, to print: no answers, no address of this site."""
    return _advice_page(_visit(line, lang), "advice/print.html")


def _advice_page(visit: Visit, template: str) -> Page:
    walk = visit.walk
    if not isinstance(walk.place, Advice):
        return _last_question(visit)
    lang = web.language()
    entries = texts.load_help(g.line.country, lang, config.current().instance_dir, line=g.line.slug)
    sections = service.composed(visit.content, walk.place, walk.known, lang, entries)
    return render_template(
        template,
        words=visit.content.advice(walk.place, lang),
        urgent=walk.place.urgent,
        sections=sections,
        has_chat=service.leads_to_the_chat(sections),
        answers=service.told(visit.content, walk, lang),
        step_url=_step_url,
        back=_step_url(walk.step - 1),
        helped=walk.place.id in visit.helped,
        asks_if_helped=visit.may_say_if_it_helped(walk.place),
    )


@advice.post("/yours/helped")
@paced
def helped(lang: str, line: str) -> Page:
    """Count whether it helped."""
    found, given = _line(line, lang), request.form.get("helped")
    if given in contacts.HELPED:
        service.say_if_it_helped(web.visit_cookie(), found, given)
    return redirect(f"{_url('advice.yours')}#helped", 303)


@advice.get("/bring/")
def bring(lang: str, line: str) -> Page:
    """The answers as a text, to be read and changed before a counsellor gets it, or not."""
    visit = _visit(line, lang)
    text = service.in_own_words(visit.content, visit.walk, web.language())
    if not text:
        return redirect(_url("visitor.join"), 303)
    return render_template("visitor/bring.html", text=text, error="")


@advice.post("/bring/")
def bring_in_other_language(lang: str, line: str) -> Page:
    """The same page in this language, with what was changed; what nobody changed is put into its words."""
    found, text = _line(line, lang), request.form.get("text", "").replace("\r\n", "\n")
    try:
        visit = service.visit_of(request.cookies.get(web.VISIT), found)
    except BoundElsewhere:
        return render_template("visitor/bring.html", text=text, error="", asks_other=True)
    own = {code: service.in_own_words(visit.content, visit.walk, code) for code in found.languages}
    return render_template("visitor/bring.html", text=own[lang] if text in own.values() else text, error="")
