"""Who gets to see and do what in the console: every route with every role, on the right line and on the wrong one.

Routes are found by themselves; one that nobody has thought about below fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from helpline import clock
from helpline.contacts import campaigns
from helpline.contacts import service as contacts
from helpline.contacts.models import Contact, MissedContact, Topic, WrapUp
from helpline.db import Base, reading
from helpline.desk import contact_marks as marks
from helpline.desk.contact_marks import Entry
from helpline.letters.models import Letter, LetterDraft, LetterText
from helpline.lines import service as lines
from helpline.privacy import codes
from helpline.staff import service as staff
from helpline.stats import service as stats
from helpline.stats.models import Released, ReleaseRun
from helpline.stats.periods import Period
from tests.builders.logs import a_log, answered, missed
from tests.house.test_routes import FILLED, JSON, signed_in
from tests.letters.writers import Writer
from tests.postgres import sqlite_only
from tests.web.pages import Page

pytestmark = sqlite_only

NOW = datetime(2020, 6, 20, 12, tzinfo=UTC)
LINE, OTHER = "prevention", "youth"
# Stands in what only a supervisor of the line may read.
CANARY = "Zebra crossing"
ROLES = COUNSELLOR, SUPERVISOR, ANALYST, ADMINISTRATOR = "counsellor", "supervisor", "analyst", "administrator"
ALL_STAFF, SUPERVISORS = frozenset(ROLES), frozenset({SUPERVISOR})
WITH_CHATS, READERS = frozenset({COUNSELLOR, SUPERVISOR}), frozenset({SUPERVISOR, ANALYST})
# Whoever is not signed in may ask for these, and whoever is may leave.
WITHOUT_RIGHTS = {"staff.sign_in", "staff.try_to_sign_in", "staff.sign_out", "desk.change_language"}
# Who may, by route. Exact figures are for supervisors, releases for analysts too, what visitors read for all staff.
MAY = (
    dict.fromkeys(("desk.desk", "content.lines", "content.tree", "content.page", "content.module"), ALL_STAFF)
    | dict.fromkeys(("wrap_up.all", "wrap_up.form", "wrap_up.fill", "wrap_up.rest"), WITH_CHATS)
    | dict.fromkeys(("contacts.all", "contacts.answered", "contacts.add_answered"), WITH_CHATS)
    | dict.fromkeys(("contacts.missed", "contacts.add_missed", "contacts.undo"), WITH_CHATS)
    | dict.fromkeys(("figures.show", "course.figures"), SUPERVISORS)
    | dict.fromkeys(("campaigns.first", "campaigns.list", "campaigns.add", "campaigns.campaign"), SUPERVISORS)
    | dict.fromkeys(("campaigns.change", "campaigns.archive", "campaigns.shown"), SUPERVISORS)
    | dict.fromkeys(("topics.first", "topics.list", "topics.add", "topics.topic", "topics.rename"), SUPERVISORS)
    | dict.fromkeys(("topics.delete", "topics.move", "topics.retire"), SUPERVISORS)
    | dict.fromkeys(("releases.list", "releases.figures", "releases.released", "report.yearly"), READERS)
    | dict.fromkeys(("releases.make", "releases.start"), frozenset({ANALYST}))
    | {"releases.exact": SUPERVISORS}
    | dict.fromkeys(("inbox.list", "inbox.waiting", "inbox.put_away", "inbox.letter", "inbox.claim"), WITH_CHATS)
    | dict.fromkeys(("inbox.release", "inbox.write", "inbox.check", "inbox.take_back", "inbox.close"), WITH_CHATS)
)
# These belong to no line: a page for all staff, or the first of one's own lines, or the wrap-ups of one's own chats.
OF_NO_LINE = {
    *("desk.desk", "content.lines", "content.tree", "content.page", "content.module"),
    *("inbox.list", "inbox.waiting", "inbox.put_away"),
    *("contacts.all", "campaigns.first", "topics.first", "wrap_up.all", "wrap_up.form", "wrap_up.fill", "wrap_up.rest"),
}
REFUSED, NOT_THERE = 403, 404
WRITTEN = (Contact, MissedContact, Topic, campaigns.Campaign, campaigns.CampaignCount, Released, ReleaseRun, WrapUp)
WRITTEN += (Letter, LetterText, LetterDraft)
ANYTHING = {
    **{"line": LINE, "en": "Fresh words", "nl": "Nieuwe woorden", "code": "fresh", "name": "Fresh", "to": "up"},
    **{
        "channel": "phone",
        "on_date": "2020-06-19",
        "at": "12:00",
        "time": "12:00",
        "cause": "closed",
        "outcome": "missed",
    },
    **{"impressions": "5", "clicks": "2", "archived": "1", "concern": "self", "month": "1", "minutes": "5"},
    **{"day": "2020-06-19", "clock": "12:00", "what": "phone-closed", "many": "1"},
}

# What fits these better, after what was done before them.
BETTER = {"topics.rename": {"en": "Better words", "nl": "Betere woorden"}, "topics.move": {"to": "down"}}
# What can be done with another topic and another month only.
INSTEAD = {"topics.delete": ("attraction", "fresh"), "releases.start": ("2020-05", "2020-04")}
# There is no chat here to describe.
OF_A_CHAT = {"wrap_up.fill", "wrap_up.rest"}
# What is done with a letter needs what was done before: it is tried where the inbox is.
OF_A_LETTER = "inbox."
# Whoever may answer letters is still refused what takes having this one in hand, or a colleague's draft.
IN_HAND_ONLY = {"inbox.write", "inbox.check", "inbox.close"}
# The letter of the line that there is.
THERE = {"letter_id": ""}


@pytest.fixture(autouse=True)
def a_line_with_figures(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line with contacts, a campaign, topics and a released month; the clock stands in the month after."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    rows = [*(answered(person=str(n)) for n in range(7)), missed()]
    # So that April can be released too.
    rows.append(missed(line=OTHER, occurred_at="2020-04-04T10:00:00+02:00"))
    contacts.import_log(a_log(*rows).encode(), NOW)
    campaigns.add_campaign(LINE, FILLED["code"], CANARY, None, None)
    contacts.rename_topic(LINE, "attraction", {"en": CANARY, "nl": CANARY})
    stats.release_month(lines.get_line(LINE), Period(2020, 5), NOW)
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)
    writer = Writer(LINE)
    writer.writes(CANARY)
    THERE["letter_id"] = writer.id


def asked_for(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every route of the console with its method and an address on the line."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/console") or rule.endpoint in WITHOUT_RIGHTS:
            continue
        filled = FILLED | THERE | {"line": LINE}
        if rule.endpoint.startswith("topics."):
            filled["code"] = "attraction"
        if rule.endpoint.startswith("content."):
            filled |= {"tree": "first-steps", "node": "safe-now", "slug": "goals"}
        _, path = rule.build({name: filled[name] for name in rule.arguments}) or ("", "")
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule, method, path if "line" in rule.arguments else f"{path}?line={LINE}"


@dataclass(frozen=True)
class Member:
    """A browser of somebody who is signed in, with the token of its forms."""

    client: FlaskClient
    token: str
    marked: dict[str, str]

    @classmethod
    def of(cls, app: Flask, role: str, line: str) -> Member:
        """A new member of staff on this line, with the mark of a form by hand and of taking it back on the one line."""
        client = signed_in(app, role, [line])
        cookie = client.get_cookie("console")
        assert cookie is not None
        with app.test_request_context(headers={"Cookie": f"console={cookie.value}"}):
            mark = marks.new(NOW)
            entry = Entry(LINE, "answered", mark.name, 1, NOW + marks.UNDO)
            marked = {"mark": mark.packed(), "entry": entry.packed()}
        return cls(client, Page(client.get("/console/contacts/").text).forms[-1].fields["csrf_token"], marked)

    def asks(self, method: str, path: str, given: dict[str, str]) -> TestResponse:
        """The answer to this, with these fields."""
        data = given | {"csrf_token": self.token} | (self.marked if given else {})
        return self.client.open(path, method=method, data=data, buffered=True)


def everything() -> list[str]:
    """All that any of these routes can write."""

    def rows(model: type[Base]) -> list[str]:
        with reading() as session:
            return sorted(repr(tuple(row)) for row in session.execute(select(model.__table__)))

    return [row for model in WRITTEN for row in rows(model)]


def test_every_route_of_the_console_has_somebody_who_may(app: Flask) -> None:
    """Whoever adds a route says here for whom it is."""
    assert {rule.endpoint for rule, _, _ in asked_for(app)} == set(MAY)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_is_its_own_and_nothing_else(app: Flask, role: str) -> None:
    member, before, wrong = Member.of(app, role, LINE), everything(), []
    for rule, method, path in asked_for(app):
        if role not in MAY[rule.endpoint]:
            answer = member.asks(method, path, ANYTHING)
            if answer.status_code not in (REFUSED, NOT_THERE) or CANARY in answer.text:
                wrong.append(f"{method} {path} gives {answer.status_code}")
    assert wrong == []
    assert everything() == before
    for rule, method, path in asked_for(app):
        if role in MAY[rule.endpoint]:
            # Nothing is filled in, so that whatever is there stays for the routes after.
            answer = member.asks(method, path, {})
            told = method == "GET" and not rule.endpoint.startswith(("wrap_up.form", "content."))
            refused = answer.status_code == REFUSED and rule.endpoint not in IN_HAND_ONLY
            if refused or answer.status_code >= 500 or (told and answer.status_code >= 400):
                wrong.append(f"{method} {path} gives {answer.status_code}")
            if answer.headers.get("Location", "").startswith("/console/sign-in"):
                wrong.append(f"{method} {path} asks for a sign-in")
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_on_another_line_a_role_gets_nothing(app: Flask, role: str) -> None:
    member, before, wrong = Member.of(app, role, OTHER), everything(), []
    for rule, method, path in asked_for(app):
        if rule.endpoint in OF_NO_LINE:
            continue
        answer = member.asks(method, path, ANYTHING)
        closed = {REFUSED, NOT_THERE}
        if answer.status_code == 200 and rule.endpoint == "course.figures":
            closed.add(200)  # this line has a course, the other has none: the page says so
        if answer.status_code not in closed or CANARY in answer.text:
            wrong.append(f"{method} {path} gives {answer.status_code}")
    assert wrong == []
    assert everything() == before


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_do_is_done_once_it_is_filled_in(
    app: Flask, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So whoever else is refused with the same is refused for the right alone."""
    started: list[str] = []
    monkeypatch.setattr(stats, "start", lambda line, period, _now: started.append(f"{line} {period}"))
    member, wrong = Member.of(app, role, LINE), []
    for rule, method, path in asked_for(app):
        if role not in MAY[rule.endpoint] or method != "POST" or rule.endpoint in OF_A_CHAT:
            continue
        if rule.endpoint.startswith(OF_A_LETTER):
            continue
        before = [*everything(), *started]
        there, instead = INSTEAD.get(rule.endpoint, ("", ""))
        answer = member.asks(method, path.replace(there, instead), ANYTHING | BETTER.get(rule.endpoint, {}))
        if answer.status_code not in (200, 303) or [*everything(), *started] == before:
            wrong.append(f"{method} {path} gives {answer.status_code} and does nothing")
    assert wrong == []
    assert started == ([f"{LINE} 2020-04"] if role == ANALYST else [])


def test_without_a_sign_in_and_without_its_second_half_there_is_nothing(app: Flask) -> None:
    fresh = staff.add_account("half", [SUPERVISOR], [LINE], ["nl"])
    client = app.test_client()
    token = Page(client.get("/console/sign-in").text).form().fields["csrf_token"]
    before = everything()
    for code in ("", "000000"):
        given = {"login": fresh.login, "password": fresh.password, "code": code, "csrf_token": token}
        assert client.post("/console/sign-in", data=given).status_code in (403, 422)
        for _, method, path in asked_for(app):
            answer = client.open(path, method=method, data=ANYTHING | {"csrf_token": token})
            assert answer.status_code == 303, (method, path)
            assert answer.headers["Location"].startswith("/console/sign-in"), (method, path)
            answer = client.open(path, method=method, data=ANYTHING | {"csrf_token": token}, headers=JSON)
            assert answer.status_code == 401, (method, path)
    assert everything() == before
