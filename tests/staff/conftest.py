"""A fresh installation for each test, a clock that tests turn, and hashes that cost nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from helpline import clock, config, db, install
from helpline.staff import service
from helpline.staff.throttle import Throttle

HERE = "hash of an address"


class TurnedClock:
    """Stands still until a test turns it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 20, 0, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def turn(self, **by: float) -> datetime:
        self.moment += timedelta(**by)
        return self.moment


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> TurnedClock:
    turned = TurnedClock()
    monkeypatch.setattr(clock, "now", turned.now)
    return turned


@pytest.fixture(autouse=True)
def house(
    settings: config.Settings, quick_hashes: None, monkeypatch: pytest.MonkeyPatch, time: TurnedClock
) -> Iterator[config.Settings]:
    monkeypatch.setattr(config, "_current", settings)
    monkeypatch.setattr(service, "_throttle", Throttle())
    monkeypatch.setattr(service, "_typed", {})
    install.prepare(settings)
    yield settings
    db.engine().dispose()


@pytest.fixture
def anna() -> service.NewAccount:
    """A counsellor of the youth line who takes up to three chats."""
    return service.add_account("anna", ["counsellor"], ["youth"], ["nl", "en"], 3, name="Anna")


def code_of(account: service.NewAccount, moment: datetime, steps: int = 0) -> str:
    """What the authenticator app shows at `moment`, or some half minutes later."""
    return pyotp.TOTP(account.totp).at(moment, counter_offset=steps)


def sign_in(account: service.NewAccount, time: TurnedClock, address: str = HERE) -> str:
    """A new session of `account`; turns the clock so that the next code is a fresh one."""
    token = service.sign_in(account.login, account.password, code_of(account, time.moment), address)
    time.turn(seconds=30)
    return token
