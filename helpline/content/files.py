"""Content files: YAML that remembers its line numbers, and Markdown that can do no harm.

Every problem is told as `file:line: what is wrong`, so that whoever wrote it finds the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import nh3
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
Place = tuple[int | str, ...]
# All that visitors read is there in each of these.
LANGUAGES = ("en", "nl")
BOOL = "tag:yaml.org,2002:bool"


class ContentError(ValueError):
    """A content file is missing or broken; the message begins with the file, and the line where there is one."""


class _Loader(yaml.CSafeLoader):
    """Leaves dates as text: the models read them, and can say where a wrong one stands. `yes` and `no` are words."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:timestamp", BOOL)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(BOOL, re.compile("true|false"), list("tf"))


@dataclass(frozen=True)
class Document:
    """A parsed mapping of a file; `offset` lines of the file stand before it."""

    path: Path
    data: dict[str, Any]
    node: yaml.Node | None
    offset: int = 0

    def line(self, where: Place = ()) -> int:
        """The line (from 1) of the place `where`, or of the nearest place above it that exists."""
        line: int = 1
        node = self.node
        for step in where:
            if isinstance(node, yaml.MappingNode):
                pair = next(((key, value) for key, value in node.value if key.value == str(step)), None)
                if pair is None:
                    break
                line, node = pair[0].start_mark.line + 1, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line + self.offset

    def text_line(self, where: Place, start: int) -> int:
        """The line of the character `start` of the text that stands at `where`."""
        node = self.node
        for step in where:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == str(step)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
        if not isinstance(node, yaml.ScalarNode):
            return self.line(where)
        said = str(node.value)
        blank = len(said) - len(said.lstrip())  # what the models strip
        # A folded text has lost its lines: the first one has to do.
        breaks = 0 if node.style == ">" else said.count("\n", 0, blank + start)
        line: int = node.start_mark.line + (2 if node.style in ("|", ">") else 1) + breaks
        return line + self.offset

    def at(self, where: Place, problem: str) -> str:
        """`problem` with file and line in front."""
        return f"{self.path}:{self.line(where)}: {problem}"

    def as_model(self, model: type[M], where: Place = ()) -> M:
        """What stands at `where` (keys of the mapping) as a `model`; raises ContentError."""
        data: Any = self.data
        for step in where:
            data = data[step]
        try:
            return model.model_validate(data)
        except ValidationError as error:
            problem = error.errors()[0]
            place = (*where, *problem["loc"])
            name = ".".join(str(step) for step in place if step != "literal['unverified']")
            message = problem["msg"].removeprefix("Value error, ")
            raise ContentError(self.at(place, f"{name}: {message}")) from None


def _refuse_doubles(node: yaml.Node | None, path: Path, offset: int) -> None:
    """YAML keeps the last of two equal keys in silence; here that could hide an emergency number."""
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_doubles(value, path, offset)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if str(key.value) in seen:
            raise ContentError(f"{path}:{key.start_mark.line + 1 + offset}: {key.value} stands here twice")
        seen.add(str(key.value))
        _refuse_doubles(value, path, offset)


def parse(text: str, path: Path, offset: int = 0) -> Document:
    """The mapping in `text`; raises ContentError."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            _refuse_doubles(node, path, offset)
        data = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 + offset if error.problem_mark else 1 + offset
        raise ContentError(f"{path}:{line}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ContentError(f"{path}: {' '.join(str(error).split())}") from None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise ContentError(f"{path}:{1 + offset}: a list of `key: value` is expected here")
    return Document(path, data, node, offset)


def read(path: Path) -> Document:
    """The mapping in the file; raises ContentError, also when there is no such file."""
    try:
        return parse(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        raise ContentError(f"{path}:1: is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{path}: can't be read: {error}") from None


_HEAD = re.compile(r"---[ \t]*\r?\n(.*?\r?\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def split(text: str, path: Path) -> tuple[Document, str, int]:
    """The front matter of a text, the text below it, and how many lines stand above that; raises ContentError."""
    head = _HEAD.match(text)
    if head is None:
        raise ContentError(f"{path}:1: begins with `---`, lines of `key: value`, and `---` again")
    above, below = head[0].count("\n"), text[head.end() :]
    if not below.strip():
        raise ContentError(f"{path}:{above + bool(below)}: the text itself is missing")
    return parse(head[1], path, offset=1), below, above


_cache: dict[Path, tuple[int, Any]] = {}


def cached(path: Path, make: Callable[[Path, str], T]) -> T | None:
    """What `make` makes of the file, made again only when the file changed; None when there is no file."""
    try:
        changed = path.stat().st_mtime_ns
        known = _cache.get(path)
        if known is None or known[0] != changed:
            known = (changed, make(path, path.read_text(encoding="utf-8")))
            _cache[path] = known
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{path}: can't be read: {error}") from None
    result: T = known[1]
    return result


_markdown = MarkdownIt("commonmark", {"html": False})
_cleaner = nh3.Cleaner(
    tags={"p", "ul", "ol", "li", "strong", "em", "h2", "h3", "a", "br", "blockquote"},
    attributes={"a": {"href"}},
    url_schemes={"https", "tel", "mailto"},
)


_KEPT = {"paragraph", "heading", "bullet_list", "ordered_list", "list_item", "blockquote", "inline"}
_KEPT_INLINE = {"text", "softbreak", "hardbreak", "strong", "em", "link", "text_special"}


# Nobody means these to be read: HTML, which is shown as it stands, and a table, which this Markdown doesn't know.
_RAW = {"HTML": re.compile(r"<[!/\w]"), "a table": re.compile(r"^\|")}


def lost(markdown: str) -> Iterator[tuple[int, str]]:
    """What `clean` would drop or show raw, such as a heading of another rank or an image: line (from 1), and name."""
    for token in _markdown.parse(markdown):
        line = token.map[0] + 1 if token.map else 1
        name = _name(token)
        if name == "heading" and token.nesting == 1 and token.tag not in ("h2", "h3"):
            yield line, f"a heading of rank {token.tag[1]}"
        elif name == "ordered_list" and "start" in token.attrs:
            yield line, f"a list that begins with {token.attrs['start']}"
        elif name not in _KEPT and token.nesting >= 0:
            yield line, f"a {name}"
        for inner in token.children or ():
            if _name(inner) not in _KEPT_INLINE and inner.nesting >= 0:
                yield line, f"a {_name(inner)}"
            yield from (
                (line, what) for what, raw in _RAW.items() if inner.type == "text" and raw.search(inner.content)
            )


def _name(token: Token) -> str:
    return token.type.removesuffix("_open").removesuffix("_close")


def clean(markdown: str) -> Markup:
    """Markdown as HTML that holds a few harmless tags and nothing that runs."""
    return Markup(_cleaner.clean(_markdown.render(markdown)))  # noqa: S704 - cleaned by nh3 right here


def headings(markdown: str) -> Iterator[tuple[int, int, str]]:
    """The headings of a text: the line (from 1), the rank, and the words."""
    tokens = _markdown.parse(markdown)
    for token, inner in pairwise(tokens):
        if token.type == "heading_open" and token.map:
            yield token.map[0] + 1, int(token.tag[1]), inner.content.strip()
