"""The marks of forms by hand: what a form says is counted once, and can be taken back for a while.

A mark is made with its form and comes back with it. The keys of the rows are made from it under a secret of the
installation, so a form that comes again finds its rows there; no table remembers forms, and no row leads back to one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Response, after_this_request, request

from helpline import config, web
from helpline.db import KEY_BITS, key_of
from helpline.privacy import keyring
from helpline.staff import service as staff

# So long after it was saved an entry can be taken back, by the same sign-in.
UNDO = timedelta(minutes=10)
# The browser keeps the last few of them for as long, so that they can be undone from the list, too.
KEPT = "registered"
MOST_KEPT = 12
# What became of a form, for the page that it leads to; shown once.
TOLD = "told"
TOLD_SECONDS = 60


def _proof(*parts: str) -> bytes:
    secret = keyring.secret(config.current().instance_dir, "forms")
    sign_in = staff.session_key(request.cookies.get(web.CONSOLE, ""))
    return hmac.new(secret, "\0".join((sign_in, *parts)).encode(), hashlib.sha256).digest()


def _signed(*parts: str) -> str:
    return "~".join((*parts, _proof("signed", *parts).hex()))


def _read(kind: str, text: str) -> list[str] | None:
    """The parts behind `kind` of what was signed in this sign-in; None for anything else."""
    *parts, proof = text.split("~")
    if not hmac.compare_digest(proof.encode(), _proof("signed", *parts).hex().encode()):
        return None
    return parts[1:] if parts[0] == kind else None


@dataclass(frozen=True)
class Mark:
    """What tells one form from all others; the moment is to the second."""

    name: str
    made_at: datetime

    def packed(self) -> str:
        """The mark as its form carries it."""
        return _signed("form", self.name, _stamp(self.made_at))


def new(now: datetime) -> Mark:
    """The mark of a new form."""
    return Mark(secrets.token_urlsafe(16), now)


def mark_in(text: str) -> Mark | None:
    """The mark that a form brought back; None where it is none of this sign-in."""
    parts = _read("form", text)
    return Mark(parts[0], _moment(parts[1])) if parts else None


@dataclass(frozen=True)
class Entry:
    """What a form of this name makes: so many rows of a `kind`, and until when they can be taken back."""

    line: str
    kind: str
    name: str
    many: int
    until: datetime

    @property
    def keys(self) -> list[str]:
        """The keys of its rows, the same ones whenever the form comes."""
        numbers = (_proof("row", self.kind, self.name, str(number)) for number in range(self.many))
        return [key_of(int.from_bytes(number) % 2**KEY_BITS) for number in numbers]

    def packed(self) -> str:
        """The entry as the form that takes it back carries it."""
        return _signed("entry", self.line, self.kind, self.name, str(self.many), _stamp(self.until))


def entry_in(text: str) -> Entry | None:
    """The entry that a form brought back; None where it is none of this sign-in."""
    parts = _read("entry", text)
    return Entry(*parts[:3], many=int(parts[3]), until=_moment(parts[4])) if parts else None


def kept(now: datetime) -> list[Entry]:
    """What this sign-in registered and may still take back, by what its browser brings."""
    found = (entry_in(text) for text in request.cookies.get(KEPT, "").split())
    return [entry for entry in found if entry is not None and now <= entry.until]


def keep(entries: list[Entry]) -> None:
    """Let the browser keep these instead of what it has."""
    _set(KEPT, " ".join(entry.packed() for entry in entries[-MOST_KEPT:]), int(UNDO.total_seconds()))


def _set(name: str, value: str, seconds: int) -> None:
    """A cookie of these pages; without a value it goes."""

    @after_this_request
    def send(answer: Response) -> Response:
        over_tls, path, age = config.current().over_tls, "/console/contacts", seconds if value else 0
        answer.set_cookie(name, value, max_age=age, path=path, httponly=True, samesite="Strict", secure=over_tls)
        return answer


@dataclass(frozen=True)
class Told:
    """What became of a form of a `kind`: `saved`, `again`, `undone` or `stays`.

    The page that says so offers to take the `entry` back, and begins the next form with the same `way` and moment.
    """

    kind: str
    outcome: str
    way: str = ""
    day: str = ""
    clock: str = ""
    entry: Entry | None = None


def tell(told: Told) -> None:
    """Let the next page of these say it: what a POST answers itself would be sent again by a reload."""
    entry = "" if told.entry is None else told.entry.packed()
    parts = (told.kind, told.outcome, told.way, told.day, told.clock, entry.replace("~", "|"))
    _set(TOLD, _signed("told", *parts), TOLD_SECONDS)


def told_of(kind: str) -> Told | None:
    """What the form before this page is to be told, once."""
    parts = _read("told", request.cookies.get(TOLD, ""))
    if not parts or parts[0] != kind:
        return None
    _set(TOLD, "", 0)
    return Told(*parts[:5], entry=entry_in(parts[5].replace("|", "~")))


def _stamp(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def _moment(stamp: str) -> datetime:
    return datetime.fromtimestamp(int(stamp), UTC)
