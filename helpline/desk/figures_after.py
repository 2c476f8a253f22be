"""What visitors said after their chats, for the page of figures. Only months are known: months and years tell."""

from __future__ import annotations

from flask_babel import gettext as _

from helpline.contacts import service as contacts
from helpline.desk.course_views import number
from helpline.desk.figures_parts import drawn
from helpline.desk.figures_words import Part, Told, cell, name_of, share
from helpline.stats.charts import Chart, Series
from helpline.stats.periods import Period


def after_the_chat(told: Told) -> list[Part] | None:
    """A part for each question that anybody answered; None where the period is no month and no year."""
    if not isinstance(told.span, Period):
        return None
    slug, before = told.line.slug, told.span.before
    now = contacts.after_counts(slug, told.span.first, told.span.last)
    was = contacts.after_counts(slug, before.first, before.last)
    titles = {"better": _("Do you feel better than before the chat?"), "again": _("Would you come back to us?")}
    words = {"yes": _("Yes"), "partly": _("A bit"), "maybe": _("Maybe"), "no": _("No")}
    chats = told.now.narrowed(channel="chat", in_hours=None).answered
    parts = []
    for question, counted in now.items():
        total, total_before = sum(counted.values()), sum(was[question].values())
        if not total:
            continue
        labels = [words[code] for code in counted]
        rows = [
            [words[code], number(count), share(count / total), cell(was[question][code])]
            for code, count in counted.items()
        ]
        chart = Chart(
            f"after-{question}",
            titles[question],
            _("%(part)s said yes.", part=share(counted["yes"] / total)),
            tuple(labels),
            (Series(told.name, tuple(counted.values())),),
        )
        head = [_("Answer"), _("Number"), _("Share"), name_of(before)]
        parts.append(
            drawn(
                chart,
                head,
                rows,
                [_("All"), number(total), share(1), cell(total_before)],
                _(
                    "Counts %(number)s answers; %(chats)s chats were answered in this time.",
                    number=number(total),
                    chats=number(chats),
                ),
                _("Beside them stands the whole of the period before.") if told.goes_on else "",
            )
        )
    return parts
