"""What lies under a code: nobody reads a word of it in what is stored, with all keys of the server."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text

from helpline import config, db
from helpline.chat import continuing, service
from helpline.chat.retention import purge
from helpline.lines.models import Line
from helpline.privacy import codes, keyring, sessions
from helpline.privacy.sessions import VisitorSession
from helpline.staff.service import Member
from helpline.summaries import service as summaries
from helpline.summaries import store
from tests.builders import StoppedClock, a_chat, a_counsellor
from tests.house.test_canary import disguises
from tests.letters.test_sealed import everything, no_canary_in
from tests.postgres import sqlite_only
from tests.summaries.people import agree_on, content, ends, enters, keeps, rows, takes_a_code

CANARY = "the words of a canary 🐤"


def said(number: int) -> str:
    return f"{CANARY} no. {number}"


def everything_said() -> bytes:
    """Every value of every table, whichever the database."""
    with db.reading() as session:
        tables = sorted(db.Base.metadata.tables)
        found = [row for table in tables for row in session.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608 - names from the schema
    values = [value for row in found for value in row]
    return b"\n".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in values)


def keys_of_the_server(settings: config.Settings) -> Iterator[bytes]:
    for path in settings.instance_dir.rglob("*.key"):
        content_of_file = path.read_bytes()
        for start in range(0, len(content_of_file) - 31):
            yield content_of_file[start : start + 32]


def opens(key: bytes, sealed: bytes, bound: bytes) -> bool:
    try:
        AESGCM(key).decrypt(sealed[:12], sealed[12:], bound)
    except InvalidTag:
        return False
    return True


def test_no_word_of_it_is_in_the_database_and_no_key_of_the_server_opens_it(
    line: Line, anna: Member, settings: config.Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visit = a_chat(held_by=anna)
    agree_on(visit, anna, said(1))
    keeps(visit)
    code = takes_a_code(visit.cookie, line)
    ends(anna, visit)
    later = a_chat(held_by=anna, cookie=enters(code, line))
    agree_on(later, anna, said(2))
    keeps(later)
    assert enters("7777-7777-7777-7777", line) is None
    found = everything_said() + caplog.text.encode()
    for canary in (CANARY, said(1), said(2), code, code.replace("-", "")):
        for shape in disguises(canary):
            assert shape not in found
    (row,) = rows()
    place = codes.for_kind(codes.opened(code, keyring.secret(settings.instance_dir, "codes")), store.KIND, line.slug)
    assert not any(opens(key, row.sealed, codes._bound(place)) for key in keys_of_the_server(settings))
    with db.reading() as session:
        for held in session.query(VisitorSession):
            assert not any(opens(key, held.sealed, held.key.encode()) for key in keys_of_the_server(settings))
    record = store.record_in(row, place)
    assert [one.text for one in record.summaries] == [said(1), said(2)], "the code alone opens it"
    for kind in ("course", "letter"):
        other = codes.for_kind(codes.opened(code, keyring.secret(settings.instance_dir, "codes")), kind, line.slug)
        assert other.lookup != place.lookup
        assert not opens(other.key, row.sealed, codes._bound(place))
    assert codes.open_(codes.of_part(content(later.cookie)["summary"], store.KIND, line.slug), row.sealed)  # type: ignore[arg-type]  # it is there


def test_of_a_summary_that_is_kept_nothing_is_left_beside_its_chat(line: Line, anna: Member) -> None:
    """The talk itself stays as long as the line keeps chats; the summary goes from there at once."""
    visit = a_chat(held_by=anna)
    agree_on(visit, anna, said(1))
    keeps(visit)
    takes_a_code(visit.cookie, line)
    with db.reading() as session:
        left = session.execute(text("SELECT sealed FROM chat_summaries")).scalars().all()
    assert left == [None]


def test_what_went_along_to_a_counsellor_goes_with_that_chat(
    line: Line, anna: Member, time: StoppedClock, settings: config.Settings
) -> None:
    visit = a_chat(held_by=anna)
    agree_on(visit, anna, said(1))
    keeps(visit)
    code = takes_a_code(visit.cookie, line)
    ends(anna, visit)
    back = enters(code, line)
    assert back is not None
    ben = a_counsellor()
    second = a_chat(held_by=ben, cookie=back)
    continuing.show(back, line)
    assert service.staff_sync(ben, second.chat, "talk", 0)["earlier"]["summary"]["text"] == said(1)
    ends(ben, second)
    time.turn(days=14)
    purge(time.moment)
    with db.reading() as session:
        assert session.execute(text("SELECT count(*) FROM chats")).scalar() == 0
        assert session.execute(text("SELECT count(*) FROM chat_summaries")).scalar() == 0
    assert len(rows()) == 1


@sqlite_only
def test_erased_it_is_in_no_file_any_more(line: Line, anna: Member, settings: config.Settings) -> None:
    visit = a_chat(held_by=anna)
    agree_on(visit, anna, said(1))
    keeps(visit)
    takes_a_code(visit.cookie, line)
    sealed = rows()[0].sealed
    assert summaries.erase(visit.cookie, line)
    db.engine().dispose()
    after = everything(settings.instance_dir, "")
    no_canary_in(after, [CANARY])
    for name, content_of_file in everything(settings.instance_dir, "").items():
        if not name.endswith("-wal"):
            assert sealed[100:200] not in content_of_file, name


def test_the_session_that_has_the_key_is_sealed_itself(line: Line, anna: Member) -> None:
    visit = a_chat(held_by=anna)
    agree_on(visit, anna, said(1))
    keeps(visit)
    with db.reading() as session:
        row = session.get(VisitorSession, sessions.key_of(visit.cookie))
    assert row is not None
    assert CANARY.encode() not in row.sealed
    assert summaries.visit_of(sessions.new_cookie(), line) is None
