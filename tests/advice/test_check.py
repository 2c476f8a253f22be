"""What `content check` finds: each kind of broken tree is named with file and line."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpline import clock
from helpline.advice import check, loader
from helpline.advice.shapes import LineFiles
from helpline.advice.tree import paths
from helpline.lines import texts
from tests.advice.breakages import BROKEN, LONG
from tests.advice.gardens import GARDEN, LINE, Plot
from tests.advice.loose_ends import LOOSE


@pytest.mark.parametrize("kind", BROKEN | LOOSE)
def test_a_broken_tree_is_named_with_file_and_line(plot: Plot, kind: str) -> None:
    name, old, new, line, problem = (BROKEN | LOOSE)[kind]
    if old is None:
        plot.file(name).unlink()
    else:
        plot.change(name, old, new or "")
    problems = plot.problems()
    assert any((file, problem in said) == (name, True) and line in written for file, written, said in problems), (
        problems
    )


def test_the_garden_itself_is_whole(plot: Plot) -> None:
    assert plot.problems() == []


def test_all_trees_of_the_house_are_whole() -> None:
    assert check.of_everything(None).errors == []


def test_a_circle_through_several_trees_is_told(plot: Plot) -> None:
    plot.change("slugs/tree.yaml", "- {go: slugs}", '- {go: "tree:plant"}')
    ((name, line, problem),) = plot.problems()
    assert (name, line) == ("plant/tree.yaml", "eaten:")
    assert problem == "cycle: plant/eaten -> plant/sick -> slugs/slime -> plant/eaten"


def test_a_question_that_another_tree_asked_already_is_told(plot: Plot) -> None:
    plot.change("plant/tree.yaml", '      - {go: "tree:slugs", when: {sick: leaves}}\n', "")
    plot.change("plant/tree.yaml", "{go: look}", '{go: look, when: {sick: unknown}}\n      - {go: "tree:slugs"}')
    assert plot.problems() == []
    plot.change("slugs/tree.yaml", "- {go: slugs}\n", "- {go: years}\n  years: {next: slugs}\n")
    ((name, line, problem),) = plot.problems()
    assert (name, line) == ("slugs/tree.yaml", "years: {next: slugs}")
    assert problem.startswith("'years' is asked again after another tree asked it")


def test_an_end_without_a_human_contact_is_told(plot: Plot) -> None:
    for lang in ("en", "nl"):
        plot.change(f"plant/{lang}.yaml", "    [[emergency]]\n", "")
    assert plot.problems() == [
        ("plant/tree.yaml", "call:", f"no human contact at the end of plant/call in {country}")
        for country in ("be", "int", "nl")
    ]


def test_all_that_is_wrong_is_told_not_only_the_first(plot: Plot) -> None:
    plot.change("slugs/en.yaml", "Everybody has.", "However, sing.")
    plot.change("plant/nl.yaml", "Planten zijn traag.", "Echter.")
    plot.change("slugs/tree.yaml", "- collect", "- collect\n        - {part: wait, when: {slime: no}}")
    assert [name for name, _, _ in plot.problems()] == ["slugs/tree.yaml", "plant/nl.yaml", "slugs/en.yaml"]


def test_a_folder_of_a_line_or_tree_that_holds_nothing_to_read_is_told(plot: Plot) -> None:
    (plot.root / "orchard" / "apples").mkdir(parents=True)
    (plot.root / "orchard" / "apples" / "tree.yaml").write_text("start: x\n", encoding="utf-8")
    (plot.root / LINE / "pots").mkdir()
    for name in (
        "orchard/shared/line.yaml",
        "orchard/shared/en.yaml",
        f"{LINE}/pots/tree.yaml",
        f"{LINE}/pots/nl.yaml",
    ):
        assert f"{plot.root / name}:1: is missing" in plot.found().errors


def test_too_many_ways_for_anybody_to_read_are_told(plot: Plot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MOST_PATHS", 30)
    ((name, _, problem),) = plot.problems()
    assert (name, problem) == ("plant/tree.yaml", f"{len(list(paths(_forest(plot), 'plant/eaten')))} paths, 30 at most")


def _forest(plot: Plot):  # type: ignore[no-untyped-def]  # the loader's own type
    return loader.load(LINE, plot.root).forest


# Help entries of the country


def own_help(plot: Plot, text: str, country: str = "nl") -> Path:
    path = plot.instance / "help" / f"{country}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


GNOMES = """\
gnomes:
  name: {{en: The gnomes, nl: De kabouters}}
  what: {{en: They dig., nl: Zij graven.}}
  url: https://gnomes.example/
  lines: [{line}]
  verified: {verified}
"""


def test_a_help_entry_that_a_country_lacks_needs_a_question_mark(plot: Plot) -> None:
    own_help(plot, GNOMES.format(line=LINE, verified="2026-01-01"))
    with_card(plot, "[[gnomes]]")
    found = plot.problems()
    assert [(name, line) for name, line, _ in found] == [(f"slugs/{lang}.yaml", "collect: |") for lang in ("en", "nl")]
    assert all("unknown in be, int" in problem and "[[gnomes?]]" in problem for _, _, problem in found)
    for lang in ("en", "nl"):
        plot.change(f"slugs/{lang}.yaml", "[[gnomes]]", "[[gnomes?]]")
    assert plot.problems() == []


def test_a_help_entry_of_another_line_is_unknown_here(plot: Plot) -> None:
    for country in ("nl", "be", "int"):
        own_help(plot, GNOMES.format(line="elsewhere", verified="2026-01-01"), country)
    with_card(plot, "[[gnomes]]")
    assert ["no help entry 'gnomes' on this line" in problem for _, _, problem in plot.problems()] == [True, True]


def test_an_entry_that_the_organisation_hides_is_left_out_and_no_error(plot: Plot) -> None:
    own = GNOMES.format(line=LINE, verified="2026-01-01")
    for country in ("nl", "be", "int"):
        own_help(plot, own, country)
    with_card(plot, "[[gnomes]]")
    assert plot.problems() == []
    own_help(plot, own.replace(f"[{LINE}]", "[]"))
    assert plot.problems() == []


def test_the_emergency_number_can_not_be_hidden(plot: Plot) -> None:
    own_help(plot, GNOMES.format(line=LINE, verified="2026-01-01").replace("gnomes:", "emergency:"))
    (said, *_) = (problem for _, _, problem in plot.problems())
    assert said == "no human contact at the end of plant/call in nl"  # these gnomes have no telephone
    own_help(plot, "")
    hidden = GNOMES.format(line=LINE, verified="2026-01-01").replace("gnomes:", "emergency:").replace(f"[{LINE}]", "[]")
    own_help(plot, hidden.replace("url:", "phone: '1'\n  url:"))
    assert plot.problems() == []


def test_urgent_advice_needs_others_beside_our_own_chat(plot: Plot) -> None:
    for lang in ("en", "nl"):
        plot.change(f"plant/{lang}.yaml", "[[emergency]]", "[[chat]]")
    assert [problem for _, _, problem in plot.problems()] == [
        f"no human contact at the end of plant/call in {country}, beside our own chat, which may be closed"
        for country in ("be", "int", "nl")
    ]


def test_an_own_file_of_a_country_that_no_line_uses_is_only_warned_about(plot: Plot) -> None:
    broken = own_help(plot, "gnomes: {name: x}\n", "be")
    for in_use, strictly in ((None, True), ({"nl", "be"}, True), ({"nl"}, False)):
        found = check.of_everything(plot.instance, plot.root, in_use=in_use)
        told = found.errors if strictly else found.warnings
        assert [said for said in told if said.startswith(f"{broken}:1: ")], in_use
        assert bool(found.errors) == strictly


def test_what_an_own_file_of_an_unused_country_lacks_is_only_warned_about(plot: Plot) -> None:
    own_help(plot, GNOMES.format(line="elsewhere", verified="2026-01-01").replace("gnomes:", "police:"), "be")
    with_card(plot, "[[child_helpline]]")
    for country in ("nl", "int", "be"):
        path = own_help(plot, "", country)
        path.write_text(GNOMES.format(line=LINE, verified="2026-01-01").replace("gnomes:", "child_helpline:"))
    assert plot.problems() == []
    own_help(plot, GNOMES.format(line="elsewhere", verified="2026-01-01").replace("gnomes:", "child_helpline:"), "be")
    assert len(check.of_everything(plot.instance, plot.root, in_use={"be"}).errors) == 2
    found = check.of_everything(plot.instance, plot.root, in_use={"nl"})
    assert found.errors == []
    assert sum("child_helpline" in warning and "slugs" in warning for warning in found.warnings) == 2


def test_a_way_to_the_course_needs_a_line_that_has_one(plot: Plot) -> None:
    with_card(plot, "[[course]]")
    assert plot.problems() == []
    assert check.of_everything(plot.instance, plot.root, courses={LINE}).errors == []
    found = check.of_everything(plot.instance, plot.root, courses={"elsewhere"}).errors
    assert [(Path(said.split(":")[0]).name, said.split(": ", 1)[1]) for said in found] == [
        (f"{lang}.yaml", "[[course]]: this line has no course to lead to") for lang in ("en", "nl")
    ]


def test_help_entries_are_worded_as_all_else(plot: Plot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = own_help(plot, GNOMES.format(line=LINE, verified="2026-01-01").replace("They dig.", "Dig however."))
    found = plot.found()
    assert found.errors == []
    assert [said for said in found.warnings if said.startswith(f"{path}:3: hard word 'however'")]
    shipped = tmp_path / "shipped"
    shutil.copytree(texts.PACKAGED / "help", shipped / "help")
    nl = shipped / "help" / "nl.yaml"
    nl.write_text(nl.read_text(encoding="utf-8").replace("nl: Bel dit", "nl: Echter, bel dit", 1), encoding="utf-8")
    monkeypatch.setattr(texts, "PACKAGED", shipped)
    assert [said.split(": ")[1] for said in plot.found().errors] == ["hard word 'echter', rather 'maar'"]


def with_card(plot: Plot, card: str) -> None:
    for lang, after in (("en", "After rain."), ("nl", "Doe het na de regen.")):
        plot.change(f"slugs/{lang}.yaml", after, f"{after}\n\n    {card}")


def test_a_part_is_only_shown_to_those_who_gave_the_answers_it_needs(plot: Plot) -> None:
    plot.change("shared/line.yaml", "closing: [heard]", "closing: [heard]\nneeds: {gloves: {eaten: [no, unknown]}}")
    found = sorted(plot.problems())
    assert [(name, line) for name, line, _ in found] == [
        ("plant/tree.yaml", "- {part: gloves, when: {eaten: [unknown, rather-not]}}"),
        ("plant/tree.yaml", "tools: gloves"),
        ("slugs/tree.yaml", "tools: gloves"),
    ]
    assert all("shown without the answers it needs after" in problem for _, _, problem in found)
    plot.change("shared/line.yaml", "[no, unknown]}", "[no, unknown, rather-not]}")
    assert plot.problems() == []


def test_answers_of_an_earlier_tree_are_remembered_for_what_a_part_needs(plot: Plot) -> None:
    plot.change("shared/line.yaml", "closing: [heard]", "closing: [heard]\nneeds: {gloves: {sick: [leaves, roots]}}")
    assert [line for _, line, _ in plot.problems()] == []
    plot.change("shared/line.yaml", "[leaves, roots]", "[roots]")
    assert [(name, line) for name, line, _ in plot.problems()] == [("slugs/tree.yaml", "tools: gloves")]


def test_no_part_of_the_house_sends_anybody_to_a_home_that_may_hurt(tmp_path: Path) -> None:
    shutil.copytree(loader.TREES, tmp_path / "trees")
    tree = tmp_path / "trees" / "youth" / "extortion" / "tree.yaml"
    written = tree.read_text(encoding="utf-8")
    tree.write_text(written.replace("{part: trust-home, when: {home: no}}", "trust-home", 1), encoding="utf-8")
    (error,) = check.of_everything(None, tmp_path / "trees").errors
    assert "shown without the answers it needs" in error


def test_an_entry_that_may_lack_is_no_human_contact_where_it_does(plot: Plot) -> None:
    own_help(plot, GNOMES.format(line=LINE, verified="2026-01-01").replace("url", "phone: '1'\n  url"))
    for lang in ("en", "nl"):
        plot.change(f"plant/{lang}.yaml", "[[emergency]]", "[[gnomes?]]")
    said = [problem for _, _, problem in plot.problems()]
    assert said == [f"no human contact at the end of plant/call in {country}" for country in ("be", "int")]


def test_an_unknown_help_entry_is_told_in_each_language(plot: Plot) -> None:
    with_card(plot, "[[gnome]]")
    assert ["no help entry 'gnome'" in problem for _, _, problem in plot.problems()] == [True, True]


def test_help_entries_that_nobody_verified_for_a_year_are_warnings_with_file_and_line(
    plot: Plot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 1, tzinfo=UTC))
    path = own_help(
        plot,
        GNOMES.format(line=LINE, verified="2026-05-01")
        + GNOMES.format(line=LINE, verified="2025-05-01").replace("gnomes:", "elves:")
        + GNOMES.format(line=LINE, verified="unverified").replace("gnomes:", "trolls:"),
    )
    found = plot.found()
    assert found.errors == []
    assert [warning for warning in found.warnings if warning.startswith(f"{path}:")] == [
        f"{path}:12: help entry 'elves' was verified over 12 months ago, on 2025-05-01",
        f"{path}:18: help entry 'trolls' was never verified",
    ]
    assert all(warning.split(":")[1].isdigit() for warning in found.warnings)


def test_broken_help_is_told_once_beside_what_else_is_wrong(plot: Plot) -> None:
    path = own_help(plot, "gnomes: {name: x}\n")
    plot.change("plant/nl.yaml", "Planten zijn traag.", "Echter.")
    errors = plot.found().errors
    assert [error.startswith(f"{path}:1: ") for error in errors].count(True) == 1
    assert any("hard word 'echter'" in error for error in errors)


def test_the_line_of_a_sentence_is_that_of_the_file(plot: Plot) -> None:
    plot.change(
        "slugs/en.yaml", "    1. **Wait.** New leaves come.", f"\n    One.\n\n    Two. {LONG}\n\n    However, three."
    )
    plot.change("slugs/en.yaml", "lead: Leaves tear.", "lead: >-\n      Leaves tear. However,\n      they grow.")
    places = [(line, problem[:20]) for name, line, problem in plot.problems() if name == "slugs/en.yaml"]
    assert places == [
        ("Leaves tear. However,", "hard word 'however',"),
        (f"Two. {LONG}", "a sentence of 21 wor"),
        ("However, three.", "hard word 'however',"),
    ]


# The trees of the house


def test_every_tree_of_the_house_can_be_read_in_both_languages() -> None:
    for line in loader.lines():
        for slug, tree in loader.load(line).files.trees.items():
            assert all(tree.words[lang].title for lang in loader.LANGUAGES), (line, slug)


def test_the_garden_has_nothing_that_the_house_has() -> None:
    """So the engine knows nothing of what it is used for."""
    garden = loader.load(LINE, GARDEN).files
    for ours in (loader.load(line).files for line in loader.lines()):
        nothing_in_common(ours, garden)


def nothing_in_common(ours: LineFiles, garden: LineFiles) -> None:
    assert not set(ours.shape.sections) & set(garden.shape.sections)
    assert not set(ours.shape.questions) & set(garden.shape.questions)
    assert not set(ours.trees) & set(garden.trees)
