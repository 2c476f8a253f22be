"""The visitor's room in every state it can be in."""

from __future__ import annotations

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.chromium import ANSWERED_NO
from tests.browser.people import Room
from tests.browser.stage import Stage
from tests.clients import Counsellor

LONG = "https://example.org/" + "a-very-long-address-without-any-place-to-break/" * 3


def waiting(stage: Stage) -> Page:
    """In the queue behind somebody, with a text written already and the emergency number in sight."""
    stage.house.visitor().join(distress="5", danger="yes")
    room = stage.visitor()
    room.join("unsure", 4, "I write while I wait.")
    room.is_told("1 person is ahead of you.")
    return room.page


def a_talk(stage: Stage) -> tuple[Room, Counsellor, str]:
    """A room in which both sides have said something, with the counsellor at the other end of the wire."""
    room = stage.visitor()
    room.join("no", 3, "Someone has pictures of me.")
    counsellor = stage.house.on_duty("anna")
    chat = counsellor.accept_next()
    room.is_in("active")
    counsellor.say(chat, "I am glad you came here. You can talk freely.")
    room.say(f"He wants money. Look: {LONG}")
    room.is_stored()
    expect(room.bubbles).to_have_count(3)
    return room, counsellor, chat


def talking(stage: Stage) -> Page:
    """In a talk: texts of both sides, one read, one just refused, the counsellor typing."""
    room, counsellor, chat = a_talk(stage)
    counsellor.wire.call("read", {"chat": chat, "seq": 3})
    room.page.locator("#body").fill("x" * 4001)
    room.page.locator("#composer .send").click()
    expect(room.page.locator("#composer-error")).not_to_be_empty()
    counsellor.wire.call("typing", {"chat": chat, "on": True})
    expect(room.page.locator("#typing")).not_to_be_empty()
    return room.page


def talking_about_leaving(stage: Stage) -> Page:
    """The question about leaving folded out, after the limits were: one of them is open at a time."""
    room, _, _ = a_talk(stage)
    for summary in room.page.locator("#under > details:not([hidden]) > summary").all():
        summary.click()
    expect(room.page.locator("#limits-fold")).not_to_have_attribute("open", "")
    return room.page


def nothing_said(stage: Stage) -> Page:
    """A talk in which nobody has said anything, with the limits folded out."""
    room = stage.visitor()
    room.join()
    stage.house.on_duty("anna").accept_next()
    expect(room.page.locator(".begin")).to_be_visible()
    room.page.locator("#limits-fold summary").click()
    return room.page


def a_long_talk(stage: Stage) -> Page:
    """Whatever people write, one text refused for good, one on its way, and somebody who reads back in it."""
    room = stage.visitor()
    server: list[WebSocketRoute] = []
    swallowed = "Nobody answers this"

    def slow_line(line: WebSocketRoute) -> None:
        server.append(line.connect_to_server())
        line.on_message(lambda told: None if swallowed in str(told) else server[-1].send(told))

    room.page.route_web_socket("**/socket.io/**", slow_line)
    room.join(first="It began last year. " * 200)
    counsellor = stage.house.on_duty("anna")
    chat = counsellor.accept_next()
    room.is_in("active")
    for text in ("مرحبا، أنا هنا. هل يمكنك التحدث الآن؟", "One\n\n1. two\n2. three", LONG, "Verzekering" * 9):
        counsellor.say(chat, text)
        room.say("😭😭😭")
        room.is_stored()
    room.say("A character that can't be stored: \0")
    expect(room.page.locator("#log .text.refused .again")).to_be_visible()
    room.say(swallowed)
    expect(room.page.locator("#log .text.pending .text-state")).to_contain_text("kept on this page")
    room.page.locator("#scroll").evaluate("scroll => scroll.scrollTo(0, 0)")
    counsellor.say(chat, "Take your time.")
    expect(room.page.locator("#newer")).to_be_visible()
    return room.page


def cut_off(stage: Stage) -> Page:
    """In a talk, without a line, with a text that waits for it."""
    room, _, _ = a_talk(stage)
    stage.lose_line(room.page)
    room.say("Does this arrive?")
    expect(room.page.locator("#notice")).to_be_visible()
    return room.page


def ended(stage: Stage) -> Page:
    """After the counsellor has ended the talk, with a text that was not sent any more."""
    room, counsellor, chat = a_talk(stage)
    room.page.locator("#body").fill("I was still writing")
    counsellor.wire.call("end", {"chat": chat})
    room.is_in("ended")
    return room.page


def left(stage: Stage) -> Page:
    """After leaving the queue."""
    room = stage.visitor()
    room.join()
    room.page.locator("#leave-queue button").click()
    room.is_in("ended")
    return room.page


def gone(stage: Stage) -> Page:
    """The room of a chat that may not be read any more."""
    stage.watch.allow(ANSWERED_NO)
    room, _, _ = a_talk(stage)
    stage.house.change("DELETE FROM visitor_sessions")
    room.is_in("gone")
    return room.page


def frame(stage: Stage, state: str) -> Page:
    """The frame of browsers without scripts, opened by itself."""
    room, counsellor, chat = a_talk(stage)
    if state == "waiting":
        counsellor.wire.call("hand_over", {"chat": chat, "to": "queue"})
        counsellor.wire.call("duty", {"state": "resting", "line": "youth", "capacity": 1})
    elif state == "ended":
        counsellor.wire.call("end", {"chat": chat})
    room.page.goto(f"{room.front}chat/room/transcript")
    return room.page
