"""The helpline inside the test's process, its clock stopped, and codes that are quick to check."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from flask import Flask

from helpline import clock
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, guessing
from helpline.staff import passwords
from tests.builders import StoppedClock


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """The clock, standing still."""
    stopped = StoppedClock()
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@pytest.fixture
def line(time: StoppedClock, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The line for youngsters; nobody has guessed codes there yet."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(lambda seconds: None))
    return lines.get_line("youth")
