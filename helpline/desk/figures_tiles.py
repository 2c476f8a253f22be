"""The tiles of the page of figures: a number each, what it counts and against what it compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from helpline.contacts.tally import ANSWERED, MISSED
from helpline.desk.course_views import number
from helpline.desk.figures_words import Told, against, cell, minutes, share, stood
from helpline.stats.figures import Figures, Spread
from helpline.stats.words import word

# The ways in which a missed visitor was caught after all, as the ledger has them.
CAUGHT = ("letter", "advice", "course", "chat")


@dataclass(frozen=True)
class Tile:
    """`said` goes below the number; `counts` says what it counts. `mood` is good, bad or nothing."""

    what: str
    number: str
    said: Sequence[str]
    counts: str
    mood: str = ""


def caught(figures: Figures) -> dict[str, int]:
    """How many of the missed were caught, by the way in which."""
    ways = figures.along(MISSED, "cause caught_by", 1)
    return {way: ways[(way,)] for way in CAUGHT if ways[(way,)]}


def missed_inside(figures: Figures) -> int:
    """How many were missed in opening hours."""
    return figures.narrowed(figures.channel, in_hours=True).missed


def tiles(told: Told) -> list[Tile]:
    """The tiles of a page."""
    return [_answered(told), _missed(told), _caught(told), _wait(told), _length(told), _left_early(told)]


def _answered(told: Told) -> Tile:
    now, before = told.now.answered, told.before.answered
    counts = _("Contacts that somebody answered, on all channels. Tests are left out.")
    if told.now.channel:
        counts = _("Contacts that somebody answered: %(channel)s.", channel=word("channel", told.now.channel))
    return Tile(_("Answered"), number(now), [against(now, before, told)], counts)


def _missed(told: Told) -> Tile:
    now, before = told.now.missed, told.before.missed
    part = told.now.share_missed
    inside = missed_inside(told.now)
    first = []
    if part is not None:
        of_one = told.now.channel is not None
        first.append(
            _("%(part)s of all", part=share(part)) if of_one else _("%(part)s of chats and calls", part=share(part))
        )
    if told.now.in_hours is None and now:
        first.append(_("%(number)s in opening hours", number=number(inside)))
    said = [" · ".join(first)] if first else []
    was = told.before.share_missed
    said.append(against(now, before, told) + ("" if was is None else f" · {share(was)}"))
    counts = _("Nobody answered. The share is of chats and calls, missed and answered together.")
    return Tile(_("Missed"), number(now), said, counts, mood="bad" if now else "")


def _caught(told: Told) -> Tile:
    now, before = caught(told.now), caught(told.before)
    ways = " · ".join(f"{word('caught_by', way)}: {number(count)}" for way, count in now.items())
    said = [ways] if ways else []
    said.append(against(sum(now.values()), sum(before.values()), told))
    counts = _("Of the missed: those who took another way in, in the same visit. Others may have, unseen.")
    return Tile(_("Of those caught"), number(sum(now.values())), said, counts, mood="good" if now else "")


def _measured(spread: Spread) -> str:
    return ngettext("Of %(num)s contact.", "Of %(num)s contacts.", spread.measured)


def _wait(told: Told) -> Tile:
    now, before = told.now.spread(ANSWERED, "wait_s"), told.before.spread(ANSWERED, "wait_s")
    said = [] if now.ninetieth is None else [_("90%% within %(time)s", time=minutes(now.ninetieth))]
    if before.measured:
        was = _("%(median)s, 90%% within %(time)s", median=minutes(before.median), time=minutes(before.ninetieth))
        said.append(stood(was, told))
    counts = _("Minutes until an answer, where it was measured: half waited no longer.")
    return Tile(_("Median wait"), minutes(now.median), said, f"{counts} {_measured(now)}" if now.measured else counts)


def _length(told: Told) -> Tile:
    now, before = told.now.spread(ANSWERED, "length_min"), told.before.spread(ANSWERED, "length_min")
    said = [] if now.ninetieth is None else [_("90%% within %(time)s min", time=now.ninetieth)]
    if before.measured:
        was = _("%(median)s, 90%% within %(time)s min", median=before.median, time=before.ninetieth)
        said.append(stood(was, told))
    counts = _("Minutes of a contact, where it was measured: half took no longer.")
    median = _("%(n)s min", n=cell(now.median)) if now.measured else "–"
    return Tile(_("Median length"), median, said, f"{counts} {_measured(now)}" if now.measured else counts)


def _left_early(told: Told) -> Tile:
    now, before = told.now.left_early, told.before.left_early
    counts = ngettext(
        "Left within %(num)s second of joining. In no other figure here.",
        "Left within %(num)s seconds of joining. In no other figure here.",
        told.line.left_early_seconds,
    )
    return Tile(_("Left at once"), number(now), [against(now, before, told)], counts)


def beside(name: str, address: str, figures: Figures) -> tuple[str, str, list[str]]:
    """A line beside the others: its name and the address of its page, then its cells."""
    return (
        name,
        address,
        [
            number(figures.answered),
            number(figures.missed),
            share(figures.share_missed),
            number(missed_inside(figures)) if figures.in_hours in (None, True) else "–",
            number(sum(caught(figures).values())),
        ],
    )
