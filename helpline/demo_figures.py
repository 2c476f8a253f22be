"""The figures of the demo: two believable years in the ledgers and counters, the same at every call."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from helpline.advice import service as advice
from helpline.advice.tree import Advice
from helpline.contacts import campaigns
from helpline.contacts import service as contacts
from helpline.contacts.categories import GENDERS, age_bands
from helpline.contacts.models import (
    AdviceCount,
    AdviceHelped,
    AfterCount,
    Contact,
    ContactTopic,
    CourseCount,
    MissedContact,
)
from helpline.db import random_key
from helpline.lines.hours import hours_of_week, parse_hours
from helpline.lines.models import Line
from helpline.selfhelp import service as selfhelp

Row = dict[str, Any]
# Everything that is to be stored, by table.
Rows = dict[type[Any], list[Row]]
Weighted = Sequence[tuple[str, float]]

DAYS = 730
GROWS = 1.16  # in a year
ANSWERING_AFTER = 0.4
AFTER = (
    ("better", (("yes", 55.0), ("partly", 33.0), ("no", 12.0))),
    ("again", (("yes", 68.0), ("maybe", 24.0), ("no", 8.0))),
)
# The demo is open day and night, so that a chat can be tried at any time; its past had ordinary hours.
HOURS_THEN = {
    "youth": "mon-fri 14:00-22:00;sat-sun 15:00-21:00",
    "prevention": "mon-fri 09:00-17:00;mon-tue 19:00-22:00;thu 19:00-22:00",
}
# Contacts begin mostly in the afternoon and evening: a weight for each hour of the day.
HOURS = (2, 1, 1, 1, 0, 0, 1, 2, 4, 6, 7, 7, 6, 7, 8, 10, 12, 12, 10, 12, 14, 13, 8, 4)
WEEKDAYS = (1.25, 1.05, 1.0, 1.0, 0.9, 0.75, 0.85)
# More in the dark months, fewer in the summer.
MONTHS = (1.12, 1.08, 1.04, 1.0, 0.96, 0.9, 0.8, 0.82, 1.02, 1.06, 1.12, 1.04)
A_DAY = {"youth": 9.0, "prevention": 8.0}
SHARES = {
    "youth": (("chat", 82), ("phone", 9), ("email", 9)),
    "prevention": (("chat", 40), ("phone", 42), ("email", 18)),
}
# When nobody was there although the line was open: weekday, hours, and how often then.
NOBODY = {
    "prevention": ((0, range(19, 22), 0.85),),
    "youth": ((4, range(20, 22), 0.35), (6, range(15, 17), 0.3)),
}
# Of those who come while the line is open and somebody is there.
BUSY = {"youth": 0.24, "prevention": 0.15}
WHY: Weighted = (("left", 46), ("unanswered", 22), ("lost", 12), ("left_early", 10), ("queue_full", 6))
WHY_CALLS: Weighted = (("unanswered", 80), ("left", 20))
AGES: dict[str, Weighted] = {
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
CONCERNS: dict[str, Weighted] = {
    "youth": (("self", 80), ("other", 12), ("professional", 5), ("general", 3)),
    "prevention": (("self", 47), ("other", 24), ("professional", 8), ("general", 21)),
}
GENDER: dict[str, Weighted] = {
    "youth": (("female", 52), ("male", 31), ("other", 5), ("unknown", 12)),
    "prevention": (("female", 17), ("male", 67), ("other", 2), ("unknown", 14)),
}
FOUND_VIA: Weighted = (
    ("internet", 56), ("professional", 14), ("police", 8), ("family", 6), ("campaign", 6), ("unknown", 10)
)  # fmt: skip
REFERRALS: dict[str, Weighted] = {
    "youth": (("none", 50), ("hotline", 18), ("police", 12), ("advice", 10), ("youth_care", 6), ("school", 4)),
    "prevention": (("none", 45), ("self_help", 22), ("practitioner", 20), ("general_practitioner", 8), ("police", 5)),
}
# What became of those who were not answered.
CAUGHT: dict[str, Weighted] = {
    "youth": (("none", 62), ("advice", 26), ("chat", 12)),
    "prevention": (("none", 66), ("course", 20), ("advice", 8), ("chat", 6)),
}
# Minutes of a contact by channel: the middle, and how far they lie apart.
MINUTES = {"chat": (31, 13), "phone": (19, 9), "email": (14, 5)}
# What most contacts were about; any other topic comes up now and then.
TOPICS = {
    "youth": ("extortion_money", "image_spread", "image_sent", "grooming", "fear", "extortion_images"),
    "prevention": ("attraction", "compulsive_use", "legal_trouble", "viewing", "relationship", "contact_risk"),
}
# Of the course most open fantasies and feelings; of the others rather the first than the last.
MOST_READ = {"fantasies": 3.0, "feelings": 3.6, "urges": 1.6}
COURSE_GROWS = 1.23  # in a year
WALKS_A_DAY = {"youth": 11.0, "prevention": 5.0}
# Code, name, how many days ago it began and ended, arrivals a day, clicks of a thousand who saw it.
CAMPAIGNS: dict[str, tuple[tuple[str, str, int, int | None, float, float], ...]] = {
    "youth": (("posters", "Posters at bus stops", 48, None, 14, 6.5), ("schools", "School week", 402, 371, 31, 11.0)),
    "prevention": (
        ("night", "Banners after midnight", 76, None, 9, 3.8),
        ("dare", "Dare to ask", 330, 248, 17, 4.6),
    ),
}


def rows_of(line: Line, today: date) -> Rows:
    """All that happened on a line until yesterday."""
    answered, missed = _ledgers(line.slug, today)
    return {
        Contact: answered,
        MissedContact: missed,
        ContactTopic: list(_about(line.slug, answered)),
        CourseCount: course(line.slug, today),
        AdviceCount: _walks(line.slug, today),
        AdviceHelped: _helped(line.slug, today),
        AfterCount: _after(line.slug, answered),
        campaigns.Campaign: [
            {
                "line": line.slug,
                "code": code,
                "name": name,
                "starts_on": today - timedelta(days=began),
                "ends_on": None if ended is None else today - timedelta(days=ended),
                "archived": ended is not None,
            }
            for code, name, began, ended, _arrivals, _clicks in CAMPAIGNS.get(line.slug, ())
        ],
        campaigns.CampaignCount: _campaigns(line.slug, today),
    }


def _dice(*what: str) -> random.Random:
    return random.Random(" of ".join(what))  # noqa: S311 - figures of a demo, not a secret


def _pick(dice: random.Random, weighted: Weighted) -> str:
    return dice.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]


def _days(today: date, days: int, a_day: float, grows: float = GROWS) -> Iterator[tuple[date, float]]:
    """The days until yesterday, the last one first, with how many come on such a day."""
    for back in range(1, days + 1):
        day = today - timedelta(days=back)
        yield day, a_day * grows ** (-back / 365) * WEEKDAYS[day.weekday()] * MONTHS[day.month - 1]


def _told(day: date, today: date) -> date:
    """As the server keeps counters: days long ago are added up in their month."""
    return day if day >= contacts.apart_since(today) else day.replace(day=1)


# The ledgers


def _ledgers(line: str, today: date) -> tuple[list[Row], list[Row]]:
    """Answered and missed contacts."""
    dice = _dice("ledgers", line)
    open_hours = hours_of_week(parse_hours(HOURS_THEN.get(line, HOURS_THEN["youth"])))
    away = {(day, hour): often for day, hours, often in NOBODY.get(line, ()) for hour in hours}
    people: list[str] = []
    answered: list[Row] = []
    missed: list[Row] = []
    for day, busy in _days(today, DAYS, A_DAY.get(line, 6.0)):
        for _ in range(max(0, round(dice.gauss(busy, busy / 3)))):
            channel = _pick(dice, SHARES.get(line, SHARES["youth"]))
            hour = dice.choices(range(24), HOURS)[0]
            # Letters of any kind lie there until somebody works.
            hour = dice.choice(range(9, 17)) if channel == "email" else hour
            place = (day.weekday(), hour)
            of_both = {"key": random_key(), "line": line, "channel": channel, "on_date": day, "on_hour": hour}
            of_both |= {"in_hours": place in open_hours, "language": "nl" if dice.random() < 0.85 else "en"}
            cause = None
            if channel != "email":
                cause = _why_missed(dice, line, channel, of_both["in_hours"], away.get(place, 0.0))
            if cause is None:
                answered.append(of_both | _answered(dice, line, channel, hour, people))
            else:
                missed.append(of_both | _missed(dice, line, channel, cause))
    return answered, missed


def _why_missed(dice: random.Random, line: str, channel: str, in_hours: bool, nobody: float) -> str | None:
    if not in_hours:
        return "closed"
    if dice.random() < nobody:
        return "nobody_on_duty"
    if dice.random() < BUSY.get(line, 0.2):
        return _pick(dice, WHY if channel == "chat" else WHY_CALLS)
    return None


def _answered(dice: random.Random, line: str, channel: str, hour: int, people: list[str]) -> Row:
    middle, apart = MINUTES[channel]
    # Evenings are when many come at once.
    wait = dice.expovariate(1 / (330 if hour >= 19 else 130))
    return {
        "wait_s": int(wait) // 10 * 10 if channel == "chat" else None,
        "length_min": max(1, round(dice.gauss(middle, apart))),
        "concern": _pick(dice, CONCERNS.get(line, CONCERNS["youth"])),
        "age_band": _pick(dice, AGES.get(line, AGES["youth"])),
        "gender": _pick(dice, GENDER.get(line, GENDER["youth"])),
        "found_via": _pick(dice, FOUND_VIA),
        "referral": _pick(dice, REFERRALS.get(line, REFERRALS["youth"])),
        "recorded": _pick(dice, (("yes", 20), ("no", 30), ("unknown", 50))),
        "returned": _pick(dice, (("yes", 15), ("no", 50), ("unknown", 35))),
        # Whoever chats can't be told apart; of calls and e-mails some are of the same person.
        "person": None if channel == "chat" else _person(dice, people),
        "test": False,
    }


def _person(dice: random.Random, people: list[str]) -> str:
    """One of those who called lately, or somebody new."""
    if not people or dice.random() < 0.6:
        people.append(f"{dice.getrandbits(128):032x}")
        return people[-1]
    return dice.choice(people[-40:])


def _missed(dice: random.Random, line: str, channel: str, cause: str) -> Row:
    waits = {"left": 300, "lost": 420, "nobody_on_duty": 540, "queue_full": 1}
    wait = 3600 if cause == "unanswered" else int(min(3590, dice.expovariate(1 / waits.get(cause, 1))))
    told = channel == "chat" and cause not in ("closed", "queue_full")
    chance = CAUGHT.get(line, CAUGHT["youth"]) if channel == "chat" and cause != "left_early" else (("none", 1.0),)
    return {
        "cause": cause,
        "wait_s": (0 if cause == "left_early" else wait // 10 * 10) if told else None,
        "caught_by": _pick(dice, chance),
        "test": False,
    }


def _about(line: str, answered: Iterable[Row]) -> Iterator[Row]:
    """One or two topics of nearly each contact."""
    dice = _dice("topics", line)
    every = [topic.code for topic in contacts.topics_of(line) if topic.parent]
    often = [code for code in TOPICS.get(line, ()) if code in every]
    for contact in answered if every else ():
        some = dice.choices(often * 6 + every, k=dice.choice((0, 1, 1, 1, 1, 2)))
        yield from ({"contact_key": contact["key"], "topic": code} for code in dict.fromkeys(some))


# The counters


def course(line: str, today: date) -> list[Row]:
    """Visits to the line's course since the year before last, so that each year has one to be compared with."""
    if not selfhelp.has_course(line):
        return []
    dice = _dice("course", line)
    found = selfhelp.content_of(line).course
    weights = {
        module.slug: MOST_READ.get(module.slug, 1.2) / (1 + place / 12) for place, module in enumerate(found.modules)
    }
    weights |= {booster.slug: 0.2 for booster in found.boosters}
    slugs, chances = list(weights), list(weights.values())
    counted: Counter[tuple[date, str, str, bool]] = Counter()
    for back in range(1, (today - date(today.year - 2, 1, 1)).days + 1):
        day = today - timedelta(days=back)
        told = _told(day, today)
        busy = 26 * COURSE_GROWS ** (-back / 365) * (1.15 if day.weekday() in (0, 6) else 0.94)
        for _ in range(max(0, round(dice.gauss(busy, 4)))):
            returns = dice.random() < 0.135
            counted[told, "", "visit", returns] += 1
            many = dice.choice((1, 1, 2, 3) if returns else (0, 1, 1, 2))
            for module in dict.fromkeys(dice.choices(slugs, chances, k=many)):
                counted[told, module, "visit", returns] += 1
                if dice.random() < (0.55 if returns else 0.3):
                    counted[told, module, "done", returns] += 1
    return [
        {"line": line, "on_date": day, "module": module, "what": what, "seen_before": before, "count": count}
        for (day, module, what, before), count in counted.items()
    ]


def _ways(line: str) -> list[tuple[str, str, str]]:
    """Each advice of a line: its tree, its name there, and whom the tree is for."""
    if not advice.has_advice(line):
        return []
    found = advice.content_of(line)
    pieces = [
        node for node in found.forest.nodes.values() if isinstance(node, Advice) and node.tree in found.files.trees
    ]
    return [(one.tree, one.key, found.files.trees[one.tree].shape.asked_for) for one in pieces]


def _walks(line: str, today: date) -> list[Row]:
    """Walks that came to an advice."""
    dice, ways = _dice("walks", line), _ways(line)
    counted: Counter[tuple[Any, ...]] = Counter()
    # What the trees ask in is the same on both lines.
    ages, genders = (*age_bands("youth"), "unknown"), (*GENDERS, "unknown")
    # The first tree is what most come for.
    chances = [1 / (1 + place / 9) for place in range(len(ways))]
    for day, busy in _days(today, DAYS, WALKS_A_DAY.get(line, 4.0) if ways else 0.0):
        for tree, key, asked_for in dice.choices(ways, chances, k=max(0, round(dice.gauss(busy, 2)))) if ways else ():
            age = dice.choices(ages, (5, 34, 24, 20, 5, 12))[0]
            counted[_told(day, today), tree, key, age, dice.choices(genders, (30, 45, 4, 21))[0], asked_for] += 1
    columns = ("on_date", "tree", "advice", "age_band", "gender", "asked_for")
    return [
        {"line": line, "count": count} | dict(zip(columns, values, strict=True)) for values, count in counted.items()
    ]


def _helped(line: str, today: date) -> list[Row]:
    """What a fifth of them said when asked whether it helped."""
    dice = _dice("helped", line)
    counted: Counter[tuple[Any, ...]] = Counter()
    for walk in _walks(line, today):
        for _ in range(walk["count"]):
            if dice.random() < 0.2:
                said = _pick(dice, (("yes", 58), ("partly", 29), ("no", 13)))
                counted[walk["on_date"], walk["tree"], walk["advice"], said] += 1
    columns = ("on_date", "tree", "advice", "helped")
    return [
        {"line": line, "count": count} | dict(zip(columns, values, strict=True)) for values, count in counted.items()
    ]


def _after(line: str, answered: Iterable[Row]) -> list[Row]:
    """Of those who chatted fewer than half answer the two questions."""
    dice, counted = _dice("after", line), Counter[tuple[str, str, str]]()
    for row in answered:
        if row["channel"] == "chat" and dice.random() < ANSWERING_AFTER:
            for question, said in AFTER:
                counted[f"{row['on_date']:%Y-%m}", question, _pick(dice, said)] += 1
    return [
        {"line": line, "month": month, "question": question, "answer": answer, "count": count}
        for (month, question, answer), count in sorted(counted.items())
    ]


def _campaigns(line: str, today: date) -> list[Row]:
    """Who arrived by links, and what the seller of banners wrote each day until last week."""
    counted: dict[tuple[str, date], Row] = {}
    for code, _name, began, ended, a_day, a_thousand in CAMPAIGNS.get(line, ()):
        dice = _dice("campaign", code, line)
        for back in range(ended or 1, began + 1):
            day = today - timedelta(days=back)
            told = _told(day, today)
            arrivals = max(0, round(dice.gauss(a_day, a_day / 3) * (1 + 0.8 * (back > began - 7))))
            row = counted.setdefault((code, told), {"arrivals": 0, "impressions": None, "clicks": None})
            row["arrivals"] += arrivals
            if back > 6:
                clicks = round(arrivals * dice.uniform(1.15, 1.6))
                row["clicks"] = (row["clicks"] or 0) + clicks
                row["impressions"] = (row["impressions"] or 0) + round(1000 * clicks / a_thousand)
    return [{"line": line, "code": code, "on_date": day} | row for (code, day), row in counted.items()]
