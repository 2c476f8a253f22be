"""What visitors said when asked two things after their chat: numbers of a line's month, and nothing beside them.

No day, no hour, no language and no counsellor: a chat that was the only one of its day would tell all of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import func, select

from helpline.contacts.counters import add_to
from helpline.contacts.models import AfterCount
from helpline.db import reading
from helpline.lines import service as lines
from helpline.lines.models import Line

# Each question with what can be answered.
AFTER = {"better": ("yes", "partly", "no"), "again": ("yes", "maybe", "no")}


def count_after(line: Line, given: Mapping[str, str], *, at: datetime) -> None:
    """Add one answer to each question that was answered; `given` holds answers of AFTER."""
    for question, answer in given.items():
        if answer not in AFTER[question]:
            raise ValueError(f"{answer!r} is no answer to {question!r}")
    month = f"{lines.local(line, at):%Y-%m}"
    for question, answer in sorted(given.items()):
        add_to(AfterCount, 1, line=line.slug, month=month, question=question, answer=answer)


def after_counts(line: str, first: date, last: date) -> dict[str, dict[str, int]]:
    """What was answered in the months from one day to another, by question and answer, both days' months included."""
    columns = AfterCount.__table__.c
    by = (columns.question, columns.answer)
    wanted = select(*by, func.sum(columns.count)).where(columns.line == line)
    wanted = wanted.where(columns.month.between(f"{first:%Y-%m}", f"{last:%Y-%m}")).group_by(*by)
    counted = {question: dict.fromkeys(answers, 0) for question, answers in AFTER.items()}
    with reading() as session:
        for question, answer, number in session.execute(wanted):
            counted[question][answer] = int(number)
    return counted
