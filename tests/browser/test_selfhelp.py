"""The course on a telephone, with and without scripts: what is written, kept and found again, and what nobody finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.chromium import ANSWERED_NO, Chromium
from tests.browser.learners import (
    FIRST_THREE,
    GOAL,
    LIFE,
    REASON,
    STEP,
    WRITTEN,
    Learner,
    left_behind,
    names_only_modules,
    sloppy,
    wrong,
)
from tests.browser.paper import letters_of, squeezed
from tests.browser.stage import PHONE, Stage
from tests.journeys.house import House

LADDER = ("goals", "ladder")
OURS = ("http", "127.0.0.1", "localhost", "Anders verder", "prevention", "self-help", "Module", "course", "Helpline")


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts."""
    return bool(request.param)


def learner(stage: Stage, who: str = "learner", *, scripts: bool = True) -> Learner:
    """Somebody with a telephone, in a browser of their own."""
    return Learner(stage.page(who, size=PHONE, java_script_enabled=scripts), stage.url)


def counted(stage: Stage) -> int:
    """How many codes something is kept under."""
    return len(stage.house.rows("SELECT lookup FROM saved_courses"))


def test_each_question_of_an_exercise_stands_apart_from_the_one_before(stage: Stage) -> None:
    who = learner(stage)
    who.opens("goals")
    parts = who.exercise("ladder").locator("form[data-writing] > :is(.field, .save)").all()
    boxes = [box for part in parts if (box := part.bounding_box())]
    gaps = [below["y"] - above["y"] - above["height"] for above, below in pairwise(boxes)]
    assert len(gaps) >= 4
    assert min(gaps) >= 24


def test_three_modules_a_code_and_back_in_another_browser(stage: Stage, scripts: bool) -> None:
    stage.watch.allow(ANSWERED_NO)
    first = learner(stage, scripts=scripts)
    first.page.goto(first.front)
    first.page.locator("a.door[href$='/self-help/']").click()
    first.page.get_by_role("link", name="Begin: Welcome").click()
    (slug, key), answers = next(iter(FIRST_THREE.items()))
    first.fills(key, answers)
    first.saves(key)
    expect(first.page.locator("#offer-title")).to_be_visible()
    for (slug, key), answers in list(FIRST_THREE.items())[1:]:
        first.writes(slug, key, answers)
        first.holds(key, answers)
    expect(first.earlier).to_have_text([REASON])
    first.page.locator("button[value='done']").click()
    first.page.wait_for_url("**/devices/#main")

    # A code, typed wrongly once, then as it was read on the page.
    code = first.makes_a_code()
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)
    size = first.page.locator(".code").evaluate("code => parseFloat(getComputedStyle(code).fontSize)")
    assert size > 28, "large enough to be copied by hand"
    first.page.get_by_role("link", name="I have written it down").click()
    first.types(wrong(code))
    assert "another code" in first.refused()[1]
    assert counted(stage) == 0, "nothing is kept before it is known to be written down"
    first.types(code)
    expect(first.yours).to_contain_text("Your code works.")
    if scripts:
        assert left_behind(first.page) == {"local": {}, "session": {}, "state": None, "cookies": ""}
    first.page.context.close()

    again = learner(stage, "again", scripts=scripts)
    again.is_back(sloppy(code))
    expect(again.page.locator(".modules .done")).to_have_count(1)
    expect(again.page.locator(".modules .begun")).to_have_count(2)
    for (slug, key), answers in FIRST_THREE.items():
        again.opens(slug)
        again.holds(key, answers)
    for slug in ("slips", "your-plan"):
        again.opens(slug)
        for written in (REASON, LIFE, GOAL):
            expect(again.earlier.get_by_text(written)).to_be_visible()
    expect(again.earlier.get_by_text(STEP)).to_be_visible()

    # Erased with one press; its code looks like any that never was.
    again.page.goto(again.course)
    again.page.locator("button.erase").click()
    expect(again.page.locator("h1")).to_have_text("Everything is erased")
    assert counted(stage) == 0
    again.comes_back(code)
    gone = again.refused()
    again.types(wrong(code))
    assert again.refused() == gone
    again.opens("goals")
    again.holds("ladder", {"life": "", "goal": "", "steps-0-step": ""})

    for visited in (first.visited, again.visited):
        assert names_only_modules(visited)
        assert not any(part in url for url in visited for part in (code, "Els", "sister"))


def test_the_plan_is_printed_without_what_was_left_out_and_tells_nothing_of_us(
    stage: Stage, scripts: bool, tmp_path: Path
) -> None:
    who = learner(stage, scripts=scripts)
    page = who.page
    who.writes(*LADDER, FIRST_THREE[LADDER])
    who.writes(
        "devices", "plan", {"devices-0-device": "Phone", "devices-0-change": "It sleeps in the hall", "who": "Bo"}
    )
    page.goto(who.course)
    page.get_by_role("link", name="My plan and all my answers on one page").click()
    expect(page).to_have_title("My page")
    page.locator(".leave-out", has=page.locator("[value='devices.plan.who']")).click()
    if not scripts:
        page.get_by_role("button", name="Show it as I ticked it").click()
        expect(page.locator(".plan-item.off")).to_have_count(1)
    page.emulate_media(media="print")
    for shown in (page.locator("body").inner_text(), "pdf"):
        if shown == "pdf":
            pdf = page.pdf(prefer_css_page_size=True, display_header_footer=True)
            assert b"/URI" not in pdf, "no links on paper"
            assert re.findall(rb"/Title \((.*?)\)", pdf) == [b"My page"]
            shown = letters_of(pdf)
        paper = squeezed(shown)
        for written in (LIFE, GOAL, STEP, "It sleeps in the hall"):
            assert squeezed(written) in paper, written
        for other in (*OURS, "Bo", "Who", "Leave out", stage.url.rpartition(":")[2]):
            assert squeezed(other) not in paper.replace("Whodo", ""), other
    page.emulate_media(media="screen")
    others = page.locator("#others")
    others.locator("summary").click()
    expect(others).to_contain_text("Goals")
    page.get_by_label("Also print my other answers").check()
    if not scripts:
        page.get_by_role("button", name="Show it as I ticked it").click()
    page.emulate_media(media="print")
    expect(others.get_by_role("heading", name="Goals")).to_be_visible()
    page.emulate_media(media="screen")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Save my plan as a text file").click()
    assert caught.value.suggested_filename == "page.txt"
    caught.value.save_as(tmp_path / "page.txt")
    file = (tmp_path / "page.txt").read_text()
    for written in (LIFE, GOAL, STEP, "It sleeps in the hall"):
        assert written in file
    assert not [other for other in (*OURS, "Bo\n") if other in file]


def test_two_browsers_with_one_code_lose_nothing(stage: Stage) -> None:
    one, two = learner(stage, "one"), learner(stage, "two", scripts=False)
    one.writes(*LADDER, {"goal": "Walk every day"})
    two.is_back(one.takes_a_code())
    for who in (one, two):
        who.opens("goals")
    one.fills("ladder", {"goal": "Swim on Monday"})
    one.saves("ladder")
    two.fills("ladder", {"goal": "Cycle to work", "life": LIFE})
    two.saves("ladder")
    beside = two.exercise("ladder").locator(".beside-field")
    expect(beside).to_contain_text("Swim on Monday")
    two.holds("ladder", {"goal": "Cycle to work", "life": LIFE})
    beside.get_by_role("button", name="Use this one").click()
    two.holds("ladder", {"goal": "Swim on Monday"})
    expect(beside).to_contain_text("Cycle to work")
    beside.get_by_role("button", name="Throw away").click()
    expect(beside).to_have_count(0)
    one.opens("goals")
    one.holds("ladder", {"goal": "Swim on Monday", "life": LIFE})


# What nobody may find


def shows_nothing(page: Page, *others: str) -> None:
    """Nothing that was written is to be seen, nor these."""
    text = page.locator("body").inner_text()
    assert not [written for written in (*WRITTEN, *others) if written in text]
    fields = page.locator("textarea, input.line").evaluate_all("fields => fields.map(field => field.value)")
    assert not any(fields), fields
    expect(page.locator("[type=checkbox]:checked, [type=radio]:checked:not([value=''])")).to_have_count(0)


def leaves(page: Page) -> None:
    """Press what leaves quickly."""
    page.locator("#quick-exit").click(no_wait_after=True)
    page.wait_for_url("**/exit")
    expect(page).to_have_title("New page")
    assert page.context.cookies() == []


def test_the_quick_exit_wipes_what_is_kept_under_no_code(either_stage: Stage, scripts: bool) -> None:
    stage = either_stage
    stage.watch.allow(ANSWERED_NO)
    who = learner(stage, scripts=scripts)
    asked: list[Dialog] = []
    who.page.on("dialog", lambda dialog: asked.append(dialog))
    who.writes(*LADDER, FIRST_THREE[LADDER])
    # A text that is not saved holds nobody back.
    who.field("ladder", "life").press_sequentially("Half a sent")
    leaves(who.page)
    assert asked == []
    assert stage.house.rows("SELECT * FROM visitor_sessions") == []
    for _ in range(3):
        who.page.go_back()
        shows_nothing(who.page)
    who.opens("goals")
    who.holds("ladder", {"life": "", "goal": ""})


def test_the_quick_exit_leaves_what_is_kept_under_a_code(stage: Stage) -> None:
    who = learner(stage)
    who.writes(*LADDER, FIRST_THREE[LADDER])
    code = who.takes_a_code()
    who.opens("goals")
    leaves(who.page)
    who.opens("goals")
    who.holds("ladder", {"life": "", "goal": ""})
    who.is_back(code)
    who.opens("goals")
    who.holds("ladder", FIRST_THREE[LADDER])


@pytest.fixture
def keeping_stage(house: House, new_stage: Callable[..., Stage], keeping: Chromium) -> Stage:
    """A stage in a browser that keeps left pages whole for going back."""
    return new_stage(house, keeping)


def test_after_closing_back_shows_neither_words_nor_code(keeping_stage: Stage) -> None:
    keeping_stage.watch.allow(ANSWERED_NO)
    who = learner(keeping_stage)
    who.writes(*LADDER, FIRST_THREE[LADDER])
    code = who.takes_a_code()
    who.opens("slips")
    expect(who.earlier.get_by_text(GOAL)).to_be_visible()
    who.page.goto(who.course)
    who.page.get_by_role("button", name="Close on this device").click()
    expect(who.page.get_by_role("link", name="I have a code from an earlier visit")).to_be_visible()
    # The overview, the module that shows answers, the overview, two pages of the code, and the module they were put in.
    for _ in range(7):
        goes_back(who.page)
        shows_nothing(who.page, code)


def test_after_erasing_back_shows_no_words(keeping_stage: Stage) -> None:
    keeping_stage.watch.allow(ANSWERED_NO)
    who = learner(keeping_stage, scripts=False)
    who.writes(*LADDER, FIRST_THREE[LADDER])
    who.opens("slips")
    who.page.goto(who.course)
    who.page.locator("button.erase").click()
    expect(who.page.locator("h1")).to_have_text("Everything is erased")
    for _ in range(3):
        goes_back(who.page)
        shows_nothing(who.page)


def goes_back(page: Page) -> None:
    """Press Back; a page that was kept is there without being loaded."""
    page.go_back(wait_until="commit")
    expect(page.locator("footer")).to_be_attached()


def test_with_cookies_blocked_what_was_written_stands_on_the_page_again(stage: Stage) -> None:
    stage.watch.allow(ANSWERED_NO)
    who = learner(stage, scripts=False)
    who.opens("goals")
    who.fills("ladder", FIRST_THREE[LADDER])
    for _ in range(2):
        who.page.context.clear_cookies()
        who.exercise("ladder").locator(".save button").click()
        expect(who.exercise("ladder").get_by_role("alert")).to_contain_text("not saved yet")
        who.holds("ladder", FIRST_THREE[LADDER])
    # Once the cookie may stay, the same page saves it.
    who.saves("ladder")
    who.holds("ladder", FIRST_THREE[LADDER])


# What scripts add


def test_whoever_goes_away_from_a_text_that_is_not_saved_is_asked(stage: Stage) -> None:
    who = learner(stage)
    page, asked = who.page, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    who.opens("goals")
    page.locator(".back a").click()
    page.wait_for_url("**/self-help/")
    assert asked == []
    who.opens("goals")
    field = who.field("ladder", "goal")
    field.click()
    field.press_sequentially(GOAL)
    expect(who.exercise("ladder").locator(".not-yet")).to_be_visible()
    page.locator(".back a").click(no_wait_after=True)
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    who.holds("ladder", {"goal": GOAL})
    # Saving is no going away, and afterwards nothing is unsaved.
    who.saves("ladder")
    page.locator(".back a").click()
    page.wait_for_url("**/self-help/")
    assert asked == ["beforeunload"]


def test_the_timer_counts_down_and_says_what_helps(stage: Stage) -> None:
    page = stage.page("learner", size=PHONE)
    page.clock.install()
    Learner(page, stage.url).opens("urges")
    timer = page.locator(".timer")
    left, says, button = timer.get_by_role("timer"), timer.locator(".timer-says"), timer.get_by_role("button")
    expect(left).to_have_text("10:00")
    button.click()
    page.clock.run_for(61_000)
    expect(left).to_have_text("8:59")
    expect(says).not_to_be_empty()
    button.click()
    expect(left).to_have_text("10:00")
    button.click()
    page.clock.run_for(601_000)
    expect(says).to_have_text("The time is over. You stayed with it.")


def test_without_scripts_a_clock_on_the_wall_does_it(stage: Stage) -> None:
    who = learner(stage, scripts=False)
    who.opens("urges")
    timer = who.page.locator(".timer")
    expect(timer.locator(".timer-clock")).to_have_text("Look at a clock: 10 minutes.")
    expect(timer.locator(".timer-during li").first).to_be_visible()
    expect(timer.get_by_role("button")).to_have_count(0)
