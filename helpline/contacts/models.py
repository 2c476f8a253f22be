"""The two ledgers: what was answered, what was missed. No row leads back to a chat or a person."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, Date, ForeignKey, Index, String, true
from sqlalchemy.orm import Mapped, mapped_column

from helpline.db import Base, Instant, Key

# Random keys in a table without row ids: nothing tells in which order rows came.
UNORDERED = {"sqlite_with_rowid": False}


class Contact(Base):
    """An answered chat, call, e-mail or letter: the line's local date and hour, bands instead of values.

    `person` is an HMAC under the salt of its year; `counted_in` the released month in which this row counts, if any.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        Index("ix_contacts_line_on_date", "line", "on_date"),
        # A release marks its rows while every other writer waits.
        Index("ix_contacts_line_counted_in_on_date", "line", "counted_in", "on_date"),
        UNORDERED,
    )

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
    found_via: Mapped[str] = mapped_column(String(32), default="unknown", server_default="unknown")
    referral: Mapped[str] = mapped_column(String(32), default="none", server_default="none")
    recorded: Mapped[str] = mapped_column(String(8), default="unknown", server_default="unknown")
    returned: Mapped[str] = mapped_column(String(8), default="unknown", server_default="unknown")
    person: Mapped[str | None] = mapped_column(String(32))
    counted_in: Mapped[str | None] = mapped_column(String(7))


class ContactTopic(Base):
    """A topic of a contact; a contact has none, one or several."""

    __tablename__ = "contact_topics"
    __table_args__ = (UNORDERED,)

    contact_key: Mapped[str] = mapped_column(ForeignKey("contacts.key"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(32), primary_key=True)


class Topic(Base):
    """What contacts of a line are about, in two levels; a retired one is no longer offered but still counted.

    One that an import brought is `confirmed` once a supervisor edited it: until then it is there because of a row.
    """

    __tablename__ = "topics"

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    parent: Mapped[str | None] = mapped_column(String(32))
    chi_code: Mapped[str | None] = mapped_column(String(64))
    retired: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    labels: Mapped[dict[str, str]] = mapped_column(JSON)
    confirmed: Mapped[bool] = mapped_column(default=True, server_default=true())


class ImportedFile(Base):
    """A file whose rows are in the ledgers; only its digest is kept, so that it is not counted twice."""

    __tablename__ = "imported_files"
    __table_args__ = (UNORDERED,)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    imported_at: Mapped[date] = mapped_column(Date)
    rows: Mapped[int]


class MissedContact(Base):
    """A contact that nobody answered, with its cause."""

    __tablename__ = "missed_contacts"
    # The board counts a day of a line again and again.
    __table_args__ = (
        Index("ix_missed_contacts_line_on_date", "line", "on_date"),
        Index("ix_missed_contacts_line_counted_in_on_date", "line", "counted_in", "on_date"),
        UNORDERED,
    )

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
    counted_in: Mapped[str | None] = mapped_column(String(7))
    caught_by: Mapped[str] = mapped_column(String(8), default="none", server_default="none")


class DayTally(Base):
    """A day of a line, counted; `tally` holds as long as `counted` is the day's `version`. See tallies.py."""

    __tablename__ = "day_tallies"
    __table_args__ = (UNORDERED,)

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    version: Mapped[int]
    counted: Mapped[int | None]
    tally: Mapped[bytes | None]


class MonthTally(Base):
    """A month of a line, counted; `tally` holds as long as the versions of its days add up to `versions`."""

    __tablename__ = "month_tallies"
    __table_args__ = (UNORDERED,)

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    versions: Mapped[int]
    tally: Mapped[bytes]


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


class LetterCount(Base):
    """How many letters were answered on a day after so many hours, and whether that was within the line's target."""

    __tablename__ = "letter_counts"
    __table_args__ = (UNORDERED,)

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    hours: Mapped[int] = mapped_column(primary_key=True)
    in_time: Mapped[bool] = mapped_column(primary_key=True)
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


class AfterCount(Base):
    """How many gave this answer in a month when asked after their chat. No day, and nothing of the chat."""

    __tablename__ = "after_counts"
    __table_args__ = (UNORDERED,)

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    question: Mapped[str] = mapped_column(String(8), primary_key=True)
    answer: Mapped[str] = mapped_column(String(8), primary_key=True)
    count: Mapped[int]
