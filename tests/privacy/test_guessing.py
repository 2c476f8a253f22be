"""Wrong codes are slowed, address by address, and nobody is locked out."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from helpline import clock
from helpline.privacy import guessing
from helpline.privacy.guessing import Busy, Guessing

START = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
HERE, THERE = "a hash", "another hash"
ME, GUESSER = "a visitor", "one who guesses"
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


def wrong(tries: Guessing, times: int, address: str = HERE, visitor: str = GUESSER) -> None:
    for _ in range(times):
        with tries.turn(address, visitor) as this:
            this.wrong = True


def right(tries: Guessing, address: str = HERE, visitor: str = ME) -> bool:
    """Whether it was doubtful."""
    with tries.turn(address, visitor) as this:
        return this.doubtful


# Pauses


def test_from_the_fifth_wrong_code_on_the_answer_comes_later(tries: Guessing, pauses: Pauses) -> None:
    wrong(tries, 4)
    assert pauses == []
    wrong(tries, 4)
    assert pauses == [1.0, 2.0, 2.0, 2.0]


def test_a_right_code_waits_for_nothing_however_many_were_wrong(tries: Guessing, pauses: Pauses) -> None:
    wrong(tries, 500)
    pauses.clear()
    right(tries)
    right(tries, visitor=GUESSER)
    assert pauses == []


def test_nobody_waits_for_the_answer_to_another_ones_code(tries: Guessing) -> None:
    """While the answer to a wrong code waits, right ones are looked at."""
    paused, go_on = threading.Event(), threading.Event()

    def pause(seconds: float) -> None:
        paused.set()
        assert go_on.wait(PATIENCE)

    tries._sleep = pause
    wrong(tries, 4)
    guesser = threading.Thread(target=wrong, args=(tries, 1))
    guesser.start()
    assert paused.wait(PATIENCE)
    for _ in range(3):
        right(tries)
    assert guesser.is_alive()
    go_on.set()
    guesser.join(PATIENCE)


def test_another_address_pays_nothing_and_is_not_doubted(tries: Guessing, pauses: Pauses) -> None:
    assert not right(tries)
    wrong(tries, 6)
    pauses.clear()
    assert right(tries)
    assert not right(tries, THERE)
    wrong(tries, 1, THERE)
    assert pauses == []


def test_wrong_codes_are_forgotten_after_ten_minutes(
    tries: Guessing, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong(tries, 7)
    pauses.clear()
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=9, seconds=59))
    assert right(tries)
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=10))
    assert not right(tries)
    wrong(tries, 4)
    assert pauses == []


# Turns


def until(holds: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(2000):
        if holds():
            return
        waited.wait(0.01)
    raise TimeoutError


class Line:
    """Those who wait at one address, and in which order they are looked at; None who is not."""

    def __init__(self, tries: Guessing) -> None:
        self.tries, self.done, self.busy = tries, list[str](), list[str]()
        self._threads: list[threading.Thread] = []
        self._holding = ExitStack()
        self._holding.enter_context(tries.turn(HERE, "the first"))

    def comes(self, visitor: str, name: str = "") -> None:
        """Another try, in a thread of its own; it waits, or is over, when this returns."""
        before = self._settled()

        def run() -> None:
            try:
                with self.tries.turn(HERE, visitor):
                    self.done.append(name or visitor)
            except Busy:
                self.busy.append(name or visitor)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()
        until(lambda: self._settled() > before)

    def _settled(self) -> int:
        return self.tries._lanes[HERE].length + len(self.busy)

    def goes_on(self) -> list[str]:
        """The order in which they were looked at."""
        self._holding.close()
        for thread in self._threads:
            thread.join(PATIENCE)
        assert self.tries._waiting == 0
        right(self.tries)
        return self.done


@pytest.fixture
def line(tries: Guessing) -> Iterator[Line]:
    line = Line(tries)
    yield line
    line.goes_on()


def test_tries_of_one_address_go_one_after_another_in_their_order(line: Line, tries: Guessing) -> None:
    visitors = [f"visitor {number}" for number in range(guessing.MOST_WAITING)]
    for visitor in visitors:
        line.comes(visitor)
    assert line.done == []
    with pytest.raises(Busy):
        right(tries)
    right(tries, THERE)
    assert line.goes_on() == visitors


def test_turns_go_round_by_visitor(line: Line) -> None:
    for visitor in ("a", "a", "a", "b", "c", "b"):
        line.comes(visitor)
    assert line.goes_on() == ["a", "b", "c", "a", "b", "a"]


def test_every_other_turn_goes_to_whoever_was_wrong_least_often(line: Line, tries: Guessing) -> None:
    tries._lanes[HERE].wrong.extend([(START, "a"), (START, "b"), (START, "b")])
    for visitor in ("b", "a", "b", "b", "c"):
        line.comes(visitor)
    assert line.goes_on() == ["b", "c", "a", "b", "b"]


def test_whoever_sends_more_than_three_at_once_leaves_the_first_unread(line: Line) -> None:
    for number in range(5):
        line.comes(ME, f"mine {number}")
    line.comes(GUESSER)
    assert line.busy == ["mine 0", "mine 1"]
    assert line.goes_on() == ["mine 2", GUESSER, "mine 3", "mine 4"]


def test_in_a_full_line_whoever_was_wrong_most_often_makes_room(
    line: Line, tries: Guessing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "MOST_WAITING", 3)
    tries._lanes[HERE].wrong.extend([(START, GUESSER)] * 7 + [(START, "one who errs")] * 2)
    for visitor in ("one who errs", GUESSER, "b"):
        line.comes(visitor)
    line.comes(ME)
    assert line.busy == [GUESSER]
    line.comes(GUESSER, "again")
    assert line.busy == [GUESSER, "again"], "it is no way in to press again"
    line.comes("c")
    assert line.busy == [GUESSER, "again", "one who errs"]
    line.comes("d")
    assert line.busy[-1] == "d", "nobody who was not wrong is pushed out"
    assert line.goes_on() == ["b", ME, "c"]


def test_all_addresses_together_leave_room(tries: Guessing, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "MOST_WAITING_IN_ALL", 1)
    with tries.turn(THERE, ME):
        line.comes(ME)
        with pytest.raises(Busy):
            right(tries, THERE)
    assert line.goes_on() == [ME]


def test_who_guesses_with_many_threads_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty-five guess without end; each right code comes in, after no more others than fit into the line."""
    monkeypatch.setattr(guessing, "LONGEST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(guessing, "PAUSE_SECONDS", 0.01)
    tries, ended, looked_at = Guessing(), threading.Event(), itertools.count()
    check = threading.Event()

    def look() -> int:
        check.wait(0.002)
        return next(looked_at)

    def guess(visitor: str) -> None:
        while not ended.is_set():
            try:
                with tries.turn(HERE, visitor) as this:
                    look()
                    this.wrong = True
            except Busy:
                ended.wait(0.001)

    threads = [threading.Thread(target=guess, args=(f"{GUESSER} {number}",)) for number in range(25)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: len(tries._lanes[HERE].wrong) > 50)
        for _ in range(20):
            before = next(looked_at)
            with tries.turn(HERE, ME):
                # Those in the line, the one that was looked at, and one that came in between.
                assert look() - before <= guessing.MOST_WAITING + 2
            right(tries, THERE)
    finally:
        ended.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert tries._waiting == 0
    right(tries)


# What goes wrong


def test_a_try_that_fails_leaves_the_way_open(tries: Guessing, pauses: Pauses) -> None:
    for _ in range(9):
        with pytest.raises(RuntimeError), tries.turn(HERE, ME):
            raise RuntimeError
    assert not right(tries)
    assert pauses == []


class Gone(BaseException):
    """What ends somebody who waits."""


@pytest.mark.parametrize("meanwhile", ["nothing", "its turn", "dropped"])
def test_whoever_stops_waiting_holds_nobody_up(
    tries: Guessing, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """A request that is ended while it waits, before its turn came, just as it did, and just as it lost its place."""

    def end(this: threading.Event, timeout: float | None = None) -> bool:
        lane = tries._lanes[HERE]
        if meanwhile == "its turn":
            tries._leave(lane, holder)
        elif meanwhile == "dropped":
            tries._drop(lane, lane.waiting[ME][0])
        raise Gone

    with ExitStack() as stack:
        holder = stack.enter_context(tries.turn(HERE, GUESSER))
        with monkeypatch.context() as patch:
            patch.setattr(threading.Event, "wait", end)
            with pytest.raises(Gone):
                right(tries)
        assert tries._lanes[HERE].taken == (meanwhile != "its turn")
    assert tries._waiting == 0
    assert not tries._lanes[HERE].waiting
    right(tries)


def turned_away(tries: Guessing, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Busy), tries.turn(HERE, ME):
            raise Busy


def test_an_address_that_is_turned_away_again_and_again_is_doubted(
    tries: Guessing, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned_away(tries, 3)
    assert not right(tries)
    turned_away(tries, 1)
    assert right(tries)
    assert pauses == [1.0] * 4, "to press again at once is no way in"
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=10))
    assert not right(tries)


# What is kept


def test_no_more_addresses_are_remembered_than_there_is_room_for(
    tries: Guessing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "MOST_KEPT", 20)
    with tries.turn("the first", ME):
        for number in range(100):
            wrong(tries, 1, f"address {number}")
        assert len(tries._lanes) <= 21
        assert "the first" in tries._lanes, "who is at it stays"
        assert "address 99" in tries._lanes


def test_nothing_is_remembered_of_right_codes_nor_longer_than_ten_minutes(
    tries: Guessing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        right(tries, f"address {number}")
    assert list(tries._lanes) == ["address 4"]
    wrong(tries, 1)
    right(tries, THERE)
    assert list(tries._lanes) == [HERE, THERE]
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=10))
    right(tries, "somebody")
    assert list(tries._lanes) == ["somebody"]
