"""The dated texts of a country: help entries, and what is confidential on a line.

Both ship with the package. An organisation overrides them in its instance folder:
`limits/<country>-<line>.<lang>.md` replaces the packaged text, and each entry in `help/<country>.yaml`
replaces the packaged entry of the same key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import nh3
import yaml
from markdown_it import MarkdownIt
from markupsafe import Markup
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from helpline import clock

PACKAGED = Path(__file__).resolve().parent
LANGUAGES = ("en", "nl")
ALWAYS_THERE = ("emergency", "crisis")
VERIFIED_FOR = timedelta(days=365)

T = TypeVar("T")


class TextsError(ValueError):
    """A text is missing or broken; the message begins with the file, and the line where there is one."""


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


class _Loader(yaml.SafeLoader):
    """Leaves dates as text: the models read them, and can say on which line a wrong one stands."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _line_of(node: yaml.Node | None, where: tuple[int | str, ...]) -> int:
    """The line (from 1) of the place `where` in a document, or of the nearest place above it that exists."""
    line = 1
    for step in where:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == step), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _refuse_doubles(node: yaml.Node | None, path: Path, offset: int) -> None:
    """YAML keeps the last of two equal keys in silence; here that could hide an emergency number."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if str(key.value) in seen:
            raise TextsError(f"{path}:{key.start_mark.line + 1 + offset}: {key.value} stands here twice")
        seen.add(str(key.value))
        _refuse_doubles(value, path, offset)


def _yaml(text: str, path: Path, offset: int = 0) -> tuple[dict[str, Any], yaml.Node | None]:
    """The mapping in `text`, and its nodes for line numbers; `offset` lines of the file stand before it."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with one resolver less
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 + offset if error.problem_mark else 1 + offset
        raise TextsError(f"{path}:{line}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise TextsError(f"{path}: {' '.join(str(error).split())}") from None
    _refuse_doubles(node, path, offset)
    if not isinstance(data, dict):
        raise TextsError(f"{path}:{1 + offset}: a list of `key: value` is expected here")
    return data, node


def _validated(
    model: type[BaseModel], data: Any, node: yaml.Node | None, path: Path, at: tuple[str, ...], offset: int
) -> Any:
    """`data`, found at the place `at` of the document `node`, as a `model`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        where = (*at, *problem["loc"])
        name = ".".join(str(step) for step in where if step != "literal['unverified']")
        message = problem["msg"].removeprefix("Value error, ")
        raise TextsError(f"{path}:{_line_of(node, where) + offset}: {name}: {message}") from None


_cache: dict[Path, tuple[int, Any]] = {}


def _cached(path: Path, read: Callable[[Path, str], T]) -> T | None:
    """What `read` makes of the file, made again only when the file changed; None when there is no file."""
    try:
        changed = path.stat().st_mtime_ns
        known = _cache.get(path)
        if known is None or known[0] != changed:
            known = (changed, read(path, path.read_text(encoding="utf-8")))
            _cache[path] = known
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise TextsError(f"{path}: can't be read: {error}") from None
    result: T = known[1]
    return result


def _read_help(path: Path, text: str) -> dict[str, _Entry]:
    data, node = _yaml(text, path)
    return {str(key): _validated(_Entry, value, node, path, (str(key),), 0) for key, value in data.items()}


def _read_limits(path: Path, text: str) -> Limits:
    head = re.match(r"---\r?\n(.*?\r?\n)---[ \t]*(?:\r?\n|\Z)", text, re.DOTALL)
    if head is None:
        raise TextsError(f"{path}:1: begins with `---`, `date:` and `reviewed:`, and `---` again")
    data, node = _yaml(head[1], path, offset=1)
    front = _validated(_FrontMatter, data, node, path, (), 1)
    body = text[head.end() :]
    if not body.strip():
        raise TextsError(f"{path}:{head[0].count(chr(10)) + 1}: the text itself is missing")
    return Limits(_clean(body), front.date, front.reviewed, path)


_markdown = MarkdownIt("commonmark", {"html": False})
_cleaner = nh3.Cleaner(
    tags={"p", "ul", "ol", "li", "strong", "em", "h2", "h3", "a", "br"},
    attributes={"a": {"href"}},
    url_schemes={"https", "tel", "mailto"},
)


def _clean(markdown: str) -> Markup:
    # What comes out of the cleaner holds the few tags above and nothing that runs.
    return Markup(_cleaner.clean(_markdown.render(markdown)))  # noqa: S704 - cleaned by nh3 right here


def _named(folder: Path, kind: str, name: str, ending: str) -> Path:
    """The path of a text; a name from outside can never lead out of the folder."""
    if not re.fullmatch(r"[a-z][a-z0-9.-]*", name) or ".." in name:
        raise TextsError(f"{name!r} can't be the name of a text")
    return folder / kind / (name + ending)


def _entries(country: str, instance_dir: Path | None) -> dict[str, tuple[_Entry, Path]]:
    """All entries of a country with the file each comes from."""
    found: dict[str, tuple[_Entry, Path]] = {}
    for folder in (PACKAGED, instance_dir):
        if folder is not None:
            path = _named(folder, "help", country, ".yaml")
            found |= {key: (entry, path) for key, entry in (_cached(path, _read_help) or {}).items()}
    missing = [key for key in ALWAYS_THERE if key not in found]
    if missing:
        raise TextsError(f"{_named(PACKAGED, 'help', country, '.yaml')}: has no entry {' or '.join(missing)}")
    return found


def load_help(
    country: str, lang: str, instance_dir: Path | None = None, *, line: str | None = None
) -> dict[str, HelpEntry]:
    """The help entries of `country` in `lang`, by key and in the order of the file.

    With `line` only what may be shown there. Raises TextsError; `emergency` and `crisis` are always there.
    """
    if lang not in LANGUAGES:
        raise TextsError(f"there is no help text in the language {lang!r}")
    entries = {key: entry for key, (entry, _) in _entries(country, instance_dir).items()}
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


def load_limits(country: str, line_slug: str, lang: str, instance_dir: Path | None) -> Limits:
    """What is confidential on a line: the organisation's own text if there is one, else the packaged one.

    Raises TextsError when there is neither, or when the one that counts is broken: a visitor never gets
    another text than the organisation meant.
    """
    name = f"{country}-{line_slug}.{lang}"
    for folder in (instance_dir, PACKAGED):
        if folder is not None:
            limits = _cached(_named(folder, "limits", name, ".md"), _read_limits)
            if limits is not None:
                return limits
    raise TextsError(f"{_named(PACKAGED, 'limits', name, '.md')}: is missing, here and in the instance folder")


def warnings(country: str, lines: Iterable[str], instance_dir: Path | None) -> list[str]:
    """What an administrator should still do about the texts of these lines, one sentence each.

    Raises TextsError when a text is missing or broken.
    """
    found = []
    for line in lines:
        for lang in LANGUAGES:
            limits = load_limits(country, line, lang, instance_dir)
            if not limits.reviewed:
                found.append(f"the limits text of {line} in {lang} is not reviewed: {limits.source_path}")
    today = clock.now().date()
    never: dict[Path, list[str]] = {}
    long_ago: dict[Path, list[str]] = {}
    for key, (entry, path) in _entries(country, instance_dir).items():
        if entry.verified == "unverified":
            never.setdefault(path, []).append(key)
        elif today - entry.verified > VERIFIED_FOR:
            long_ago.setdefault(path, []).append(f"{key} ({entry.verified})")
    found += [f"help entries never verified: {', '.join(keys)} in {path}" for path, keys in never.items()]
    found += [
        f"help entries verified over 12 months ago: {', '.join(keys)} in {path}" for path, keys in long_ago.items()
    ]
    return found
