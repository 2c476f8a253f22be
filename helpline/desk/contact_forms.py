"""The forms by hand: a contact that came by telephone, e-mail or letter, and those that nobody answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, ValidationError

from helpline import web
from helpline.contacts import service as contacts
from helpline.contacts.categories import UNKNOWN
from helpline.desk.wrap_up_form import WrapUpForm
from helpline.lines import hours
from helpline.lines.models import Line
from helpline.stats.words import heading, word

FIRST_YEAR = 1990
LONGEST_MINUTES = 24 * 60
MOST_AT_ONCE = 50
TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?::[0-5]\d)?", re.ASCII)
# What can keep a contact from being answered, by the way it came; the rest of the causes only a chat knows by itself.
MISSED: Mapping[str, Mapping[str, Any]] = {
    "phone": {
        "closed": _l("Called outside opening hours"),
        "nobody_on_duty": _l("Nobody was on duty"),
        "queue_full": _l("The line was engaged"),
        "unanswered": _l("Rang until the end, nobody answered"),
        "left": _l("Hung up while waiting"),
        "left_early": _l("Hung up within seconds: not in the totals"),
    },
    "chat": {
        "closed": _l("Tried outside opening hours"),
        "nobody_on_duty": _l("Nobody was on duty"),
        "queue_full": _l("The queue was full"),
        "unanswered": _l("Waited until the end, nobody answered"),
        "left": _l("Left while waiting"),
    },
    "email": {
        "nobody_on_duty": _l("Nobody was on duty to answer"),
        "unanswered": _l("Was never answered"),
    },
}


def whole_number(least: int, most: int, why: Any) -> Any:
    """Refuses what is no whole number from `least` to `most`; nothing at all is another matter."""

    def check(form: FlaskForm, field: Field) -> None:
        text = (field.data or "").strip()
        if text and (re.fullmatch(r"\d{1,4}", text, re.ASCII) is None or not least <= int(text) <= most):
            raise ValidationError(str(why))

    return check


class _When:
    """Date and time on the clock of the line, now unless told otherwise, and the mark of the form."""

    day = StringField(_l("Date"))
    clock = StringField(_l("Time"))
    mark = HiddenField()

    def begin(self, now: datetime) -> None:
        """Fill in what an empty form says: now."""
        self.day.data, self.clock.data = f"{now:%Y-%m-%d}", f"{now:%H:%M}"

    def moment(self, line: Line, now: datetime) -> datetime | None:
        """When it was; None where that can't be, which is said at the field."""
        zone = ZoneInfo(line.time_zone)
        day, clock = _date(self.day.data), _time(self.clock.data)
        if day is None:
            self.day.errors = [_("Fill in the date, such as %(example)s.", example=f"{now.astimezone(zone):%Y-%m-%d}")]
        elif day.year < FIRST_YEAR:
            self.day.errors = [_("Contacts are counted from 1990 on.")]
        elif day > now.astimezone(zone).date():
            self.day.errors = [_("This day is still to come.")]
        if clock is None:
            self.clock.errors = [_("Fill in the time, such as 14:05.")]
        if self.day.errors or day is None or clock is None:
            return None
        moment = hours.moment_of(datetime.combine(day, clock), zone)
        if moment is None:
            self.clock.errors = [_("There was no such time on that day: the clocks went forward. Check the time.")]
        elif moment > now:
            self.clock.errors = [_("This time is still to come.")]
            return None
        return moment


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        return None


def _time(text: str | None) -> time | None:
    found = TIME.fullmatch((text or "").strip())
    return time(int(found[1]), int(found[2])) if found else None


class AnsweredForm(_When, WrapUpForm):
    """An answered call, e-mail or letter, described like a chat."""

    channel = RadioField(default="phone")
    minutes = StringField(
        _l("How long, in minutes"),
        validators=[whole_number(0, LONGEST_MINUTES, _l("Whole minutes, 1,440 at most, or nothing."))],
    )
    language = RadioField(default=UNKNOWN)

    def __init__(self, line: Line, *args: Any, **kwargs: Any) -> None:
        super().__init__(line.slug, *args, **kwargs)
        self.channel.choices = [(code, word("channel", code)) for code in contacts.BY_HAND]
        self.channel.label.text = heading("channel")
        self.language.choices = [(code, web.LANGUAGES[code]) for code in line.languages] + [(UNKNOWN, _("Not known"))]
        self.language.label.text = _("Language")


class MissedForm(_When, FlaskForm):
    """Contacts that nobody answered, several alike at once."""

    what = RadioField(validators=[InputRequired(_l("Choose what happened."))])
    many = StringField(
        _l("How many"),
        default="1",
        validators=[
            InputRequired(_l("Fill in how many, 1 to 50.")),
            whole_number(1, MOST_AT_ONCE, _l("A whole number from 1 to 50.")),
        ],
    )
    test = BooleanField(_l("Test"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.what.choices = [(f"{by}-{cause}", said) for by, causes in MISSED.items() for cause, said in causes.items()]
