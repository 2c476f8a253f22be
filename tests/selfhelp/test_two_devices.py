"""Closing, erasing, expiring, and several hands on one course at the same moment. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from random import Random

import pytest

from helpline import clock, config, install, retention
from helpline.db import transaction
from helpline.lines.models import Line
from helpline.privacy import codes, sessions
from helpline.selfhelp import progress, service, store
from helpline.selfhelp.models import SavedCourse
from tests.builders import StoppedClock
from tests.builders.hands import OK, Hands
from tests.selfhelp.visits import Browser, address_of, counted, saved, texts_of

ROUNDS = 25


@pytest.fixture
def other(line: Line) -> Browser:
    """A second device."""
    return Browser(line)


@pytest.fixture
def hands() -> Iterator[Hands]:
    two = Hands()
    yield two
    two.rest()


# Closing and erasing


def test_closing_takes_the_key_from_this_browser_and_nothing_else(browser: Browser, other: Browser, line: Line) -> None:
    browser.writes("x")
    code = browser.takes_a_code()
    other.enters(code)
    service.close(browser.cookie, line)
    assert (browser.answers, browser.visit.has_code, browser.visit.rest_gone) == ({}, False, False)
    assert list(other.answers.values()) == ["x"]
    visit = browser.enters(code)
    assert visit is not None
    assert list(visit.record.answers.values()) == ["x"]


def test_closing_without_a_code_forgets_what_was_written(browser: Browser, line: Line) -> None:
    browser.writes("x")
    service.make_code(browser.cookie, line)
    service.close(browser.cookie, line)
    assert browser.content == {"line": line.slug}
    service.close(Browser(line).cookie, line)


def test_a_form_from_before_the_closing_is_kept_in_the_session(browser: Browser, line: Line) -> None:
    browser.writes("x")
    code = browser.takes_a_code()
    service.close(browser.cookie, line)
    visit = browser.writes("x and more", saw="x")
    assert (visit.has_code, visit.rest_gone, list(visit.record.answers.values())) == (False, True, ["x and more"])
    back = browser.enters(code)
    assert back is not None
    assert (back.record.answers, back.rest_gone) == ({address_of(line): "x"}, False)
    assert back.record.beside == {address_of(line): ("x and more",)}


def test_erasing_leaves_neither_row_nor_answers_and_the_code_opens_nothing(
    browser: Browser, other: Browser, line: Line
) -> None:
    browser.writes("x")
    code = browser.takes_a_code()
    assert service.erase(browser.cookie, line)
    assert (saved(), browser.answers, browser.content) == ([], {}, {"line": line.slug})
    assert other.enters(code) is None
    assert not service.erase(browser.cookie, line), "there is nothing any more"


def test_erasing_without_a_code_forgets_what_was_written(browser: Browser, line: Line) -> None:
    browser.writes("x")
    assert service.erase(browser.cookie, line)
    assert browser.content == {"line": line.slug}


def test_nothing_is_said_to_be_erased_once_the_session_is_over(
    browser: Browser, line: Line, time: StoppedClock
) -> None:
    browser.takes_a_code()
    time.turn(hours=3)
    assert not service.erase(browser.cookie, line)
    assert (len(saved()), browser.content) == (1, None)


def test_the_other_device_goes_on_empty_when_all_was_erased_and_is_told_once(
    browser: Browser, other: Browser, line: Line
) -> None:
    browser.writes("x")
    other.enters(browser.takes_a_code())
    service.erase(browser.cookie, line)
    visit = other.visit
    assert (visit.record.is_empty, visit.has_code, visit.rest_gone) == (True, False, True)
    service.said_rest_gone(other.cookie, line)
    assert not other.visit.rest_gone
    assert store.LOOKUP not in (other.content or {}).get(store.KIND, {})


def test_what_the_other_device_writes_after_the_erasing_stays_in_its_session(
    browser: Browser, other: Browser, line: Line
) -> None:
    browser.writes("x")
    browser.writes("y", 1)
    other.enters(browser.takes_a_code())
    service.erase(browser.cookie, line)
    visit = other.writes("x2", saw="x")
    assert (visit.record.answers, visit.has_code, visit.rest_gone) == ({address_of(line): "x2"}, False, True)
    assert saved() == []
    assert service.finish(other.cookie, line, "goals").rest_gone, "nobody has said so yet"
    code = other.takes_a_code()
    assert other.visit.rest_gone
    assert browser.enters(code) is not None


def test_a_new_code_can_be_taken_when_all_was_erased_elsewhere(browser: Browser, other: Browser, line: Line) -> None:
    first = browser.takes_a_code()
    other.enters(first)
    service.erase(browser.cookie, line)
    second = other.takes_a_code()
    assert second != first
    assert (browser.enters(first), len(saved())) == (None, 1)


# Expiring


def test_twelve_months_begin_again_with_each_visit_and_are_written_once_a_day(
    browser: Browser, line: Line, time: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = browser.takes_a_code()
    written: list[date] = []
    keep = store.keep_longer
    monkeypatch.setattr(store, "keep_longer", lambda *given: (written.append(given[2].date()), keep(*given)))
    for _ in range(3):
        assert browser.visit.kept_until == date(2027, 3, 2)
    assert written == []
    time.turn(days=100)
    browser.enters(code)
    time.turn(hours=1, minutes=30)
    assert [row.expires_on for row in saved()] == [date(2027, 6, 10)]
    time.turn(days=1, hours=-1)
    sessions.save(browser.cookie, {"line": line.slug} | _key_of(code, line), clock.now())
    for _ in range(3):
        assert browser.visit.kept_until == date(2027, 6, 11)
    assert written == [date(2026, 6, 11)]
    assert [row.expires_on for row in saved()] == [date(2027, 6, 11)]


def _key_of(code: str, line: Line) -> dict[str, object]:
    """What a session holds that has this key."""
    return {store.KIND: codes.as_part(codes.place_of(code, store.KIND, line.slug))}


def test_a_year_later_the_code_opens_it_on_the_last_day_and_not_on_the_next(
    browser: Browser, other: Browser, line: Line, time: StoppedClock
) -> None:
    browser.writes("x")
    code = browser.takes_a_code()
    time.turn(days=365)
    assert retention.purge(time.moment)["courses"] == 0
    assert other.enters(code) is not None
    time.turn(days=367)
    assert other.enters(code) is None, "past its time, whether purged or not"
    assert retention.purge(time.moment)["courses"] == 1
    assert saved() == []


def test_who_is_at_it_when_its_time_is_over_keeps_the_text_that_was_sent(
    browser: Browser, line: Line, time: StoppedClock
) -> None:
    browser.writes("x")
    code = browser.takes_a_code()
    time.turn(days=366)
    sessions.save(browser.cookie, {"line": line.slug} | _key_of(code, line), clock.now())
    visit = browser.writes("x2", saw="x")
    assert (visit.rest_gone, visit.has_code, list(visit.record.answers.values())) == (True, False, ["x2"])


def test_twelve_months_after_a_leap_day_is_the_first_of_march() -> None:
    leap = clock.now().replace(year=2028, month=2, day=29)
    assert store.kept_until(leap) == date(2029, 3, 1)
    assert store.kept_until(leap - timedelta(days=1)) == date(2029, 2, 28)


# At the same moment


def test_two_devices_that_write_at_once_lose_nothing(browser: Browser, line: Line, hands: Hands) -> None:
    code, other = browser.takes_a_code(), Browser(line)
    other.enters(code)
    address = address_of(line)
    for number in range(ROUNDS):
        stands = browser.answers.get(address)
        writes = partial(browser.writes, f"a{number}", saw=stands), partial(other.writes, f"b{number}", saw=stands)
        aside = partial(other.writes, f"c{number}", 1, saw=browser.answers.get(address_of(line, 1)))
        assert hands.act(*writes) == [OK, OK]
        assert hands.act(aside, lambda: browser.visit) == [OK, OK]
        record = browser.visit.record
        assert {record.answers[address], *record.beside[address]} == {f"a{number}", f"b{number}"}
        assert record.answers[address_of(line, 1)] == f"c{number}"
        for text in record.beside[address]:
            service.throw_away(browser.cookie, line, address, progress.mark(text))


def test_one_browser_that_sends_two_forms_at_once_keeps_both(line: Line, hands: Hands) -> None:
    """Also the very first ones, where there is no session yet."""
    for _ in range(ROUNDS):
        browser = Browser(line)
        deeds = partial(browser.writes, "x"), partial(browser.writes, "y", 1)
        assert hands.act(*deeds) == [OK, OK]
        assert sorted(map(str, browser.answers.values())) == ["x", "y"]
        assert hands.act(partial(browser.writes, "z", saw="x"), browser.takes_a_code) == [OK, OK]
        assert sorted(map(str, browser.answers.values())) == ["y", "z"]
        service.close(browser.cookie, line)
        assert browser.answers == {}


def test_what_is_erased_stays_erased_whoever_writes_at_that_moment(line: Line, hands: Hands) -> None:
    for _ in range(ROUNDS):
        browser, other = Browser(line), Browser(line)
        browser.writes("x")
        code = browser.takes_a_code()
        other.enters(code)
        erase = partial(service.erase, browser.cookie, line)
        assert hands.act(erase, partial(other.writes, "y", saw="x")) == [OK, OK]
        assert (saved(), browser.answers) == ([], {})
        # The other was first, and its text was erased with the rest, or it has its text in its own session.
        visit = other.visit
        assert (visit.rest_gone, visit.has_code) == (True, False)
        assert list(visit.record.answers.values()) in ([], ["y"])


def test_a_code_that_is_entered_as_all_is_erased_opens_all_or_nothing(line: Line, hands: Hands) -> None:
    for _ in range(ROUNDS):
        browser, other = Browser(line), Browser(line)
        browser.writes("x")
        code = browser.takes_a_code()
        other.writes("mine", 1)
        assert hands.act(partial(service.erase, browser.cookie, line), partial(other.enters, code)) == [OK, OK]
        assert saved() == []
        assert list(other.answers.values()) in (["mine"], [])


def test_a_code_that_is_confirmed_twice_at_once_is_good_both_times(line: Line, hands: Hands) -> None:
    for _ in range(ROUNDS):
        browser = Browser(line)
        browser.writes("x")
        code, said = str(service.make_code(browser.cookie, line)), []
        confirm = lambda: said.append(service.confirm_code(browser.cookie, line, code))  # noqa: E731, B023 - run at once
        assert hands.act(confirm, confirm) == [OK, OK]
        assert said == [True, True]
        assert list(browser.answers.values()) == ["x"]
        service.erase(browser.cookie, line)
    assert saved() == []


def test_visits_that_keep_it_longer_and_the_purge_do_not_meet(
    browser: Browser, line: Line, hands: Hands, time: StoppedClock
) -> None:
    code = browser.takes_a_code()
    for _ in range(ROUNDS):
        time.turn(days=365)
        browser = Browser(line)
        assert hands.act(partial(browser.enters, code), partial(service.purge, time.moment)) == [OK, OK]
        assert [row.expires_on for row in saved()] == [store.kept_until(time.moment)]


def test_forms_from_many_pages_of_three_devices_lose_nothing(line: Line) -> None:
    """Whatever comes in between: closing, coming back, a new session. All texts differ, so that each can be found."""
    chance = Random(5)
    devices = [Browser(line) for _ in range(3)]
    code = devices[0].takes_a_code()
    sent: set[str] = set()
    shown: dict[int, tuple[int, object]] = {}
    for number in range(150):
        which = chance.randrange(3)
        device, field = devices[which], chance.randrange(3)
        deed = chance.choice(["show", "write", "write", "write", "enter", "close"])
        if deed == "show":
            shown[which] = field, device.answers.get(address_of(line, field))
        elif deed == "write":
            field, saw = shown.pop(which, (field, None))
            text = f"text {number}"
            before = device.visit.record.answers.get(address_of(line, field))
            device.writes(text, field, saw=saw)  # type: ignore[arg-type]  # a text or nothing
            if before == saw:
                sent.discard(str(before))
            sent.add(text)
        elif deed == "close" and device.visit.has_code:
            service.close(device.cookie, line)
        elif deed == "enter":
            assert device.enters(code) is not None
    for device in devices:
        device.enters(code)
    record = devices[0].visit.record
    assert len(saved()) == 1
    found = {*record.answers.values(), *(text for texts in record.beside.values() for text in texts)}
    assert sent <= found


# Figures


def test_a_visit_counts_once_a_session_to_the_course_and_to_each_module(browser: Browser, line: Line) -> None:
    for module in ("goals", "", "goals", "urges"):
        service.seen(browser.cookie, line, module)
    service.finish(browser.cookie, line, "goals")
    service.finish(browser.cookie, line, "goals")
    expected = {("", "visit", False): 1, ("goals", "visit", False): 1, ("urges", "visit", False): 1}
    assert counted() == expected | {("goals", "done", False): 1}
    browser.writes("x")
    browser.takes_a_code()
    service.erase(browser.cookie, line)
    service.seen(browser.cookie, line, "goals")
    assert counted()[("goals", "visit", False)] == 1


def test_who_came_back_with_a_code_counts_as_one_who_was_here_before(
    browser: Browser, other: Browser, line: Line, time: StoppedClock
) -> None:
    code = browser.takes_a_code()
    service.seen(browser.cookie, line)
    service.seen(other.cookie, line)
    time.turn(hours=1)
    other.enters(code)
    other.enters(code)
    service.seen(other.cookie, line, "goals")
    service.finish(other.cookie, line, "goals")
    again = {("", "visit", True): 1, ("goals", "visit", True): 1, ("goals", "done", True): 1}
    assert counted() == {("", "visit", False): 1} | again


def test_one_press_too_many_counts_once(line: Line, hands: Hands) -> None:
    for number in range(ROUNDS):
        browser = Browser(line)
        seen = partial(service.seen, browser.cookie, line, "goals")
        assert hands.act(seen, seen) == [OK, OK]
        assert counted()[("goals", "visit", False)] == number + 1


def test_a_row_says_nothing_of_the_line_and_has_no_order(browser: Browser, line: Line) -> None:
    browser.writes("x")
    browser.takes_a_code()
    assert {column.name for column in SavedCourse.__table__.columns} == {"lookup", "sealed", "expires_on"}
    with transaction() as session:
        if session.get_bind().dialect.name == "sqlite":
            (made,) = (
                session.connection().exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'saved_courses'").one()
            )
            assert "WITHOUT ROWID" in made
    assert len(texts_of(line)) > 3


def test_without_the_file_that_all_codes_need_nothing_starts(
    browser: Browser, line: Line, settings: config.Settings
) -> None:
    salt = settings.instance_dir / "secrets" / "codes.key"
    kept = salt.read_bytes()
    salt.unlink()
    install.prepare(settings)
    assert salt.read_bytes() != kept, "nobody has a code yet"
    code = browser.takes_a_code()
    kept = salt.read_bytes()
    salt.unlink()
    with pytest.raises(install.NotReady, match="is missing"):
        install.prepare(settings)
    assert not salt.exists()
    salt.write_bytes(kept)
    install.prepare(settings)
    assert browser.enters(code) is not None
