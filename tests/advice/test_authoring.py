"""docs/authoring-advice.md is true: its example works as it stands, it explains every key and every finding."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from pydantic import BaseModel

from helpline.advice import check, loader, shapes
from helpline.advice.tree import paths

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/authoring-advice.md").read_text(encoding="utf-8")
LINE = "youth"


def examples(kind: str) -> dict[str, str]:
    """The blocks of the document that are a file or a change of one, by the file's name."""
    return dict(re.findall(rf"^```{kind}\n# file: (\S+)\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL))


def same(there: str, line: str) -> bool:
    """Whether a line of a file is the one of the document; its words may have been edited since."""
    return there == line or (not line.lstrip().startswith("- ") and there.split(": ")[0] == line.split(": ")[0])


def changed(text: str, change: str) -> str:
    """The text with each new line put below the one that stands above it in the change."""
    written = text.splitlines()
    after = ""
    for line in change.splitlines():
        if line.startswith("+"):
            (place,) = (number for number, there in enumerate(written) if same(there, after))
            written.insert(place + 1, line[1:])
        else:
            after = line[1:]
    return "\n".join(written) + "\n"


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """The trees of the house with what a newcomer wrote after the document."""
    shutil.copytree(loader.TREES / LINE, tmp_path / LINE)
    written, changes = examples("yaml"), examples("diff")
    assert {Path(name).name for name in written} == {"tree.yaml", "en.yaml", "nl.yaml"}
    assert set(changes) == {"start/tree.yaml", "start/en.yaml", "start/nl.yaml"}
    for name, text in written.items():
        (tmp_path / LINE / name).parent.mkdir(exist_ok=True)
        (tmp_path / LINE / name).write_text(text, encoding="utf-8")
    for name, change in changes.items():
        path = tmp_path / LINE / name
        path.write_text(changed(path.read_text(encoding="utf-8"), change), encoding="utf-8")
    return tmp_path


def test_the_example_passes_the_check_as_it_stands(trees: Path) -> None:
    assert check.of_everything(None, trees).errors == []


def test_the_example_is_reached_from_the_first_question(trees: Path) -> None:
    content = loader.load(LINE, trees)
    assert len(list(paths(content.forest, "stolen-phone/locked"))) == 4 * (2 + 4 * 4)
    assert any(
        branch.go == "stolen-phone/locked"
        for node in content.forest.nodes.values()
        for branch in getattr(node, "branches", ())
    )


def test_each_of_its_steps_is_needed(trees: Path) -> None:
    start = trees / LINE / "start" / "tree.yaml"
    start.write_text(start.read_text(encoding="utf-8").replace("tree:stolen-phone", "not-sure"), encoding="utf-8")
    found = check.of_everything(None, trees).errors
    assert any("unreachable: no answers lead to stolen-phone/locked" in error for error in found)


def keys() -> set[str]:
    shown = [kind for kind in vars(shapes).values() if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return {key for kind in shown for key in kind.model_fields}


def test_every_key_is_explained() -> None:
    reference = DOCUMENT[DOCUMENT.index("## Every key") : DOCUMENT.index("## Conditions")]
    assert keys() - set(re.findall(r"`([a-z_]+)`", reference)) == set()


def test_every_finding_that_it_explains_is_one_that_the_check_has() -> None:
    table = DOCUMENT[DOCUMENT.index("## What the check says") :]
    said = "".join(
        (ROOT / name).read_text(encoding="utf-8")
        for name in (
            "helpline/advice/check.py",
            "helpline/advice/problems.py",
            "helpline/content/files.py",
            "helpline/content/wording.py",
            "helpline/lines/countries.py",
            "helpline/lines/texts.py",
        )
    )
    for phrase in (
        "dead end",
        "unreachable",
        "cycle",
        "is asked again",
        "belongs to nothing",
        "is used nowhere",
        "is missing",
        "says nothing after",
        "there is no help entry",
        "is unknown in",
        "no human contact at the end of",
        "is not the same in every language",
        "but not in every language",
        "in the text",
        "is shown as it stands here",
        "stands there twice",
        "say the same",
        "the trees that ask it say where it leads",
        "is read twice in",
        "has urgent advice",
        "shown without the answers it needs",
        "of the figures",
        "hard",
        "forbidden",
        "never verified",
    ):
        assert phrase in table, phrase
        assert phrase in said, phrase
