"""What one code keeps: the last ten summaries, one of each chat, and one way back."""

from __future__ import annotations

import json
from datetime import date

from helpline.summaries.record import MOST, Record, Summary, joined, with_chat, with_summary

DAY = date(2026, 3, 2)


def of(*chats: str) -> Record:
    return Record(tuple(Summary(DAY, f"words of {chat}", chat) for chat in chats))


def chats(record: Record) -> list[str]:
    return [one.chat for one in record.summaries]


def test_the_newest_stands_last_and_the_oldest_goes() -> None:
    record = Record()
    assert record.is_empty
    assert record.newest is None
    for number in range(MOST + 2):
        record = with_summary(record, Summary(DAY, "words", str(number)))
    assert chats(record) == [str(number) for number in range(2, MOST + 2)]
    assert record.newest is not None
    assert record.newest.chat == str(MOST + 1)


def test_of_one_chat_there_is_one_summary() -> None:
    record = with_summary(of("a", "b"), Summary(DAY, "in other words", "a"))
    assert [(one.chat, one.text) for one in record.summaries] == [("b", "words of b"), ("a", "in other words")]


def test_a_visit_is_joined_behind_what_the_code_kept() -> None:
    record = joined(with_chat(of("a", "b"), "b"), with_chat(of("b", "c"), "c"))
    assert (chats(record), record.chat) == (["a", "b", "c"], "c")
    assert joined(with_chat(of("a"), "a"), Record()) == with_chat(of("a"), "a")


def test_sealed_and_opened_it_is_the_same() -> None:
    for record in (Record(), with_chat(Record(), "a"), with_chat(of("a", "b"), "b")):
        assert Record.from_json(json.loads(json.dumps(record.as_json()))) == record
    assert not with_chat(Record(), "a").is_empty
