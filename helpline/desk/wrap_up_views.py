"""The wrap-up: what a counsellor says about a chat that is over, on a page that the desk shows in its middle."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from helpline import web
from helpline.chat import service as chat
from helpline.contacts import service as contacts
from helpline.contacts.service import PendingWrapUp
from helpline.desk.wrap_up_form import WrapUpForm
from helpline.lines import service as lines
from helpline.staff import service as staff
from helpline.staff.service import Member

wrap_up = Blueprint("wrap_up", __name__, url_prefix="/console/wrap-up")


@wrap_up.before_request
def refuse_others() -> Any:
    """Whoever takes no chats has none to describe."""
    if not current_user.takes_chats:
        return web.problem(403, "forbidden", "desk/wrap_up_refused.html", member=current_user)
    return None


def open_ones(member: Member) -> list[PendingWrapUp]:
    """What this member still has to describe, on the lines they work for now."""
    return [item for item in contacts.pending_wrap_ups(member.id) if item.line in member.lines]


@wrap_up.get("/", endpoint="all")
def show_all() -> Any:
    """What is open still; after one that was heavy also the offer of a rest."""
    by_slug = {line.slug: line for line in lines.all_lines()}
    return render_template(
        "desk/wrap_ups.html",
        member=current_user,
        items=open_ones(current_user),
        by_slug=by_slug,
        ended=lambda item: lines.local(by_slug[item.line], item.ended_at),
        saved="saved" in request.args,
        rest="rest" in request.args,
    )


@wrap_up.get("/<chat_id>/", endpoint="form")
def show(chat_id: str) -> Any:
    """The form of one chat."""
    item = _item(chat_id)
    return _gone() if item is None else _page(item, WrapUpForm(item.line))


@wrap_up.post("/<chat_id>/", endpoint="fill")
def fill(chat_id: str) -> Any:
    """Fill it in; what can't be used is told and loses nothing."""
    item = _item(chat_id)
    if item is None:
        return _gone()
    form = WrapUpForm(item.line)
    if not form.validate_on_submit():
        return _refused(item, form)
    try:
        rest = chat.wrap_up(current_user.id, chat_id, form.answers())
    except contacts.NoWrapUp:
        return _gone()
    except contacts.BadAnswer:
        form.topics.errors = [_("One of these topics is not there any more. Choose again.")]
        return _refused(item, form)
    if web.wants_json():
        return jsonify(ok=True, rest=rest)
    return redirect(url_for("wrap_up.all", saved="yes", rest="yes" if rest else None), 303)


@wrap_up.post("/rest/", endpoint="rest")
def take_a_rest() -> Any:
    """Set the duty to resting, for whoever has no desk open."""
    duty = staff.duty_of(current_user.id)
    chat.change_duty(current_user, "resting", duty.line or min(current_user.lines), duty.capacity)
    return redirect(url_for("desk.desk"), 303)


def _item(chat_id: str) -> PendingWrapUp | None:
    return next((item for item in open_ones(current_user) if item.chat == chat_id), None)


def _page(item: PendingWrapUp, form: WrapUpForm) -> str:
    line = lines.get_line(item.line)
    ended = lines.local(line, item.ended_at)
    return render_template("desk/wrap_up.html", member=current_user, item=item, form=form, told_line=line, ended=ended)


def _refused(item: PendingWrapUp, form: WrapUpForm) -> tuple[Any, int]:
    if web.wants_json():
        return jsonify(ok=False, error="invalid", errors=form.errors), 422
    return _page(item, form), 422


def _gone() -> tuple[Any, int]:
    return web.problem(404, "not_found", "desk/wrap_up_gone.html", member=current_user, items=open_ones(current_user))
