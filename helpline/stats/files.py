"""Tables as files: CSV in long form, a workbook, and what says how they are to be read."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
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
# How the names of all tables begin.
OURS = ("answered-", "missed-", "self-help-", "advice-", "individuals-")
# What a spreadsheet takes for a formula, also behind a tab or a carriage return.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
WIDTH = 24
# Files of equal tables are equal, whenever they were written.
NO_TIME = datetime(2000, 1, 1)  # noqa: DTZ001  # the library takes no zone


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


def as_files(sheets: Sheets, form: str) -> dict[str, bytes]:
    """The files of a line by their path: a workbook, or a folder with a file a table and what it is all about."""
    if form == "xlsx":
        return {f"{sheets.line}.xlsx": as_workbook(sheets)}
    made = {f"{sheets.line}/{table.name}.csv": as_csv(table) for table in sheets.tables}
    return {f"{sheets.line}/{READ_ME}": ("\n\n".join(sheets.notes) + "\n").encode(), **made}


def write(files: Mapping[str, bytes], out: Path) -> None:
    """Write all of these files or none: beside the folder first, then moved to their place. Raises OSError."""
    out.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".export-", dir=out))
    try:
        for name, content in files.items():
            path = draft / "new" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for made in sorted((draft / "new").iterdir()):
            _put(made, out / made.name, draft / "old")
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(made: Path, place: Path, old: Path) -> None:
    """Move what was made to its place. Of a folder that is there already only what an export writes is replaced."""
    if not made.is_dir() or not place.exists():
        made.replace(place)
        return
    old.mkdir(exist_ok=True)
    place.rename(old / place.name)
    made.rename(place)
    for before in (old / place.name).iterdir():
        if before.name != READ_ME and not (before.suffix == ".csv" and before.name.startswith(OURS)):
            before.rename(place / before.name)


# --- what they are ---------------------------------------------------------------------------------------


def _exact_notes(sheets: Sheets) -> Iterator[str]:
    yield f"Figures of {sheets.name} ({sheets.line}), {sheets.period}"
    yield EXACT[0].upper() + EXACT[1:] + "."
    yield (
        "These figures are counted exactly and are for the organisation itself. Where few people are counted they can "
        "point at one of them, and each one that gets out makes the released figures tell more than they should. "
        "Whoever asks for figures from outside gets the release of the month."
    )
    yield from _how_they_count(sheets.tables)


def _notes(sheets: Sheets, told: Told) -> Iterator[str]:
    yield f"Figures of {sheets.name} ({sheets.line}), {sheets.period}"
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
