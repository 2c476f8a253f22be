"""`helpline stats`: figures as files, and the releases they come from."""

from __future__ import annotations

import os
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

import click

from helpline import clock
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.stats import files, periods, runs, service
from helpline.stats.making import CannotRelease, NotOver, TooEarly
from helpline.stats.periods import Period


class PeriodType(click.ParamType[Period]):
    """A month, a year, or either."""

    def __init__(self, *shapes: str) -> None:
        self.name = "|".join(shapes)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Period:
        """The period that is written like one of the shapes."""
        found = periods.parse(value)
        if found is None or len(value) not in map(len, self.name.split("|")):
            self.fail(f"{value!r} is not written like {self.name.replace('|', ' or ')}", param, ctx)
        return found


class Place(click.Path):
    """A path that is named: nothing, such as a variable of the shell that was never set, is no place to write to."""

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if not os.fspath(value):
            self.fail("it is empty", param, ctx)
        return super().convert(value, param, ctx)


MONTH, YEAR = PeriodType("YYYY-MM"), PeriodType("YYYY")
EITHER = PeriodType("YYYY-MM", "YYYY")


@click.group()
def stats() -> None:
    """Export figures and release them."""


@stats.command("export")
@click.option("--month", type=MONTH, help="the month")
@click.option("--year", type=YEAR, help="the sums of a year's releases and its individuals")
@click.option("--line", "slug", help="only this line; all of them without it")
@click.option("--exact", is_flag=True, help="counted exactly, for the organisation itself, not for publication")
@click.option("--format", "form", type=click.Choice(files.FORMATS), required=True, help="files or a workbook a line")
@click.option("--out", type=Place(file_okay=False, path_type=Path), required=True, help="the folder to write to")
def export(month: Period | None, year: Period | None, slug: str | None, exact: bool, form: str, out: Path) -> None:
    """Write the figures of a month as files, one folder or workbook a line.

    They are the release of the month: it is made now if it was not made before, and is frozen for good. With --year
    the year is closed for good: its persons can't be told apart any more.
    """
    if (month is None) == (year is None):
        raise click.UsageError("name either --month or --year")
    period, now = month or year, clock.now()
    assert period is not None  # noqa: S101  # one of both is there
    told = lines_called(slug)
    try:
        # First: what is released is released for good.
        files.check(out, [line.slug for line in told], form, exact=exact)
    except files.NotOurs as error:
        raise click.UsageError(str(error)) from None
    if exact:
        for line in told:
            refuse_what_has_not_begun(line, period, now)
        sheets = [service.exact_sheets(line, period) for line in told]
    else:
        files.try_to_write(out)
        make_releases(told, [period], now)
        sheets = [service.released_sheets(line, period) for line in told]
    made = {path: content for each in sheets for path, content in files.as_files(each, form).items()}
    files.write(made, out)
    for each in sheets:
        click.echo(f"{each.line} {period}: {out / each.line}{'' if form == 'csv' else '.' + form}")


@stats.command("release")
@click.option("--period", type=EITHER, required=True, help="the month, or the year with its individuals")
@click.option("--line", "slug", help="only this line; all of them without it")
def release(period: Period, slug: str | None) -> None:
    """Make the release of a month that is over, or of a year and all its months. It is never made again.

    A year is closed by it for good: its persons can't be told apart any more, so import all its logs before.
    """
    told = lines_called(slug)
    make_releases(told, [period], clock.now())
    for line in told:
        found = service.told(line.slug, period)
        click.echo(f"{line.slug} {period}: released on {found.made_on.isoformat()}" if found else "")


@stats.command("releases")
@click.option("--line", "slug", help="only this line; all of them without it")
def releases(slug: str | None) -> None:
    """List what was released."""
    for line in lines_called(slug):
        for period in sorted(service.released_periods(line.slug), key=str):
            found = service.told(line.slug, period)
            if found is not None:
                click.echo(f"{line.slug} {period}: released on {found.made_on.isoformat()}, bound {found.year_within}")


# --- what the commands share -----------------------------------------------------------------------------


def lines_called(slug: str | None) -> list[Line]:
    """The line of this name, or all of them; bad input where there is none."""
    try:
        return lines.all_lines() if slug is None else [lines.get_line(slug)]
    except lines.UnknownLine:
        raise click.UsageError(f"no line is called {slug!r}") from None


def refuse_what_has_not_begun(line: Line, period: Period, now: datetime) -> None:
    """Bad input for a period of which no day has come."""
    if period.first > lines.local(line, now).date():
        raise click.UsageError(f"{period} has not begun on the line {line.slug}")


def make_releases(told: list[Line], periods: list[Period], now: datetime) -> None:
    """Make what is missing of these lines, and tell what that froze for good. Bad input, and nothing made, where one of
    the periods is not over on one of them, or was over before anything was counted."""
    try:
        for line, period in product(told, periods):
            service.refuse_what_can_not_be(line, period, now)
    except (NotOver, TooEarly) as error:
        raise click.UsageError(str(error)) from None
    for line in told:
        before = service.released_periods(line.slug)
        try:
            for period in periods:
                runs.make(line, period, now)
        except CannotRelease as error:
            raise click.ClickException(str(error)) from None
        finally:
            # Also where a later month could not be made: the earlier ones are.
            tell_what_is_frozen(line, service.released_periods(line.slug) - before)


def tell_what_is_frozen(line: Line, made: set[Period]) -> None:
    """Say on standard error what can't be taken back any more: the months, and the years that were closed."""
    if months := sorted(str(period) for period in made if period.month is not None):
        click.echo(f"helpline: {line.slug}: released and frozen for good: {', '.join(months)}", err=True)
    for year in sorted(period.year for period in made if period.month is None):
        gone = f"its persons can't be told apart any more. Logs of {year} that come now are of nobody in particular"
        click.echo(f"helpline: {line.slug}: {year} is closed for good: {gone}", err=True)
