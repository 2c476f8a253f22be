"""Signing in and out of the console, and the guard in front of all its pages."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, Request, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import LoginManager, current_user
from werkzeug.wrappers import Response as AnyResponse

from helpline import addresses, clock, web
from helpline.staff import service
from helpline.staff.forms import SignInForm

HOME = "/console/"
# The page to sign in has a switch of language; everything else in the console is for members only.
OPEN_TO_ALL = frozenset({"staff.sign_in", "staff.try_to_sign_in", "desk.change_language"})
# Where a sign-in may lead on to: plain console paths, so nothing that a browser could read as another host.
_NEXT = re.compile(r"/console/(?!sign-)(?:[A-Za-z0-9_~-]+/?)*(?:\?[A-Za-z0-9_~=&-]*)?", re.ASCII)

staff = Blueprint("staff", __name__, url_prefix="/console")


class ConsoleLogin(LoginManager):
    """Flask-Login over our own session table.

    The original reads the address and user agent, keeps things in the Flask session and hands out a cookie of its
    own. Visitors are promised none of that, so only the loader of requests is left.
    """

    def _load_user(self) -> None:
        self._update_request_context_with_user(self._load_user_from_request(request))


login_manager = ConsoleLogin()


@login_manager.request_loader
def load_member(incoming: Request) -> service.Member | None:
    """Who sends this request; nobody on the pages for visitors."""
    return service.member_for(incoming.cookies.get(web.CONSOLE)) if in_console(incoming.path) else None


def in_console(path: str) -> bool:
    """Whether a path belongs to the console."""
    return path == "/console" or path.startswith(HOME)


def register(app: Flask) -> None:
    """Mount the pages and put the guard in front of the console."""
    # Not init_app(): it would look into the session of every visitor after each answer.
    app.login_manager = login_manager  # type: ignore[attr-defined]  # where Flask-Login looks for it
    app.before_request(guard)
    app.register_blueprint(staff)


def guard() -> AnyResponse | tuple[Response | str, int] | None:
    """Nothing under /console is shown or done, and no unknown path told apart, without a sign-in.

    What somebody wrote whose session is over comes back.
    """
    if not in_console(request.path) or request.endpoint in OPEN_TO_ALL or current_user.is_authenticated:
        return None
    if web.wants_json():
        return jsonify(ok=False, error="unauthorised"), 401
    kept_text = "" if web.from_another_site() else web.written()
    if kept_text:
        return render_template("staff/signed_out.html", kept_text=kept_text), 401
    wanted = request.path if request.method == "GET" and request.path.rstrip("/") != "/console" else None
    return redirect(url_for("staff.sign_in", next=wanted), 303)


def next_page(wanted: str | None) -> str:
    """`wanted` when it is a page of the console, else the desk."""
    return wanted if wanted and _NEXT.fullmatch(wanted) else HOME


@staff.get("/sign-in")
def sign_in() -> Any:
    """The form; who is signed in already goes on."""
    if current_user.is_authenticated:
        return redirect(next_page(request.args.get("next")), 303)
    return render_template("staff/sign_in.html", form=SignInForm(), error=None)


@staff.post("/sign-in")
def try_to_sign_in() -> Any:
    """Check what was typed; a right answer gives the browser a new token in place of the one it had."""
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("staff/sign_in.html", form=form, error=None), 422
    try:
        token = service.sign_in(
            form.login.data or "", form.password.data or "", form.code.data or "", addresses.address_hash()
        )
    except service.SignInRefused as refused:
        return _refusal(form, refused.retry_at)
    service.sign_out(request.cookies.get(web.CONSOLE))
    response = redirect(next_page(request.args.get("next")), 303)
    web.set_console_cookie(response, token)
    return response


def _refusal(form: SignInForm, retry_at: datetime | None) -> Any:
    if retry_at is None:
        error = _("That is not right. Check your sign-in name, your password and the code, and try again.")
        return render_template("staff/sign_in.html", form=form, error=error), 403
    seconds = max(1, math.ceil((retry_at - clock.now()).total_seconds()))
    error = " ".join([_("Too many tries."), _wait(seconds)])
    return render_template("staff/sign_in.html", form=form, error=error), 429, {"Retry-After": str(seconds)}


def _wait(seconds: int) -> str:
    if seconds < 60:
        return ngettext("Try again in %(num)s second.", "Try again in %(num)s seconds.", seconds)
    minutes = math.ceil(seconds / 60)
    return ngettext("Try again in %(num)s minute.", "Try again in %(num)s minutes.", minutes)


@staff.post("/sign-out")
def sign_out() -> Any:
    """End this session and take its cookie away."""
    service.sign_out(request.cookies.get(web.CONSOLE))
    response = redirect(url_for("staff.sign_in"), 303)
    web.clear_cookie(response, web.CONSOLE)
    return response
