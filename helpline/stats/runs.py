"""Which releases are being made just now, how far they are, and what became of the last try."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from helpline import clock, config, db
from helpline.db import reading, transaction
from helpline.lines.models import Line
from helpline.stats import making
from helpline.stats.making import CannotRelease
from helpline.stats.models import ReleaseRun
from helpline.stats.periods import Period

log = structlog.get_logger()

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


def start(line: str, period: Period, now: datetime) -> bool:
    """Let a process of its own make this release; False where somebody makes it already.

    It inherits neither the sockets nor the lock of a server, and goes on when that stops.
    """
    if not begin(line, period, now):
        return False
    settings = config.current()
    given = {"HELPLINE_INSTANCE_DIR": str(settings.instance_dir), "HELPLINE_DATABASE_URL": settings.database_url}
    command = [sys.executable, "-m", "helpline.cli", "stats", "release", "--line", line, "--period", str(period)]
    try:
        process = subprocess.Popen(  # noqa: S603  # nothing of it comes from outside
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **given},
            close_fds=True,
            start_new_session=True,
        )
    except OSError as error:
        log.error("release_not_started", problem=type(error).__name__)
        fail(line, period, FAILED)
        return True
    threading.Thread(target=_see_the_end_of, args=(process, line, period), daemon=True).start()
    return True


def _see_the_end_of(process: subprocess.Popen[bytes], line: str, period: Period) -> None:
    if process.wait():
        log.error("release_process_ended", line=line, period=str(period), code=process.returncode)
        # Where it could say itself what went wrong that stays.
        fail(line, period, STOPPED)


def make(line: Line, period: Period, now: datetime) -> None:
    """Make the release of a month or a year, and tell whoever waits for it how far it is. Raises what they raise."""

    def say(part: Period, name: str) -> None:
        step(line.slug, period, name if part == period else f"{name} {part}")

    try:
        if period.month is None:
            making.release_year(line, period.year, now, say)
        else:
            making.release_month(line, period, now, say)
    except BaseException as error:
        fail(line.slug, period, NO_PROTECTION if isinstance(error, CannotRelease) else FAILED)
        raise
    end(line.slug, period)


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
