"""The form that describes a contact: the wrap-up of a chat, and what is entered by hand."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectMultipleField

from helpline import web
from helpline.contacts import categories
from helpline.contacts import service as contacts
from helpline.contacts.categories import NONE, UNKNOWN, Answers
from helpline.stats.words import heading, word


class WrapUpForm(FlaskForm):
    """What a contact was about, with the choices of its line. Nothing is required: not asked is an answer."""

    concern = RadioField(default=UNKNOWN)
    age_band = RadioField(default=UNKNOWN)
    gender = RadioField(default=UNKNOWN)
    # Looked up when stored: one that was retired while the form was open is still taken.
    topics = SelectMultipleField(validate_choice=False)
    recorded = RadioField(default=UNKNOWN)
    found_via = RadioField(default=UNKNOWN)
    referral = RadioField(default=NONE)
    returned = RadioField(default=UNKNOWN)
    heavy = BooleanField(_l("Heavy contact"))
    not_what_it_seems = BooleanField(_l("Not what it seems"))
    test = BooleanField(_l("Test"))

    def __init__(self, line: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, Collection[str]] = {
            # What stands for nothing is the last: an arrow down from there is the first of the others.
            "concern": (*categories.CONCERNS, UNKNOWN),
            "age_band": (*categories.age_bands(line), UNKNOWN),
            "gender": (*categories.GENDERS, UNKNOWN),
            "recorded": (*categories.ANSWERS, UNKNOWN),
            "found_via": (*categories.found_via(line), UNKNOWN),
            "referral": (*categories.referrals(line), NONE),
            "returned": (*categories.ANSWERS, UNKNOWN),
        }
        for name, codes in choices.items():
            self[name].choices = [(code, word(name, code)) for code in codes]
            self[name].label.text = heading(name)
        self.groups = _topics(line, self.topics.data or ())
        self.topics.choices = [choice for group in self.groups for choice in group]

    def answers(self) -> Answers:
        """What was filled in."""
        radios = {name: self[name].data for name in ("concern", "age_band", "gender", "recorded", "found_via")}
        return Answers(
            **radios,
            referral=self.referral.data,
            returned=self.returned.data,
            topics=tuple(self.topics.data or ()),
            heavy=self.heavy.data,
            not_what_it_seems=self.not_what_it_seems.data,
            test=self.test.data,
        )


def _topics(line: str, chosen: Collection[str]) -> list[list[tuple[str, str]]]:
    """Code and label of the topics on offer, each of the first level with its own; one chosen before stays."""
    language = web.language()
    groups: list[list[tuple[str, str]]] = []
    offered = {topic.code for topic in contacts.topics_of(line, retired=False)}
    for topic in contacts.topics_of(line):
        if topic.code in offered or topic.code in chosen:
            choice = (topic.code, topic.labels.get(language) or topic.labels.get("nl") or topic.code)
            if topic.parent is None or not groups:
                groups.append([choice])
            else:
                groups[-1].append(choice)
    return groups
