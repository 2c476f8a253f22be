"""Tables of letters. Nothing leads to the visitor, no time is known to more than the hour, and no order is kept."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from helpline.db import Base, Instant, Key

# Random keys in a table without row ids: nothing tells in which order rows came.
UNORDERED = {"sqlite_with_rowid": False}


class Letter(Base):
    """A thread that a visitor began, found by the lookup value of its return code.

    `expires_on` is the last day on which the code opens it, `key_id` the week of that day. `round` is one more with
    each text that begins the waiting anew; `waiting_since` and `due_at` are those of the round.
    `second_reader` is who sent the draft back or approved it last; `earlier` the sealed summary of a chat before, and
    `introduction` what was answered in the advice, where the visitor let them go along.
    """

    __tablename__ = "letters"
    __table_args__ = (Index("ix_letters_line_state", "line", "state"), UNORDERED)

    id: Mapped[Key]
    line: Mapped[str] = mapped_column(ForeignKey("lines.slug"))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    lookup: Mapped[str] = mapped_column(String(64), unique=True)
    confirmed: Mapped[bool] = mapped_column(default=False)
    round: Mapped[int] = mapped_column(default=1)
    last_seq: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[Instant]
    due_at: Mapped[Instant]
    claimed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    second_reader: Mapped[str | None] = mapped_column(String(32))
    key_id: Mapped[str] = mapped_column(String(16))
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    expires_on: Mapped[date] = mapped_column(Date, index=True)
    earlier: Mapped[bytes | None] = mapped_column(LargeBinary)
    introduction: Mapped[bytes | None] = mapped_column(LargeBinary)


class LetterText(Base):
    """One sealed text of a letter; `seq` counts from 1 without a gap, `at` is the hour."""

    __tablename__ = "letter_texts"
    __table_args__ = (Index("uq_letter_texts_client_id_letter_id", "client_id", "letter_id", unique=True), UNORDERED)

    letter_id: Mapped[str] = mapped_column(ForeignKey("letters.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(12))
    account_id: Mapped[str | None] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[Instant]


class LetterDraft(Base):
    """The answer that staff are writing, and what a second reader said of it; one a letter.

    `version` grows with each change and from round to round, so that nobody overwrites or sends what they have not
    seen.
    """

    __tablename__ = "letter_drafts"
    __table_args__ = (UNORDERED,)

    letter_id: Mapped[str] = mapped_column(ForeignKey("letters.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    account_id: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    remark: Mapped[bytes | None] = mapped_column(LargeBinary)


class LetterGone(Base):
    """Tells a member of staff that a letter they had in hand was erased or is past its time; names no letter."""

    __tablename__ = "letters_gone"
    __table_args__ = (UNORDERED,)

    key: Mapped[Key]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    line: Mapped[str] = mapped_column(String(32))
    why: Mapped[str] = mapped_column(String(8))
    on_date: Mapped[date] = mapped_column(Date, index=True)
