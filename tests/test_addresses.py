"""Addresses are known as keyed hashes alone, one for each subscriber."""

from __future__ import annotations

import pytest
from flask import Flask

from helpline import addresses, web

NETWORK = "2001:db8:7:1::/64"


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"),
        ("2001:db8:7:1::1", NETWORK),
        ("2001:db8:7:1:ffff:ffff:ffff:ffff", NETWORK),
        ("2001:0DB8:0007:0001::9", NETWORK),
        ("2001:db8:7:2::1", "2001:db8:7:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_a_subscriber_is_one_address_or_one_network(address: str, whose: str) -> None:
    assert addresses.whose(address) == whose


def hashed(app: Flask, address: str) -> str:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        return addresses.address_hash()


def test_hashes_tell_subscribers_apart_and_nothing_else(app: Flask) -> None:
    home = {hashed(app, address) for address in ("2001:db8:7:1::1", "2001:db8:7:1::2", "2001:db8:7:1:a:b:c:d")}
    assert len(home) == 1
    assert home.isdisjoint({hashed(app, "2001:db8:7:2::1"), hashed(app, "192.0.2.7")})
    assert hashed(app, "::ffff:192.0.2.7") == hashed(app, "192.0.2.7")


@pytest.mark.parametrize(
    ("address", "here"), [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::ffff:192.0.2.7", False)]
)
def test_the_loopback_is_known_however_it_is_written(app: Flask, address: str, here: bool) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert web.from_this_machine() is here
