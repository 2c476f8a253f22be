"""What was released, frozen, with what it was made from until the year is closed."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, Date, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from helpline.db import Base, Instant


class Released(Base):
    """A release of a line: a month (`2020-05`), or the individuals of a year (`2020`). Never changed once it is there.

    `exact` and `seed` are needed for later months of the same year and treated like the ledger.
    """

    __tablename__ = "releases"

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    made_on: Mapped[date] = mapped_column(Date)
    within: Mapped[int]
    year_within: Mapped[int]
    late_rows: Mapped[int]
    merged: Mapped[dict[str, Any]] = mapped_column(JSON)
    released: Mapped[dict[str, Any]] = mapped_column(JSON)
    exact: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    seed: Mapped[bytes | None] = mapped_column(LargeBinary)


class ReleaseRun(Base):
    """A release that is being made, or the last try of one that could not be made, with what went wrong."""

    __tablename__ = "release_runs"

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    started_at: Mapped[Instant]
    step: Mapped[str] = mapped_column(String(32))
    problem: Mapped[str | None] = mapped_column(String(200))
