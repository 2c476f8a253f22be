"""The letters of the demo: every state there is to see, and nothing in them that would be refused."""

from __future__ import annotations

from typing import Any

import pytest

from helpline import config, demo_letters
from helpline.demo import PEOPLE
from helpline.letters import service
from helpline.letters.service import State
from helpline.lines.unlisted import found_in
from helpline.staff import duties
from helpline.staff.service import Member
from tests.builders import StoppedClock, a_counsellor
from tests.letters.writers import Writer
from tests.postgres import sqlite_only

pytestmark = [pytest.mark.usefixtures("line"), sqlite_only]


def test_every_state_can_be_seen_and_some_codes_open_a_letter(time: StoppedClock, settings: config.Settings) -> None:
    staff: dict[str, Member] = {}
    for login, _, roles, lines, languages in PEOPLE:
        if duties.ON_DUTY_ROLES & set(roles):
            held: dict[str, Any] = {
                "line": lines[0],
                "lines": lines,
                "languages": languages,
                "roles": roles,
                "on_duty": False,
            }
            staff[login] = a_counsellor(login, **held)
    demo_letters.make(time.moment)
    found = service.inbox(staff["sanne"], tuple(State))
    assert {item.state for item in found} == set(State) - {State.ERASED, State.EXPIRED}
    assert {(item.line, item.overdue) for item in found} == {
        ("youth", True), ("youth", False), ("prevention", True), ("prevention", False),
    }  # fmt: skip
    assert {item.holder for item in found} == {"", "mila", "noor", "jan"}
    for item in found:
        opened = service.open_letter(staff["sanne"], item.id)
        assert [text.seq for text in opened.texts] == list(range(1, opened.seen + 1))
        assert found_in(opened.draft.body) == []
    figure = service.figure(Writer("youth").line, time.moment)
    assert figure.median_hours == 26
    kept = (settings.instance_dir / demo_letters.NOTE).read_text().splitlines()
    for line, _, state, code in map(str.split, kept):
        visitor = Writer(line)
        assert visitor.enters(code)
        assert visitor.thread.state == state
