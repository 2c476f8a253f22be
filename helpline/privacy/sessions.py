"""Sealed visitor sessions: only the cookie in the visitor's browser can open them.

The row is keyed by the cookie's SHA-256 and sealed under HKDF(cookie): database and server keys together can't read it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import threading
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import LargeBinary, String, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from helpline.db import Base, Instant, reading, transaction

IDLE = timedelta(hours=2)
# The moment of the last visit is rounded, and written at most this often.
STEP = timedelta(minutes=1)
# Where a session keeps what the visitor wants to go along to a chat, until there is one: written by the chat, and gone
# with the answers that it was made of.
UNSENT = "bring"
COOKIE = re.compile(r"[A-Za-z0-9_-]{43}\Z")
# So long a form may have been under way when its visitor left; and of so many this process remembers it.
LEFT_FOR = timedelta(minutes=1)
MOST_LEFT = 10_000

_left: dict[str, datetime] = {}
_left_lock = threading.Lock()


class Left(Exception):
    """This browser's visitor has just left by the quick exit: nothing may be kept for it again."""


class BoundElsewhere(Exception):
    """This browser's visit belongs to another line; both never meet in one."""


class VisitorSession(Base):
    """One anonymous visit; no column tells whose, from where or which chat."""

    __tablename__ = "visitor_sessions"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[Instant] = mapped_column(index=True)


def new_cookie() -> str:
    """A random 256-bit value, URL-safe."""
    return secrets.token_urlsafe(32)


def is_cookie(value: str | None) -> bool:
    """True when `value` has the form of our cookies."""
    return value is not None and COOKIE.match(value) is not None


def key_of(cookie: str) -> str:
    """The row's key: SHA-256 of the cookie, hexadecimal."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def _derive(cookie: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"helpline session " + purpose).derive(cookie.encode())


def csrf_of(cookie: str) -> str:
    """The form token of this cookie; no row is needed to check it."""
    return base64.urlsafe_b64encode(_derive(cookie, b"csrf")).decode().rstrip("=")


def _seal(cookie: str, content: dict[str, Any]) -> bytes:
    nonce = os.urandom(12)
    plain = json.dumps(content, separators=(",", ":")).encode()
    return nonce + AESGCM(_derive(cookie, b"seal")).encrypt(nonce, plain, key_of(cookie).encode())


def _open(cookie: str, sealed: bytes) -> dict[str, Any]:
    plain = AESGCM(_derive(cookie, b"seal")).decrypt(sealed[:12], sealed[12:], key_of(cookie).encode())
    content: dict[str, Any] = json.loads(plain)
    return content


def idle_until(now: datetime) -> datetime:
    """When a session ends whose idle hours begin now."""
    return (now + IDLE + STEP).replace(second=0, microsecond=0)


def load(cookie: str | None, now: datetime, *, lock: bool = False) -> dict[str, Any] | None:
    """The content of the session, None when there is none, it has expired, or was ended.

    With `lock`, inside a transaction, other requests of this browser wait until it is over.
    """
    if cookie is None or not is_cookie(cookie):
        return None
    with reading() as session:
        row = session.get(VisitorSession, key_of(cookie), populate_existing=True, with_for_update=lock)
    if row is None or row.expires_at <= now:
        return None
    try:
        return _open(cookie, row.sealed)
    except InvalidTag:
        return None


def leave(key: str, now: datetime) -> None:
    """For a minute, let no form that is still under way make the session with this key anew in this process."""
    with _left_lock:
        _left.pop(key, None)
        _left[key] = now
        while len(_left) > MOST_LEFT or now - next(iter(_left.values())) > LEFT_FOR:
            del _left[next(iter(_left))]


def refuse_who_left(cookie: str, now: datetime) -> None:
    """Raises Left where this browser's visitor has just left by the quick exit."""
    at = _left.get(key_of(cookie))
    if at is not None and now - at <= LEFT_FOR:
        raise Left


def claim(session: Session, cookie: str, now: datetime) -> dict[str, Any]:
    """The content, {} when there is none, and a locked row even when there was none.

    Two requests of one browser, such as a form that was sent twice, come one after the other this way. Raises Left.
    """
    refuse_who_left(cookie, now)
    if session.get(VisitorSession, key_of(cookie)) is None:
        try:
            with session.begin_nested():
                session.add(VisitorSession(key=key_of(cookie), sealed=_seal(cookie, {}), expires_at=idle_until(now)))
        except IntegrityError:
            pass  # the other request made it first
    return load(cookie, now, lock=True) or {}


def save(cookie: str, content: dict[str, Any], now: datetime) -> None:
    """Write the session's content and let its two idle hours begin again. Raises Left."""
    refuse_who_left(cookie, now)
    with transaction() as session:
        row = session.get(VisitorSession, key_of(cookie))
        if row is None:
            row = VisitorSession(key=key_of(cookie))
            session.add(row)
        row.sealed, row.expires_at = _seal(cookie, content), idle_until(now)


def locked(cookie: str, line: str, now: datetime) -> dict[str, Any]:
    """What the session holds, locked; no session comes to be by this. Raises BoundElsewhere, Left."""
    content = load(cookie, now, lock=True)
    if content is None:
        refuse_who_left(cookie, now)
    check_line(content or {}, line)
    return content or {}


def part_of(content: Mapping[str, Any] | None, name: str) -> dict[str, Any]:
    """What a session with this content holds of one room."""
    return dict((content or {}).get(name) or {})


def with_part(content: Mapping[str, Any], name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    """The content with this part of one room; everything else that it holds stays."""
    others = {key: value for key, value in content.items() if key != name}
    return others | ({name: dict(part)} if part else {})


def pending_code(cookie: str | None, line: str, name: str, now: datetime) -> str | None:
    """The return code that was made for one room and not confirmed yet. Raises BoundElsewhere."""
    content = load(cookie, now) or {}
    check_line(content, line)
    code = part_of(content, name).get("code")
    return None if code is None else str(code)


def end(cookie: str) -> None:
    """Delete the session; its cookie opens nothing from now on."""
    with transaction() as session:
        session.execute(delete(VisitorSession).where(VisitorSession.key == key_of(cookie)))


# Asked with every text: put together once.
_ALIVE = select(VisitorSession.__table__.c.key).where(
    VisitorSession.__table__.c.key.in_(bindparam("keys", expanding=True)),
    VisitorSession.__table__.c.expires_at > bindparam("now"),
)


def alive(session: Session, keys: Collection[str], now: datetime) -> set[str]:
    """Which of these session keys are still valid."""
    if not keys:
        return set()
    return set(session.connection().execute(_ALIVE, {"keys": list(keys), "now": now}).scalars())


def check_line(content: Mapping[str, Any], line: str) -> None:
    """A visit belongs to one line, from its first answer on. Raises BoundElsewhere for another line than this."""
    if content.get("line", line) != line:
        raise BoundElsewhere


def extend(keys: Collection[str], now: datetime) -> None:
    """Let the idle hours of these sessions begin again; ended and expired ones stay so."""
    until = idle_until(now)
    due = select(VisitorSession.key).where(
        VisitorSession.key.in_(keys), VisitorSession.expires_at > now, VisitorSession.expires_at < until
    )
    with reading() as session:
        # Mostly there is nothing to write; only to write takes a turn.
        if session.scalar(due.limit(1)) is None:
            return
    with transaction() as session:
        # Locked in order, so that two processes that were asked for the same ones don't wait for each other.
        locked = session.scalars(due.order_by(VisitorSession.key).with_for_update()).all()
        session.execute(update(VisitorSession).where(VisitorSession.key.in_(locked)).values(expires_at=until))


def drop_expired(now: datetime) -> int:
    """Delete sessions whose idle hours are over. Returns how many."""
    with transaction() as session:
        gone = session.scalars(select(VisitorSession.key).where(VisitorSession.expires_at <= now)).all()
        session.execute(delete(VisitorSession).where(VisitorSession.key.in_(gone)))
        return len(gone)
