"""A NUL, which a database may refuse: whatever page or form brings one is refused before."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.house.test_routes import JSON, signed_in, wrong_with
from tests.web.pages import ANSWERS, Page

PATHS = ("/en/youth%00/", "/%00", "/en/youth/advice/%00/", "/en/youth/?from=%00", "/en/youth/?%00=a")


@pytest.mark.parametrize("path", PATHS)
def test_no_address_has_one(client: Any, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, wrong_with(answer, path)) == (400, [])
    answer = client.get(path, headers=JSON)
    assert (answer.status_code, answer.get_json()) == (400, {"ok": False, "error": "invalid"})


@pytest.mark.parametrize("path", ["/console/topics/youth/fe%00ar/", "/console/figures/?line=%00"])
def test_nor_has_one_of_the_console(app: Flask, path: str) -> None:
    assert signed_in(app, "supervisor").get(path).status_code == 400


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("field", sorted({*ANSWERS, "another"} - {"first_message"}))
def test_no_field_of_a_form_has_one(client: Any, field: str, kind: str) -> None:
    path = "/en/youth/chat/"
    token = Page(client.get(path).text).forms[0].fields["csrf_token"]
    bad = ANSWERS | {"csrf_token": token, field: "a\0b"}
    assert client.post(path, data=bad, content_type=kind).status_code == 400


def test_a_name_to_sign_in_with_has_none(client: Any) -> None:
    path = "/console/sign-in"
    form = Page(client.get(path).text).forms[-1]
    bad = form.fields | {"login": "mi\0la", "password": "x", "totp": "123456"}
    assert client.post(path, data=bad).status_code == 400
