"""What a look at the content finds, each told as `file:line: what is wrong`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from helpline.content.files import Document, Place
from helpline.content.lists import word_list
from helpline.content.wording import Remark, remarks


@dataclass
class Found:
    """Errors keep the server from starting; warnings are what an administrator should still do."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, problems: Iterable[str], *, strict: bool = True) -> None:
        """Put `problems` among the errors, or among the warnings."""
        (self.errors if strict else self.warnings).extend(problems)


def texts_of(said: object, where: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every text in what a file says, with its place."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from texts_of(value, (*where, key))
    elif isinstance(said, list):
        for number, value in enumerate(said):
            yield from texts_of(value, (*where, number))
    elif isinstance(said, str):
        yield where, said


def wording_of(document: Document, said: str, lang: str, where: Place) -> Iterator[str]:
    """Remarks on the sentences of the text that stands at `where`."""
    yield from told_of(document, where, remarks(said, word_list(lang)))


def told_of(document: Document, where: Place, found: Iterable[Remark]) -> Iterator[str]:
    """Remarks on the text that stands at `where`, with file and line in front."""
    for remark in found:
        yield f"{document.path}:{document.text_line(where, remark.start)}: {remark.text}"
