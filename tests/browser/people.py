"""The people of the journeys, as they use a browser: they press what they see and read what is shown."""

from __future__ import annotations

import pyotp
from playwright.sync_api import FrameLocator, Locator, Page, expect

Text = tuple[str, str]


class Room:
    """A visitor and the room's page, with scripts."""

    def __init__(self, page: Page, url: str, line: str = "youth", lang: str = "en") -> None:
        self.page = page
        self.front = f"{url}/{lang}/{line}/"
        self.lang = lang

    def fill_form(self, danger: str = "no", distress: int = 3, first: str = "") -> None:
        """Go to the join form and answer its questions."""
        self.page.goto(f"{self.front}chat/")
        self.page.locator(f"input[name=danger][value={danger}]").check()
        self.page.locator(f"input[name=distress][value='{distress}']").check()
        self.page.locator("#first_message").fill(first)

    def join(self, danger: str = "no", distress: int = 3, first: str = "") -> None:
        """Join the queue."""
        self.fill_form(danger, distress, first)
        self.page.locator("form[data-join] button[type=submit]").click()
        self.page.wait_for_url("**/room/")

    def say(self, body: str) -> None:
        """Write a text and send it."""
        self.page.locator("#body").fill(body)
        self.page.locator("#composer .send").click()

    @property
    def bubbles(self) -> Locator:
        """Every text on the page."""
        return self.page.locator("#log .text")

    def texts(self) -> list[Text]:
        """Author and words of every text on the page, in the order in which they stand there."""
        return read(self.bubbles)

    def sees(self, *bodies: str) -> None:
        """Wait until exactly these texts stand there, in this order."""
        expect(self.bubbles.locator(".text-body")).to_have_text(list(bodies))

    def is_in(self, state: str) -> None:
        """Wait until the page shows this state of the chat."""
        expect(self.page.locator(f"#panel-{state}")).to_be_visible()

    def is_told(self, words: str) -> None:
        """Wait until the queue's panel says this about the place in it."""
        expect(self.page.locator("#place-words")).to_have_text(words)

    def is_stored(self) -> None:
        """Wait until no text is on its way any more."""
        expect(self.page.locator("#log .text.pending")).to_have_count(0)

    def leave(self) -> None:
        """Leave the running chat."""
        self.page.locator("#leave-chat summary").click()
        self.page.locator("#leave-chat button").click()


class PlainRoom(Room):
    """A visitor whose browser runs no scripts: a form to write, a frame that loads itself again."""

    @property
    def frame(self) -> FrameLocator:
        """The self-refreshing transcript."""
        return self.page.frame_locator("iframe.room-frame")

    @property
    def bubbles(self) -> Locator:
        """Every text in the frame."""
        return self.frame.locator(".text")

    def is_in(self, state: str) -> None:
        """Wait until the frame shows this state."""
        expect(self.frame.locator(f".framed-state[data-state={state}]")).to_be_visible()

    def is_told(self, words: str) -> None:
        """Wait until the frame says this about the place in the queue."""
        expect(self.frame.locator(".place strong")).to_have_text(words)

    def is_stored(self) -> None:
        """A form's answer comes after the text is stored."""

    def loses_the_frame(self) -> None:
        """Wait until the frame shows nothing of ours, since nobody answered when it loaded itself again."""
        expect(self.frame.locator(".framed-state")).to_have_count(0)

    def load_again(self) -> None:
        """Press what stands below an empty frame."""
        self.page.get_by_role("link", name="Load it again").click()


class Desk:
    """A counsellor and the desk."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def sign_in(self, login: str, password: str, totp: str) -> None:
        """Sign in through the page."""
        self.page.goto(f"{self.url}/console/sign-in")
        self.page.locator("#login").fill(login)
        self.page.locator("#password").fill(password)
        self.page.locator("#code").fill(pyotp.TOTP(totp).now())
        self.page.locator("form button.primary").click()
        self.page.wait_for_url("**/console/")
        self.is_ready()

    def open(self) -> None:
        """Open the desk of someone who is signed in."""
        self.page.goto(f"{self.url}/console/")
        self.is_ready()

    def is_ready(self) -> None:
        """Wait until the desk is connected and drawn."""
        expect(self.page.locator("#duty [aria-pressed=true]")).to_have_count(1)
        expect(self.page.locator("#duty [data-duty=away]")).to_be_enabled()

    def duty(self, state: str) -> None:
        """Choose a duty."""
        button = self.page.locator(f"#duty [data-duty={state}]")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")

    def capacity(self, wanted: int) -> None:
        """Step to so many chats at once."""
        shown = self.page.locator("#load")
        now = int(shown.inner_text().split(" of ")[1].split()[0])
        while now != wanted:
            step, button = (1, "#capacity-more") if now < wanted else (-1, "#capacity-less")
            self.page.locator(button).click()
            now += step
            expect(shown).to_contain_text(f"of {now} chats")

    @property
    def offers(self) -> Locator:
        """What rings."""
        return self.page.locator("#offer-list .offer")

    @property
    def queue(self) -> Locator:
        """Who waits."""
        return self.page.locator("#queue-list .queue-item")

    @property
    def chats(self) -> Locator:
        """My chats."""
        return self.page.locator("#chat-list .chat-item")

    def rings(self) -> Locator:
        """Wait until something rings."""
        expect(self.offers.first).to_be_visible()
        return self.offers.first

    def accept_by_key(self) -> str:
        """Accept what rings with the A key, hands off the text field; the chat's name."""
        name = str(self.rings().locator("[data-part=title]").inner_text())
        if self.page.locator("#body").is_visible():
            self.page.locator("#body").press("Escape")
        self.page.keyboard.press("a")
        self.has_open(name)
        return name

    def has_open(self, name: str) -> None:
        """Wait until this chat stands in the middle."""
        expect(self.page.locator("#chat-name")).to_have_text(name)

    def item(self, name: str) -> Locator:
        """A chat in the list of my chats."""
        return self.chats.filter(has=self.page.locator("[data-part=name]", has_text=name))

    def open_chat(self, name: str) -> None:
        """Put a chat of mine in the middle."""
        self.item(name).locator("button").click()
        self.has_open(name)

    def say(self, body: str) -> None:
        """Write to the visitor and send with Ctrl and Enter."""
        self.page.locator("#body").fill(body)
        self.page.locator("#body").press("Control+Enter")

    @property
    def bubbles(self) -> Locator:
        """The texts of the open chat."""
        return self.page.locator("#text-list .text")

    def texts(self) -> list[Text]:
        """Author and words of every text of the open chat."""
        return read(self.bubbles)

    def sees(self, *bodies: str) -> None:
        """Wait until exactly these texts stand in the open chat, in this order."""
        expect(self.bubbles.locator(".text-body")).to_have_text(list(bodies))

    def is_stored(self) -> None:
        """Wait until no text is on its way any more."""
        expect(self.page.locator("#text-list .text.unsent")).to_have_count(0)

    def end(self) -> None:
        """End the open chat, and leave its wrap-up for later."""
        self.page.locator("#ask-end").click()
        self.page.locator("#end-yes").click()
        self.wraps_up()
        self.page.keyboard.press("Escape")

    def wraps_up(self) -> None:
        """Wait until the form stands there with the focus on its first question."""
        expect(self.page.locator("#wrap-up-form input[name=concern]:checked")).to_be_focused()

    def is_told(self, words: str) -> None:
        """Wait until the open chat says why it is over."""
        expect(self.page.locator("#closed-why")).to_contain_text(words)


def read(bubbles: Locator) -> list[Text]:
    """Author and words of texts, read in one go."""
    script = "items => items.map(i => [i.dataset.author, i.querySelector('.text-body').textContent])"
    return [(author, body) for author, body in bubbles.evaluate_all(script)]
