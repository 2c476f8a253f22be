"""The pages of the summary, the way back and their code, without JavaScript: agree, keep, come back, show, erase."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from helpline import clock
from helpline.chat import agreeing, changes, continuing, service, store, summary_events
from helpline.chat.states import Action
from helpline.db import transaction
from helpline.privacy import codes, guessing
from helpline.staff.service import Member
from tests.web.conftest import House
from tests.web.pages import OTHER, Page, Tab, mentions

JSON = {"Accept": "application/json"}
CODE = re.compile(r"\b[0-9A-Z]{4}(?:\W+[0-9A-Z]{4}){3}\b")
WORDS = "We talked about the uncle. Next: tell the aunt."


@pytest.fixture(autouse=True)
def quick_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes that are quick to check; nobody has guessed any yet."""
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(lambda seconds: None))


@pytest.fixture
def anna(house: House) -> Member:
    """A counsellor who is available."""
    return house.counsellor()


class Comer:
    """A visitor who keeps what was agreed on, and comes back."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.kept, self.room = f"{tab.chat}kept/", tab.room
        self.entrance = f"/{tab.lang}/{tab.line}/return/"

    def sends(self, page: str, action: str, status: int = 303, **fields: str) -> str:
        """Fill in the form of a page; where it leads, or what it says."""
        answer = self.tab.submit(page, self.tab.page(page).form(action), **fields)
        assert answer.status_code == status, answer.text
        return answer.headers["Location"] if status == 303 else answer.text

    def posts(self, what: str, **fields: str) -> TestResponse:
        """A form of the room by hand, answered as JSON."""
        return self.tab.post(self.room + what, fields, **JSON)

    def keeps(self) -> str:
        """From the agreed summary to a confirmed code, by the pages alone."""
        assert self.sends(f"{self.room}summary", "room/keep") == f"{self.kept}code/"
        assert self.sends(f"{self.kept}code/", "kept/code/") == f"{self.kept}code/keep/"
        code = self.code_shown()
        assert self.sends(f"{self.kept}code/confirm/", "confirm/", code=code.lower()) == self.kept
        return code

    def code_shown(self) -> str:
        """The code on its page."""
        found = CODE.search(re.sub(r"<[^>]+>", "", self.tab.get(f"{self.kept}code/keep/").text))
        assert found is not None
        code = codes.read(found[0])
        assert code is not None
        return code

    def enters(self, code: str, status: int = 303) -> str:
        answer = self.tab.submit(self.entrance, self.tab.page(self.entrance).form("return/"), code=code)
        assert answer.status_code == status, answer.text
        return answer.headers.get("Location", answer.text)

    def words(self) -> str:
        return " ".join(self.tab.page(self.kept).words)


@pytest.fixture
def comer(tab: Tab) -> Comer:
    """A visitor of the line for youngsters."""
    return Comer(tab)


def a_talk(house: House, tab: Tab, anna: Member, words: str = WORDS) -> str:
    """A chat in which the counsellor has written a summary; its id."""
    tab.join()
    chat = house.accept(anna)
    agreeing.staff_saves(anna, chat, 0, words)
    return chat


def test_from_the_summary_to_the_second_chat(house: House, comer: Comer, anna: Member) -> None:
    chat = a_talk(house, comer.tab, anna)
    page = f"{comer.room}summary"
    assert WORDS in comer.tab.get(page).text
    assert comer.sends(page, "room/summary", body="In my own words") == page
    assert comer.tab.get(page, **JSON).get_json()["summary"]["author"] == "visitor"
    agreeing.staff_agrees(anna, chat, 2)
    code = comer.keeps()
    service.end(anna, chat)
    assert "In my own words" in comer.words()
    answer = comer.tab.get(comer.kept)
    assert (code in answer.text, "no-store" in answer.headers["Cache-Control"]) == (False, True)

    back = Comer(house.tab())
    assert back.enters(code.lower().replace("-", " ")) == back.kept
    page_now = back.tab.page(back.kept)
    assert "In my own words" in " ".join(page_now.words)
    assert "<details" in page_now.html
    assert not re.search(r"<details[^>]* open", page_now.html), "folded: somebody may read along"
    form = back.tab.page(back.tab.chat).form()
    assert form.fields["show_summary"] == "y"
    back.tab.join(show_summary="y")
    second = house.accept(anna)
    above = service.staff_sync(anna, second, "talk", 0)["earlier"]
    assert above["summary"]["text"] == "In my own words"


def test_to_agree_with_the_counsellors_version_by_the_form(house: House, comer: Comer, anna: Member) -> None:
    a_talk(house, comer.tab, anna)
    page = f"{comer.room}summary"
    assert comer.sends(page, "room/agree") == page
    shown = comer.tab.get(page, **JSON).get_json()["summary"]
    assert (shown["agreed_visitor"], shown["agreed_counsellor"], shown["version"]) == (True, True, 1)
    assert comer.keeps()


def test_a_version_that_came_between_gives_back_what_was_typed(house: House, comer: Comer, anna: Member) -> None:
    chat = a_talk(house, comer.tab, anna)
    page = f"{comer.room}summary"
    old = comer.tab.page(page)
    agreeing.staff_saves(anna, chat, 1, "another version")
    for action, fields in (("room/summary", {"body": "what took me long"}), ("room/agree", {})):
        answer = comer.tab.submit(page, old.form(action), **fields)
        assert answer.status_code == 409
        assert "another version" in answer.text
    answer = comer.tab.submit(page, old.form("room/summary"), body="what took me long")
    assert "what took me long" in answer.text
    assert comer.posts("agree", version="1").get_json() == {"ok": False, "error": "taken"}


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"version": "1", "body": "x" * 1001}, 413, "too_long"),
        ({"version": "1", "body": " "}, 400, "invalid"),
        ({"version": "1"}, 400, "invalid"),
        ({"version": "one", "body": "x"}, 400, "invalid"),
        ({"version": "-1", "body": "x"}, 400, "invalid"),
        ({"version": "٣", "body": "x"}, 400, "invalid"),
        ({"version": "9" * 20, "body": "x"}, 400, "invalid"),
        ({"body": "x"}, 400, "invalid"),
        ({"version": "0", "body": "x"}, 409, "taken"),
    ],
)
def test_what_is_refused(
    house: House, comer: Comer, anna: Member, fields: dict[str, str], status: int, error: str
) -> None:
    a_talk(house, comer.tab, anna)
    answer = comer.posts("summary", **fields)
    assert (answer.status_code, answer.get_json()) == (status, {"ok": False, "error": error})
    shown = comer.tab.post(f"{comer.room}summary", fields)
    assert shown.status_code == status
    assert fields.get("body", "").strip()[:1000] in shown.text


def test_the_json_twins_answer_like_the_events(house: House, comer: Comer, anna: Member) -> None:
    chat = a_talk(house, comer.tab, anna)
    assert comer.posts("summary", version="1", body="Mine").get_json() == {"ok": True, "version": 2}
    assert comer.posts("keep").get_json() == {"ok": False, "error": "wrong_state"}
    agreeing.staff_saves(anna, chat, 2, "Hers")
    assert comer.posts("agree", version="3").get_json() == {"ok": True, "version": 3}
    assert comer.posts("keep").get_json() == {"ok": True, "where": f"{comer.kept}code/"}
    assert comer.posts("way-back").get_json() == {"ok": True, "where": f"{comer.kept}code/"}
    assert comer.tab.sync()["summary"]["version"] == 3
    assert comer.tab.post(f"{comer.kept}show", **JSON).get_json() == {"ok": False, "error": "wrong_state"}
    assert comer.tab.post(f"{comer.kept}go-on", **JSON).get_json() == {"ok": True, "where": comer.room}


def test_nobody_saves_more_than_the_budget(
    house: House, comer: Comer, anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_talk(house, comer.tab, anna)
    monkeypatch.setattr(summary_events.budget, "take", lambda sender: False)
    for what, fields in (("summary", {"version": "1", "body": "fast"}), ("agree", {"version": "1"})):
        answer = comer.posts(what, **fields)
        assert (answer.status_code, answer.get_json()["error"]) == (429, "rate_limited")
    assert "fast" in comer.tab.post(f"{comer.room}summary", {"version": "1", "body": "fast"}).text


def test_without_a_chat_the_room_has_no_summary_and_gives_the_text_back(house: House, comer: Comer) -> None:
    comer.tab.page(comer.tab.chat)
    for path in ("summary", "agree", "keep", "way-back"):
        answer = comer.tab.post(comer.room + path, {"version": "0", "body": "what I wrote"})
        assert answer.status_code == 410
        if path in ("summary", "agree"):
            assert "what I wrote" in answer.text
    assert comer.tab.get(f"{comer.room}summary").status_code == 410
    for path in ("show", "go-on"):
        assert comer.tab.post(comer.kept + path).status_code == 410
    assert comer.tab.get(comer.kept).headers["Location"] == comer.entrance
    assert comer.tab.get(f"{comer.kept}code/").headers["Location"] == comer.kept


def test_a_form_without_its_token_changes_nothing_and_loses_nothing(house: House, comer: Comer, anna: Member) -> None:
    a_talk(house, comer.tab, anna)
    answer = comer.tab.client.post(f"{comer.room}summary", data={"version": "1", "body": "what I wrote"})
    assert answer.status_code == 400
    assert "what I wrote" in answer.text
    before = house.snapshot()
    for path in ("room/agree", "room/keep", "room/way-back", "kept/show", "kept/go-on", "kept/close", "kept/erase"):
        assert comer.tab.client.post(comer.tab.chat + path).status_code == 400
    assert house.snapshot()["chat_summaries"] == before["chat_summaries"]


def test_a_way_back_from_the_queue(house: House, comer: Comer, anna: Member) -> None:
    comer.tab.join()
    answer = comer.tab.post(f"{comer.room}way-back")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{comer.kept}code/")
    assert "place-frame" in comer.tab.get(f"{comer.kept}code/").text, "the place in the queue is to be seen"
    assert comer.sends(f"{comer.kept}code/", "kept/code/") == f"{comer.kept}code/keep/"
    code = comer.code_shown()
    assert comer.sends(f"{comer.kept}code/confirm/", "confirm/", code=code) == comer.kept
    back = Comer(house.tab())
    back.enters(code)
    assert back.sends(back.kept, "kept/go-on") == back.room
    house.accept(anna)
    back.tab.say("here again")
    assert [text["body"] for text in comer.tab.sync()["messages"]] == ["here again"]


def test_a_chat_that_was_cut_off_goes_on_from_the_join_form(house: House, comer: Comer, anna: Member) -> None:
    comer.tab.join()
    first = house.accept(anna)
    comer.tab.say("I have never told anybody")
    comer.tab.post(f"{comer.room}way-back")
    comer.sends(f"{comer.kept}code/", "kept/code/")
    code = comer.code_shown()
    comer.sends(f"{comer.kept}code/confirm/", "confirm/", code=code)
    with transaction() as session:
        changes.finish(session, store.lock_chat(session, first), Action.LOSE, clock.now())  # type: ignore[arg-type]  # it is there
    assert comer.tab.sync()["reason"] == "lost"
    back = Comer(house.tab())
    back.enters(code)
    form = back.tab.page(back.tab.chat).form()
    assert (form.fields.get("continues"), form.fields.get("show_summary")) == ("y", None)
    back.tab.join(continues="y")
    second = house.accept(anna)
    assert [text["body"] for text in continuing.staff_before(anna, second)] == ["I have never told anybody"]
    room = back.tab.get(back.room).text
    assert "I have never told anybody" in room
    assert "I have never told anybody" not in str(back.tab.sync())
    assert first != second


def test_whoever_was_just_cut_off_goes_on_without_a_code(house: House, comer: Comer, anna: Member) -> None:
    first = a_talk(house, comer.tab, anna)
    with transaction() as session:
        changes.finish(session, store.lock_chat(session, first), Action.LOSE, clock.now())  # type: ignore[arg-type]  # it is there
    led = comer.tab.post(f"{comer.room}way-back", {"then": "join"})
    assert (led.status_code, led.headers["Location"]) == (303, comer.tab.chat)
    assert comer.tab.page(comer.tab.chat).form().fields.get("continues") == "y"


def test_let_the_counsellor_read_it_in_a_chat_that_goes_on(house: House, comer: Comer, anna: Member) -> None:
    chat = a_talk(house, comer.tab, anna)
    comer.sends(f"{comer.room}summary", "room/agree")
    code = comer.keeps()
    service.end(anna, chat)
    back = Comer(house.tab())
    back.tab.join()
    second = house.accept(anna)
    assert back.enters(code) == back.kept
    assert "kept/show" not in comer.tab.get(comer.kept).text, "no chat goes on there"
    assert (back.sends(back.kept, "kept/show"), "kept/show" in back.tab.get(back.kept).text) == (back.room, False)
    assert service.staff_sync(anna, second, "talk", 0)["earlier"]["summary"]["text"] == WORDS
    service.end(anna, second)
    assert back.tab.post(f"{back.kept}show").status_code == 409


def test_only_what_a_code_opens_and_wrong_ones_look_the_same(house: House, comer: Comer, anna: Member) -> None:
    a_talk(house, comer.tab, anna)
    comer.sends(f"{comer.room}summary", "room/agree")
    code = comer.keeps()
    stranger = Comer(house.tab())
    wrong = stranger.enters("7777-7777-7777-7777", 400)
    assert stranger.enters("7777-7777-7777-777", 400) != wrong
    prevention = Comer(house.tab("prevention"))
    assert "7777" in wrong
    assert prevention.enters(code, 400).count(code) == wrong.count("7777-7777-7777-7777")
    assert prevention.tab.get(prevention.kept).headers["Location"] == prevention.entrance


def test_guesses_of_these_codes_go_through_the_same_slowing(
    house: House, comer: Comer, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(waited.append))
    for number in range(guessing.FREE_TRIES + 3):
        assert bool(waited) == (number >= guessing.FREE_TRIES)
        comer.enters(f"7777-7777-7777-77{number:02d}", 400)


def test_the_code_is_shown_until_it_was_typed_and_never_again(house: House, comer: Comer, anna: Member) -> None:
    a_talk(house, comer.tab, anna)
    comer.sends(f"{comer.room}summary", "room/agree")
    assert comer.tab.get(f"{comer.kept}code/keep/").headers["Location"] == f"{comer.kept}code/"
    comer.sends(f"{comer.room}summary", "room/keep")
    comer.sends(f"{comer.kept}code/", "kept/code/")
    code = comer.code_shown()
    assert comer.code_shown() == code
    confirm = f"{comer.kept}code/confirm/"
    other = comer.sends(confirm, "confirm/", 400, code="7777-7777-7777-7777")
    assert "7777-7777-7777-7777" in other
    assert other != comer.sends(confirm, "confirm/", 400, code="7777")
    form = comer.tab.page(confirm).form("confirm/")
    for _ in range(2):
        assert comer.tab.submit(confirm, form, code=code).headers["Location"] == comer.kept
    for path in ("code/keep/", "code/confirm/"):
        assert comer.tab.get(comer.kept + path).headers["Location"] == f"{comer.kept}code/"
    assert comer.tab.get(f"{comer.kept}code/").headers["Location"] == comer.kept
    assert comer.tab.submit(confirm, form, code="7777-7777-7777-7777").headers["Location"] == f"{comer.kept}code/"


def test_rather_no_code(house: House, comer: Comer, anna: Member) -> None:
    comer.tab.join()
    comer.tab.post(f"{comer.room}way-back")
    comer.sends(f"{comer.kept}code/", "kept/code/")
    old = comer.tab.page(f"{comer.kept}code/keep/").form("code/forget")
    assert comer.tab.submit(comer.kept, old).headers["Location"] == comer.kept
    comer.sends(f"{comer.kept}code/", "kept/code/")
    code = comer.code_shown()
    assert comer.tab.submit(comer.kept, old).status_code == 409, "that page showed another code"
    assert comer.code_shown() == code


def test_closing_and_erasing(house: House, comer: Comer, anna: Member) -> None:
    a_talk(house, comer.tab, anna)
    comer.sends(f"{comer.room}summary", "room/agree")
    code = comer.keeps()
    old = comer.tab.page(comer.kept)
    answer = comer.tab.submit(comer.kept, old.form("kept/close"))
    assert (answer.headers["Location"], answer.headers["Clear-Site-Data"]) == (f"{comer.entrance}#closed", '"cache"')
    assert comer.tab.get(comer.kept).headers["Location"] == comer.entrance
    comer.enters(code)
    tablet = Comer(house.tab())
    tablet.enters(code)
    comer.sends(comer.kept, "kept/erase", 200)
    assert house.snapshot()["kept_summaries"] == []
    gone = tablet.tab.get(tablet.kept)
    assert (gone.status_code, WORDS in gone.text) == (410, False)
    assert tablet.tab.get(tablet.tab.chat).status_code == 200
    comer.enters(code, 400)


def test_a_page_from_before_erases_nothing_else(house: House, comer: Comer, anna: Member) -> None:
    chat = a_talk(house, comer.tab, anna)
    comer.sends(f"{comer.room}summary", "room/agree")
    comer.keeps()
    old = comer.tab.page(comer.kept)
    service.end(anna, chat)
    another = Comer(house.tab())
    a_talk(house, another.tab, anna, "another one's")
    another.sends(f"{another.room}summary", "room/agree")
    comer.enters(another.keeps())
    for action in ("kept/close", "kept/erase"):
        assert comer.tab.submit(comer.kept, old.form(action)).status_code == 409
    assert len(house.snapshot()["kept_summaries"]) == 2
    assert "another one's" in comer.words()


def test_on_the_other_line_the_visit_is_asked_about_first(house: House, comer: Comer, anna: Member) -> None:
    a_talk(house, comer.tab, anna)
    comer.sends(f"{comer.room}summary", "room/agree")
    comer.keeps()
    other = Comer(Tab(comer.tab.client, "prevention"))
    for path in ("", "code/", "code/keep/", "code/confirm/"):
        asked = other.tab.get(other.kept + path)
        assert (asked.status_code, WORDS in asked.text, mentions(asked.text, OTHER["prevention"])) == (200, False, [])
        assert Page(asked.text).form("return/begin-here")
    page = Page(other.tab.get(other.kept).text)
    for path in ("show", "go-on", "close", "erase", "code/", "code/confirm/", "code/forget"):
        token = page.form("begin-here").fields["csrf_token"]
        other.tab.client.post(other.kept + path, data={"csrf_token": token})
    assert len(house.snapshot()["kept_summaries"]) == 1
    assert other.tab.get(f"{other.room}summary").status_code == 410
    joining = other.tab.get(other.tab.chat).text
    assert (WORDS in joining, "show_summary" in joining) == (False, False)


def test_a_quick_exit_leaves_nothing_in_this_browser(house: House, comer: Comer, anna: Member) -> None:
    a_talk(house, comer.tab, anna)
    comer.sends(f"{comer.room}summary", "room/agree")
    code = comer.keeps()
    comer.tab.get("/exit")
    assert comer.tab.get(comer.kept).headers["Location"] == comer.entrance
    back = Comer(house.tab())
    assert back.enters(code) == back.kept
