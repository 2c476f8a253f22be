"""The rules by which two agree on a summary: nobody ever says yes to words that they have not seen."""

from __future__ import annotations

import random

import pytest

from helpline.chat.agreed import NotNow, Side, Standing, agreed_to, saved

VISITOR, COUNSELLOR = Side.VISITOR, Side.COUNSELLOR
FIRST = Standing(1, VISITOR, by_visitor=True, by_counsellor=False)
BOTH = Standing(2, COUNSELLOR, by_visitor=True, by_counsellor=True)
KEPT = Standing(2, COUNSELLOR, by_visitor=True, by_counsellor=True, kept=True)


def refused(code: str, *deed: object, **more: bool) -> None:
    act, *given = deed
    with pytest.raises(NotNow, match=f"^{code}$"):
        act(*given, **more)  # type: ignore[operator]  # one of the rules


def test_to_save_is_to_say_yes_oneself_and_takes_the_other_yes_back() -> None:
    assert saved(None, VISITOR, 0, same_words=False) == FIRST
    second = saved(FIRST, COUNSELLOR, 1, same_words=False)
    assert second == Standing(2, COUNSELLOR, by_visitor=False, by_counsellor=True)
    assert saved(BOTH, VISITOR, 2, same_words=False) == Standing(3, VISITOR, by_visitor=True, by_counsellor=False)


def test_both_have_to_say_yes_to_the_very_same_version() -> None:
    assert not FIRST.agreed
    assert agreed_to(FIRST, COUNSELLOR, 1).agreed
    assert agreed_to(FIRST, VISITOR, 1) == FIRST, "said already"
    refused("taken", agreed_to, BOTH, VISITOR, 1)
    refused("taken", agreed_to, BOTH, VISITOR, 3)
    refused("wrong_state", agreed_to, None, VISITOR, 0)


def test_what_is_made_of_an_older_version_is_not_taken() -> None:
    refused("taken", saved, BOTH, VISITOR, 1, same_words=False)
    refused("taken", saved, BOTH, VISITOR, 0, same_words=False)
    refused("taken", saved, BOTH, VISITOR, 3, same_words=False)
    refused("taken", saved, None, VISITOR, 1, same_words=False)


def test_the_same_save_twice_is_one_and_unchanged_words_are_a_yes() -> None:
    assert saved(FIRST, VISITOR, 0, same_words=True) == FIRST
    assert saved(FIRST, COUNSELLOR, 1, same_words=True) == agreed_to(FIRST, COUNSELLOR, 1)
    assert saved(BOTH, COUNSELLOR, 1, same_words=True) == BOTH
    refused("taken", saved, FIRST, COUNSELLOR, 0, same_words=True)


def test_once_kept_its_yes_stands_and_one_may_write_on() -> None:
    assert agreed_to(KEPT, COUNSELLOR, 2) == KEPT
    assert saved(KEPT, VISITOR, 2, same_words=False) == Standing(3, VISITOR, by_visitor=True, by_counsellor=False)


@pytest.mark.parametrize("seed", range(50))
def test_whatever_the_two_do_a_yes_is_always_to_words_that_were_seen(seed: int) -> None:
    chance = random.Random(seed)
    standing: Standing | None = None
    words: dict[int, str] = {}
    seen = {VISITOR: 0, COUNSELLOR: 0}
    for step in range(60):
        side = chance.choice((VISITOR, COUNSELLOR))
        newest = standing.version if standing is not None else 0
        match chance.choice(("look", "save", "agree")):
            case "look":
                seen[side] = newest
            case "save":
                try:
                    standing = saved(standing, side, seen[side], same_words=False)
                except NotNow:
                    assert seen[side] != newest
                else:
                    seen[side] = standing.version
                    assert words.setdefault(standing.version, f"{side} {step}") == f"{side} {step}"
            case "agree":
                try:
                    standing = agreed_to(standing, side, seen[side])
                except NotNow:
                    assert seen[side] != newest or newest == 0
        if standing is not None and standing.agreed:
            assert {seen[VISITOR], seen[COUNSELLOR]} == {standing.version}
