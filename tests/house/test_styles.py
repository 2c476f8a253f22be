"""Styles: what an older browser does not understand costs it no rule that it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

STYLES = Path(__file__).parents[2] / "static" / "css"
RULE = re.compile(r"([^{};]+)\{[^{}]*\}")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# One of two that belong together hides what only the other shows: both stand where :has is known.
WITH_HAS = "@supports selector(:has(:checked))"


def selectors(rule: str) -> Iterator[str]:
    """The selectors of a list; commas in brackets divide none."""
    depth, begun = 0, 0
    for place, sign in enumerate(rule):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            yield rule[begun:place].strip()
            begun = place + 1
    yield rule[begun:].strip()


def test_no_rule_falls_away_because_of_a_selector_that_not_every_browser_knows() -> None:
    mixed = [
        rule.strip()
        for style in sorted(STYLES.glob("*.css"))
        for rule in RULE.findall(COMMENT.sub("", style.read_text(encoding="utf-8")))
        if len({":has(" in selector for selector in selectors(rule)}) > 1
    ]
    assert mixed == []


def test_the_selectors_of_a_list_are_told_apart() -> None:
    assert list(selectors(".a:is(.b, .c), [x=','] > d")) == [".a:is(.b, .c)", "[x=','] > d"]


def test_what_takes_a_mark_away_stands_where_has_is_known() -> None:
    for style, rule in (("selfhelp", ".scale input { position"), ("public", ".choice input:focus-visible")):
        text = (STYLES / f"{style}.css").read_text(encoding="utf-8")
        assert f"{WITH_HAS} {{\n  {rule}" in text
        assert text.count(rule) == 1
