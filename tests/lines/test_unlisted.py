"""Ways to be reached outside the house are found in what staff write."""

from __future__ import annotations

import pytest

from helpline.lines.unlisted import found_in

LISTED = ("112", "0800-0432", "088 123 4567", "https://www.113.nl/", "https://www.kindertelefoon.nl/chat")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("call me on 06-12345678.", ["06-12345678"]),
        ("bel +31 6 12 34 56 78 of mail", ["+31 6 12 34 56 78"]),
        ("(0612) 345 678", ["0612) 345 678"]),
        ("write to anna@example.org!", ["anna@example.org"]),
        ("anna (at) example.org", ["anna (at) example.org"]),
        ("I am @anna_helps there", ["@anna_helps"]),
        ("my snap is anna.h07", ["anna.h07"]),
        ("mijn Instagram heet anna_h", ["anna_h"]),
        ("add me on discord: anna#1234", ["anna#1234"]),
        ("look at https://example.com/x?y=1, please", ["https://example.com/x?y=1"]),
        ("it stands on Example.com", ["Example.com"]),
        ("see wa.me/31612345678", ["wa.me/31612345678"]),
        ("two: 0612345678 and example.nl", ["0612345678", "example.nl"]),
    ],
)
def test_what_leads_outside_is_found(text: str, found: list[str]) -> None:
    assert found_in(text, LISTED) == found


@pytest.mark.parametrize(
    "text",
    [
        "You did nothing wrong. Write again before 12-03-2026, or on 2026-03-12 at 20:00.",
        "call 112 now, or 0800-0432, or 0800 0432",
        "ring +31 88 123 45 67",
        "https://www.113.nl/ is there day and night, and 113.nl too",
        "the chat of kindertelefoon.nl",
        "you are 13 and he is 45; that was in 2019, 2020 and 2021",
        "he asked you on Snapchat, on Instagram and on Discord. That is not your fault.",
        "Snapchat is where it began",
        "He wrote to you on Snapchat: that is where it began. On TikTok is nothing left of it.",
        "e.g. a friend, i.e. someone you trust...and so on",
        "1. tell somebody 2. block 3. keep the account",
    ],
)
def test_what_does_not_is_left_alone(text: str) -> None:
    assert found_in(text, LISTED) == []


def test_another_page_of_a_listed_site_is_listed_and_a_look_alike_is_not() -> None:
    assert found_in("https://www.113.nl/ik-denk-aan-zelfmoord", LISTED) == []
    assert found_in("https://113.nl.example.com/", LISTED) == ["https://113.nl.example.com/"]
    assert found_in("0800-04321", LISTED) == ["0800-04321"]
