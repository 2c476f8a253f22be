"""`helpline content`: what an author types and what comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpline import commands, config, install, logs
from helpline.advice import loader
from helpline.advice.tree import paths
from helpline.selfhelp import loader as courses
from tests.advice.gardens import GARDEN, LINE, Plot
from tests.commanding import Done
from tests.selfhelp.beds import ALLOTMENT


class Author:
    """Somebody at a terminal, with trees of a garden."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def types(self, *arguments: str) -> Done:
        self._capfd.readouterr()
        code = commands.run(["content", *arguments])
        said = self._capfd.readouterr()
        return Done(code, said.out, said.err)


@pytest.fixture
def author(plot: Plot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Author:
    def never(settings: object) -> None:
        raise AssertionError("content is read without any database")

    monkeypatch.setenv("HELPLINE_INSTANCE_DIR", str(plot.instance))
    monkeypatch.setattr(logs, "set_up", lambda level: None)
    monkeypatch.setattr(config, "_current", None)
    monkeypatch.setattr(install, "prepare", never)
    monkeypatch.setattr(loader, "TREES", plot.root)
    shutil.copytree(ALLOTMENT, tmp_path / "courses")
    monkeypatch.setattr(courses, "COURSES", tmp_path / "courses")
    return Author(capfd)


def test_warnings_alone_are_no_failure(author: Author) -> None:
    done = author.types("check")
    assert (done.code, done.error) == (0, "")
    *warnings, last = done.out.splitlines()
    assert warnings
    assert all(line.startswith("warning: ") and "was never verified" in line for line in warnings)
    assert last == f"2 trees and 4 modules can be read; {len(warnings)} warnings."


def test_each_error_has_a_line_of_its_own_and_the_command_fails(author: Author, plot: Plot) -> None:
    plot.change("slugs/en.yaml", "Everybody has.", "However, sing.")
    plot.change("plant/nl.yaml", "Planten zijn traag.", "Echter.")
    done = author.types("check")
    assert done.code == 1
    assert done.error == "helpline: errors in what visitors read: 2\n"
    errors = [line for line in done.out.splitlines() if not line.startswith("warning: ")]
    assert [line.split(": ")[0] for line in errors] == [
        f"{plot.file('plant/nl.yaml')}:22",
        f"{plot.file('slugs/en.yaml')}:8",
    ]


def test_errors_in_courses_are_told_after_those_in_trees(author: Author, plot: Plot) -> None:
    plot.change("slugs/en.yaml", "Everybody has.", "However, sing.")
    page = courses.COURSES / "01-soil" / "en.md"
    page.write_text(page.read_text(encoding="utf-8").replace("Sand runs", "However, sand runs"), encoding="utf-8")
    done = author.types("check")
    assert done.error == "helpline: errors in what visitors read: 2\n"
    assert [line.split(": ")[0] for line in done.out.splitlines()[:2]] == [
        f"{plot.file('slugs/en.yaml')}:8",
        f"{page}:35",
    ]


def test_files_are_named_as_from_where_one_is(author: Author, plot: Plot, monkeypatch: pytest.MonkeyPatch) -> None:
    plot.change("slugs/en.yaml", "Everybody has.", "However, sing.")
    monkeypatch.chdir(plot.root)
    assert author.types("check").out.startswith(f"{LINE}/slugs/en.yaml:8: hard word 'however'")


def test_every_path_is_printed_with_questions_answers_and_what_one_reads(author: Author) -> None:
    done = author.types("paths", "plant")
    assert (done.code, done.error) == (0, "")
    head, *told = done.out.split("\n\n")
    forest = loader.load(LINE, GARDEN).forest
    ways = list(paths(forest, "plant/eaten"))
    assert head == f"{LINE}/plant: A plant is ill; {len(ways)} paths"
    assert [text.splitlines()[0] for text in told] == [f"{number}." for number in range(1, len(ways) + 1)]
    straight = "\n".join(
        [
            "   Did anyone eat from it? No",
            "   Where do you see it? At the roots",
            "   How long have you had a garden? A year or two",
            "   = Your soil is too wet  [plant/new-soil]",
            "     What to do: dig",
            "     What you need: gloves",
            "     Ask somebody: ask",
        ]
    )
    assert sum(straight in text for text in told) == 1
    assert sum("= Call now (urgent)  [plant/call]" in text for text in told) == 1
    assert sum("> Slugs  [tree slugs]" in text for text in told) == 3


def test_a_tree_that_others_lead_to_is_printed_for_each_answer_that_counts_there(author: Author) -> None:
    """'I don't know' and 'I'd rather not say' come to the same there, so one of them is enough."""
    told = author.types("paths", "slugs", "--line", LINE, "--lang", "nl").out
    assert told.startswith(f"{LINE}/slugs: Slakken; 8 paths")
    assert told.count("(answered before: eaten=no)") == 4
    assert told.count("(answered before: eaten=unknown)") + told.count("(answered before: eaten=rather-not)") == 4
    assert told.count("Wat je doet: wash, collect") == 3
    assert told.count("Wat je doet: collect") == 3


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["paths", "ants"], "no tree is called 'ants'; there are plant, slugs"),
        (["paths", "plant", "--line", "orchard"], "line 'orchard' has no trees"),
        (["paths", "plant", "--lang", "fr"], "'fr'"),
        (["paths"], "TREE"),
        (["shake"], "shake"),
    ],
)
def test_bad_input_is_told_in_one_line(author: Author, arguments: list[str], problem: str) -> None:
    assert author.types(*arguments).refused(2, problem)


def test_a_tree_of_two_lines_needs_the_line(author: Author, plot: Plot) -> None:
    shutil.copytree(plot.root / LINE, plot.root / "balcony")
    assert author.types("paths", "plant").refused(2, "--line", "allotment, balcony")
    assert author.types("paths", "plant", "--line", "balcony").out.startswith("balcony/plant: ")


def test_paths_of_a_broken_tree_are_not_printed(author: Author, plot: Plot) -> None:
    plot.change("plant/tree.yaml", "start: eaten", "start: drunk")
    assert author.types("paths", "slugs").refused(1, "plant/tree.yaml:2: there is no question 'drunk'")


def test_every_tree_of_the_house_can_be_printed(author: Author, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "TREES", Path(loader.__file__).with_name("trees"))
    for line in loader.lines():
        for tree in loader.load(line).files.trees:
            done = author.types("paths", tree, "--line", line, "--lang", "nl")
            assert done.code == 0, done.error
            assert "\n1.\n" in done.out
