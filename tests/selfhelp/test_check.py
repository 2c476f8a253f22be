"""What `content check` finds: each kind of broken course is named with file and line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from pydantic import BaseModel

from helpline import config, create_app
from helpline.content.files import ContentError
from helpline.selfhelp import check, loader, problems, shapes
from tests.selfhelp.beds import ALLOTMENT, Bed
from tests.selfhelp.breakages import BROKEN
from tests.selfhelp.broken_texts import TEXTS


@pytest.fixture
def bed(tmp_path: Path) -> Bed:
    """A copy of the whole course."""
    return Bed(tmp_path)


@pytest.mark.parametrize("kind", BROKEN | TEXTS)
def test_a_broken_course_is_named_with_file_and_line(bed: Bed, kind: str) -> None:
    name, old, new, line, problem = (BROKEN | TEXTS)[kind]
    if old is None:
        bed.file(name).unlink()
    else:
        bed.change(name, old, new)
    problems = bed.problems()
    assert any((file, problem in said) == (name, True) and line in written for file, written, said in problems), (
        problems
    )


def test_the_course_itself_is_whole(bed: Bed) -> None:
    assert bed.problems() == []


def test_the_courses_of_the_house_are_whole() -> None:
    found = check.of_everything(None)
    assert (found.errors, found.warnings) == ([], [])


def test_every_module_of_the_house_says_where_its_techniques_come_from() -> None:
    for line in loader.lines():
        for (lang, slug), page in loader.load(line).files.pages.items():
            assert page.words.sources, (line, lang, slug)


def test_all_that_is_wrong_is_told_not_only_the_first(bed: Bed) -> None:
    bed.change("01-soil/en.md", "It is warm.", "However, warm.")
    bed.change("03-harvest/nl.md", "Iets kleins", "Echter iets")
    bed.change("next-spring/en.md", "Keep one seed.", "Keep [[one]] seed.")
    assert {name for name, _, _ in bed.problems()} == {"01-soil/en.md", "03-harvest/nl.md", "next-spring/en.md"}


# Folders


def test_a_folder_in_another_place_is_told(bed: Bed) -> None:
    bed.file("02-sowing").rename(bed.file("04-sowing"))
    assert bed.problems() == [
        ("course.yaml", "- slug: sowing", "the folder of 'sowing' is '04-sowing', by its place here '02-sowing'")
    ]


def test_modules_in_another_order_than_their_folders_are_told(bed: Bed) -> None:
    bed.file("02-sowing").rename(bed.file("between"))
    bed.file("01-soil").rename(bed.file("02-soil"))
    bed.file("between").rename(bed.file("01-sowing"))
    assert [(name, line) for name, line, _ in bed.problems()] == [
        ("course.yaml", "- slug: soil"),
        ("course.yaml", "- slug: sowing"),
    ]


def test_a_folder_that_nobody_named_is_told(bed: Bed) -> None:
    bed.file("04-weeds").mkdir()
    bed.file(".hidden").mkdir()
    assert bed.problems() == [("course.yaml", "modules:", "folder '04-weeds' belongs to no module")]


def test_a_page_in_a_language_that_the_course_lacks_is_told(bed: Bed) -> None:
    shutil.copy(bed.file("01-soil/en.md"), bed.file("01-soil/fr.md"))
    assert bed.problems() == [("01-soil/fr.md", "---", "'fr' is none of the languages of the course")]


def test_a_page_that_is_no_text_is_told(bed: Bed) -> None:
    bed.file("01-soil/nl.md").write_bytes(b"---\n\xff\n---\n")
    ((name, problem),) = [(error.split(":")[0], error) for error in bed.found().errors]
    assert name.endswith("01-soil/nl.md")
    assert "can't be read" in problem


def test_a_page_of_a_plan_that_the_course_lacks_is_told(bed: Bed) -> None:
    bed.change("course.yaml", "plan: harvest\n", "")
    assert bed.problems() == [
        (f"03-harvest/{lang}.md", "[[plan]]", "the course has no plan to lead to") for lang in ("en", "nl")
    ]


# Several courses


def test_courses_of_several_lines_stand_beside_each_other(bed: Bed) -> None:
    balcony = bed.root / "balcony"
    shutil.copytree(ALLOTMENT, balcony)
    (balcony / "course.yaml").write_text(
        (balcony / "course.yaml").read_text(encoding="utf-8").replace("line: allotment", "line: balcony"),
        encoding="utf-8",
    )
    assert bed.problems() == []
    assert loader.lines(bed.root) == ("allotment", "balcony")
    assert '"/en/balcony/self-help/sowing/"' in str(loader.load("balcony", bed.root).texts["en", "soil"][0])


def test_a_line_has_one_course(bed: Bed) -> None:
    shutil.copytree(ALLOTMENT, bed.root / "balcony")
    assert bed.problems() == [
        (
            "balcony/course.yaml",
            "line: allotment",
            f"line 'allotment' has a course already, in {bed.root / 'course.yaml'}",
        )
    ]


def test_courses_may_all_stand_in_folders(tmp_path: Path) -> None:
    shutil.copytree(ALLOTMENT, tmp_path / "allotment")
    assert check.of_everything(None, tmp_path).errors == []
    assert loader.lines(tmp_path) == ("allotment",)


# Help entries of the country


GNOMES = """\
gnomes:
  name: {{en: The gnomes, nl: De kabouters}}
  what: {{en: They dig., nl: Zij graven.}}
  url: https://gnomes.example/
  lines: [{line}]
  verified: 2026-01-01
"""


def own_help(bed: Bed, line: str, *countries: str) -> None:
    for country in countries:
        path = bed.instance / "help" / f"{country}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GNOMES.format(line=line), encoding="utf-8")


def with_card(bed: Bed, card: str) -> None:
    for lang in ("en", "nl"):
        bed.change(f"01-soil/{lang}.md", "[[limits]]", card)


def test_a_help_entry_that_no_country_has_is_told(bed: Bed) -> None:
    with_card(bed, "[[gnomes]]")
    assert bed.problems() == [
        (f"01-soil/{lang}.md", "[[gnomes]]", "there is no help entry 'gnomes' on this line") for lang in ("en", "nl")
    ]


def test_a_help_entry_of_another_line_is_unknown_here(bed: Bed) -> None:
    own_help(bed, "elsewhere", "nl", "be", "int")
    with_card(bed, "[[gnomes]]")
    assert ["no help entry 'gnomes' on this line" in problem for _, _, problem in bed.problems()] == [True, True]


def test_a_help_entry_that_a_country_lacks_needs_a_question_mark(bed: Bed) -> None:
    own_help(bed, "allotment", "nl")
    with_card(bed, "[[gnomes]]")
    found = bed.problems()
    assert [(name, line) for name, line, _ in found] == [(f"01-soil/{lang}.md", "[[gnomes]]") for lang in ("en", "nl")]
    assert all("unknown in be, int" in problem and "[[gnomes?]]" in problem for _, _, problem in found)
    for lang in ("en", "nl"):
        bed.change(f"01-soil/{lang}.md", "[[gnomes]]", "[[gnomes?]]")
    assert bed.problems() == []


def test_an_entry_that_the_organisation_hides_is_left_out_and_no_error(bed: Bed) -> None:
    own_help(bed, "", "nl", "be", "int")
    with_card(bed, "[[gnomes]]")
    assert bed.problems() == []


def test_what_an_own_file_of_an_unused_country_lacks_is_only_warned_about(bed: Bed) -> None:
    own_help(bed, "allotment", "nl", "int")
    own_help(bed, "elsewhere", "be")
    with_card(bed, "[[gnomes]]")
    assert len(check.of_everything(bed.instance, bed.root, in_use={"be"}).errors) == 2
    found = check.of_everything(bed.instance, bed.root, in_use={"nl"})
    assert found.errors == []
    assert ["help entry 'gnomes' is unknown in be" in warning for warning in found.warnings] == [True, True]


# At start


def test_the_server_does_not_start_with_a_broken_course(
    bed: Bed, settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bed.change("01-soil/en.md", "It is warm.", "However, warm.")
    monkeypatch.setattr(check.prepare, "__defaults__", (bed.root,))
    with pytest.raises(ContentError, match=r"^\S+/01-soil/en\.md:37: hard word 'however'[^\n]*$"):
        create_app(settings)


def test_all_courses_are_read_before_the_first_visitor(bed: Bed) -> None:
    loader.load.cache_clear()
    check.prepare(None, bed.root)
    assert loader.load.cache_info().currsize == 1


# docs/authoring-course.md

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/authoring-course.md").read_text(encoding="utf-8")


def test_every_key_is_explained() -> None:
    models = [kind for kind in vars(shapes).values() if isinstance(kind, type) and issubclass(kind, BaseModel)]
    keys = {key for model in models for key in model.model_fields}
    assert {key for key in keys if f"`{key}`" not in DOCUMENT} == set()


def test_every_reserved_name_is_told() -> None:
    assert {name for name in problems.RESERVED if f"`{name}`" not in DOCUMENT} == set()


def test_the_example_of_the_document_passes_as_it_stands(bed: Bed) -> None:
    (shape,) = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    (module,) = re.findall(r"^```markdown\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    bed.change("course.yaml", "boosters:\n", f"{shape}boosters:\n")
    folder = bed.file("04-garden")
    folder.mkdir()
    for lang in ("en", "nl"):
        (folder / f"{lang}.md").write_text(module, encoding="utf-8")
    assert bed.problems() == []


def test_every_finding_that_is_explained_is_one_that_the_check_has() -> None:
    said = "".join(
        (ROOT / "helpline" / name).read_text(encoding="utf-8")
        for name in (
            "content/files.py",
            "content/wording.py",
            "lines/countries.py",
            "selfhelp/check.py",
            "selfhelp/problems.py",
        )
    )
    table = DOCUMENT[DOCUMENT.index("## What the check says") : DOCUMENT.index("## A course for another line")]
    explained = {
        phrase
        for row in table.splitlines()
        for phrase in re.findall("`([^`]+)`", row.partition("| ")[2].split(" | ")[0])
    }
    of_pydantic = {"Extra inputs are not permitted", "Field required"}
    parts = {part.strip() for phrase in explained - of_pydantic for part in phrase.split("...")}
    assert len(parts) > 30
    assert {
        part for part in parts if re.sub(" (nl|word|checklist, which needs options)$", "", part) not in said
    } == set()
