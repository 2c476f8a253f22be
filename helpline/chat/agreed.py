"""When two have agreed on a summary: by versions, so that nobody says yes to what they have not seen. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Side(StrEnum):
    """Who writes or says yes."""

    VISITOR = "visitor"
    COUNSELLOR = "counsellor"


class NotNow(Exception):
    """Nothing was changed; `code` is the protocol's error code, `taken` or `wrong_state`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Standing:
    """A summary without its words: its newest version, who wrote that, and who said yes to it.

    `kept`: the visitor keeps it under a code, and its words are not here any more.
    """

    version: int
    author: Side
    by_visitor: bool
    by_counsellor: bool
    kept: bool = False

    @property
    def agreed(self) -> bool:
        """Both sides said yes to this very version."""
        return self.by_visitor and self.by_counsellor


def saved(before: Standing | None, side: Side, version: int, *, same_words: bool) -> Standing:
    """What stands after this side saved what it made of `version`, 0 for the first; raises NotNow.

    `same_words`: what was saved is word by word what stands there. To save a version is to say yes to it; the other
    side has not seen it yet.
    """
    newest = before.version if before is not None else 0
    if before is not None and same_words and (version == newest or (version == newest - 1 and before.author == side)):
        # The same save came twice, or was none: nothing of it is new to the other side.
        return agreed_to(before, side, newest)
    if version != newest:
        raise NotNow("taken")
    return Standing(newest + 1, side, by_visitor=side is Side.VISITOR, by_counsellor=side is Side.COUNSELLOR)


def agreed_to(before: Standing | None, side: Side, version: int) -> Standing:
    """What stands after this side said yes to `version`; raises NotNow."""
    if before is None:
        raise NotNow("wrong_state")
    if version != before.version:
        raise NotNow("taken")
    if before.kept:
        return before
    return replace(before, by_visitor=True) if side is Side.VISITOR else replace(before, by_counsellor=True)
