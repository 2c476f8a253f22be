"""The counsellor's desk: one page; the socket brings everything that changes."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from helpline import clock, config, web
from helpline.desk import menu
from helpline.lines import service as lines
from helpline.lines import texts
from helpline.lines.models import Line
from helpline.staff import service as staff
from helpline.staff.service import Member

desk = Blueprint("desk", __name__, url_prefix="/console")
desk.app_context_processor(menu.words)


@desk.get("/", endpoint="desk")
def show() -> str | Response:
    """The desk of whoever is signed in. Those who take no chats come to their own first room, or to a plain page."""
    member = current_user
    if not member.takes_chats:
        first = menu.entries(member)[0].path
        # What all staff may read is nobody's own room.
        if first != url_for("content.lines"):
            return redirect(first, 303)
        return render_template("desk/no_desk.html", member=member)
    own = [line for line in lines.all_lines() if line.slug in member.lines]
    found = texts.load_help(own[0].country, web.language(), config.current().instance_dir) if own else {}
    told = {"member": member, "member_lines": own, "serving": _to_serve(member, own)}
    return render_template("desk/desk.html", help=found, **told)


def _to_serve(member: Member, own: list[Line]) -> str:
    """The line that the desk begins with: the one served last, else one that is open now, else the first."""
    last, now = staff.duty_of(member.id).line, clock.now()
    if any(line.slug == last for line in own):
        return last or ""
    return next((line.slug for line in own if lines.opening(line, now).open), own[0].slug if own else "")


@desk.get("/language/<lang>")
def change_language(lang: str) -> Response:
    """Show the console in this language from now on."""
    if lang not in web.LANGUAGES:
        abort(404)
    answer = redirect(url_for("desk.desk"), 303)
    answer.set_cookie(
        "lang", lang, path="/console", max_age=31536000, httponly=True, samesite="Lax", secure=config.current().over_tls
    )
    return answer
