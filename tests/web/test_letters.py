"""The pages of letters without JavaScript: write, keep the code, read, reply, erase; nothing written is lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from helpline import db
from helpline.contacts.models import MissedContact
from helpline.letters import service
from helpline.letters.models import Letter
from helpline.lines import service as lines
from helpline.privacy import codes, guessing
from tests.letters.writers import Answerer
from tests.web.conftest import House
from tests.web.pages import OTHER, Page, Tab, mentions

CODE = re.compile(r"\b[0-9A-Z]{4}(?:\W+[0-9A-Z]{4}){3}\b")


@pytest.fixture(autouse=True)
def quick_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes that are quick to check; nobody has guessed any yet."""
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(lambda seconds: None))


class Desk:
    """A visitor at a desk, who goes from page to page."""

    def __init__(self, tab: Tab) -> None:
        self.tab, self.base = tab, f"/{tab.lang}/{tab.line}/letters/"
        self.entrance = f"/{tab.lang}/{tab.line}/return/"

    def page(self, path: str = "") -> Page:
        return self.tab.page(self.base + path)

    def sends(self, path: str, action: str, status: int = 303, **fields: str) -> str:
        """Fill in the form of a page; where it leads, or what it says."""
        answer = self.tab.submit(self.base + path, self.page(path).form(action), **fields)
        assert answer.status_code == status, answer.text
        return answer.headers["Location"].removeprefix(self.base) if status == 303 else answer.text

    def writes(self, body: str = "I have told nobody") -> str:
        """The code on the page that follows."""
        assert self.sends("", "letters/", body=body) == "code/"
        found = CODE.search(re.sub(r"<[^>]+>", "", self.tab.get(f"{self.base}code/").text))
        assert found is not None
        code = codes.read(found[0])
        assert code is not None
        return code

    def keeps(self, code: str) -> None:
        assert self.sends("code/confirm/", "confirm/", code=code.lower()) == "yours/"

    def enters(self, code: str, status: int = 303) -> str:
        answer = self.tab.submit(self.entrance, self.tab.page(self.entrance).form("return/"), code=code)
        assert answer.status_code == status, answer.text
        return answer.headers.get("Location", answer.text)

    def words(self, path: str = "yours/") -> str:
        return " ".join(self.page(path).words)


@pytest.fixture
def desk(tab: Tab) -> Desk:
    """A visitor of the line for youngsters."""
    return Desk(tab)


def only_letter() -> Letter:
    with db.reading() as session:
        return session.scalars(select(Letter)).one()


def test_from_a_closed_door_to_an_answer_and_back(house: House, desk: Desk) -> None:
    house.set_line("youth", hours="closed")
    assert desk.base in desk.tab.page(desk.tab.chat).links
    desk.tab.post(desk.tab.chat)
    code = desk.writes("It began in May.\n\nI have told nobody.")
    assert "You have not kept your code yet." in desk.words()
    assert "other code" not in desk.sends("code/confirm/", "confirm/", 400, code="nonsense")
    assert "another code" in desk.sends("code/confirm/", "confirm/", 400, code="0000-0000-0000-0000")
    desk.keeps(code)
    assert "You have not kept your code yet." not in desk.words()
    assert desk.tab.get(f"{desk.base}code/").status_code == 303, "shown once"
    with db.reading() as session:
        assert session.scalars(select(MissedContact.caught_by)).one() == "letter"

    Answerer(only_letter().id, house.counsellor()).claims().answers("You did nothing wrong.")
    other = Desk(house.tab())
    assert other.enters(code.replace("-", " ").lower()) == f"{other.base}yours/"
    said = other.words()
    assert "There is an answer for you." in said
    assert "You did nothing wrong." in said
    assert other.sends("yours/", "yours/", body="Thank you. And now?").startswith("yours/#")
    assert "Your letter is with us" in other.words()
    assert "erased" in other.sends("yours/", "/erase", 200)
    other.enters(code, 400)
    with db.reading() as session:
        assert session.scalars(select(Letter)).all() == []


def test_what_a_code_opens_is_folded_and_what_is_written_then_is_not(house: House, desk: Desk) -> None:
    code = desk.writes("a secret <b>&amp;")
    one = r"<details class=\"letter-part\"{}>\s*<summary>[^<]*</summary>\s*<p[^>]*>{}"
    assert re.search(one.format(" open", "a secret &lt;b&gt;&amp;amp;"), desk.tab.get(f"{desk.base}yours/").text)
    assert "is folded" not in desk.words()
    other = Desk(house.tab())
    other.enters(code)
    html = other.tab.get(f"{other.base}yours/").text
    assert re.search(one.format("", "a secret &lt;b&gt;&amp;amp;"), html)
    assert "<details open" not in html
    assert "is folded" in other.words()
    other.sends("yours/", "yours/", body="and this")
    Answerer(only_letter().id, house.counsellor()).claims().answers("our answer")
    html = other.tab.get(f"{other.base}yours/").text
    assert re.search(one.format("", "a secret"), html)
    assert re.search(one.format(" open", "and this"), html)
    assert re.search(r"letter-part answer\">", html), "an answer is opened by whoever wants to read it"


@pytest.mark.parametrize(("body", "told"), [("  ", "nothing written"), ("x" * (service.MAX_BODY + 1), "too long")])
def test_what_cannot_be_sent_stands_there_still(desk: Desk, body: str, told: str) -> None:
    answer = desk.sends("", "letters/", 400, body=body)
    assert told in answer
    assert Page(answer).form("letters/").fields["body"] == body
    desk.writes()
    answer = desk.sends("yours/", "yours/", 400, body=body)
    assert told in answer
    assert Page(answer).form("yours/").fields["body"] == body


def test_a_form_sent_twice_is_one_letter(desk: Desk) -> None:
    form = desk.page().form("letters/")
    for _ in range(2):
        assert desk.tab.submit(desk.base, form, body="hello").headers["Location"] == f"{desk.base}code/"
    only_letter()
    answer = desk.tab.submit(desk.base, form, body="another", client_id="another")
    assert (answer.status_code, "another" in answer.text) == (409, True)


def test_whose_letter_is_gone_gets_the_text_back(house: House, desk: Desk) -> None:
    code = desk.writes()
    desk.keeps(code)
    form = desk.page("yours/").form("yours/")
    other = Desk(house.tab())
    other.enters(code)
    other.sends("yours/", "/erase", 200)
    answer = desk.tab.submit(f"{desk.base}yours/", form, body="what I wrote on the train")
    assert (answer.status_code, "what I wrote on the train" in answer.text) == (410, True)
    assert desk.tab.get(f"{desk.base}yours/").status_code == 410
    begin = desk.tab.submit(f"{desk.base}yours/", Page(answer.text).form("/close"))
    assert begin.headers["Location"] == f"{desk.base}#closed"
    desk.writes("what I wrote on the train")


def test_a_form_without_our_cookie_gives_the_text_back(desk: Desk) -> None:
    form = desk.page().form("letters/")
    desk.tab.client.delete_cookie("visit")
    answer = desk.tab.submit(desk.base, form, body="what took me an hour")
    assert (answer.status_code, "what took me an hour" in answer.text) == (400, True)


def test_closing_keeps_it_and_hides_it(desk: Desk) -> None:
    code = desk.writes("a secret")
    desk.keeps(code)
    assert desk.sends("yours/", "/close") == "#closed"
    assert desk.tab.get(f"{desk.base}yours/").headers["Location"] == desk.base
    desk.enters(code)
    assert "a secret" in desk.words()


def test_another_code_waits_until_the_one_of_this_visit_is_kept(house: House, desk: Desk) -> None:
    other = Desk(house.tab())
    earlier = other.writes("long ago")
    other.keeps(earlier)
    now = desk.writes("today")
    assert desk.enters(earlier) == f"{desk.base}code/"
    desk.keeps(now)
    assert desk.enters(earlier) == f"{desk.base}yours/"
    assert "long ago" in desk.words()


def test_a_visit_on_the_other_line_is_asked_about_and_the_text_kept(house: House, desk: Desk) -> None:
    form = desk.page().form("letters/")
    other = Desk(Tab(desk.tab.client, "prevention"))
    other.writes()
    answer = desk.tab.submit(desk.base, form, body="what I wrote before")
    page = Page(answer.text)
    assert "what I wrote before" in answer.text
    assert mentions(answer.text, OTHER["youth"]) == []
    assert desk.tab.submit(desk.base, page.form("begin-here")).headers["Location"] == desk.base
    desk.writes("what I wrote before")


def test_a_line_that_takes_none_has_no_door(house: House, desk: Desk) -> None:
    code = desk.writes()
    desk.keeps(code)
    lines.change_line("youth", {"letters": False})
    stranger = house.tab()
    assert stranger.get(desk.base).status_code == 404
    assert desk.base not in stranger.page("/en/youth/").links
    assert "I have told nobody" in desk.words(), "who has written reads on"
    assert stranger.post(desk.base, {"body": "hello", "client_id": "f1"}).status_code == 404


def test_how_long_it_takes_is_said_as_it_is(house: House, desk: Desk, later: Callable[..., None]) -> None:
    assert "3 days" in desk.words("")
    assert "half of the answers" not in desk.words("")
    anna = house.counsellor()
    for _ in range(5):
        other = Desk(house.tab())
        other.writes()
    later(hours=30)
    for item in service.inbox(anna):
        Answerer(item.id, anna).claims().answers("hello")
    said = desk.words("")
    assert "half of the answers came within 30 hours" in said
    assert "100%" in said


@pytest.mark.parametrize("lang", ["en", "nl"])
@pytest.mark.parametrize("line", ["youth", "prevention"])
def test_every_page_in_both_languages_on_both_lines(house: House, line: str, lang: str) -> None:
    desk = Desk(house.tab(line, lang))
    pages = [desk.tab.get(desk.base).text]
    code = desk.writes("hallo")
    pages += [desk.tab.get(f"{desk.base}{path}").text for path in ("code/", "code/confirm/", "yours/")]
    desk.keeps(code)
    pages += [desk.sends("yours/", "/erase", 200), desk.tab.get(desk.entrance).text]
    for html in pages:
        page = Page(html)
        assert page.language == lang
        assert mentions(html, OTHER[line]) == []
        assert code not in page.title
