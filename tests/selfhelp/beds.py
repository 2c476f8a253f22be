"""A course that has nothing to do with a helpline, whole or broken in one place."""

from __future__ import annotations

import shutil
from pathlib import Path

from helpline.content.findings import Found
from helpline.selfhelp import check

ALLOTMENT = Path(__file__).with_name("allotment")
LINE = "allotment"


class Bed:
    """A copy of the course's files in which something can be broken."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "courses"
        self.instance = folder / "instance"
        shutil.copytree(ALLOTMENT, self.root)

    def file(self, name: str) -> Path:
        return self.root / name

    def change(self, name: str, old: str, new: str) -> None:
        """Put `new` in the place of `old`, which stands in the file once."""
        path = self.file(name)
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old, text.count(old))
        path.write_text(text.replace(old, new), encoding="utf-8")

    def found(self) -> Found:
        return check.of_everything(self.instance, self.root)

    def problems(self) -> list[tuple[str, str, str]]:
        """Each error as the file's name within the course, what stands on the line it names, and what is said."""
        told = []
        for error in self.found().errors:
            name, number, problem = error.split(":", 2)
            path = Path(name)
            written = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
            line = written[int(number) - 1].strip() if written else ""
            told.append((path.relative_to(self.root).as_posix(), line, problem.strip()))
        return told
