"""Ways to be reached outside the house are found in what staff write."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import helpline
from helpline.lines import texts
from helpline.lines.unlisted import found_in, in_pieces

LISTED = (
    *("112", "113", "0800-0432", "088 123 4567", "hulp@kindertelefoon.nl"),
    *("https://www.113.nl/", "https://www.kindertelefoon.nl/chat"),
)


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
        # as people write who know that it is not allowed
        ("06 - 1234 5678", ["06 - 1234 5678"]),
        ("O6-12345678", ["O6-12345678"]),
        ("06_1234_5678 or 06*12345678", ["06_1234_5678", "06*12345678"]),
        ("0 6 1 2 3 4 5 6 7 8", ["0 6 1 2 3 4 5 6 7 8"]),
        ("0.6.1.2.3.4.5.6.7.8", ["0.6.1.2.3.4.5.6.7.8"]),
        ("0,6,1,2,3,4,5,6,7,8", ["0,6,1,2,3,4,5,6,7,8"]),
        ("06–1234–5678", ["06–1234–5678"]),
        ("０６１２３４５６７８", ["０６１２３４５６７８"]),
        ("0\u200b6\u200b1\u200b2\u200b3\u200b4\u200b5", ["0\u200b6\u200b1\u200b2\u200b3\u200b4\u200b5"]),
        ("nul zes een twee drie vier vijf zes zeven acht", ["nul zes een twee drie vier vijf zes zeven acht"]),
        ("zero six, one two, three four, five six", ["zero six, one two, three four, five six"]),
        ("nul zes 12 34 56 78", ["nul zes 12 34 56 78"]),
        # a Turkish keyboard has an I with a dot and an i without
        ("nul zes vıjf vıer acht acht een", ["nul zes vıjf vıer acht acht een"]),
        ("NUL ZES VİJF VİER ACHT ACHT EEN", ["NUL ZES VİJF VİER ACHT ACHT EEN"]),
        ("+31 (0)6 12345678 and 0031612345678", ["+31 (0)6 12345678", "0031612345678"]),
        ("kijk op t.me/x dan", ["t.me/x"]),
        ("discord.gg/abc, linktr.ee/anna", ["discord.gg/abc", "linktr.ee/anna"]),
        ("anna at gmail dot com", ["anna at gmail dot com"]),
        ("anna apenstaartje gmail punt com", ["anna apenstaartje gmail punt com"]),
        ("anna[at]gmail[dot]com", ["anna[at]gmail[dot]com"]),
        ("anna at gmail.com", ["gmail.com"]),
        ("example (dot) com", ["example (dot) com"]),
        ("add me on snap anna_h07", ["anna_h07"]),
        ("voeg me toe op snap: annah", ["annah"]),
        ("vind me op insta als annah", ["annah"]),
        ("my snap is annah", ["annah"]),
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
        "it is 14:30 now; van 14.30-16.00 uur, or 9.00 - 17.00",
        "in schooljaar 2024-2025, in 2019-2021, 2024/2025 or 2019 2020",
        "on 10-12-2025 14:30, op 12-03-2026 20:00 of 2026-03-12 20:00, 12 03 2026",
        "1.250.000 kinderen, € 1.250.300,00, 1.000.000 euro, 10.000-20.000",
        "from 1000-2000 people, 13, 14, 15, 16, 17, 18, 19",
        "1 2 3 4 5 6 7 8 9 10 and 10 9 8 7 6 5 4 3 2 1",
        "een twee drie vier vijf zes zeven, adem uit",
        "bel 113 (0800-0432) of 112; van 8 tot 18 (0800-0432)",
        "112, 0800-0432. 0800-0432 112",
        "mail hulp@kindertelefoon.nl",
        "Dat is goed.De rest komt later. fijn.Net als jij. ok.de rest",
        "op dat punt me goed voelen; d.w.z. de rest, m.a.w. me",
        "my Instagram is private; mijn insta is gehackt",
        "did he say 'add me on Snapchat'? voeg me toe op snap zei hij",
        "look at 113.nl, or chat at kindertelefoon.nl",
        "klas 4/5, groep 7-8, 24/7, 3 - 4 keer per week, 4-7-8 ademhaling: in 4 tellen, 7 vast, 8 uit",
    ],
)
def test_what_does_not_is_left_alone(text: str) -> None:
    assert found_in(text, LISTED) == []


def test_another_page_of_a_listed_site_is_listed_and_a_look_alike_is_not() -> None:
    assert found_in("https://www.113.nl/ik-denk-aan-zelfmoord", LISTED) == []
    assert found_in("https://113.nl.example.com/", LISTED) == ["https://113.nl.example.com/"]
    assert found_in("0800-04321", LISTED) == ["0800-04321"]
    assert found_in("https://113.nl@example.com/", LISTED) == ["113.nl@example.com"]
    assert found_in("https://113.nl:x@example.com/", LISTED) != []
    assert found_in("06-112 34567", LISTED) == ["06-112 34567"]


# Properties

SEPARATORS = st.sampled_from(["", " ", "-", ".", " - ", "/", "_", "–", "\u00a0", "\u200b"])
WORDS = st.lists(
    st.sampled_from(["Hoi", "you", "can", "bel", "me", "dan", "op", "or", "tonight", "(ok)"]), max_size=5
).map(" ".join)
DIGITS = st.sampled_from(["", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９"])


@given(st.text("0123456789", min_size=8, max_size=8), st.data(), WORDS, WORDS)
def test_a_mobile_number_is_found_however_it_is_written(
    rest: str, data: st.DataObject, before: str, after: str
) -> None:
    # '06 07 2042 05' may be a day.
    assume(not re.search("(?:19|20)..", rest))
    script = data.draw(DIGITS)
    groups, left = ["06"], rest
    while left:
        size = data.draw(st.integers(1, len(left)))
        groups, left = [*groups, left[:size]], left[size:]
    separator = data.draw(SEPARATORS)
    number = separator.join(groups)
    if script:
        number = number.translate(dict(zip(range(ord("0"), ord("9") + 1), script, strict=True)))
    assert found_in(f"{before} {number} {after}") == [number]


@given(
    st.dates(date(1950, 1, 1), date(2049, 12, 31)), st.times(), st.sampled_from(["%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d"])
)
def test_no_day_and_time_is_a_number(day: date, moment: object, form: str) -> None:
    said = f"on {day.strftime(form)} {moment:%H:%M}, {day.year}-{day.year + 1}, {moment:%H.%M}-{moment:%H.%M}"
    assert found_in(said) == []


@given(st.lists(st.integers(0, 100), max_size=40).map(lambda ages: ", ".join(map(str, ages))))
def test_no_list_of_ages_is_a_number(ages: str) -> None:
    singles = [len(one) == 1 for one in ages.split(", ")]
    runs = "".join("1" if single else "0" for single in singles)
    assert found_in(f"they are {ages} years old") == [] or "1" * 6 in runs


@given(st.text(max_size=300))
def test_whatever_is_written_what_is_found_stands_in_it_in_order(text: str) -> None:
    place = 0
    found = found_in(text)
    pieces = in_pieces(text, found)
    assert ("".join(piece for piece, _ in pieces), [piece for piece, is_found in pieces if is_found]) == (text, found)
    for what in found:
        place = text.index(what, place) + len(what)


@given(st.sampled_from(["06 ", "a@", "aa.", "1 ", "snap: ", "een zes ", "(at)", "2019-", "💙", "mijn snap is "]), WORDS)
def test_a_long_text_takes_no_long_time(piece: str, words: str) -> None:
    """No pattern goes back and forth: the test would not end otherwise."""
    assert isinstance(found_in(words + piece * (4000 // len(piece))), list)


def test_nothing_that_the_house_itself_says_to_visitors_is_found() -> None:
    """A hundred thousand words as counsellors say them: the pages of the advice and the help entries."""
    listed = [
        one
        for country in texts.countries(None)
        for entry in texts.load_help(country, "nl").values()
        for one in (entry.phone, entry.url, entry.chat_url)
        if one
    ]
    trees = sorted((Path(helpline.__file__).parent / "advice" / "trees").rglob("*.yaml"))
    paragraphs = [part for path in trees for part in re.split(r"\n\s*\n", path.read_text(encoding="utf-8"))]
    assert len(paragraphs) > 100
    assert [found for part in paragraphs if (found := found_in(part, listed))] == []
