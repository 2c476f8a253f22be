"""The only way a text gets into a chat.

All texts that wait are written together: chats locked in the order of their ids, rights and state read, resends
recognised, `seq` assigned, sealed, inserted at once, committed once; only then acknowledged and pushed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from helpline import clock
from helpline.chat import keys, push, store
from helpline.chat.models import Chat, Message
from helpline.chat.states import State
from helpline.db import after_commit, transaction
from helpline.privacy import envelope, sessions
from helpline.privacy.keyring import KeyDamaged, KeyDestroyed
from helpline.staff import service as staff

log = structlog.get_logger()

MAX_BODY = 4000
MAX_CLIENT_ID = 64
MAX_BATCH = 500
PATIENCE_SECONDS = 15.0
NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class Refused(Exception):
    """A text was not stored; `code` is the protocol's error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Text:
    """A text on its way in. A visitor proves the right by `session_key`, staff by `member`."""

    chat: str
    stream: str
    author: str
    client_id: str
    body: str
    session_key: str | None = None
    member: staff.Member | None = None


@dataclass(frozen=True)
class Stored:
    """A text that is committed, power cut included."""

    chat: str
    stream: str
    seq: int
    client_id: str
    author: str
    body: str
    sent_at: datetime
    resent: bool = False


@dataclass
class _Waiting:
    text: Text
    done: threading.Event = field(default_factory=threading.Event)
    outcome: Stored | Refused | None = None


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


def write(texts: Sequence[Text]) -> list[Stored | Refused]:
    """Store these texts in one transaction, refusing singly; one outcome a text, in their order."""
    now = clock.now()
    with transaction() as session:
        chats = store.lock_chats(session, {text.chat for text in texts})
        alive = sessions.alive(session, {text.session_key for text in texts if text.session_key}, now)
        known = store.known_texts(session, [(text.chat, text.client_id) for text in texts])
        batch = _Batch(chats, alive, known, now)
        outcomes = [batch.take(text) for text in texts]
        store.insert_texts(session, batch.rows)
        session.flush()
        fresh = [stored for stored in outcomes if isinstance(stored, Stored) and not stored.resent]
        after_commit(lambda: push.texts(fresh))
    return outcomes


class _Batch:
    """What one transaction knows while it goes through its texts."""

    def __init__(
        self,
        chats: dict[str, Chat],
        alive: set[str],
        known: dict[tuple[str, str], Message],
        now: datetime,
    ) -> None:
        self.chats, self.alive, self.now = chats, alive, now
        self.rows: list[dict[str, object]] = []
        self._known = known
        self._taken: dict[tuple[str, str], Stored] = {}
        self._keys: dict[str, bytes] = {}

    def take(self, text: Text) -> Stored | Refused:
        chat = self.chats.get(text.chat)
        if chat is None:
            return Refused("not_found")
        try:
            code = self._objection(text, chat)
            if code == "forbidden":
                return Refused(code)
            earlier = self._earlier(text, chat)
            if earlier is not None:
                return earlier
            return Refused(code) if code else self._store(text, chat)
        except KeyDestroyed:
            return Refused("not_found")
        except (envelope.Tampered, KeyDamaged) as error:
            # One damaged chat must not stop the others of this batch.
            log.error("chat_damaged", chat=text.chat, problem=type(error).__name__)
            return Refused("unavailable")

    def _objection(self, text: Text, chat: Chat) -> str | None:
        """Why this text may not go into this chat now, None when it may."""
        if text.author == "visitor":
            if text.session_key not in self.alive:
                return "forbidden"
        elif text.member is None or not _staff_may_write(text, chat):
            return "forbidden"
        if chat.state == State.ENDED:
            return "wrong_state"
        if text.author == "counsellor" and chat.state != State.ACTIVE:
            return "wrong_state"
        return None

    def _earlier(self, text: Text, chat: Chat) -> Stored | Refused | None:
        """The outcome of a resend; a known client_id with another body is refused, so that no text is lost."""
        pair = (text.chat, text.client_id)
        earlier = self._taken.get(pair)
        if earlier is None and pair in self._known:
            row = self._known[pair]
            earlier = Stored(
                chat=chat.id,
                stream=row.stream,
                seq=row.seq,
                client_id=row.client_id,
                author=row.author,
                body=open_text(row, self._key(chat)),
                sent_at=row.sent_at,
                resent=True,
            )
        if earlier is None:
            return None
        if (earlier.stream, earlier.author, earlier.body) != (text.stream, text.author, text.body):
            return Refused("invalid")
        return earlier

    def _store(self, text: Text, chat: Chat) -> Stored:
        key = self._key(chat)
        seq = chat.talk_seq + 1 if text.stream == "talk" else chat.aside_seq + 1
        sealed = envelope.seal(key, chat.id, text.stream, seq, text.author, text.body)
        if text.stream == "talk":
            chat.talk_seq = seq
        else:
            chat.aside_seq = seq
        self.rows.append(
            {
                "chat_id": chat.id,
                "stream": text.stream,
                "seq": seq,
                "client_id": text.client_id,
                "author": text.author,
                "account_id": text.member.id if text.member else None,
                "sealed": sealed,
                "sent_at": self.now,
            }
        )
        stored = Stored(chat.id, text.stream, seq, text.client_id, text.author, text.body, self.now)
        self._taken[text.chat, text.client_id] = Stored(
            chat.id, text.stream, seq, text.client_id, text.author, text.body, self.now, resent=True
        )
        return stored

    def _key(self, chat: Chat) -> bytes:
        if chat.id not in self._keys:
            self._keys[chat.id] = keys.key_of(chat)
        return self._keys[chat.id]


def _staff_may_write(text: Text, chat: Chat) -> bool:
    member = text.member
    if member is None or chat.line not in member.lines:
        return False
    if chat.counsellor == member.id:
        return True
    return text.stream == "aside" and "supervisor" in member.roles


def open_text(row: Message, key: bytes) -> str:
    """The plain body of a stored text; raises envelope.Tampered when anything about the row was changed."""
    return envelope.open_(key, row.chat_id, row.stream, row.seq, row.author, row.sealed)


class Writer:
    """Collects the texts of all connections and writes what waits in one commit.

    `start` gives it a thread (a greenlet in the server); before that each caller writes its own text.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._running = False

    def submit(self, text: Text) -> Stored:
        """Store one text and return once it is committed; raises Refused."""
        if not self._running:
            return _or_raise(write([text])[0])
        waiting = _Waiting(text)
        with self._lock:
            self._waiting.append(waiting)
        self._work.set()
        if not waiting.done.wait(PATIENCE_SECONDS) or waiting.outcome is None:
            raise Refused("unavailable")
        return _or_raise(waiting.outcome)

    def start(self) -> threading.Thread:
        """Begin to write in the background; the thread ends with the process."""
        self._running = True
        thread = threading.Thread(target=self._work_forever, name="writer", daemon=True)
        thread.start()
        return thread

    def _work_forever(self) -> None:
        while True:
            self._work.wait()
            self._work.clear()
            while batch := self._next_batch():
                self._write(batch)

    def _next_batch(self) -> list[_Waiting]:
        with self._lock:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        return batch

    def _write(self, batch: list[_Waiting]) -> None:
        outcomes: Sequence[Stored | Refused]
        try:
            outcomes = write([waiting.text for waiting in batch])
        except Exception as error:
            # Nothing of this batch is stored; the senders keep their texts and send them again.
            log.error("texts_not_written", count=len(batch), problem=type(error).__name__)
            outcomes = [Refused("unavailable") for _ in batch]
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.outcome = outcome
            waiting.done.set()


def _or_raise(outcome: Stored | Refused) -> Stored:
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


writer = Writer()


def within(session: Session, text: Text) -> Stored:
    """Store a text as part of the running transaction, e.g. the first one of a visitor who joins; raises Refused."""
    session.flush()
    return _or_raise(write([text])[0])
