"""The plan on one page, and behind it everything else that was written: on screen, on paper and as a file."""

from __future__ import annotations

from flask import Response, abort, render_template, request
from flask_babel import gettext

from helpline.selfhelp import pages, showing
from helpline.selfhelp.pages import Page, selfhelp
from helpline.selfhelp.service import Visit

FILE = "page.txt"


@selfhelp.route("/plan/", methods=["GET", "POST"])
def plan(lang: str, line: str) -> Page:
    """All that belongs to the plan, to print; without what was ticked. Nothing of that choice is kept."""
    visit = _planned(line, lang)
    groups = showing.gathered(visit.content, lang, visit.record)
    return render_template(
        "selfhelp/plan.html",
        **pages.shown(visit),
        groups=groups,
        others=showing.others(visit.content, lang, visit.record, groups),
        prints_others="others" in request.form or not groups,
        out=frozenset(request.form.getlist("out")),
        back=visit.content.course.plan,
        **pages.DRAWING,
    )


@selfhelp.route("/plan/file", methods=["GET", "POST"])
def plan_file(lang: str, line: str) -> Page:
    """The same as a text file, of the plan or of everything; its name tells nothing."""
    visit = _planned(line, lang)
    groups = showing.gathered(visit.content, lang, visit.record)
    if "everything" in request.values:
        groups += showing.others(visit.content, lang, visit.record, groups)
    groups = showing.without(groups, frozenset(request.form.getlist("out")))
    answer = Response(showing.as_text(gettext("My page"), groups), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f"attachment; filename={FILE}"
    return answer


def _planned(line: str, lang: str) -> Visit:
    visit = pages.visit_to(line, lang)
    if not visit.content.course.plan:
        abort(404)
    return visit
