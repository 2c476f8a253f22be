"""The two ledgers: what was answered, what was missed. No row leads back to a chat or a person."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpline.db import Base, Instant, Key

# Random keys in a table without row ids: nothing tells in which order rows came.
UNORDERED = {"sqlite_with_rowid": False}


class Contact(Base):
    """An answered chat: the line's local date and hour, bands instead of values."""

    __tablename__ = "contacts"
    __table_args__ = (UNORDERED,)

    key: Mapped[Key]
    line: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(16))
    on_date: Mapped[date] = mapped_column(Date)
    on_hour: Mapped[int]
    in_hours: Mapped[bool]
    language: Mapped[str] = mapped_column(String(8))
    wait_s: Mapped[int | None]
    length_min: Mapped[int | None]
    concern: Mapped[str] = mapped_column(String(16), default="unknown")
    age_band: Mapped[str] = mapped_column(String(16), default="unknown")
    gender: Mapped[str] = mapped_column(String(16), default="unknown")
    test: Mapped[bool] = mapped_column(default=False)


class MissedContact(Base):
    """A contact that nobody answered, with its cause."""

    __tablename__ = "missed_contacts"
    # The board counts a day of a line again and again.
    __table_args__ = (Index("ix_missed_contacts_line_on_date", "line", "on_date"), UNORDERED)

    key: Mapped[Key]
    line: Mapped[str] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(16))
    on_date: Mapped[date] = mapped_column(Date)
    on_hour: Mapped[int]
    in_hours: Mapped[bool]
    language: Mapped[str] = mapped_column(String(8))
    wait_s: Mapped[int | None]
    cause: Mapped[str] = mapped_column(String(24))
    test: Mapped[bool] = mapped_column(default=False)


class WrapUp(Base):
    """The only link between a chat and its contact; gone when filled in or after 24 hours."""

    __tablename__ = "wrap_ups"

    chat_id: Mapped[Key]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    contact_key: Mapped[str] = mapped_column(ForeignKey("contacts.key"))
    line: Mapped[str] = mapped_column(String(32))
    ended_at: Mapped[Instant] = mapped_column(index=True)
    minutes: Mapped[int]


class AdviceCount(Base):
    """How many walks of a day came to this advice. No row of its own for anybody, no hour, no language."""

    __tablename__ = "advice_counts"
    __table_args__ = (UNORDERED,)

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    tree: Mapped[str] = mapped_column(String(40), primary_key=True)
    advice: Mapped[str] = mapped_column(String(40), primary_key=True)
    age_band: Mapped[str] = mapped_column(String(16), primary_key=True)
    gender: Mapped[str] = mapped_column(String(16), primary_key=True)
    asked_for: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int]


class AdviceHelped(Base):
    """What visitors of a day said when asked whether this advice helped: yes, no or partly."""

    __tablename__ = "advice_helped"
    __table_args__ = (UNORDERED,)

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    tree: Mapped[str] = mapped_column(String(40), primary_key=True)
    advice: Mapped[str] = mapped_column(String(40), primary_key=True)
    helped: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int]


class CourseCount(Base):
    """How often a day's visits opened the course or one of its modules, or finished one; module '' is the course."""

    __tablename__ = "course_counts"
    __table_args__ = (UNORDERED,)

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    module: Mapped[str] = mapped_column(String(40), primary_key=True)
    what: Mapped[str] = mapped_column(String(8), primary_key=True)
    seen_before: Mapped[bool] = mapped_column(primary_key=True)
    count: Mapped[int]
