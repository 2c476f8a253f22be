"""What makes an account or a duty acceptable. PURE."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from helpline.staff.members import AccountRefused, DutyRefused

ROLES = ("counsellor", "supervisor", "analyst", "administrator")
DUTY_STATES = ("available", "on_phone", "resting", "away")
LARGEST_CAPACITY = 10
DEFAULT_LANGUAGES = ("nl", "en")
LONGEST_NAME = 80

_LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?")
# `hand_over {to}` of the console's protocol is a login or this word.
_RESERVED = frozenset({"queue"})


@dataclass(frozen=True)
class Held:
    """Checked rights of a new account, each once and in a fixed order."""

    roles: tuple[str, ...]
    lines: tuple[str, ...]
    languages: tuple[str, ...]


def normal_login(login: str) -> str:
    """`login` as it is stored: capitals and spaces around it make no difference."""
    return login.strip().lower()


def could_be_login(login: str) -> bool:
    """Whether an account may have this login; databases choke on some of what people and machines type."""
    return _LOGIN.fullmatch(login) is not None


def check_login(login: str) -> None:
    """Raises AccountRefused unless `login` is made of a-z, 0-9 and, between them, . _ - @."""
    if not could_be_login(login) or login in _RESERVED:
        raise AccountRefused(f"login: {login!r} can't be used; take 1 to 64 of a-z, 0-9, '.', '_', '-' and '@'")


def check_name(name: str) -> str:
    """The name as colleagues see it; raises AccountRefused."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise AccountRefused(f"name: take 1 to {LONGEST_NAME} printable characters")
    return name


def check_rights(
    roles: Iterable[str],
    lines: Iterable[str],
    languages: Iterable[str],
    capacity: int,
    *,
    known_lines: Collection[str],
    known_languages: Collection[str],
) -> Held:
    """Roles, lines and languages of an account; no line means every line. Raises AccountRefused."""
    if isinstance(capacity, bool) or not 1 <= capacity <= LARGEST_CAPACITY:
        raise AccountRefused(f"capacity: {capacity} is not between 1 and {LARGEST_CAPACITY}")
    held = Held(
        roles=_known("role", roles, ROLES),
        lines=_known("line", lines, known_lines) or tuple(sorted(known_lines)),
        languages=_known("language", languages, known_languages)
        or tuple(code for code in DEFAULT_LANGUAGES if code in known_languages),
    )
    if not held.roles:
        raise AccountRefused(f"role: name at least one of {', '.join(ROLES)}")
    return held


def _known(what: str, values: Iterable[str], known: Collection[str]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(values))
    for value in chosen:
        if value not in known:
            raise AccountRefused(f"{what}: {value!r} is unknown; there are {', '.join(known)}")
    return chosen


def check_duty(
    state: object,
    line: object,
    capacity: object,
    *,
    own_lines: Collection[str],
    known_lines: Collection[str],
    most: int,
) -> tuple[str, str | None, int | None]:
    """A duty as it came from outside, in its types; raises DutyRefused(`invalid`) or DutyRefused(`forbidden`).

    Only who is available needs a line and a capacity; whoever is not keeps the former capacity when None comes.
    """
    if not isinstance(state, str) or state not in DUTY_STATES:
        raise DutyRefused("invalid")
    if line is None or line == "":
        line = None
    elif not isinstance(line, str) or line not in known_lines:
        raise DutyRefused("invalid")
    if capacity is not None and (
        not isinstance(capacity, int) or isinstance(capacity, bool) or not 1 <= capacity <= most
    ):
        raise DutyRefused("invalid")
    if state == "available" and (line is None or capacity is None):
        raise DutyRefused("invalid")
    if line is not None and line not in own_lines:
        raise DutyRefused("forbidden")
    return state, line, capacity
