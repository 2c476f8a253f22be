"""How the files of a tree look: what `tree.yaml`, `line.yaml` and the files of words may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, field_validator

from helpline.content.files import Document

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+-]*$", max_length=40)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=160)]


M = TypeVar("M", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _options(when: object) -> object:
    return {key: _listed(options) for key, options in when.items()} if isinstance(when, dict) else when


def _pieces(parts: object) -> object:
    listed = parts if isinstance(parts, list) else [parts]
    return [{"part": piece} if isinstance(piece, str) else piece for piece in listed]


# question -> the options of which one must have been chosen; a single option may stand without a list
When = Annotated[dict[Slug, list[Slug]], BeforeValidator(_options)]


class BranchShape(_Strict):
    """`go`: a question or advice of this tree, or `tree:<slug>`; `when`: question -> option or options."""

    go: Words
    when: When = {}


class QuestionShape(_Strict):
    """Options left out are those of the shared question of the same name."""

    options: list[Slug] = []
    sure: bool = False
    next: list[BranchShape] = []

    @field_validator("next", mode="before")
    @classmethod
    def _one(cls, value: object) -> object:
        return [{"go": value}] if isinstance(value, str) else value


class PieceShape(_Strict):
    """A part by its name, with the answers it needs."""

    part: Slug
    when: When = {}


class AdviceShape(_Strict):
    """What an advice is made of: section -> its parts."""

    urgent: bool = False
    sections: dict[Slug, Annotated[list[PieceShape], BeforeValidator(_pieces)]]


class TreeShape(_Strict):
    """`asked_for`: whom the advice is for, in the figures."""

    asked_for: Literal["self", "friend", "child", "professional", "unknown"]
    start: Slug
    questions: dict[Slug, QuestionShape]
    advice: dict[Slug, AdviceShape]


class SectionShape(_Strict):
    """`open`: shown at once rather than folded; `required`: no advice that isn't urgent may lack it."""

    open: bool = False
    required: bool = True
    icon: Slug | None = None


class Figures(_Strict):
    """Which shared questions give the asker's age band and gender in the figures: both or none."""

    age_band: Slug | None = None
    gender: Slug | None = None


class LineShape(_Strict):
    """What all trees of a line share. `needs`: shared part -> the answers without which nobody may read it."""

    start: Slug
    sections: dict[Slug, SectionShape]
    closing: list[Slug] = []
    needs: dict[Slug, When] = {}
    figures: Figures = Figures()
    questions: dict[Slug, QuestionShape] = {}


class QuestionWords(_Strict):
    """A question as it is asked."""

    ask: Short
    hint: Words | None = None
    options: dict[Slug, Short] = {}


class AdviceWords(_Strict):
    """The head of an advice: its title and the first thing that is said."""

    title: Short
    lead: Words


class TreeWords(_Strict):
    """The words of a tree in one language."""

    title: Short
    about: Words | None = None
    questions: dict[Slug, QuestionWords] = {}
    advice: dict[Slug, AdviceWords] = {}
    parts: dict[Slug, Words] = {}


class SharedWords(_Strict):
    """The words that all trees of a line share."""

    sections: dict[Slug, Short]
    options: dict[Slug, Short] = {}
    questions: dict[Slug, QuestionWords] = {}
    parts: dict[Slug, Words] = {}


@dataclass(frozen=True)
class TreeFiles:
    """One tree as it was read: its shape, and its words by language."""

    slug: str
    shape: TreeShape
    words: Mapping[str, TreeWords]
    document: Document
    word_documents: Mapping[str, Document]


@dataclass(frozen=True)
class LineFiles:
    """All files of a line's trees as they were read."""

    line: str
    shape: LineShape
    document: Document
    shared: Mapping[str, SharedWords]
    shared_documents: Mapping[str, Document]
    trees: Mapping[str, TreeFiles]

    def options(self, key: str, question: QuestionShape) -> tuple[str, ...]:
        """The options of a question of a tree: its own, else those of the shared question of that name."""
        if question.options:
            return tuple(question.options)
        shared = self.shape.questions.get(key)
        return tuple(shared.options) if shared else ()

    def target(self, tree: TreeFiles, go: str) -> str | None:
        """The id of the question or advice that a `go` stands for, None when there is none."""
        if go.startswith("tree:"):
            other = self.trees.get(go.removeprefix("tree:"))
            return None if other is None else f"{other.slug}/{other.shape.start}"
        known = go in tree.shape.questions or go in tree.shape.advice
        return f"{tree.slug}/{go}" if known else None
