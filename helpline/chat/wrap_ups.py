"""Filling in a wrap-up, and what that changes for the desk and for routing."""

from __future__ import annotations

from helpline.chat import push, wakeup
from helpline.contacts import service as contacts
from helpline.contacts.categories import Answers
from helpline.db import after_commit, transaction


def wrap_up(account: str, chat: str, answers: Answers) -> bool:
    """Fill in the wrap-up of a chat: all tabs of its counsellor look again, and a place that was kept free may be
    offered. Returns whether a rest is to be offered. Raises NoWrapUp or BadAnswer."""
    with transaction():
        rest = contacts.wrap_up(account, chat, answers)
        after_commit(lambda: push.look_again(account))
        after_commit(wakeup.wake)
    return rest
