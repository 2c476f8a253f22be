"""Tables of the chat: the chat, its texts and summary, texts asked for, refused offers, and the dispatcher's lease."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from helpline.db import Base, Instant, Key, Utc


class Chat(Base):
    """One conversation, from the moment the visitor joins the queue.

    Nothing here leads to the visitor's session: only the sealed session knows its chat.
    `counsellor` is whom it is offered to or who has it; `rank_at` is the joining time minus the head start.
    """

    __tablename__ = "chats"
    __table_args__ = (
        Index("ix_chats_state_line", "state", "line"),
        Index("ix_chats_counsellor_state", "counsellor", "state"),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40))
    line: Mapped[str] = mapped_column(ForeignKey("lines.slug"))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    danger: Mapped[str] = mapped_column(String(8))
    distress: Mapped[int]
    joined_at: Mapped[Instant]
    waiting_since: Mapped[Instant]
    rank_at: Mapped[Instant]
    cut_off: Mapped[bool] = mapped_column(default=False)
    someone_on_duty: Mapped[bool] = mapped_column(default=False)
    counsellor: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    last_counsellor: Mapped[str | None] = mapped_column(String(32))
    offer_expires_at: Mapped[datetime | None] = mapped_column(Utc)
    started_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    reason: Mapped[str | None] = mapped_column(String(24))
    visitor_seen_at: Mapped[Instant]
    visitor_read: Mapped[int] = mapped_column(default=0)
    counsellor_read: Mapped[int] = mapped_column(default=0)
    talk_seq: Mapped[int] = mapped_column(default=0)
    aside_seq: Mapped[int] = mapped_column(default=0)
    key_id: Mapped[str] = mapped_column(String(16))
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[Instant] = mapped_column(index=True)
    # Sealed, up to 16 kB: read only where it is shown.
    introduction: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    introduced_at: Mapped[datetime | None] = mapped_column(Utc)
    # What the visitor lets be read of an earlier chat, sealed; and the chat that was cut off before this one.
    earlier: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    continues: Mapped[str | None] = mapped_column(String(32))
    # One more with each change of what stands beside the texts: the summary, and what is let read.
    beside: Mapped[int] = mapped_column(default=0, server_default="0")


class Message(Base):
    """One encrypted text. `seq` counts from 1 without a gap per chat and stream."""

    __tablename__ = "messages"
    # Looked up by client_id first: a row-value search over both columns would scan the table on SQLite.
    __table_args__ = (Index("uq_messages_client_id_chat_id", "client_id", "chat_id", unique=True),)

    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(8), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(12))
    account_id: Mapped[str | None] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sent_at: Mapped[Instant]


class ChatSummary(Base):
    """The summary of a chat while both sides agree on it; `version` grows with each change.

    `author` is the side that wrote this version. Once the visitor keeps it under a code there is no text here any more.
    """

    __tablename__ = "chat_summaries"

    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    author: Mapped[str] = mapped_column(String(12))
    agreed_visitor: Mapped[bool]
    agreed_counsellor: Mapped[bool]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class AskedText(Base):
    """A text of the counsellor, sealed, that a supervisor was asked to let pass, while its chat goes on.

    `stream` is `talk`, or `summary` for a version of that; `answer` is `open`, `allowed` or `refused`.
    """

    __tablename__ = "asked_texts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    id: Mapped[Key]
    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"), index=True)
    account_id: Mapped[str] = mapped_column(String(32))
    answer: Mapped[str] = mapped_column(String(8))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    asked_at: Mapped[Instant]
    stream: Mapped[str] = mapped_column(String(8), default="talk", server_default="talk")


class RefusedOffer(Base):
    """That a counsellor declined a chat or let its offer expire (`missed`), so that it rings elsewhere next."""

    __tablename__ = "refused_offers"

    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    at: Mapped[Instant]


class Lease(Base):
    """Which process dispatches; `until` is renewed while it lives."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    holder: Mapped[str] = mapped_column(String(32))
    since: Mapped[Instant]
    until: Mapped[Instant]
