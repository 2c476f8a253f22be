"""Sealed visitor sessions: opened by the cookie alone, idle for two hours, gone when ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from helpline import db
from helpline.privacy import sessions
from helpline.privacy.sessions import VisitorSession
from tests.postgres import sqlite_only

NOW = datetime(2026, 3, 2, 20, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def house(tmp_path: Path, database: str) -> Iterator[None]:
    """A database with the table of sessions."""
    engine = db.bind(database or f"sqlite:///{tmp_path / 'helpline.db'}")
    db.Base.metadata.create_all(engine, tables=[VisitorSession.__table__])
    yield
    engine.dispose()


def a_session(now: datetime = NOW, **content: object) -> str:
    """A cookie whose session holds `content`."""
    cookie = sessions.new_cookie()
    sessions.save(cookie, content, now)
    return cookie


def row_of(cookie: str) -> VisitorSession | None:
    with db.reading() as session:
        return session.get(VisitorSession, sessions.key_of(cookie))


# Sealed


def test_what_was_saved_is_opened_by_its_cookie() -> None:
    cookie = a_session(line="youth", chat="c1")
    assert sessions.load(cookie, NOW) == {"line": "youth", "chat": "c1"}
    sessions.save(cookie, {"line": "youth"}, NOW)
    assert sessions.load(cookie, NOW) == {"line": "youth"}


def test_a_cookie_has_256_random_bits() -> None:
    cookies = {sessions.new_cookie() for _ in range(100)}
    assert len(cookies) == 100
    assert all(sessions.is_cookie(cookie) for cookie in cookies)


@pytest.mark.parametrize("value", [None, "", "x" * 42, "x" * 44, "x" * 42 + "=", "x" * 42 + "\n", "é" * 43])
def test_what_has_not_the_form_of_a_cookie_opens_nothing(value: str | None) -> None:
    assert not sessions.is_cookie(value)
    assert sessions.load(value, NOW) is None


@sqlite_only
def test_the_database_alone_holds_neither_cookie_nor_content(tmp_path: Path) -> None:
    cookie = a_session(line="youth", chat="the-id-of-a-chat")
    db.engine().dispose()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert sessions.key_of(cookie).encode() in kept
    for hidden in (cookie, "the-id-of-a-chat", "youth", sessions.csrf_of(cookie)):
        assert hidden.encode() not in kept


def test_the_key_of_a_row_is_no_cookie() -> None:
    cookie = a_session(chat="c1")
    assert sessions.load(sessions.key_of(cookie), NOW) is None


def test_a_session_that_was_put_under_another_key_does_not_open() -> None:
    mine, other = a_session(chat="mine"), a_session(chat="other")
    stolen = row_of(other)
    assert stolen is not None
    with db.transaction() as session:
        session.execute(
            update(VisitorSession).where(VisitorSession.key == sessions.key_of(mine)).values(sealed=stolen.sealed)
        )
    assert sessions.load(mine, NOW) is None


def test_a_session_that_was_changed_does_not_open() -> None:
    cookie = a_session(chat="c1")
    with db.transaction() as session:
        row = session.scalars(select(VisitorSession)).one()
        row.sealed = row.sealed[:-1] + bytes([row.sealed[-1] ^ 1])
    assert sessions.load(cookie, NOW) is None


def test_saving_the_same_twice_looks_different() -> None:
    cookie = a_session(chat="c1")
    before = row_of(cookie)
    sessions.save(cookie, {"chat": "c1"}, NOW)
    after = row_of(cookie)
    assert before is not None
    assert after is not None
    assert before.sealed != after.sealed


def test_the_form_token_of_a_cookie_is_its_own_and_tells_nothing() -> None:
    one, other = sessions.new_cookie(), sessions.new_cookie()
    assert sessions.csrf_of(one) == sessions.csrf_of(one) != sessions.csrf_of(other)
    assert sessions.csrf_of(one) not in (one, sessions.key_of(one))
    assert row_of(one) is None


# Two idle hours


def test_a_session_is_over_after_two_idle_hours() -> None:
    cookie = a_session(chat="c1")
    assert sessions.load(cookie, NOW + timedelta(hours=2)) is not None
    assert sessions.load(cookie, NOW + timedelta(hours=2, minutes=1)) is None


def test_the_moment_of_the_last_visit_is_kept_to_the_minute_only() -> None:
    row = row_of(a_session(now=NOW.replace(second=41, microsecond=123456)))
    assert row is not None
    assert (row.expires_at.second, row.expires_at.microsecond) == (0, 0)


def test_a_sign_of_life_begins_the_two_hours_anew() -> None:
    cookie, other = a_session(chat="c1"), a_session(chat="c2")
    sessions.extend([sessions.key_of(cookie)], NOW + timedelta(minutes=90))
    later = NOW + timedelta(minutes=205)
    assert (sessions.load(cookie, later), sessions.load(other, later)) == ({"chat": "c1"}, None)


def test_an_older_sign_of_life_shortens_nothing() -> None:
    cookie = a_session(now=NOW)
    sessions.extend([sessions.key_of(cookie)], NOW - timedelta(minutes=30))
    assert sessions.load(cookie, NOW + timedelta(hours=2)) is not None


def test_a_session_that_is_over_stays_over() -> None:
    cookie, ended = a_session(chat="c1"), a_session(chat="c2")
    sessions.end(ended)
    late = NOW + timedelta(hours=3)
    sessions.extend([sessions.key_of(cookie), sessions.key_of(ended)], late)
    assert (sessions.load(cookie, late), row_of(ended)) == (None, None)


def test_only_sessions_that_live_are_alive() -> None:
    lives, old, ended = a_session(), a_session(now=NOW - timedelta(hours=3)), a_session()
    sessions.end(ended)
    keys = [sessions.key_of(cookie) for cookie in (lives, old, ended, sessions.new_cookie())]
    with db.reading() as session:
        assert sessions.alive(session, keys, NOW) == {sessions.key_of(lives)}
        assert sessions.alive(session, [], NOW) == set()


def test_what_is_over_is_swept_out() -> None:
    lives, old = a_session(), a_session(now=NOW - timedelta(hours=3))
    assert sessions.drop_expired(NOW) == 1
    assert (row_of(old), row_of(lives) is not None) == (None, True)
    assert sessions.drop_expired(NOW) == 0


# Ended


def test_an_ended_session_is_gone_at_once() -> None:
    cookie = a_session(chat="c1")
    sessions.end(cookie)
    sessions.end(cookie)
    assert (sessions.load(cookie, NOW), row_of(cookie)) == (None, None)


def test_a_new_session_under_the_same_cookie_knows_nothing_of_the_old_one() -> None:
    cookie = a_session(chat="c1")
    sessions.end(cookie)
    with db.transaction() as session:
        assert sessions.claim(session, cookie, NOW) == {}


def test_whoever_left_by_the_quick_exit_is_not_brought_back_for_a_minute() -> None:
    cookie, other = a_session(chat="c1"), a_session(chat="c2")
    sessions.leave(sessions.key_of(cookie), NOW)
    sessions.end(cookie)
    with db.transaction() as session, pytest.raises(sessions.Left):
        sessions.claim(session, cookie, NOW + timedelta(minutes=1))
    with pytest.raises(sessions.Left):
        sessions.save(cookie, {"chat": "c1"}, NOW + timedelta(minutes=1))
    assert row_of(cookie) is None
    sessions.save(other, {"chat": "c2"}, NOW)
    sessions.save(cookie, {}, NOW + timedelta(seconds=61))


def test_of_those_who_left_no_more_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_LEFT", 2)
    keys = [sessions.key_of(sessions.new_cookie()) for _ in range(3)]
    for key in keys:
        sessions.leave(key, NOW)
    assert list(sessions._left) == keys[1:]
    sessions.leave(keys[0], NOW + timedelta(seconds=61))
    assert list(sessions._left) == [keys[0]]


# Claimed


def test_claiming_makes_a_row_where_there_is_none_and_changes_none_that_is_there() -> None:
    cookie, fresh = a_session(chat="c1"), sessions.new_cookie()
    with db.transaction() as session:
        assert sessions.claim(session, cookie, NOW) == {"chat": "c1"}
        assert sessions.claim(session, fresh, NOW) == {}
    assert sessions.load(cookie, NOW) == {"chat": "c1"}
    assert sessions.load(fresh, NOW) == {}


def test_an_expired_session_is_claimed_empty() -> None:
    cookie = a_session(chat="c1")
    with db.transaction() as session:
        assert sessions.claim(session, cookie, NOW + timedelta(hours=3)) == {}


def test_everything_a_session_holds_survives_the_way_through_json() -> None:
    content = {"line": "youth", "tries": {"youth": NOW.isoformat()}, "answers": ["é", 1, None]}
    assert sessions.load(a_session(**content), NOW) == json.loads(json.dumps(content))
