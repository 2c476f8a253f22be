"""Weekly keys: made once, shared by all processes, never made anew by reading, gone when destroyed."""

import multiprocessing
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from helpline.privacy import envelope
from helpline.privacy.keyring import (
    KEY_BYTES,
    KeyDamaged,
    KeyDestroyed,
    Keyring,
    destroy_secret,
    passing_secret,
    secret,
    week_of,
)

WEDNESDAY = datetime(2026, 12, 2, 12, tzinfo=UTC)  # week 49
NEXT_MONDAY = datetime(2026, 12, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "instance" / "keyring"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Making


@pytest.mark.parametrize(
    ("moment", "week"),
    [
        (WEDNESDAY, "2026-W49"),
        (NEXT_MONDAY - SECOND, "2026-W49"),
        (NEXT_MONDAY, "2026-W50"),
        (datetime(2027, 1, 3, tzinfo=UTC), "2026-W53"),
        (datetime(2027, 1, 4, tzinfo=UTC), "2027-W01"),
        (datetime(2025, 12, 29, tzinfo=UTC), "2026-W01"),
    ],
)
def test_a_key_is_called_after_the_week_in_which_things_expire(moment: datetime, week: str) -> None:
    assert week_of(moment) == week


def test_a_week_begins_on_monday_in_utc_wherever_the_line_is() -> None:
    assert week_of(datetime.fromisoformat("2026-12-07T00:30+01:00")) == "2026-W49"


def test_all_that_expires_in_one_week_shares_a_key_and_other_weeks_have_others(folder: Path) -> None:
    keyring = Keyring(folder)
    assert keyring.for_expiry(WEDNESDAY) == keyring.for_expiry(NEXT_MONDAY - SECOND)
    assert keyring.for_expiry(WEDNESDAY)[1] != keyring.for_expiry(NEXT_MONDAY)[1]


def test_a_key_is_the_same_after_a_restart(folder: Path) -> None:
    key_id, key = Keyring(folder).for_expiry(WEDNESDAY)
    assert Keyring(folder).for_expiry(WEDNESDAY) == (key_id, key)
    assert Keyring(folder).key(key_id) == key
    assert len(key) == KEY_BYTES


def test_nobody_but_the_owner_may_read_a_key(folder: Path) -> None:
    Keyring(folder).for_expiry(WEDNESDAY)
    assert mode(folder / "2026-W49.key") == 0o600
    assert mode(folder) == 0o700


def test_making_a_key_leaves_nothing_else_behind(folder: Path) -> None:
    Keyring(folder).for_expiry(WEDNESDAY)
    assert names(folder) == ["2026-W49.key"]


def test_the_keys_of_the_coming_weeks_are_made_ahead(folder: Path) -> None:
    Keyring(folder).prepare(WEDNESDAY, weeks=4)
    assert names(folder) == [f"{week}.key" for week in ("2026-W49", "2026-W50", "2026-W51", "2026-W52", "2026-W53")]


def test_preparing_again_changes_no_key(folder: Path) -> None:
    keyring = Keyring(folder)
    keyring.prepare(WEDNESDAY)
    before = [path.read_bytes() for path in sorted(folder.iterdir())]
    Keyring(folder).prepare(WEDNESDAY)
    assert [path.read_bytes() for path in sorted(folder.iterdir())] == before


# Reading


def test_a_key_that_another_process_made_later_is_found(folder: Path) -> None:
    mine, other = Keyring(folder), Keyring(folder)
    with pytest.raises(KeyDestroyed):
        mine.key("2026-W49")
    key_id, key = other.for_expiry(WEDNESDAY)
    assert mine.key(key_id) == key


def test_reading_never_makes_a_key(folder: Path) -> None:
    with pytest.raises(KeyDestroyed) as refused:
        Keyring(folder).key("2026-W49")
    assert refused.value.key_id == "2026-W49"
    assert not folder.exists()


@pytest.mark.parametrize("key_id", ["", "2026-W4", "../secrets/csrf", "2026-W49.key", "2026-W49/..", "2026-W49\n"])
def test_an_id_that_is_no_week_opens_no_file(folder: Path, key_id: str) -> None:
    with pytest.raises(ValueError, match="not the id of a key"):
        Keyring(folder).key(key_id)


def test_a_damaged_key_file_is_named_and_left_as_it_is(folder: Path) -> None:
    keyring = Keyring(folder)
    keyring.for_expiry(WEDNESDAY)
    (folder / "2026-W49.key").write_bytes(b"short")
    for read in (lambda: keyring.key("2026-W49"), lambda: keyring.for_expiry(WEDNESDAY)):
        with pytest.raises(KeyDamaged, match=r"2026-W49\.key holds 5 bytes"):
            read()
    assert (folder / "2026-W49.key").read_bytes() == b"short"


# Destroying


def test_a_key_lives_until_its_week_is_wholly_past(folder: Path) -> None:
    keyring = Keyring(folder)
    key_id, _ = keyring.for_expiry(WEDNESDAY)
    assert keyring.destroy_expired(NEXT_MONDAY - SECOND) == []
    assert keyring.key(key_id)
    assert keyring.destroy_expired(NEXT_MONDAY) == [key_id]
    assert names(folder) == []


def test_only_past_weeks_are_destroyed_oldest_first(folder: Path) -> None:
    keyring = Keyring(folder)
    for weeks in (5, 0, 4):  # over the new year: W01, W49, W53
        keyring.for_expiry(WEDNESDAY + timedelta(weeks=weeks))
    assert keyring.destroy_expired(datetime(2027, 1, 4, tzinfo=UTC)) == ["2026-W49", "2026-W53"]
    assert names(folder) == ["2027-W01.key"]
    assert keyring.destroy_expired(datetime(2027, 1, 4, tzinfo=UTC)) == []


def test_after_its_week_a_chat_is_unreadable_in_every_process_at_once(folder: Path) -> None:
    mine, other = Keyring(folder), Keyring(folder)
    key_id, week_key = mine.for_expiry(WEDNESDAY)
    wrapped = envelope.wrap(week_key, "c1", envelope.new_key())
    assert envelope.unwrap(other.key(key_id), "c1", wrapped)
    mine.destroy_expired(NEXT_MONDAY)
    for keyring in (mine, other, Keyring(folder)):
        with pytest.raises(KeyDestroyed):
            keyring.key(key_id)


def test_a_week_made_anew_after_its_end_does_not_bring_back_what_it_had_sealed(folder: Path) -> None:
    keyring = Keyring(folder)
    _, week_key = keyring.for_expiry(WEDNESDAY)
    wrapped = envelope.wrap(week_key, "c1", envelope.new_key())
    keyring.destroy_expired(NEXT_MONDAY)
    _, another = keyring.for_expiry(WEDNESDAY)
    with pytest.raises(envelope.Tampered):
        envelope.unwrap(another, "c1", wrapped)


def test_a_key_is_overwritten_before_its_file_goes(folder: Path, tmp_path: Path) -> None:
    keyring = Keyring(folder)
    _, key = keyring.for_expiry(WEDNESDAY)
    (tmp_path / "same disk blocks").hardlink_to(folder / "2026-W49.key")
    keyring.destroy_expired(NEXT_MONDAY)
    left = (tmp_path / "same disk blocks").read_bytes()
    assert len(left) == KEY_BYTES
    assert left != key


def test_what_a_power_cut_left_half_made_goes_with_its_week_and_other_files_stay(folder: Path) -> None:
    keyring = Keyring(folder)
    keyring.for_expiry(WEDNESDAY)
    for name in ("2026-W49.0123456789abcdef", "2026-W50.0123456789abcdef", "README"):
        (folder / name).write_bytes(b"")
    assert keyring.destroy_expired(NEXT_MONDAY) == ["2026-W49"]
    assert names(folder) == ["2026-W50.0123456789abcdef", "README"]


def test_an_installation_without_keys_has_nothing_to_destroy(folder: Path) -> None:
    assert Keyring(folder).destroy_expired(WEDNESDAY) == []


# Several processes


def _race(make: Callable[[], object], start: Barrier, answers: "multiprocessing.SimpleQueue[object]") -> None:
    start.wait()
    answers.put(make())


@pytest.mark.parametrize("round_", range(3))
@pytest.mark.parametrize("what", ["week", "secret"])
def test_processes_that_make_the_same_key_at_once_all_get_the_one_on_disk(folder: Path, what: str, round_: int) -> None:
    make: Callable[[], object] = (
        partial(Keyring(folder).for_expiry, WEDNESDAY) if what == "week" else partial(secret, folder, "csrf")
    )
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(4), context.SimpleQueue()
    racers = [context.Process(target=_race, args=(make, start, answers)) for _ in range(4)]
    for racer in racers:
        racer.start()
    got = [answers.get() for _ in racers]
    for racer in racers:
        racer.join()
        assert racer.exitcode == 0
    assert got == [make()] * 4
    [file] = [path for path in folder.rglob("*") if path.is_file()]
    assert file.suffix == ".key"


# Secrets of the installation


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    made = secret(tmp_path, "csrf")
    assert secret(tmp_path, "csrf") == made
    assert len(made) == KEY_BYTES
    assert mode(tmp_path / "secrets" / "csrf.key") == 0o600
    assert mode(tmp_path / "secrets") == 0o700


def test_every_secret_is_another(tmp_path: Path) -> None:
    assert secret(tmp_path, "csrf") != secret(tmp_path, "totp")


def test_a_damaged_secret_is_never_replaced(tmp_path: Path) -> None:
    secret(tmp_path, "totp")
    (tmp_path / "secrets" / "totp.key").write_bytes(b"")
    with pytest.raises(KeyDamaged, match=r"totp\.key"):
        secret(tmp_path, "totp")


def test_a_passing_secret_is_the_same_until_it_is_destroyed_and_never_made_anew(tmp_path: Path) -> None:
    made = passing_secret(tmp_path, "persons-2020")
    assert made is not None
    assert (len(made), passing_secret(tmp_path, "persons-2020")) == (KEY_BYTES, made)
    assert mode(tmp_path / "secrets" / "persons-2020.key") == 0o600
    for _ in range(2):
        destroy_secret(tmp_path, "persons-2020")
        assert passing_secret(tmp_path, "persons-2020") is None
    assert passing_secret(tmp_path, "persons-2021") not in (None, made)


def test_a_secret_that_nobody_asked_for_can_be_destroyed_before_it_is_made(tmp_path: Path) -> None:
    destroy_secret(tmp_path, "persons-2020")
    assert passing_secret(tmp_path, "persons-2020") is None
