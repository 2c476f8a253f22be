"""Who was heard when. Marks are kept in memory and written in batches by the background loop."""

from __future__ import annotations

import threading
from datetime import datetime

from helpline.chat import store
from helpline.db import transaction
from helpline.privacy import sessions
from helpline.staff import service as staff

_lock = threading.Lock()
_visitors: dict[str, datetime] = {}
_sessions: set[str] = set()
_counsellors: dict[str, datetime] = {}
_typed: set[str] = set()


def visitor_heard(chat: str, session_key: str, now: datetime) -> None:
    """A sign of life of the visitor; also lets the session's idle time begin again."""
    with _lock:
        _visitors[chat] = now
        _sessions.add(session_key)


def counsellor_heard(account: str, now: datetime) -> None:
    """A sign of life of a counsellor's console."""
    with _lock:
        _counsellors[account] = now


def counsellor_typed(account: str) -> None:
    """The counsellor types: not somebody who left the desk."""
    with _lock:
        _typed.add(account)


def flush(now: datetime) -> None:
    """Write what was heard since the last time; nothing when nobody was."""
    global _visitors, _sessions, _counsellors, _typed
    with _lock:
        visitors, _visitors = _visitors, {}
        kept, _sessions = _sessions, set()
        counsellors, _counsellors = _counsellors, {}
        typed, _typed = _typed, set()
    if not (visitors or kept or counsellors or typed):
        return
    try:
        with transaction() as session:
            sessions.extend(kept, now)
            store.mark_seen(session, visitors)
            staff.touch_heartbeats(counsellors)
    except Exception:
        # Nobody is forgotten because the database was away for a moment; what was heard since counts more.
        with _lock:
            _visitors = visitors | _visitors
            _counsellors = counsellors | _counsellors
            _sessions |= kept
            _typed |= typed
        raise
    staff.note_typing(typed)


def forget() -> None:
    """Drop all marks; a new application begins without any."""
    with _lock:
        _visitors.clear()
        _sessions.clear()
        _counsellors.clear()
        _typed.clear()
