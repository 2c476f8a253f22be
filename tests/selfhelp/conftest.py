"""The line that has a course, its clock stopped, and codes that are quick to check."""

from __future__ import annotations

import pytest
from flask import Flask

from helpline import clock
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, guessing
from helpline.selfhelp import loader
from tests.builders import StoppedClock
from tests.selfhelp.visits import Browser


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """The clock, standing still."""
    stopped = StoppedClock()
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@pytest.fixture
def line(time: StoppedClock, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The line of the course; nobody has guessed codes there yet."""
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(lambda seconds: None))
    return lines.get_line(loader.lines(loader.COURSES)[0])


@pytest.fixture
def browser(line: Line) -> Browser:
    """A browser that was never here."""
    return Browser(line)
