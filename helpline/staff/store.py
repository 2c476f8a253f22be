"""Queries on the tables of staff. The caller's transaction commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, bindparam, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpline.staff.models import (
    Account,
    AccountLine,
    AccountRole,
    AuditEntry,
    Duty,
    Revocation,
    StaffSession,
)

_session = StaffSession.__table__.c
_account = Account.__table__.c


def _changed(result: Any) -> int:
    return cast("CursorResult[object]", result).rowcount


def account_of(session: Session, login: str) -> Account | None:
    """The account with this login."""
    return session.scalar(select(Account).where(Account.login == login))


def lock_account(session: Session, account_id: str) -> Account | None:
    """The account, its row locked until the commit (on SQLite the whole database is)."""
    wanted = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    return session.scalar(wanted.execution_options(populate_existing=True))


def rights_of(session: Session, account_id: str) -> tuple[frozenset[str], frozenset[str]]:
    """Roles and lines of an account."""
    roles = session.scalars(select(AccountRole.role).where(AccountRole.account_id == account_id))
    lines = session.scalars(select(AccountLine.line).where(AccountLine.account_id == account_id))
    return frozenset(roles), frozenset(lines)


def every_account(session: Session) -> list[tuple[Account, frozenset[str], frozenset[str]]]:
    """Every account with its roles and lines, by login; three queries however many there are."""
    roles: dict[str, set[str]] = {}
    for account_id, role in session.execute(select(AccountRole.account_id, AccountRole.role)):
        roles.setdefault(account_id, set()).add(role)
    lines: dict[str, set[str]] = {}
    for account_id, line in session.execute(select(AccountLine.account_id, AccountLine.line)):
        lines.setdefault(account_id, set()).add(line)
    return [
        (account, frozenset(roles.get(account.id, ())), frozenset(lines.get(account.id, ())))
        for account in session.scalars(select(Account).order_by(Account.login))
    ]


def claim_sign_in(session: Session, account_id: str, password_hash: str, step: int | None) -> bool:
    """Use up the code of `step`, if the account is still as it was when password and code were checked.

    One conditional update: of two sign-ins with the same code one finds the row changed. It also loses to a disable
    or a reset that came between. Without a code (`step` None) it only locks the row.
    """
    claim = update(Account).where(
        Account.id == account_id, Account.password_hash == password_hash, Account.disabled_at.is_(None)
    )
    if step is None:
        claim = claim.values(totp_last_step=Account.totp_last_step)
    else:
        claim = claim.where(Account.totp_last_step < step).values(totp_last_step=step)
    return _changed(session.execute(claim.execution_options(synchronize_session=False))) == 1


def live_session(
    session: Session, key: str, now: datetime, not_seen_since: datetime
) -> tuple[StaffSession, Account] | None:
    """The session under `key` and its account, unless it is over, was idle too long, or the account is disabled."""
    wanted = (
        select(StaffSession, Account)
        .join(Account, Account.id == StaffSession.account_id)
        .where(
            StaffSession.key == key,
            StaffSession.expires_at > now,
            StaffSession.seen_at > not_seen_since,
            Account.disabled_at.is_(None),
        )
    )
    found = session.execute(wanted).one_or_none()
    return None if found is None else (found[0], found[1])


# Asked with every text: put together once.
_LIVE_KEYS = (
    select(_session.key)
    .join(Account.__table__, _account.id == _session.account_id)
    .where(
        _session.key.in_(bindparam("keys", expanding=True)),
        _session.expires_at > bindparam("now"),
        _session.seen_at > bindparam("not_since"),
        _account.disabled_at.is_(None),
    )
)


def live_keys(session: Session, keys: Collection[str], now: datetime, not_seen_since: datetime) -> set[str]:
    """Which of these sessions may still be used."""
    if not keys:
        return set()
    wanted = {"keys": list(keys), "now": now, "not_since": not_seen_since}
    return set(session.connection().execute(_LIVE_KEYS, wanted).scalars())


def saw(session: Session, key: str, now: datetime, not_since: datetime) -> None:
    """Note that a session was used, unless another request did so since `not_since`."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.key == key, StaffSession.seen_at <= not_since)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


def drop_session(session: Session, key: str) -> str | None:
    """Delete one session; returns whose it was, None when there was none."""
    account_id = session.scalar(select(StaffSession.account_id).where(StaffSession.key == key))
    gone = session.execute(delete(StaffSession).where(StaffSession.key == key))
    return account_id if _changed(gone) else None


def drop_sessions_of(session: Session, account_id: str) -> None:
    """Delete every session of an account."""
    session.execute(delete(StaffSession).where(StaffSession.account_id == account_id))


def drop_stale_sessions(session: Session, now: datetime, not_seen_since: datetime) -> None:
    """Delete the sessions that nobody can use any more."""
    stale = or_(StaffSession.expires_at <= now, StaffSession.seen_at <= not_seen_since)
    session.execute(delete(StaffSession).where(stale))


def has_session(session: Session, account_id: str) -> bool:
    """Whether the account has a session left."""
    return session.scalar(select(StaffSession.key).where(StaffSession.account_id == account_id).limit(1)) is not None


def bump_revocation(session: Session) -> None:
    """Tell every process that rights ended; the first bump of an installation makes the row."""
    grow = update(Revocation).where(Revocation.id == 1).values(counter=Revocation.counter + 1)
    grow = grow.execution_options(synchronize_session=False)
    if _changed(session.execute(grow)):
        return
    try:
        with session.begin_nested():
            session.add(Revocation(id=1, counter=1))
    except IntegrityError:  # another process made it in this very moment
        session.execute(grow)


def duty_and_account(session: Session, account_id: str) -> tuple[Duty | None, Account] | None:
    """An account with its duty row, if it has one."""
    wanted = select(Account, Duty).outerjoin(Duty, Duty.account_id == Account.id).where(Account.id == account_id)
    found = session.execute(wanted.execution_options(populate_existing=True)).one_or_none()
    return None if found is None else (found[1], found[0])


def go_away(session: Session, account_id: str, now: datetime) -> None:
    """Take an account off duty whose last session has ended: nobody waits for another sign of life."""
    gone = update(Duty).where(Duty.account_id == account_id).execution_options(synchronize_session=False)
    session.execute(gone.values(heartbeat_at=None))
    session.execute(gone.where(Duty.state != "away").values(state="away", since=now, idle_since=None, missed_offers=0))


def touch_heartbeats(session: Session, beats: Mapping[str, datetime]) -> None:
    """Store the latest sign of life of each account; an older one never replaces a newer, nor brings anybody back."""
    session.flush()
    table = Duty.__table__
    later = update(table).where(table.c.account_id == bindparam("account"), table.c.heartbeat_at < bindparam("at"))
    session.connection().execute(
        later.values(heartbeat_at=bindparam("at")),
        [{"account": account_id, "at": beats[account_id]} for account_id in sorted(beats)],
    )


def change_duty(session: Session, account_id: str, **values: object) -> None:
    """Set columns of a duty row."""
    session.execute(
        update(Duty).where(Duty.account_id == account_id).values(**values).execution_options(synchronize_session=False)
    )


def note_typing(session: Session, accounts: Collection[str], now: datetime) -> None:
    """Store that these typed."""
    # In one order everywhere, so that two processes never wait for each other.
    rows = [{"account": account, "at": now} for account in sorted(accounts)]
    table = Duty.__table__
    typed = update(table).where(table.c.account_id == bindparam("account")).values(typed_at=bindparam("at"))
    session.connection().execute(typed, rows)


def note(session: Session, now: datetime, account_id: str | None, action: str, subject: str) -> None:
    """Append to the audit trail."""
    session.add(AuditEntry(at=now, account_id=account_id, action=action, subject=subject))
