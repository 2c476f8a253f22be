"""The forms of the campaigns: what one is, and how often it was shown."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, Field, RadioField, StringField
from wtforms.fields.choices import SelectChoice

from helpline.contacts import campaigns
from helpline.contacts.campaigns import BadCampaign

DAY, MONTH = "day", "month"
SPANS = [SelectChoice(DAY, _l("This day")), SelectChoice(MONTH, _l("The whole month of this day"))]
# 1200, 1.200, 1,200 and 1 200 are the same number.
GROUPED = re.compile(r"\d{1,3}(?:[., \u00a0\u202f]\d{3})+")


def one_line(text: str | None) -> str:
    """`text` with single spaces and none around it."""
    return " ".join((text or "").split())


class Day(DateField):
    """A day that may be left open."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Says in our own words what was not understood."""
        written = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not written:
            return
        try:
            self.data = date.fromisoformat(written)
        except ValueError:
            raise ValueError(_("Write the date as %(example)s.", example="2026-03-31")) from None


class Number(StringField):
    """A whole number that may be left open; what was written stands in the field again."""

    number: int | None = None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Takes numbers as other programs show them."""
        self.data = valuelist[0].strip() if valuelist else ""
        digits = re.sub(r"\D", "", self.data) if GROUPED.fullmatch(self.data) else self.data
        if digits and not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            raise ValueError(_("Write a whole number, such as 12500."))
        self.number = int(digits) if digits else None


class CampaignForm(FlaskForm):
    """What can be changed of a campaign."""

    name = StringField(_l("Name"), filters=[one_line])
    starts_on = Day(_l("From"))
    ends_on = Day(_l("To"))

    def refused(self, error: BadCampaign) -> None:
        """Say at the field what the ledger would not take."""
        field: Field = self[error.field]
        field.errors = [_why(error)]


class NewCampaignForm(CampaignForm):
    """A campaign that is to be made."""

    code = StringField(_l("Code in the link"), filters=[one_line])


class ShownForm(FlaskForm):
    """How often a campaign was shown and clicked."""

    span = RadioField(choices=SPANS, default=DAY)
    on_date = Day(_l("Date"))
    impressions = Number(_l("Impressions"))
    clicks = Number(_l("Clicks"))

    refused = CampaignForm.refused


def _why(error: BadCampaign) -> str:
    said = {
        "malformed": _("Take small letters, digits and dashes, 32 at most, such as spring-2026."),
        "taken": _("This line has a campaign with this code already, perhaps an archived one. Take another."),
        "many": _(
            "%(number)d campaigns of this line are running, which is the most there can be. Archive one first.",
            number=campaigns.MOST_RUNNING,
        ),
        "missing": _("Give it a name that your colleagues know it by."),
        "long": _("At most 80 characters fit."),
        "before": _("It ends before it begins."),
        "future": _("This day has not come yet."),
        "merged": _("Days as long ago as this are no longer told apart: enter the numbers of the whole month."),
        "range": _("So many can't be."),
        "more": _("There can't be more clicks than impressions."),
    }
    return said[error.why]
