"""The main job, from the front page to the ledger: three visitors, one of them without scripts, and two counsellors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import NO_LINE
from tests.browser.people import Desk, PlainRoom, Room
from tests.browser.stage import PHONE, Stage
from tests.clients import Server
from tests.journeys.house import House

COUNSELLORS = {"anna": (["counsellor"], ["youth"]), "ben": (["counsellor"], ["youth"])}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A helpline of its own, since this one is stopped and started again."""
    house = House(Server(tmp_path / "instance", ping_seconds="1"))
    yield house.open(COUNSELLORS)
    house.server.stop()


class Journey:
    """Everybody in it, and what each of them has said so far."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.house = stage, stage.house
        self.first: Room = stage.visitor("first", size=PHONE)
        self.plain: PlainRoom = stage.plain_visitor(size=PHONE)
        self.danger: Room = stage.visitor("danger")
        self.anna: Desk = stage.signed_out_desk("anna")
        self.ben: Desk = stage.signed_out_desk("ben")
        self.with_anna: list[str] = []
        self.with_ben: list[str] = []

    def anna_and_danger_see(self) -> None:
        """Both sides show the same texts in the same order, all of them stored."""
        self.danger.is_stored()
        self.anna.is_stored()
        self.danger.sees(*self.with_anna)
        self.anna.sees(*self.with_anna)
        told = [author for author, _ in self.anna.texts()]
        assert told == [author for author, _ in self.danger.texts()]

    def plain_and_ben_see(self) -> None:
        """The frame and the desk show the same texts in the same order."""
        self.ben.is_stored()
        self.ben.sees(*self.with_ben)
        self.plain.sees(*self.with_ben)


def goes(journey: Journey, steps: Iterable[Callable[[Journey], None]]) -> None:
    """The journey by these steps; afterwards the ledger is what it has to be."""
    for step in steps:
        step(journey)
    ledger = journey.house.server.counts()
    assert ledger["answered"] == 3
    assert {cause: number for cause, number in ledger["missed"].items() if number} == {"left_early": 1}


@pytest.mark.timeout(180)
def test_three_visitors_and_two_counsellors(house: House, new_stage: Callable[..., Stage]) -> None:
    steps = (
        counsellors_come_to_work,
        visitors_queue_up,
        counsellors_take_as_many_as_they_chose,
        texts_go_both_ways,
        the_visitor_without_scripts_talks,
        pages_are_loaded_again_in_the_middle,
        a_device_loses_its_line,
        the_server_stops_and_comes_back,
        a_freed_place_goes_to_whoever_waits_and_an_offer_goes_on,
        two_chats_side_by_side,
        everybody_goes,
    )
    goes(Journey(new_stage(house)), steps)


def counsellors_come_to_work(journey: Journey) -> None:
    for login, desk in (("anna", journey.anna), ("ben", journey.ben)):
        desk.sign_in(login, *journey.house.credentials(login))
        expect(desk.page.locator("#queue-empty")).to_be_visible()


def visitors_queue_up(journey: Journey) -> None:
    first, plain, danger = journey.first, journey.plain, journey.danger
    first.page.goto(first.front)
    first.page.locator("a.door.first").click()
    first.join(distress=2, first="First in time, not so bad.")
    first.is_told("You are next.")
    plain.join(distress=4)
    plain.is_in("waiting")
    plain.is_told("You are next.")
    first.is_told("1 person is ahead of you.")
    danger.join("yes", distress=3, first="I need someone now.")
    danger.is_told("You are next.")
    expect(danger.page.locator("#panel-waiting .note.danger")).to_contain_text("112")
    plain.is_told("1 person is ahead of you.")
    first.is_told("2 people are ahead of you.")
    # As bad as for the first, but later.
    late = journey.house.visitor().join(distress="2")
    assert late.transcript()["position"] == 4
    for desk in (journey.anna, journey.ben):
        facts = (r"Life in danger\s+Distress.3", r"^\s*Distress.4", r"^\s*Distress.2", r"^\s*Distress.2")
        expect(desk.queue.locator("p")).to_have_text([re.compile(told) for told in facts])
        expect(desk.page.locator("#queue-hint")).to_contain_text("You are away")
        expect(desk.offers).to_have_count(0)
    assert late.post(f"{late.room}leave", token_from=late.room).status_code == 303
    expect(journey.anna.queue).to_have_count(3)
    plain.say("I can't run scripts here.")
    plain.sees("I can't run scripts here.")
    first.say("I write while I wait.")
    first.is_stored()
    journey.with_anna.append("I need someone now.")
    journey.with_ben.append("I can't run scripts here.")


def counsellors_take_as_many_as_they_chose(journey: Journey) -> None:
    anna, ben = journey.anna, journey.ben
    anna.capacity(1)
    journey.house.change("UPDATE lines SET offer_seconds = 60")
    anna.duty("available")
    expect(anna.rings()).to_contain_text("Life\u00a0in\u00a0danger")
    anna.accept_by_key()
    journey.danger.is_in("active")
    ben.capacity(1)
    ben.duty("available")
    expect(ben.rings()).to_contain_text("Distress\u00a04")
    ben.accept_by_key()
    journey.plain.is_in("active")
    # Nobody has room for the third, who is told so and stays in the queue.
    journey.first.is_told("You are next.")
    journey.first.is_in("waiting")
    for desk in (anna, ben):
        expect(desk.page.locator("#load")).to_have_text("1 of 1 chats")
        expect(desk.queue).to_have_count(1)
        expect(desk.queue.locator("button")).to_be_hidden()
        expect(desk.offers).to_have_count(0)
    expect(anna.page.locator("#queue-hint")).to_contain_text("a life in danger")
    expect(ben.page.locator("#queue-hint")).to_contain_text("as many chats as you chose")
    journey.anna_and_danger_see()
    journey.plain_and_ben_see()


def texts_go_both_ways(journey: Journey) -> None:
    anna, danger, said = journey.anna, journey.danger, journey.with_anna
    for number in range(3):
        danger.page.locator("#body").press_sequentially(f"Question {number}")
        expect(anna.page.locator("#typing")).to_have_text("The visitor is typing…")
        danger.page.locator("#composer .send").click()
        expect(anna.bubbles).to_have_count(len(said) + 1)
        expect(anna.page.locator("#typing")).to_be_empty()
        anna.page.locator("#body").press_sequentially(f"Answer {number}")
        expect(danger.page.locator("#typing")).to_have_text("The counsellor is typing…")
        anna.page.locator("#body").press("Control+Enter")
        said += [f"Question {number}", f"Answer {number}"]
        danger.sees(*said)
    # Each side has seen what the other wrote, and both are told.
    expect(danger.bubbles.filter(has_text="Question 2").locator(".text-state")).to_have_text("Read")
    expect(anna.bubbles.filter(has_text="Answer 2").locator("[data-part=state]")).to_contain_text("Read")
    # As fast as the page takes them, from both sides at once.
    for number in range(10):
        danger.say(f"fast {number}")
        anna.say(f"reply {number}")
    danger.is_stored()
    anna.is_stored()
    expect(danger.bubbles).to_have_count(len(said) + 20)
    flow = [body for _, body in danger.texts()]
    assert [body for body in flow if body.startswith("fast")] == [f"fast {number}" for number in range(10)]
    assert [body for body in flow if body.startswith("reply")] == [f"reply {number}" for number in range(10)]
    said += flow[len(said) :]
    journey.anna_and_danger_see()


def the_visitor_without_scripts_talks(journey: Journey) -> None:
    ben, plain, said = journey.ben, journey.plain, journey.with_ben
    ben.say("I can read you. Tell me more.")
    said.append("I can read you. Tell me more.")
    journey.plain_and_ben_see()
    # The frame loads itself again whenever it likes; a form that is being sent meanwhile loses and doubles nothing.
    for number in range(3):
        plain.say(f"Without scripts {number}\nand on a second line")
        said.append(f"Without scripts {number}\nand on a second line")
    journey.plain_and_ben_see()


def pages_are_loaded_again_in_the_middle(journey: Journey) -> None:
    journey.danger.page.locator("#body").fill("A draft stays")
    journey.anna.page.locator("#body").fill("A draft of the counsellor")
    for page in (journey.danger.page, journey.anna.page):
        page.reload()
    journey.anna.is_ready()
    journey.anna_and_danger_see()
    expect(journey.anna.page.locator("#body")).to_have_value("A draft of the counsellor")
    journey.plain.page.reload()
    journey.plain_and_ben_see()
    for number in range(2):
        journey.danger.say(f"After loading {number}")
        journey.with_anna.append(f"After loading {number}")
    journey.anna_and_danger_see()


def a_device_loses_its_line(journey: Journey) -> None:
    danger, anna = journey.danger, journey.anna
    with journey.stage.watch.tolerating(NO_LINE, danger.page):
        danger.page.context.set_offline(True)
        danger.say("Said without a line")
        expect(danger.page.locator("#notice")).to_contain_text("You are offline. Your message is kept")
        expect(danger.page.locator("#log .text.pending")).to_have_count(1)
        anna.say("Said to nobody for now")
        anna.is_stored()
        journey.with_anna.append("Said to nobody for now")
        anna.sees(*journey.with_anna)
        danger.page.context.set_offline(False)
        journey.with_anna.append("Said without a line")
        journey.anna_and_danger_see()
    expect(danger.page.locator("#notice")).to_be_hidden()


def the_server_stops_and_comes_back(journey: Journey) -> None:
    danger, anna, ben = journey.danger, journey.anna, journey.ben
    pages = (danger.page, anna.page, ben.page, journey.first.page, journey.plain.page)
    with journey.stage.watch.tolerating(NO_LINE, *pages):
        journey.house.server.kill()
        danger.say("Said while nobody listened")
        danger.say("and a second one")
        expect(danger.page.locator("#notice")).to_contain_text("Connection lost. Your message is kept")
        expect(danger.page.locator("#log .text.pending .text-state").first).to_contain_text("kept on this page")
        expect(anna.page.locator("#offline")).to_be_visible()
        journey.plain.loses_the_frame()
        journey.house.server.start()
        journey.with_anna += ["Said while nobody listened", "and a second one"]
        journey.anna_and_danger_see()
        expect(anna.page.locator("#offline")).to_be_hidden()
        ben.is_ready()
        journey.first.is_told("You are next.")
        anna.say("We are back.")
        journey.with_anna.append("We are back.")
        journey.anna_and_danger_see()
        journey.plain.load_again()
        journey.plain_and_ben_see()


def a_freed_place_goes_to_whoever_waits_and_an_offer_goes_on(journey: Journey) -> None:
    anna, ben, first = journey.anna, journey.ben, journey.first
    journey.house.server.command("lines", "set", "youth", "--offer-seconds", "5")
    anna.end()
    journey.danger.is_in("ended")
    expect(journey.danger.page.locator(".reason:not([hidden]) h1")).to_have_text("The chat has ended")
    journey.danger.sees(*journey.with_anna)
    expect(anna.page.locator("#wrap-list .wrap-item")).to_have_count(1)
    expect(anna.rings()).to_contain_text("Distress\u00a02")
    # Anna lets it ring; Ben makes room. What rings there has all the time that a slow machine may need.
    journey.house.change("UPDATE lines SET offer_seconds = 60")
    ben.capacity(2)
    expect(anna.page.locator("#notice-list")).to_contain_text("rang too long and goes on to someone else")
    ben.rings()
    first.is_in("waiting")
    journey.name_of_first = ben.accept_by_key()
    first.is_in("active")
    expect(anna.offers).to_have_count(0)
    expect(ben.chats).to_have_count(2)
    ben.sees("First in time, not so bad.", "I write while I wait.")


def two_chats_side_by_side(journey: Journey) -> None:
    ben, first, plain = journey.ben, journey.first, journey.plain
    name = journey.name_of_first
    other = str(ben.chats.filter(has_not_text=name).locator("[data-part=name]").inner_text())
    plain.say("Are you still there?")
    journey.with_ben.append("Are you still there?")
    expect(ben.item(other).locator("[data-part=unread]")).to_have_text("1 new")
    plain.say("I am.")
    journey.with_ben.append("I am.")
    expect(ben.item(other).locator("[data-part=unread]")).to_have_text("2 new")
    expect(ben.page).to_have_title("(2) Desk · Helpline")
    expect(ben.item(name).locator("[data-part=unread]")).to_be_hidden()
    ben.page.keyboard.press("Alt+n")
    ben.has_open(other)
    expect(ben.item(other).locator("[data-part=unread]")).to_be_hidden()
    journey.plain_and_ben_see()
    first.say("And I?")
    expect(ben.item(name).locator("[data-part=unread]")).to_have_text("1 new")
    ben.open_chat(name)
    ben.sees("First in time, not so bad.", "I write while I wait.", "And I?")
    ben.say("Here I am.")
    first.sees("First in time, not so bad.", "I write while I wait.", "And I?", "Here I am.")


def everybody_goes(journey: Journey) -> None:
    ben, first, plain = journey.ben, journey.first, journey.plain
    first.leave()
    first.is_in("ended")
    expect(first.page.locator(".reason:not([hidden]) h1")).to_have_text("You have left")
    ben.is_told("The visitor has left.")
    plain.leave()
    plain.is_in("ended")
    expect(plain.frame.locator("h1")).to_have_text("You have left")
    expect(plain.page.locator("#composer")).to_have_count(0)
    expect(ben.chats.locator("button").filter(has_text="ended")).to_have_count(2)
    expect(ben.page.locator("#load")).to_have_text("0 of 2 chats")
