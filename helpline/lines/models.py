"""Tables of a helpline programme and of the installation."""

from __future__ import annotations

from sqlalchemy import JSON, String, false, true
from sqlalchemy.orm import Mapped, mapped_column

from helpline.db import Base


class Line(Base):
    """A helpline programme: audience, languages, hours and limits. Durations are whole numbers of the named unit."""

    __tablename__ = "lines"

    slug: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    country: Mapped[str] = mapped_column(String(8))
    time_zone: Mapped[str] = mapped_column(String(64))
    languages: Mapped[list[str]] = mapped_column(JSON)
    hours: Mapped[str] = mapped_column(String(400))
    closed_on_holidays: Mapped[bool] = mapped_column(default=False)
    host_name: Mapped[str | None] = mapped_column(String(255), unique=True)
    last_entry_minutes: Mapped[int] = mapped_column(default=15)
    queue_limit: Mapped[int] = mapped_column(default=100)
    longest_wait_minutes: Mapped[int] = mapped_column(default=60)
    left_early_seconds: Mapped[int] = mapped_column(default=10)
    count_again_minutes: Mapped[int] = mapped_column(default=30)
    offer_seconds: Mapped[int] = mapped_column(default=30)
    silent_seconds: Mapped[int] = mapped_column(default=45)
    waiting_lost_seconds: Mapped[int] = mapped_column(default=180)
    active_lost_seconds: Mapped[int] = mapped_column(default=600)
    counsellor_lost_seconds: Mapped[int] = mapped_column(default=60)
    missed_offers_limit: Mapped[int] = mapped_column(default=2)
    typing_pause_seconds: Mapped[int] = mapped_column(default=60)
    declined_seconds: Mapped[int] = mapped_column(default=60)
    retention_days: Mapped[int] = mapped_column(default=14)
    read_after_end_minutes: Mapped[int] = mapped_column(default=10)
    wrap_ups_open: Mapped[int] = mapped_column(default=2, server_default="2")
    letters: Mapped[bool] = mapped_column(default=True, server_default=true())
    letters_second_reader: Mapped[bool] = mapped_column(default=False, server_default=false())
    letter_target_hours: Mapped[int] = mapped_column(default=72, server_default="72")
    letter_retention_days: Mapped[int] = mapped_column(default=183, server_default="183")
    summary_retention_days: Mapped[int] = mapped_column(default=365, server_default="365")


class Site(Base):
    """What holds for the whole installation; one row."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    joint_front_page: Mapped[bool] = mapped_column(default=False)
