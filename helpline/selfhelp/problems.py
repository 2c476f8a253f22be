"""What is wrong with the files of a course before they are put together, each with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from helpline.selfhelp.shapes import CourseFiles

# Each of these stands alone on its line: an exercise, what was written earlier, a card.
MARKER = re.compile(
    r"^\[\[(?:exercise (?P<exercise>[a-z0-9-]+)|answers (?P<answers>[a-z0-9.-]+)"
    r"|(?P<card>[a-z0-9_]+)(?P<optional>\?)?)\]\][ \t]*$",
    re.MULTILINE,
)
# Within a sentence: a link to another module.
LINK = re.compile(r"\[\[module ([a-z0-9-]+)\]\]")


def of_folders(files: CourseFiles, there: Iterable[Path]) -> Iterator[str]:
    """Modules without a folder, and folders without a module."""
    wanted = {files.folder_of(slug).name: slug for slug in files.modules}
    for name in sorted({path.name for path in there} - set(wanted)):
        yield files.document.at(("modules",), f"folder {name!r} belongs to no module")


def of_files(files: CourseFiles) -> list[str]:
    """All problems of shape, words and texts."""
    return []
