"""The second factor: time-based codes (RFC 6238), their secret sealed under a key of the instance."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STEP_SECONDS = 30
WINDOW = 1  # steps a clock may be early or late
_NONCE_BYTES = 12


class SealBroken(Exception):
    """A sealed secret was changed, belongs to another account, or was sealed under another key."""


def new_secret() -> str:
    """A random secret of 160 bits in base 32, as authenticator apps take it."""
    return pyotp.random_base32()


def seal(key: bytes, account_id: str, secret: str) -> bytes:
    """`secret` encrypted; it opens for this account only, so that nobody can swap two rows."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), _bound_to(account_id))


def unseal(key: bytes, account_id: str, sealed: bytes) -> str:
    """The secret that `seal` was given; raises SealBroken."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound_to(account_id)).decode()
    except (InvalidTag, ValueError):
        raise SealBroken(account_id) from None


def _bound_to(account_id: str) -> bytes:
    return b"helpline/staff/totp/" + account_id.encode()


def step_of(moment: datetime) -> int:
    """The number of the half minute that `moment` lies in."""
    return int(moment.timestamp()) // STEP_SECONDS


def tidy(code: str) -> str:
    """`code` as typed, without the spaces that apps show in the middle."""
    return "".join(code.split())


def matching_step(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The step that `code` belongs to, or None when it is wrong or its step is not later than `after`.

    Whoever accepts the step has to store it in one conditional update: this function alone stops no replay.
    """
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    present = step_of(now)
    found = None
    for step in range(present - WINDOW, present + WINDOW + 1):
        right = hmac.compare_digest(totp.generate_otp(step), code)
        if right and step > after and found is None:
            found = step
    return found
