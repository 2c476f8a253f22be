"""The codes of the ledgers in words, in the language of whoever reads: one vocabulary for screens, forms and reports.

Topics are not here, since supervisors name them; nor are modules and trees, which their content names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

_CHANNELS = {
    "chat": _l("Chat"),
    "phone": _l("Telephone"),
    "email": _l("E-mail"),
    "letter": _l("Letter"),
}
_CONCERNS = {
    "self": _l("About themselves"),
    "other": _l("About somebody else"),
    "professional": _l("For their work"),
    "general": _l("General question"),
}
_GENDERS = {
    "male": _l("Male"),
    "female": _l("Female"),
    "other": _l("Another gender"),
}
_ANSWERS = {"yes": _l("Yes"), "no": _l("No"), "unknown": _l("Not asked")}
_CAUSES = {
    "closed": _l("Closed"),
    "nobody_on_duty": _l("Nobody on duty"),
    "queue_full": _l("Queue full"),
    "left": _l("Left while waiting"),
    "lost": _l("Connection lost"),
    "emergency_exit": _l("Quick exit"),
    "unanswered": _l("Not answered"),
    "left_early": _l("Left at once"),
}
_FOUND_VIA = {
    "internet": _l("Search or a website"),
    "social_media": _l("Social media"),
    "school": _l("School"),
    "friend": _l("A friend"),
    "family": _l("Family"),
    "police": _l("The police"),
    "professional": _l("A professional"),
    "campaign": _l("A campaign"),
    "other": _l("In another way"),
}
_REFERRALS = {
    "none": _l("Nowhere"),
    "self_help": _l("The self-help course"),
    "advice": _l("The advice pages"),
    "hotline": _l("The hotline for images"),
    "police": _l("The police"),
    "general_practitioner": _l("The general practitioner"),
    "practitioner": _l("A therapist"),
    "youth_care": _l("Youth care"),
    "support_group": _l("A support group"),
    "school": _l("School"),
    "other": _l("Somewhere else"),
}
_ASKED_FOR = {
    "self": _l("Themselves"),
    "friend": _l("Somebody close to them"),
    "child": _l("Their child"),
    "professional": _l("Somebody in their work"),
}
_CAUGHT_BY = {
    "none": _l("Nothing that we know of"),
    "letter": _l("Wrote a letter"),
    "advice": _l("Read advice"),
    "course": _l("Opened the course"),
    "chat": _l("Chatted later"),
}
_WEEKDAYS = {
    "monday": _l("Monday"),
    "tuesday": _l("Tuesday"),
    "wednesday": _l("Wednesday"),
    "thursday": _l("Thursday"),
    "friday": _l("Friday"),
    "saturday": _l("Saturday"),
    "sunday": _l("Sunday"),
}
_PARTS_OF_DAY = {
    "night": _l("Night (0–6)"),
    "morning": _l("Morning (6–12)"),
    "afternoon": _l("Afternoon (12–18)"),
    "evening": _l("Evening (18–24)"),
}
_WORDS: Mapping[str, Mapping[str, Any]] = {
    "channel": _CHANNELS,
    "concern": _CONCERNS,
    "gender": _GENDERS,
    "recorded": _ANSWERS,
    "returned": _ANSWERS,
    "cause": _CAUSES,
    "found_via": _FOUND_VIA,
    "referral": _REFERRALS,
    "asked_for": _ASKED_FOR,
    "caught_by": _CAUGHT_BY,
    "weekday": _WEEKDAYS,
    "part_of_day": _PARTS_OF_DAY,
    "in_hours": {"yes": _l("In opening hours"), "no": _l("Outside opening hours")},
    "outcome": {"answered": _l("Answered"), "missed": _l("Missed")},
    "returning": {"yes": _l("Was here before"), "no": _l("First visit")},
}
# What the exports call them.
_ALIASES = {"missed_reason": "cause", "reason": "cause"}
_HEADINGS = {
    "channel": _l("Channel"),
    "concern": _l("About whom"),
    "age_band": _l("Age"),
    "gender": _l("Gender"),
    "topic": _l("Topic"),
    "recorded": _l("Recorded on image"),
    "returned": _l("Was in touch before"),
    "cause": _l("Cause"),
    "found_via": _l("How they found us"),
    "referral": _l("Referred to"),
    "caught_by": _l("What became of them"),
    "weekday": _l("Weekday"),
    "part_of_day": _l("Part of the day"),
    "in_hours": _l("Opening hours"),
    "outcome": _l("Outcome"),
    "returning": _l("Returning"),
    "module": _l("Module"),
    "tree": _l("Advice tree"),
    "asked_for": _l("For whom"),
}
# Of every dimension: what stands in for a category that is not known, the margins, and what sparse ones became.
_EVERYWHERE = {
    "unknown": _l("Unknown"),
    "none": _l("None"),
    "other": _l("Other"),
    "any": _l("Any"),
    "total": _l("Total"),
}


def heading(dimension: str) -> str:
    """What a dimension is called, such as the head of a column."""
    name = _ALIASES.get(dimension, dimension)
    return str(_HEADINGS.get(name, name))


def word(dimension: str, code: str) -> str:
    """A code in words. A code that only an import knows stands for itself, with its underscores as spaces."""
    name = _ALIASES.get(dimension, dimension)
    if name == "age_band" and code not in _EVERYWHERE:
        return code.replace("-", "–")
    said = _WORDS.get(name, {}).get(code) or _EVERYWHERE.get(code)
    return code.replace("_", " ") if said is None else str(said)
