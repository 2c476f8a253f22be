"""Reading and changing rows of the chat; never commits. Every change of state is one conditional UPDATE.

Rows are locked in the same order everywhere, so that no two transactions ever wait for each other: the line that is
joined, the visitor's session, chats by their ids, the account, duties by their accounts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    DateTime,
    Row,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from helpline.chat.models import AskedText, Chat, ChatSummary, Lease, Message, RefusedOffer
from helpline.chat.states import Action, State, step
from helpline.db import Utc

LIVE = (State.WAITING, State.OFFERED, State.ACTIVE)
IN_HAND = (State.OFFERED, State.ACTIVE)


def get_chat(session: Session, chat_id: str) -> Chat | None:
    """The chat as the database has it now, never a remembered copy."""
    return session.get(Chat, chat_id, populate_existing=True)


def lock_chat(session: Session, chat_id: str) -> Chat | None:
    """The chat, its row locked until the transaction ends (SQLite has locked the database already)."""
    wanted = select(Chat).where(Chat.id == chat_id).with_for_update()
    return session.scalar(wanted.execution_options(populate_existing=True))


def lock_chats(session: Session, chat_ids: Collection[str]) -> dict[str, Chat]:
    """These chats, locked in the order of their ids so that two transactions never wait for each other."""
    wanted = select(Chat).where(Chat.id.in_(chat_ids)).order_by(Chat.id).with_for_update()
    found = session.scalars(wanted.execution_options(populate_existing=True))
    return {chat.id: chat for chat in found}


def lock_chats_in_hand(session: Session, account: str) -> list[Chat]:
    """What rings at or is held by this counsellor, locked, in the order of the ids."""
    wanted = select(Chat).where(Chat.counsellor == account, Chat.state.in_(IN_HAND)).order_by(Chat.id)
    return list(session.scalars(wanted.with_for_update().execution_options(populate_existing=True)))


@dataclass(slots=True)
class Room:
    """What the writer needs to know of a chat, as it stands in the running transaction."""

    id: str
    line: str
    state: str
    counsellor: str | None
    talk_seq: int
    aside_seq: int
    visitor_read: int
    counsellor_read: int
    ended_at: datetime | None
    key_id: str
    wrapped_key: bytes


_chat = Chat.__table__.c
_ROOM = (
    select(*(_chat[name] for name in Room.__slots__))
    .where(_chat.id.in_(bindparam("ids", expanding=True)))
    .order_by(_chat.id)
    .with_for_update()
)
# Each process that gets no hints has a lease of this name and its own number.
PROCESS = "process "
FORGOTTEN = timedelta(days=1)
COUNTERS = ("talk_seq", "aside_seq", "visitor_read", "counsellor_read")
_SAVE_ROOM = (
    update(Chat.__table__)
    .where(_chat.id == bindparam("room"))
    .values({name: bindparam(f"new_{name}") for name in COUNTERS})
)
# One for each chat would be a way to PostgreSQL and back for each.
_SAVE_ROOMS_AT_ONCE = text(
    f"UPDATE chats SET {', '.join(f'{name} = new.{name}' for name in COUNTERS)}"  # noqa: S608 - our own names
    f" FROM unnest(CAST(:id AS text[]), {', '.join(f'CAST(:{name} AS integer[])' for name in COUNTERS)})"
    f" AS new(id, {', '.join(COUNTERS)}) WHERE chats.id = new.id"
)


def lock_rooms(session: Session, chat_ids: Collection[str]) -> dict[str, Room]:
    """These chats for writing, locked in the order of their ids: plain rows, since the ORM costs more than the rest."""
    return {row.id: Room(*row) for row in session.connection().execute(_ROOM, {"ids": sorted(chat_ids)})}


def save_rooms(session: Session, rooms: Iterable[Room]) -> None:
    """Write the counters of these chats in one statement."""
    changed = list(rooms)
    if not changed:
        return
    connection = session.connection()
    if _on_postgresql(session):
        columns = {name: [getattr(room, name) for room in changed] for name in ("id", *COUNTERS)}
        connection.execute(_SAVE_ROOMS_AT_ONCE, columns)
    else:
        rows = [{f"new_{name}": getattr(room, name) for name in COUNTERS} | {"room": room.id} for room in changed]
        connection.execute(_SAVE_ROOM, rows)


def move(session: Session, chat: Chat, action: Action, **changes: Any) -> bool:
    """Take the step `action` from the state `chat` was read in, setting `changes` with it.

    One conditional UPDATE: False when the chat had moved on meanwhile. Raises WrongState for an illegal step.
    """
    target = step(State(chat.state), action)
    won = cast(
        "CursorResult[Any]",
        session.execute(
            update(Chat)
            .where(Chat.id == chat.id, Chat.state == chat.state, Chat.counsellor.is_not_distinct_from(chat.counsellor))
            .values(state=target, **changes)
            .execution_options(synchronize_session=False)
        ),
    )
    session.refresh(chat)
    return won.rowcount == 1


@dataclass(slots=True, frozen=True)
class Glimpse:
    """A chat that has not ended as the dispatcher looks at it: plain values, without a lock."""

    id: str
    line: str
    language: str
    state: str
    danger: str
    distress: int
    joined_at: datetime
    waiting_since: datetime
    rank_at: datetime
    counsellor: str | None
    offer_expires_at: datetime | None
    visitor_seen_at: datetime
    someone_on_duty: bool
    started_at: datetime | None
    reason: str | None


_GLIMPSE = (
    select(*(_chat[name] for name in Glimpse.__slots__)).where(_chat.state.in_(LIVE)).order_by(_chat.rank_at, _chat.id)
)


def glimpses(session: Session) -> list[Glimpse]:
    """Every chat that has not ended, in the order of the queue; plain rows, since there may be thousands a second."""
    return [Glimpse(*row) for row in session.connection().execute(_GLIMPSE)]


def place_in_queue(session: Session, chat: Chat) -> int:
    """1 for the next of its line."""
    before = or_(Chat.rank_at < chat.rank_at, and_(Chat.rank_at == chat.rank_at, Chat.id < chat.id))
    wanted = select(func.count()).where(Chat.line == chat.line, Chat.state.in_((State.WAITING, State.OFFERED)), before)
    return 1 + (session.scalar(wanted) or 0)


def note_someone_on_duty(session: Session, chat_ids: Collection[str]) -> None:
    """These visitors had somebody to wait for."""
    session.execute(
        update(Chat)
        .where(Chat.id.in_(chat_ids))
        .values(someone_on_duty=True)
        .execution_options(synchronize_session=False)
    )


def queue_length(session: Session, line: str) -> int:
    """How many chats of this line wait or ring."""
    wanted = select(func.count()).where(Chat.line == line, Chat.state.in_((State.WAITING, State.OFFERED)))
    return session.scalar(wanted) or 0


def chats_in_hand(session: Session, account: str) -> list[Chat]:
    """What rings at or is held by this counsellor, oldest first."""
    wanted = select(Chat).where(Chat.counsellor == account, Chat.state.in_(IN_HAND)).order_by(Chat.joined_at, Chat.id)
    return list(session.scalars(wanted.execution_options(populate_existing=True)))


def names_of(session: Session, ids: Collection[str]) -> dict[str, str]:
    """By which names staff tell these chats apart, for as long as there is something of them."""
    if not ids:
        return {}
    return dict(session.execute(select(Chat.id, Chat.name).where(Chat.id.in_(ids))).all())


def reasons_of(session: Session, ids: Collection[str]) -> dict[str, str | None]:
    """Why these chats ended, for as long as there is something of them."""
    if not ids:
        return {}
    return dict(session.execute(select(Chat.id, Chat.reason).where(Chat.id.in_(ids))).all())


def refusals(session: Session) -> list[RefusedOffer]:
    """Who declined or missed offers of chats that nobody has answered yet."""
    return list(session.scalars(select(RefusedOffer)))


def remember_refusal(session: Session, chat_id: str, account: str, kind: str, now: datetime) -> None:
    """Note that `account` declined (`declined`) or missed (`missed`) this chat."""
    session.merge(RefusedOffer(chat_id=chat_id, account_id=account, kind=kind, at=now))
    session.flush()


def forget_refusals(session: Session, chat_id: str) -> None:
    """Drop the notes once the chat is answered or over."""
    session.execute(delete(RefusedOffer).where(RefusedOffer.chat_id == chat_id))


def messages_after(session: Session, chat_id: str, stream: str, after: int) -> list[Message]:
    """Texts of a stream with a higher `seq` than `after`, in order."""
    wanted = (
        select(Message)
        .where(Message.chat_id == chat_id, Message.stream == stream, Message.seq > after)
        .order_by(Message.seq)
    )
    return list(session.scalars(wanted))


def unread(session: Session, chat: Chat) -> int:
    """How many texts of the visitor the counsellor has not read."""
    wanted = select(func.count()).where(
        Message.chat_id == chat.id,
        Message.stream == "talk",
        Message.author == "visitor",
        Message.seq > chat.counsellor_read,
    )
    return session.scalar(wanted) or 0


_message = Message.__table__.c
_KNOWN = select(Message.__table__).where(
    _message.client_id.in_(bindparam("clients", expanding=True)),
    _message.chat_id.in_(bindparam("chats", expanding=True)),
)


def known_texts(session: Session, ids: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Row[Any]]:
    """Which of these (chat, client_id) pairs are stored already.

    By `client_id IN`, led by the unique index: a row-value search would scan the table on SQLite.
    """
    pairs = set(ids)
    wanted = {"clients": [client for _, client in pairs], "chats": sorted({chat for chat, _ in pairs})}
    found = session.connection().execute(_KNOWN, wanted)
    return {pair: row for row in found if (pair := (row.chat_id, row.client_id)) in pairs}


def insert_texts(session: Session, rows: list[dict[str, Any]]) -> None:
    """Insert sealed texts in one statement."""
    if rows:
        session.connection().execute(insert(Message.__table__), rows)


_seen_later = update(Chat.__table__).where(_chat.id == bindparam("chat"), _chat.visitor_seen_at < bindparam("at"))


def mark_seen(session: Session, seen: dict[str, datetime]) -> None:
    """Write when the visitors of these chats were last heard."""
    if seen:
        marks = [{"chat": chat_id, "at": seen[chat_id]} for chat_id in sorted(seen)]
        session.connection().execute(_seen_later.values(visitor_seen_at=bindparam("at")), marks)


def _on_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _database_time(session: Session, now: datetime, seconds: float = 0.0) -> Any:
    """The moment `seconds` from now by the clock of the database; SQLite has none of its own and takes `now`."""
    later = timedelta(seconds=seconds)
    if _on_postgresql(session):
        return func.clock_timestamp(type_=DateTime(timezone=True)) + later
    return literal(now + later, Utc)


def take_lease(session: Session, name: str, holder: str, now: datetime, seconds: float) -> bool:
    """Renew the lease, or take one that nobody holds any more; False while somebody else lives.

    One statement, by the clock of the database, since those of several hosts differ; on SQLite there is one process.
    """
    moment, until = _database_time(session, now), _database_time(session, now, seconds)
    made: Any = (postgresql.insert if _on_postgresql(session) else sqlite.insert)(Lease)
    new = made.values(name=name, holder=holder, since=moment, until=until)
    taken = new.on_conflict_do_update(
        index_elements=[Lease.name],
        set_={
            "holder": new.excluded.holder,
            "since": case((Lease.holder == holder, Lease.since), else_=new.excluded.since),
            "until": new.excluded.until,
        },
        where=or_(Lease.holder == holder, Lease.until <= moment),
    )
    return session.execute(taken.returning(Lease.name)).first() is not None


def give_up_lease(session: Session, name: str, holder: str) -> None:
    """Let somebody else take the lease at once."""
    session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def others_live(session: Session, own: str, now: datetime) -> bool:
    """Whether another process than the one of the lease `own` has renewed a lease of its own lately."""
    moment = _database_time(session, now)
    session.execute(delete(Lease).where(Lease.name.startswith(PROCESS), Lease.until < now - FORGOTTEN))
    wanted = select(Lease.name).where(Lease.name.startswith(PROCESS), Lease.name != own, Lease.until > moment)
    return session.scalar(wanted.limit(1)) is not None


def holds(session: Session, account: str, chat_id: str) -> bool:
    """True while this counsellor has the chat."""
    wanted = select(Chat.id).where(Chat.id == chat_id, Chat.counsellor == account, Chat.state == State.ACTIVE)
    return session.scalar(wanted) is not None


@dataclass(slots=True, frozen=True)
class Progress:
    """How far a chat that has not ended is: what its two sides may have to be told."""

    id: str
    line: str
    state: str
    danger: str
    counsellor: str | None
    talk_seq: int
    aside_seq: int
    visitor_read: int
    counsellor_read: int
    introduced_at: datetime | None
    beside: int


_PROGRESS = select(*(_chat[name] for name in Progress.__slots__)).where(_chat.state.in_(LIVE))


def progress(session: Session, chat_ids: Collection[str] | None = None) -> list[Progress]:
    """These chats, or all, as far as they have not ended; plain rows, since there may be thousands a second."""
    wanted = _PROGRESS if chat_ids is None else _PROGRESS.where(_chat.id.in_(chat_ids))
    return [Progress(*row) for row in session.connection().execute(wanted)]


def erase_expired(session: Session, now: datetime) -> int:
    """Delete chats whose retention is over, with their texts. Returns how many."""
    gone = session.scalars(select(Chat.id).where(Chat.expires_at <= now, Chat.state == State.ENDED)).all()
    for model in (Message, ChatSummary, AskedText, RefusedOffer):
        session.execute(delete(model).where(model.chat_id.in_(gone)))
    session.execute(delete(Chat).where(Chat.id.in_(gone)))
    return len(gone)
