"""Takes the pictures of the README anew, from a demo that runs: `make pictures`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser.chromium import Chromium
from tests.browser.people import Desk, Room
from tests.browser.stage import PHONE, Stage
from tests.clients import Server, Visitor
from tests.journeys.house import House

PICTURES = Path(__file__).parents[2] / "docs/pictures"
TALK = (
    ("visitor", "hi. i sent someone a photo and now he wants money"),
    ("counsellor", "Good that you came here. That must be frightening. You are not to blame for what he does."),
    ("counsellor", "Can you talk freely now? And are you safe where you are?"),
    ("visitor", "yes im in my room. he says he sends it to my whole class"),
    ("counsellor", "We can think together about what to do. Did you answer him, or pay anything?"),
    ("visitor", "not yet"),
)
OTHERS = (
    {"distress": "3", "first_message": "A friend told me something and I don't know what to do with it."},
    {"distress": "2", "first_message": "I posted something and now I am ashamed."},
    {"distress": "4", "first_message": "My ex keeps posting about me. Can you help?"},
)
QUEUE = ({"distress": "5", "danger": "unsure"}, {"distress": "2", "lang": "nl"})


def sign_in_of(login: str, table: str) -> tuple[str, str]:
    """Password and TOTP secret in the table that the demo prints."""
    row = next(line.split() for line in table.splitlines() if line.startswith(f"{login} "))
    return row[1], row[2]


def take(stage: Stage, mila: tuple[str, str]) -> None:
    """The front page, the wait and the talk on a telephone, and the desk in full swing."""
    # Nothing moves on while the pictures are taken, and a fourth chat may ring beside three.
    stage.house.change("UPDATE lines SET offer_seconds = 600", "UPDATE accounts SET capacity = 4 WHERE login = 'mila'")
    room = stage.visitor(size=PHONE)
    desk = stage.signed_out_desk("mila", size=(1280, 800))
    desk.sign_in("mila", *mila)
    desk.capacity(4)
    desk.duty("on_phone")
    room.page.goto(room.front)
    room.page.screenshot(path=PICTURES / "front.png")
    room.join(first=TALK[0][1])
    room.is_in("waiting")
    room.is_told("You are next.")
    room.page.screenshot(path=PICTURES / "waiting.png")
    desk.duty("available")
    name = desk.accept_by_key()
    others = []
    for answers in OTHERS:
        others.append(stage.house.visitor().join(**answers))
        stage.house.tab(others[-1])
        if answers is not OTHERS[-1]:
            desk.accept_by_key()
            desk.say("Tell me more about it, if you like.")
            desk.is_stored()
    desk.open_chat(name)
    talk(room, desk)
    desk.page.locator("#steps input").first.check()
    others[0].say("it is about someone in her family")
    expect(desk.page.locator("#chat-list .badge:not([hidden])")).to_have_count(1)
    for answers in QUEUE:
        waiting: Visitor = stage.house.visitor().join(**answers)
        stage.house.tab(waiting)
    expect(desk.queue).to_have_count(len(QUEUE))
    desk.page.locator("#body").fill("Then let us begin with that: don't pay, and don't")
    desk.rings()
    desk.page.screenshot(path=PICTURES / "desk.png")
    expect(room.page.locator("#typing")).not_to_be_empty()
    room.page.locator("#typing").evaluate("typing => typing.ownerDocument.activeElement.blur()")
    room.page.screenshot(path=PICTURES / "room.png")


def talk(room: Room, desk: Desk) -> None:
    """Say what is said, one after the other."""
    for number, (author, body) in enumerate(TALK, start=1):
        if number > 1:
            (room if author == "visitor" else desk).say(body)
        expect(room.bubbles).to_have_count(number)
        expect(desk.bubbles).to_have_count(number)


def main() -> None:
    """Start a demo, take the pictures, tell their sizes."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        house = House(Server(Path(folder) / "instance", ping_seconds="1"))
        mila = sign_in_of("mila", house.server.command("demo"))
        house.server.start()
        chromium = Chromium(playwright)
        try:
            stage = Stage(chromium, house)
            take(stage, mila)
            stage.close("pictures", failed=False)
        finally:
            chromium.close()
            house.server.stop()
    for picture in sorted(PICTURES.glob("*.png")):
        print(f"{picture.name}: {picture.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
