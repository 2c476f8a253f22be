"""Every page and every state of it, each set up on a stage; what must hold everywhere is tried on all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from werkzeug.exceptions import Forbidden

from helpline import config, create_app, db
from helpline.front import views
from tests.browser.chromium import ANSWERED_NO
from tests.browser.people import Desk, Room
from tests.browser.stage import Stage
from tests.clients import Counsellor, Visitor

Scene = Callable[[Stage], Page]

PUBLIC = {
    "all lines": "/en/",
    "front page": "/en/youth/",
    "front page of the other line, in Dutch": "/nl/prevention/",
    "what we keep": "/en/youth/what-we-keep/",
    "who we are": "/en/prevention/about/",
    "leaving quickly": "/en/youth/leaving-quickly/",
    "join form": "/en/youth/chat/",
    "join form in Dutch": "/nl/prevention/chat/",
    "other ways": "/en/youth/chat/other-ways/",
    "neutral page": "/exit",
    "sign-in": "/console/sign-in",
    "sign-in in Dutch": "/console/language/nl",
}
MISSING = {
    "not found": "/en/youth/nowhere/",
    "not found on no line": "/nowhere",
    "not found in the console": "/console/nowhere",
    "no longer valid": "/en/youth/chat/room/",
    "no longer valid in the frame": "/en/youth/chat/room/transcript",
}
LONG = "https://example.org/" + "a-very-long-address-without-any-place-to-break/" * 3


def plain(path: str) -> Scene:
    """A page that is simply opened."""

    def show(stage: Stage) -> Page:
        page = stage.page("visitor")
        page.goto(stage.url + path)
        return page

    return show


def missing(path: str) -> Scene:
    """A page that answers with an error."""

    def show(stage: Stage) -> Page:
        stage.watch.allow(ANSWERED_NO)
        return plain(path)(stage)

    return show


def in_console(path: str) -> Scene:
    """A page that only members of staff get to see, here one who has no desk."""

    def show(stage: Stage) -> Page:
        stage.watch.allow(ANSWERED_NO)
        page = stage.page("ada")
        stage.sign_in_quietly("ada", page)
        page.goto(stage.url + path)
        return page

    return show


# Pages that a form leads to


def join_refused(stage: Stage) -> Page:
    """The join form sent empty, with another conversation of this browser open on the other line."""
    stage.watch.allow(ANSWERED_NO)
    room = stage.visitor()
    room.join(first="Hello")
    room.page.goto(f"{stage.url}/en/prevention/chat/")
    room.page.locator("#first_message").fill("x" * 4001)
    room.page.locator("form[data-join] button[type=submit]").click()
    expect(room.page.locator("#summary")).to_be_focused()
    return room.page


def join_in_danger(stage: Stage) -> Page:
    """The join form with the emergency number open."""
    room = stage.visitor()
    room.fill_form("yes", 5)
    expect(room.page.locator(".on-yes")).to_be_visible()
    return room.page


def closed(stage: Stage) -> Page:
    """A line that opens on Monday."""
    stage.house.change("UPDATE lines SET hours = 'mon 09:00-09:01' WHERE slug = 'youth'")
    return plain("/en/youth/chat/")(stage)


def full(stage: Stage) -> Page:
    """A line whose queue takes nobody any more."""
    stage.house.change("UPDATE lines SET queue_limit = 0 WHERE slug = 'youth'")
    return plain("/en/youth/chat/")(stage)


def turned_away(stage: Stage) -> Page:
    """The other ways in, after a try to enter a closed line."""
    page = closed(stage)
    page.locator("main form button").click()
    page.wait_for_url("**/other-ways/")
    return page


def form_expired(stage: Stage) -> Page:
    """A form that was sent with a cookie that is gone."""
    stage.watch.allow(ANSWERED_NO)
    room = stage.visitor()
    room.fill_form()
    room.page.context.clear_cookies()
    room.page.locator("form[data-join] button[type=submit]").click()
    expect(room.page.locator("h1")).to_have_text("This page was open too long")
    return room.page


def failing(error: type[Exception]) -> Scene:
    """A page whose view fails: made by an application of its own, shown with the files of the running one."""

    def show(stage: Stage) -> Page:
        def fail(_line: object) -> None:
            raise error

        kept, views.shown_status = views.shown_status, fail  # type: ignore[assignment]  # it is meant to fail
        before = config.current()
        try:
            app = create_app(config.Settings(instance_dir=Path(stage.house.server.instance).with_name("failing")))
            answer = app.test_client().get("/en/youth/")
            db.engine().dispose()
        finally:
            views.shown_status = kept
            config.use(before)
        stage.watch.allow(ANSWERED_NO)
        page = stage.page("visitor")
        page.route("**/en/youth/", lambda route: route.fulfill(status=answer.status_code, body=answer.text))
        page.goto(f"{stage.url}/en/youth/")
        return page

    return show


# The room


def waiting(stage: Stage) -> Page:
    """In the queue, with a text written already."""
    room = stage.visitor()
    room.join("unsure", 4, "I write while I wait.")
    room.is_in("waiting")
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


def in_dutch(scene: Scene, path: str) -> Scene:
    """The same in the language with the longer words."""

    def show(stage: Stage) -> Page:
        page = scene(stage)
        page.goto(stage.url + path)
        expect(page.locator("html")).to_have_attribute("lang", "nl")
        return page

    return show


def talking_with_everything_open(stage: Stage) -> Page:
    """The limits and the question about leaving folded out."""
    room, _, _ = a_talk(stage)
    for summary in room.page.locator("#under summary").all():
        summary.click()
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


# The console


def sign_in_refused(stage: Stage) -> Page:
    """The sign-in with nothing filled in."""
    stage.watch.allow(ANSWERED_NO)
    page = plain("/console/sign-in")(stage)
    page.locator("form button.primary").click()
    expect(page.locator("#login-error")).to_be_visible()
    return page


def quiet_desk(stage: Stage) -> Page:
    """Nobody is there yet."""
    return stage.desk("sam").page


def busy(stage: Stage) -> tuple[Desk, list[Visitor]]:
    """Two chats, one of them with unread texts, one that rings, two that wait, one to wrap up."""
    stage.house.change("UPDATE lines SET offer_seconds = 600")
    desk = stage.desk("sam")
    desk.duty("available")
    desk.capacity(3)
    visitors = []
    stories = ["That is over now.", "Someone has pictures of me.", "My ex posts about me.", "I can't sleep."]
    for number, story in enumerate(stories):
        visitors.append(stage.house.visitor().join(distress=str(number + 1), first_message=story))
        stage.house.tab(visitors[-1])
        if number < 3:
            name = desk.accept_by_key()
        if number == 0:
            desk.end()
            desk.page.locator("#close-chat").click()
    visitors[1].say(f"He wants money.\n{LONG}")
    visitors[1].wire.call("typing", {"on": True})
    desk.rings()
    for distress in ("5", "2"):
        visitors.append(stage.house.visitor().join(distress=distress))
    expect(desk.queue).to_have_count(2)
    desk.open_chat(name)
    desk.say("I am here with you. Are you safe right now?")
    desk.page.locator("#composer [data-stream=aside]").click()
    desk.say("Note: has talked with a teacher.")
    desk.is_stored()
    desk.page.locator("#composer [data-stream=talk]").click()
    return desk, visitors


def busy_desk(stage: Stage) -> Page:
    """A desk in full swing."""
    return busy(stage)[0].page


def desk_that_asks(stage: Stage, button: str) -> Page:
    """A desk with the panel of this button open."""
    desk, _ = busy(stage)
    desk.page.locator(button).click()
    return desk.page


def desk_in_trouble(stage: Stage) -> Page:
    """A visitor has left, an alert has come, the line is lost and a text waits for it."""
    desk, visitors = busy(stage)
    desk.page.locator("#body").fill("A draft")
    visitors[2].wire.call("leave", {})
    desk.is_told("The visitor has left.")
    stage.house.visitor().join(danger="yes")
    expect(desk.page.locator("#notice-list .strip")).not_to_have_count(0)
    stage.lose_line(desk.page)
    expect(desk.page.locator("#offline")).to_be_visible()
    return desk.page


SCENES: dict[str, Scene] = (
    {name: plain(path) for name, path in PUBLIC.items()}
    | {name: missing(path) for name, path in MISSING.items()}
    | {
        "join refused": join_refused,
        "join in danger": join_in_danger,
        "closed": closed,
        "full": full,
        "turned away": turned_away,
        "form expired": form_expired,
        "failed": failing(RuntimeError),
        "refused": failing(Forbidden),
        "waiting": waiting,
        "waiting in Dutch": in_dutch(waiting, "/nl/youth/chat/room/"),
        "talking": talking,
        "talking in Dutch": in_dutch(lambda stage: a_talk(stage)[0].page, "/nl/youth/chat/room/"),
        "talking, everything open": talking_with_everything_open,
        "cut off": cut_off,
        "ended": ended,
        "left": left,
        "gone": gone,
        "frame waiting": lambda stage: frame(stage, "waiting"),
        "frame talking": lambda stage: frame(stage, "talking"),
        "frame ended": lambda stage: frame(stage, "ended"),
        "sign-in refused": sign_in_refused,
        "no desk": in_console("/console/"),
        "not found for staff": in_console("/console/nowhere"),
        "desk, quiet": quiet_desk,
        "desk, busy": busy_desk,
        "desk, busy, in Dutch": in_dutch(busy_desk, "/console/language/nl"),
        "desk, menu": lambda stage: desk_that_asks(stage, "#menu summary"),
        "desk, ending": lambda stage: desk_that_asks(stage, "#ask-end"),
        "desk, handing over": lambda stage: desk_that_asks(stage, "#ask-hand-over"),
        "desk, in trouble": desk_in_trouble,
    }
)
