"""The lists of forbidden and hard words, one file a language: `words/<lang>.yaml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from helpline.content.files import read
from helpline.content.wording import WordList

WORDS = Path(__file__).resolve().parent / "words"


class _Lists(BaseModel):
    model_config = ConfigDict(extra="forbid")

    forbidden: dict[str, str]
    hard: dict[str, str]


@lru_cache(maxsize=8)
def word_list(lang: str) -> WordList:
    """The words of a language to avoid, each with what to write instead; raises ContentError."""
    found = read(WORDS / f"{lang}.yaml").as_model(_Lists)
    return WordList(found.forbidden, found.hard)
