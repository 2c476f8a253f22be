"""The caller's address: only as a keyed hash with the salt of the day; neither is ever on disk."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import date
from ipaddress import IPv6Address, IPv6Network, ip_address

from flask import request

from helpline import clock, counts
from helpline.extensions import limiter

# What one subscriber of IPv6 is given at least, and may count through at will.
SUBSCRIBER_BITS = 64
_salt: tuple[date, bytes] = (date.min, b"")


def address_hash() -> str:
    """HMAC of whose address it is under the salt of the day."""
    return hmac.new(_salt_of_today(), whose(request.remote_addr or "").encode(), hashlib.sha256).hexdigest()


def plain(address: str) -> str:
    """An address of IPv4 that is written as one of IPv6, as it is; others as they stand."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str((isinstance(found, IPv6Address) and found.ipv4_mapped) or found)


def whose(address: str) -> str:
    """What stands for one subscriber: the address of IPv4, the network of IPv6."""
    try:
        found = ip_address(plain(address))
    except ValueError:
        return address
    return str(IPv6Network((int(found), SUBSCRIBER_BITS), strict=False)) if found.version == 6 else str(found)


def _salt_of_today() -> bytes:
    """Random; the same in all processes that count together."""
    global _salt
    today = clock.now().date()
    if _salt[0] != today:
        _salt = (today, secrets.token_bytes(32))
    shared = limiter.storage
    return shared.salt(today, _salt[1]) if isinstance(shared, counts.SharedCounts) else _salt[1]
