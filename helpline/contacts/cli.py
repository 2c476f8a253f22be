"""`helpline contacts`: the ledgers from the command line."""

from __future__ import annotations

import json

import click

from helpline.contacts import service
from helpline.lines import service as lines


@click.group()
def contacts() -> None:
    """Count what was answered and what was missed."""


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
