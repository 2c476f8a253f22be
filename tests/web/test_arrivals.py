"""Links of campaigns: who comes by one is counted once, and nothing of it stays with anybody."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from helpline import db, web
from helpline.contacts import campaigns
from helpline.extensions import limiter
from helpline.front import arrivals
from tests.postgres import sqlite_only
from tests.web.conftest import House

# What is counted how is tried on both databases where the service is.
pytestmark = sqlite_only

FRONT = "/en/youth/"


@pytest.fixture(autouse=True)
def spring(house: House) -> None:
    campaigns.add_campaign("youth", "spring", "Spring", None, None)


def arrived(line: str = "youth") -> int:
    return sum(row[2] for row in campaigns.campaign_counts(line))


@pytest.mark.parametrize("page", [FRONT, "/nl/youth/", "/en/youth/advice/", "/en/youth/chat/", "/en/youth/about/"])
def test_who_comes_by_the_link_is_counted_once_and_sent_on_without_the_code(client: FlaskClient, page: str) -> None:
    answer = client.get(f"{page}?c=spring")
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    assert "Set-Cookie" not in answer.headers
    assert client.get(answer.headers["Location"]).status_code == 200
    assert arrived() == 1


def test_the_course_of_the_other_line_has_campaigns_of_its_own(client: FlaskClient) -> None:
    campaigns.add_campaign("prevention", "dare", "Dare", None, None)
    assert client.get("/nl/prevention/self-help/?c=dare").headers["Location"] == "/nl/prevention/self-help/"
    assert client.get("/nl/prevention/self-help/?c=spring").headers["Location"] == "/nl/prevention/self-help/"
    assert (arrived(), arrived("prevention")) == (0, 1)


@pytest.mark.parametrize(
    "code", ["autumn", "", "%00", "..%2f..%2f", "%E2%80%AE", "spring%0d%0aSet-Cookie:x", "x" * 3000]
)
def test_an_unknown_code_is_dropped_without_a_word(client: FlaskClient, code: str) -> None:
    answer = client.get(f"{FRONT}?c={code}")
    assert (answer.status_code, answer.headers["Location"]) == (303, FRONT)
    assert arrived() == 0


def test_a_code_is_known_however_it_was_typed(client: FlaskClient) -> None:
    client.get(f"{FRONT}?c=%20Spring")
    assert arrived() == 1


def test_the_rest_of_the_address_stays(client: FlaskClient) -> None:
    answer = client.get(f"{FRONT}?a=1%262&c=spring&a=%2F%2Fx&_external=1&_scheme=javascript&c=spring&cc=2")
    wanted = f"{FRONT}?a=1%262&a=%2F%2Fx&_external=1&_scheme=javascript&cc=2"
    assert answer.headers["Location"] == wanted
    assert arrived() == 1


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "Prefetch"}, {}])
def test_nobody_arrives_where_a_program_asks_ahead(client: FlaskClient, headers: dict[str, str]) -> None:
    ask = client.get if headers else client.head
    answer = ask(f"{FRONT}?c=spring", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, FRONT)
    assert arrived() == 0


def test_only_asking_for_a_page_of_a_line_counts(client: FlaskClient) -> None:
    assert client.post(f"{FRONT}chat/?c=spring").status_code == 400
    assert client.get("/en/youth/nowhere/?c=spring").status_code == 404
    assert client.get("/en/nothing/?c=spring").status_code == 404
    assert client.get("/healthz?c=spring").status_code == 200
    assert "c%3Dspring" not in client.get("/console/?c=spring").headers["Location"]
    assert arrived() == 0


def test_a_line_with_a_host_name_of_its_own_has_a_short_link(house: House, client: FlaskClient) -> None:
    house.set_line("youth", host_name="zeg-het.example")
    answer = client.get("/?c=spring", base_url="http://zeg-het.example/")
    assert answer.headers["Location"] == "/"
    assert client.get("/", base_url="http://zeg-het.example/").headers["Location"] == FRONT
    assert client.get("/en/prevention/?c=spring", base_url="http://zeg-het.example/").status_code == 404
    assert arrived() == 1


def test_the_page_of_all_lines_belongs_to_no_campaign(client: FlaskClient) -> None:
    assert client.get("/?c=spring").headers["Location"] == "/"
    assert client.get("/en/?c=spring").headers["Location"] == "/en/"
    assert arrived() == 0


def test_of_one_address_so_many_count_a_minute_and_all_get_their_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "from_this_machine", lambda: False)
    limiter.reset()
    try:
        for address in ("203.0.113.9",) * 40 + ("203.0.113.10",):
            answer = client.get(f"{FRONT}?c=spring", environ_base={"REMOTE_ADDR": address})
            assert (answer.status_code, answer.headers["Location"]) == (303, FRONT)
    finally:
        limiter.reset()
    assert arrived() == int(arrivals.COUNTS_OF_ONE_ADDRESS.split()[0]) + 1


def test_a_database_that_somebody_else_writes_holds_nobody_up(client: FlaskClient) -> None:
    other = db.new_engine(db.engine().url)
    try:
        with other.connect().execution_options(writes=True) as held:
            held.execute(text("UPDATE campaigns SET name = 'Held'"))
            answer = client.get(f"{FRONT}?c=spring")
            assert (answer.status_code, answer.headers["Location"]) == (303, FRONT)
            assert client.get(FRONT).status_code == 200
    finally:
        other.dispose()
    assert arrived() == 0
    client.get(f"{FRONT}?c=spring")
    assert arrived() == 2


def test_nothing_but_a_number_is_kept(house: House, client: FlaskClient) -> None:
    before = house.snapshot()
    client.get(f"{FRONT}?c=spring", headers={"User-Agent": "Canary", "Referer": "https://canary.example/"})
    after = house.snapshot()
    assert {name for name in after if after[name] != before[name]} == {"campaign_counts"}
    assert len(after["campaign_counts"]) == 1
