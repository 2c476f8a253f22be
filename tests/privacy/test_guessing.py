"""Wrong codes are slowed, address by address, and nobody is locked out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from helpline import clock
from helpline.privacy import guessing
from helpline.privacy.guessing import Busy, Guessing

START = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
HERE, THERE = "a hash", "another hash"
PATIENCE = 20.0


class Pauses(list[float]):
    """Notes each pause instead of waiting."""


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def tries(pauses: Pauses, monkeypatch: pytest.MonkeyPatch) -> Guessing:
    monkeypatch.setattr(clock, "now", lambda: START)
    return Guessing(pauses.append)


def wrong(tries: Guessing, times: int, address: str = HERE) -> None:
    for _ in range(times):
        with tries.turn(address) as was_wrong:
            was_wrong()


def right(tries: Guessing, address: str = HERE) -> None:
    with tries.turn(address):
        pass


def test_the_first_five_wrong_codes_cost_nothing_and_then_each_try_waits(tries: Guessing, pauses: Pauses) -> None:
    wrong(tries, 5)
    assert pauses == []
    wrong(tries, 4)
    assert pauses == [1.0, 2.0, 2.0, 2.0]


def test_a_right_code_waits_too_but_is_never_refused(tries: Guessing, pauses: Pauses) -> None:
    wrong(tries, 500)
    right(tries)
    assert pauses[-1] == guessing.LONGEST_PAUSE_SECONDS


def test_right_codes_cost_nothing_however_many(tries: Guessing, pauses: Pauses) -> None:
    for _ in range(50):
        right(tries)
    assert pauses == []


def test_another_address_pays_nothing(tries: Guessing, pauses: Pauses) -> None:
    wrong(tries, 6)
    pauses.clear()
    right(tries, THERE)
    assert pauses == []


def test_wrong_codes_are_forgotten_after_ten_minutes(
    tries: Guessing, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong(tries, 7)
    pauses.clear()
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=9, seconds=59))
    right(tries)
    assert pauses == [2.0]
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=10))
    right(tries)
    assert pauses == [2.0]


def together(tries: Guessing, done: list[int], number: int) -> threading.Thread:
    """Another try of the same address, in a thread of its own."""

    def run() -> None:
        with tries.turn(HERE):
            done.append(number)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until(holds: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(2000):
        if holds():
            return
        waited.wait(0.01)
    raise TimeoutError


def test_tries_of_one_address_go_one_after_another_in_their_order(tries: Guessing) -> None:
    done: list[int] = []
    threads = []
    with tries.turn(HERE):
        for number in range(guessing.MOST_WAITING):
            threads.append(together(tries, done, number))
            until(lambda number=number: len(tries._lanes[HERE].waiting) == number + 1)  # type: ignore[misc]  # bound now
        assert done == []
        with pytest.raises(Busy):
            right(tries)
        right(tries, THERE)
    for thread in threads:
        thread.join(PATIENCE)
    assert done == list(range(guessing.MOST_WAITING))
    assert tries._waiting == 0
    right(tries)


def test_all_addresses_together_leave_room(tries: Guessing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "MOST_WAITING_IN_ALL", 1)
    done: list[int] = []
    with tries.turn(HERE), tries.turn(THERE):
        thread = together(tries, done, 1)
        until(lambda: tries._waiting == 1)
        with pytest.raises(Busy):
            right(tries, THERE)
    thread.join(PATIENCE)
    assert done == [1]


def test_a_try_that_fails_leaves_the_way_open(tries: Guessing) -> None:
    with pytest.raises(RuntimeError), tries.turn(HERE):
        raise RuntimeError
    right(tries)


class Gone(BaseException):
    """What ends somebody who waits."""


def test_whoever_stops_waiting_holds_nobody_up(tries: Guessing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is ended while it waits, before its turn came and just as it did."""

    class Ending(threading.Event):
        at_its_turn = False

        def wait(self, timeout: float | None = None) -> bool:
            if self.at_its_turn:
                tries._next(tries._lanes[HERE])
            raise Gone

    for at_its_turn in (False, True):
        monkeypatch.setattr(Ending, "at_its_turn", at_its_turn)
        with ExitStack() as stack:
            stack.enter_context(tries.turn(HERE))
            with monkeypatch.context() as patch:
                patch.setattr(guessing.threading, "Event", Ending)
                with pytest.raises(Gone):
                    right(tries)
        assert tries._waiting == 0
        assert not tries._lanes[HERE].waiting
        right(tries)


def test_no_more_addresses_are_remembered_than_there_is_room_for(
    tries: Guessing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "MOST_KEPT", 20)
    with tries.turn("the first"):
        for number in range(100):
            wrong(tries, 1, f"address {number}")
        assert len(tries._lanes) <= 21
        assert "the first" in tries._lanes, "who is at it stays"
        assert "address 99" in tries._lanes
