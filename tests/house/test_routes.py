"""Every route: who may ask for it, what its page is made of, which headers go with it. New ones are found too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pyotp
import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from helpline import clock, config, db
from helpline.lines import service as lines
from helpline.staff import service as staff
from tests.web.pages import ANSWERS, Page

JSON = {"Accept": "application/json"}
# Whoever is not signed in may ask for these in the console.
OPEN = {"staff.sign_in", "staff.try_to_sign_in", "desk.change_language"}
FOR_MACHINES = {"health.alive", "health.ready", "health.figures", "static"}
FILLED = {"lang": "en", "line": "youth", "step": "1", "tree": "friend", "node": "age", "filename": "css/base.css"}
FILLED |= {"code": "fear", "year": "2020", "period": "2020-05", "form": "csv", "letter_id": "x", "key": "x"}
FILLED["chat_id"] = "x"
OF_A_COURSE = {"line": "prevention", "slug": "goals", "exercise": "ladder"}
COURSE, VISITED = ("selfhelp.", "returning.", "content.module"), ("public.", "visitor.", "advice.", "letters.", "kept.")


def path_of(rule: Rule, **filled: str) -> str:
    """The address of a rule with something sensible in it; a new kind of argument has to be named above."""
    values = FILLED | (OF_A_COURSE if rule.endpoint.startswith(COURSE) else {}) | filled
    _, path = rule.build({name: values[name] for name in rule.arguments}) or ("", "")
    return path


def rules(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def asked_for(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route with every method that changes or shows something."""
    for rule in rules(app):
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule, method


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """A browser with a chat in the queue and the way back to it, advice to read, and codes that are not kept yet."""
    client = app.test_client()
    token = Page(client.get("/en/youth/chat/").text).forms[0].fields["csrf_token"]
    assert client.post("/en/youth/chat/", data=ANSWERS | {"csrf_token": token}).status_code == 303
    for path in ("room/way-back", "kept/code/"):
        assert client.post(f"/en/youth/chat/{path}", data={"csrf_token": token}).status_code == 303
    danger = {"csrf_token": token, "answer": "yes"}
    assert client.post("/en/youth/advice/step/1/", data=danger).headers["Location"] == "/en/youth/advice/yours/"
    assert client.post("/en/youth/letters/", data={**danger, "client_id": "l1", "body": "hello"}).status_code == 303
    return client


def signed_in(app: Flask, role: str, lines_of: Sequence[str] = ("youth",)) -> FlaskClient:
    """A browser of a new member of staff."""
    fresh = staff.add_account(f"the-{role}", [role], lines_of, ["nl", "en"])
    client = app.test_client()
    token = Page(client.get("/console/sign-in").text).form().fields["csrf_token"]
    code = pyotp.TOTP(fresh.totp).at(clock.now())
    given = {"login": fresh.login, "password": fresh.password, "code": code, "csrf_token": token}
    assert client.post("/console/sign-in", data=given).status_code == 303
    return client


# Who may ask


def test_every_console_route_asks_for_a_sign_in(app: Flask) -> None:
    closed = [(rule, m) for rule, m in asked_for(app) if rule.rule.startswith("/console") and rule.endpoint not in OPEN]
    assert len(closed) >= 2
    client = app.test_client()
    token = Page(client.get("/console/sign-in").text).form().fields["csrf_token"]
    for rule, method in closed:
        path = path_of(rule)
        answer = client.open(path, method=method, data={"csrf_token": token})
        assert answer.status_code == 303, (method, path)
        assert answer.headers["Location"].startswith("/console/sign-in"), (method, path)
        answer = client.open(path, method=method, data={"csrf_token": token}, headers=JSON)
        assert (answer.status_code, answer.get_json()) == (401, {"ok": False, "error": "unauthorised"}), (method, path)


@pytest.mark.parametrize("path", ["/console", "/console/nothing/", "/console/sign-in/x", "/console//"])
def test_nobody_learns_which_console_pages_exist(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert client.get(path, headers=JSON).status_code == 401


def test_no_visitors_route_leads_to_the_console(app: Flask, visitor: FlaskClient) -> None:
    cookie = visitor.get_cookie("visit")
    assert cookie is not None
    client = app.test_client()
    client.set_cookie("console", cookie.value)
    assert client.get("/console/").status_code == 303


def test_no_get_changes_anything_but_the_exit(app: Flask) -> None:
    """Whoever adds a route that a link can trigger has to think about it here."""
    by_link = {rule.endpoint for rule, method in asked_for(app) if method == "GET"}
    assert by_link == {
        "static",
        "public.root",
        "public.joint",
        "public.front",
        *("public.kept", "public.counted", "public.leaving"),
        "public.about",
        "public.quick_exit",
        *("visitor.join", "visitor.other_ways", "visitor.room", "visitor.transcript", "visitor.place"),
        *("advice.begin", "advice.question", "advice.yours", "advice.on_paper", "advice.bring"),
        *("selfhelp.overview", "selfhelp.module", "selfhelp.at_exercise", "selfhelp.plan", "selfhelp.plan_file"),
        *("selfhelp.code", "selfhelp.keep", "selfhelp.confirm", "returning.enter"),
        *("letters.begin", "letters.keep", "letters.confirm", "letters.yours", "inbox.list", "inbox.letter"),
        *("kept.summary", "kept.yours", "kept.code", "kept.show_code", "kept.confirm"),
        *("staff.sign_in", "desk.desk", "desk.change_language", "inbox.waiting"),
        *("content.lines", "content.tree", "content.page", "content.module"),
        *("figures.show", "course.figures", "campaigns.first", "campaigns.list", "campaigns.campaign"),
        *("topics.first", "topics.list", "topics.topic"),
        *("contacts.all", "contacts.answered", "contacts.missed", "wrap_up.all", "wrap_up.form", "report.yearly"),
        *("releases.list", "releases.make", "releases.figures", "releases.released", "releases.exact"),
        *("health.alive", "health.ready", "health.figures"),
    }


# What pages are made of


def policy(answer: TestResponse) -> dict[str, list[str]]:
    """The content security policy by directive."""
    parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {part[0]: part[1:] for part in parts}


def wrong_with(answer: TestResponse, path: str) -> list[str]:
    """What is not as it has to be in an answer, page or not."""
    found = []
    headers = answer.headers
    rule = policy(answer)
    loose = {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:", "data:", "blob:"}
    for name, sources in rule.items():
        found += [
            f"{name} allows {source}" for source in set(sources) & loose if (name, source) != ("img-src", "data:")
        ]
    if rule.get("default-src") != ["'none'"] or rule.get("base-uri") != ["'none'"] or "form-action" not in rule:
        found.append("the policy is not closed")
    if headers.get("Referrer-Policy") != "same-origin":
        found.append("no Referrer-Policy")
    if headers.get("X-Content-Type-Options") != "nosniff":
        found.append("no nosniff")
    if not path.startswith("/static/") and headers.get("Cache-Control") != "no-store":
        found.append(f"Cache-Control: {headers.get('Cache-Control')}")
    framed = path.endswith(("/transcript", "/place"))
    if "frame-ancestors" not in rule or (rule["frame-ancestors"] != ["'none'"] and not framed):
        found.append("may be framed")
    for name in ("Server", "X-Powered-By", "ETag"):
        if name in headers and not path.startswith("/static/"):
            found.append(f"{name} is sent")
    if answer.mimetype == "text/html" and not 300 <= answer.status_code < 400:
        found += wrong_page(Page(answer.text))
    return [f"{path}: {problem}" for problem in found]


def wrong_page(page: Page) -> list[str]:
    found = list(page.inline)
    if not page.title.strip():
        found.append("no title")
    if page.language not in ("en", "nl"):
        found.append(f"language {page.language!r}")
    if "viewport" not in page.metas:
        found.append("no viewport")
    for address in page.loads:
        if not (address.startswith("/") and not address.startswith("//")) and address != "data:,":
            found.append(f"loads {address}")
    for form in page.forms:
        if re.match(r"[a-z]*:|//", form.action):
            found.append(f"a form goes to {form.action}")
        if form.method == "post" and "csrf_token" not in form.fields:
            found.append(f"a form to {form.action!r} has no token")
    return found


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_every_page_is_whole_and_closed(app: Flask, client: FlaskClient, visitor: FlaskClient, lang: str) -> None:
    from helpline.contacts import campaigns
    from helpline.lines import service as lines

    lines.switch_joint_front_page(True)
    campaigns.add_campaign("youth", FILLED["code"], "Spring", None, None)
    browsers = [client, visitor, signed_in(app, "counsellor"), signed_in(app, "supervisor", ["youth", "prevention"])]
    problems, titled = [], set()
    for rule in rules(app):
        if "GET" not in (rule.methods or set()):
            continue
        for browser in browsers:
            if rule.endpoint == "public.quick_exit" and browser is not client:
                continue
            path = path_of(rule, lang=lang)
            answer = browser.get(path, buffered=True)
            assert answer.status_code < 500, path
            problems += wrong_with(answer, path)
            if answer.mimetype == "text/html" and answer.status_code == 200:
                titled.add(rule.endpoint)
    assert problems == []
    assert titled >= {rule.endpoint for rule in rules(app) if "GET" in (rule.methods or set())} - FOR_MACHINES - {
        *("public.root", "desk.change_language", "selfhelp.at_exercise", "selfhelp.plan_file", "wrap_up.form"),
        *("campaigns.first", "topics.first", "inbox.letter", "inbox.waiting"),
        # Only analysts make them, none is made here, and files are no pages.
        *("releases.make", "releases.figures", "releases.released", "releases.exact"),
    }


def test_titles_of_visitors_pages_tell_nothing(app: Flask, client: FlaskClient, visitor: FlaskClient) -> None:
    """They stand in tabs and in the history of a device that others look at."""
    for rule in rules(app):
        if rule.endpoint.startswith(VISITED + COURSE) and "GET" in (rule.methods or set()):
            for browser in (client, visitor):
                answer = browser.get(path_of(rule), buffered=True)
                if answer.mimetype == "text/html" and answer.status_code == 200:
                    title = Page(answer.text).title.lower()
                    telling = re.search("help|abuse|sex|zeg|anders|youth|prevention|crisis", title)
                    assert telling is None, (rule.rule, title)


def test_the_check_sees_a_bad_page() -> None:
    bad = (
        '<html><head><script>x()</script><link rel="stylesheet" href="//cdn.example/x.css"></head>'
        '<body onload="x()"><p style="color:red"><form method="post" action="https://x.example"></form>'
        '<a href="javascript:x()">x</a></body></html>'
    )
    assert len(wrong_page(Page(bad))) >= 9


def test_over_tls_pages_ask_to_stay_on_it(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Strict-Transport-Security" not in client.get("/en/youth/").headers
    safe = config.current().model_copy(update={"public_url": "https://help.example.org"})
    monkeypatch.setattr(config, "_current", safe)
    assert "Strict-Transport-Security" in client.get("/en/youth/").headers


HOSTS = [
    "x; script-src *",
    "x'unsafe-inline'",
    "a b",
    "x,y",
    "x\\",
    "[::1",
    "x:99999",
    "é.example",
    "@",
    "",
    "x" * 3000,
]


def test_a_strange_host_header_neither_loosens_the_policy_nor_breaks_the_page(client: FlaskClient) -> None:
    for host in HOSTS:
        answer = client.get("/en/youth/", headers={"Host": host})
        assert answer.status_code in (200, 400), host
        assert wrong_with(answer, "/en/youth/") == []


# What is not there, and what goes wrong

UNKNOWN = ["/{}/nothing/", "/{}/youth/nothing/", "/{}/nowhere/chat/", "/{}/youth/chat/room/nothing"]


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_page_says_so_in_the_language_of_its_path(client: FlaskClient, path: str) -> None:
    shown = {}
    for lang in ("en", "nl"):
        address = path.format(lang)
        answer = client.get(address)
        assert answer.status_code == 404, address
        assert wrong_with(answer, address) == []
        page = Page(answer.text)
        assert page.language == lang
        shown[lang] = page.title
        told = client.get(address, headers=JSON)
        assert (told.status_code, told.get_json()) == (404, {"ok": False, "error": "not_found"})
    assert shown["en"] != shown["nl"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/favicon.ico", "/static/nothing.css", "/static/../wsgi.py", "/.env", "/%ff"]
)
def test_outside_of_all_languages_the_browser_chooses(client: FlaskClient, path: str) -> None:
    for lang in ("en", "nl"):
        answer = client.get(path, headers={"Accept-Language": f"{lang}-XX, fr;q=0.5"}, buffered=True)
        assert answer.status_code == 404
        assert Page(answer.text).language == lang


@pytest.mark.parametrize(("kind", "code"), [(405, "invalid"), (413, "too_long")])
def test_what_can_not_be_asked_like_this_has_a_page_of_its_own(client: FlaskClient, kind: int, code: str) -> None:
    def ask(lang: str, **headers: str) -> TestResponse:
        address = f"/{lang}/youth/chat/room/say"
        if kind == 405:
            return client.get(address, headers=headers)
        return client.post(address, data={"body": "x" * 300_000}, headers=headers)

    titles = {Page(client.get(f"/{lang}/nothing/").text).title for lang in ("en", "nl")}
    for lang in ("en", "nl"):
        answer = ask(lang)
        assert (answer.status_code, wrong_with(answer, "/say")) == (kind, [])
        page = Page(answer.text)
        assert page.language == lang
        assert f"/{lang}/youth/" in page.links
        titles.add(page.title)
    assert len(titles) == 4, "said in both languages, and not like a page that is not there"
    assert ask("en", **JSON).get_json() == {"ok": False, "error": code}


@pytest.mark.parametrize("joint", [True, False])
def test_a_page_of_no_line_leads_to_a_first_page_only_where_there_is_one(client: FlaskClient, joint: bool) -> None:
    lines.switch_joint_front_page(joint)
    for path in ("/nothing", "/en/nothing/"):
        assert ("/" in Page(client.get(path).text).links) is joint
    assert client.get("/").status_code == (303 if joint else 404)


@pytest.fixture
def breaking(app: Flask) -> Flask:
    """The application with views that fail."""

    def crash() -> str:
        raise RuntimeError("a canary in the exception")

    def refuse() -> str:
        abort(403)

    def lose() -> str:
        raise OperationalError("SELECT canary", {"body": "canary"}, Exception("canary"))

    def gone() -> str:
        abort(410)

    for view in (crash, refuse, lose, gone):
        app.add_url_rule(f"/<any(en, nl):lang>/{view.__name__}", view.__name__, lambda lang, view=view: view())
    return app


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("crash", 500, "unavailable"),
        ("lose", 503, "unavailable"),
        ("refuse", 403, "forbidden"),
        ("gone", 410, "not_found"),
    ],
)
def test_what_goes_wrong_has_a_page_of_ours(breaking: Flask, path: str, status: int, code: str) -> None:
    client = breaking.test_client()
    titles = set()
    for lang in ("en", "nl"):
        answer = client.get(f"/{lang}/{path}")
        assert answer.status_code == status
        assert wrong_with(answer, f"/{lang}/{path}") == []
        assert Page(answer.text).language == lang
        assert "canary" not in answer.text
        assert "Traceback" not in answer.text
        titles.add(Page(answer.text).title)
    assert len(titles) == 2, "said in both languages"
    told = client.get(f"/en/{path}", headers=JSON)
    assert (told.status_code, told.get_json()) == (status, {"ok": False, "error": code})


def test_while_the_database_is_away_pages_say_so_and_the_process_is_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz").status_code == 200
    away = db.new_engine("sqlite:////nowhere/at/all.db")
    monkeypatch.setattr(db, "_engine", away)
    for cookie in ("visit", "console"):
        client.set_cookie(cookie, "A" * 43)
    for path in ("/en/youth/", "/en/youth/chat/", "/en/youth/chat/room/", "/", "/console/"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert wrong_with(answer, path) == []
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    away.dispose()


def test_figures_are_for_the_bearer_of_the_token_alone(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/metrics").status_code == 404
    monkeypatch.setattr(config, "_current", config.current().model_copy(update={"metrics_token": "t0ken"}))
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "t0ken"}, {"Authorization": "Bearer é"}):
        assert client.get("/metrics", headers=header).status_code == 401
    answer = client.get("/metrics", headers={"Authorization": "Bearer t0ken"})
    assert answer.status_code == 200
    assert "helpline_texts" in answer.text
