"""Releases in the console: analysts make and read those of their lines, supervisors read those of theirs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from helpline import clock, web
from helpline.contacts import service as contacts
from helpline.desk.course_views import name_of, number
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.staff.service import Member
from helpline.stats import periods, service
from helpline.stats.periods import Period
from helpline.stats.service import Run, Sheets, Told
from helpline.stats.tables import Table
from helpline.stats.words import heading, word

releases = Blueprint("releases", __name__, url_prefix="/console/releases")
READERS = {"analyst", "supervisor"}
KINDS = {"csv": "application/zip", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
Page = str | Answer | tuple[str, int]


@dataclass(frozen=True)
class Row:
    """A month of the list, or the year below its months: what was released, is being made, went wrong, is to be made.

    `run` without a problem is being made now. `over`: it can be released.
    """

    period: Period
    name: str
    told: Told | None
    run: Run | None
    over: bool


@releases.before_request
def _readers_only() -> Page | None:
    if not current_user.roles & READERS:
        refused: Page = web.problem(403, "forbidden", "desk/report_refused.html", member=current_user)
        return refused
    return None


def lines_of(member: Member, roles: set[str] = READERS) -> list[Line]:
    """The lines of which this member reads the releases, or where a role is named, does more than that."""
    if not member.roles & roles:
        return []
    return [line for line in lines.all_lines() if line.slug in member.lines]


def _line(slug: str, roles: set[str] = READERS) -> Line:
    return next((line for line in lines_of(current_user, roles) if line.slug == slug), None) or abort(404)


def _period(written: str) -> Period:
    return periods.parse(written) or abort(404)


def _today(line: Line) -> date:
    return lines.local(line, clock.now()).date()


@releases.get("/", endpoint="list")
def show() -> Page:
    """The months of `?year=` and what became of them, this year's without one; of `?line=` where several."""
    own = lines_of(current_user)
    if not own:
        return render_template("desk/releases_none.html", member=current_user)
    line = next((line for line in own if line.slug == request.args.get("line", own[0].slug)), None) or abort(404)
    today = _today(line)
    wanted = _period(request.args["year"]) if "year" in request.args else Period(today.year)
    if wanted.month is not None or wanted.first > today:
        abort(404)
    rows = _rows(line, wanted, today)
    since = contacts.counted_since(line.slug) or today
    first = min(since.year, *(period.year for period in service.released_periods(line.slug)), wanted.year)
    return render_template(
        "desk/releases.html",
        member=current_user,
        own=own,
        told_line=line,
        year=wanted,
        years=[Period(year) for year in range(first, today.year + 1)],
        rows=[row for row in rows if row.period.first <= today],
        makes="analyst" in current_user.roles,
        exact="supervisor" in current_user.roles,
        waits=any(row.run and not row.run.problem for row in rows),
        number=number,
        step=_step,
    )


def _rows(line: Line, year: Period, today: date) -> list[Row]:
    runs = service.runs_of(line.slug, clock.now())
    return [
        Row(
            period=period,
            name=name_of(period),
            told=service.told(line.slug, period),
            run=runs.get(str(period)),
            over=period.is_over(today),
        )
        for period in (*(Period(year.year, first.month) for first in year.steps), year)
    ]


def _step(run: Run) -> str:
    """How far a release is, in words."""
    name, _space, part = run.step.partition(" ")
    said = {
        "starting": _("it starts"),
        "counting": _("the rows are counted"),
        "rounding": _("the figures are protected"),
        "storing": _("it is stored"),
    }.get(name, name)
    month = periods.parse(part)
    return f"{name_of(month)}: {said}" if month else said


@releases.get("/<line>/<period>/make", endpoint="make")
def ask(line: str, period: str) -> Page:
    """What is frozen by making this release."""
    told_line, wanted = _line(line, {"analyst"}), _period(period)
    if service.told(line, wanted) is not None:
        return _back(told_line, wanted)
    if not wanted.is_over(_today(told_line)):
        abort(404)
    there = service.released_periods(line)
    before = [month for first in Period(wanted.year).steps if (month := Period(wanted.year, first.month)) not in there]
    if wanted.month is not None:
        before = [month for month in before if month.first < wanted.first]
    return render_template(
        "desk/releases_make.html",
        member=current_user,
        told_line=told_line,
        period=wanted,
        name=name_of(wanted),
        before=[name_of(month) for month in before],
        still_described=contacts.still_described(line),
    )


@releases.post("/<line>/<period>/make", endpoint="start")
def start(line: str, period: str) -> Answer:
    """Let a process of its own make this release."""
    told_line, wanted = _line(line, {"analyst"}), _period(period)
    if not wanted.is_over(_today(told_line)):
        abort(404)
    if service.told(line, wanted) is None:
        service.start(line, wanted, clock.now())
    return _back(told_line, wanted)


def _back(line: Line, period: Period) -> Answer:
    return redirect(url_for("releases.list", line=line.slug, year=period.year, _anchor=f"at-{period}"), 303)


@releases.get("/<line>/<period>/figures", endpoint="figures")
def read(line: str, period: str) -> Page:
    """The tables of a released month."""
    told_line, wanted = _line(line), _period(period)
    told = service.told(line, wanted)
    if told is None or wanted.month is None:
        abort(404)
    topics = {topic.code: topic.labels.get(web.language(), topic.code) for topic in contacts.topics_of(line)}
    return render_template(
        "desk/releases_figures.html",
        member=current_user,
        told_line=told_line,
        told=told,
        name=name_of(wanted),
        tables=[_shown(table, topics) for table in told.tables],
        merged=[
            (heading(name), ", ".join(_said(name, code, topics) for code in codes))
            for name, codes in told.merged.items()
        ],
        number=number,
    )


@dataclass(frozen=True)
class Shown:
    """A table as people read it: one dimension down, the other across."""

    name: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def _said(dimension: str, code: str, topics: Mapping[str, str]) -> str:
    return topics.get(code) or word(dimension, code) if dimension == "topic" else word(dimension, code)


def _shown(table: Table, topics: Mapping[str, str]) -> Shown:
    figures, down, across = table.figures(), table.dimensions[0], table.dimensions[1:]
    columns = list(product(*(dimension.words for dimension in across)))
    names = [", ".join(word(d.name, code) for d, code in zip(across, key, strict=True)) for key in columns]
    titles = {
        "answered": _("Answered contacts"),
        "missed": _("Missed contacts"),
        "visits": _("Visits to modules"),
        "course": _("Visits to the course"),
        "advice": _("Walks to an advice"),
    }
    title = titles.get(table.population, table.population)
    return Shown(
        name=table.name,
        title=f"{title}: {' × '.join(heading(dimension.name) for dimension in table.dimensions)}",
        head=[heading(down.name), *(names if across else [_("Number")])],
        rows=[
            [_said(down.name, code, topics), *(number(figures[(code, *key)]) for key in columns)] for code in down.words
        ],
    )


@releases.get("/<line>/<period>/released.<form>", endpoint="released")
def download(line: str, period: str, form: str) -> Answer:
    """The release as files: CSV in a zip, or a workbook."""
    told_line = _line(line)
    try:
        return _file(service.released_sheets(told_line, _period(period)), form, "")
    except service.NotReleased:
        abort(404)


@releases.get("/<line>/<period>/exact.<form>", endpoint="exact")
def download_exact(line: str, period: str, form: str) -> Answer:
    """The same counted exactly, for supervisors of the line."""
    told_line, wanted = _line(line, {"supervisor"}), _period(period)
    if wanted.first > _today(told_line):
        abort(404)
    return _file(service.exact_sheets(told_line, wanted), form, "-exact-not-for-publication")


def _file(sheets: Sheets, form: str, what: str) -> Answer:
    if form not in KINDS:
        abort(404)
    made = service.as_files(sheets, form)
    if form == "csv":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
            for name, content in made.items():
                # A fixed time, so that the same release is the same file.
                folder.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        content = packed.getvalue()
    else:
        [content] = made.values()
    name = f"{sheets.line}-{sheets.period}{what}.{'zip' if form == 'csv' else form}"
    return Response(content, mimetype=KINDS[form], headers={"Content-Disposition": f'attachment; filename="{name}"'})
