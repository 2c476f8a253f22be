"""Several threads that act on one chat or letter at once, and the trail that their steps leave in the database."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from helpline import db
from helpline.chat.access import NoAccess
from helpline.chat.service import Conflict
from helpline.chat.states import TRANSITIONS
from helpline.chat.writer import Refused
from helpline.letters import service as letters

OK = "ok"
LEGAL = {(state.value, became.value) for (state, _), became in TRANSITIONS.items()}
# Long enough for either hand to be first, short enough for them to meet.
JITTER_SECONDS = 0.002
TOLD = (Conflict, NoAccess, Refused, letters.NotDone, letters.NoAccess, letters.Refused)


class Hands:
    """So many threads; each `act` lets one deed run in each of them, begun together."""

    def __init__(self, number: int = 2) -> None:
        self._pool = ThreadPoolExecutor(number)
        self._start = threading.Barrier(number)
        self._chance = random.Random(number)

    def act(self, *deeds: Callable[[], object]) -> list[str]:
        """How each deed went: `ok`, or the code of the error it got. Any error without a code fails the test."""
        delays = [self._chance.choice((0.0, self._chance.uniform(0, JITTER_SECONDS))) for _ in deeds]
        return list(self._pool.map(self._one, deeds, delays))

    def _one(self, deed: Callable[[], object], delay: float) -> str:
        self._start.wait(timeout=30)
        if delay:
            time.sleep(delay)
        try:
            deed()
        except TOLD as told:
            return str(told.code)
        return OK

    def rest(self) -> None:
        """End the threads."""
        self._pool.shutdown()


def keep_a_trail() -> None:
    """From now on the database itself notes each change of a chat's state."""
    with db.transaction() as session:
        session.execute(text("CREATE TABLE trail (chat VARCHAR(32), was VARCHAR(16), became VARCHAR(16))"))
        note = "INSERT INTO trail VALUES (NEW.id, OLD.state, NEW.state);"
        changed = "AFTER UPDATE ON chats FOR EACH ROW WHEN (OLD.state <> NEW.state)"
        if db.engine().dialect.name == "sqlite":
            session.execute(text(f"CREATE TRIGGER trail_of_chats {changed} BEGIN {note} END"))
        else:
            body = f"$$ BEGIN {note} RETURN NULL; END $$"
            session.execute(text(f"CREATE FUNCTION trail_note() RETURNS trigger LANGUAGE plpgsql AS {body}"))
            session.execute(text(f"CREATE TRIGGER trail_of_chats {changed} EXECUTE FUNCTION trail_note()"))


def illegal_steps() -> set[tuple[str, str]]:
    """Steps in the trail that stand in no table of ours."""
    with db.reading() as session:
        taken = {(was, became) for was, became in session.execute(text("SELECT DISTINCT was, became FROM trail"))}
    return taken - LEGAL


def steps_of(chat: str) -> list[str]:
    """The states a chat came into, sorted."""
    with db.reading() as session:
        return sorted(session.scalars(text("SELECT became FROM trail WHERE chat = :chat"), {"chat": chat}))
