"""The pages of letters, of visitors and of those who answer them, in every state."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.chromium import ANSWERED_NO
from tests.browser.ledgers import opened
from tests.browser.stage import PHONE, Stage
from tests.browser.writers import Answerer, Writer
from tests.journeys.forms import LETTERS, Forms, Inbox

Scene = Callable[[Stage], Page]
STORY = "I can't sleep. He wants more pictures.\n\n" + "And nobody here may know of it. " * 12
ANSWER = "It is good that you wrote. You did nothing wrong.\n\n" + "Who near you could know of it? " * 12
MANY = 200
# One of four is overdue, and they stand in all states in which an answer is owed.
COPIES = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {many})
INSERT INTO letters ({columns}) SELECT {values} FROM letters, numbers
"""
ANEW = {
    "id": "lower(hex(randomblob(13)))",
    "lookup": "lower(hex(randomblob(32)))",
    "due_at": "CASE n % 4 WHEN 0 THEN '2026-01-01 09:00:00.000000' ELSE due_at END",
    "state": "CASE n % 5 WHEN 0 THEN 'claimed' WHEN 1 THEN 'checking' ELSE state END",
    "claimed_by": "CASE WHEN n % 5 < 2 THEN (SELECT id FROM accounts WHERE login = 'ben') END",
    "round": "1 + n % 3",
}


# Visitors


def writer(stage: Stage, lang: str = "en") -> Writer:
    """Somebody with a telephone who has just written."""
    who = Writer(stage.page("writer", size=PHONE), stage.url, lang=lang)
    who.page.goto(who.letters)
    who.writes(STORY)
    return who


def kept(stage: Stage, lang: str = "en") -> Writer:
    """The code is kept, and the letter waits."""
    who = writer(stage, lang)
    code = who.reads_the_code()
    who.page.goto(f"{who.letters}code/confirm/")
    who.types(code)
    who.page.wait_for_url("**/yours/")
    return who


def refused(stage: Stage) -> Page:
    """Nothing was written."""
    stage.watch.allow(ANSWERED_NO)
    who = Writer(stage.page("writer", size=PHONE), stage.url, lang="nl")
    who.page.goto(who.letters)
    who.writes(" ")
    expect(who.page.locator("#body-error")).to_be_visible()
    return who.page


def code_shown(stage: Stage) -> Page:
    """The code, large."""
    who = writer(stage)
    who.reads_the_code()
    return who.page


def answered(stage: Stage) -> Page:
    """An answer has come, and all is unfolded."""
    who = kept(stage, "nl")
    inbox = hand(stage, "anna")
    inbox.does("claim")
    inbox.writes(ANSWER, "send")
    who.page.reload()
    who.unfolds()
    return who.page


def gone(stage: Stage) -> Page:
    """What was added finds no letter any more."""
    stage.watch.allow(ANSWERED_NO)
    who = kept(stage)
    stage.house.change("DELETE FROM letter_texts", "DELETE FROM letters")
    who.writes(STORY)
    expect(who.page.locator("#kept-text")).to_be_visible()
    return who.page


def erased(stage: Stage) -> Page:
    """Everything is erased."""
    who = kept(stage)
    who.erases()
    who.page.wait_for_url("**/erase")
    return who.page


def another_one(stage: Stage) -> Page:
    """A form that was open since before the letter of this visit was written."""
    stage.watch.allow(ANSWERED_NO)
    who = Writer(stage.page("writer", size=PHONE), stage.url)
    who.page.goto(who.letters)
    tab = Writer(who.page.context.new_page(), stage.url)
    tab.page.goto(tab.letters)
    tab.writes(STORY)
    tab.reads_the_code()
    tab.page.close()
    who.writes(STORY)
    expect(who.page.locator("#kept-text")).to_be_visible()
    return who.page


def not_kept(stage: Stage) -> Page:
    """To be closed before its code was typed."""
    stage.watch.allow(ANSWERED_NO)
    who = writer(stage, "nl")
    who.reads_the_code()
    who.page.goto(f"{who.letters}yours/")
    who.page.locator("form[action$='/close'] button").click()
    who.page.wait_for_url("**/close")
    return who.page


def not_taken(stage: Stage) -> Page:
    """The line takes no letters any more."""
    stage.watch.allow(ANSWERED_NO)
    who = Writer(stage.page("writer", size=PHONE), stage.url)
    who.page.goto(who.letters)
    stage.house.change("UPDATE lines SET letters = false")
    who.writes(STORY)
    expect(who.page.locator("#kept-text")).to_be_visible()
    return who.page


def unreadable(stage: Stage) -> Page:
    """Its key is lost."""
    stage.watch.allow(ANSWERED_NO)
    who = kept(stage)
    stage.house.change("UPDATE letters SET wrapped_key = x'00'")
    who.page.reload()
    return who.page


# Those who answer


def a_letter(stage: Stage) -> str:
    """A letter that nobody has in hand; its id."""
    visitor = Forms(stage.house.visitor())
    visitor.goes_to(LETTERS)
    visitor.sends(LETTERS, body=STORY)
    ((letter,),) = stage.house.rows("SELECT id FROM letters")
    return str(letter)


def hand(stage: Stage, login: str) -> Inbox:
    """Somebody at the one letter there is."""
    ((letter,),) = stage.house.rows("SELECT id FROM letters")
    return Inbox(stage.house.counsellor(login), str(letter))


def at_inbox(stage: Stage, login: str, lang: str = "en") -> Answerer:
    """The browser of somebody who answers letters."""
    page = stage.page(login)
    stage.sign_in_quietly(login, page)
    page.goto(f"{stage.url}/console/language/{lang}")
    who = Answerer(page, stage.url)
    page.goto(who.inbox)
    return who


def empty(stage: Stage) -> Page:
    """No letter waits."""
    return at_inbox(stage, "anna").page


def crowded(stage: Stage) -> Page:
    """Two hundred letters, many of them late, one's own on top, and a notice of one that is gone."""
    letter = a_letter(stage)
    columns = [str(row[0]) for row in stage.house.rows("SELECT name FROM pragma_table_info('letters')")]
    values = ", ".join(ANEW.get(name, name) for name in columns)
    stage.house.change(
        COPIES.format(many=MANY - 1, columns=", ".join(columns), values=values),
        "INSERT INTO letters_gone (key, account_id, line, why, on_date) "
        "SELECT 'a', id, 'youth', 'erased', '2026-01-02' FROM accounts WHERE login = 'sam'",
    )
    Inbox(stage.house.counsellor("sam"), letter).does("claim")
    page = at_inbox(stage, "sam", "nl").page
    expect(page.locator(".inbox-item.late").first).to_be_visible()
    expect(page.locator("main")).to_contain_text(re.compile(rf"{MANY}\b"))
    return page


def to_be_claimed(stage: Stage) -> Page:
    """A letter that can be read once it is claimed."""
    a_letter(stage)
    who = at_inbox(stage, "anna")
    who.opens()
    return who.page


def in_hand(stage: Stage) -> Page:
    """A supervisor's answer names a way to be reached that no help entry has."""
    stage.watch.allow(ANSWERED_NO)
    a_letter(stage)
    who = at_inbox(stage, "sam")
    who.opens()
    who.presses("claim")
    who.writes(f"{ANSWER} Call me: +31 6 12345678.", "send")
    expect(who.page.locator("button[value=allow]")).to_be_visible()
    return who.page


def to_be_read(stage: Stage) -> Page:
    """A colleague's draft, after a remark on the first one."""
    a_letter(stage)
    anna = hand(stage, "anna")
    anna.does("claim")
    anna.writes(ANSWER, "submit")
    hand(stage, "ben").does("check", remark="Rather not so long.", deed="send_back")
    anna.writes(ANSWER, "submit")
    who = at_inbox(stage, "sam")
    who.opens()
    expect(who.page.locator("#remark")).to_be_visible()
    return who.page


def lost(stage: Stage) -> Page:
    """The letter was erased while an answer was written."""
    stage.watch.allow(ANSWERED_NO)
    a_letter(stage)
    who = at_inbox(stage, "anna", "nl")
    who.opens()
    who.presses("claim")
    stage.house.change("DELETE FROM letter_drafts", "DELETE FROM letter_texts", "DELETE FROM letters")
    who.writes(ANSWER, "send")
    expect(who.page.locator("#kept-text")).to_be_visible()
    return who.page


SCENES: dict[str, Scene] = {
    "letter refused, in Dutch": refused,
    "letter, its code": code_shown,
    "letter that waits": lambda stage: kept(stage).page,
    "letter answered, in Dutch": answered,
    "letter gone": gone,
    "letter erased": erased,
    "letter, another one is open": another_one,
    "letter, its code not kept, in Dutch": not_kept,
    "letter that is not taken": not_taken,
    "letter that can't be read": unreadable,
    "inbox, empty": empty,
    "inbox, 200 letters, in Dutch": crowded,
    "inbox, a letter to be claimed": to_be_claimed,
    "inbox, a letter in hand": in_hand,
    "inbox, a draft to be read": to_be_read,
    "inbox, a letter that is lost, in Dutch": lost,
    "inbox, not for everybody": opened("letters/"),
}
