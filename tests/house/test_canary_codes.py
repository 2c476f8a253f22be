"""What visitors keep under a code, over HTTP on a server that logs all it can: no word of it can be read by a thief.

Letters until their key is destroyed only by the server itself, summaries of chats by nobody without the code.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from helpline.letters.keys import _name
from helpline.privacy import codes, envelope, sessions
from helpline.summaries.store import KIND
from tests.clients import Server, Visitor
from tests.house.test_canary import disguises, kept
from tests.journeys.forms import CHAT, LETTERS, WRONG, Forms, Inbox
from tests.journeys.house import House
from tests.journeys.moved import MovedClock
from tests.letters.test_sealed import keys_in, opened

CANARY, NUMBER = "the words of a canary 🐤", "06-49217385"
LETTER_DAYS = 183


def said(number: int) -> str:
    return f"{CANARY} no. {number}"


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, MovedClock]]:
    """A server that logs all it can, with a folder of its own for temporary files."""
    folder = tmp_path_factory.mktemp("talkative")
    (folder / "temporary").mkdir()
    server = Server(folder / "instance", log_level="DEBUG", ping_seconds="0.5")
    server.environment["TMPDIR"] = str(folder / "temporary")
    clock = MovedClock(server, folder)
    yield House(server).open({login: (["counsellor"], ["youth"]) for login in ("anna", "ben")}), clock
    server.stop()


@pytest.fixture
def house(talkative: tuple[House, MovedClock]) -> Iterator[House]:
    """It runs, and nobody is there."""
    house, _ = talkative
    yield house
    house.see_out()


def everything(house: House, *, also: Iterable[Path] = ()) -> dict[str, bytes]:
    """All that is on disk: database and what belongs to it, instance, log and output, temporary files, backups."""
    temporary = (house.server.instance.parent / "temporary").rglob("*")
    return kept(house) | {str(path): path.read_bytes() for path in (*temporary, *also) if path.is_file()}


def no_canary_in(found: dict[str, bytes], canaries: Iterable[str]) -> None:
    for canary in canaries:
        shapes = disguises(canary)
        for name, content in found.items():
            assert not any(shape in content for shape in shapes), f"{canary} in {name}"


def spellings(code: str) -> list[str]:
    """A code as it is shown, and as people type it."""
    return [code, code.replace("-", ""), code.lower(), code.replace("-", " "), code[:9], code[10:]]


def backup(house: House, to: Path) -> Path:
    """The database as it is now, as `docs/operating.md` copies it."""
    with closing(sqlite3.connect(house.database)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
    return to


# Summaries


def a_kept_summary(house: House) -> tuple[Visitor, str]:
    """A chat, its summary in several versions, some of them refused, kept under a code. Returns visitor and code."""
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    room = Forms(visitor)
    room.goes_to(f"{CHAT}room/summary")
    room.sends(f"{CHAT}room/summary", body=said(1))
    assert anna.wire.call("summary", {"chat": chat, "version": 1, "body": said(2)})["ok"]
    refused = [(1, said(3), "taken"), (2, f"{said(3)}, call {NUMBER}", "forbidden"), (2, said(4) * 99, "too_long")]
    for version, body, why in refused:
        answer = anna.wire.call("summary", {"chat": chat, "version": version, "body": body})
        assert answer["error"] == why, answer
    room.goes_to(f"{CHAT}room/summary")
    room.sends(f"{CHAT}room/agree")
    room.goes_to(f"{CHAT}room/summary")
    room.goes_to(room.sends(f"{CHAT}room/keep"))
    assert room.sends(f"{CHAT}kept/code/") == f"{CHAT}kept/code/keep/"
    code = room.takes_the_code(f"{CHAT}kept/code/keep/", f"{CHAT}kept/code/confirm/")
    assert said(2) in room.goes_to(f"{CHAT}kept/")
    assert anna.wire.call("end", {"chat": chat})["ok"]
    assert anna.wire.call("duty", {"state": "away", "line": "youth", "capacity": 3})["ok"]
    return visitor, code


def chat_keys(house: House, weeks: list[bytes]) -> list[bytes]:
    """The keys of all chats, which the server can open."""
    found = []
    for chat, wrapped in house.rows("SELECT id, wrapped_key FROM chats"):
        place = [envelope._bound("chat key", str(chat))]
        found += [key for week in weeks if (key := opened(week, bytes(wrapped), place))]
    assert found, "the server has them"
    return found


def test_no_word_of_a_summary_is_found_and_none_is_read_without_the_code(house: House, tmp_path: Path) -> None:
    folder = house.server.instance
    visitor, code = a_kept_summary(house)
    Forms(house.visitor()).enters(WRONG, 400)
    canaries = [CANARY, *spellings(code), WRONG]
    copy = backup(house, tmp_path / "backup.db")
    no_canary_in(everything(house, also=[copy]), canaries)
    ((lookup, sealed),) = house.rows("SELECT lookup, sealed FROM kept_summaries")
    cookie = str(visitor.http.cookies["visit"])
    ((in_session,),) = house.rows("SELECT sealed FROM visitor_sessions WHERE key = ?", sessions.key_of(cookie))
    assert house.rows("SELECT sealed FROM chat_summaries") == [(None,)], "nor does it lie with its chat any longer"
    place = codes.Sealed(KIND, "youth", str(lookup), b"")
    places = [codes._bound(place), sessions.key_of(cookie).encode()]
    known = [str(lookup).encode(), bytes.fromhex(str(lookup)), sessions.key_of(cookie).encode()]
    weeks = [path.read_bytes() for path in (folder / "keyring").glob("*.key")]
    for candidate in keys_in(folder, [*known, *places, *chat_keys(house, weeks)]):
        assert not any(opened(candidate, bytes(one), places) for one in (sealed, in_session))
    salt = (folder / "secrets" / "codes.key").read_bytes()
    record = codes.open_(codes.for_kind(codes.opened(code, salt), KIND, "youth"), bytes(sealed))
    assert said(2) in str(record), "the code alone opens it"
    assert said(1) not in str(record)

    # Another counsellor reads it in a later chat, because the visitor says so; then it is erased.
    visitor.http.close()
    ben = house.on_duty("ben")
    later = house.visitor()
    again = Forms(later)
    assert again.enters(code) == f"{CHAT}kept/"
    later.join(show_summary="y")
    chat = ben.accept_next()
    shown = ben.wire.call("sync", {"chat": chat, "stream": "talk", "after": 0})["earlier"]
    assert shown["summary"]["text"] == said(2)
    # It goes along with a letter too; and a text that a youngster must not get waits for a supervisor.
    again.goes_to(LETTERS)
    again.sends(LETTERS, body=said(5), show_summary="y", introduction=said(7), send_along="y")
    asked = {"chat": chat, "body": f"{said(6)}, call {NUMBER}"}
    assert ben.wire.call("say", asked | {"stream": "talk", "client_id": "c1"})["found"] == [NUMBER]
    assert ben.wire.call("ask", asked)["ok"]
    assert house.rows("SELECT count(*) FROM asked_texts") == [(1,)]
    assert house.rows("SELECT count(earlier), count(introduction) FROM letters") == [(1, 1)]
    no_canary_in(everything(house), [*canaries, NUMBER])
    again.goes_to(f"{CHAT}kept/")
    again.sends(f"{CHAT}kept/erase", 200)
    assert house.rows("SELECT * FROM kept_summaries") == []
    Forms(house.visitor()).enters(code, 400)
    no_canary_in(everything(house), canaries)


# Letters


def a_correspondence(house: House) -> tuple[str, str]:
    """A letter, its answer by way of a remark, a reply, a draft, and what was refused. Returns its id and code."""
    writer = Forms(house.visitor())
    writer.goes_to(LETTERS)
    writer.sends(LETTERS, body=said(1))
    code = writer.takes_the_code(f"{LETTERS}code/", f"{LETTERS}code/confirm/")
    ((letter,),) = house.rows("SELECT id FROM letters")
    anna, ben = (Inbox(house.counsellor(login), letter) for login in ("anna", "ben"))
    anna.does("claim")
    anna.writes(said(2), "save")
    anna.writes(said(3), "submit")
    ben.does("check", remark=said(4), deed="send_back")
    anna.writes(said(5), "submit")
    ben.does("check", deed="approve")
    again = Forms(house.visitor())
    again.enters(WRONG, 400)
    again.enters(code)
    assert said(5) in again.goes_to(f"{LETTERS}yours/")
    again.sends(f"{LETTERS}yours/", body=said(6))
    anna.does("claim")
    anna.writes(f"{said(7)}, +31 6 12345678", "send", 409)
    anna.goes_to(anna.path)
    anna.sends(f"{anna.path}write", body=said(8), deed="save")
    anna.goes_to(anna.path)
    anna.sends(f"{anna.path}write", 409, body=said(9), deed="save", version="0")
    again.goes_to(f"{LETTERS}yours/")
    again.sends(f"{LETTERS}yours/", 400, body=f"{said(10)} {'x' * 20_000}")
    return str(letter), code


def sealed_of(house: House, letter: str) -> dict[str, bytes]:
    """Everything that is stored sealed of a letter, by its place."""
    found = {"key": bytes(house.rows("SELECT wrapped_key FROM letters WHERE id = ?", letter)[0][0])}
    for seq, author, sealed in house.rows("SELECT seq, author, sealed FROM letter_texts WHERE letter_id = ?", letter):
        found[f"text {seq} {author}"] = bytes(sealed)
    ((version, sealed),) = house.rows("SELECT version, sealed FROM letter_drafts WHERE letter_id = ?", letter)
    return found | {f"draft {version}": bytes(sealed)}


def places_in(letter: str, sealed: Iterable[str]) -> list[bytes]:
    """All that anything of this letter was sealed for."""
    name = _name(letter)
    numbers = {place.split()[1] for place in sealed if " " in place}
    parts = [("letter", "visitor"), ("letter", "counsellor"), ("draft", "staff"), ("remark", "staff")]
    places = [envelope._bound("text", name, part, number, author) for part, author in parts for number in numbers]
    return [envelope._bound("chat key", name), *places]


def test_no_word_of_a_letter_is_found_and_none_is_read_after_its_key_is_gone(
    house: House, talkative: tuple[House, MovedClock], tmp_path: Path
) -> None:
    folder, clock = house.server.instance, talkative[1]
    letter, code = a_correspondence(house)
    canaries = [CANARY, *spellings(code), WRONG]
    copy = backup(house, tmp_path / "backup.db")
    while_running = everything(house, also=[copy])
    assert letter.encode() in while_running["table letters"], "the search finds what is there"
    assert any(name.endswith("-wal") for name in while_running)
    no_canary_in(while_running, canaries)
    sealed = sealed_of(house, letter)
    places = places_in(letter, sealed)
    ((key_id, lookup),) = house.rows("SELECT key_id, lookup FROM letters")
    week = (folder / "keyring" / f"{key_id}.key").read_bytes()
    key = opened(week, sealed.pop("key"), places)
    assert key is not None
    plain = [opened(key, one, places) for one in sealed.values()]
    assert plain == [said(number).encode() for number in (1, 5, 6, 8)], "until then the server reads it"

    clock.move_to("12:00", days=LETTER_DAYS + 8)
    house.server.command("purge")
    assert house.rows("SELECT id FROM letters") == house.rows("SELECT letter_id FROM letter_texts") == []
    Forms(house.visitor()).enters(code, 400)
    known = [letter.encode(), lookup.encode(), bytes.fromhex(lookup), key_id.encode()]
    candidates = keys_in(folder, known)
    assert len(candidates) > 50
    for candidate in candidates:
        assert not any(opened(candidate, one, places) for one in sealed.values())
    for name, content in everything(house).items():
        assert week not in content, name
        assert key not in content, name
    no_canary_in(everything(house, also=[copy]), canaries)
