"""What a page of one room says about the others on its line, which the rooms themselves may not know."""

from __future__ import annotations

import contextlib
from typing import Any

from babel.dates import get_timezone_location
from flask import g, request
from flask_babel import get_locale

from helpline import clock, config, web
from helpline.advice import service as advice
from helpline.chat import access, routing, service
from helpline.chat.access import NoAccess
from helpline.chat.status import shown_status
from helpline.letters.promise import Promise, promise
from helpline.lines import texts
from helpline.lines.models import Line
from helpline.lines.texts import HelpEntry
from helpline.privacy import sessions
from helpline.selfhelp import service as selfhelp

# The help file for visitors from everywhere else.
ANYWHERE = "int"


def words() -> dict[str, Any]:
    """What every template may ask for; each is looked up only where a page does."""
    return {
        "line_status": line_status,
        "chat_here": chat_here,
        "has_advice": has_advice,
        "advice_to_bring": advice_to_bring,
        "has_course": has_course,
        "takes_letters": takes_letters,
        "letter_promise": letter_promise,
        "offers_letter": routing.offers_letter,
        "long_wait_minutes": routing.LONG_WAIT_MINUTES,
        "line_place": line_place,
        "helps_elsewhere": helps_elsewhere,
    }


def line_status() -> dict[str, Any]:
    """Whether the line of this page takes visitors now; looked up once for a page."""
    if "line_status" not in g:
        g.line_status = shown_status(g.line)
    status: dict[str, Any] = g.line_status
    return status


def has_advice() -> bool:
    """Whether the line of this page has advice to walk to."""
    return "line" in g and advice.has_advice(g.line.slug)


def advice_to_bring() -> str:
    """What this visit has answered in the advice of the line, as its visitor may send it along; '' for nothing.

    What was said yes to for a chat is the visitor's own wording of it.
    """
    cookie = request.cookies.get(web.VISIT)
    if not has_advice() or not bound_to(g.line):
        return ""
    visit = advice.visit_of(cookie, g.line)
    unsent = (sessions.load(cookie, clock.now()) or {}).get(sessions.UNSENT)
    return str(unsent or advice.in_own_words(visit.content, visit.walk, web.language()))


def has_course() -> bool:
    """Whether the line of this page has a course to follow."""
    return "line" in g and selfhelp.has_course(g.line.slug)


def takes_letters() -> bool:
    """Whether the line of this page takes letters."""
    return "line" in g and bool(g.line.letters)


def letter_promise() -> Promise:
    """How soon a letter to the line of this page is answered; looked up once for a page."""
    if "letter_promise" not in g:
        g.letter_promise = promise(g.line, clock.now())
    told: Promise = g.letter_promise
    return told


def line_place() -> str:
    """Where the clock hangs that the line opens by."""
    return str(get_timezone_location(g.line.time_zone, locale=get_locale(), return_city=True))


def helps_elsewhere() -> list[tuple[str, list[HelpEntry]]]:
    """The help of other countries that may be shown here: the name of each country, '' for all the rest, its entries.

    What the line's own country has too is left out: those stand above them.
    """
    line, names = g.line, get_locale().territories
    there = [country for country in texts.countries(config.current().instance_dir) if country != line.country]
    named = sorted((names.get(country.upper(), country.upper()), country) for country in there if country != ANYWHERE)
    named += [("", ANYWHERE)] if ANYWHERE in there else []
    here = {(entry.phone, entry.url) for entry in _helps_of(line, line.country)}
    found = (
        (name, [entry for entry in _helps_of(line, country) if (entry.phone, entry.url) not in here])
        for name, country in named
    )
    return [(name, entries) for name, entries in found if entries]


def _helps_of(line: Line, country: str) -> list[HelpEntry]:
    there = texts.load_help(country, web.language(), config.current().instance_dir, line=line.slug)
    return [entry for entry in there.values() if line.slug in entry.lines]


def chat_here() -> bool:
    """True while this browser has a chat on the line of this page that has not ended; looked up once for a page."""
    if "chat_here" not in g:
        g.chat_here = "line" in g and _live_chat(g.line)
    return bool(g.chat_here)


def _live_chat(line: Line) -> bool:
    try:
        caller = access.visitor_of(request.cookies.get(web.VISIT), clock.now())
    except NoAccess:
        return False
    with contextlib.suppress(NoAccess):
        return bound_to(line) and service.is_live(caller)
    return False


def bound_to(line: Line) -> bool:
    """Whether this browser's visit is one on this line."""
    content = sessions.load(request.cookies.get(web.VISIT), clock.now()) or {}
    return content.get("line") == line.slug
