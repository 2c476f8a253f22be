"""Pages around the code that keeps what was written, and the ways to be rid of it all.

How often somebody closes, erases or drops a code is not limited: to be rid of it must work at once, whoever shares the
address.
"""

from __future__ import annotations

from flask import make_response, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from helpline import web
from helpline.privacy import codes
from helpline.selfhelp import pages, plan_views, progress, service, views
from helpline.selfhelp.pages import Page, paced, selfhelp

# With these the course has all its pages.
__all__ = ["plan_views", "selfhelp", "views"]


def _cookie() -> str | None:
    return request.cookies.get(web.VISIT)


@selfhelp.get("/code/")
def code(lang: str, line: str) -> Page:
    """What a code is for, before there is one."""
    visit = pages.visit_to(line, lang)
    return render_template("selfhelp/code.html", **pages.shown(visit))


@selfhelp.post("/code/")
@paced
def make_code(lang: str, line: str) -> Page:
    """Make a code; it keeps nothing until it was typed once."""
    made = service.make_code(web.visit_cookie(), pages.line_of(line, lang))
    return pages.to("code" if made is None else "keep")


@selfhelp.get("/code/keep/")
def keep(lang: str, line: str) -> Page:
    """The code, to be written down or printed: it is shown here and nowhere else."""
    made = service.pending_code(_cookie(), pages.line_of(line, lang))
    if made is None:
        return pages.to("code")
    return render_template("selfhelp/keep.html", groups=made.split("-"), which=progress.mark(made))


@selfhelp.get("/code/confirm/")
def confirm(lang: str, line: str) -> Page:
    """The code is typed once from what was written down."""
    if service.pending_code(_cookie(), pages.line_of(line, lang)) is None:
        return pages.to("code")
    return _confirm_page()


def _confirm_page(typed: str = "", error: str = "") -> str:
    return render_template("selfhelp/confirm.html", typed=typed, error=error)


@selfhelp.post("/code/confirm/")
@paced
def confirm_code(lang: str, line: str) -> Page:
    """From now on what was written is kept under the code."""
    found, typed = pages.line_of(line, lang), request.form.get("code", "")
    try:
        is_good = service.confirm_code(web.visit_cookie(), found, typed)
    except codes.Busy:
        return _confirm_page(typed, "busy"), 429
    if is_good:
        return redirect(f"{pages.url('selfhelp.overview')}#yours", 303)
    if service.pending_code(_cookie(), found) is None:
        return pages.to("code")
    return _confirm_page(typed, "other" if codes.read(typed) else "malformed"), 400


@selfhelp.post("/code/forget")
def forget_code(lang: str, line: str) -> Page:
    """Rather no code."""
    service.forget_code(web.visit_cookie(), pages.line_of(line, lang), request.form.get("which", ""))
    return pages.to("overview")


@selfhelp.post("/close")
def close(lang: str, line: str) -> Page:
    """This browser forgets the code; what is kept under it stays."""
    service.close(web.visit_cookie(), pages.line_of(line, lang), pages.epoch_sent())
    return _unseen(pages.to("overview"))


@selfhelp.post("/erase")
def erase(lang: str, line: str) -> Answer:
    """Erase all that was written, here and under the code."""
    erased = service.erase(web.visit_cookie(), pages.line_of(line, lang), pages.epoch_sent())
    return _unseen(make_response(render_template("selfhelp/erased.html", erased=erased)))


def _unseen(answer: Answer) -> Answer:
    """Browsers keep left pages whole for going back, even those that are not to be stored: they let go of them."""
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
