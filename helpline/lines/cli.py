"""`helpline lines`: show the lines and change their settings."""

from __future__ import annotations

import click

from helpline.lines import service


@click.group()
def lines() -> None:
    """Show and change the helpline's lines."""


@lines.command("list")
def list_lines() -> None:
    """List every line with its hours and limits."""
    for line in service.all_lines():
        click.echo(f"{line.slug}  {line.name}  {line.time_zone}  languages {' '.join(line.languages)}")
        click.echo(f"  hours: {line.hours}")
        click.echo(f"  host-name: {line.host_name or '-'}")
        for name in service.RANGES:
            click.echo(f"  {name.replace('_', '-')}: {getattr(line, name)}")
        for name in service.SWITCHES:
            click.echo(f"  {name.replace('_', '-')}: {'on' if getattr(line, name) else 'off'}")


@lines.command("set")
@click.argument("line")
@click.option("--hours", help="always, closed, or e.g. 'mon-fri 09:00-17:00;sat 10:00-14:00'")
@click.option("--offer-seconds", type=int)
@click.option("--waiting-lost-seconds", type=int)
@click.option("--active-lost-seconds", type=int)
@click.option("--counsellor-lost-seconds", type=int)
@click.option("--longest-wait-minutes", type=int)
@click.option("--queue-limit", type=int)
@click.option("--letter-target-hours", type=int)
@click.option("--letter-retention-days", type=int)
@click.option("--summary-retention-days", type=int)
@click.option("--letters", type=click.Choice(("on", "off")), help="whether the line takes letters")
@click.option("--letters-second-reader", type=click.Choice(("on", "off")), help="whether a colleague reads each answer")
@click.option("--wrap-ups-open", type=int, help="with so many wrap-ups open no third chat comes; 0 for never")
@click.option("--host-name", help="the line's own host name; '' for none")
def set_line(line: str, **options: str | int | None) -> None:
    """Change settings of LINE; what is not named stays."""
    changes = {name: value for name, value in options.items() if value is not None}
    changes |= {name: changes[name] == "on" for name in service.SWITCHES if name in changes}
    if not changes:
        raise click.UsageError("name at least one setting, e.g. --hours always")
    try:
        service.change_line(line, changes)
    except service.UnknownLine:
        known = ", ".join(row.slug for row in service.all_lines())
        raise click.UsageError(f"no line is called {line!r}; there are {known}") from None
    except service.BadSetting as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"{line}: {', '.join(sorted(changes))} set")
