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
OURS, OTHERS = "a code of ours", "another code of ours"
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


def right(tries: Guessing, address: str = HERE, visitor: str = ME, likely: str | None = None) -> bool:
    """Whether it was doubtful."""
    with tries.turn(address, visitor, likely) as this:
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


def test_another_address_pays_nothing(tries: Guessing, pauses: Pauses) -> None:
    wrong(tries, 6)
    pauses.clear()
    right(tries, THERE)
    wrong(tries, 1, THERE)
    assert pauses == []


def test_only_a_code_of_ours_is_not_doubted_and_only_until_it_was_wrong_here(
    tries: Guessing, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert right(tries)
    assert not right(tries, likely=OURS)
    with tries.turn(HERE, GUESSER, OURS) as this:
        this.wrong = True
    assert right(tries, likely=OURS), "whoever it comes from"
    assert not right(tries, likely=OTHERS)
    assert not right(tries, THERE, likely=OURS)
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=10))
    assert not right(tries, likely=OURS)


def test_wrong_codes_are_forgotten_after_ten_minutes(
    tries: Guessing, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong(tries, 7)
    pauses.clear()
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=9, seconds=59))
    wrong(tries, 1)
    assert pauses == [2.0]
    pauses.clear()
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=20))
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

    def comes(self, visitor: str, name: str = "", likely: str | None = None) -> None:
        """Another try, in a thread of its own; it waits, or is over, when this returns."""
        before = self._settled()

        def run() -> None:
            try:
                with self.tries.turn(HERE, visitor, likely):
                    self.done.append(name or visitor)
            except Busy:
                self.busy.append(name or visitor)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()
        until(lambda: self._settled() > before)

    def _settled(self) -> int:
        lane = self.tries._lanes[HERE]
        return len(lane.likely) + len(lane.doubtful) + len(self.busy)

    def goes_on(self) -> list[str]:
        """The order in which they were looked at."""
        self._holding.close()
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not self.tries._waiting.total()
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
    tries._lanes[HERE].wrong.extend([(START, "a", None), (START, "b", None), (START, "b", None)])
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
    tries._lanes[HERE].wrong.extend([(START, GUESSER, None)] * 7 + [(START, "one who errs", None)] * 2)
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


def test_a_code_of_ours_comes_before_all_guesses_and_has_places_of_its_own(line: Line, tries: Guessing) -> None:
    guessers = [f"a new cookie {number}" for number in range(guessing.MOST_WAITING)]
    for guesser in guessers:
        line.comes(guesser)
    with pytest.raises(Busy):
        right(tries)
    line.comes(ME, likely=OURS)
    line.comes("another", likely=OTHERS)
    assert line.goes_on() == [ME, "another", *guessers]


def test_a_code_of_ours_that_opens_nothing_comes_first_only_once(line: Line, tries: Guessing) -> None:
    with tries.turn(THERE, GUESSER, OURS) as this:
        this.wrong = True
    tries._lanes[HERE].wrong.extend(tries._lanes[THERE].wrong)
    line.comes("a guess")
    line.comes("a new cookie", likely=OURS)
    line.comes(ME, likely=OTHERS)
    assert line.goes_on() == [ME, "a guess", "a new cookie"]


def test_all_addresses_together_leave_room(tries: Guessing, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "MOST_WAITING_IN_ALL", 1)
    with tries.turn(THERE, ME):
        line.comes(ME)
        with pytest.raises(Busy):
            right(tries, THERE)
        line.comes("another", likely=OURS)
    assert line.goes_on() == ["another", ME]


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
    assert not tries._waiting.total()
    right(tries)


# What goes wrong


def test_a_try_that_fails_leaves_the_way_open(tries: Guessing, pauses: Pauses) -> None:
    for _ in range(9):
        with pytest.raises(RuntimeError), tries.turn(HERE, ME):
            raise RuntimeError
    right(tries)
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
            tries._drop(lane, lane.doubtful.waiting[ME][0])
        raise Gone

    with ExitStack() as stack:
        holder = stack.enter_context(tries.turn(HERE, GUESSER))
        with monkeypatch.context() as patch:
            patch.setattr(threading.Event, "wait", end)
            with pytest.raises(Gone):
                right(tries)
        assert tries._lanes[HERE].taken == (meanwhile != "its turn")
    assert not tries._waiting.total()
    assert not tries._lanes[HERE].doubtful
    right(tries)


def test_to_press_again_at_once_is_no_way_in(tries: Guessing, pauses: Pauses) -> None:
    for _ in range(2):
        with pytest.raises(Busy), tries.turn(HERE, ME):
            raise Busy
    assert pauses == [1.0, 1.0]


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
