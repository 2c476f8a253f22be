"""The dated texts of a country: help entries, and what is confidential on a line.

Both ship with the package. An organisation overrides them in its instance folder:
`limits/<country>-<line>.<lang>.md` replaces the packaged text, and each entry in `help/<country>.yaml`
replaces the packaged entry of the same key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

from markupsafe import Markup
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from helpline import clock
from helpline.content.files import LANGUAGES, ContentError, Document, Place, cached, clean, parse, split

PACKAGED = Path(__file__).resolve().parent
ALWAYS_THERE = ("emergency", "crisis")
VERIFIED_FOR = timedelta(days=365)


@dataclass(frozen=True)
class HelpEntry:
    """A place to find help, in one language; `verified` is None when nobody has checked it."""

    key: str
    name: str
    what: str
    phone: str | None
    url: str | None
    chat_url: str | None
    lines: tuple[str, ...]
    verified: date | None


@dataclass(frozen=True)
class Limits:
    """What is confidential on a line and what the limits are; `html` is clean."""

    html: Markup
    date: date
    reviewed: bool
    source_path: Path


def _in_every_language(texts: dict[str, str]) -> dict[str, str]:
    missing = [language for language in LANGUAGES if language not in texts]
    if missing:
        raise ValueError(f"is missing in: {', '.join(missing)}")
    return texts


Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Phrase = Annotated[dict[str, Sentence], AfterValidator(_in_every_language)]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https://[^\s/]+(/\S*)?$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]*$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]


class _Entry(BaseModel):
    """A help entry as it stands in the file."""

    model_config = ConfigDict(extra="forbid")

    name: Phrase
    what: Phrase
    phone: Phone | None = None
    url: WebAddress | None = None
    chat_url: WebAddress | None = None
    lines: list[Slug]
    verified: date | Literal["unverified"]

    @model_validator(mode="after")
    def _can_be_reached(self) -> _Entry:
        if not (self.phone or self.url):
            raise ValueError("needs a phone or a url")
        return self


class _FrontMatter(BaseModel):
    """The head of a limits file."""

    model_config = ConfigDict(extra="forbid")

    date: date
    reviewed: Annotated[bool, Field(strict=True)]


@dataclass(frozen=True)
class _Read:
    """An entry and where it stands."""

    entry: _Entry
    document: Document
    key: str

    @property
    def path(self) -> Path:
        return self.document.path

    @property
    def line(self) -> int:
        return self.document.line((self.key, "verified"))


def _read_help(path: Path, text: str) -> dict[str, _Read]:
    document = parse(text, path)
    return {str(key): _Read(document.as_model(_Entry, (key,)), document, str(key)) for key in document.data}


def _read_limits(path: Path, text: str) -> Limits:
    document, body, _ = split(text, path)
    front = document.as_model(_FrontMatter)
    return Limits(clean(body), front.date, front.reviewed, path)


def _named(folder: Path, kind: str, name: str, ending: str) -> Path:
    """The path of a text; a name from outside can never lead out of the folder."""
    if not re.fullmatch(r"[a-z][a-z0-9.-]*", name) or ".." in name:
        raise ContentError(f"{name!r} can't be the name of a text")
    return folder / kind / (name + ending)


def _entries(country: str, instance_dir: Path | None) -> dict[str, _Read]:
    """All entries of a country with the place each comes from."""
    found: dict[str, _Read] = {}
    for folder in (PACKAGED, instance_dir):
        if folder is not None:
            path = _named(folder, "help", country, ".yaml")
            found |= cached(path, _read_help) or {}
    missing = [key for key in ALWAYS_THERE if key not in found]
    if missing:
        raise ContentError(f"{_named(PACKAGED, 'help', country, '.yaml')}: has no entry {' or '.join(missing)}")
    return found


def load_help(
    country: str, lang: str, instance_dir: Path | None = None, *, line: str | None = None
) -> dict[str, HelpEntry]:
    """The help entries of `country` in `lang`, by key and in the order of the file.

    With `line` only what may be shown there. Raises ContentError; `emergency` and `crisis` are always there.
    """
    if lang not in LANGUAGES:
        raise ContentError(f"there is no help text in the language {lang!r}")
    entries = {key: read.entry for key, read in _entries(country, instance_dir).items()}
    return {
        key: HelpEntry(
            key=key,
            name=entry.name[lang],
            what=entry.what[lang],
            phone=entry.phone,
            url=entry.url,
            chat_url=entry.chat_url,
            lines=tuple(entry.lines),
            verified=None if entry.verified == "unverified" else entry.verified,
        )
        for key, entry in entries.items()
        if line is None or line in entry.lines or key in ALWAYS_THERE
    }


def hidden(country: str, instance_dir: Path | None) -> frozenset[str]:
    """The keys of the entries that the organisation shows nowhere; raises ContentError."""
    entries = _entries(country, instance_dir)
    return frozenset(key for key, read in entries.items() if not read.entry.lines and key not in ALWAYS_THERE)


def has_own_help(country: str, instance_dir: Path | None) -> bool:
    """Whether the organisation has a help file of its own for this country."""
    return instance_dir is not None and _named(instance_dir, "help", country, ".yaml").exists()


def sentences(country: str, instance_dir: Path | None) -> Iterator[tuple[Document, Place, str, str]]:
    """Every text of the help entries: its file, its place there, its language and the words; raises ContentError."""
    for read in _entries(country, instance_dir).values():
        for name, phrase in (("name", read.entry.name), ("what", read.entry.what)):
            for lang in LANGUAGES:
                yield read.document, (read.key, name, lang), lang, phrase[lang]


def load_limits(country: str, line_slug: str, lang: str, instance_dir: Path | None) -> Limits:
    """What is confidential on a line: the organisation's own text if there is one, else the packaged one.

    Raises ContentError when there is neither, or when the one that counts is broken: a visitor never gets
    another text than the organisation meant.
    """
    name = f"{country}-{line_slug}.{lang}"
    for folder in (instance_dir, PACKAGED):
        if folder is not None:
            limits = cached(_named(folder, "limits", name, ".md"), _read_limits)
            if limits is not None:
                return limits
    raise ContentError(f"{_named(PACKAGED, 'limits', name, '.md')}: is missing, here and in the instance folder")


def warnings(country: str, lines: Iterable[str], instance_dir: Path | None) -> list[str]:
    """What an administrator should still do about the texts of these lines, one sentence each.

    Raises ContentError when a text is missing or broken.
    """
    found = []
    for line in lines:
        for lang in LANGUAGES:
            limits = load_limits(country, line, lang, instance_dir)
            if not limits.reviewed:
                found.append(f"the limits text of {line} in {lang} is not reviewed: {limits.source_path}")
    return found + warnings_of_help(country, instance_dir)


def countries(instance_dir: Path | None) -> tuple[str, ...]:
    """The countries that have help entries, packaged or the organisation's own."""
    folders = [folder / "help" for folder in (PACKAGED, instance_dir) if folder is not None]
    return tuple(sorted({path.stem for folder in folders for path in folder.glob("*.yaml")}))


def _due(country: str, instance_dir: Path | None) -> Iterator[tuple[str, _Read]]:
    """The entries that nobody has verified, or not for a year; raises ContentError."""
    today = clock.now().date()
    for key, read in _entries(country, instance_dir).items():
        if read.entry.verified == "unverified" or today - read.entry.verified > VERIFIED_FOR:
            yield key, read


def unverified(country: str, instance_dir: Path | None) -> list[str]:
    """Each help entry that nobody has verified, or not for a year, with file and line; raises ContentError."""
    found = []
    for key, read in _due(country, instance_dir):
        verified = read.entry.verified
        said = "never verified" if verified == "unverified" else f"verified over 12 months ago, on {verified}"
        found.append(f"{read.path}:{read.line}: help entry {key!r} was {said}")
    return found


def warnings_of_help(country: str, instance_dir: Path | None) -> list[str]:
    """The same in one sentence a file; raises ContentError."""
    never: dict[Path, list[str]] = {}
    long_ago: dict[Path, list[str]] = {}
    for key, read in _due(country, instance_dir):
        if read.entry.verified == "unverified":
            never.setdefault(read.path, []).append(key)
        else:
            long_ago.setdefault(read.path, []).append(f"{key} ({read.entry.verified})")
    found = [f"help entries never verified: {', '.join(keys)} in {path}" for path, keys in never.items()]
    found += [
        f"help entries verified over 12 months ago: {', '.join(keys)} in {path}" for path, keys in long_ago.items()
    ]
    return found
