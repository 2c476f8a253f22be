"""What the docs say is so: settings, commands, pages, events, error codes, examples and links, against the code.

Each check is a function from the docs' text to what is wrong, and is shown a bad text too.
"""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from prometheus_client.metrics import MetricWrapperBase

from helpline.commands import helpline
from helpline.config import Settings
from helpline.lines import texts

ROOT = Path(__file__).parents[2]
CHAT = ROOT / "helpline" / "chat"
OPERATING = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
PROTOCOL = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")


def documents() -> list[Path]:
    """Every Markdown page of the project that people read, the texts for visitors apart."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\0") if name and not name.startswith("helpline/")]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def section(text: str, title: str) -> str:
    """What stands below the heading `title`, up to the next one of the same or a higher rank."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |^# |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[2]


def first_cells(text: str) -> set[str]:
    """The code words in the first column of all tables of `text`."""
    rows = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


# Settings


def settings_in_the_code() -> set[str]:
    return {f"HELPLINE_{name.upper()}" for name in Settings.model_fields}


def test_every_setting_is_in_the_table_and_nothing_else():
    assert first_cells(section(OPERATING, "Settings")) == settings_in_the_code()


@pytest.mark.parametrize("page", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_page_names_a_setting_that_does_not_exist(page):
    assert set(re.findall(r"HELPLINE_[A-Z_]+", page.read_text(encoding="utf-8"))) <= settings_in_the_code()


# Commands


def commands(group: click.Command = helpline, name: str = "helpline") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name."""
    if isinstance(group, click.Group):
        for word, command in group.commands.items():
            yield from commands(command, f"{name} {word}")
    else:
        yield name, group


def test_every_command_is_in_the_table_and_nothing_else():
    documented = first_cells(section(OPERATING, "Commands"))
    for name, _ in commands():
        assert any(re.match(rf"{name}(?= [A-Z\[]|$)", cell) for cell in documented), name
    known = [name for name, _ in commands()]
    for cell in documented:
        assert any(re.match(rf"{name}(?= [A-Z\[]|$)", cell) for name in known), cell


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_option_of_a_command_is_documented(name, command):
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            longest = max(option.opts, key=len)
            assert longest == "--help" or re.search(rf"{longest}\b", OPERATING), f"{name} {longest}"


def test_every_setting_of_a_line_shows_its_default():
    from helpline.lines.models import Line
    from helpline.lines.service import RANGES

    table = section(OPERATING, "Lines and opening hours")
    for setting in RANGES:
        default = Line.__table__.c[setting].default.arg
        assert re.search(rf"`--{setting.replace('_', '-')}` \| \w+ \| {default} \|", table), setting


# Pages


def rules(app) -> set[str]:
    return {
        re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"<\1>", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    }


def test_every_page_is_documented_and_nothing_else(app):
    documented = {cell for cell in first_cells(section(PROTOCOL, "Pages")) if cell.startswith("/")}
    assert documented == rules(app)


# Figures


def figures_in_the_code() -> dict[str, tuple[str, set[str]]]:
    """Every figure of the house as it is exposed: its kind and its labels."""
    from helpline import metrics

    found = {}
    for figure in vars(metrics).values():
        if isinstance(figure, MetricWrapperBase):
            (told,) = figure.describe()
            name = f"{told.name}_total" if told.type == "counter" else told.name
            found[name] = (told.type, set(figure._labelnames))
    return found


def figures_in_the_docs(text: str) -> dict[str, tuple[str, set[str]]]:
    rows = re.findall(r"^\| `(helpline_\w+)` \| (\w+) \| (.*?) ?\|", text, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_every_figure_is_documented_with_its_kind_and_labels_and_nothing_else():
    assert figures_in_the_docs(section(OPERATING, "Figures")) == figures_in_the_code()


# Socket events and error codes


def calls(folder: Path) -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield path, node


def words_given_to(folder: Path, names: set[str]) -> set[str]:
    """The words in the first argument of all calls of functions with these names."""
    found = set()
    for _, call in calls(folder):
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
        if name in names and call.args:
            found |= {node.value for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant)}
    return {word for word in found if isinstance(word, str)}


def events_of_clients(namespace: str) -> set[str]:
    """What the server listens to, as python-socketio knows it."""
    from helpline.extensions import socketio

    return set(socketio.server.namespace_handlers[namespace].events)


def tables(namespace: str) -> tuple[set[str], set[str]]:
    """Documented events of a namespace: from clients, from the server."""
    from_clients, from_server = section(PROTOCOL, f"Namespace `{namespace}`").split("From the server:")
    return first_cells(from_clients), first_cells(from_server)


@pytest.mark.parametrize("namespace", ["/visitor", "/console"])
def test_every_event_that_the_server_takes_is_documented_and_nothing_else(app, namespace):
    assert tables(namespace)[0] == events_of_clients(namespace)


def test_every_event_that_the_server_sends_is_documented_and_nothing_else():
    visitor, console = tables("/visitor")[1], tables("/console")[1]
    assert visitor | console == words_given_to(CHAT, {"emit", "_emit_here"})


def test_every_error_code_is_documented():
    raised = words_given_to(CHAT, {"Refused", "NoAccess", "Conflict", "DutyRefused", "ConnectionRefusedError"})
    documented = first_cells(section(PROTOCOL, "Error codes"))
    assert raised <= documented
    assert {"invalid", "too_long", "not_found", "forbidden", "wrong_state", "taken"} <= raised


# Examples


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_json_example_is_json():
    found = [block for page in documents() for block in blocks(page.read_text(encoding="utf-8"), "json")]
    assert len(found) >= 3
    for block in found:
        json.loads(block)


def test_the_examples_of_limits_and_help_work_as_they_stand(tmp_path):
    for name in ("limits", "help"):
        (tmp_path / name).mkdir()
    (limits,) = blocks(OPERATING, "markdown")
    (entry,) = blocks(OPERATING, "yaml")
    (tmp_path / "limits/nl-youth.nl.md").write_text(limits, encoding="utf-8")
    (tmp_path / "help/nl.yaml").write_text(entry, encoding="utf-8")
    assert texts.load_limits("nl", "youth", "nl", tmp_path).reviewed
    assert texts.load_help("nl", "nl", tmp_path)["crisis"].verified


# Links


def anchors(text: str) -> set[str]:
    """The names under which the headings of a page can be linked."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(page: Path, text: str) -> list[str]:
    """Links and pictures of a page that lead nowhere in the checkout."""
    plain = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", plain):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        aim = (page.parent / unquote(name)).resolve() if name else page
        inside = aim.exists() and ROOT in (aim, *aim.parents)
        if not inside or (anchor and anchor not in anchors(aim.read_text(encoding="utf-8"))):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "[x](docs/missing.md)",
        "![x](docs/pictures/missing.png)",
        "[x](docs/operating.md#no-such-heading)",
        "[x](#no-such-heading)",
        "[x](../../../etc/hostname)",
    ],
)
def test_a_link_that_leads_nowhere_is_seen(text):
    assert broken_links(ROOT / "README.md", text)


@pytest.mark.parametrize("page", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_and_folder_that_a_page_names_is_there(page):
    named = re.findall(
        r"`((?:helpline|tests|docs|templates|static|migrations)/[\w./-]*)`", page.read_text(encoding="utf-8")
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_opens_with_what_it_is_a_picture_two_commands_and_the_words():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    marks = ["Helpline is", "![", "make run", "make test", "## The words of the house", "## A map of the rooms"]
    places = [readme.index(mark) for mark in marks]
    assert places == sorted(places)
