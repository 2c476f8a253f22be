"""A line of trees that has nothing to do with a helpline, whole or broken in one place."""

from __future__ import annotations

from pathlib import Path

from helpline.advice import check
from helpline.content.findings import Found
from tests.content.copies import Copy

GARDEN = Path(__file__).with_name("garden")
LINE = "allotment"


class Plot(Copy):
    """A copy of the garden's files in which something can be broken."""

    def __init__(self, folder: Path) -> None:
        super().__init__(GARDEN, folder / "trees", folder / "instance", LINE)

    def found(self) -> Found:
        return check.of_everything(self.instance, self.root)
