"""`helpline contacts`: the ledgers from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import click

from helpline import clock
from helpline.contacts import service
from helpline.lines import service as lines


@click.group()
def contacts() -> None:
    """Import and count what was answered and what was missed."""


@contacts.command("count")
@click.option("--line", help="only this line")
@click.option("--json", "as_json", is_flag=True, help="as one JSON object")
def count(line: str | None, as_json: bool) -> None:
    """Count answered contacts, and missed ones by cause."""
    if line is not None:
        try:
            lines.get_line(line)
        except lines.UnknownLine:
            raise click.UsageError(f"no line is called {line!r}") from None
    counted = service.count(line)
    if as_json:
        click.echo(json.dumps(counted))
        return
    click.echo(f"answered: {counted['answered']}")
    for cause, number in counted["missed"].items():
        click.echo(f"missed, {cause}: {number}")


@contacts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_file(file: Path) -> service.Imported:
    """Take a log of contacts into the ledgers, the whole FILE or nothing of it.

    It is CSV with the columns of docs/ledgers.md. Telephone numbers in it are not kept; the same file counts once.
    """
    try:
        done = service.import_log(file.read_bytes(), clock.now())
    except service.BadFile as bad:
        _tell(bad)
    if done.again:
        click.echo("This file was imported before: nothing was changed.")
        return done
    click.echo(f"Imported: {done.answered} answered, {done.missed} missed.")
    for line, days in sorted(done.days.items()):
        click.echo(f"{line}: {min(days)} to {max(days)}")
    for line, topics in done.new_topics.items():
        click.echo(f"New topics of {line}, still without words: {', '.join(topics)}")
    return done


def _tell(bad: service.BadFile) -> NoReturn:
    """Each problem on a line of its own, up to a bound, the last line says that nothing was imported."""
    if bad.count == 1:
        raise click.UsageError(f"{bad.problems[0]}; nothing was imported")
    for problem in bad.problems:
        click.echo(f"helpline: {problem}", err=True)
    more = bad.count - len(bad.problems)
    untold = f", {more} of them not listed" if more else ""
    raise click.UsageError(f"{bad.count} problems{untold}; nothing was imported")
