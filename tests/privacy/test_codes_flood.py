"""However many codes are tried from however many addresses, few wait; those that were never wrong find a place."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from helpline.privacy import codes
from helpline.privacy.codes import Busy

SALT = bytes(range(32))
CODE = "01AB-CDEF-GHJK-MNPQ"
PATIENCE = 20.0


class Crowd:
    """Those who try a code at once, each in a thread of its own; nobody is looked at before `go_on`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._gate, self._lock = threading.Event(), threading.Lock()
        self.inside = self.most_inside = self.opened = self.busy = 0
        self._threads: list[threading.Thread] = []
        monkeypatch.setattr(codes, "_derived", self._derived)

    def _derived(self, code: str, salt: bytes) -> bytes:
        with self._lock:
            self.inside += 1
            self.most_inside = max(self.inside, self.most_inside)
        assert self._gate.wait(PATIENCE)
        with self._lock:
            self.inside -= 1
        return b""

    def come(self, count: int, doubtful: bool) -> None:
        """They stand where they stay when this returns."""
        settled = self._settled() + count

        def run() -> None:
            try:
                codes.opened(CODE, SALT, doubtful=doubtful)
            except Busy:
                self.busy += 1
            else:
                self.opened += 1

        for _ in range(count):
            self._threads.append(threading.Thread(target=run))
            self._threads[-1].start()
        until(lambda: self._settled() == settled)

    def _settled(self) -> int:
        return self.inside + codes._waiting + self.busy

    def go_on(self) -> None:
        self._gate.set()
        for thread in self._threads:
            thread.join(PATIENCE)


def until(holds: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(2000):
        if holds():
            return
        waited.wait(0.01)
    raise TimeoutError


def test_of_three_hundred_addresses_few_wait_and_the_others_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = Crowd(monkeypatch)
    crowd.come(2, doubtful=False)
    crowd.come(300, doubtful=False)
    assert crowd.busy == 300 - codes.MOST_WAITING
    crowd.go_on()
    assert (crowd.opened, crowd.most_inside, codes._waiting) == (2 + codes.MOST_WAITING, 2, 0)
    codes.opened(CODE, SALT)


def test_addresses_that_were_wrong_before_leave_places_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = Crowd(monkeypatch)
    crowd.come(2, doubtful=True)
    crowd.come(100, doubtful=True)
    assert crowd.busy == 100 - codes.MOST_DOUBTFUL
    crowd.come(codes.MOST_WAITING - codes.MOST_DOUBTFUL, doubtful=False)
    assert crowd.busy == 100 - codes.MOST_DOUBTFUL, "none of these is sent away"
    crowd.go_on()
    assert crowd.opened == 2 + codes.MOST_WAITING


def test_a_try_that_fails_leaves_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(code: str, salt: bytes) -> bytes:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(codes, "_derived", fail)
        for _ in range(5):
            with pytest.raises(MemoryError):
                codes.opened(CODE, SALT)
    assert codes._waiting == 0
    assert len(codes.opened(CODE, SALT)) == 32
