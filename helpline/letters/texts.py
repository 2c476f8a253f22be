"""What a text of a letter may be, and what is told when something can't be done with it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Some ten pages: whoever writes at night writes long.
MAX_BODY = 20_000
MAX_REMARK = 2_000
# As much as goes along with a chat.
MAX_INTRODUCTION = 4_000
MAX_CLIENT_ID = 64
# So that nobody fills the disk with one code.
MOST_TEXTS = 500
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class Refused(Exception):
    """A text that can't be taken: `invalid`, `too_long`, or `full` where the letter has as many as it may.

    `introduction_invalid` and `introduction_too_long` where it is what should have gone along.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotDone(Exception):
    """Somebody or something was quicker, and nothing was changed. What the caller wrote is handed back as `text`.

    `code`: `gone` (erased, or its time is over), `taken` (a colleague has it), `changed` (the draft is another one
    now), `visitor_wrote` (there is a text that the caller has not seen), `wrong_state`, `second_reader` (a colleague
    has to read it first), `unlisted` (it names what stands in `findings`).
    """

    def __init__(self, code: str, text: str = "", findings: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code, self.text, self.findings = code, text, tuple(findings)


def checked(body: object, most: int = MAX_BODY) -> str:
    """The text as it is stored; raises Refused."""
    if not isinstance(body, str):
        raise Refused("invalid")
    text = body.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text or _NOT_STORABLE.search(text):
        raise Refused("invalid")
    if len(text) > most:
        raise Refused("too_long")
    return text


def checked_introduction(text: str) -> str:
    """What goes along from the advice, '' for nothing; raises Refused."""
    try:
        return checked(text, MAX_INTRODUCTION) if text.strip() else ""
    except Refused as refused:
        raise Refused(f"introduction_{refused.code}") from None


def checked_id(client_id: object) -> str:
    """The id that the sender's form gave the text, by which it is known again; raises Refused."""
    if not isinstance(client_id, str) or not 0 < len(client_id) <= MAX_CLIENT_ID or _NOT_STORABLE.search(client_id):
        raise Refused("invalid")
    return client_id


def name_of(letter: str) -> str:
    """How colleagues call a letter: the beginning of its random key."""
    return letter[:4].upper()
