"""Which releases are being made just now, how far they are, and what became of the last try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from helpline import clock, db
from helpline.db import reading, transaction
from helpline.stats.models import ReleaseRun
from helpline.stats.periods import Period

STARTING = "starting"
# What can go wrong: no rounding was found, the process ended before its time, anything else.
NO_PROTECTION, STOPPED, FAILED = PROBLEMS = ("no_protection", "stopped", "failed")
# Whoever has not taken a step for so long does not live any more; the solver gives up much sooner.
SILENT = timedelta(minutes=15)


@dataclass(frozen=True)
class Run:
    """A release in the making: its step, or the problem that the last try ended with."""

    line: str
    period: str
    step: str
    problem: str | None


def begin(line: str, period: Period, now: datetime) -> bool:
    """Say that this release is being made now; False where somebody makes it already."""
    values = {"started_at": now, "step": STARTING, "problem": None}
    with transaction() as session:
        insert = postgresql.insert if db.engine().dialect.name == "postgresql" else sqlite.insert
        new = insert(ReleaseRun).values(line=line, period=str(period), **values)
        free = ReleaseRun.problem.is_not(None) | (ReleaseRun.started_at < now - SILENT)
        taken = new.on_conflict_do_update(index_elements=["line", "period"], set_=values, where=free)
        return session.scalar(taken.returning(ReleaseRun.line)) is not None


def step(line: str, period: Period, name: str) -> None:
    """Say how far a release is; nothing where nobody waits for it."""
    # What it is silent since counts, so that a year of twelve months is not taken for dead.
    _change(line, period, step=name, started_at=clock.now())


def fail(line: str, period: Period, problem: str) -> None:
    """Say that a try ended, and why; the first who says so is believed."""
    _change(line, period, problem=problem)


def end(line: str, period: Period) -> None:
    """Nobody waits for this release any more."""
    with transaction() as session:
        session.execute(delete(ReleaseRun).where(ReleaseRun.line == line, ReleaseRun.period == str(period)))


def runs_of(line: str, now: datetime) -> dict[str, Run]:
    """The tries of a line by period; one that has been silent for long is told as stopped."""
    with reading() as session:
        rows = session.scalars(select(ReleaseRun).where(ReleaseRun.line == line)).all()
    return {
        row.period: Run(
            row.line,
            row.period,
            row.step,
            row.problem or (STOPPED if row.started_at < now - SILENT else None),
        )
        for row in rows
    }


def _change(line: str, period: Period, **values: object) -> None:
    with transaction() as session:
        there = (ReleaseRun.line == line, ReleaseRun.period == str(period), ReleaseRun.problem.is_(None))
        session.execute(update(ReleaseRun).where(*there).values(**values))
