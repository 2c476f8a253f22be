"""Logs of contacts, as another system exports them."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from helpline.contacts.call_log import COLUMNS

LOGS = Path(__file__).parent.parent / "contacts" / "logs"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ANSWERED = dict.fromkeys(COLUMNS, "") | {
    "occurred_at": "2020-05-04T10:15:00+02:00",
    "line": "prevention",
    "channel": "phone",
    "outcome": "answered",
    "person": "p1",
    "concern": "self",
    "age_band": "26-35",
    "gender": "male",
    "topics": "attraction;viewing",
    "found_via": "internet",
    "duration_minutes": "20",
}
MISSED = dict.fromkeys(COLUMNS, "") | {
    "occurred_at": "2020-05-04T10:15:00+02:00",
    "line": "prevention",
    "channel": "phone",
    "outcome": "missed",
    "missed_reason": "unanswered",
}


def answered(**cells: str) -> dict[str, str]:
    """A row of a contact that was answered."""
    return ANSWERED | cells


def missed(**cells: str) -> dict[str, str]:
    """A row of one that was missed."""
    return MISSED | cells


def a_log(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    """A log with these rows."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def a_large_log(rows: int, seed: int = 1) -> str:
    """A log of two years with so many rows, the same at every call."""
    dice = Random(seed)
    first = datetime(2019, 1, 1, tzinfo=AMSTERDAM)

    def row() -> dict[str, str]:
        at = (first + timedelta(minutes=dice.randrange(2 * 365 * 24 * 60))).isoformat()
        if dice.random() < 0.4:
            return missed(occurred_at=at, missed_reason=dice.choice(("closed", "unanswered", "abandoned")))
        return answered(
            occurred_at=at, person=f"p{dice.randrange(rows // 3 + 1)}", gender=dice.choice(("male", "female"))
        )

    return a_log(*(row() for _ in range(rows)))
