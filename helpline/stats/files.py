"""Tables as files: CSV in long form, a workbook, and what says how they are to be read."""

from __future__ import annotations

import csv
import html
import io
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from helpline.stats.periods import Period
from helpline.stats.store import Told
from helpline.stats.tables import Table

FORMATS = ("csv", "xlsx")
EXACT = "exact, not for publication"
READ_ME = "READ-ME.txt"
COUNT = "count"
BEGINNING, WARNING = "Figures of ", "Exact, not for publication."
# Every name that an export writes into a folder: nothing else there is replaced.
OURS = {
    READ_ME,
    *(f"answered-by-{of}.csv" for of in ("channel", "age", "concern", "topic", "time", "route", "referral")),
    *(f"missed-by-{of}.csv" for of in ("reason", "time")),
    *(f"self-help-{of}.csv" for of in ("visits", "course")),
    *(f"advice-by-{of}.csv" for of in ("asker", "tree")),
    *(f"individuals-by-{of}.csv" for of in ("concern", "age")),
}
# What a spreadsheet takes for a formula, also behind a tab or a carriage return.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
WIDTH = 24
# Files of equal tables are equal, whenever they were written.
NO_TIME = datetime(2000, 1, 1)  # noqa: DTZ001  # the library takes no zone


class NotOurs(ValueError):
    """Where files would be written stands something else; the message says what, in one line."""


@dataclass(frozen=True)
class Sheets:
    """The tables of a line and period as they are written: released ones, or exact ones where `told` is None."""

    line: str
    name: str
    period: Period
    tables: tuple[Table, ...]
    told: Told | None = None

    @property
    def notes(self) -> list[str]:
        """What the reader has to know, a paragraph each."""
        return list(_exact_notes(self) if self.told is None else _notes(self, self.told))


def rows(table: Table) -> Iterator[list[str | int]]:
    """The head of the table, then every combination of its words with its count."""
    yield [*(safe(dimension.name) for dimension in table.dimensions), COUNT]
    for key, count in table.figures().items():
        yield [*map(safe, key), count]


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULAS) else cell


def as_csv(table: Table) -> bytes:
    """A table as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows(table))
    return out.getvalue().encode()


def as_workbook(sheets: Sheets) -> bytes:
    """A workbook: first what the tables are, then a sheet a table."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": NO_TIME, "title": f"{sheets.name}, {sheets.period}"})
    bold, warning = book.add_format({"bold": True}), book.add_format({"bold": True, "font_color": "#8F1D14"})
    told = book.add_format({"text_wrap": True, "valign": "top"})
    first = book.add_worksheet("read me")
    first.set_column(0, 0, 100)
    for place, note in enumerate(sheets.notes):
        is_warning = sheets.told is None and place == 1
        first.write_string(place, 0, safe(note), bold if place == 0 else warning if is_warning else told)
    for table in sheets.tables:
        sheet = book.add_worksheet(table.name)
        sheet.set_column(0, len(table.dimensions) + 1, WIDTH)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows(table)):
            for place, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, place, cell)
                else:
                    sheet.write_string(number, place, cell, bold if number == 0 else None)
        if sheets.told is None:
            # Beside the table, so that whoever reads it by its head still can.
            sheet.write_string(0, len(table.dimensions) + 2, EXACT, warning)
            sheet.set_header(f"&C{EXACT}")
    book.close()
    return out.getvalue()


def as_files(sheets: Sheets, form: str, name: str = "") -> dict[str, bytes]:
    """The files of a line by their path: a workbook, or a folder with a file a table and what it is all about. `name`
    is that of the workbook or folder, where it is not the line's."""
    name = name or sheets.line
    if form == "xlsx":
        return {f"{name}.xlsx": as_workbook(sheets)}
    made = {f"{name}/{table.name}.csv": as_csv(table) for table in sheets.tables}
    return {f"{name}/{READ_ME}": ("\n\n".join(sheets.notes) + "\n").encode(), **made}


def check(out: Path, lines: Sequence[str], form: str, *, exact: bool) -> None:
    """Raise NotOurs where something else stands in the places of what is to be written."""
    for line in lines:
        if form == "xlsx":
            book = out / f"{line}.xlsx"
            _refuse_unless(book, Path.is_file)
            _refuse_another_kind(book, _said_in_workbook, exact=exact)
            continue
        _refuse_unless(out / line, Path.is_dir)
        for name in sorted(OURS):
            _refuse_unless(out / line / name, Path.is_file)
        _refuse_another_kind(out / line / READ_ME, _said_in_text, exact=exact)


def _refuse_unless(place: Path, is_right: Callable[[Path], bool]) -> None:
    if place.is_symlink() or (place.exists() and not is_right(place)):
        kind = "a folder" if is_right is Path.is_dir else "a file"
        raise NotOurs(f"{place} is in the way: it is not {kind} of an export")


def _refuse_another_kind(file: Path, said_in: Callable[[Path], str], *, exact: bool) -> None:
    if not file.exists():
        return
    said = said_in(file)
    if not said.startswith(BEGINNING):
        raise NotOurs(f"{file} is in the way: it is not of an export")
    if (f"\n{WARNING}\n" in said) != exact:
        there, wanted = ("a release", "exact figures") if exact else ("exact figures", "a release")
        holder = file.parent if file.name == READ_ME else file
        raise NotOurs(f"{holder} holds {there}: name another folder for {wanted}")


def _said_in_text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _said_in_workbook(file: Path) -> str:
    """Its texts, a line each, the first sheet's first; nothing where it is none, or damaged or locked."""
    try:
        with zipfile.ZipFile(file) as book:
            texts = book.read("xl/sharedStrings.xml").decode(errors="replace")
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError):
        return ""
    return "\n".join(html.unescape(text) for text in re.findall(r"<t(?: [^>]*)?>([^<]*)</t>", texts))


def write(files: Mapping[str, bytes], out: Path) -> None:
    """Write all of these files or none: beside the folder first, then moved to their place. Raises OSError.

    Only what an export writes is replaced; call `check` first.
    """
    with _naming(out):
        _write(files, out)


@contextmanager
def _naming(out: Path) -> Iterator[None]:
    """What can't be written is told by the folder that was asked for, not by a draft that nobody knows."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(out)) from error


def _write(files: Mapping[str, bytes], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".export-", dir=out))
    new, old = draft / "new", draft / "old"
    # What an earlier export wrote into the same folders and this one does not goes too.
    folders = {Path(name).parent for name in files} - {Path()}
    names = [*map(Path, files), *sorted({folder / name for folder in folders for name in OURS} - {*map(Path, files)})]
    try:
        for name, content in files.items():
            _move_to(new / name).write_bytes(content)
        with ExitStack() as undo:
            for path in names:
                if (out / path).exists():
                    _move(out / path, old / path, undo)
                if (new / path).exists():
                    _move(new / path, out / path, undo)
            undo.pop_all()
        _remove(old, names)
    finally:
        _remove(new, names)
        _rmdir(old)
        _rmdir(draft)


def _move(path: Path, place: Path, undo: ExitStack) -> None:
    path.rename(_move_to(place, undo))
    undo.callback(place.rename, path)


def _move_to(place: Path, undo: ExitStack | None = None) -> Path:
    """The place, with its folder made; `undo` takes the folder away again if nothing else is in it."""
    if not place.parent.exists():
        place.parent.mkdir(parents=True)
        if undo is not None:
            undo.callback(_rmdir, place.parent)
    return place


def _remove(folder: Path, names: Sequence[Path]) -> None:
    """Remove these files; folders only where nothing else is in them."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
    for parent in {(folder / name).parent for name in names} - {folder}:
        _rmdir(parent)
    _rmdir(folder)


def _rmdir(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


# --- what they are ---------------------------------------------------------------------------------------


def _exact_notes(sheets: Sheets) -> Iterator[str]:
    yield f"{BEGINNING}{sheets.name} ({sheets.line}), {sheets.period}"
    yield WARNING
    yield (
        "These figures are counted exactly and are for the organisation itself. Where few people are counted they can "
        "point at one of them, and each one that gets out makes the released figures tell more than they should. "
        "Whoever asks for figures from outside gets the release of the month."
    )
    yield from _how_they_count(sheets.tables)


def _notes(sheets: Sheets, told: Told) -> Iterator[str]:
    yield f"{BEGINNING}{sheets.name} ({sheets.line}), {sheets.period}"
    yield (
        f"Released on {told.made_on.isoformat()}, once and for good: what came in later counts in a later month, and "
        "what was deleted later is not subtracted."
    )
    yield (
        f"To protect the people behind them all figures, totals too, were changed to one of the two multiples of "
        f"{told.within} around what was counted (zero-restricted controlled rounding of all tables together). So the "
        "tables add up, and what stands in several of them is the same in each."
    )
    yield (
        f"Each figure differs from what was counted by less than {told.within}; a 0 can be up to {told.within - 1}. "
        "Small differences mean nothing."
    )
    if sheets.period.month is None:
        yield (
            f"The figures of the year are the sums of its released months and differ from what was counted by less "
            f"than {told.year_within}. The individuals were counted once for the whole year and differ by less than "
            f"{told.within}."
        )
    else:
        yield (
            f"The sums of this year's released months so far differ from what was counted by less than "
            f"{told.year_within}."
        )
    yield (
        f"Late rows: {told.late_rows}. About so many contacts and missed contacts are of earlier months and came too "
        "late for their release; protected like all figures."
    )
    for dimension, words in told.merged.items():
        yield (
            f"Merged: in {dimension}, all this year, {', '.join(words)} count under other. In the releases of the year "
            "before each of them had fewer than 20."
        )
    yield from _how_they_count(sheets.tables)


def _how_they_count(tables: Sequence[Table]) -> Iterator[str]:
    yield (
        "Every combination of categories has a row, zeros too. The word total stands where a category is not told "
        "apart. Test contacts are in no figure; whoever left within seconds is not among the missed contacts."
    )
    if any(dimension.several for table in tables for dimension in table.dimensions):
        yield (
            "A contact counts once under each of its topics. The row any has the contacts: at least as many as any "
            "topic, at most as many as all topics together."
        )
    if any(dimension.name == "asked_for" for table in tables for dimension in table.dimensions):
        yield (
            "In asked_for stands whom the advice was for: self (whoever asked), friend (somebody close to them), child "
            "(their own child), professional (somebody they meet in their work), unknown (that was not said)."
        )


# --- before they are made ----------------------------------------------------------------------------------


def try_to_write(out: Path) -> None:
    """See that files can be written to this folder, before anything is made that can't be taken back. Leaves nothing
    behind. Raises OSError."""
    there = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    with _naming(out):
        Path(tempfile.mkdtemp(prefix=".export-", dir=there)).rmdir()
