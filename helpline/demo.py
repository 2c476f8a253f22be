"""A demo installation: open lines, staff of every role, letters, and two believable years of figures."""

from __future__ import annotations

import os
from datetime import datetime

from sqlalchemy import insert

from helpline import config, demo_figures, demo_letters
from helpline.contacts import service as contacts
from helpline.contacts.models import Contact, MissedContact
from helpline.db import transaction
from helpline.lines import service as lines
from helpline.staff import service as staff
from helpline.staff.service import NewAccount

PEOPLE = (
    ("mila", "Mila Visser", ["counsellor"], ["youth"], ["nl", "en"]),
    ("noor", "Noor Bakker", ["counsellor"], ["youth", "prevention"], ["nl", "en"]),
    ("jan", "Jan de Wit", ["counsellor"], ["prevention"], ["nl", "en"]),
    ("sanne", "Sanne de Boer", ["counsellor", "supervisor"], ["youth", "prevention"], ["nl", "en"]),
    ("amir", "Amir Haddad", ["analyst"], ["youth", "prevention"], ["nl", "en"]),
    ("eva", "Eva Smit", ["administrator"], ["youth", "prevention"], ["nl", "en"]),
)
NOTE = "demo-sign-ins.txt"


def fill(now: datetime) -> list[NewAccount]:
    """Make the demo; `now` is the last moment of its figures. The sign-ins are kept in the instance folder."""
    accounts = [
        staff.add_account(login, roles, own, languages, 3, name=name, demo=True)
        for login, name, roles, own, languages in PEOPLE
    ]
    for line in lines.all_lines():
        lines.change_line(line.slug, {"hours": "always"})
    lines.switch_joint_front_page(True)
    with transaction() as session:
        for line in lines.all_lines():
            for table, rows in demo_figures.rows_of(line, lines.local(line, now).date()).items():
                if rows:
                    session.execute(insert(table), rows)
                if table in (Contact, MissedContact):
                    contacts.days_written(session, line.slug, {row["on_date"] for row in rows})
    demo_letters.make(now)
    _keep(accounts)
    return accounts


def _keep(accounts: list[NewAccount]) -> None:
    by_login = {account.login: account for account in accounts}
    rows = [("login", "password", "totp", "roles", "lines")]
    rows += [
        (login, by_login[login].password, by_login[login].totp, ",".join(roles), ",".join(own))
        for login, _, roles, own, _ in PEOPLE
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    text = "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
    path = config.current().instance_dir / NOTE
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w") as file:
        file.write(text + "\n")


def table() -> str:
    """The demo's sign-ins as a table: login, password, totp, roles, lines."""
    path = config.current().instance_dir / NOTE
    return path.read_text().rstrip() if path.is_file() else "no demo sign-ins are kept here"
