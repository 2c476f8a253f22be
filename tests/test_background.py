"""The question for a sign of life is spread over time, and still nobody waits long for it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from helpline import background, config
from helpline.background import Background


class Enough(Exception):
    """Two rounds are over."""


@pytest.mark.parametrize("connected", [1, 30, 999, 5000])
def test_a_newcomer_is_asked_before_it_counts_as_silent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, connected: int
) -> None:
    settings = config.Settings(instance_dir=tmp_path, ping_seconds=20.0)
    now, asked_at, clients = 0.0, dict[str, list[float]](), [("/visitor", str(number)) for number in range(connected)]

    def sleep(seconds: float) -> None:
        nonlocal now
        if not now:
            clients.append(("/visitor", "newcomer"))
        now += seconds
        if now > 50:
            raise Enough

    monkeypatch.setattr(background, "time", SimpleNamespace(monotonic=lambda: now, sleep=sleep))
    monkeypatch.setattr(background.push, "clients_here", clients.copy)
    monkeypatch.setattr(background.push, "ping_here", lambda _, sid: asked_at.setdefault(sid, []).append(now))
    monkeypatch.setattr(config, "current", lambda: settings)
    with pytest.raises(Enough):
        Background((None, lambda seconds: None))._ping()
    assert max(times[0] for times in asked_at.values()) <= 31, "one interval and the half of one in which all are asked"
    assert len(asked_at) == connected + 1
