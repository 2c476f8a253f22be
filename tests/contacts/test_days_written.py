"""Whoever writes rows of the ledgers says of which days, or figures that were added up before would stay wrong."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest

import helpline
from helpline import clock, demo
from helpline.contacts import service as contacts
from helpline.stats.figures import figures
from tests.builders.logs import a_log, answered

SOURCE = Path(helpline.__file__).parent
LEDGERS = {"Contact", "MissedContact", "ContactTopic"}
# Where a release marks rows as counted, which no figure tells; where rows are only read, and other tables written.
NO_FIGURES = {"contacts/releasing.py", "contacts/tallies.py", "contacts/topic_editing.py"}
WRITES = {"insert", "update", "delete", "add", "add_all"}


def writers() -> dict[str, bool]:
    """The modules that name a ledger and write, and whether they say which days."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        called = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in nodes
            if isinstance(node, ast.Call)
        }
        if names & LEDGERS and called & WRITES:
            found[path.relative_to(SOURCE).as_posix()] = "days_written" in called
    return found


def test_every_module_that_writes_rows_says_of_which_days() -> None:
    found = writers()
    assert {"contacts/service.py", "contacts/importing.py", "contacts/catching.py", "demo.py"} <= found.keys()
    assert {name for name, says in found.items() if not says} == NO_FIGURES


@pytest.mark.usefixtures("house")
def test_figures_that_were_looked_at_before_the_demo_have_its_rows() -> None:
    today = clock.now().date()
    day = today - timedelta(days=60)
    contacts.import_log(a_log(answered(occurred_at=f"{day}T12:00:00+00:00")).encode(), clock.now())

    def told(first: date) -> tuple[int, int]:
        found = figures(contacts.tallies("prevention", first, first + timedelta(days=30), today))
        return found.answered, found.missed

    before = told(day - timedelta(days=15))
    assert before == (1, 0)
    demo.fill(clock.now())
    after = told(day - timedelta(days=15))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("helpline.contacts.tallies._kept", lambda *_: ({}, {}))
        assert after == told(day - timedelta(days=15)) > before
