"""What lies in the database: nothing readable, and nothing that opens anywhere but in its own place."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, and_, select, update

from helpline import config, db
from helpline.chat import keys, service
from helpline.chat.models import Chat, Message
from helpline.chat.writer import Stored, Text, open_text, write
from helpline.privacy import sessions
from helpline.privacy.envelope import Tampered
from tests.builders import Visit, a_chat, a_counsellor, deeds, texts_of
from tests.postgres import sqlite_only

pytestmark = pytest.mark.usefixtures("house")

SECRET = "nobody-may-ever-read-this"


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def readable(cell: object) -> str:
    return bytes(cell).decode("latin-1") if isinstance(cell, memoryview | bytes) else str(cell)


def a_talk(visit: Visit) -> None:
    """Two texts of the visitor, two of the counsellor, and two notes."""
    anna = a_counsellor()
    service.accept(anna, visit.chat)
    for number in range(2):
        visit.says(f"{SECRET} {number}", f"v{number}")
        deeds.say_as_staff(anna, visit.chat, "talk", f"t{number}", f"{SECRET} {number}")
        deeds.say_as_staff(anna, visit.chat, "aside", f"a{number}", f"{SECRET} {number}")


@sqlite_only
def test_no_file_of_the_installation_holds_a_readable_text(settings: config.Settings) -> None:
    visit = a_chat(first_message=SECRET)
    a_talk(visit)
    db.engine().dispose()
    kept = everything_on_disk(settings.instance_dir)
    assert visit.chat.encode() in kept
    for hidden in (SECRET, visit.cookie):
        assert hidden.encode() not in kept
        assert hidden.encode("utf-16-le") not in kept


def test_no_column_holds_a_readable_text(settings: config.Settings) -> None:
    visit = a_chat(first_message=SECRET)
    a_talk(visit)
    with db.reading() as session:
        for table in db.Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                assert not any(SECRET in readable(cell) for cell in row)


def test_the_same_text_twice_looks_different() -> None:
    visit = a_chat()
    for _ in range(2):
        visit.says("yes")
    first, second = texts_of(visit.chat)
    assert first.sealed != second.sealed


def test_each_chat_has_a_key_of_its_own() -> None:
    assert keys.key_of(a_chat().row) != keys.key_of(a_chat().row)


def test_a_database_without_the_keyring_opens_nothing(settings: config.Settings) -> None:
    visit = a_chat(first_message=SECRET)
    for key in (settings.instance_dir / "keyring").glob("*.key"):
        key.write_bytes(bytes(32))
    with pytest.raises(Tampered):
        visit.sees()


# Moved texts


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("talk", 1), ("talk", 3)),
        (("talk", 1), ("talk", 2)),
        (("talk", 2), ("aside", 2)),
        (("aside", 1), ("aside", 2)),
    ],
    ids=["numbers", "authors", "streams", "notes"],
)
def test_texts_that_were_swapped_do_not_open(first: tuple[str, int], second: tuple[str, int]) -> None:
    visit = a_chat()
    a_talk(visit)
    key = keys.key_of(visit.row)
    _swap(visit.chat, first, second)
    for row in (row for stream in ("talk", "aside") for row in texts_of(visit.chat, stream)):
        if (row.stream, row.seq) in (first, second):
            with pytest.raises(Tampered):
                open_text(row, key)
        else:
            assert open_text(row, key).startswith(SECRET)


def _swap(chat: str, first: tuple[str, int], second: tuple[str, int]) -> None:
    def place(stream: str, seq: int) -> ColumnElement[bool]:
        return and_(Message.chat_id == chat, Message.stream == stream, Message.seq == seq)

    with db.transaction() as session:
        one = session.scalars(select(Message.sealed).where(place(*first))).one()
        other = session.scalars(select(Message.sealed).where(place(*second))).one()
        session.execute(update(Message).where(place(*first)).values(sealed=other))
        session.execute(update(Message).where(place(*second)).values(sealed=one))


def test_a_text_of_another_chat_does_not_open_here() -> None:
    mine, other = a_chat(first_message=SECRET), a_chat(first_message=SECRET)
    with db.transaction() as session:
        sealed = texts_of(other.chat)[0].sealed
        session.execute(update(Message).where(Message.chat_id == mine.chat).values(sealed=sealed))
    with pytest.raises(Tampered):
        mine.sees()
    assert other.sees()["messages"][0]["body"] == SECRET


def test_a_text_does_not_open_under_another_chat_key_either() -> None:
    mine, other = a_chat(first_message=SECRET), a_chat()
    with db.transaction() as session:
        session.execute(update(Chat).where(Chat.id == mine.chat).values(wrapped_key=other.row.wrapped_key))
    with pytest.raises(Tampered):
        mine.sees()


def test_an_author_that_was_changed_shows() -> None:
    visit = a_chat(first_message=SECRET)
    with db.transaction() as session:
        session.execute(update(Message).where(Message.chat_id == visit.chat).values(author="counsellor"))
    with pytest.raises(Tampered):
        visit.sees()


def test_a_session_that_was_given_to_another_cookie_does_not_open() -> None:
    mine, other = a_chat(), a_chat()
    with db.transaction() as session:
        sealed = session.scalars(
            select(sessions.VisitorSession.sealed).where(sessions.VisitorSession.key == sessions.key_of(other.cookie))
        ).one()
        session.execute(
            update(sessions.VisitorSession)
            .where(sessions.VisitorSession.key == sessions.key_of(mine.cookie))
            .values(sealed=sealed)
        )
    assert sessions.load(mine.cookie, mine.row.joined_at) is None


# Damage stays where it is


def test_a_damaged_chat_holds_up_no_other(settings: config.Settings) -> None:
    broken, well = a_chat(), a_chat()
    with db.transaction() as session:
        session.execute(update(Chat).where(Chat.id == broken.chat).values(wrapped_key=b"x" * 60))
    texts = [
        Text(visit.chat, "talk", "visitor", "c1", "hello", session_key=visit.visitor.session_key)
        for visit in (broken, well)
    ]
    refused, stored = write(texts)
    assert (getattr(refused, "code", None), isinstance(stored, Stored)) == ("unavailable", True)
    assert (broken.row.talk_seq, well.row.talk_seq) == (0, 1)
