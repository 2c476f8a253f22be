"""Members remembered for half a minute, and never beyond the end of their rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpline.staff.members import Member
from helpline.staff.memory import KEPT, Memory

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
ANNA = Member("anna", "anna", "Anna", frozenset({"counsellor"}), frozenset({"youth"}), frozenset({"nl"}), 3)


@pytest.fixture
def memory() -> Memory:
    memory = Memory()
    memory.switch_on()
    return memory


def test_who_was_looked_up_is_remembered_for_a_while(memory: Memory) -> None:
    assert memory.ask("key", NOW, lambda *_: ANNA) is ANNA
    assert memory.get("key", NOW + KEPT - timedelta(seconds=1)) is ANNA
    assert memory.get("key", NOW + KEPT) is None


def test_who_is_nobody_any_more_is_forgotten(memory: Memory) -> None:
    memory.ask("key", NOW, lambda *_: ANNA)
    assert memory.ask("key", NOW, lambda *_: None) is None
    assert memory.get("key", NOW) is None


def test_a_process_that_does_not_hear_of_revocations_remembers_nobody() -> None:
    memory = Memory()
    memory.ask("key", NOW, lambda *_: ANNA)
    assert memory.get("key", NOW) is None


def test_a_look_up_that_began_before_rights_ended_is_not_remembered(memory: Memory) -> None:
    def look_up(*_: object) -> Member:
        memory.forget()
        return ANNA

    memory.ask("key", NOW, look_up)
    assert memory.get("key", NOW) is None
