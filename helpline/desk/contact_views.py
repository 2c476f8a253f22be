"""Contacts that no chat registers by itself: what came by telephone, e-mail or letter, and what nobody answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from helpline import clock, web
from helpline.contacts import service as contacts
from helpline.desk import contact_marks as marks
from helpline.desk.contact_forms import MOST_AT_ONCE, AnsweredForm, MissedForm
from helpline.desk.contact_marks import Entry, Mark
from helpline.desk.wrap_up_views import open_ones
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.stats.words import word

by_hand = Blueprint("contacts", __name__, url_prefix="/console/contacts")
Page = str | Response | tuple[Any, int]
UNFIT = 422
ANSWERED, MISSED = "answered", "missed"


@by_hand.before_request
def _refuse_others() -> Page | None:
    """Whoever takes no chats registers no contacts."""
    if not current_user.takes_chats:
        refused: Page = web.problem(403, "forbidden", "desk/contact_refused.html", member=current_user)
        return refused
    return None


def _own() -> list[Line]:
    return [line for line in lines.all_lines() if line.slug in current_user.lines]


def _line() -> Line:
    """The line of `?line=`, the member's first one without it; 404 for any other."""
    own = _own()
    return next((line for line in own if line.slug == request.args.get("line", own[0].slug)), None) or abort(404)


@by_hand.get("/", endpoint="all")
def show() -> Page:
    """What is still to be described, and the ways to the forms."""
    by_slug = {line.slug: line for line in _own()}
    return render_template(
        "desk/contacts.html",
        member=current_user,
        own=list(by_slug.values()),
        items=open_ones(current_user),
        by_slug=by_slug,
        ended=lambda item: lines.local(by_slug[item.line], item.ended_at),
        open_until=lambda item: _told(by_slug[item.line], item.ended_at + contacts.WRAP_UP_OPEN),
    )


# Answered


@by_hand.get("/answered/", endpoint="answered")
def show_answered() -> Page:
    """The form for a call, e-mail or letter that was answered."""
    line = _line()
    return _answered_page(line, _fresh(AnsweredForm(line, formdata=None), line))


@by_hand.post("/answered/", endpoint="add_answered")
def add_answered() -> Page:
    """Count it, once, and show the form for the next one."""
    line, now = _line(), clock.now()
    form = AnsweredForm(line)
    mark = marks.mark_in(form.mark.data or "") or abort(400)
    fits = form.validate()
    at = form.moment(line, now)
    if not fits or at is None:
        return _answered_page(line, form), UNFIT
    minutes = int(form.minutes.data) if (form.minutes.data or "").strip() else None
    entry = Entry(line.slug, ANSWERED, mark.name, 1, now + marks.UNDO)
    try:
        contacts.record_by_hand(
            line,
            channel=form.channel.data,
            at=at,
            answers=form.answers(),
            minutes=minutes,
            language=form.language.data,
            key=entry.keys[0],
        )
    except contacts.BadAnswer:
        form.topics.errors = [_("One of these topics is not there any more. Choose again.")]
        return _answered_page(line, form), UNFIT
    except contacts.AlreadyCounted:
        return _answered_page(line, _next(form, line), _saved_before(entry, mark))
    said = f"{word('channel', form.channel.data)}, {_told(line, at)}"
    return _answered_page(line, _next(form, line), _saved(entry, said))


def _answered_page(line: Line, form: AnsweredForm, saved: dict[str, Any] | None = None) -> str:
    return _page("desk/contact_answered.html", line, form, saved)


# Missed


@by_hand.get("/missed/", endpoint="missed")
def show_missed() -> Page:
    """The form for contacts that nobody answered."""
    line = _line()
    return _missed_page(line, _fresh(MissedForm(formdata=None), line))


@by_hand.post("/missed/", endpoint="add_missed")
def add_missed() -> Page:
    """Count them, all or none, and show the form for the next ones."""
    line, now = _line(), clock.now()
    form = MissedForm()
    mark = marks.mark_in(form.mark.data or "") or abort(400)
    fits = form.validate()
    at = form.moment(line, now)
    if not fits or at is None:
        return _missed_page(line, form), UNFIT
    channel, _dash, cause = form.what.data.partition("-")
    many = int(form.many.data or 1)
    entry = Entry(line.slug, MISSED, mark.name, many, now + marks.UNDO)
    try:
        contacts.missed_by_hand(line, channel=channel, cause=cause, at=at, keys=entry.keys, test=form.test.data)
    except contacts.AlreadyCounted:
        return _missed_page(line, _next(form, line), _saved_before(entry, mark))
    said = ngettext(
        "%(num)s missed contact, %(channel)s, %(when)s",
        "%(num)s missed contacts, %(channel)s, %(when)s",
        many,
        channel=word("channel", channel),
        when=_told(line, at),
    )
    return _missed_page(line, _next(form, line), _saved(entry, said))


def _missed_page(line: Line, form: MissedForm, saved: dict[str, Any] | None = None) -> str:
    return _page("desk/contact_missed.html", line, form, saved)


# Both


def _page(template: str, line: Line, form: AnsweredForm | MissedForm, saved: dict[str, Any] | None) -> str:
    here = lines.local(line, clock.now())
    shown = {
        "member": current_user,
        "own": _own(),
        "told_line": line,
        "form": form,
        "saved": saved,
        "here": here,
        "word": word,
    }
    return render_template(template, **shown)


def _fresh(form: Any, line: Line) -> Any:
    """An empty form of this moment, with a mark of its own."""
    now = clock.now()
    form.begin(lines.local(line, now))
    form.mark.data = marks.new(now).packed()
    return form


def _next(sent: Any, line: Line) -> Any:
    """The form for the next one: same way, same day; the time only where it is now."""
    form = _fresh(
        AnsweredForm(line, formdata=None) if isinstance(sent, AnsweredForm) else MissedForm(formdata=None), line
    )
    if form.day.data != sent.day.data:
        form.day.data, form.clock.data = sent.day.data, ""
    if isinstance(sent, AnsweredForm):
        form.channel.data = sent.channel.data
    else:
        form.what.data = sent.what.data
    return form


def _told(line: Line, at: datetime) -> str:
    here = lines.local(line, at)
    return f"{format_date(here.date(), 'd MMMM y')}, {here:%H:%M}"


def _saved(entry: Entry, said: str) -> dict[str, Any]:
    return {"said": said, "again": False, "entry": entry.packed()}


def _saved_before(entry: Entry, mark: Mark) -> dict[str, Any]:
    """A form that came again counts once; it can be taken back as long as it can't have been saved longer ago."""
    until = mark.made_at + marks.UNDO
    # It may say another number by now: all of its rows are meant.
    whole = replace(entry, many=MOST_AT_ONCE if entry.kind == MISSED else 1, until=until)
    return {"said": "", "again": True, "entry": whole.packed() if clock.now() <= until else None}


@by_hand.post("/undo", endpoint="undo")
def undo() -> Page:
    """Take back what was saved a moment ago, in the same sign-in."""
    entry = marks.entry_in(request.form.get("entry", "")) or abort(400)
    line = next((line for line in _own() if line.slug == entry.line), None) or abort(404)
    undone = clock.now() <= entry.until and contacts.take_back(line, entry.keys)
    form = AnsweredForm(line, formdata=None) if entry.kind == ANSWERED else MissedForm(formdata=None)
    shown = {"said": "", "again": False, "entry": None, "undone": undone}
    template = "desk/contact_answered.html" if entry.kind == ANSWERED else "desk/contact_missed.html"
    return _page(template, line, _fresh(form, line), shown)
