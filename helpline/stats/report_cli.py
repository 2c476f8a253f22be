"""`helpline stats report`: the yearly report as data or as a page to print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from helpline import clock, web
from helpline.lines.models import Line
from helpline.stats import files, yearly
from helpline.stats.cli import YEAR, Place, lines_called, make_releases, refuse_what_has_not_begun
from helpline.stats.periods import Period

if TYPE_CHECKING:
    from helpline.config import Settings

JSON, HTML = FORMATS = ("json", "html")


@click.command("report")
@click.option("--year", type=YEAR, required=True, help="the year")
@click.option("--line", "slug", required=True, help="the line")
@click.option("--exact", is_flag=True, help="counted exactly, for the organisation itself, not for publication")
@click.option("--format", "form", type=click.Choice(FORMATS), required=True, help="data, or a page to read and print")
@click.option("--lang", type=click.Choice(list(web.LANGUAGES)), default="en", show_default=True, help="of the page")
@click.option("--out", type=Place(dir_okay=False, path_type=Path), required=True, help="the file to write")
@click.pass_obj
def report(settings: Settings, year: Period, slug: str, exact: bool, form: str, lang: str, out: Path) -> None:
    """Write the yearly report of a line.

    It is made from releases: those of the year that are missing are made now, and so are those of the year before.
    Both years are closed by it for good: their persons can't be told apart any more, so import all their logs before.
    """
    (line,) = lines_called(slug)
    files.try_to_write(out.parent)
    told = _exact(line, year) if exact else _released(line, year)
    text = json.dumps(told, ensure_ascii=False, indent=2) if form == JSON else _page(settings, line, told, lang)
    files.write({out.name: f"{text.rstrip()}\n".encode()}, out.parent)
    click.echo(f"{line.slug} {year}: {out}")


def _exact(line: Line, year: Period) -> dict[str, Any]:
    refuse_what_has_not_begun(line, year, clock.now())
    return yearly.exact_report(line, year.year)


def _released(line: Line, year: Period) -> dict[str, Any]:
    make_releases([line], yearly.rests_on(line, year), clock.now())
    return yearly.released_report(line, year.year)


def _page(settings: Settings, line: Line, told: dict[str, Any], lang: str) -> str:
    # Only here, for the data alone needs no application.
    from helpline import create_app
    from helpline.stats.report_file import as_html

    app = create_app(settings)  # type: ignore[no-untyped-call]  # what nobody may import early has no types either
    with app.test_request_context("/console/"):
        return as_html(line, told, lang)
