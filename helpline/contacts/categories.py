"""What a contact can be described with. Pure.

What stands here is fixed, for releases of several years are compared by it; topics are rows of a table instead, which
supervisors edit.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

UNKNOWN = "unknown"
NONE = "none"
# As the standard library counts them.
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CHANNELS = ("chat", "phone", "email", "letter")
CONCERNS = ("self", "other", "professional", "general")
GENDERS = ("male", "female", "other")
ANSWERS = ("yes", "no")
# Outside opening hours by definition, whatever the hours of the line are by now.
CLOSED = "closed"
CAUSES = (
    CLOSED,
    "nobody_on_duty",
    "queue_full",
    "left",
    "lost",
    "emergency_exit",
    "unanswered",
    "left_early",
)
# Kept apart from the missed contacts: whoever left within seconds hardly wanted to talk.
LEFT_EARLY = "left_early"
# Each line's own, whatever its age bands are called elsewhere.
AGE_BANDS: Mapping[str, tuple[str, ...]] = {
    "youth": ("0-11", "12-15", "16-17", "18-25", "26+"),
    "prevention": ("0-17", "18-25", "26-35", "36-45", "46-60", "61+"),
}
FOUND_VIA: Mapping[str, tuple[str, ...]] = {
    "youth": ("internet", "social_media", "school", "friend", "family", "police", "professional", "campaign", "other"),
    "prevention": ("internet", "police", "professional", "family", "campaign", "other"),
}
REFERRALS: Mapping[str, tuple[str, ...]] = {
    "youth": ("advice", "hotline", "police", "general_practitioner", "practitioner", "youth_care", "school", "other"),
    "prevention": ("self_help", "advice", "practitioner", "general_practitioner", "police", "support_group", "other"),
}
# What a code of a topic, a way in or a referral looks like. `any` and `total` are rows of the exports.
CODE = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
RESERVED = frozenset({"any", "total"})


class BadAnswer(ValueError):
    """An answer of a wrap-up can't be used; the message names the field."""


@dataclass(frozen=True)
class Answers:
    """A filled wrap-up. What was not asked stays `unknown`.

    `not_what_it_seems`: the age that was told is not to be believed, so none is counted.
    `heavy`: only for the counsellor, who is offered a rest; nothing of it is stored.
    """

    concern: str = UNKNOWN
    age_band: str = UNKNOWN
    gender: str = UNKNOWN
    topics: Collection[str] = ()
    recorded: str = UNKNOWN
    found_via: str = UNKNOWN
    referral: str = NONE
    returned: str = UNKNOWN
    heavy: bool = False
    not_what_it_seems: bool = False
    test: bool = False

    def columns(self) -> dict[str, str | bool]:
        """What goes into the row of the contact; topics have rows of their own."""
        return {
            "concern": self.concern,
            "age_band": UNKNOWN if self.not_what_it_seems else self.age_band,
            "gender": self.gender,
            "recorded": self.recorded,
            "found_via": self.found_via,
            "referral": self.referral,
            "returned": self.returned,
            "test": self.test,
        }


def age_bands(line: str) -> tuple[str, ...]:
    """The age bands of a line, the youngest first, without `unknown`."""
    return AGE_BANDS.get(line, AGE_BANDS["youth"])


def found_via(line: str) -> tuple[str, ...]:
    """The ways in which people find this line, without `unknown`."""
    return FOUND_VIA.get(line, FOUND_VIA["youth"])


def referrals(line: str) -> tuple[str, ...]:
    """Where this line refers people to, without `none`."""
    return REFERRALS.get(line, REFERRALS["youth"])


def is_code(text: str) -> bool:
    """Whether this can be the code of a topic, a way in or a referral. Anything like a number or a name can't."""
    return CODE.fullmatch(text) is not None and text not in RESERVED and sum(map(str.isdigit, text)) < 6


def check(answers: Answers, line: str) -> None:
    """Raises BadAnswer when an answer is none of the line's; topics are looked up in the database."""
    allowed = {
        "concern": (*CONCERNS, UNKNOWN),
        "age_band": (*age_bands(line), UNKNOWN),
        "gender": (*GENDERS, UNKNOWN),
        "recorded": (*ANSWERS, UNKNOWN),
        "returned": (*ANSWERS, UNKNOWN),
        "found_via": (*found_via(line), UNKNOWN),
        "referral": (*referrals(line), NONE),
    }
    for field, values in allowed.items():
        if getattr(answers, field) not in values:
            raise BadAnswer(f"{field} is none of {', '.join(values)}")
