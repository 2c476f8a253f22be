"""Accounts, sign-in, sessions, duty and the audit trail, as the rest of the house uses them."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpline import clock, config
from helpline.db import after_commit, random_key, reading, transaction
from helpline.lines import service as line_service
from helpline.privacy import keyring
from helpline.serve import in_thread_pool
from helpline.staff import passwords, rules, second_factor, store
from helpline.staff.members import AccountRefused as AccountRefused
from helpline.staff.members import AccountView as AccountView
from helpline.staff.members import DutyRefused as DutyRefused
from helpline.staff.members import DutyView as DutyView
from helpline.staff.members import Member as Member
from helpline.staff.members import NewAccount as NewAccount
from helpline.staff.members import SignInRefused as SignInRefused
from helpline.staff.memory import Memory
from helpline.staff.models import Account, AccountLine, AccountRole, Duty, Revocation, StaffSession
from helpline.staff.throttle import Throttle, Throttled

T = TypeVar("T")

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(hours=24)
SEEN_EVERY = timedelta(minutes=1)
TYPED_EVERY = timedelta(seconds=10)

_log = structlog.get_logger()
_throttle = Throttle()
remembered = Memory()
# Each hash takes 64 MB and a core for a moment: a flood of sign-ins waits in line and leaves the chats their share.
_hashing = threading.BoundedSemaphore(2)
# When this process last stored that somebody typed: typing events are many, one row in ten seconds is enough.
_typed: dict[str, datetime] = {}
LONG_AGO = datetime.min.replace(tzinfo=UTC)


# Accounts


def add_account(
    login: str,
    roles: Iterable[str],
    lines: Iterable[str] = (),
    languages: Iterable[str] = (),
    capacity: int = 3,
    *,
    name: str | None = None,
    password: str | None = None,
    demo: bool = False,
) -> NewAccount:
    """Make an account that can sign in at once; no line means all lines, no language Dutch and English.

    Raises AccountRefused and then makes nothing. Not to be called inside a transaction: it hashes.
    """
    login = rules.normal_login(login)
    rules.check_login(login)
    shown = rules.check_name(login if name is None else name)
    known = line_service.all_lines()
    held = rules.check_rights(
        roles,
        lines,
        languages,
        capacity,
        known_lines=[line.slug for line in known],
        known_languages=list(dict.fromkeys(code for line in known for code in line.languages)),
    )
    with reading() as session:
        if store.account_of(session, login) is not None:
            raise AccountRefused(f"login: {login!r} exists already")
    account_id = random_key()
    fresh, password_hash, sealed = _credentials(account_id, login, password)
    account = Account(
        id=account_id,
        login=login,
        name=shown,
        password_hash=password_hash,
        totp_sealed=sealed,
        totp_last_step=0,
        capacity=capacity,
        languages=list(held.languages),
        demo=demo,
        created_at=clock.now(),
    )
    with transaction() as session:
        session.add(account)
        try:
            session.flush()
        except IntegrityError:  # somebody took the login while we hashed
            raise AccountRefused(f"login: {login!r} exists already") from None
        session.add_all(AccountRole(account_id=account_id, role=role) for role in held.roles)
        session.add_all(AccountLine(account_id=account_id, line=line) for line in held.lines)
        store.note(session, account.created_at, None, "account_added", f"account:{account_id}")
    return fresh


def _credentials(account_id: str, login: str, password: str | None) -> tuple[NewAccount, str, bytes]:
    fresh = NewAccount(login, password or passwords.new_password(), second_factor.new_secret())
    sealed = second_factor.seal(_sealing_key(), account_id, fresh.totp)
    return fresh, _in_line(passwords.make_hash, fresh.password), sealed


def _in_line(work: Callable[..., T], *arguments: str) -> T:
    with _hashing:
        return in_thread_pool(work, *arguments)


def _sealing_key() -> bytes:
    return keyring.secret(config.current().instance_dir, "staff")


def disable(login: str) -> None:
    """Close an account: no sign-in, no session, off duty. Raises AccountRefused when there is none."""
    with transaction() as session:
        account, now = _account_to_change(session, login), clock.now()
        if account.disabled_at is None:
            account.disabled_at = now
            store.note(session, now, None, "account_disabled", f"account:{account.id}")
        _end_sessions(session, account.id, now)


def reset(login: str) -> NewAccount:
    """New password and second factor; old ones and running sessions end, and a disabled account works again."""
    with reading() as session:
        account_id = _account_to_change(session, login).id
    fresh, password_hash, sealed = _credentials(account_id, rules.normal_login(login), None)
    with transaction() as session:
        account, now = _account_to_change(session, login), clock.now()
        account.password_hash, account.totp_sealed = password_hash, sealed
        account.totp_last_step = 0  # codes of the old secret are worthless now
        if account.disabled_at is not None:
            account.disabled_at = None
            store.note(session, now, None, "account_enabled", f"account:{account.id}")
        store.note(session, now, None, "account_reset", f"account:{account.id}")
        _end_sessions(session, account.id, now)
    return fresh


def _account_to_change(session: Session, login: str) -> Account:
    login = rules.normal_login(login)
    account = store.account_of(session, login) if rules.could_be_login(login) else None
    if account is None:
        raise AccountRefused(f"login: there is no {login!r}")
    return account


def _end_sessions(session: Session, account_id: str, now: datetime) -> None:
    after_commit(remembered.forget)
    store.drop_sessions_of(session, account_id)
    store.go_away(session, account_id, now)
    store.bump_revocation(session)


def list_accounts() -> list[AccountView]:
    """Every account, by login."""
    with reading() as session:
        return [
            AccountView(
                login=account.login,
                name=account.name,
                roles=tuple(role for role in rules.ROLES if role in roles),
                lines=tuple(sorted(lines)),
                languages=tuple(account.languages),
                capacity=account.capacity,
                demo=account.demo,
                disabled_at=account.disabled_at,
            )
            for account, roles, lines in store.every_account(session)
        ]


def any_staff() -> bool:
    """Whether any account was ever made."""
    with reading() as session:
        return session.scalar(select(Account.id).limit(1)) is not None


def demo_accounts_exist() -> bool:
    """Whether somebody could sign in with an account of the demo."""
    wanted = select(Account.id).where(Account.demo, Account.disabled_at.is_(None)).limit(1)
    with reading() as session:
        return session.scalar(wanted) is not None


# Sign-in and sessions


def sign_in(login: str, password: str, code: str, address_hash: str) -> str:
    """The token of a new session. Raises SignInRefused, which never tells what was wrong.

    Not to be called inside a transaction: it hashes, and it sleeps where an account is under attack.
    """
    login, code = rules.normal_login(login), second_factor.tidy(code)
    try:
        pause = _throttle.attempt(login, address_hash, clock.now())
    except Throttled as early:
        raise SignInRefused(early.until) from None
    if pause:
        time.sleep(pause)
    with reading() as session:
        account = store.account_of(session, login) if rules.could_be_login(login) else None
    stored = passwords.NOBODYS_HASH if account is None else account.password_hash
    if not _in_line(passwords.matches, stored, password) or account is None:
        raise SignInRefused
    step = _step_of_code(account, code)
    if step is None and (code or config.current().require_second_factor):
        raise SignInRefused
    token = secrets.token_urlsafe(32)
    now = clock.now()
    with transaction() as session:
        if not store.claim_sign_in(session, account.id, account.password_hash, step):
            raise SignInRefused
        store.drop_stale_sessions(session, now, now - IDLE)
        session.add(
            StaffSession(
                key=session_key(token), account_id=account.id, created_at=now, seen_at=now, expires_at=now + ABSOLUTE
            )
        )
        store.note(session, now, account.id, "signed_in", "")
    _throttle.succeeded(login, address_hash)
    return token


def _step_of_code(account: Account, code: str) -> int | None:
    if not code:
        return None
    try:
        secret = second_factor.unseal(_sealing_key(), account.id, account.totp_sealed)
    except second_factor.SealBroken:
        # The instance's secret was lost or the row was changed: `helpline staff reset` makes a new one.
        _log.error("second_factor_unreadable", account=account.id)
        return None
    return second_factor.matching_step(secret, code, clock.now(), account.totp_last_step)


def session_key(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def member_for(token: str | None) -> Member | None:
    """Who is signed in with this token, None when nobody (any more)."""
    if not token:
        return None
    return remembered.ask(session_key(token), clock.now(), _look_up)


def recent_member_for(token: str | None) -> Member | None:
    """Like `member_for`, from memory where the session was looked up a moment ago and no rights ended since."""
    return (remembered.get(session_key(token), clock.now()) if token else None) or member_for(token)


def alive(session: Session, keys: Collection[str], now: datetime) -> set[str]:
    """Which of these session keys are still valid."""
    return store.live_keys(session, keys, now, now - IDLE)


def _look_up(key: str, now: datetime) -> Member | None:
    with reading() as session:
        found = store.live_session(session, key, now, now - IDLE)
        if found is None:
            return None
        live, account = found
        member = _member(session, account)
    if now - live.seen_at >= SEEN_EVERY:
        with transaction() as session:
            store.saw(session, key, now, now - SEEN_EVERY)
    return member


def _member(session: Session, account: Account) -> Member:
    roles, lines = store.rights_of(session, account.id)
    return Member(
        id=account.id,
        login=account.login,
        name=account.name,
        roles=roles,
        lines=lines,
        languages=frozenset(account.languages),
        capacity=account.capacity,
    )


def sign_out(token: str | None) -> None:
    """End this session; who has no other one is off duty."""
    if not token:
        return
    with transaction() as session:
        now = clock.now()
        account_id = store.drop_session(session, session_key(token))
        if account_id is None:
            return
        after_commit(remembered.forget)
        store.note(session, now, account_id, "signed_out", "")
        if not store.has_session(session, account_id):
            store.go_away(session, account_id, now)
        store.bump_revocation(session)


def revocation_counter() -> int:
    """A number that grows whenever sessions end before their time; a process that sees it grow asks again."""
    with reading() as session:
        return session.scalar(select(Revocation.counter).where(Revocation.id == 1)) or 0


def audit(account_id: str | None, action: str, subject: str) -> None:
    """Append who did what to which subject (`chat:<id>`, never any content); part of a running transaction."""
    with transaction() as session:
        store.note(session, clock.now(), account_id, action, subject)


# Duty


def set_duty(account_id: str, state: object, line: object, capacity: object) -> DutyView:
    """Say what somebody does now; raises DutyRefused(`invalid`) or DutyRefused(`forbidden`) and changes nothing."""
    known = [row.slug for row in line_service.all_lines()]
    with transaction() as session:
        account = store.lock_account(session, account_id)
        if account is None or account.disabled_at is not None:
            raise DutyRefused("forbidden")
        member = _member(session, account)
        if not member.takes_chats:
            raise DutyRefused("forbidden")
        new_state, new_line, new_capacity = rules.check_duty(
            state, line, capacity, own_lines=member.lines, known_lines=known, most=account.capacity
        )
        now = clock.now()
        duty = session.get(Duty, account_id, populate_existing=True, with_for_update=True)
        if duty is None:
            duty = Duty(account_id=account_id, state="away", capacity=account.capacity, since=now, missed_offers=0)
            session.add(duty)
        if new_state != duty.state:
            duty.since = now
            duty.idle_since = now if new_state == "available" else None
        duty.state, duty.line, duty.missed_offers = new_state, new_line, 0
        duty.heartbeat_at = now  # whoever speaks is there; the sweep must not judge by a sign of life from last week
        duty.capacity = new_capacity or duty.capacity
        session.flush()
        return _duty_view(member, duty, now)


def duty_of(account_id: str) -> DutyView:
    """What somebody does now: `away` when nothing was ever said. Raises LookupError for an unknown account."""
    with reading() as session:
        found = store.duty_and_account(session, account_id)
        if found is None:
            raise LookupError(account_id)
        duty, account = found
        return _duty_view(_member(session, account), duty, clock.now())


def _duty_view(member: Member, duty: Duty | None, now: datetime) -> DutyView:
    return DutyView(
        account=member.id,
        login=member.login,
        name=member.name,
        lines=member.lines,
        languages=member.languages,
        state="away" if duty is None else duty.state,
        line=None if duty is None else duty.line,
        capacity=member.capacity if duty is None else min(duty.capacity, member.capacity),
        since=now if duty is None else duty.since,
        heartbeat_at=None if duty is None else duty.heartbeat_at,
        idle_since=None if duty is None else duty.idle_since,
        missed_offers=0 if duty is None else duty.missed_offers,
        typed_at=None if duty is None else duty.typed_at,
    )


def touch_heartbeats(beats: Mapping[str, datetime]) -> None:
    """Store the last sign of life of each account in one go."""
    if beats:
        with transaction() as session:
            store.touch_heartbeats(session, beats)


def note_typing(accounts: Iterable[str]) -> None:
    """Remember that these are at the keyboard."""
    now = clock.now()
    due = [account for account in sorted(accounts) if not now - TYPED_EVERY < _typed.get(account, LONG_AGO) <= now]
    if not due:
        return
    _typed.update(dict.fromkeys(due, now))
    with transaction() as session:
        store.note_typing(session, due, now)
