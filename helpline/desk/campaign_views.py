"""Campaigns of a line, for its supervisors: their links, who arrived by them, how often they were shown and clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from helpline import clock, config, web
from helpline.contacts import campaigns as ledger
from helpline.contacts import service as contacts
from helpline.contacts.campaigns import BadCampaign, Campaign
from helpline.desk.campaign_forms import MONTH, CampaignForm, NewCampaignForm, ShownForm
from helpline.desk.course_views import Picture, number, percent
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.staff.service import Member
from helpline.stats import charts
from helpline.stats.campaigns import DAYS, MONTHS, WEEKS, Row, Step, figures, steps
from helpline.stats.charts import Chart, Series

campaigns = Blueprint("campaigns", __name__, url_prefix="/console/campaigns")
Page = str | Response | tuple[str, int]
UNFIT = 422
# What was done just now, said on the page that follows.
DONE = ("made", "changed", "entered", "archived", "running")


def lines_of(member: Member) -> list[Line]:
    """The lines whose campaigns this member sees: a supervisor's own."""
    if "supervisor" not in member.roles:
        return []
    return [line for line in lines.all_lines() if line.slug in member.lines]


@campaigns.before_request
def _supervisors_only() -> Page | None:
    if "supervisor" not in current_user.roles:
        refused: Page = web.problem(403, "forbidden", "desk/campaign_refused.html", member=current_user)
        return refused
    return None


def _line(slug: str) -> Line:
    return next((line for line in lines_of(current_user) if line.slug == slug), None) or abort(404)


def _campaign(line: Line, code: str) -> Campaign:
    return ledger.campaign_of(line.slug, code) or abort(404)


def _today(line: Line) -> date:
    return lines.local(line, clock.now()).date()


# All of a line


@campaigns.get("/", endpoint="first")
def show_first() -> Page:
    """To the campaigns of the supervisor's first line."""
    own = lines_of(current_user)
    return redirect(url_for("campaigns.list", line=own[0].slug), 303) if own else abort(404)


@campaigns.get("/<line>/", endpoint="list")
def show_list(line: str) -> Page:
    """The campaigns of a line beside each other, and a form for a new one."""
    return _list_page(_line(line), NewCampaignForm(formdata=None))


def _list_page(line: Line, form: NewCampaignForm) -> str:
    today, found = _today(line), ledger.campaigns_of(line.slug)
    rows = ledger.campaign_counts(line.slug)
    told = [(one, figures(_of(rows, one.code)), _lately(_of(rows, one.code), today)) for one in found]
    return render_template(
        "desk/campaigns.html",
        member=current_user,
        own=lines_of(current_user),
        told_line=line,
        form=form,
        told=told,
        picture=_beside(told),
        example=_links(line, "spring-2026")[0][1],
        number=number,
        when=when,
    )


def _of(rows: Sequence[ledger.Row], code: str) -> list[Row]:
    return [row[1:] for row in rows if row[0] == code]


def _lately(rows: Sequence[Row], today: date) -> int:
    """Arrivals of the last four weeks."""
    return sum(step.arrivals for step in steps(rows, DAYS, today, today))


def _beside(told: Sequence[tuple[Campaign, Any, int]]) -> Picture | None:
    """The campaigns of a line by who arrived lately."""
    if not told:
        return None
    most = max(told, key=lambda one: one[2])
    chart = Chart(
        key="beside",
        title=_("Arrivals in the last 28 days"),
        text=_("Most arrivals: %(campaign)s, %(number)s.", campaign=most[0].name, number=number(most[2])),
        labels=tuple(one.name for one, _figures, _number in told),
        series=(Series(_("arrivals"), tuple(lately for _one, _figures, lately in told)),),
    )
    head = [_("Campaign"), _("28 days"), _("In all"), _("Clicks"), _("Click rate"), _("Arrivals a click")]
    rows = [
        [
            one.name,
            number(lately),
            number(all_.arrivals),
            _cell(all_.clicks, number),
            _cell(all_.click_rate, lambda part: percent(part, 1)),
            _cell(all_.arrivals_a_click, lambda rate: number(rate, 2)),
        ]
        for one, all_, lately in told
    ]
    return Picture(chart, charts.bars(chart, number), head, rows)


@campaigns.post("/<line>/", endpoint="add")
def add(line: str) -> Page:
    """Make a campaign."""
    found, form = _line(line), NewCampaignForm()
    if not form.validate():
        return _list_page(found, form), UNFIT
    code = form.code.data or ""
    try:
        ledger.add_campaign(found.slug, code, form.name.data or "", form.starts_on.data, form.ends_on.data)
    except BadCampaign as error:
        form.refused(error)
        return _list_page(found, form), UNFIT
    return _to_campaign(found, code, "made")


# One of them


@campaigns.get("/<line>/<code>/", endpoint="campaign")
def show_campaign(line: str, code: str) -> Page:
    """A campaign: its links, what was counted by `?by=` day, week or month, and forms."""
    found = _line(line)
    return _campaign_page(found, _campaign(found, code))


def _campaign_page(
    line: Line, campaign: Campaign, change: CampaignForm | None = None, shown: ShownForm | None = None
) -> str:
    today, by = _today(line), request.args.get("by", DAYS)
    if by not in (DAYS, WEEKS, MONTHS):
        abort(404)
    rows = _of(ledger.campaign_counts(line.slug), campaign.code)
    done = request.args.get("done")
    return render_template(
        "desk/campaign.html",
        member=current_user,
        told_line=line,
        campaign=campaign,
        links=_links(line, campaign.code),
        figures=figures(rows),
        lately=_lately(rows, today),
        by=by,
        spans=((DAYS, _("By day")), (WEEKS, _("By week")), (MONTHS, _("By month"))),
        picture=_over_time(steps(rows, by, today, contacts.apart_since(today)), by),
        change=change or CampaignForm(formdata=None, obj=campaign),
        shown=shown or ShownForm(formdata=None, data={"on_date": today}),
        apart_since=format_date(contacts.apart_since(today), "d MMMM y"),
        done=done if done in DONE else None,
        number=number,
        percent=percent,
        when=when,
    )


def _links(line: Line, code: str) -> list[tuple[str, str]]:
    """Where a banner leads to, by language; short where the line has a host name of its own."""
    root = config.current().public_url or request.host_url.rstrip("/")
    if line.host_name:
        root = f"{root.partition('://')[0]}://{line.host_name}"
    first = [("", f"{root}/?c={code}")] if line.host_name else []
    return first + [
        (web.LANGUAGES[lang], f"{root}{url_for('public.front', lang=lang, line=line.slug)}?c={code}")
        for lang in line.languages
    ]


def _over_time(told: Sequence[Step], by: str) -> Picture:
    """Arrivals as a line, with what was entered beside them; what goes on stands in the table only."""
    labels = tuple(_name_of(step, by) for step in told)
    best = max(told, key=lambda step: step.arrivals)
    titles = {DAYS: _("Arrivals by day"), WEEKS: _("Arrivals by week"), MONTHS: _("Arrivals by month")}
    chart = Chart(
        key="over-time",
        title=titles[by],
        text=_("Most arrivals: %(when)s, %(number)s.", when=_name_of(best, by), number=number(best.arrivals)),
        labels=labels,
        series=(Series(_("arrivals"), (*(step.arrivals for step in told[:-1]), None)),),
    )
    heads = {DAYS: _("Day"), WEEKS: _("Week of"), MONTHS: _("Month")}
    head = [heads[by], _("Arrivals"), _("Impressions"), _("Clicks"), _("Click rate")]
    rows = [
        [
            label,
            number(step.arrivals),
            _cell(step.impressions, number),
            _cell(step.clicks, number),
            _cell(_rate(step), lambda part: percent(part, 1)),
        ]
        for label, step in zip(labels, told, strict=True)
    ]
    return Picture(chart, charts.lines(chart, number), head, rows)


def _rate(step: Step) -> float | None:
    return step.clicks / step.impressions if step.impressions and step.clicks is not None else None


def _name_of(step: Step, by: str) -> str:
    return format_date(step.first, "LLL y" if by == MONTHS else "d MMM")


def _cell(value: float | None, show: Callable[[float], str]) -> str:
    return "–" if value is None else show(value)


def when(campaign: Campaign) -> str:
    """From when to when a campaign runs, as far as somebody said so."""
    first, last = (format_date(day, "d MMM y") if day else "" for day in (campaign.starts_on, campaign.ends_on))
    if first and last:
        return _("%(first)s to %(last)s", first=first, last=last)
    if first:
        return _("since %(day)s", day=first)
    return _("until %(day)s", day=last) if last else ""


def _to_campaign(line: Line, code: str, done: str) -> Response:
    return redirect(url_for("campaigns.campaign", line=line.slug, code=code, done=done), 303)


@campaigns.post("/<line>/<code>/", endpoint="change")
def change(line: str, code: str) -> Page:
    """Give a campaign another name or other dates."""
    found = _line(line)
    campaign, form = _campaign(found, code), CampaignForm()
    if not form.validate():
        return _campaign_page(found, campaign, change=form), UNFIT
    try:
        ledger.change_campaign(found.slug, code, form.name.data or "", form.starts_on.data, form.ends_on.data)
    except BadCampaign as error:
        form.refused(error)
        return _campaign_page(found, campaign, change=form), UNFIT
    return _to_campaign(found, code, "changed")


@campaigns.post("/<line>/<code>/shown", endpoint="shown")
def shown(line: str, code: str) -> Page:
    """Enter how often it was shown and clicked, on a day or in its month."""
    found = _line(line)
    campaign, form = _campaign(found, code), ShownForm()
    fits = form.validate()
    if fits and form.on_date.data is None:
        form.on_date.errors = [_("Say of which day or month this is.")]
    elif fits:
        try:
            ledger.enter_shown(
                found.slug,
                code,
                form.on_date.data,
                form.impressions.number,
                form.clicks.number,
                today=_today(found),
                month=form.span.data == MONTH,
            )
            return _to_campaign(found, code, "entered")
        except BadCampaign as error:
            form.refused(error)
    return _campaign_page(found, campaign, shown=form), UNFIT


@campaigns.post("/<line>/<code>/archive", endpoint="archive")
def archive(line: str, code: str) -> Page:
    """Count no more, or with `back` count again."""
    found = _line(line)
    campaign, back = _campaign(found, code), request.form.get("back") is not None
    try:
        ledger.archive_campaign(found.slug, campaign.code, not back)
    except BadCampaign:
        return redirect(url_for("campaigns.list", line=found.slug), 303)
    return _to_campaign(found, code, "running" if back else "archived")
