"""The counsellor's desk: one page; the socket brings everything that changes."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from helpline import config, web
from helpline.desk import menu
from helpline.lines import service as lines
from helpline.lines import texts

desk = Blueprint("desk", __name__, url_prefix="/console")
desk.app_context_processor(menu.words)


@desk.get("/", endpoint="desk")
def show() -> str:
    """The desk of whoever is signed in; a plain page for those who take no chats."""
    member = current_user
    if not member.takes_chats:
        return render_template("desk/no_desk.html", member=member)
    own = [{"slug": line.slug, "name": line.name} for line in lines.all_lines() if line.slug in member.lines]
    country = next((line.country for line in lines.all_lines() if line.slug in member.lines), None)
    found = {} if country is None else texts.load_help(country, web.language(), config.current().instance_dir)
    return render_template("desk/desk.html", member=member, member_lines=own, help=found)


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
