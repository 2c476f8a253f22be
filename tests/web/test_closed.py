"""A closed or full line, one browser on two lines, and lines that never mention each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urljoin

import pytest

from helpline.lines import service as lines
from tests.web.conftest import House
from tests.web.pages import ANSWERS, OTHER, Page, Tab, cookies_set, mentions
from tests.web.students import Student

WANTED = "I want to chat now"


def closed_by(house: House, why: str) -> None:
    """Make the youth line take nobody."""
    if why == "closed":
        house.set_line("youth", hours="closed")
    else:
        house.set_line("youth", queue_limit=0)


@pytest.mark.parametrize("why", ["closed", "queue_full"])
def test_a_line_that_takes_nobody_shows_one_button_that_leads_to_other_ways(house: House, tab: Tab, why: str) -> None:
    closed_by(house, why)
    page = tab.page(tab.chat)
    (form,) = page.forms
    assert (form.method, set(form.fields)) == ("post", {"csrf_token"})
    assert page.words.count(WANTED) == 1
    answer = tab.submit(tab.chat, form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{tab.chat}other-ways/")
    assert tab.get(f"{tab.chat}other-ways/").status_code == 200
    assert house.missed("youth") == {why: 1}
    assert house.missed("prevention") == {}


@pytest.mark.parametrize("why", ["closed", "queue_full"])
def test_a_try_counts_once_in_half_an_hour_for_each_browser(
    house: House, tab: Tab, why: str, later: Callable[..., None]
) -> None:
    closed_by(house, why)
    for _ in range(3):
        tab.post(tab.chat)
    assert house.missed() == {why: 1}
    later(minutes=29)
    tab.post(tab.chat)
    assert house.missed() == {why: 1}
    later(minutes=2)
    tab.post(tab.chat)
    assert house.missed() == {why: 2}
    house.tab().post(tab.chat)
    assert house.missed() == {why: 3}


def test_looking_is_no_try_and_a_form_without_its_token_neither(house: House, tab: Tab) -> None:
    closed_by(house, "closed")
    for _ in range(3):
        tab.get(tab.chat)
        tab.get(f"{tab.chat}other-ways/")
    assert tab.client.post(tab.chat, data={}).status_code == 400
    assert house.missed() == {}


def test_who_filled_in_the_form_before_the_line_closed_is_counted_and_led_on(house: House, tab: Tab) -> None:
    form = tab.page(tab.chat).form()
    closed_by(house, "closed")
    answer = tab.submit(tab.chat, form, **ANSWERS)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{tab.chat}other-ways/")
    assert house.missed() == {"closed": 1}
    assert house.snapshot()["chats"] == []


def test_after_last_entry_nobody_is_let_in_and_it_counts_as_closed(
    house: House, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    from helpline import clock

    house.set_line("youth", hours="mon-sun 09:00-17:00")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 4, 15, 50, tzinfo=UTC))  # 16:50 in Amsterdam
    page = tab.page(tab.chat)
    assert page.words.count(WANTED) == 1
    assert any("17:00" in word for word in page.words)
    tab.submit(tab.chat, page.form())
    assert house.missed() == {"closed": 1}


def test_a_try_on_each_line_counts_there_once(house: House, tab: Tab) -> None:
    for slug in ("youth", "prevention"):
        house.set_line(slug, hours="closed")
    for slug in ("youth", "prevention", "youth", "prevention"):
        tab.line = slug
        assert tab.post(tab.chat).headers["Location"] == f"/en/{slug}/chat/other-ways/"
    assert house.missed("youth") == house.missed("prevention") == {"closed": 1}


def test_a_running_chat_survives_a_try_on_the_other_line(house: House, tab: Tab) -> None:
    house.set_line("prevention", hours="closed")
    tab.join(first_message="Hello")
    Tab(tab.client, "prevention").post("/en/prevention/chat/")
    assert [body for _, _, body in tab.transcript().said] == ["Hello"]


# One browser, two lines


def test_entering_the_other_line_asks_first_and_names_nothing(house: House, tab: Tab) -> None:
    tab.join(first_message="Hello")
    other = Tab(tab.client, "prevention")
    page = other.page(other.chat)
    assert "end_other" in page.attributes
    before = house.snapshot()
    answer = other.submit(other.chat, page.form(), **(ANSWERS | {"first_message": "My other story"}))
    assert answer.status_code == 400
    again = Page(answer.text)
    assert again.form().fields["first_message"] == "My other story"
    for shown in (page, again):
        assert mentions(shown.html, "youth") == []
    assert house.snapshot() == before
    assert [body for _, _, body in tab.transcript().said] == ["Hello"]


def test_after_the_question_the_other_chat_ends_and_this_one_begins(house: House, tab: Tab) -> None:
    tab.join(first_message="Hello")
    other = Tab(tab.client, "prevention")
    other.join(end_other="y", first_message="A new beginning")
    assert [body for _, _, body in other.transcript().said] == ["A new beginning"]
    assert tab.get(tab.room).status_code == 410
    assert house.missed("youth") == {"left_early": 1}
    assert house.missed("prevention") == {}
    states = sorted((chat_line, state) for chat_line, state in line_and_state(house))
    assert states == [("prevention", "waiting"), ("youth", "ended")]


def line_and_state(house: House) -> list[tuple[str, str]]:
    from sqlalchemy import select

    from helpline.chat.models import Chat
    from helpline.db import reading

    with reading() as session:
        return [(line, state) for line, state in session.execute(select(Chat.line, Chat.state))]


def test_an_answer_that_is_refused_ends_nothing_on_the_other_line(house: House, tab: Tab) -> None:
    tab.join(first_message="Hello")
    other = Tab(tab.client, "prevention")
    before = house.snapshot()
    for wrong in ({"danger": ""}, {"first_message": "x" * 4001}, {"first_message": "nul\x00"}, {"language": "fr"}):
        answer = other.post(other.chat, ANSWERS | {"end_other": "y"} | wrong)
        assert answer.status_code in (400, 413), wrong
    assert house.snapshot() == before


def test_a_session_that_ended_is_not_asked_about(house: House, tab: Tab, later: Callable[..., None]) -> None:
    tab.join()
    later(hours=3)
    other = Tab(tab.client, "prevention")
    assert "end_other" not in other.page(other.chat).attributes
    other.join()


WROTE = "What I wrote in the course"


@pytest.fixture
def student(house: House) -> Student:
    """Somebody who has written in the course of the prevention line."""
    student = Student(house.app.test_client(), "prevention")
    assert student.writes("welcome", "use", why__here=WROTE).status_code == 303
    return student


def test_a_course_on_the_other_line_ends_only_after_the_question(house: House, student: Student) -> None:
    other = Tab(student.client)
    page = other.page(other.chat)
    assert "end_other" in page.attributes
    assert mentions(page.html, "prevention") == []
    before = house.snapshot()
    answer = other.submit(other.chat, page.form(), **(ANSWERS | {"first_message": "My other story"}))
    assert answer.status_code == 400
    again = Page(answer.text)
    assert again.form().fields["first_message"] == "My other story"
    assert "end_other-error" in again.attributes
    assert house.snapshot() == before
    assert student.holds("welcome", "use")["why-here"] == WROTE
    answer = other.submit(other.chat, again.form(), **(ANSWERS | {"end_other": "y"}))
    assert (answer.status_code, answer.headers["Location"]) == (303, other.room)
    assert WROTE not in student.get(f"{student.course}welcome/").text


def test_a_form_sent_without_its_page_is_asked_too(house: House, student: Student) -> None:
    other = Tab(student.client)
    before = house.snapshot()
    answer = other.post(other.chat, ANSWERS | {"first_message": "Straight on"})
    assert (answer.status_code, "end_other" in Page(answer.text).attributes) == (400, True)
    assert Page(answer.text).form().fields["first_message"] == "Straight on"
    assert house.snapshot() == before


def test_what_nobody_misses_on_the_other_line_is_not_asked_about(house: House, tab: Tab) -> None:
    """A chat that is over, and a try to get in."""
    tab.join().post(f"{tab.room}leave")
    other = Tab(tab.client, "prevention")
    assert "end_other" not in other.page(other.chat).attributes
    other.join()
    house.set_line("prevention", hours="closed")
    stranger = house.tab(line="prevention")
    stranger.post(stranger.chat)
    Tab(stranger.client).join()


# Lines that never mention each other

PAGES = (
    "",
    "what-we-keep/",
    "what-we-count/",
    "leaving-quickly/",
    "about/",
    "chat/",
    "chat/other-ways/",
    "nothing-here/",
)
ROOM = ("chat/room/", "chat/room/transcript")


def loaded_by(tab: Tab, path: str, html: str) -> dict[str, str]:
    """Everything that a page loads, and what that loads in turn, by address."""
    loaded: dict[str, str] = {}
    waiting = [urljoin(path, address) for address in Page(html).loads if not address.startswith("data:")]
    while waiting:
        address = waiting.pop()
        if address in loaded or "transcript" in address:
            continue
        answer = tab.get(address)
        assert answer.status_code == 200, address
        loaded[address] = answer.text
        imports = re.findall(r"""(?:from|import|import\()\s*['"]([^'"]+)['"]""", answer.text)
        pictures = re.findall(r"""url\(\s*['"]?([^'")\s]+)""", answer.text) if address.endswith(".css") else []
        waiting += [urljoin(address, name) for name in imports + pictures if name.startswith((".", "/"))]
    return loaded


@pytest.mark.parametrize("slug", ["youth", "prevention"])
@pytest.mark.parametrize("lang", ["en", "nl"])
def test_no_page_of_a_line_and_nothing_it_loads_mentions_the_other(house: House, slug: str, lang: str) -> None:
    tab = house.tab(slug, lang)
    answers = {path: tab.get(f"/{lang}/{slug}/{path}") for path in PAGES}
    tab.join(first_message="Hello")
    answers |= {path: tab.get(f"/{lang}/{slug}/{path}") for path in ROOM}
    house.set_line(slug, hours="closed")
    closed = house.tab(slug, lang)
    answers |= {path + " closed": closed.get(f"/{lang}/{slug}/{path}") for path in PAGES}
    tab.post(f"{tab.room}leave")
    answers |= {path + " ended": tab.get(f"/{lang}/{slug}/{path}") for path in ROOM}
    answers["expired form"] = tab.client.post(tab.chat, data={})
    answers["gone"] = closed.get(closed.room)
    seen: set[str] = set()
    for name, answer in answers.items():
        told = answer.text + str(answer.headers)
        assert mentions(told, OTHER[slug]) == [], name
        for address, content in loaded_by(tab, f"/{lang}/{slug}/", answer.text).items():
            assert mentions(address, OTHER[slug]) == [], (name, address)
            if address not in seen:
                assert mentions(content, OTHER[slug]) == [], address
            seen.add(address)
    assert len(seen) > 10, "stylesheets and scripts were looked into"


def test_the_neutral_page_names_no_line_at_all(house: House, tab: Tab) -> None:
    tab.join()
    answer = tab.get("/exit")
    told = answer.text + str(answer.headers) + str(loaded_by(tab, "/exit", answer.text))
    for line in lines.all_lines():
        assert mentions(told, line.slug) == []


def test_a_line_with_its_own_host_name_is_alone_there(house: House, tab: Tab) -> None:
    house.set_line("youth", host_name="youth.example")
    host = {"Host": "youth.example"}
    front = tab.get("/", **host)
    assert (front.status_code, front.headers["Location"]) == (303, "/en/youth/")
    for path in ("/en/prevention/", "/en/prevention/chat/", "/nl/prevention/chat/room/", "/en/"):
        answer = tab.get(path, **host)
        assert answer.status_code == 404, path
        assert mentions(answer.text, "prevention") == []
    assert tab.get("/en/youth/chat/", Host="youth.example:8443").status_code == 200
    assert tab.get("/en/prevention/").status_code == 200, "elsewhere it is where it was"


def test_the_joint_front_page_exists_only_where_it_is_switched_on(house: House, tab: Tab) -> None:
    for path in ("/", "/en/", "/nl/"):
        assert tab.get(path).status_code == 404
    lines.switch_joint_front_page(True)
    assert tab.get("/").status_code == 303
    page = tab.page("/en/")
    assert {"/en/youth/", "/en/prevention/"} <= set(page.links)
    assert cookies_set(tab.get("/en/")) == {}
