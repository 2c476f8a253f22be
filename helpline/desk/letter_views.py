"""The inbox of letters: claimed, answered, read by a second one. What can't be done is said, and nothing is lost."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_date, format_datetime
from flask_login import current_user
from werkzeug.wrappers import Response

from helpline import web
from helpline.letters import service as letters
from helpline.letters.service import Item, NoAccess, NotDone, Opened, Refused, State
from helpline.lines import service as lines
from helpline.lines.models import Line

inbox = Blueprint("inbox", __name__, url_prefix="/console/letters")
Page = str | Response | tuple[Any, int]
NOT_DONE = 409
# What is listed under each of the words above the list.
SHOWN = {"open": letters.UNANSWERED, "answered": (State.ANSWERED,), "closed": (State.CLOSED,)}
# The letter is still this member's own: the page comes again with the text in its field.
STILL_OWN = frozenset({"changed", "visitor_wrote", "second_reader", "unlisted", "invalid", "too_long"})


@inbox.before_request
def _refuse_others() -> Page | None:
    if not current_user.takes_chats:
        refused: Page = web.problem(403, "forbidden", "desk/letters_refused.html", member=current_user)
        return refused
    return None


@inbox.errorhandler(NoAccess)
def _no_access(error: NoAccess) -> Page:
    status = 404 if error.code == "not_found" else 403
    page: Page = web.problem(status, error.code, "desk/letters_lost.html", **_lost(error.code, ""))
    return page


@inbox.errorhandler(NotDone)
def _not_done(told: NotDone) -> Page:
    page: Page = web.problem(NOT_DONE, "wrong_state", "desk/letters_lost.html", **_lost(told.code, told.text))
    return page


def _lost(code: str, text: str) -> dict[str, Any]:
    return {"member": current_user, "why": code, "kept_text": text}


def _by_slug() -> dict[str, Line]:
    return {line.slug: line for line in lines.all_lines()}


def _number(name: str) -> int:
    given = request.form.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0


# The list


@inbox.get("/", endpoint="list")
def show_list() -> Page:
    """The letters of one's lines, the one that is due first in front."""
    shown = request.args.get("show", "open")
    by_slug = _by_slug()
    return render_template(
        "desk/letters.html",
        member=current_user,
        shown=shown if shown in SHOWN else "open",
        items=letters.inbox(current_user, SHOWN.get(shown, SHOWN["open"])),
        gone=letters.gone(current_user),
        by_slug=by_slug,
        when=lambda item, moment: _when(by_slug[item.line], moment),
        day=lambda on: format_date(on, "d MMMM"),
        sent="sent" in request.args,
    )


def _when(line: Line, moment: Any) -> str:
    return str(format_datetime(lines.local(line, moment), "EEE d MMM HH:mm", rebase=False))


@inbox.post("/gone/<key>", endpoint="put_away")
def put_away(key: str) -> Page:
    """The notice was read."""
    letters.put_away(current_user, key)
    return redirect(url_for("inbox.list"), 303)


# One letter


@inbox.get("/<letter_id>/", endpoint="letter")
def show(letter_id: str) -> Page:
    """The letter, for whoever may read it; else what is known without reading it, and how to claim it."""
    try:
        return _letter_page(letters.open_letter(current_user, letter_id))
    except NoAccess as error:
        item = next((item for item in letters.inbox(current_user) if item.id == letter_id), None)
        if error.code != "forbidden" or item is None:
            raise
        return _closed_page(item)


def _closed_page(item: Item) -> str:
    line = lines.get_line(item.line)
    fits = item.language in current_user.languages
    return render_template(
        "desk/letter_closed.html",
        member=current_user,
        item=item,
        told_line=line,
        fits=fits,
        when=lambda moment: _when(line, moment),
    )


def _letter_page(opened: Opened, error: str = "", text: str | None = None, findings: tuple[str, ...] = ()) -> str:
    line = lines.get_line(opened.item.line)
    return render_template(
        "desk/letter.html",
        member=current_user,
        opened=opened,
        item=opened.item,
        told_line=line,
        when=lambda moment: _when(line, moment),
        day=lambda on: format_date(on, "d MMMM y"),
        body=opened.draft.body if text is None else text,
        client_id=uuid.uuid4().hex,
        error=error,
        findings=findings,
        longest=letters.MAX_BODY,
        may_allow="supervisor" in current_user.roles,
    )


def _back(letter_id: str) -> Response:
    return redirect(url_for("inbox.letter", letter_id=letter_id), 303)


@inbox.post("/<letter_id>/claim", endpoint="claim")
def claim(letter_id: str) -> Page:
    """Take it to answer it."""
    letters.claim(current_user, letter_id)
    return _back(letter_id)


@inbox.post("/<letter_id>/release", endpoint="release")
def release(letter_id: str) -> Page:
    """Give it back, with its draft."""
    letters.release(current_user, letter_id)
    return redirect(url_for("inbox.list"), 303)


@inbox.post("/<letter_id>/write", endpoint="write")
def write(letter_id: str) -> Page:
    """Keep the draft, give it to a second reader, or send it: `deed` is the button that was pressed."""
    body, version, seen = request.form.get("body", ""), _number("version"), _number("seen")
    deed = request.form.get("deed", "save")
    try:
        if deed in ("send", "allow"):
            client_id = request.form.get("client_id", "")
            letters.answer(current_user, letter_id, body, version, seen, client_id, allow=deed == "allow")
            return redirect(url_for("inbox.list", sent="yes"), 303)
        if deed in ("submit", "ask"):
            letters.submit(current_user, letter_id, body, version, seen, ask=deed == "ask")
            return redirect(url_for("inbox.list"), 303)
        letters.save_draft(current_user, letter_id, body, version)
        return _back(letter_id)
    except NotDone as told:
        return _again(letter_id, told.code, told.text, told.findings)
    except Refused as refused:
        return _again(letter_id, refused.code, body)


@inbox.post("/<letter_id>/check", endpoint="check")
def check(letter_id: str) -> Page:
    """The second reader sends it as it was shown, or sends it back with a remark."""
    version, seen, deed = _number("version"), _number("seen"), request.form.get("deed", "")
    remark = request.form.get("remark", "")
    try:
        if deed == "send_back":
            letters.send_back(current_user, letter_id, remark, version)
        else:
            letters.approve(current_user, letter_id, version, seen, allow=deed == "allow")
    except NotDone as told:
        return _again(letter_id, told.code, remark, told.findings)
    except Refused as refused:
        return _again(letter_id, refused.code, remark)
    return redirect(url_for("inbox.list"), 303)


def _again(letter_id: str, code: str, text: str, findings: tuple[str, ...] = ()) -> Page:
    """The page as it is now, with what was written still in its field and why nothing was done."""
    if code not in STILL_OWN:
        raise NotDone(code, text)
    return _letter_page(letters.open_letter(current_user, letter_id), code, text, findings), NOT_DONE


@inbox.post("/<letter_id>/take-back", endpoint="take_back")
def take_back(letter_id: str) -> Page:
    """Go on writing although a colleague was to read it."""
    letters.take_back(current_user, letter_id)
    return _back(letter_id)


@inbox.post("/<letter_id>/close", endpoint="close")
def close(letter_id: str) -> Page:
    """Nothing more is to be written from here."""
    try:
        letters.close_letter(current_user, letter_id, _number("seen"))
    except NotDone as told:
        return _again(letter_id, told.code, "")
    return redirect(url_for("inbox.list"), 303)
