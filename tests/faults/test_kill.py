"""The server dies at random moments while chats talk, and no acknowledged text is lost, doubled or out of order.

The short form of `python -m tests.faults.kill_rounds`, which takes more kills and chats.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.faults.kill_rounds import KillRounds


@pytest.mark.kill
def test_no_acknowledged_text_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    seed = secrets.randbelow(10**6)
    rounds = KillRounds(tmp_path, chats=8, seed=seed)
    problems = rounds.run(2)
    assert not problems, f"seed {seed}: {problems[:10]}"
    assert rounds.figures.times == 2
    assert rounds.figures.texts > 50, "there was hardly any talk to be lost"
