"""Advice on a telephone, with and without scripts: who comes, what each reads, and what nobody may find later."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from helpline import clock
from tests.browser.askers import BOY, FRIEND, GIRL, PARENT, SAFE, Asker, title_of, words_of
from tests.browser.chromium import ANSWERED_NO
from tests.browser.people import PlainRoom, Room
from tests.browser.stage import PHONE, Stage

# A sentence that sends the reader to somebody at home, and what takes it back.
TO_HOME = re.compile(
    r"\b(tell|show|ask|choose|pick|go to|talk (to|with))\b[^.?!]*\b(at home|parents?|mother|father|mum|dad)\b", re.I
)
NOT_SO = re.compile(r"\b(don't|not|never|may want|afraid|hurts?)\b", re.I)


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts."""
    return bool(request.param)


@pytest.fixture
def asker(stage: Stage, scripts: bool) -> Asker:
    """Somebody with a telephone."""
    return Asker(stage.page("asker", size=PHONE, java_script_enabled=scripts), stage.url)


def close(stage: Stage) -> None:
    """The line is closed now, and opens at nine in the morning in three days."""
    day = (clock.now() + timedelta(days=3)).strftime("%a").lower()
    stage.house.change(f"UPDATE lines SET hours = '{day} 09:00-17:00'")  # noqa: S608 - a day of the week


def sends_home(text: str) -> list[str]:
    """The sentences that send the reader to somebody at home."""
    sentences = re.split(r"(?<=[.?!:])['’]?\s+", text)
    return [said for said in sentences if TO_HOME.search(said) and not NOT_SO.search(said)]


def can_be_called(place: Locator, number: str) -> None:
    """A card with this number to call is to be seen there."""
    expect(place.locator(f".entry a[href='tel:{number}']")).to_be_visible()


def counted(stage: Stage, table: str = "advice_counts") -> int:
    """How many walks the figures tell of."""
    return sum(number for (number,) in stage.house.rows(f"SELECT count FROM {table}"))  # noqa: S608 - names from here


# Who comes


def test_a_boy_of_fifteen_is_extorted_for_money_at_night(stage: Stage, asker: Asker) -> None:
    close(stage)
    page = asker.page
    before = counted(stage)
    asker.comes_in()
    expect(page.locator(".note.danger a[href='tel:112']")).to_be_visible()
    asker.answers(BOY)
    expect(asker.title).to_have_text(title_of("extortion/money"))
    expect(asker.section("What to do now")).to_contain_text("Don't pay")
    expect(asker.section("What not to do")).to_contain_text("Don't pay")
    can_be_called(asker.section("How you may feel"), "113")
    # At his home nobody hurts him: somebody there may be the one to tell.
    assert sends_home(asker.whole_text())
    assert counted(stage) == before + 1
    # No address of a page tells what he answered.
    assert re.fullmatch(r"https?://[^/]+/en/youth/advice/yours/", page.url)
    expect(page).to_have_title("Questions")
    # Nobody is there to bring the answers to, so he isn't asked about them: he reads when somebody will be there.
    door = page.locator(".part-of-advice").get_by_role("link", name="Talk to us")
    expect(door).to_contain_text("9:00")
    door.click()
    stands_before_a_closed_door(page)


def stands_before_a_closed_door(page: Page) -> None:
    """The page of the closed line, with the next time at which it opens and with numbers to call now."""
    page.wait_for_url("**/chat/")
    expect(page.locator("h1")).to_have_text("We are not here right now")
    expect(page.locator(".lead")).to_contain_text("9:00")
    expect(page.locator(".note.danger a[href='tel:112']")).to_be_visible()


def test_the_chat_closes_while_he_changes_what_goes_along(stage: Stage, asker: Asker) -> None:
    page = asker.page
    asker.walks(BOY)
    asker.talks()
    page.wait_for_url("**/advice/bring/")
    shown = page.locator("#text").input_value()
    for told in words_of("start/what", "extortion") + words_of("extortion/demand", "money"):
        assert told in shown
    # What is asked for the figures alone goes to nobody.
    assert words_of("shared/gender", "male")[0] not in shown
    page.locator("#text").fill("Someone wants money from me.")
    close(stage)
    page.locator("button[name=choice][value=yes]").click()
    stands_before_a_closed_door(page)
    expect(page.locator("main")).to_contain_text("not sent yet")
    assert stage.house.rows("SELECT id FROM chats") == []
    # His advice is still there.
    page.locator("a.door[href$='/advice/']").click()
    page.get_by_role("link", name="Go on where you were").click()
    expect(asker.title).to_have_text(title_of("extortion/money"))


def test_a_girl_whose_home_is_not_safe_is_sent_to_nobody_there(asker: Asker) -> None:
    asker.comes_in()
    asker.answers(GIRL)
    expect(asker.title).to_have_text(title_of("extortion/money"))
    assert sends_home(asker.whole_text()) == []
    trust = asker.section("Tell someone you trust")
    expect(trust).to_contain_text("You don't have to tell anyone at home now")
    expect(trust).to_contain_text("counsellor")
    can_be_called(trust, "08000432")
    can_be_called(asker.section("Who this advice is not for"), "08002000")
    expect(asker.section("Talk to us").get_by_role("link", name="Talk to us")).to_be_visible()


def test_a_girl_who_is_not_safe_now_reads_at_once_where_to_go(asker: Asker) -> None:
    asker.comes_in()
    asker.answers(SAFE | {"safe": "no"})
    expect(asker.title).to_have_text(title_of("start/not-safe"))
    now = asker.section("What to do now")
    can_be_called(now, "112")
    can_be_called(now, "08002000")
    assert sends_home(asker.whole_text()) == []


def test_a_parent_reads_how_to_stand_by_the_child(asker: Asker) -> None:
    asker.comes_in()
    asker.answers(PARENT)
    expect(asker.title).to_have_text(title_of("parent/blackmail"))
    expect(asker.section("What to do now")).to_contain_text("Don't pay")
    expect(asker.section("Talk to us").get_by_role("link", name="Talk to us")).to_be_visible()


def test_a_friend_reads_how_to_help_without_looking(asker: Asker) -> None:
    asker.comes_in()
    asker.answers(FRIEND)
    expect(asker.title).to_have_text(title_of("friend/image"))
    expect(asker.section("What to do now")).to_contain_text("Don't pass the image on")
    expect(asker.section("Talk to us").get_by_role("link", name="Talk to us")).to_be_visible()


# From the queue, and to a counsellor


def room_of(stage: Stage, scripts: bool) -> Room:
    """A visitor in the queue who opens the advice from there."""
    room = stage.visitor(size=PHONE) if scripts else stage.plain_visitor(size=PHONE)
    room.join()
    room.is_told("You are next.")
    return room


def to_the_advice(room: Room) -> Asker:
    """Open the advice from the queue."""
    place = room.frame if isinstance(room, PlainRoom) else room.page
    place.locator("a[href$='/advice/']").click()
    return Asker(room.page, room.front.removesuffix("/en/youth/"))


def test_advice_in_the_queue_keeps_the_place_and_the_answers_go_along_as_they_were_changed(
    stage: Stage, scripts: bool
) -> None:
    room = room_of(stage, scripts)
    late = stage.house.visitor().join(distress="3")
    assert late.transcript()["position"] == 2
    asker = to_the_advice(room)
    asker.is_told("You are next.")
    asker.answers(BOY)
    expect(asker.title).to_have_text(title_of("extortion/money"))
    asker.is_told("You are next.")
    assert late.transcript()["position"] == 2
    desk = stage.desk("anna")
    desk.capacity(1)
    desk.duty("available")
    desk.accept_by_key()
    # The strip tells by itself, and leads back.
    asker.is_told("A counsellor is there for you.")
    asker.strip.get_by_role("link", name="To the chat").click()
    room.is_in("active")
    room.page.go_back()
    asker.talks()
    written = room.page.locator("#text")
    said, left_out = words_of("extortion/demand", "money")
    assert said in written.input_value()
    written.fill("He wants money and he has my pictures.\n\nI am fifteen.")
    room.page.locator("button[name=choice][value=yes]").click()
    room.page.wait_for_url("**/room/")
    room.is_in("active")
    brought = desk.page.locator("#introduction-text")
    expect(brought).to_have_text("He wants money and he has my pictures.\n\nI am fifteen.")
    expect(brought).to_be_visible()
    expect(desk.page.get_by_text(left_out)).to_have_count(0)
    expect(desk.page.get_by_text(said)).to_have_count(0)
    # Which is no text of the talk.
    desk.sees()


def test_without_a_yes_nothing_goes_along(stage: Stage, asker: Asker, scripts: bool) -> None:
    asker.walks(BOY)
    asker.talks()
    asker.page.locator("button[name=choice][value=no]").click()
    room = (Room if scripts else PlainRoom)(asker.page, stage.url)
    room.join()
    counsellor = stage.house.on_duty("anna")
    chat = counsellor.accept_next()
    assert stage.house.rows("SELECT introduction FROM chats WHERE id = ?", chat) == [(None,)]


# What nobody may find


def shows_no_answers(page: Page) -> None:
    """Neither an answer nor the advice it led to is to be seen."""
    for part in (".answer[aria-current]", ".given", ".part-of-advice", ".been", "#text"):
        expect(page.locator(part)).to_have_count(0)
    expect(page.get_by_text(title_of("extortion/money"))).to_have_count(0)


def test_the_quick_exit_forgets_the_answers_and_back_shows_nothing(either_stage: Stage, scripts: bool) -> None:
    stage = either_stage
    stage.watch.allow(ANSWERED_NO)
    page = stage.page("asker", size=PHONE, java_script_enabled=scripts)
    asker = Asker(page, stage.url)
    asker.comes_in()
    asker.answers(BOY)
    expect(asker.title).to_have_text(title_of("extortion/money"))
    cookie = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "visit")
    page.locator("#quick-exit").click(no_wait_after=True)
    page.wait_for_url("**/exit")
    expect(page).to_have_title("New page")
    assert page.context.cookies() == []
    stranger = stage.house.visitor()
    stranger.http.cookies.set("visit", cookie)
    answer = stranger.http.get(f"{asker.advice}yours/")
    assert answer.url.endswith("/en/youth/advice/")
    for _ in range(4):
        page.go_back()
        shows_no_answers(page)


# Back, other answers, again


def test_back_and_another_answer_lead_to_the_advice_of_that_answer(asker: Asker) -> None:
    page = asker.page
    asker.walks(BOY)
    for question in ("gender", "home", "age", "paid", "demand"):
        asker.goes_back()
        asker.is_asked(question)
        expect(asker.marked).to_have_attribute("value", BOY[question])
    # The advice is one press away; looking back changes nothing.
    page.get_by_role("link", name="Go on where you were").click()
    expect(asker.title).to_have_text(title_of("extortion/money"))
    # One of the answers is chosen by its name. Nobody who doesn't want money is asked who paid.
    page.get_by_text("Change one of my answers").click()
    page.locator(".given a", has_text=words_of("extortion/demand", "money")[0]).click()
    asker.is_asked("demand")
    asker.answer("images")
    asker.is_asked("age")
    asker.answers({question: BOY[question] for question in ("age", "home", "gender")})
    expect(asker.title).to_have_text(title_of("extortion/images"))
    assert words_of("extortion/paid", "no")[0] not in asker.whole_text()
    # The browser's own way back does the same.
    page.go_back()
    asker.is_asked("gender")
    page.reload()
    asker.answer("female")
    expect(asker.title).to_have_text(title_of("extortion/images"))


def test_to_start_again_forgets_everything(stage: Stage, asker: Asker) -> None:
    page = asker.page
    asker.walks(BOY)
    page.locator("form[action$='/over'] button").click()
    asker.is_asked("danger")
    shows_no_answers(page)
    # A page that no answer leads to any more.
    page.goto(f"{asker.advice}yours/")
    asker.is_asked("danger")
    page.goto(f"{asker.advice}step/4/")
    asker.is_asked("danger")
    shows_no_answers(page)


def test_whether_it_helped_is_said_once(stage: Stage, asker: Asker) -> None:
    page = asker.page
    before = counted(stage, "advice_helped")
    asker.walks(PARENT)
    page.get_by_role("region", name="Did this help?").get_by_role("button", name="A bit").click()
    thanks = page.get_by_role("region", name="Thank you")
    expect(thanks).to_be_in_viewport()
    page.reload()
    expect(thanks).to_be_visible()
    expect(page.locator("button[name=helped]")).to_have_count(0)
    assert counted(stage, "advice_helped") == before + 1


# On paper


def test_the_advice_itself_is_printed_whole_and_without_the_answers(asker: Asker) -> None:
    page = asker.page
    asker.walks(BOY)
    fold = page.locator("details.more", has=page.get_by_role("heading", name="Keep proof"))
    expect(fold.locator(".more-in")).to_be_hidden()
    page.get_by_text("Change one of my answers").click()
    expect(page.locator(".given")).to_be_visible()
    page.emulate_media(media="print")
    expect(fold.locator(".more-in")).to_be_visible()
    expect(page.locator(".given")).to_be_hidden()
    expect(page.locator("button[name=helped]").first).to_be_hidden()


def test_on_paper_stands_the_advice_alone(asker: Asker) -> None:
    page = asker.page
    asker.walks(BOY)
    title = str(asker.title.inner_text())
    brand = str(page.locator(".brand").inner_text())
    parts = page.locator(".part-of-advice, details.more").locator("h2").all_text_contents()
    page.get_by_role("link", name="Print without my answers").click()
    page.wait_for_url("**/yours/print/")
    page.emulate_media(media="print")
    paper = str(page.locator("body").inner_text())
    assert paper.startswith(title)
    # What stands under each heading is there; only the way to our chat may leave a part empty.
    for part in parts:
        assert re.search(rf"^{re.escape(part)}\n+\S", paper, re.MULTILINE), part
    expect(page.locator("details")).to_have_count(0)
    for ours in ("http", "127.0.0.1", "localhost", page.url.split("/")[2], "youth"):
        assert ours not in paper
    assert brand not in paper.splitlines()
    assert page.locator("a:visible, iframe, button:visible").all_text_contents() == []
    for question, option in (("start/what", "extortion"), ("extortion/demand", "money"), ("extortion/age", "12-15")):
        asked, told = words_of(question, option)
        # The first question may be named in the advice, as where to go back to.
        assert told not in paper, told
        assert asked not in paper.splitlines(), asked
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert b"/URI" not in pdf, "no links on paper"
