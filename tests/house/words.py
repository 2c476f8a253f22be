"""Where words come from that people see: the texts the extraction finds, and those it can't find."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from jinja2 import Environment, nodes
from jinja2.ext import extract_from_ast

ROOT = Path(__file__).parents[2]
# The further keywords that the Makefile gives to pybabel.
KEYWORDS = DEFAULT_KEYWORDS | parse_keywords(["_l", "lazy_gettext"])
PARSER = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True, autoescape=True)
BRANDS = {"Helpline", "Wikipedia", "OpenStreetMap"}
LETTERS = re.compile(r"[^\W\d_]")

Text = str | tuple[str, ...]


@lru_cache
def extracted() -> dict[Text, set[str]]:
    """Every text of code and templates, by the paths of the files in which it stands."""
    with (ROOT / "translations" / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[Text, set[str]] = {}
    # The walk is kept out of folders that the configuration ignores anyway: they hold thousands of files.
    read = extract_from_dir(
        ROOT,
        methods,
        options,
        KEYWORDS,
        directory_filter=lambda path: Path(path).relative_to(ROOT).parts[0] in {"helpline", "templates"},
    )
    for path, _line, text, _comments, _context in read:
        found.setdefault(text, set()).add(Path(path).as_posix())
    return found


def first(text: Text) -> str:
    """The text itself, or the singular of one that counts."""
    return text if isinstance(text, str) else text[0]


# --- who reads a text --------------------------------------------------------------------------------------

CONSOLE = ("templates/desk/", "templates/staff/", "templates/console_base.html", "helpline/staff/", "helpline/desk/")


def _texts(root: nodes.Node) -> Counter[str]:
    found = (message for _line, _name, message in extract_from_ast(root))
    return Counter(first(tuple(filter(None, text))) if isinstance(text, tuple) else text or "" for text in found)


def _asks_for_youth(test: nodes.Expr) -> bool:
    return (
        isinstance(test, nodes.Compare)
        and isinstance(test.expr, nodes.Name)
        and test.expr.name == "theme"
        and test.ops[0].op == "eq"
        and isinstance(test.ops[0].expr, nodes.Const)
        and test.ops[0].expr.value == "youth"
    )


def readers_in(source: str) -> dict[str, set[str]]:
    """Each text of a visitor's template, with its readers: `youth`, `prevention` or `both`."""
    tree = PARSER.parse(source)
    youth: Counter[str] = Counter()
    prevention: Counter[str] = Counter()
    for branch in tree.find_all(nodes.If):
        if _asks_for_youth(branch.test):
            youth += _texts(nodes.Template(branch.body))
            prevention += _texts(nodes.Template([*branch.elif_, *branch.else_]))
    found: dict[str, set[str]] = {}
    for name, texts in [("youth", youth), ("prevention", prevention), ("both", _texts(tree) - youth - prevention)]:
        for text in texts:
            found.setdefault(text, set()).add(name)
    return found


@lru_cache
def readers() -> dict[str, set[str]]:
    """Each text with its readers: `console`, `youth`, `prevention` or `both` lines."""
    found: dict[str, set[str]] = {}
    for text, paths in extracted().items():
        for path in paths:
            if path.startswith(CONSOLE):
                found.setdefault(first(text), set()).add("console")
            elif path.endswith(".py"):
                found.setdefault(first(text), set()).add("both")
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if not path.relative_to(ROOT).as_posix().startswith(CONSOLE):
            for text, names in readers_in(path.read_text(encoding="utf-8")).items():
                found.setdefault(text, set()).update(names)
    return found


# --- words that no extraction finds ------------------------------------------------------------------------

HOLE = "\ue000"
# Not shown: comments, statements, and blocks that hold the class or the id of an element.
_HIDDEN = re.compile(
    r"\{#.*?#\}|\{%-?\s*block (?:\w+_class|skip_to)\s*-?%\}.*?\{%-?\s*endblock\s*-?%\}|\{%.*?%\}", re.DOTALL
)
# What a macro puts into a tag stands outside of one in its own template.
_ATTRIBUTE = re.compile(r"[a-z-]+=\"[^\"]*\"")
SEEN = {
    "title",
    "aria-label",
    "aria-description",
    "aria-roledescription",
    "aria-valuetext",
    "placeholder",
    "alt",
    "label",
}
# A word of a class, an icon or an attribute begins with a small letter and stands alone.
LIKE_WORDS = re.compile(r"^\s*[A-Z][a-z]+|[A-Za-z’']{2,} [A-Za-z’']{2,}")


class _Page(HTMLParser):
    """Collects the words of a page that stand in the template itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: list[str] = []

    def _look(self, text: str | None) -> None:
        words = _ATTRIBUTE.sub("", text or "").replace(HOLE, " ").split()
        left = " ".join(word for word in words if word not in BRANDS)
        if LETTERS.search(left):
            self.found.append(left)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.open.append(tag)
        for name, value in given.items():
            pressed = name == "value" and tag == "input" and given.get("type") in {"submit", "button", "reset"}
            described = name == "content" and given.get("name") == "description"
            if name in SEEN or pressed or described:
                self._look(value)

    def handle_endtag(self, tag: str) -> None:
        while tag in self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        # <kbd> names a key as it is printed on it.
        if not self.open or self.open[-1] not in {"kbd", "script", "style"}:
            self._look(data)


def bare_words_in_template(source: str) -> list[str]:
    """Words in the HTML of a template, or in its expressions, that no gettext call goes round."""
    html = _HIDDEN.sub("", re.sub(r"\{\{.*?\}\}", HOLE, source, flags=re.DOTALL))
    page = _Page()
    page.feed(html)
    page.close()
    tree = PARSER.parse(source)
    calls = (call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") in KEYWORDS)
    fine = {id(const) for node in (*calls, *tree.find_all(nodes.Compare)) for const in node.find_all(nodes.Const)}
    spoken = (const.value for const in tree.find_all(nodes.Const) if id(const) not in fine)
    return page.found + [text for text in spoken if isinstance(text, str) and LIKE_WORDS.search(text)]


_JS_PARTS = re.compile(
    r"//[^\n]*|/\*.*?\*/|(?P<text>'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|`(?:\\.|[^`\\])*`)", re.DOTALL
)
_SENTENCE = re.compile(r"[A-Z][a-z]+ [a-z]+|[a-z]+ [a-z]+ [a-z]+")
_SINK = re.compile(
    r"(?:\.(?:textContent|innerText|innerHTML|title|placeholder|alt|ariaLabel|ariaDescription)\s*\+?=(?!=)"
    r"|setAttribute\('(?:aria-label|aria-description|title|placeholder|alt)',"
    r"|createTextNode\(|(?<![\w.])(?:alert|confirm|prompt|setText|Notification)\()(?P<rest>[^;\n]*)"
)
# Names by which words, elements and states are looked up.
_LOOKED_UP = re.compile(
    r"\b(?:word|words|counted|hasWord|byId|getElementById|querySelector)\((?:[^()]|\([^()]*\))*\)"
    r"|\$\('[^']*'\)|[!=]==\s*'[^']*'|\['[^']*'\]"
)


def bare_words_in_script(source: str) -> list[str]:
    """String literals of a script that a visitor or a counsellor could see."""
    found = []
    for part in _JS_PARTS.finditer(source):
        text = re.sub(r"\$\{[^}]*\}", "", (part["text"] or "")[1:-1])
        before = source[: part.start()].rstrip()
        # What is compared or thrown is for machines.
        if _SENTENCE.search(text) and not before.endswith(("Error(", "===", "!==")):
            found.append(text)
    bare = _JS_PARTS.sub(lambda part: part[0] if part["text"] else "", source)
    for sink in _SINK.finditer(bare):
        for part in _JS_PARTS.finditer(_LOOKED_UP.sub("", sink["rest"])):
            text = re.sub(r"\$\{[^}]*\}|\\(?:u[0-9a-f]{4}|\w)", "", (part["text"] or "")[1:-1])
            if LETTERS.search(text):
                found.append(text)
    return found


def _docstrings(tree: ast.AST) -> set[int]:
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            yield node


def lost_texts(source: str, known: set[str]) -> list[str]:
    """gettext calls of Python code whose text the extraction doesn't find, such as those inside f-strings."""
    found = []
    for call in _calls(ast.parse(source)):
        text = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        if text not in known:
            found.append(ast.unparse(call))
    return found


def bare_words_in_form(source: str) -> list[str]:
    """Words in a file of forms that no gettext call goes round: labels, choices, what is wrong."""
    tree = ast.parse(source)
    fine = {id(const) for call in _calls(tree) for const in ast.walk(call)} | _docstrings(tree)
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and id(node) not in fine
        and isinstance(node.value, str)
        and LIKE_WORDS.search(node.value)
    ]
