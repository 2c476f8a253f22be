"""The yearly report as a page to read and print, for those who read the releases of its line."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, render_template, request, url_for
from flask_babel import force_locale
from flask_login import current_user

from helpline import clock, web
from helpline.lines import service as lines
from helpline.staff.service import Member
from helpline.stats import yearly
from helpline.stats.periods import Period
from helpline.stats.report_file import document_of

report = Blueprint("report", __name__, url_prefix="/console/releases")
READERS = {"analyst", "supervisor"}


def reads_releases(member: Member) -> bool:
    """Whether this member reads the releases of their lines."""
    return bool(member.roles & READERS)


@report.get("/<line>/<int:year>/", endpoint="yearly")
def show(line: str, year: int) -> Any:
    """What was released of a line's year, in the language of `?lang=` or that of the console."""
    if not reads_releases(current_user):
        return web.problem(403, "forbidden", "desk/report_refused.html", member=current_user)
    told_line = next((one for one in lines.all_lines() if one.slug == line and line in current_user.lines), None)
    # Python knows no year beyond.
    if told_line is None or not 1 < year < 9999:
        abort(404)
    if request.args.get("lang") in web.LANGUAGES:
        g.lang = request.args["lang"]
    with force_locale(web.language()):
        here = {"member": current_user, "told_line": told_line, "year": year}
        try:
            told = yearly.released_report(told_line, year)
        except yearly.NotReleased as error:
            over = Period(year).is_over(lines.local(told_line, clock.now()).date())
            return render_template("desk/report_missing.html", missing=error.missing, over=over, **here)
        document = document_of(told_line, told)
        return render_template("desk/report.html", doc=document, in_other_languages=_languages(line, year), **here)


def _languages(line: str, year: int) -> list[dict[str, Any]]:
    return [
        {
            "code": code,
            "name": name,
            "current": code == web.language(),
            "url": url_for("report.yearly", line=line, year=year, lang=code),
        }
        for code, name in web.LANGUAGES.items()
    ]
