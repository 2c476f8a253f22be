"""What the rest of the house sees of staff. PURE: plain facts, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

ON_DUTY_ROLES = frozenset({"counsellor", "supervisor"})


class AccountRefused(ValueError):
    """An account can't be made or changed as asked; the message says why in one line."""


class SignInRefused(Exception):
    """Not signed in. The reason is never told; `retry_at` is set when it was too early for another try."""

    def __init__(self, retry_at: datetime | None = None) -> None:
        super().__init__("sign-in refused")
        self.retry_at = retry_at


class DutyRefused(Exception):
    """A duty that can't be: `invalid` or `forbidden`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class NewAccount:
    """Credentials as they are shown once."""

    login: str
    password: str
    totp: str


@dataclass(frozen=True)
class Member:
    """A member of staff who is signed in; also what Flask-Login calls a user."""

    id: str
    login: str
    name: str
    roles: frozenset[str]
    lines: frozenset[str]
    languages: frozenset[str]
    capacity: int

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """The account's key, for Flask-Login."""
        return self.id

    @property
    def takes_chats(self) -> bool:
        """Whether this member may go on duty."""
        return bool(self.roles & ON_DUTY_ROLES)


@dataclass(frozen=True)
class AccountView:
    """An account as `helpline staff list` shows it."""

    login: str
    name: str
    roles: tuple[str, ...]
    lines: tuple[str, ...]
    languages: tuple[str, ...]
    capacity: int
    demo: bool
    disabled_at: datetime | None


@dataclass(frozen=True)
class DutyView:
    """What somebody is doing now, with what routing needs to know about them."""

    account: str
    login: str
    name: str
    lines: frozenset[str]
    languages: frozenset[str]
    state: str
    line: str | None
    capacity: int
    since: datetime
    heartbeat_at: datetime | None = None
    idle_since: datetime | None = None
    missed_offers: int = 0
    typed_at: datetime | None = None
