"""Who is on duty, as the chat's routing and sweep need to know and to change it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpline.db import reading, transaction
from helpline.staff.members import ON_DUTY_ROLES
from helpline.staff.models import Account, AccountLine, AccountRole, Duty


@dataclass(frozen=True)
class OnDuty:
    """The duty of one enabled account, `away` included. Moments are aware UTC, None for never."""

    account: str
    login: str
    name: str
    lines: frozenset[str]
    languages: frozenset[str]
    state: str
    line: str | None
    capacity: int
    heartbeat_at: datetime | None
    idle_since: datetime
    missed_offers: int
    typed_at: datetime | None

    @property
    def signed_out(self) -> bool:
        """The last session was ended, by the counsellor or by an administrator; silence is something else."""
        return self.heartbeat_at is None

    def fresh(self, now: datetime, seconds: float) -> bool:
        """Was heard within `seconds` before `now`."""
        return self.heartbeat_at is not None and (now - self.heartbeat_at).total_seconds() <= seconds


def everybody() -> list[OnDuty]:
    """The duty of every enabled account that takes chats and has ever been on duty, by account."""
    wanted = (
        select(Duty, Account)
        .join(Account, Account.id == Duty.account_id)
        .where(Account.disabled_at.is_(None))
        .order_by(Duty.account_id)
    )
    with reading() as session:
        lines: dict[str, set[str]] = {}
        for account, line in session.execute(select(AccountLine.account_id, AccountLine.line)):
            lines.setdefault(account, set()).add(line)
        counsellors = set(session.scalars(select(AccountRole.account_id).where(AccountRole.role.in_(ON_DUTY_ROLES))))
        return [
            _on_duty(duty, account, lines.get(account.id, set()))
            for duty, account in session.execute(wanted.execution_options(populate_existing=True))
            if account.id in counsellors
        ]


def states(session: Session) -> dict[str, tuple[str, str | None, int, int]]:
    """State, line, capacity and missed offers of every account that was ever on duty; plain rows."""
    wanted = select(Duty.account_id, Duty.state, Duty.line, Duty.capacity, Duty.missed_offers)
    return {
        account: (state, line, capacity, missed) for account, state, line, capacity, missed in session.execute(wanted)
    }


def lines_of_all() -> dict[str, frozenset[str]]:
    """The lines of every enabled account that takes chats, whether it was ever on duty or not."""
    wanted = (
        select(AccountLine.account_id, AccountLine.line)
        .join(Account, Account.id == AccountLine.account_id)
        .join(AccountRole, AccountRole.account_id == AccountLine.account_id)
        .where(Account.disabled_at.is_(None), AccountRole.role.in_(ON_DUTY_ROLES))
    )
    lines: dict[str, set[str]] = {}
    with reading() as session:
        for account, line in session.execute(wanted):
            lines.setdefault(account, set()).add(line)
    return {account: frozenset(own) for account, own in lines.items()}


@dataclass(frozen=True)
class Colleague:
    """Whoever has or had an account; `lines` are those whose visitors they answer now, none for who has left."""

    name: str
    lines: frozenset[str]


def colleagues() -> dict[str, Colleague]:
    """Everybody who ever had an account, by account."""
    serving = lines_of_all()
    with reading() as session:
        names = session.execute(select(Account.id, Account.name))
        return {account: Colleague(name, serving.get(account, frozenset())) for account, name in names}


def _on_duty(duty: Duty, account: Account, lines: Iterable[str]) -> OnDuty:
    return OnDuty(
        account=account.id,
        login=account.login,
        name=account.name,
        lines=frozenset(lines),
        languages=frozenset(account.languages),
        state=duty.state,
        line=duty.line,
        capacity=duty.capacity,
        heartbeat_at=duty.heartbeat_at,
        idle_since=duty.idle_since or duty.since,
        missed_offers=duty.missed_offers,
        typed_at=duty.typed_at,
    )


def lock(session: Session, account: str) -> Duty | None:
    """The duty row, locked: whoever offers to or accepts for this counsellor waits for the other."""
    return lock_several(session, [account]).get(account)


def lock_several(session: Session, accounts: Collection[str] | None = None) -> dict[str, Duty]:
    """These duty rows, or all of them, locked in the order of the accounts so that nobody waits for each other."""
    wanted = select(Duty).order_by(Duty.account_id).with_for_update().execution_options(populate_existing=True)
    if accounts is not None:
        wanted = wanted.where(Duty.account_id.in_(accounts))
    return {duty.account_id: duty for duty in session.scalars(wanted)}


def missed_an_offer(account: str) -> int:
    """Note an offer that expired at this counsellor; returns how many in a row."""
    with transaction() as session:
        session.execute(update(Duty).where(Duty.account_id == account).values(missed_offers=Duty.missed_offers + 1))
        return session.scalar(select(Duty.missed_offers).where(Duty.account_id == account)) or 0


def answered_an_offer(account: str) -> None:
    """An accept or decline: the row of missed offers begins anew."""
    with transaction() as session:
        session.execute(update(Duty).where(Duty.account_id == account).values(missed_offers=0))


def send_away(account: str, now: datetime) -> None:
    """Take a counsellor off duty who is not there."""
    with transaction() as session:
        session.execute(update(Duty).where(Duty.account_id == account).values(state="away", since=now, missed_offers=0))


def idle_from(account: str, now: datetime) -> None:
    """A chat of this counsellor is over: from now on idle, for the order among equals."""
    with transaction() as session:
        session.execute(update(Duty).where(Duty.account_id == account).values(idle_since=now))


def account_of_login(login: str, line: str) -> str | None:
    """The id of an enabled account that works for this line, None when there is none of this login."""
    wanted = (
        select(Account.id)
        .join(AccountLine, AccountLine.account_id == Account.id)
        .where(Account.login == login, Account.disabled_at.is_(None), AccountLine.line == line)
    )
    with reading() as session:
        return session.scalar(wanted)


def supervisors(line: str) -> list[str]:
    """Accounts that supervise this line."""
    wanted = (
        select(AccountRole.account_id)
        .join(AccountLine, AccountLine.account_id == AccountRole.account_id)
        .join(Account, Account.id == AccountRole.account_id)
        .where(AccountRole.role == "supervisor", AccountLine.line == line, Account.disabled_at.is_(None))
    )
    with reading() as session:
        return list(session.scalars(wanted))
