"""The helpline inside the test's process: open, its clock stopped, its dispatcher at work when told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpline import clock
from helpline.chat import push
from helpline.staff import service as staff
from tests.builders import StoppedClock


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """The clock, standing still."""
    stopped = StoppedClock()
    monkeypatch.setattr(clock, "now", stopped.now)
    return stopped


@pytest.fixture
def house(time: StoppedClock, app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The application, its dispatcher long past the grace after its start."""
    monkeypatch.setattr(staff, "_typed", {})
    time.turn(minutes=-5)
    time.sweeps()
    time.turn(minutes=5)
    return app


class Ears:
    """Everything that was pushed, in order, as (event, data, namespace, room)."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any, str, str]] = []

    def of_staff(self, account: str, event: str | None = None) -> list[tuple[str, Any]]:
        """What the tabs of this member got."""
        return self._in(push.staff_room(account), push.CONSOLE, event)

    def of_visitor(self, chat: str, event: str | None = None) -> list[tuple[str, Any]]:
        """What the visitor of this chat got."""
        return self._in(push.chat_room(chat), push.VISITOR, event)

    def of_chat(self, chat: str, event: str | None = None) -> list[tuple[str, Any]]:
        """What the staff who have this chat open got."""
        return self._in(push.chat_room(chat), push.CONSOLE, event)

    def _in(self, room: str, namespace: str, event: str | None) -> list[tuple[str, Any]]:
        return [
            (name, data)
            for name, data, where, to in self.heard
            if (where, to) == (namespace, room) and event in (None, name)
        ]


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> Ears:
    """Hears every push on its way out."""
    listening = Ears()

    def heard_before(speak: Callable[[str, Any, str, str], None]) -> Callable[[str, Any, str, str], None]:
        def hear(event: str, data: Any, namespace: str, room: str) -> None:
            listening.heard.append((event, data, namespace, room))
            speak(event, data, namespace, room)

        return hear

    # Texts go out through the second, all else through the first.
    for way in ("emit", "_emit_here"):
        monkeypatch.setattr(push, way, heard_before(getattr(push, way)))
    return listening
