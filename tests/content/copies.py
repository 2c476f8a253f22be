"""A copy of content files in which something can be broken, and what the check says of it."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from pathlib import Path

from helpline.content.findings import Found


class Copy(ABC):
    """The files of `source` in a folder of a test; files are named from `home`, a folder within them."""

    def __init__(self, source: Path, root: Path, instance: Path, home: str = "") -> None:
        self.root, self.instance, self._home = root, instance, root / home
        shutil.copytree(source, root)

    def file(self, name: str) -> Path:
        return self._home / name

    def change(self, name: str, old: str, new: str) -> None:
        """Put `new` in the place of `old`, which stands in the file once."""
        path = self.file(name)
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old, text.count(old))
        path.write_text(text.replace(old, new), encoding="utf-8")

    @abstractmethod
    def found(self) -> Found:
        """What the check finds in all of it."""

    def problems(self) -> list[tuple[str, str, str]]:
        """Each error as the file's name, what stands on the line it names, and what is said."""
        told = []
        for error in self.found().errors:
            name, number, problem = error.split(":", 2)
            path = Path(name)
            written = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
            line = written[int(number) - 1].strip() if written else ""
            told.append((path.relative_to(self._home).as_posix(), line, problem.strip()))
        return told
