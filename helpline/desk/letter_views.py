"""The inbox of letters: claimed, answered, read by a second one. What can't be done is said, and nothing is lost."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask_babel import format_date, format_datetime
from flask_login import current_user
from werkzeug.wrappers import Response

from helpline import config, web
from helpline.letters import service as letters
from helpline.letters.service import Item, NoAccess, NotDone, Opened, Refused, State
from helpline.lines import service as lines
from helpline.lines import texts
from helpline.lines.models import Line
from helpline.lines.texts import HelpEntry
from helpline.lines.unlisted import in_pieces

inbox = Blueprint("inbox", __name__, url_prefix="/console/letters")
Page = str | Response | tuple[Any, int]
NOT_DONE = 409
ON_A_PAGE = 50
# What is listed under each of the words above the list.
SHOWN = {"open": letters.UNANSWERED, "answered": (State.ANSWERED,), "closed": (State.CLOSED,)}
# The letter is still this member's own: the page comes again with the text in its field.
# The protocol's words for what scripts have to tell apart.
TOLD = {"gone": "not_found", "taken": "taken", "too_long": "too_long", "invalid": "invalid"}
STILL_OWN = frozenset({"changed", "visitor_wrote", "second_reader", "unlisted", "invalid", "too_long"})


@inbox.before_request
def _refuse_others() -> Page | None:
    if not current_user.takes_chats:
        told = {"member": current_user, "kept_text": web.written()}
        refused: Page = web.problem(403, "forbidden", "desk/letters_refused.html", **told)
        return refused
    return None


@inbox.errorhandler(NoAccess)
def _no_access(error: NoAccess) -> Page:
    status = 404 if error.code == "not_found" else 403
    page: Page = web.problem(status, error.code, "desk/letters_lost.html", **_lost(error.code, web.written()))
    return page


@inbox.errorhandler(NotDone)
def _not_done(told: NotDone) -> Page:
    code = TOLD.get(told.code, "wrong_state")
    page: Page = web.problem(NOT_DONE, code, "desk/letters_lost.html", **_lost(told.code, told.text or web.written()))
    return page


def _lost(code: str, text: str) -> dict[str, Any]:
    """`stuck`: the letter that nobody can read any more, where this member can get rid of it."""
    at = (request.view_args or {}).get("letter_id") if code == "unreadable" else None
    stuck = next((item for item in letters.inbox(current_user) if item.id == at and item.mine), None)
    # Where the letter is still there, and open to this member or to be claimed.
    again = (request.view_args or {}).get("letter_id") if code in ("wrong_state", "changed") else None
    return {"member": current_user, "why": code, "kept_text": text, "stuck": stuck, "letter_id": again}


def _by_slug() -> dict[str, Line]:
    return {line.slug: line for line in lines.all_lines()}


def _number(name: str) -> int:
    given = request.form.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0


# The list


@inbox.get("/", endpoint="list")
def show_list() -> Page:
    """The letters of one's lines, the one that is due first in front; those in one's own hands above all others."""
    chosen = _chosen()
    by_slug = _by_slug()
    found = [item for item in letters.inbox(current_user, SHOWN[chosen.show]) if chosen.has(item)]
    # What only others may read leads nowhere.
    if chosen.show != "open":
        found = [item for item in reversed(found) if item.known or _supervises()]
    mine = [item for item in found if item.mine or item.to_check]
    rest = [item for item in found if not (item.mine or item.to_check)]
    pages = max(1, -(-len(rest) // ON_A_PAGE))
    page = min(chosen.page, pages)
    return render_template(
        "desk/letters.html",
        member=current_user,
        chosen=chosen,
        mine=mine if page == 1 else [],
        items=rest[(page - 1) * ON_A_PAGE : page * ON_A_PAGE],
        number=len(found),
        page=page,
        pages=pages,
        overdue=sum(item.overdue for item in found),
        sent_back=sum(item.sent_back for item in found),
        to_page=lambda number: url_for("inbox.list", **chosen.arguments(number)),
        own_lines=[line for line in by_slug.values() if line.slug in current_user.lines],
        gone=letters.gone(current_user),
        by_slug=by_slug,
        when=lambda item, moment: _when(by_slug[item.line], moment),
        day=lambda on: format_date(on, "d MMMM"),
        may_release=_supervises(),
        done=request.args.get("done", ""),
    )


@inbox.get("/waiting", endpoint="waiting")
def show_waiting() -> Response:
    """How many wait on each of one's lines, and how many too long, for the board."""
    return jsonify({one.line: {"open": one.open, "overdue": one.overdue} for one in letters.waiting(current_user)})


@dataclass(frozen=True)
class _Chosen:
    """What somebody wants to see of the list."""

    show: str
    line: str
    whose: str
    page: int

    def has(self, item: Item) -> bool:
        """Whether this letter is among it."""
        here = not self.line or item.line == self.line
        return here and (self.whose != "free" or item.state == State.WAITING or item.left)

    def arguments(self, page: int) -> dict[str, str | int | None]:
        """The address of another page of it."""
        return {"show": self.show, "line": self.line or None, "whose": self.whose or None, "page": page}


def _chosen() -> _Chosen:
    show, line, page = (request.args.get(name, "") for name in ("show", "line", "page"))
    return _Chosen(
        show=show if show in SHOWN else "open",
        line=line if line in current_user.lines else "",
        whose="free" if request.args.get("whose") == "free" else "",
        page=max(1, int(page)) if page.isdecimal() and len(page) < 6 else 1,
    )


def _supervises() -> bool:
    return "supervisor" in current_user.roles


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
    body = opened.draft.body if text is None else text
    return render_template(
        "desk/letter.html",
        member=current_user,
        opened=opened,
        item=opened.item,
        told_line=line,
        when=lambda moment: _when(line, moment),
        day=lambda on: format_date(on, "d MMMM y"),
        body=body,
        client_id=uuid.uuid4().hex,
        error=error,
        findings=findings,
        # A second reader's own text is a remark; what was found stands in the draft, which is shown whole.
        refused=in_pieces(opened.draft.body if opened.item.to_check else _lines_with(findings, body), findings),
        listed=_listed(line, opened.item.language) if findings else [],
        longest=letters.MAX_BODY,
        may_allow=_supervises(),
    )


def _lines_with(findings: tuple[str, ...], text: str) -> str:
    return "\n".join(line for line in text.splitlines() if any(what in line for what in findings))


def _listed(line: Line, language: str) -> list[HelpEntry]:
    """What an answer may name instead, as its visitor finds it on the line's own pages."""
    entries = texts.load_help(line.country, language, config.current().instance_dir, line=line.slug)
    return [entry for entry in entries.values() if entry.phone or entry.url or entry.chat_url]


def _back(letter_id: str) -> Response:
    return redirect(url_for("inbox.letter", letter_id=letter_id), 303)


def _list(done: str) -> Response:
    """The list, which says what was done with the letter that is gone from here."""
    return redirect(url_for("inbox.list", done=done), 303)


@inbox.post("/<letter_id>/claim", endpoint="claim")
def claim(letter_id: str) -> Page:
    """Take it to answer it."""
    letters.claim(current_user, letter_id)
    return _back(letter_id)


@inbox.post("/<letter_id>/release", endpoint="release")
def release(letter_id: str) -> Page:
    """Give it back, with its draft."""
    letters.release(current_user, letter_id, holder=request.form.get("holder"))
    return _list("released")


@inbox.post("/<letter_id>/write", endpoint="write")
def write(letter_id: str) -> Page:
    """Keep the draft, give it to a second reader, or send it: `deed` is the button that was pressed."""
    body, version, seen = request.form.get("body", ""), _number("version"), _number("seen")
    deed = request.form.get("deed", "save")
    try:
        if deed in ("send", "allow"):
            client_id = request.form.get("client_id", "")
            letters.answer(current_user, letter_id, body, version, seen, client_id, allow=deed == "allow")
            return _list("sent")
        if deed in ("submit", "ask"):
            letters.submit(current_user, letter_id, body, version, seen, ask=deed == "ask")
            return _list("asked" if deed == "ask" else "submitted")
        saved = letters.save_draft(current_user, letter_id, body, version)
        # A script keeps the draft while it is written.
        return jsonify(ok=True, version=saved) if web.wants_json() else _back(letter_id)
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
    return _list("sent_back" if deed == "send_back" else "approved")


def _again(letter_id: str, code: str, text: str, findings: tuple[str, ...] = ()) -> Page:
    """The page as it is now, with what was written still in its field and why nothing was done."""
    if code not in STILL_OWN or web.wants_json():
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
    return _list("closed")
