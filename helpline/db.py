"""Engine, base class, column types and the transaction every service works in."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import structlog
from sqlalchemy import Connection, DateTime, Engine, MetaData, String, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from helpline import metrics

log = structlog.get_logger()

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
KEY_BITS = 130
LOCK_WAIT_SECONDS = 10.0

T = TypeVar("T")


class Utc(TypeDecorator[datetime]):
    """An aware UTC moment; SQLite keeps it without a zone, PostgreSQL with."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone can't be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Key = Annotated[str, mapped_column(String(32), primary_key=True)]
Instant = Annotated[datetime, mapped_column(Utc)]


class Base(DeclarativeBase):
    """Base of all tables; constraints have predictable names so that migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def random_key() -> str:
    """26 random characters of Crockford's base 32 (130 bits); their order tells nothing."""
    return key_of(secrets.randbits(KEY_BITS))


def key_of(number: int) -> str:
    """The key that the last 130 bits of a number spell."""
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(0, KEY_BITS, 5))


def new_engine(url: str | URL) -> Engine:
    """An engine with the house's settings for SQLite or PostgreSQL."""
    address = make_url(url)
    engine = _on_sqlite(address) if address.get_backend_name() == "sqlite" else _on_postgresql(address)

    @event.listens_for(engine, "handle_error")
    def count(context: Any) -> None:
        metrics.database_error(context.original_exception, context.is_disconnect)

    return engine


# What libpq and the server are told, unless the address says otherwise. A host that vanished is noticed within these
# seconds; and what a process locked that froze or vanished itself is free again after as long.
SILENCE_SECONDS = 10
_ON_CONNECTING = {
    "connect_timeout": 5,
    "keepalives_idle": SILENCE_SECONDS // 2,
    "keepalives_interval": 1,
    "keepalives_count": SILENCE_SECONDS // 2,
    "tcp_user_timeout": SILENCE_SECONDS * 1000,
    "options": f"-c idle_in_transaction_session_timeout={SILENCE_SECONDS}s -c tcp_user_timeout={SILENCE_SECONDS}s "
    f"-c tcp_keepalives_idle={SILENCE_SECONDS // 2} -c tcp_keepalives_interval=1 "
    f"-c tcp_keepalives_count={SILENCE_SECONDS // 2}",
}


RESTED_SECONDS = 1.0


def _on_postgresql(address: URL) -> Engine:
    ours = {name: value for name, value in _ON_CONNECTING.items() if name not in address.query}
    engine = create_engine(
        address,
        pool_size=20,
        max_overflow=20,
        pool_timeout=SILENCE_SECONDS,
        connect_args=ours,
        # An error's message may end in a log, what was to be stored may not.
        hide_parameters=True,
    )

    @event.listens_for(engine, "checkin")
    def rests(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def still_there(connection: Any, record: Any, _proxy: Any) -> None:
        # Asking before each transaction would be a way to the server and back each time; an error on one that was
        # in use just now lets go of all others too.
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < RESTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as error:
            raise InvalidatePoolError from error

    return engine


def _on_sqlite(address: URL) -> Engine:
    engine = create_engine(address, connect_args={"timeout": 0, "check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, record: Any) -> None:
        record.info["file"] = _file_at(address)
        # The driver must not begin or commit anything by itself: BEGIN IMMEDIATE is ours.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=0")
        retrying(lambda: cursor.execute("PRAGMA journal_mode=WAL"))
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        options = connection.get_execution_options()
        kind = "IMMEDIATE" if options.get("writes") else "DEFERRED"
        retrying(lambda: connection.exec_driver_sql(f"BEGIN {kind}"), options.get("patience"))

    return engine


def _file_at(address: URL) -> tuple[int, int] | None:
    try:
        found = os.stat(address.database or "")
    except OSError:
        return None
    return found.st_dev, found.st_ino


def takes_writes(connection: Connection) -> bool:
    """Whether what this connection's transaction, begun for writing, stores will be found again."""
    if connection.dialect.name == "sqlite":
        # A file that was moved away or replaced under the server would still be written, by nobody to be read.
        return connection.info["file"] == _file_at(connection.engine.url)
    return connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "off"


def retrying(attempt: Callable[[], T], patience: float | None = None) -> T:
    """Run `attempt` again while another process holds SQLite's lock, sleeping so that other work goes on.

    Waiting inside SQLite (busy_timeout) would stop every chat of this process. Gives up after `patience`,
    or 10 seconds.
    """
    deadline = time.monotonic() + (LOCK_WAIT_SECONDS if patience is None else patience)
    pause = 0.001
    while True:
        try:
            return attempt()
        except Exception as error:
            if "database is locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(pause)
            pause = min(pause * 2, 0.05)


_engine: Engine | None = None


def bind(url: str | URL) -> Engine:
    """Make the database at `url` the one of this process."""
    global _engine
    if _engine is not None:
        _engine.dispose()
    _engine = new_engine(url)
    return _engine


def engine() -> Engine:
    """The engine of this process."""
    if _engine is None:
        raise RuntimeError("no database is bound: helpline.db.bind(url) comes first")
    return _engine


class _Unit:
    """One running transaction: its session and what is to happen after its commit."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.hooks: list[Callable[[], None]] = []


_running: ContextVar[_Unit | None] = ContextVar("helpline_transaction", default=None)
_looking: ContextVar[Session | None] = ContextVar("helpline_reading", default=None)


@contextmanager
def transaction(patience: float | None = None) -> Iterator[Session]:
    """A write transaction; inside another it joins it, and the outermost commits and runs the hooks.

    Never sleep, emit, hash in the pool or talk to Redis inside: on SQLite the whole house waits for the one writer.
    `patience`: so many seconds at most for a lock that somebody else holds, then an OperationalError.
    """
    outer = _running.get()
    if outer is not None:
        yield outer.session
        return
    with Session(engine(), expire_on_commit=False) as session:
        session.connection(execution_options={"writes": True, "patience": patience})
        if patience is not None and session.get_bind().dialect.name == "postgresql":
            session.execute(text(f"SET LOCAL lock_timeout = {round(1000 * patience)}"))
        unit = _Unit(session)
        token = _running.set(unit)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            _running.reset(token)
    for hook in unit.hooks:
        try:
            hook()
        except Exception as error:
            # It is committed: whoever asked must not be told that it failed, and the other hooks have to run.
            log.error("after_commit_failed", problem=type(error).__name__)


@contextmanager
def reading() -> Iterator[Session]:
    """A read-only view of the database; joins a running transaction or reading.

    Nobody holds one connection while waiting for another: many who did could empty the pool and wait for each other.
    """
    outer = _running.get()
    joined = outer.session if outer is not None else _looking.get()
    if joined is not None:
        yield joined
        return
    with Session(engine(), expire_on_commit=False) as session:
        token = _looking.set(session)
        try:
            yield session
        finally:
            _looking.reset(token)


def after_commit(hook: Callable[[], None]) -> None:
    """Run `hook` once the outermost transaction is committed; it is dropped on a rollback."""
    unit = _running.get()
    if unit is None:
        hook()
    else:
        unit.hooks.append(hook)
