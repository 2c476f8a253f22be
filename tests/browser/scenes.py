"""Every page and every state of it, each set up on a stage; what must hold everywhere is tried on all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from werkzeug.exceptions import Forbidden

from helpline import config, create_app, db
from helpline.front import views
from tests.browser import bringing, classes, correspondence, keepers, ledgers, posters, released, rooms, tallied, walks
from tests.browser.chromium import ANSWERED_NO
from tests.browser.people import Desk
from tests.browser.stage import Stage
from tests.clients import Visitor

Scene = Callable[[Stage], Page]

PUBLIC = {
    "all lines": "/en/",
    "front page": "/en/youth/",
    "front page of the other line, in Dutch": "/nl/prevention/",
    "what we keep": "/en/youth/what-we-keep/",
    "what we count": "/nl/prevention/what-we-count/",
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


def in_dutch(scene: Scene, path: str) -> Scene:
    """The same in the language with the longer words."""

    def show(stage: Stage) -> Page:
        page = scene(stage)
        page.goto(stage.url + path)
        expect(page.locator("html")).to_have_attribute("lang", "nl")
        return page

    return show


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
    visitors[1].say(f"He wants money.\n{rooms.LONG}")
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


def desk_wrapping_up(stage: Stage) -> Page:
    """A desk with a chat that is over, being described beside those that go on."""
    desk, _ = busy(stage)
    desk.page.keyboard.press("Alt+r")
    desk.wraps_up()
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


def desk_with_a_long_queue(stage: Stage) -> Page:
    """Forty wait, one of them in danger, and a supervisor looks at it with the telephone in the hand."""
    desk = stage.desk("sam")
    desk.duty("on_phone")
    dangers = {20: "yes", 30: "unsure"}
    for number in range(40):
        stage.house.visitor().join(distress=str(number % 5 + 1), danger=dangers.get(number, "no"))
    expect(desk.queue).to_have_count(40)
    expect(desk.page.locator("#notice-list .strip.danger")).to_have_count(1)
    expect(desk.page.locator("#board-lines .some")).to_contain_text("40")
    return desk.page


HELD_BACK = (
    "Write to somebody.with.a.long.name@a-long-name-of-a-host.example.org, or call 06-12345678. " + "Please. " * 60
)


def desk_with_a_text_held_back(stage: Stage) -> Page:
    """A text with ways to be reached was not sent, and a supervisor can be asked."""
    desk, _ = busy(stage)
    desk.say(HELD_BACK)
    expect(desk.page.locator("#text-list .text.refused")).to_contain_text("Ask a supervisor")
    return desk.page


def desk_with_a_summary_held_back(stage: Stage) -> Page:
    """What was found in it is marked, and a supervisor can be asked."""
    page = desk_with_a_text_held_back(stage)
    page.locator("#open-summary").click()
    page.locator("#summary-body").fill("Next: call the aunt on 06-12345678.")
    expect(page.locator("#summary-refused mark")).to_be_visible()
    return page


def desk_with_a_text_to_allow(stage: Stage) -> Page:
    """A supervisor reads what a counsellor asks to be allowed."""
    sam, anna = stage.desk("sam"), stage.house.on_duty("anna")
    _, chat = stage.house.talk(anna)
    assert anna.wire.call("ask", {"chat": chat, "body": HELD_BACK})["ok"]
    sam.page.locator("#asked-list [data-part=look]").click()
    expect(sam.page.locator("#asked-list [data-part=body]")).to_contain_text("06-12345678")
    return sam.page


def desk_cut_off(stage: Stage) -> Page:
    """The line is lost: one text is kept on the page, the next is too long to be sent."""
    desk = stage.desk("ben")
    desk.duty("available")
    stage.house.tab(stage.house.visitor().join(danger="unsure", first_message="Is anyone there?"))
    desk.accept_by_key()
    stage.lose_line(desk.page)
    expect(desk.page.locator("#offline")).to_be_visible()
    desk.say("Are you safe right now?")
    expect(desk.page.locator("#text-list .unsent")).to_contain_text("not sent yet")
    desk.page.locator("#body").fill("x" * 4001)
    expect(desk.page.locator("#body-count")).not_to_be_empty()
    return desk.page


SCENES: dict[str, Scene] = (
    {name: plain(path) for name, path in PUBLIC.items()}
    | {name: missing(path) for name, path in MISSING.items()}
    | walks.SCENES
    | classes.SCENES
    | tallied.SCENES
    | ledgers.SCENES
    | correspondence.SCENES
    | keepers.SCENES
    | posters.SCENES
    | released.SCENES
    | {
        "join refused": join_refused,
        "join in danger": join_in_danger,
        "closed": closed,
        "full": full,
        "turned away": turned_away,
        "form expired": form_expired,
        "failed": failing(RuntimeError),
        "refused": failing(Forbidden),
        "waiting": rooms.waiting,
        "waiting in Dutch": in_dutch(rooms.waiting, "/nl/youth/chat/room/"),
        "talking": rooms.talking,
        "talking in Dutch": in_dutch(lambda stage: rooms.a_talk(stage)[0].page, "/nl/youth/chat/room/"),
        "talking, about leaving": rooms.talking_about_leaving,
        "talking, nothing said": rooms.nothing_said,
        "talking, long": rooms.a_long_talk,
        "cut off": rooms.cut_off,
        "ended": rooms.ended,
        "left": rooms.left,
        "gone": rooms.gone,
        "frame waiting": lambda stage: rooms.frame(stage, "waiting"),
        "frame talking": lambda stage: rooms.frame(stage, "talking"),
        "frame ended": lambda stage: rooms.frame(stage, "ended"),
        "bringing": bringing.bring_page,
        "bringing, refused": bringing.bring_refused,
        "bringing, from elsewhere": bringing.bring_from_elsewhere,
        "joining with it": bringing.join_with_it,
        "waiting with it": bringing.waiting_with_it,
        "advice while waiting": bringing.advice_while_waiting,
        "strip waiting": lambda stage: bringing.strip(stage, "waiting"),
        "strip talking": lambda stage: bringing.strip(stage, "active"),
        "strip ended": lambda stage: bringing.strip(stage, "ended"),
        "sign-in refused": sign_in_refused,
        "no desk": in_console("/console/"),
        "not found for staff": in_console("/console/nowhere"),
        "desk, quiet": quiet_desk,
        "desk, busy": busy_desk,
        "desk, busy, in Dutch": in_dutch(busy_desk, "/console/language/nl"),
        "desk, with what came along": lambda stage: bringing.desk_with_it(stage).page,
        "desk, menu": lambda stage: desk_that_asks(stage, "#menu summary"),
        "desk, ending": lambda stage: desk_that_asks(stage, "#ask-end"),
        "desk, handing over": lambda stage: desk_that_asks(stage, "#ask-hand-over"),
        "desk, wrapping up": desk_wrapping_up,
        "desk, in trouble": desk_in_trouble,
        "desk, long queue": desk_with_a_long_queue,
        "desk, cut off": desk_cut_off,
        "desk, with a text held back": desk_with_a_text_held_back,
        "desk, with a text to allow": desk_with_a_text_to_allow,
        "desk, with a summary held back": desk_with_a_summary_held_back,
    }
)
