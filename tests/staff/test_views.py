"""The sign-in page, the sign-out button and the guard in front of the console."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpline import config, create_app
from helpline.staff import service, views
from tests.postgres import sqlite_only
from tests.staff.conftest import TurnedClock, code_of

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only


@pytest.fixture
def app(house: config.Settings) -> Flask:
    return create_app(house)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def token_of_form(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def fill_in(
    browser: FlaskClient, login: str, password: str, code: str, where: str = "/console/sign-in"
) -> TestResponse:
    token = token_of_form(browser.get(where))
    return browser.post(where, data={"csrf_token": token, "login": login, "password": password, "code": code})


def enter(
    browser: FlaskClient, account: service.NewAccount, time: TurnedClock, where: str = "/console/sign-in"
) -> TestResponse:
    answer = fill_in(browser, account.login, account.password, code_of(account, time.moment), where)
    time.turn(seconds=30)
    return answer


def cookie_of(browser: FlaskClient) -> str:
    cookie = browser.get_cookie("console")
    assert cookie is not None
    return cookie.value


def test_a_right_sign_in_leads_to_the_desk_with_a_new_cookie(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock
) -> None:
    browser.get("/console/sign-in")
    carrier = cookie_of(browser)
    answer = enter(browser, anna, time)
    assert (answer.status_code, answer.location) == (303, "/console/")
    assert cookie_of(browser) != carrier
    member = service.member_for(cookie_of(browser))
    assert member is not None
    assert member.login == "anna"
    assert service.member_for(carrier) is None
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_a_token_that_somebody_planted_never_becomes_a_session(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock
) -> None:
    planted = "A" * 43
    browser.set_cookie("console", planted)
    enter(browser, anna, time)
    assert cookie_of(browser) != planted
    assert service.member_for(planted) is None


def test_a_second_sign_in_in_the_same_browser_ends_the_first_session(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock
) -> None:
    enter(browser, anna, time)
    first, token = cookie_of(browser), token_of_form(browser.get("/console/"))
    data = {"login": "anna", "password": anna.password, "code": code_of(anna, time.moment), "csrf_token": token}
    assert browser.post("/console/sign-in", data=data).status_code == 303
    assert cookie_of(browser) != first
    assert service.member_for(first) is None


def test_wrong_password_code_login_and_a_disabled_account_get_the_same_page(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock
) -> None:
    gone = service.add_account("gone", ["counsellor"])
    service.disable("gone")
    code = code_of(anna, time.moment)
    answers = [
        fill_in(browser, "anna", "wrong", code),
        fill_in(browser, "anna", anna.password, "000000" if code != "000000" else "111111"),
        fill_in(browser, "gone", gone.password, code_of(gone, time.moment)),
        fill_in(browser, "nobody", "wrong", code),
    ]
    assert {answer.status_code for answer in answers} == {403}
    pages = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(pages) == 1
    assert 'role="alert"' in pages.pop()
    assert not any(anna.password in answer.text for answer in answers)


def test_who_tried_too_often_is_told_when_to_try_again(browser: FlaskClient, time: TurnedClock) -> None:
    for _ in range(5):
        fill_in(browser, "anna", "wrong", "")
    answer = fill_in(browser, "anna", "wrong", "")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "15"
    assert "Try again in 15 seconds." in answer.text
    for wait, text in (
        (15, "Try again in 30 seconds."),
        (30, "Try again in 1 minute."),
        (60, "Try again in 2 minutes."),
    ):
        time.turn(seconds=wait)
        fill_in(browser, "anna", "wrong", "")
        assert text in fill_in(browser, "anna", "wrong", "").text


def test_an_empty_form_says_what_is_missing(browser: FlaskClient) -> None:
    answer = fill_in(browser, "", "", "")
    assert answer.status_code == 422
    assert "Fill in your sign-in name." in answer.text
    assert "Fill in your password." in answer.text


def test_a_form_without_its_token_is_refused(browser: FlaskClient, anna: service.NewAccount, time: TurnedClock) -> None:
    browser.get("/console/sign-in")
    data = {"login": "anna", "password": anna.password, "code": code_of(anna, time.moment)}
    assert browser.post("/console/sign-in", data=data).status_code == 400
    assert service.member_for(cookie_of(browser)) is None


def test_who_is_signed_in_needs_no_form(browser: FlaskClient, anna: service.NewAccount, time: TurnedClock) -> None:
    enter(browser, anna, time)
    answer = browser.get("/console/sign-in")
    assert (answer.status_code, answer.location) == (303, "/console/")


def test_signing_out_ends_the_session_and_takes_the_cookie(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock
) -> None:
    enter(browser, anna, time)
    session = cookie_of(browser)
    answer = browser.post("/console/sign-out", data={"csrf_token": token_of_form(browser.get("/console/"))})
    assert (answer.status_code, answer.location) == (303, "/console/sign-in")
    assert browser.get_cookie("console") is None
    assert service.member_for(session) is None
    assert browser.get("/console/").status_code == 303


def test_signing_out_takes_a_form_with_its_token(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock
) -> None:
    enter(browser, anna, time)
    assert browser.post("/console/sign-out").status_code == 400
    assert browser.get("/console/sign-out").status_code == 405
    assert service.member_for(cookie_of(browser))


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/no-such-page", "/console/sign-out"])
def test_without_a_sign_in_every_path_of_the_console_leads_to_the_form(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 303
    assert answer.location.startswith("/console/sign-in")
    assert answer.headers["Cache-Control"] == "no-store"
    as_json = browser.get(path, headers={"Accept": "application/json"})
    assert (as_json.status_code, as_json.json) == (401, {"ok": False, "error": "unauthorised"})


def test_every_route_of_the_console_stands_behind_the_guard(app: Flask, browser: FlaskClient) -> None:
    guarded = [
        rule
        for rule in app.url_map.iter_rules()
        if views.in_console(rule.rule) and rule.endpoint not in views.OPEN_TO_ALL
    ]
    assert {rule.endpoint for rule in guarded} >= {"desk.desk", "staff.sign_out"}
    for rule in guarded:
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        assert browser.get(path, headers={"Accept": "application/json"}).status_code == 401, rule


def test_a_page_of_the_console_that_is_not_there_is_not_found_for_members(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock
) -> None:
    enter(browser, anna, time)
    assert browser.get("/console/no-such-page", follow_redirects=True).status_code == 404


def test_after_the_sign_in_the_page_that_was_asked_for_opens(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock
) -> None:
    asked = browser.get("/console/chats/abc")
    assert asked.location == "/console/sign-in?next=/console/chats/abc"
    assert enter(browser, anna, time, asked.location).location == "/console/chats/abc"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/console/",
        "//evil.example/console/",
        "/\\evil.example",
        "/console/\\evil.example",
        "/console//evil.example",
        "/console/../en/youth/",
        "/console/%2e%2e/",
        "/console/@evil.example",
        "/console/\nSet-Cookie: a=b",
        "/console/x\n",
        "/console.evil.example/",
        "/consoles/",
        "/en/youth/",
        "/console/sign-out",
        "/console/sign-in?next=/console/sign-in",
        "javascript:alert(1)",
        "",
        None,
    ],
)
def test_a_sign_in_never_leads_out_of_the_console(wanted: str | None) -> None:
    assert views.next_page(wanted) == "/console/"


@pytest.mark.parametrize(
    "wanted", ["/console/", "/console/board/", "/console/chats/0a1b", "/console/chats/?line=youth&on=1"]
)
def test_pages_of_the_console_are_led_to(wanted: str) -> None:
    assert views.next_page(wanted) == wanted


def test_a_cookie_in_the_style_of_flask_login_signs_nobody_in_and_breaks_nothing(browser: FlaskClient) -> None:
    for value in ("1|abc", "x", "a|" + "0" * 128):
        browser.set_cookie("remember_token", value)
        assert browser.get("/console/").status_code == 303
        assert browser.get("/console/sign-in").status_code == 200


def test_pages_outside_the_console_ask_nothing_about_staff_and_set_no_cookie_of_theirs(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(browser, anna, time)
    monkeypatch.setattr(service, "member_for", lambda token: pytest.fail("a visitor's page looked for staff"))
    for path in ("/en/youth/", "/nl/prevention/chat/", "/healthz"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert all(cookie.startswith("visit=") for cookie in answer.headers.getlist("Set-Cookie"))
    assert "Set-Cookie" not in answer.headers


def test_who_is_disabled_is_out_at_the_next_click(
    browser: FlaskClient, anna: service.NewAccount, time: TurnedClock
) -> None:
    enter(browser, anna, time)
    service.disable("anna")
    assert browser.get("/console/", headers={"Accept": "application/json"}).status_code == 401
