"""Nobody is turned away at night, or tells it twice: letter and chat under a code, with and without scripts.

The server's clock goes from the night to the morning and on to the evening.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import ANSWERED_NO
from tests.browser.learners import left_behind, names_only_modules, sloppy, wrong
from tests.browser.people import Desk
from tests.browser.stage import PHONE, Stage
from tests.browser.writers import Answerer, Writer
from tests.clients import Server
from tests.journeys.house import House
from tests.journeys.moved import MovedClock

STAFF = {
    "anna": (["counsellor"], ["youth"]),
    "ben": (["counsellor"], ["youth"]),
    "sam": (["counsellor", "supervisor"], ["youth"]),
}
HOURS = "mon-sun 09:00-21:00"
STORY = "I can't sleep. He wants more pictures."
BEGUN = "It is good that you wrote."
DRAFT = f"{BEGUN} You did nothing wrong. Tell him it is over."
REMARK = "Please do not say what to tell him."
ANSWER = f"{BEGUN} You did nothing wrong. Who near you could know of it?"
REPLY = "My aunt. I will call her."
MINE = "He wants pictures. I can't sleep."
AGREED = "A boy online wants pictures. Next: tell the aunt, on Friday."


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, MovedClock]]:
    """A helpline of its own, since its days go by."""
    folder = tmp_path_factory.mktemp("night")
    server = Server(folder / "instance", ping_seconds="1")
    clock = MovedClock(server, folder)
    try:
        yield House(server).open(STAFF), clock
    finally:
        server.stop()


@pytest.fixture
def house(night: tuple[House, MovedClock]) -> Iterator[House]:
    """It is open by day, and a second reader reads each answer."""
    house, _ = night
    house.change(f"UPDATE lines SET hours = '{HOURS}', letters_second_reader = true")  # noqa: S608 - our own words
    yield house
    house.see_out()


@pytest.fixture
def clock(night: tuple[House, MovedClock]) -> MovedClock:
    """Its clock."""
    return night[1]


@pytest.fixture
def stage(house: House, new_stage: Callable[..., Stage]) -> Stage:
    """Browsers on it."""
    return new_stage(house)


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether visitors' browsers run scripts."""
    return bool(request.param)


def at_work(stage: Stage, clock: MovedClock, login: str) -> Answerer:
    """Somebody who has just signed in."""
    who = Answerer(stage.page(login), stage.url)
    who.sign_in(login, *stage.house.credentials(login), clock.now())
    return who


def missed(house: House) -> Counter[tuple[str, str]]:
    """Cause and what caught it, of every row of the missed ledger."""
    return Counter((str(cause), str(by)) for cause, by in house.rows("SELECT cause, caught_by FROM missed_contacts"))


def test_a_letter_at_night_an_answer_by_day_and_back_with_the_code(
    stage: Stage, clock: MovedClock, scripts: bool
) -> None:
    house = stage.house
    stage.watch.allow(ANSWERED_NO)
    clock.move_to("02:30")
    writer = Writer(stage.page("writer", size=PHONE, java_script_enabled=scripts), stage.url)
    writer.is_turned_away()
    assert missed(house) == {("closed", "none"): 1}
    writer.goes_to_the_letter()
    writer.writes(STORY)
    code = writer.reads_the_code()
    assert missed(house) == {("closed", "letter"): 1}
    writer.page.locator("a[href$='/code/confirm/']").click()
    writer.types(wrong(code))
    writer.refused()
    writer.types(code)
    writer.page.wait_for_url("**/letters/yours/")
    assert writer.texts.first.is_visible(), "what was written just now stands open"
    if scripts:
        assert left_behind(writer.page) == {"local": {}, "session": {}, "state": None, "cookies": ""}
    writer.page.context.close()

    # In the morning one counsellor begins and goes home, another one goes on, and a colleague reads it first.
    clock.move_to("09:30")
    anna, ben, sam = (at_work(stage, clock, login) for login in ("anna", "ben", "sam"))
    anna.opens()
    anna.presses("claim")
    assert anna.texts() == [STORY]
    anna.writes(BEGUN, "save")
    anna.presses("release")
    ben.opens()
    ben.presses("claim")
    expect(ben.page.locator("#body")).to_have_value(BEGUN)
    ben.writes(DRAFT, "submit")
    sam.opens()
    expect(sam.page.locator("main")).to_contain_text(DRAFT)
    sam.page.locator("#remark").fill(REMARK)
    sam.does("send_back")
    ben.opens()
    expect(ben.page.locator("main")).to_contain_text(REMARK)
    ben.writes(ANSWER, "submit")
    sam.opens()
    sam.does("approve")
    sam.page.goto(sam.inbox)
    expect(sam.listed).to_have_count(0)

    # In the evening it is read on another device, answered, and erased.
    clock.move_to("20:00")
    again = Writer(stage.page("again", size=PHONE, java_script_enabled=scripts), stage.url)
    again.comes_back(sloppy(code))
    again.page.wait_for_url("**/letters/yours/")
    expect(again.texts).to_have_count(2)
    assert [text.is_visible() for text in again.texts.all()] == [False, False]
    assert again.unfolds() == [STORY, ANSWER]
    again.writes(REPLY)
    again.page.wait_for_url("**/letters/yours/**")
    assert again.unfolds() == [STORY, ANSWER, REPLY]
    anna.opens()
    anna.presses("claim")
    assert anna.texts() == [STORY, ANSWER, REPLY]
    again.erases()
    expect(again.page.locator("h1")).to_be_visible()
    assert house.rows("SELECT id FROM letters") == []
    again.comes_back(code)
    gone = again.refused()
    again.types(wrong(code))
    assert again.refused() == gone, "as if it had never been"
    anna.writes("too late", "submit")
    expect(anna.page.locator("#kept-text")).to_have_value("too late")

    counted = house.server.counts()
    assert counted["answered"] == 1
    assert {cause: number for cause, number in counted["missed"].items() if number} == {"closed": 1}
    assert missed(house) == {("closed", "letter"): 1}
    for person in (writer, again):
        assert names_only_modules(person.visited)
        assert not any(part in url for url in person.visited for part in (code, code[:4]))


class Talker:
    """A visitor in a chat, with or without scripts, and the summary beside it."""

    def __init__(self, stage: Stage, who: str, *, scripts: bool) -> None:
        self.scripts = scripts
        self.room = stage.visitor(who, size=PHONE) if scripts else stage.plain_visitor(who, size=PHONE)
        self.page = self.room.page

    def opens_the_summary(self) -> None:
        """From the room, where it is offered quietly."""
        fold = self.page.locator("details.way-back:visible")
        fold.locator("summary").click()
        if self.scripts:
            self.page.locator("#summary-begin").click()
        else:
            fold.locator("a[href$='/room/summary']").click()
        expect(self.page.locator("#summary-body")).to_be_visible()

    def writes_it(self, body: str) -> None:
        """Write a version; with scripts it saves itself."""
        self.page.locator("#summary-body").fill(body)
        if not self.scripts:
            self.page.locator("#summary-save").click()

    def looks(self) -> None:
        """Without scripts a page is loaded again to be up to date."""
        if not self.scripts:
            self.page.reload()

    def reads_it(self, body: str) -> None:
        """Wait until this stands there as what the counsellor wrote."""
        self.looks()
        expect(self.page.locator("#summary-text")).to_have_text(body)

    def agrees(self) -> None:
        """Say yes to it."""
        self.page.locator("#summary-agree button").click()
        expect(self.page.locator("#summary-keep button")).to_be_visible()

    def keeps_it(self) -> str:
        """Keep it under a code, which is typed once; beside a running chat this happens in a new tab."""
        button = self.page.locator("#summary-keep button")
        if self.scripts:
            with self.page.expect_popup() as opened:
                button.click()
            page = opened.value
        else:
            button.click()
            page = self.page
        keeper = Writer(page, "")
        page.wait_for_url("**/kept/code/")
        page.locator("form[action$='/kept/code/'] button").click()
        code = keeper.reads_the_code()
        page.locator("a[href$='/code/confirm/']").click()
        keeper.types(wrong(code))
        keeper.refused()
        keeper.types(code)
        page.wait_for_url("**/chat/kept/")
        return code


def at_the_desk(stage: Stage, clock: MovedClock, login: str) -> Desk:
    """Somebody who has just come to work."""
    desk = Desk(at_work(stage, clock, login).page, stage.url)
    desk.open()
    desk.duty("available")
    return desk


def test_a_chat_a_summary_and_another_counsellor_a_week_later(stage: Stage, clock: MovedClock, scripts: bool) -> None:
    stage.watch.allow(ANSWERED_NO)
    clock.move_to("14:00")
    anna = at_the_desk(stage, clock, "anna")
    talker = Talker(stage, "talker", scripts=scripts)
    talker.room.join(first=STORY)
    anna.accept_by_key()
    talker.room.is_in("active")
    talker.opens_the_summary()
    talker.writes_it(MINE)
    anna.page.locator("#open-summary").click()
    hers = anna.page.locator("#summary-body")
    expect(hers).to_have_value(MINE)
    hers.fill(AGREED)
    hers.blur()
    stage.house.until("SELECT version, author FROM chat_summaries", [(2, "counsellor")])
    talker.reads_it(AGREED)
    talker.agrees()
    code = talker.keeps_it()
    stage.house.until("SELECT sealed FROM chat_summaries", [(None,)])
    anna.end()
    for page in (anna.page, talker.page):
        page.context.close()

    clock.move_to("14:00", days=6)
    ben = at_the_desk(stage, clock, "ben")
    again = Writer(stage.page("again", size=PHONE, java_script_enabled=scripts), stage.url)
    again.comes_back(sloppy(code))
    again.page.wait_for_url("**/chat/kept/")
    folded = again.page.locator("details", has_text=AGREED)
    expect(folded).to_have_count(1)
    assert not folded.get_by_text(AGREED).is_visible(), "folded, for somebody may look on"
    folded.locator("summary").click()
    expect(folded.get_by_text(AGREED)).to_be_visible()
    again.page.locator("main a[href$='/chat/']").click()
    expect(again.page.locator("#show_summary")).to_be_checked()
    for answer in ("input[name=danger][value=no]", "input[name=distress][value='2']"):
        again.page.locator(answer).check()
    again.page.locator("form[data-join] button[type=submit]").click()
    again.page.wait_for_url("**/room/")
    ben.accept_by_key()
    earlier = ben.page.locator("#earlier-text")
    expect(ben.page.locator("#earlier-reminder")).to_be_visible()
    expect(earlier).to_be_hidden()
    ben.page.locator("#earlier-summary > summary").click()
    expect(earlier).to_have_text(AGREED)
    again.page.reload()
    expect(again.page.locator("details.brought", has_text=AGREED)).to_have_count(1)
    again.page.goto(f"{again.front}chat/kept/")
    again.page.locator(".erasing > summary").click()
    again.page.locator("form[action$='/kept/erase'] button").click()
    expect(again.page.locator("h1")).to_be_visible()
    assert stage.house.rows("SELECT lookup FROM kept_summaries") == []
    again.comes_back(code)
    again.refused()
    assert names_only_modules(again.visited)
