"""The helpline inside the test's process, its clock stopped, and codes that are quick to check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from helpline import clock
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, guessing
from helpline.staff.service import Member
from tests.builders import StoppedClock, a_counsellor
from tests.builders.hands import Hands


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """The clock, standing still."""
    stopped = StoppedClock()
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@pytest.fixture
def line(time: StoppedClock, app: Any, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The line for youngsters; nobody has guessed codes there yet."""
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(lambda seconds: None))
    return lines.get_line("youth")


@pytest.fixture
def anna(line: Line) -> Member:
    """A counsellor of the line."""
    return a_counsellor("anna")


@pytest.fixture
def hands() -> Iterator[Hands]:
    """Two hands."""
    two = Hands()
    yield two
    two.rest()
