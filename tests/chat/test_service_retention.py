"""What is over is destroyed: keys first, so that old copies of the database are noise."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from helpline import config, db
from helpline.chat import keys, reading, service, store
from helpline.chat.models import Chat, Message, RefusedOffer
from helpline.chat.retention import purge
from helpline.chat.writer import Refused
from helpline.contacts.models import WrapUp
from helpline.lines.models import Line
from helpline.privacy import sessions
from helpline.privacy.keyring import KeyDestroyed
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, deeds, ledger
from tests.postgres import sqlite_only

pytestmark = pytest.mark.usefixtures("house")


def rows(model: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def an_old_talk() -> Visit:
    """A chat with two texts that has ended."""
    anna = a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    deeds.say_as_staff(anna, visit.chat, "talk", "c1", "hi")
    service.end(anna, visit.chat)
    return visit


def test_after_two_weeks_a_chat_is_gone_and_its_contact_stays(time: StoppedClock) -> None:
    visit = an_old_talk()
    time.turn(days=14, seconds=-1)
    assert (purge(time.moment)["chats"], rows(Chat)) == (0, 1)
    time.turn(seconds=1)
    assert purge(time.moment)["chats"] == 1
    assert (rows(Chat), rows(Message), rows(RefusedOffer), rows(sessions.VisitorSession)) == (0, 0, 0, 0)
    assert ledger() == {"answered": 1}
    assert visit.chat


@sqlite_only
def test_a_copy_of_the_database_from_before_opens_no_more_once_the_key_is_destroyed(
    time: StoppedClock, settings: config.Settings, tmp_path: Path
) -> None:
    visit = an_old_talk()
    db.engine().dispose()  # which brings the log into the file
    copy = tmp_path / "backup.db"
    shutil.copy(settings.instance_dir / "helpline.db", copy)
    sealed_under = visit.row.key_id
    time.turn(days=14)
    purge(time.moment)
    db.bind(f"sqlite:///{copy}")
    assert [text["body"] for text in _read(visit.chat)] == ["hello", "hi"]  # its week is not over
    time.turn(days=7)
    db.bind(settings.database_url)
    assert purge(time.moment)["keys"] >= 1
    db.bind(f"sqlite:///{copy}")
    with pytest.raises(KeyDestroyed, match=sealed_under):
        _read(visit.chat)
    assert not list((settings.instance_dir / "keyring").glob(f"{sealed_under}*"))


def _read(chat: str) -> list[dict[str, object]]:
    with db.reading() as session:
        found = store.get_chat(session, chat)
        assert found is not None
        return reading.texts(session, found, "talk", 0)


def test_the_key_of_a_chat_lives_as_long_as_the_chat(time: StoppedClock) -> None:
    visit = an_old_talk()
    for _ in range(13):
        time.turn(days=1)
        purge(time.moment)
        assert len(_read(visit.chat)) == 2


def test_a_chat_whose_key_was_destroyed_takes_no_text(time: StoppedClock, settings: config.Settings) -> None:
    visit = a_chat(held_by=a_counsellor())
    for key in (settings.instance_dir / "keyring").glob("*.key"):
        key.unlink()
    with pytest.raises(Refused, match="not_found"):
        visit.says("hello")
    assert not list((settings.instance_dir / "keyring").glob("*.key"))


def test_keys_are_there_before_they_are_needed(time: StoppedClock, settings: config.Settings) -> None:
    time.turn(days=70)
    purge(time.moment)
    assert len(list((settings.instance_dir / "keyring").glob("*.key"))) == 5
    before = sorted((settings.instance_dir / "keyring").iterdir())
    a_chat()
    assert sorted((settings.instance_dir / "keyring").iterdir()) == before


def test_a_running_chat_is_never_erased(time: StoppedClock) -> None:
    visit = a_chat(held_by=a_counsellor())
    time.turn(days=15)
    purge(time.moment)
    assert visit.state == "active"


def test_the_link_from_a_chat_to_its_contact_is_cut_after_a_day(time: StoppedClock) -> None:
    an_old_talk()
    time.turn(hours=24)
    assert (purge(time.moment)["wrap_ups"], rows(WrapUp)) == (0, 1)
    time.turn(seconds=1)
    assert (purge(time.moment)["wrap_ups"], rows(WrapUp), ledger()) == (1, 0, {"answered": 1})


def test_purging_twice_destroys_nothing_more(time: StoppedClock) -> None:
    an_old_talk()
    time.turn(days=30)
    purge(time.moment)
    assert purge(time.moment) == {"keys": 0, "chats": 0, "wrap_ups": 0, "sessions": 0, "counter_days": 0}


def test_how_long_a_chat_is_kept_is_a_setting_of_its_line(time: StoppedClock) -> None:
    with db.transaction() as session:
        line = session.get(Line, "youth")
        assert line is not None
        line.retention_days = 3
    visit, other = a_chat(), a_chat(line="prevention")
    assert visit.row.expires_at == time.moment + timedelta(days=3)
    assert other.row.expires_at == time.moment + timedelta(days=14)
    assert keys.key_of(visit.row)
