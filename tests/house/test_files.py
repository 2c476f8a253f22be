"""House rules that can be read off the files themselves.

Every rule is a function from a file's path and text to what is wrong in it, so that each can be shown a
bad file too: `test_the_rule_sees_a_bad_file` proves that none of them is asleep.
"""

import ast
import hashlib
import io
import json
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 400
BINARY = {".png", ".jpg", ".ico", ".webp", ".woff2", ".mo", ".wav", ".mp3", ".ogg", ".xlsx"}


def files() -> list[str]:
    """Paths of all files in git, relative to the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def third_party(path: str) -> bool:
    return path.startswith("static/vendor/")


def written_by_a_tool(path: str) -> bool:
    return path in {"requirements.txt", "requirements-test.txt", "package-lock.json"} or path.endswith(".po")


def lines_with(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if found := pattern.search(line):
            yield f"line {number}: {found.group().strip()}"


# --- the rules -------------------------------------------------------------------------------------------


def too_long(path: str, text: str) -> Iterator[str]:
    """A file that outgrew one screenful of ideas."""
    house = path.startswith(("helpline/", "static/", "templates/", "migrations/", "tests/"))
    if house and path.endswith((".py", ".js", ".css", ".html")) and not third_party(path):
        count = text.count("\n")
        if count > LONGEST:
            yield f"{count} lines"


# A class of one letter ([p]) keeps this file from breaking its own rules.
MACHINE = re.compile(r"(?<![\w.\-}])/(?:[w]ork|root|Users|home/\w+)/")
REGISTRY = re.compile(r"py[p]i\.org|python[h]osted|npm[j]s\.(?:org|com)|deb\.[d]ebian")
INDEX = re.compile(r"^(?:--[i]ndex-url|--extra-[i]ndex-url|--[f]ind-links|-i |-f )")


def machine_paths(path: str, text: str) -> Iterator[str]:
    """A path that exists on one machine only."""
    if not third_party(path):
        yield from lines_with(MACHINE, text)


def registry_addresses(path: str, text: str) -> Iterator[str]:
    """An address of a package registry: who installs has their own."""
    if not third_party(path):
        yield from lines_with(REGISTRY, text)
    if path.startswith("requirements"):
        yield from lines_with(INDEX, text)
    if path == "package-lock.json":
        yield from lines_with(re.compile('"resolved"'), text)


HANDLER = r"\son(?:click|load|error|submit|change|input|focus|blur|toggle|key|mouse|pointer|touch)[a-z]*="
INLINE = re.compile(
    rf"<style\b|\sstyle=|{HANDLER}|[\"'=]\s*javascript:|\ssrcdoc=|<script\b(?![^>]*\ssrc\s*=)",
    re.IGNORECASE,
)
# Links that a person follows (<a href>) may leave the site; nothing that a page loads by itself may.
FOREIGN = re.compile(
    r"<(?!a\b)[a-z]+\b[^>]*\s(?:src|href|srcset|poster|data|action)\s*=\s*[\"']?\s*(?:[a-z]+:)?//",
    re.IGNORECASE,
)
LOADS = re.compile(r"@import\b.*//|url\(\s*[\"']?(?:[a-z]+:)?//|(?:fetch|import|Worker)\(\s*[\"'`](?:[a-z]+:)?//")


def inline_code(path: str, text: str) -> Iterator[str]:
    """Script, style or handlers inside a page: the content security policy would block them."""
    if path.endswith(".html"):
        for found in INLINE.finditer(text):
            yield f"line {text.count(chr(10), 0, found.start()) + 1}: {found.group().strip()}"


def foreign_assets(path: str, text: str) -> Iterator[str]:
    """Something that a page would load from elsewhere."""
    if path.endswith(".html"):
        for found in FOREIGN.finditer(text):
            yield f"line {text.count(chr(10), 0, found.start()) + 1}: {found.group()}"
    if path.startswith("static/") and path.endswith((".css", ".js", ".svg")) and not third_party(path):
        yield from lines_with(LOADS, text)


def eventlet_named(path: str, text: str) -> Iterator[str]:
    """Code (not a comment or a docstring) that names the library we mean to be able to leave."""
    # The benchmarks measure the library against others, so they have to name it.
    elsewhere = path.startswith(("tests/", "benchmarks/"))
    if not path.endswith(".py") or elsewhere or path in {"wsgi.py", "helpline/serve.py"}:
        return
    docstrings = {
        node.body[0].lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and ast.get_docstring(node, clean=False) is not None
    }
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        named = token.type == tokenize.NAME or (token.type == tokenize.STRING and token.start[0] not in docstrings)
        if named and "eventlet" in token.string:
            yield f"line {token.start[0]}: {token.string}"


UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b")
SKIPPED = re.compile(r"mark\.(?:skip|xfail)|pytest\.(?:skip|xfail|importorskip)\(|unittest\.skip")
SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b")
SILENCED_WITH_REASON = re.compile(
    r"#\s*(?:noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|type:\s*ignore\[[a-z, -]+\])\s*(?:#|--?|:|\u2013)?\s*\w.{3,}"
)


def unfinished(path: str, text: str) -> Iterator[str]:
    """A note to oneself; open work lives in the issues."""
    if not third_party(path) and not written_by_a_tool(path):
        yield from lines_with(UNFINISHED, text)


def silenced(path: str, text: str) -> Iterator[str]:
    """A skipped test, or a check that is switched off without codes and a reason beside it."""
    if path.endswith(".py") and path != "tests/house/test_files.py":
        yield from lines_with(SKIPPED, text)
        for number, line in enumerate(text.splitlines(), 1):
            if SILENCED.search(line) and not SILENCED_WITH_REASON.search(line):
                yield f"line {number}: {line.strip()}"


RULES: list[Callable[[str, str], Iterator[str]]] = [
    too_long,
    machine_paths,
    registry_addresses,
    inline_code,
    foreign_assets,
    eventlet_named,
    unfinished,
    silenced,
]

# For each rule files that it must refuse.
BAD = [
    (too_long, "static/js/long.js", "x();\n" * (LONGEST + 1)),
    (machine_paths, "docs/x.md", "see /" + "root/notes"),
    (machine_paths, "Makefile", "cp a /" + "work/shared/"),
    (registry_addresses, "README.md", "https://py" + "pi.org/simple"),
    (registry_addresses, "requirements.txt", "--find-" + "links wheels"),
    (registry_addresses, "package-lock.json", '"resolved": "x"'),
    (inline_code, "templates/x.html", "<script>go()</script>"),
    (inline_code, "templates/x.html", "<script\n  type='module'>go()</script>"),
    (inline_code, "templates/x.html", "<style>a{}</style>"),
    (inline_code, "templates/x.html", '<p style="color:red">'),
    (inline_code, "templates/x.html", '<a onclick="go()">'),
    (inline_code, "templates/x.html", '<a href="javascript:go()">'),
    (foreign_assets, "templates/x.html", '<script src="https://cdn.example/x.js"></script>'),
    (foreign_assets, "templates/x.html", '<link rel="stylesheet"\n href="//fonts.example/x.css">'),
    (foreign_assets, "templates/x.html", '<form action="https://elsewhere.example/">'),
    (foreign_assets, "static/css/x.css", "a { background: url(https://img.example/x.png) }"),
    (foreign_assets, "static/js/x.js", "await fetch('https://api.example/')"),
    (eventlet_named, "helpline/x.py", "import eventlet\n"),
    (eventlet_named, "helpline/x.py", "MODE = 'eventlet'\n"),
    (unfinished, "helpline/x.py", "# TO" + "DO: later"),
    (silenced, "tests/x.py", "@pytest.mark.skip\n"),
    (silenced, "tests/x.py", "import x  # noqa\n"),
    (silenced, "tests/x.py", "import x  # noqa: E402\n"),
    (silenced, "tests/x.py", "x = y  # type: ignore[misc]\n"),
]

GOOD = [
    (
        "templates/x.html",
        '<a href="https://help.example/">Help</a> <script type="module" src="/x.js"></script>',
    ),
    ("helpline/x.py", '"""Runs under eventlet."""\n# eventlet is patched\n'),
    ("helpline/y.py", "import x  # noqa: E402 - only after the patch\n"),
    ("helpline/z.py", "x = y  # type: ignore[misc]  # the library has no types\n"),
    ("docs/x.md", "open /console/home/ and `instance/`"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Callable[[str, str], Iterator[str]]) -> None:
    wrong = []
    for name in files():
        if Path(name).suffix not in BINARY:
            text = (ROOT / name).read_text(encoding="utf-8")
            wrong += [f"{name}: {problem}" for problem in rule(name, text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("rule", "path", "text"), BAD, ids=lambda value: getattr(value, "__name__", None))
def test_the_rule_sees_a_bad_file(rule: Callable[[str, str], Iterator[str]], path: str, text: str) -> None:
    assert list(rule(path, text))


@pytest.mark.parametrize(("path", "text"), GOOD)
def test_no_rule_minds_a_good_file(path: str, text: str) -> None:
    assert [problem for rule in RULES for problem in rule(path, text)] == []


# --- what others wrote -----------------------------------------------------------------------------------


def wrong_checksums(static: Path) -> list[str]:
    """Vendored files that are not the recorded bytes, or not recorded at all."""
    wrong, recorded = [], set()
    for entry in json.loads((static / "vendor/vendored.json").read_text(encoding="utf-8")):
        if not (entry["name"] and entry["version"] and entry["licence"]):
            wrong.append(f"{entry['name']}: name, version or licence missing")
        for name, checksum in entry["files"].items():
            recorded.add(name)
            path = static / name
            if not path.is_file():
                wrong.append(f"{name}: recorded, but not there")
            elif hashlib.sha256(path.read_bytes()).hexdigest() != checksum:
                wrong.append(f"{name}: changed")
    for path in sorted((static / "vendor").rglob("*")):
        name = path.relative_to(static).as_posix()
        if path.is_file() and name not in recorded and path.name != "vendored.json":
            wrong.append(f"{name}: not recorded")
    return wrong


def test_vendored_files_are_untouched() -> None:
    assert wrong_checksums(ROOT / "static") == []


def test_a_touched_vendored_file_is_seen(tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "a.js").write_text("a")
    (vendor / "stray.js").write_text("b")
    entry = {
        "name": "a",
        "version": "1",
        "licence": "MIT",
        "files": {"vendor/a.js": "0" * 64, "vendor/c.js": ""},
    }
    (vendor / "vendored.json").write_text(json.dumps([entry]))
    assert wrong_checksums(tmp_path) == [
        "vendor/a.js: changed",
        "vendor/c.js: recorded, but not there",
        "vendor/stray.js: not recorded",
    ]
