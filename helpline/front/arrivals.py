"""Whoever comes by the link of a campaign: one more for its day, and the address is without the code from then on."""

from __future__ import annotations

from urllib.parse import urlencode

import structlog
from flask import Flask, redirect, request, url_for
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from helpline import clock, web
from helpline.contacts import campaigns
from helpline.extensions import limiter
from helpline.lines.models import Line
from helpline.lines.pages import find_line, own_line

CODE = "c"
# A school shares an address; more than this is a program.
COUNTS_OF_ONE_ADDRESS = "30 per minute"
WITHOUT_LINE = ("public.root", "public.joint")

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Look at every address of a public page before its view does; begin with nobody on the way."""
    campaigns.forget_arrivals()
    app.before_request(without_code)


def without_code() -> Response | None:
    """Send on to the same address without `?c=`, so that no reload counts again and no tab tells the code."""
    if request.method not in ("GET", "HEAD") or CODE not in request.args:
        return None
    place = request.view_args or {}
    if request.endpoint in WITHOUT_LINE:
        line = own_line()
    elif request.endpoint and {"lang", "line"} <= place.keys():
        line = find_line(place["line"], place["lang"])
    else:
        return None
    if line is not None and not _ahead():
        _count(line, request.args[CODE])
    rest = urlencode([(name, value) for name, value in request.args.items(multi=True) if name != CODE])
    there = url_for(request.endpoint, **place)
    return redirect(f"{there}?{rest}" if rest else there, 303)


def _ahead() -> bool:
    """Whether nobody looks: a program that asks, or a browser that does so in advance."""
    told = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "HEAD" or "prefetch" in told.lower()


def _count(line: Line, code: str) -> None:
    """Nothing that goes wrong with counting is worth an error page."""
    try:
        _counted(line, code)
    except RateLimitExceeded:
        return
    except SQLAlchemyError as error:
        log.warning("arrival_not_counted_yet", problem=type(error).__name__)


@limiter.limit(COUNTS_OF_ONE_ADDRESS, exempt_when=web.from_this_machine)
def _counted(line: Line, code: str) -> None:
    campaigns.count_arrival(line, code.strip().lower(), clock.now())
