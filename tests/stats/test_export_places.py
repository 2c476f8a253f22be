"""Where exports write: what stands there already and is not of an export stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from helpline.lines import service as lines
from helpline.stats import files, service
from helpline.stats.periods import Period
from tests.postgres import sqlite_only

pytestmark = sqlite_only
TO = ("--format", "csv", "--out")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder to write to."""
    made = tmp_path / "out"
    made.mkdir()
    return made


def test_an_export_into_the_same_folder_replaces_its_own_files_only(run: Any, out: Path) -> None:
    (out / "youth").mkdir()
    (out / "youth" / "notes.odt").write_text("mine")
    (out / "youth" / "individuals-by-age.csv").write_text("gone")
    for mine in ("mine.csv", "answered-by-me.csv"):
        (out / "youth" / mine).write_text("mine")
    assert run("export", "--month", "2020-05", "--line", "youth", *TO, out).code == 0
    names = {path.name for path in (out / "youth").iterdir()}
    assert {"notes.odt", "mine.csv", "answered-by-me.csv", "READ-ME.txt", "answered-by-age.csv"} <= names
    assert "individuals-by-age.csv" not in names
    assert [path.name for path in out.iterdir()] == ["youth"]


def test_a_file_that_can_not_be_written_leaves_all_as_it_was(
    run: Any, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (out / "youth").mkdir()
    (out / "youth" / "answered-by-age.csv").write_text("before")
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "missed-by-time.csv":
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    done = run("export", "--month", "2020-05", *TO, out)
    assert (done.code, done.out) == (1, "")
    assert "No space left" in done.error.splitlines()[-1]
    assert [path.name for path in out.iterdir()] == ["youth"]
    assert (out / "youth" / "answered-by-age.csv").read_text() == "before"


def everything_in(folder: Path) -> dict[str, str]:
    """Each path below the folder with what it holds."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_text(errors="backslashreplace")
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def a_file(out: Path) -> None:
    (out / "youth").write_text("mine")


def a_link(out: Path) -> None:
    (out / "elsewhere").mkdir()
    (out / "elsewhere" / "answered-by-age.csv").write_text("mine")
    (out / "youth").symlink_to(out / "elsewhere")


def a_link_to_nothing(out: Path) -> None:
    (out / "youth").symlink_to(out / "nothing")


def a_folder_for_a_table(out: Path) -> None:
    (out / "youth" / "answered-by-age.csv").mkdir(parents=True)
    (out / "youth" / "answered-by-age.csv" / "note").write_text("mine")


def a_link_for_a_table(out: Path) -> None:
    (out / "youth").mkdir()
    (out / "mine.csv").write_text("mine")
    (out / "youth" / "answered-by-age.csv").symlink_to(out / "mine.csv")


def another_read_me(out: Path) -> None:
    (out / "youth").mkdir()
    (out / "youth" / "READ-ME.txt").write_text("mine")


@pytest.mark.parametrize(
    "stands", [a_file, a_link, a_link_to_nothing, a_folder_for_a_table, a_link_for_a_table, another_read_me]
)
def test_what_is_in_the_way_is_refused_and_stays(run: Any, out: Path, stands: Callable[[Path], None]) -> None:
    stands(out)
    before = everything_in(out)
    for more in ([], ["--exact"]):
        assert run("export", "--month", "2020-05", *TO, out, *more).refused(2, "in the way")
    assert everything_in(out) == before
    assert not (out / "prevention").exists()
    assert service.released_periods("prevention") == service.released_periods("youth") == set()


def test_a_folder_where_a_workbook_would_be_keeps_the_workbooks_of_all_lines(run: Any, out: Path) -> None:
    (out / "youth.xlsx").mkdir()
    asked = ("--month", "2020-05", "--format", "xlsx", "--out", out)
    assert run("export", "--exact", "--line", "prevention", *asked).code == 0
    before = (out / "prevention.xlsx").read_bytes()
    assert run("export", "--exact", *asked).refused(2, "youth.xlsx", "in the way")
    assert (out / "prevention.xlsx").read_bytes() == before


def test_what_can_not_be_moved_to_its_place_leaves_all_as_it_was(
    run: Any, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (out / "youth").mkdir()
    (out / "youth" / "answered-by-age.csv").write_text("before")
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if path.parts[-3:] == ("new", "youth", "missed-by-time.csv"):
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    assert run("export", "--month", "2020-05", "--exact", *TO, out).refused(1, "No space left")
    assert [path.name for path in out.iterdir()] == ["youth"]
    assert everything_in(out) == {"youth/answered-by-age.csv": "before"}


def test_what_can_not_be_written_is_told_by_the_folder_that_was_asked_for(run: Any) -> None:
    nowhere = Path("/proc/nowhere")
    for more in ([], ["--exact"]):
        done = run("export", "--month", "2020-05", *TO, nowhere, *more)
        assert done.refused(1, str(nowhere))
        assert ".export-" not in done.error
    assert run("report", "--year", "2020", "--line", "youth", "--format", "json", "--out", nowhere / "x").refused(
        1, str(nowhere)
    )
    assert service.released_periods("prevention") == service.released_periods("youth") == set()


def test_exact_files_and_released_ones_never_share_a_folder(run: Any, out: Path) -> None:
    for first, then in ((["--exact"], []), ([], ["--exact"])):
        asked = ("--month", "2020-05", "--line", "youth", *TO, out / f"{len(first)}")
        assert run("export", *asked, *first).code == 0
        before = everything_in(out)
        assert run("export", *asked, *then).refused(2, "youth holds", "name another folder")
        assert everything_in(out) == before
        assert run("export", *asked, *first).code == 0


def test_a_workbook_takes_the_place_of_none_of_the_other_kind_or_of_somebody_else(run: Any, out: Path) -> None:
    asked = ("export", "--month", "2020-05", "--line", "youth", "--format", "xlsx", "--out")
    released, counted = out / "released", out / "counted"
    assert run(*asked, released).out.endswith(f"{released / 'youth.xlsx'}\n")
    assert run(*asked, counted, "--exact").out.endswith(f"{counted / 'youth.xlsx'}\n")
    before = everything_in(out)
    assert run(*asked, released, "--exact").refused(2, "youth.xlsx holds a release", "name another folder for exact")
    assert run(*asked, counted).refused(2, "youth.xlsx holds exact figures", "name another folder for a release")
    assert everything_in(out) == before
    assert run(*asked, released).code == run(*asked, counted, "--exact").code == 0
    assert everything_in(out) == before
    whole = (released / "youth.xlsx").read_bytes()
    # Behind its name a part of it begins.
    at = whole.index(b"xl/sharedStrings.xml") + len("xl/sharedStrings.xml")
    for mine in (b"mine", b"", whole[:at] + b"\xff" + whole[at + 1 :]):
        (released / "youth.xlsx").write_bytes(mine)
        assert run(*asked, released).refused(2, "youth.xlsx", "in the way")
        assert (released / "youth.xlsx").read_bytes() == mine


def test_every_table_has_a_name_that_exports_may_replace(app: Flask) -> None:
    written = {
        Path(name).name
        for line in lines.all_lines()
        for name in files.as_files(service.exact_sheets(line, Period(2020)), "csv")
    }
    assert written == files.OURS
