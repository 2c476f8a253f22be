"""A course that has nothing to do with a helpline, whole or broken in one place."""

from __future__ import annotations

from pathlib import Path

from helpline.content.findings import Found
from helpline.selfhelp import check
from tests.content.copies import Copy

ALLOTMENT = Path(__file__).with_name("allotment")
LINE = "allotment"


class Bed(Copy):
    """A copy of the course's files in which something can be broken."""

    def __init__(self, folder: Path) -> None:
        super().__init__(ALLOTMENT, folder / "courses", folder / "instance")

    def found(self) -> Found:
        return check.of_everything(self.instance, self.root)
