"""A letter with all that belongs to it: nobody reads a word of it in what is stored, nor after its key is destroyed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select

from helpline import config, db, retention
from helpline.letters import keys, service, store
from helpline.letters.models import Letter, LetterDraft, LetterText
from helpline.letters.service import NotDone
from helpline.privacy import codes, envelope
from helpline.privacy.keyring import KeyDestroyed
from tests.builders import StoppedClock
from tests.house.test_canary import disguises
from tests.letters.writers import Answerer, Writer, rows
from tests.postgres import sqlite_only

pytestmark = pytest.mark.usefixtures("line")
CANARY = "the words of a canary 🐤"
WRONG = "7777-7777-7777-7777"


def said(number: int) -> str:
    return f"{CANARY} no. {number}"


def a_whole_correspondence() -> Writer:
    """A letter, its answer by way of a remark, a reply, a draft, and texts that came too late or were too long."""
    writer = Writer()
    writer.writes(said(1))
    assert not service.confirm_code(writer.cookie, writer.line, WRONG)
    assert writer.keeps_the_code()
    anna, ben = Answerer(writer.id).claims(), Answerer(writer.id)
    anna.submits(said(2))
    ben.looks().sends_back(said(3))
    anna.looks().submits(said(4))
    ben.looks().approves()
    assert not Writer().enters(WRONG)
    writer.comes_back()
    writer.replies(said(5))
    anna.claims().saves(said(6))
    with pytest.raises(NotDone):
        service.answer(ben.member, writer.id, said(7), 1, 3, "late")
    with pytest.raises(service.Refused):
        writer.replies(said(7) * 2000)
    assert writer.bodies == [said(1), said(4), said(5)]
    return writer


def everything(folder: Path, log: str) -> dict[str, bytes]:
    """All that is on disk: the files of the instance, each value of each table, the log."""
    found = {"the log": log.encode()}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[path.name] = path.read_bytes()
    connection = sqlite3.connect(folder / "helpline.db")
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        values = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names from the schema
        plain = [value if isinstance(value, bytes) else str(value).encode() for row in values for value in row]
        found[f"table {table}"] = b"\n".join(plain)
    connection.close()
    return found


def no_canary_in(found: dict[str, bytes], canaries: Iterable[str]) -> None:
    for name, content in found.items():
        for canary in canaries:
            for shape in disguises(canary):
                assert shape not in content, f"{canary} in {name}"


def codes_of(writer: Writer) -> list[str]:
    """The code as it is shown, and as people type it."""
    code = writer.code
    return [code, code.replace("-", ""), code.lower(), code.replace("-", " "), code[:9], code[10:], WRONG]


def test_no_word_and_no_code_is_on_disk_nor_in_the_log(
    settings: config.Settings, database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = a_whole_correspondence()
    written = capfd.readouterr()
    canaries = [CANARY, *codes_of(writer)]
    if database:
        with db.reading() as session:
            every = {
                table.name: "\n".join(str(row) for row in session.execute(select(table))).encode()
                for table in db.Base.metadata.sorted_tables
            }
        assert writer.id.encode() in every["letters"], "the search looks where it lies"
        no_canary_in(every | {"the log": (written.out + written.err).encode()}, canaries)
        return
    while_running = everything(settings.instance_dir, written.out + written.err)
    assert any(name.endswith("-wal") for name in while_running)
    assert writer.id.encode() in while_running["table letters"]
    no_canary_in(while_running, canaries)
    sealed = [content for content in sealed_of(writer.id).values() if content]
    assert writer.erases()
    db.engine().dispose()
    after = everything(settings.instance_dir, "")
    no_canary_in(after, canaries)
    # That look at it was the last user of the write-ahead log, which went into the database.
    for name, content in everything(settings.instance_dir, "").items():
        for one in sealed:
            assert one[20:50] not in content, f"what was erased is in {name}"


def sealed_of(letter: str) -> dict[str, bytes]:
    """Everything that is stored sealed of a letter."""
    with db.reading() as session:
        row = session.get_one(Letter, letter)
        found = {"key": row.wrapped_key}
        for text in session.scalars(select(LetterText).where(LetterText.letter_id == letter)):
            found[f"text {text.seq} {text.author}"] = text.sealed
        draft = session.get_one(LetterDraft, letter)
        return found | {f"draft {draft.version}": draft.sealed}


def bounds(letter: str) -> list[bytes]:
    """All that anything of this letter was sealed for."""
    name = f"letter {letter}"
    found = [envelope._bound("chat key", name)]
    for seq in range(1, 6):
        found += [envelope._bound("text", name, "letter", str(seq), author) for author in ("visitor", "counsellor")]
        for version in (seq, store.VERSIONS_OF_A_ROUND + seq):
            found += [envelope._bound("text", name, part, str(version), "staff") for part in ("draft", "remark")]
    return found


def opened(key: bytes, sealed: bytes, for_what: Iterable[bytes]) -> bytes | None:
    for bound in for_what:
        try:
            return AESGCM(key).decrypt(sealed[:12], sealed[12:], bound)
        except InvalidTag:
            pass
    return None


def keys_in(folder: Path, known: Iterable[bytes]) -> list[bytes]:
    """Every key of the server, and what could be made of one with what else is known."""
    files = [path.read_bytes() for path in sorted(folder.rglob("*.key"))]
    made = [
        HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(material)
        for material in (*files, *known)
        for info in (b"", b"chat key", b"letter", *known)
    ]
    return files + made


@sqlite_only
def test_after_its_key_is_destroyed_nobody_reads_it_not_even_in_an_old_copy(
    time: StoppedClock, settings: config.Settings, tmp_path: Path
) -> None:
    writer = a_whole_correspondence()
    db.engine().dispose()
    copy = tmp_path / "backup.db"
    shutil.copy(settings.instance_dir / "helpline.db", copy)
    row, found, for_what = writer.row, sealed_of(writer.id), bounds(writer.id)
    (week_key,) = [path.read_bytes() for path in (settings.instance_dir / "keyring").glob(f"{row.key_id}.key")]
    key = opened(week_key, found.pop("key"), for_what)
    assert key is not None
    plain = [opened(key, sealed, for_what) for sealed in found.values()]
    assert plain == [said(number).encode() for number in (1, 4, 5, 6)], "the server reads it until then"
    salt = (settings.instance_dir / "secrets" / "codes.key").read_bytes()
    root = codes.opened(writer.code, salt)
    at = codes.for_kind(root, "letter", "youth")
    assert at.lookup == row.lookup

    time.turn(days=183 + 7)
    destroyed = retention.purge(time.moment)
    assert (destroyed["letters"], rows(Letter), rows(LetterText), rows(LetterDraft)) == (1, 0, 0, 0)
    assert not list((settings.instance_dir / "keyring").glob(f"{row.key_id}*"))
    known = [row.id.encode(), row.lookup.encode(), bytes.fromhex(row.lookup), row.key_id.encode(), root, at.key]
    sealed = [*found.values(), row.wrapped_key]
    for candidate in keys_in(settings.instance_dir, known):
        assert candidate not in (week_key, key)
        for one in sealed:
            assert opened(candidate, one, for_what) is None
    for name, content in everything(settings.instance_dir, "").items():
        assert week_key not in content, name
        assert key not in content, name

    db.bind(f"sqlite:///{copy}")
    with db.reading() as session:
        kept = store.at_lookup(session, at.lookup, datetime.combine(row.expires_on, datetime.min.time()))
        assert kept is not None
        with pytest.raises(KeyDestroyed, match=row.key_id):
            store.texts(session, kept)


def test_a_text_opens_in_its_own_place_alone() -> None:
    writer, other = a_whole_correspondence(), a_whole_correspondence()
    with db.reading() as session:
        row, foreign = session.get_one(Letter, writer.id), session.get_one(Letter, other.id)
        (first, _), *_others = store.texts(session, row)
        key, wrong_key = keys.key_of(row), keys.key_of(foreign)
    for with_key, letter, seq, author in (
        (key, other.id, 1, "visitor"),
        (key, writer.id, 2, "visitor"),
        (key, writer.id, 1, "counsellor"),
        (wrong_key, writer.id, 1, "visitor"),
    ):
        with pytest.raises(envelope.Tampered):
            keys.open_(with_key, letter, seq, author, first.sealed)
    with pytest.raises(envelope.Tampered):
        keys.open_draft(key, writer.id, 1, "draft", first.sealed)
    assert keys.open_(key, writer.id, 1, "visitor", first.sealed) == said(1)


def test_a_visit_moves_the_key_to_a_later_week_and_leaves_no_other(time: StoppedClock) -> None:
    writer = a_whole_correspondence()
    before = writer.row
    time.turn(days=60)
    writer.comes_back()
    after = writer.row
    assert after.key_id > before.key_id
    assert after.wrapped_key != before.wrapped_key
    assert after.expires_on > before.expires_on
    assert isinstance(after.expires_on, date)
    time.turn(days=183 - 60 + 7)
    retention.purge(time.moment)
    assert writer.comes_back().bodies[0] == said(1), "its former week is over, and its new one is not"
