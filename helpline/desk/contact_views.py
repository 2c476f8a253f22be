"""Contacts that no chat registers by itself: what came by telephone, e-mail or letter, and what nobody answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from helpline import clock, web
from helpline.chat import service as chat
from helpline.contacts import service as contacts
from helpline.desk import contact_marks as marks
from helpline.desk.contact_forms import MOST_AT_ONCE, AnsweredForm, MissedForm
from helpline.desk.contact_marks import Entry, Mark, Told
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
    items = open_ones(current_user)
    return render_template(
        "desk/contacts.html",
        member=current_user,
        own=list(by_slug.values()),
        items=items,
        undoable=marks.kept(clock.now()),
        names=chat.names_of([item.chat for item in items]),
        by_slug=by_slug,
        until=lambda entry: f"{lines.local(by_slug[entry.line], entry.until):%H:%M}",
        ended=lambda item: lines.local(by_slug[item.line], item.ended_at),
        open_until=lambda item: _told(by_slug[item.line], item.ended_at + contacts.WRAP_UP_OPEN),
    )


# Answered


@by_hand.get("/answered/", endpoint="answered")
def show_answered() -> Page:
    """The form for a call, e-mail or letter that was answered."""
    line, told = _line(), marks.told_of(ANSWERED)
    form = _fresh(AnsweredForm(line, formdata=None), line)
    return _answered_page(line, _next(form, told), told and _saved(told))


@by_hand.post("/answered/", endpoint="add_answered")
def add_answered() -> Page:
    """Count it, once, and lead to the form for the next one."""
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
        return _counted_before(line, form, at, entry, mark)
    return _counted(line, form, at, entry)


def _answered_page(line: Line, form: AnsweredForm, saved: dict[str, Any] | None = None) -> str:
    return _page("desk/contact_answered.html", line, form, saved)


# Missed


@by_hand.get("/missed/", endpoint="missed")
def show_missed() -> Page:
    """The form for contacts that nobody answered."""
    line, told = _line(), marks.told_of(MISSED)
    form = _fresh(MissedForm(formdata=None), line)
    return _missed_page(line, _next(form, told), told and _saved(told))


@by_hand.post("/missed/", endpoint="add_missed")
def add_missed() -> Page:
    """Count them, all or none, and lead to the form for the next ones."""
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
        return _counted_before(line, form, at, entry, mark)
    return _counted(line, form, at, entry)


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


def _next(form: Any, told: Told | None) -> Any:
    """The form for the next one: same way, same day; the time only where it is now."""
    if told is None or not told.way:
        return form
    if form.day.data != told.day:
        form.day.data, form.clock.data = told.day, ""
    if isinstance(form, AnsweredForm):
        form.channel.data = told.way
    else:
        form.what.data = told.way
    return form


def _told(line: Line, at: datetime) -> str:
    here = lines.local(line, at)
    return _in_words(here.date(), f"{here:%H:%M}")


def _in_words(day: date, time: str) -> str:
    return f"{format_date(day, 'd MMMM y')}, {time}"


def _saved(told: Told) -> dict[str, Any]:
    """What the page says of the form before it."""
    said = ""
    if told.outcome == "saved" and told.entry is not None:
        channel, _dash, _cause = told.way.partition("-")
        by, when = word("channel", channel), _in_words(date.fromisoformat(told.day), told.clock)
        said = f"{by}, {when}"
        if told.kind == MISSED:
            said = ngettext(
                "%(num)s missed contact, %(channel)s, %(when)s",
                "%(num)s missed contacts, %(channel)s, %(when)s",
                told.entry.many,
                channel=by,
                when=when,
            )
    undoable = told.entry if told.entry is not None and clock.now() <= told.entry.until else None
    return {
        "said": said,
        "again": told.outcome == "again",
        "undone": told.outcome == "undone",
        "entry": undoable and undoable.packed(),
    }


def _counted(line: Line, form: AnsweredForm | MissedForm, at: datetime, entry: Entry) -> Response:
    marks.keep([*marks.kept(clock.now()), entry])
    return _lead_on(line, form, at, "saved", entry)


def _counted_before(line: Line, form: AnsweredForm | MissedForm, at: datetime, entry: Entry, mark: Mark) -> Response:
    """A form that came again counts once; it can be taken back as long as it can't have been saved longer ago."""
    # It may say another number by now: all of its rows are meant.
    many = MOST_AT_ONCE if entry.kind == MISSED else 1
    return _lead_on(line, form, at, "again", replace(entry, many=many, until=mark.made_at + marks.UNDO))


def _lead_on(line: Line, form: AnsweredForm | MissedForm, at: datetime, outcome: str, entry: Entry) -> Response:
    way = form.channel.data if isinstance(form, AnsweredForm) else form.what.data
    here = lines.local(line, at)
    marks.tell(Told(entry.kind, outcome, way, f"{here:%Y-%m-%d}", f"{here:%H:%M}", entry))
    return _to_form(line, entry.kind)


def _to_form(line: Line, kind: str) -> Response:
    return redirect(url_for(f"contacts.{kind}", line=line.slug), 303)


@by_hand.post("/undo", endpoint="undo")
def undo() -> Page:
    """Take back what was saved a moment ago, in the same sign-in."""
    entry = marks.entry_in(request.form.get("entry", "")) or abort(400)
    line = next((line for line in _own() if line.slug == entry.line), None) or abort(404)
    undone = clock.now() <= entry.until and contacts.take_back(line, entry.keys)
    marks.keep([other for other in marks.kept(clock.now()) if other.name != entry.name])
    marks.tell(Told(entry.kind, "undone" if undone else "stays"))
    return _to_form(line, entry.kind)
