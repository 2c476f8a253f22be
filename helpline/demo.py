"""A demo installation: open lines, staff of every role, and a believable year in the ledgers."""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import date, datetime, timedelta

from helpline import config
from helpline.contacts import service as contacts
from helpline.contacts.models import Contact, ContactTopic, CourseCount, MissedContact
from helpline.db import random_key, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.selfhelp import service as selfhelp
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
DAYS = 365

# Contacts begin mostly in the afternoon and evening: a weight for each hour of the day.
HOURS = (2, 1, 1, 1, 0, 0, 1, 2, 4, 6, 7, 7, 6, 7, 8, 10, 12, 12, 10, 12, 14, 13, 8, 4)
CAUSES = (
    ("closed", 50),
    ("left", 20),
    ("unanswered", 12),
    ("nobody_on_duty", 9),
    ("lost", 5),
    ("left_early", 3),
    ("emergency_exit", 1),
)
AGES = {
    "youth": (("0-11", 4), ("12-15", 34), ("16-17", 24), ("18-25", 22), ("26+", 6), ("unknown", 10)),
    "prevention": (
        ("0-17", 10),
        ("18-25", 29),
        ("26-35", 20),
        ("36-45", 20),
        ("46-60", 15),
        ("61+", 3),
        ("unknown", 3),
    ),
}
CONCERNS = {
    "youth": (("self", 80), ("other", 12), ("professional", 5), ("general", 3)),
    "prevention": (("self", 47), ("other", 24), ("professional", 8), ("general", 21)),
}
GENDERS = (("female", 40), ("male", 42), ("other", 4), ("unknown", 14))
FOUND_VIA = (("internet", 56), ("professional", 14), ("police", 8), ("family", 6), ("campaign", 6), ("unknown", 10))
REFERRALS = {
    "youth": (("none", 50), ("hotline", 18), ("police", 12), ("advice", 10), ("youth_care", 6), ("school", 4)),
    "prevention": (("none", 45), ("self_help", 22), ("practitioner", 20), ("general_practitioner", 8), ("police", 5)),
}
# What most contacts of the last year were about; any other topic comes up now and then.
TOPICS = {
    "youth": ("extortion_money", "image_spread", "image_sent", "grooming", "fear", "extortion_images"),
    "prevention": ("attraction", "compulsive_use", "legal_trouble", "viewing", "relationship", "contact_risk"),
}
# Of the course most open fantasies and feelings; of the others rather the first than the last.
MOST_READ = {"fantasies": 3.0, "feelings": 3.6, "urges": 1.6}
COURSE_GROWS = 1.23  # in a year


def fill(now: datetime) -> list[NewAccount]:
    """Make the demo; `now` is the last moment of its year. The sign-ins are kept in the instance folder."""
    accounts = [
        staff.add_account(login, roles, own, languages, 3, name=name, demo=True)
        for login, name, roles, own, languages in PEOPLE
    ]
    for line in lines.all_lines():
        lines.change_line(line.slug, {"hours": "always"})
    lines.switch_joint_front_page(True)
    with transaction() as session:
        for line in lines.all_lines():
            today = lines.local(line, now).date()
            year = _year(line, today)
            session.add_all(year)
            session.flush()
            session.add_all(_about(line, year))
            session.add_all(_course(line, today))
    _keep(accounts)
    return accounts


def _year(line: Line, today: date) -> list[Contact | MissedContact]:
    """The rows of one line's year; the same at every call, since the random numbers are seeded."""
    dice = random.Random(line.slug)  # noqa: S311 - figures of a demo, not a secret
    rows: list[Contact | MissedContact] = []
    for back in range(1, DAYS + 1):
        day = today - timedelta(days=back)
        busy = 1.3 if day.weekday() == 0 else 0.8 if day.weekday() >= 5 else 1.0
        for _ in range(round(dice.gauss(6, 2) * busy)):
            hour = dice.choices(range(24), HOURS)[0]
            if dice.random() < 0.45:
                rows.append(_answered(dice, line.slug, day, hour))
            else:
                rows.append(_missed(dice, line.slug, day, hour))
    return rows


def _course(line: Line, today: date) -> list[CourseCount]:
    """Visits to the line's course since the year before last, so that each year has one to be compared with."""
    if not selfhelp.has_course(line.slug):
        return []
    dice = random.Random(f"course of {line.slug}")  # noqa: S311 - figures of a demo, not a secret
    course = selfhelp.content_of(line.slug).course
    weights = {
        module.slug: MOST_READ.get(module.slug, 1.2) / (1 + place / 12) for place, module in enumerate(course.modules)
    }
    weights |= {booster.slug: 0.2 for booster in course.boosters}
    counted: Counter[tuple[date, str, str, bool]] = Counter()
    for back in range(1, (today - date(today.year - 2, 1, 1)).days + 1):
        day = today - timedelta(days=back)
        # As the server keeps them: days long ago are added up in their month.
        told = day if day >= contacts.apart_since(today) else day.replace(day=1)
        busy = 26 * COURSE_GROWS ** (-back / 365) * (1.15 if day.weekday() in (0, 6) else 0.94)
        for _ in range(max(0, round(dice.gauss(busy, 4)))):
            returns = dice.random() < 0.135
            counted[told, "", "visit", returns] += 1
            many = dice.choice((1, 1, 2, 3) if returns else (0, 1, 1, 2))
            for module in dict.fromkeys(dice.choices(list(weights), list(weights.values()), k=many)):
                counted[told, module, "visit", returns] += 1
                if dice.random() < (0.55 if returns else 0.3):
                    counted[told, module, "done", returns] += 1
    return [
        CourseCount(line=line.slug, on_date=day, module=module, what=what, seen_before=before, count=count)
        for (day, module, what, before), count in counted.items()
    ]


def _about(line: Line, year: list[Contact | MissedContact]) -> list[ContactTopic]:
    """One or two topics of nearly each contact."""
    dice = random.Random(f"topics of {line.slug}")  # noqa: S311 - figures of a demo, not a secret
    every = [topic.code for topic in contacts.topics_of(line.slug) if topic.parent]
    often = [code for code in TOPICS.get(line.slug, ()) if code in every]
    rows = []
    for contact in year:
        if isinstance(contact, Contact) and every:
            some = dice.choices(often * 6 + every, k=dice.choice((0, 1, 1, 1, 2)))
            rows += [ContactTopic(contact_key=contact.key, topic=code) for code in dict.fromkeys(some)]
    return rows


def _pick(dice: random.Random, weighted: tuple[tuple[str, int], ...]) -> str:
    return dice.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]


def _answered(dice: random.Random, slug: str, day: date, hour: int) -> Contact:
    return Contact(
        key=random_key(),
        line=slug,
        channel="chat",
        on_date=day,
        on_hour=hour,
        in_hours=True,
        language="nl" if dice.random() < 0.85 else "en",
        wait_s=int(dice.expovariate(1 / 240)) // 10 * 10,
        length_min=max(1, int(dice.gauss(27, 12))),
        concern=_pick(dice, CONCERNS.get(slug, CONCERNS["youth"])),
        age_band=_pick(dice, AGES.get(slug, AGES["youth"])),
        gender=_pick(dice, GENDERS),
        found_via=_pick(dice, FOUND_VIA),
        referral=_pick(dice, REFERRALS.get(slug, REFERRALS["youth"])),
        recorded=_pick(dice, (("yes", 20), ("no", 30), ("unknown", 50))),
        returned=_pick(dice, (("yes", 15), ("no", 50), ("unknown", 35))),
        test=False,
    )


def _missed(dice: random.Random, slug: str, day: date, hour: int) -> MissedContact:
    cause = _pick(dice, CAUSES)
    return MissedContact(
        key=random_key(),
        line=slug,
        channel="chat",
        on_date=day,
        on_hour=hour,
        in_hours=cause != "closed",
        language="nl" if dice.random() < 0.85 else "en",
        wait_s=None if cause == "closed" else int(dice.expovariate(1 / 500)) // 10 * 10,
        cause=cause,
        test=False,
    )


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
