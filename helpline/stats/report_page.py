"""The yearly report as a document that somebody who knows nothing of the house can read, on a screen and on paper.

All of it is made from the data of the report: what is not told there can't stand here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from helpline.stats import words
from helpline.stats.report_parts import Chapters, Names, Part, Telling, number, percent


@dataclass(frozen=True)
class Fact:
    """A main figure: the number, what it counts, what it is compared with."""

    number: str
    what: str
    compared: str


@dataclass(frozen=True)
class Document:
    """All of the report in words."""

    title: str
    line: str
    exact: bool
    mark: str
    facts: Sequence[Fact]
    sentences: Sequence[str]
    parts: Sequence[Part]
    counted: Sequence[tuple[str, str]]
    protected: Sequence[str]


def document(told: Mapping[str, Any], line: str, names: Mapping[str, Names], *, over: bool = True) -> Document:
    """The report in the language of whoever reads.

    line: its name. names: what the codes of this line are called, by dimension (topics, modules, trees). over: whether
    the year is; one that goes on is compared with nothing.
    """
    front = _Covers(told, names, over)
    return Document(
        title=_("Yearly report %(year)s", year=told["year"]),
        line=line,
        exact=told["exact"],
        mark=_("Exact figures, not for publication") if told["exact"] else _("Released figures, each rounded"),
        facts=front.facts(),
        sentences=front.sentences(line),
        parts=[part for part in Chapters(told, names, over).parts() if part.pictures or part.sentences],
        counted=_counted(told),
        protected=front.protected(),
    )


class _Covers(Telling):
    """The title page and the last one."""

    def facts(self) -> list[Fact]:
        found = [
            Fact(number(part["total"]), what, self._compared(part))
            for name, what in (
                ("contacts", _("contacts were answered")),
                ("missed", _("contacts were missed")),
                ("individuals", _("people were told apart")),
                ("course", _("visits to the self-help course")),
                ("advice", _("walks through the advice pages")),
            )
            if (part := self.told.get(name, {})).get("total")
        ]
        return found[:4]

    def _compared(self, part: Mapping[str, Any]) -> str:
        if not self.over:
            return str(_("so far"))
        if part["previous"] is None or part["change_percent"] is None:
            return str(_("no year before to compare with"))
        if began := self.began:
            told = {"year": self.year - 1, "month": format_date(began, "LLLL"), "number": number(part["previous"])}
            return str(_("%(year)s, from %(month)s on: %(number)s", **told))
        signed = ("+" if part["change_percent"] > 0 else "") + percent(part["change_percent"])
        told = {"change": signed, "year": self.year - 1, "number": number(part["previous"])}
        return str(_("%(change)s on %(year)s (%(number)s)", **told))

    def sentences(self, line: str) -> list[str]:
        contacts, missed, people = self.told["contacts"], self.told["missed"], self.told["individuals"]
        if not contacts["total"] and not missed["total"]:
            return [_("Nothing was counted in %(year)s.", year=self.year)]
        said = []
        if not self.over:
            said.append(_("%(year)s is not over: this is what was counted so far.", year=self.year))
        answered = ngettext(
            "In %(year)s %(line)s answered %(number)s contact.",
            "In %(year)s %(line)s answered %(number)s contacts.",
            contacts["total"],
            year=self.year,
            line=line,
            number=number(contacts["total"]),
        )
        said.append(answered + self._grown(contacts))
        if contacts["by_channel"]:
            said.append(_("Most came by %(channel)s.", channel=self._most(contacts["by_channel"], "channel")))
        if missed["total"]:
            said.append(
                _("%(number)s times nobody could answer.", number=number(missed["total"])) + self._grown(missed)
            )
        if missed["share_percent"] is not None and missed["total"]:
            said.append(_("Of all calls and chats %(share)s were missed.", share=percent(missed["share_percent"])))
        if people.get("total"):
            said.append(
                _("%(number)s people could be told apart; each counts once.", number=number(people["total"]))
                + self._grown(people)
            )
        return said

    def _grown(self, part: Mapping[str, Any]) -> str:
        change = part["change_percent"]
        if not self.over or change is None or self.began:
            return ""
        if change == 0:
            same = _("That is as many as in %(year)s.", year=self.year - 1)
            return f" {same}"
        told = {"change": percent(abs(change)), "year": self.year - 1}
        more = _("That is %(change)s more than in %(year)s.", **told)
        less = _("That is %(change)s less than in %(year)s.", **told)
        return f" {more if change > 0 else less}"

    def _most(self, counts: Mapping[str, int], dimension: str) -> str:
        most = max(counts, key=lambda code: counts[code])
        return self.word(dimension, most).lower()

    def protected(self) -> list[str]:
        if self.told["exact"]:
            return [
                _("This report holds exact figures. They are for use inside the organisation."),
                _("Where few people came, a figure can point at one person. So do not pass it on."),
                _("For others there is the released form of this report, in which no figure does that."),
            ]
        bounds = self.told["bounds"]
        said = [
            _("People come to us because they can stay unknown. So no figure here may give anyone away."),
            _("Each month, every figure is moved to a multiple of five, up or down, partly by chance."),
            _("All figures of a month are moved together, so parts still add up to their totals."),
            _("What was told once is never changed, and this report adds up what the months told."),
            _(
                "A figure of a month is less than %(number)s away from what was counted.",
                number=number(bounds["month"]),
            ),
            _(
                "A figure of this year is less than %(number)s away from what was counted.",
                number=number(bounds["year"]),
            ),
            _("So small figures mean little: a 5 can be anything near it. Large ones are nearly exact."),
        ]
        if self.told["individuals"].get("total"):
            said.insert(
                -1, _("The number of people is less than %(number)s away.", number=number(bounds["individuals"]))
            )
        if self.told["contacts"].get("late"):
            said.append(
                _(
                    "About %(number)s contacts were written down late. They count in the month after.",
                    number=number(self.told["contacts"]["late"]),
                )
            )
        for dimension, codes in self.told["merged"].items():
            said.append(
                _(
                    "Under 'other' count, since they hardly occur (%(what)s): %(names)s.",
                    what=words.heading(dimension).lower(),
                    names=", ".join(self.word(dimension, code) for code in codes),
                )
            )
        return said


def _counted(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What each word means."""
    found = [
        (_("Contact"), _("A chat, call, e-mail or letter that somebody of us answered. One person may have several.")),
        (_("Missed contact"), _("A chat or call that nobody answered. Who left within seconds is not counted.")),
    ]
    if told["individuals"].get("total"):
        found.append((_("Person"), _("Somebody who counts once in a year, however often they came.")))
    found.append(
        (_("Share missed"), _("Missed calls and chats, of all calls and chats. E-mails and letters are never missed."))
    )
    found.append((_("Unknown"), _("Nobody asked, or nobody told. We ask only what helps.")))
    found.append((_("Day and time"), _("Those of the clock where the helpline is. A contact counts when it began.")))
    return found
