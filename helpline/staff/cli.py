"""`helpline staff`: make, list, disable and reset accounts."""

from __future__ import annotations

import click

from helpline.staff import service

HEADINGS = ("login", "name", "roles", "lines", "languages", "capacity", "status")


@click.group()
def staff() -> None:
    """Make, list, disable and reset the accounts of staff."""


@staff.command("add")
@click.argument("login")
@click.option("--role", "roles", multiple=True, help="counsellor, supervisor, analyst, administrator; repeat for more")
@click.option("--line", "lines", multiple=True, help="a line to work for; repeat for more  [default: every line]")
@click.option("--language", "languages", multiple=True, help="nl or en; repeat for more  [default: both]")
@click.option("--capacity", type=int, default=3, show_default=True, help="chats at once, 1 to 10")
@click.option("--name", help="name that colleagues see  [default: the login]")
def add(
    login: str,
    roles: tuple[str, ...],
    lines: tuple[str, ...],
    languages: tuple[str, ...],
    capacity: int,
    name: str | None,
) -> None:
    """Make the account LOGIN and print its password and second factor, once."""
    try:
        fresh = service.add_account(login, roles, lines, languages, capacity, name=name)
    except service.AccountRefused as error:
        raise click.UsageError(str(error)) from None
    _show_once(fresh)


@staff.command("list")
def list_all() -> None:
    """Show every account."""
    rows = [
        (
            account.login,
            account.name,
            " ".join(account.roles),
            " ".join(account.lines),
            " ".join(account.languages),
            str(account.capacity),
            ("disabled" if account.disabled_at else "active") + (" (demo)" if account.demo else ""),
        )
        for account in service.list_accounts()
    ]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    for row in (HEADINGS, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@staff.command("disable")
@click.argument("login")
def disable(login: str) -> None:
    """Close the account LOGIN and end its sessions; `reset` opens it again."""
    try:
        service.disable(login)
    except service.AccountRefused as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"{login}: disabled")


@staff.command("reset")
@click.argument("login")
def reset(login: str) -> None:
    """Give LOGIN a new password and second factor, print them once, and end its sessions."""
    try:
        fresh = service.reset(login)
    except service.AccountRefused as error:
        raise click.UsageError(str(error)) from None
    _show_once(fresh)


def _show_once(fresh: service.NewAccount) -> None:
    click.echo(f"password: {fresh.password}")
    click.echo(f"totp: {fresh.totp}")
