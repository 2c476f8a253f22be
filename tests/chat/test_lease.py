"""One process at a time dispatches: the lease is taken, renewed, given up, and moves when its holder is silent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpline import clock, db, metrics
from helpline.chat import store, sweep
from helpline.chat.models import Lease
from tests.builders import StoppedClock, a_chat, a_counsellor
from tests.builders.clocks import EVENING
from tests.builders.hands import OK, Hands


def take(holder: str, seconds: float = 60.0, **later: float) -> bool:
    """One process asks for the lease; on SQLite its own clock counts."""
    with db.transaction() as session:
        return store.take_lease(session, "test", holder, EVENING + timedelta(**later), seconds)


def give_up(holder: str) -> None:
    with db.transaction() as session:
        store.give_up_lease(session, "test", holder)


def row() -> Lease:
    with db.reading() as session:
        found = session.get(Lease, "test")
    assert found is not None
    return found


@pytest.mark.usefixtures("app")
def test_one_has_it_and_renews_it_and_the_other_waits() -> None:
    assert take("one")
    first = row()
    assert not take("two", seconds=1)
    assert take("one", seconds=120)
    assert (row().holder, row().since) == ("one", first.since)
    assert row().until > first.until
    assert not take("two")


@pytest.mark.usefixtures("app")
def test_it_moves_when_the_holder_did_not_renew_it() -> None:
    assert take("one", seconds=0)
    assert take("two", seconds=60, milliseconds=1)
    assert row().holder == "two"
    assert not take("one", milliseconds=2)


@pytest.mark.usefixtures("app")
def test_given_up_it_is_free_at_once_and_only_the_holder_gives_it_up() -> None:
    assert take("one")
    give_up("two")
    assert not take("two")
    give_up("one")
    assert take("two")


@pytest.mark.usefixtures("app")
def test_of_two_who_ask_at_the_same_moment_one_gets_it() -> None:
    hands = Hands()
    done: list[bool] = []
    for _ in range(50):
        assert hands.act(lambda: done.append(take("one")), lambda: done.append(take("two"))) == [OK, OK]
        assert sorted(done[-2:]) == [False, True]
        give_up(row().holder)
    hands.rest()


@pytest.mark.parametrize("database", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
@pytest.mark.usefixtures("app")
def test_the_clock_of_a_host_counts_for_nothing_beside_that_of_postgresql() -> None:
    assert take("one", days=-300)
    assert not take("two", days=300), "a host whose clock is fast does not take it away"
    assert abs(row().until - row().since - timedelta(seconds=60)) < timedelta(seconds=1)


def gauge() -> dict[tuple[str, ...], float]:
    """How many chats the metrics page shows."""
    return {tuple(sample.labels.values()): sample.value for sample in metrics.CHATS.collect()[0].samples}


def test_whoever_lost_the_lease_dispatches_nothing_and_shows_no_old_figures(house: object, time: StoppedClock) -> None:
    visit = a_chat()
    assert time.sweeps()
    assert gauge()["youth", "waiting"] == 1
    with db.transaction() as session:
        store.give_up_lease(session, sweep.LEASE, sweep._holder)
        assert store.take_lease(session, sweep.LEASE, "another", time.now(), 60)
    a_counsellor()
    assert not time.sweeps()
    assert gauge() == {}
    assert visit.state == "waiting"
    with db.transaction() as session:
        store.give_up_lease(session, sweep.LEASE, "another")
    assert time.sweeps()
    assert visit.state == "offered"


def test_a_process_that_stops_gives_the_lease_up_and_takes_it_no_more(house: object, time: StoppedClock) -> None:
    assert time.sweeps()
    sweep.stop()
    assert not time.sweeps()
    with db.transaction() as session:
        assert store.take_lease(session, sweep.LEASE, "another", time.now(), 60)


def test_the_grace_begins_anew_with_each_holder(house: object, time: StoppedClock) -> None:
    visit = a_chat()
    assert time.sweeps()
    with db.transaction() as session:
        store.give_up_lease(session, sweep.LEASE, sweep._holder)
        assert store.take_lease(session, sweep.LEASE, "another", time.now(), 3600)
    time.turn(minutes=30)
    assert not time.sweeps()
    with db.transaction() as session:
        store.give_up_lease(session, sweep.LEASE, "another")
    assert time.sweeps()
    assert visit.state == "waiting", "nobody could be heard by a process that did not look"
    time.turn(seconds=61)
    assert time.sweeps()
    assert visit.state == "ended"


@pytest.mark.usefixtures("app")
def test_processes_without_hints_learn_of_each_other() -> None:
    now = clock.now()
    with db.transaction() as session:
        assert store.take_lease(session, "process one", "one", now, 60)
        assert not store.others_live(session, "process one", now)
        assert store.take_lease(session, "process two", "two", now, 60)
        assert store.others_live(session, "process one", now)
        store.give_up_lease(session, "process two", "two")
        assert not store.others_live(session, "process one", now)


@pytest.mark.usefixtures("app")
def test_a_process_that_has_gone_is_not_waited_for_and_forgotten_in_the_end() -> None:
    now = clock.now()
    with db.transaction() as session:
        store.take_lease(session, "process gone", "gone", now, -1)
        assert not store.others_live(session, "process one", now)
        assert session.get(Lease, "process gone") is not None
        store.others_live(session, "process one", now + timedelta(days=2))
        session.expire_all()
        assert session.get(Lease, "process gone") is None
