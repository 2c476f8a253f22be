"""What is destroyed when its time is over."""

from __future__ import annotations

from datetime import datetime

from helpline.chat import keys, store
from helpline.contacts import service as contacts
from helpline.db import transaction
from helpline.privacy import sessions


def purge(now: datetime) -> dict[str, int]:
    """Destroy expired keys, chats, visitor sessions, wrap-up links and the days of old counters; how many of each."""
    destroyed = keys.keyring().destroy_expired(now)
    keys.keyring().prepare(now)
    with transaction() as session:
        chats = store.erase_expired(session, now)
        links = contacts.drop_old_wrap_ups(now)
        gone = sessions.drop_expired(now)
        days = contacts.merge_old_counts(now)
    return {"keys": len(destroyed), "chats": chats, "wrap_ups": links, "sessions": gone, "counter_days": days}
