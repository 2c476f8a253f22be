"""Who may import whom: the contracts of pyproject.toml hold, and each breaks when it should."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = [
    "helpline/lines/hours.py",
    "helpline/chat/states.py",
    "helpline/chat/routing.py",
    "helpline/advice/tree.py",
    "helpline/advice/ways.py",
    "helpline/advice/outline.py",
    "helpline/advice/drawing.py",
    "helpline/content/wording.py",
    "helpline/contacts/categories.py",
    "helpline/contacts/call_log.py",
    "helpline/letters/states.py",
    "helpline/letters/texts.py",
    "helpline/letters/figures.py",
    "helpline/lines/unlisted.py",
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs import-linter on the package that lies in `folder`."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_contracts_are_kept() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout
    assert result.stdout.count("KEPT") == 4


@pytest.mark.parametrize(
    ("file", "bad_import", "contract"),
    [
        ("helpline/staff/service.py", "import helpline.chat.service", "Features know only"),
        ("helpline/db.py", "import helpline.lines.service", "Features know only"),
        ("helpline/chat/models.py", "import helpline.chat.service", "Inside a feature"),
        ("helpline/chat/store.py", "import helpline.chat.access", "Inside a feature"),
        ("helpline/chat/service.py", "import helpline.contacts.models", "Between features"),
        ("helpline/chat/access.py", "import helpline.staff.models", "Between features"),
        ("helpline/chat/routing.py", "import helpline.clock", "Pure files"),
        ("helpline/chat/states.py", "import sqlalchemy", "Pure files"),
    ],
)
def test_a_contract_breaks(tmp_path: Path, file: str, bad_import: str, contract: str) -> None:
    shutil.copytree(ROOT / "helpline", tmp_path / "helpline", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests/house", tmp_path / "tests/house")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a") as source:
        source.write(f"\n{bad_import}\n")
    result = lint(tmp_path)
    assert result.returncode == 1, result.stdout
    assert any(line.startswith(contract) and "BROKEN" in line for line in result.stdout.splitlines()), result.stdout


# --- what a graph of imports can't see --------------------------------------------------------------------


def foreign_imports(source: str) -> list[str]:
    """Modules imported that are neither in the standard library nor a pure file."""
    pure = {path.removesuffix(".py").replace("/", ".") for path in PURE}
    wanted = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            wanted += [module] if module in pure else [f"{module}.{alias.name}" for alias in node.names]
    return [name for name in wanted if name.split(".")[0] not in sys.stdlib_module_names and name not in pure]


def names_used(source: str, name: str) -> list[int]:
    """Lines of code that use `name` by itself or as a call on something (`x.name()`)."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name)
    ]


def modules_using(name: str) -> set[str]:
    """Files of the package whose code uses `name`."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "helpline").rglob("*.py"))
        if names_used(path.read_text(encoding="utf-8"), name)
    }


@pytest.mark.parametrize("path", PURE)
def test_pure_files_import_the_standard_library_only(path: str) -> None:
    assert foreign_imports((ROOT / path).read_text(encoding="utf-8")) == []


def test_a_foreign_import_is_seen() -> None:
    source = "import flask.json\nfrom helpline import clock\nfrom helpline.chat.states import State\nimport math\n"
    assert foreign_imports(source) == ["flask.json", "helpline.clock"]


# Besides every service.py: the writer, the timed work of the chat, the duty of staff, sealed sessions (a tool
# room without a service), and the demo, which makes up rows that no service would make.
COMMITTERS = {
    "helpline/db.py",
    "helpline/demo.py",
    "helpline/demo_letters.py",
    "helpline/chat/writer.py",
    "helpline/chat/sweep.py",
    "helpline/chat/catch_up.py",
    "helpline/chat/presence.py",
    "helpline/chat/retention.py",
    "helpline/chat/wrap_ups.py",
    "helpline/chat/afterwards.py",
    "helpline/chat/asking.py",
    "helpline/chat/agreeing.py",
    "helpline/chat/continuing.py",
    "helpline/chat/parting.py",
    "helpline/contacts/counters.py",
    "helpline/contacts/campaigns.py",
    "helpline/contacts/catching.py",
    "helpline/contacts/month_tallies.py",
    "helpline/contacts/releasing.py",
    "helpline/contacts/tallies.py",
    "helpline/contacts/topic_editing.py",
    # the halves of the service of letters: visitors, staff, and the audited reading
    "helpline/letters/answering.py",
    "helpline/letters/looking.py",
    "helpline/letters/visiting.py",
    "helpline/staff/duties.py",
    "helpline/stats/making.py",
    "helpline/stats/runs.py",
    "helpline/privacy/sessions.py",
}


def test_only_services_and_the_writer_open_transactions() -> None:
    others = {path for path in modules_using("transaction") - COMMITTERS if not path.endswith("/service.py")}
    assert others == set()


def selects(source: str, model: str) -> list[int]:
    """Lines that hand `model` to a call, as a query does (`select(Line)`, `session.get(Line, ...)`)."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and any(isinstance(given, ast.Name) and given.id == model for given in node.args)
    ]


def test_only_lines_reads_its_table() -> None:
    # Other features may name the type Line (the contract leaves models open for that), never query it.
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "helpline").rglob("*.py")
        if selects(path.read_text(encoding="utf-8"), "Line")
    }
    assert {path for path in readers if not path.startswith("helpline/lines/")} == set()


def test_a_query_is_seen() -> None:
    assert selects("session.get(Line, 'youth')\nselect(Line).where(True)\n", "Line") == [1, 2]
    assert selects("def f(line: Line) -> Line: ...\n", "Line") == []


def test_only_push_emits() -> None:
    assert modules_using("emit") <= {"helpline/chat/push.py"}


def test_a_use_is_seen() -> None:
    assert names_used("with transaction() as s:\n    s.emit('x')\n", "transaction") == [1]
    assert names_used("with transaction() as s:\n    s.emit('x')\n", "emit") == [2]
    assert names_used("'emit'  # emit\n", "emit") == []
