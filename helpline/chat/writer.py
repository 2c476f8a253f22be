"""The only way a text gets into a chat.

All texts that wait are written together: chats locked in the order of their ids, rights and state read, resends
recognised, `seq` assigned, sealed, inserted at once, committed once; only then acknowledged and pushed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zlib import crc32

import structlog
from sqlalchemy import Row
from sqlalchemy.orm import Session

from helpline import clock, metrics
from helpline.chat import checking, keys, push, store
from helpline.chat.access import no_longer_readable
from helpline.chat.items import Item, Mark, Outcome, Read, Refused, Stored, Text
from helpline.chat.states import State
from helpline.chat.store import Room
from helpline.db import after_commit, transaction
from helpline.privacy import envelope, sessions
from helpline.privacy.keyring import KeyDamaged, KeyDestroyed
from helpline.staff import service as staff

log = structlog.get_logger()

MAX_BODY = 4000
MAX_CLIENT_ID = 64
MAX_BATCH = 500
PATIENCE_SECONDS = 15.0
MARKS_WAIT_SECONDS = 0.05
NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def checked(body: object, client_id: object) -> tuple[str, str]:
    """Body and client_id of an incoming text; raises Refused `invalid` or `too_long`."""
    if not isinstance(body, str) or not isinstance(client_id, str):
        raise Refused("invalid")
    if not body.strip() or not 0 < len(client_id) <= MAX_CLIENT_ID:
        raise Refused("invalid")
    if len(body) > MAX_BODY:
        raise Refused("too_long")
    if not storable(body) or not storable(client_id):
        raise Refused("invalid")
    return body, client_id


def storable(text: str) -> bool:
    """False for what no database takes: NUL, and halves of surrogate pairs."""
    return NOT_STORABLE.search(text) is None


def write(items: Sequence[Item], acknowledge: Callable[[list[Outcome]], None] | None = None) -> list[Outcome]:
    """Store these texts and marks in one transaction, refusing singly; one outcome an item, in their order.

    After the commit `acknowledge` gets the outcomes, then everybody is told.
    """
    now, suspects = clock.now(), checking.suspects(items)
    with transaction() as session:
        rooms = store.lock_rooms(session, {item.chat for item in items})
        alive = sessions.alive(session, {i.session_key for i in items if i.session_key and i.member is None}, now)
        alive |= staff.alive(session, {i.session_key for i in items if i.session_key and i.member}, now)
        known = store.known_texts(session, [(i.chat, i.client_id) for i in items if isinstance(i, Text)])
        batch = _Batch(session, rooms, alive, known, suspects, now)
        outcomes = [batch.take(item) for item in items]
        store.insert_texts(session, batch.rows)
        store.save_rooms(session, batch.changed.values())
        if acknowledge is not None:
            after_commit(lambda: acknowledge(outcomes))
        after_commit(lambda: push.news(outcomes))
        for tell in batch.told_then:
            after_commit(tell)
    return outcomes


class _Batch:
    """What one transaction knows while it goes through its items."""

    def __init__(
        self,
        session: Session,
        rooms: dict[str, Room],
        alive: set[str],
        known: dict[tuple[str, str], Row[Any]],
        suspects: frozenset[tuple[str, str]],
        now: datetime,
    ) -> None:
        self.rooms, self.alive, self.now = rooms, alive, now
        self.told_then: list[Callable[[], None]] = []
        self._session, self._suspects = session, suspects
        self.rows: list[dict[str, object]] = []
        self.changed: dict[str, Room] = {}
        self._known = known
        self._taken: dict[tuple[str, str], Stored] = {}
        self._keys = keys.Opener()

    def take(self, item: Item) -> Outcome:
        room = self.rooms.get(item.chat)
        if room is None or (item.member is not None and room.line not in item.member.lines):
            return Refused("not_found")
        try:
            if not self._may(item, room):
                # What somebody stored while the chat was theirs stays stored: the answer to a resend says so.
                return self._own_earlier(item, room) or Refused("forbidden")
            return self._mark(item, room) if isinstance(item, Mark) else self._text(item, room)
        except Refused as refused:
            return refused
        except KeyDestroyed:
            return Refused("not_found")
        except (envelope.Tampered, KeyDamaged) as error:
            # One damaged chat must not stop the others of this batch.
            log.error("chat_damaged", chat=item.chat, problem=type(error).__name__)
            return Refused("unavailable")

    def _may(self, item: Item, room: Room) -> bool:
        """Whether this is the visitor, the counsellor who has the chat, or a supervisor who writes to staff alone."""
        if item.member is None:
            return item.session_key in self.alive
        if item.session_key is not None and item.session_key not in self.alive:
            return False
        if room.counsellor == item.member.id:
            return True
        return isinstance(item, Text) and item.stream == "aside" and "supervisor" in item.member.roles

    def _own_earlier(self, item: Item, room: Room) -> Stored | None:
        if not isinstance(item, Text) or item.member is None:
            return None
        if item.session_key is not None and item.session_key not in self.alive:
            return None
        row = self._known.get((item.chat, item.client_id))
        if row is None or row.account_id != item.member.id:
            return None
        earlier = self._earlier(item, room)
        return earlier if earlier and (earlier.stream, earlier.body) == (item.stream, item.body) else None

    def _mark(self, mark: Mark, room: Room) -> Outcome:
        seq, by_visitor = min(mark.seq, room.talk_seq), mark.member is None
        if by_visitor and no_longer_readable(room, self.now):
            return Refused("not_found")
        if not by_visitor and room.state == State.ENDED:
            return Refused("wrong_state")
        if not by_visitor and room.state != State.ACTIVE:
            # It only rings there: nobody has read it yet.
            return Read(room.id, seq, by_visitor, moved=False)
        before = room.visitor_read if by_visitor else room.counsellor_read
        if seq > before:
            if by_visitor:
                room.visitor_read = seq
            else:
                room.counsellor_read = seq
            self.changed[room.id] = room
        return Read(room.id, seq, by_visitor, moved=seq > before)

    def _text(self, text: Text, room: Room) -> Outcome:
        author = _author(text, room)
        earlier = self._earlier(text, room)
        if earlier is not None:
            same = (earlier.stream, earlier.author, earlier.body) == (text.stream, author, text.body)
            # A known client_id with another body is no resend: to take it for one would lose the text.
            return earlier if same else Refused("invalid")
        if room.state == State.ENDED:
            return Refused("wrong_state")
        if author == "counsellor" and room.state != State.ACTIVE:
            return Refused("wrong_state")
        if (text.chat, text.client_id) in self._suspects:
            self._check(text, room)
        return self._store(text, author, room)

    def _check(self, text: Text, room: Room) -> None:
        """Raises Refused for what no text of staff may hold; one that was allowed is used up by being sent."""
        key = self._keys.open(room)
        if checking.check(self._session, room, text.body, text.member if text.allow else None, key):
            self.told_then += checking.use_up(self._session, room, text.body, key)

    def _earlier(self, text: Text, room: Room) -> Stored | None:
        """The outcome of this text when it came before."""
        pair = (text.chat, text.client_id)
        if pair in self._taken:
            return replace(self._taken[pair], resent=True)
        row = self._known.get(pair)
        if row is None:
            return None
        body = open_text(row, self._keys.open(room))
        return Stored(room.id, row.stream, row.seq, row.client_id, row.author, body, row.sent_at, resent=True)

    def _store(self, text: Text, author: str, room: Room) -> Stored:
        key = self._keys.open(room)
        seq = room.talk_seq + 1 if text.stream == "talk" else room.aside_seq + 1
        sealed = envelope.seal(key, room.id, text.stream, seq, author, text.body)
        if text.stream == "talk":
            room.talk_seq = seq
        else:
            room.aside_seq = seq
        self.changed[room.id] = room
        self.rows.append(
            {
                "chat_id": room.id,
                "stream": text.stream,
                "seq": seq,
                "client_id": text.client_id,
                "author": author,
                "account_id": text.member.id if text.member else None,
                "sealed": sealed,
                "sent_at": self.now,
            }
        )
        stored = Stored(room.id, text.stream, seq, text.client_id, author, text.body, self.now)
        self._taken[text.chat, text.client_id] = stored
        return stored


def _author(text: Text, room: Room) -> str:
    if text.author or text.member is None:
        return text.author
    return "counsellor" if room.counsellor == text.member.id else "supervisor"


def open_text(row: Any, key: bytes) -> str:
    """The plain body of a stored text; raises envelope.Tampered when anything about the row was changed."""
    return envelope.open_(key, row.chat_id, row.stream, row.seq, row.author, row.sealed)


Waiting = tuple[Item, Callable[[Outcome], None]]


class _Lane:
    """What waits to be written together, and the thread that writes it."""

    def __init__(self) -> None:
        self.waiting: list[Waiting] = []
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._texts = threading.Event()

    def add(self, waiting: Waiting) -> None:
        with self._lock:
            self.waiting.append(waiting)
        if isinstance(waiting[0], Text):
            self._texts.set()
        self._work.set()

    def write_forever(self) -> None:
        while True:
            self._work.wait()
            # A read mark alone would cost a transaction as a text does: it waits a moment for company.
            self._texts.wait(MARKS_WAIT_SECONDS)
            self._work.clear()
            self._texts.clear()
            self.write_all()

    def write_all(self) -> None:
        while True:
            with self._lock:
                batch, self.waiting = self.waiting[:MAX_BATCH], self.waiting[MAX_BATCH:]
            if not batch:
                return
            _write_batch(batch)


def _write_batch(batch: list[Waiting]) -> None:
    def acknowledge(outcomes: list[Outcome]) -> None:
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            try:
                answer(outcome)
            except Exception as error:
                # Stored all the same: who asked is gone, and asks again when back.
                log.warning("not_acknowledged", problem=type(error).__name__)

    metrics.BATCH_ITEMS.observe(len(batch))
    try:
        with metrics.BATCH_SECONDS.time():
            write([item for item, _ in batch], acknowledge)
    except Exception as error:
        # Nothing of this batch is stored; the senders keep their texts and send them again.
        log.error("texts_not_written", count=len(batch), problem=type(error).__name__)
        acknowledge([Refused("unavailable") for _ in batch])


class Writer:
    """Collects the items of all connections and writes what waits in one commit.

    `start` gives it threads (greenlets in the server); before that each caller writes its own item.
    """

    def __init__(self) -> None:
        self.lanes = [_Lane()]
        self._running = False

    def post(self, item: Item, answer: Callable[[Outcome], None]) -> None:
        """Store one item; `answer` gets the outcome once it is committed or refused, and may not raise."""
        lane = self.lanes[crc32(item.chat.encode()) % len(self.lanes)]
        lane.add((item, answer))
        if not self._running:
            lane.write_all()

    def submit(self, item: Item) -> Stored | Read:
        """Store one item and return once it is committed; raises Refused."""
        done, outcomes = threading.Event(), []

        def answer(outcome: Outcome) -> None:
            outcomes.append(outcome)
            done.set()

        self.post(item, answer)
        if not done.wait(PATIENCE_SECONDS):
            raise Refused("unavailable")
        return _or_raise(outcomes[0])

    def store(self, text: Text) -> Stored:
        """Store one text and return once it is committed; raises Refused."""
        stored = self.submit(text)
        assert isinstance(stored, Stored)  # noqa: S101 - the outcome of a text
        return stored

    def start(self, lanes: int = 1) -> None:
        """Begin to write in the background; the threads end with the process.

        With several lanes one writes while the database works for another. A chat is always in the same one, so its
        texts stay in order. SQLite has one writer at a time.
        """
        self.lanes = [_Lane() for _ in range(lanes)]
        self._running = True
        for lane in self.lanes:
            threading.Thread(target=lane.write_forever, name="writer", daemon=True).start()


def _or_raise(outcome: Outcome) -> Stored | Read:
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


writer = Writer()


def within(session: Session, text: Text) -> Stored:
    """Store a text as part of the running transaction, e.g. the first one of a visitor who joins; raises Refused."""
    session.flush()
    stored = _or_raise(write([text])[0])
    assert isinstance(stored, Stored)  # noqa: S101 - the outcome of a text
    return stored
