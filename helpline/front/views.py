"""The front pages: of each line, of all lines together, and the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from helpline import clock, config, web
from helpline.advice import service as advice
from helpline.chat import service as chat
from helpline.chat.states import Action
from helpline.chat.status import shown_status
from helpline.extensions import limiter
from helpline.front import around
from helpline.lines import service, texts
from helpline.lines.models import Line
from helpline.lines.pages import LANG, find_line, limits_of, own_line
from helpline.privacy import sessions

public = Blueprint("public", __name__)


@public.get("/")
def root() -> Response:
    """The line of this host name, else the joint front page where it is switched on."""
    line = own_line()
    if line is not None:
        return redirect(url_for("public.front", lang=_preferred(line), line=line.slug), 303)
    if not service.joint_front_page():
        abort(404)
    return redirect(url_for("public.joint", lang=web.language()), 303)


def _preferred(line: Line) -> str:
    return web.language() if web.language() in line.languages else line.languages[0]


@public.get(f"/{LANG}/")
def joint(lang: str) -> str:
    """The front page of all lines; only where it is switched on."""
    own = own_line()
    if own is not None or not service.joint_front_page():
        abort(404)
    # The young come first: they come in panic.
    lines = sorted(service.all_lines(), key=lambda line: line.slug != "youth")
    entries = [{"line": line, "slug": line.slug, "name": line.name, "status": shown_status(line)} for line in lines]
    return render_template("public/joint.html", lines=entries, help=_shared_help(lines))


def _shared_help(lines: list[Line]) -> dict[str, texts.HelpEntry]:
    """Emergency number and crisis line, where all lines are of one country; else there is none to show for all."""
    countries = {line.country for line in lines}
    if len(countries) != 1:
        return {}
    return texts.load_help(countries.pop(), web.language(), config.current().instance_dir)


@public.get(f"/{LANG}/<line>/")
def front(lang: str, line: str) -> str:
    """The front page of one line."""
    return render_template("public/front.html", status=shown_status(find_line(line, lang)))


@public.get(f"/{LANG}/<line>/what-we-keep/")
def kept(lang: str, line: str) -> str:
    """What is confidential, what is kept, and for how long."""
    found = find_line(line, lang)
    return render_template(
        "public/kept.html",
        limits=limits_of(found),
        retention_days=found.retention_days,
        read_minutes=found.read_after_end_minutes,
    )


@public.get(f"/{LANG}/<line>/what-we-count/")
def counted(lang: str, line: str) -> str:
    """What is counted, what never is, and who sees it."""
    find_line(line, lang)
    return render_template("public/counted.html")


@public.get(f"/{LANG}/<line>/leaving-quickly/")
def leaving(lang: str, line: str) -> str:
    """How the quick exit works and what it can't do."""
    find_line(line, lang)
    return render_template("public/leaving.html")


@public.get(f"/{LANG}/<line>/about/")
def about(lang: str, line: str) -> str:
    """Who we are."""
    find_line(line, lang)
    return render_template("public/about.html")


@public.post(f"/{LANG}/<line>/advice/begin-here")
@limiter.limit(advice.ANSWERS_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)
def begin_here(lang: str, line: str) -> Response:
    """End the visit that this browser has on another line, as its own buttons would, and begin with the advice."""
    return _begun_here(lang, line, around.has_advice, "advice.begin")


@public.post(f"/{LANG}/<line>/self-help/begin-here")
@limiter.limit(advice.ANSWERS_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)
def begin_course_here(lang: str, line: str) -> Response:
    """The same, and begin with the course."""
    return _begun_here(lang, line, around.has_course, "selfhelp.overview")


@public.post(f"/{LANG}/<line>/letters/begin-here")
@limiter.limit(advice.ANSWERS_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)
def begin_letter_here(lang: str, line: str) -> Response:
    """The same, and begin with a letter."""
    return _begun_here(lang, line, lambda: True, "letters.begin")


@public.post(f"/{LANG}/<line>/return/begin-here")
@limiter.limit(advice.ANSWERS_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)
def begin_return_here(lang: str, line: str) -> Response:
    """The same, and enter a code."""
    return _begun_here(lang, line, lambda: True, "returning.enter")


def _begun_here(lang: str, line: str, is_there: Callable[[], bool], beginning: str) -> Response:
    found = find_line(line, lang)
    if not is_there():
        abort(404)
    if not around.bound_to(found):
        chat.quick_exit(request.cookies.get(web.VISIT), Action.LEAVE)
    return redirect(url_for(beginning, lang=lang, line=line), 303)


@public.route("/exit", methods=["GET", "POST"])
def quick_exit() -> Response:
    """Leave at once: the session ends, the counsellor is told, a neutral page takes this one's place.

    A request that another site made only gets the neutral page, so that nobody else can end a visit.
    """
    meant = not web.from_another_site()
    cookie = request.cookies.get(web.VISIT)
    if meant and cookie is not None:
        # First of all, for the first form of a visit may be under way, which has no session yet.
        sessions.leave(sessions.key_of(cookie), clock.now())
        chat.quick_exit(cookie)
    elsewhere = config.current().exit_url
    if request.method == "POST":
        answer: Response = make_response("", 204)
    elif elsewhere:
        answer = redirect(elsewhere, 303)
    else:
        answer = make_response(render_template("public/neutral.html"))
    if meant:
        web.clear_cookie(answer, web.VISIT)
    return answer


@public.app_errorhandler(sessions.Left)
def left_already(_: sessions.Left) -> tuple[Any, int]:
    """To a form that was under way when its visitor left: it did nothing, and the answer shows nothing of us."""
    return web.problem(410, "not_found", "public/neutral.html")
