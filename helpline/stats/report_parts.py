"""The chapters of the yearly report: what they say, their charts and tables, in the language of whoever reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import format_date, format_decimal
from flask_babel import gettext as _

from helpline.stats import charts, words
from helpline.stats.charts import Chart, Series

# A chart of more than this would not fit on a sheet beside its words; its table has all.
MOST_BARS = 10
# So many rows stand beside their chart; longer tables stand below it.
BESIDE_CHART = 14
Names = Mapping[str, str]
# In the order of how much there is; the others have an order of their own.
BY_NUMBER = ("topic", "found_via", "referral", "module", "tree", "missed_reason", "channel")
LAST = ("other", "unknown", "none")
DASH = "–"
# A year of which so many months are empty at its beginning is no year to compare with.
LATE = 3


@dataclass(frozen=True)
class Picture:
    """A chart with its table: what stands in the first column, then the columns, then a row a label."""

    chart: Chart
    svg: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    @property
    def is_long(self) -> bool:
        """Whether its table is too long to stand beside the chart."""
        return len(self.rows) > BESIDE_CHART


@dataclass(frozen=True)
class Part:
    """A chapter: what it is about in sentences, and its pictures."""

    key: str
    title: str
    sentences: Sequence[str]
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Telling:
    """The data of a report and what is needed to say it in words."""

    told: Mapping[str, Any]
    names: Mapping[str, Names]
    over: bool

    @property
    def year(self) -> int:
        return int(self.told["year"])

    @property
    def before(self) -> Mapping[str, Any]:
        """The year before, where there is something in it to compare with."""
        earlier = self.told["before"] or {}
        return earlier if earlier.get("contacts", {}).get("total") or earlier.get("missed", {}).get("total") else {}

    @property
    def began(self) -> date | None:
        """The month in which counting began in the year before, where that was so late that no change can be told."""
        counted = [self.before[part]["by_month"] for part in ("contacts", "missed")] if self.before else [{}]
        months = [month for month in counted[0] if any(counts[month] for counts in counted)]
        first = date.fromisoformat(f"{min(months)}-01") if months else None
        return first if first and first.month > LATE else None

    def word(self, dimension: str, code: str) -> str:
        """A code in words: those of the line first."""
        return self.names.get(dimension, {}).get(code) or words.word(dimension, code)


class Chapters(Telling):
    """All that comes between the title page and the last one."""

    def parts(self) -> Iterable[Part]:
        yield self._part(
            "contacts",
            _("Contacts that were answered"),
            self._months("contacts"),
            (
                ("by_channel", "channel", _("How they came")),
                ("by_weekday", "weekday", _("On which days")),
                ("by_part_of_day", "part_of_day", _("At what time of the day")),
            ),
            self._lengths(),
        )
        yield self._part(
            "contacts",
            _("Who was in touch"),
            (),
            (
                ("by_concern", "concern", _("For whom they came")),
                ("by_age_band", "age_band", _("Ages")),
                ("by_gender", "gender", _("Gender")),
                ("by_returned", "returned", _("In touch before")),
            ),
            key="who",
        )
        yield self._part(
            "individuals",
            _("Individuals"),
            (),
            (
                ("by_concern", "concern", _("People, by for whom they came")),
                ("by_age_band", "age_band", _("People, by age")),
            ),
            self._of_people(),
        )
        yield self._part(
            "contacts",
            _("What it was about"),
            (),
            (
                ("by_topic", "topic", _("Topics")),
                ("by_recorded", "recorded", _("Recorded on image")),
                ("by_found_via", "found_via", _("How they found us")),
                ("by_referral", "referral", _("Where they were referred to")),
            ),
            key="about",
        )
        yield self._part(
            "missed",
            _("What was missed"),
            self._months("missed"),
            (
                ("by_reason", "missed_reason", _("Why they were missed")),
                ("by_in_hours", "in_hours", _("Inside and outside opening hours")),
                ("by_weekday", "weekday", _("On which days they were missed")),
                ("by_part_of_day", "part_of_day", _("At what time they were missed")),
                ("by_caught_by", "caught_by", _("What became of them")),
            ),
            self._shares(),
        )
        yield self._part(
            "course",
            _("The self-help course"),
            (),
            (
                ("by_module", "module", _("Visits to each module")),
                ("by_returning", "returning", _("First visits and later ones")),
            ),
            [_("A visit is somebody who opens the course. Whoever comes again is another visit.")],
        )
        yield self._part(
            "advice",
            _("The advice pages"),
            (),
            (
                ("by_tree", "tree", _("What advice was about")),
                ("by_age_band", "age_band", _("Ages of those who asked for advice")),
                ("by_gender", "gender", _("Gender of those who asked for advice")),
            ),
            [_("Counted is each time somebody answered the questions and came to an advice.")],
        )
        yield self._campaigns()

    def _part(
        self,
        name: str,
        title: str,
        first: Sequence[Picture],
        wanted: Sequence[tuple[str, str, str]],
        sentences: Sequence[str] = (),
        key: str = "",
    ) -> Part:
        part = self.told.get(name, {})
        if not part.get("total"):
            return Part(key or name, title, (), ())
        pictures = [*first]
        for counts, dimension, heading in wanted:
            # What nobody asked says nothing.
            if set(part.get(counts, {})) - {"unknown", "none"}:
                pictures.append(self._bars(name, counts, dimension, heading))
        return Part(key or name, title, sentences, pictures)

    def _lengths(self) -> list[str]:
        length, wait = (self.told["contacts"].get(what, {}) for what in ("length_minutes", "wait_seconds"))
        said = []
        if length.get("measured"):
            said.append(
                _(
                    "Half of the contacts took %(median)s minutes at most, nine of ten %(ninetieth)s.",
                    median=number(length["median"]),
                    ninetieth=number(length["ninetieth"]),
                )
            )
        if wait.get("measured"):
            said.append(
                _(
                    "Half of those who waited were answered within %(median)s seconds, nine of ten in %(ninetieth)s.",
                    median=number(wait["median"] + 10),
                    ninetieth=number(wait["ninetieth"] + 10),
                )
            )
        return said

    def _of_people(self) -> list[str]:
        return [
            _("Not every contact tells whether the same person came before."),
            _("So these are people who could be told apart. There may have been more."),
        ]

    def _shares(self) -> list[str]:
        missed = self.told["missed"]
        said = []
        if missed["share_percent"] is not None:
            said.append(
                _(
                    "Of all calls and chats, answered or not, %(share)s were missed.",
                    share=percent(missed["share_percent"]),
                )
            )
            earlier = self.before.get("missed", {}).get("share_percent")
            if earlier is not None and self.over:
                said.append(_("In %(year)s it was %(share)s.", year=self.year - 1, share=percent(earlier)))
        if missed.get("left_early"):
            said.append(
                _("Not in these figures: %(number)s who left within seconds.", number=number(missed["left_early"]))
            )
        return said

    # --- pictures

    def _months(self, name: str) -> list[Picture]:
        counts = self.told.get(name, {}).get("by_month", {})
        if not any(counts.values()):
            return []
        earlier = list(self.before.get(name, {}).get("by_month", {}).values())
        firsts = [date.fromisoformat(f"{month}-01") for month in counts]
        labels = tuple(format_date(first, "LLL") for first in firsts)
        values = list(counts.values())
        most = max(range(len(values)), key=lambda place: values[place])
        series = [Series(str(self.year), tuple(values))]
        if earlier:
            series.append(Series(str(self.year - 1), tuple(earlier)))
        chart = Chart(
            key=f"{name}-by-month",
            title=_("Month by month"),
            text=_(
                "Most in %(month)s: %(number)s.", month=format_date(firsts[most], "LLLL"), number=number(values[most])
            ),
            labels=labels,
            series=tuple(series),
        )
        rows = [
            [format_date(first, "LLLL"), *(number(line.values[place] or 0) for line in series)]
            for place, first in enumerate(firsts)
        ]
        head = [_("Month"), *(line.name for line in series)]
        return [Picture(chart, charts.lines(chart, number), head, rows)]

    def _bars(self, part: str, counts: str, dimension: str, title: str) -> Picture:
        now: Mapping[str, int] = self.told[part][counts]
        earlier: Mapping[str, int] = self.before.get(part, {}).get(counts, {})
        merged = self.told["merged"].get(dimension, ())
        codes = list(dict.fromkeys([*now, *earlier]))
        if dimension in BY_NUMBER:
            codes.sort(key=lambda code: (code in merged, code in LAST, -now.get(code, 0)))
        drawn = [code for code in codes if code not in merged][:MOST_BARS]
        compared = [(self.year, now, self.told)] + ([(self.year - 1, earlier, self.before)] if earlier else [])
        # What is told as another category was not none: nobody says how much it was.
        told = {
            year: {code: None if code in of["merged"].get(dimension, ()) else counts.get(code, 0) for code in codes}
            for year, counts, of in compared
        }
        labels = {code: self.word(dimension, code) for code in codes}
        chart = Chart(
            key=f"{part}-{counts}".replace("_", "-"),
            title=title,
            text=self._to_be_seen(now, dimension),
            labels=tuple(labels[code] for code in drawn),
            series=tuple(Series(str(year), tuple(of[code] for code in drawn)) for year, of in told.items()),
        )
        whole = self.told[part]["total"]
        rows = []
        for code in codes:
            cells = [_cell(of[code]) for of in told.values()]
            share = told[self.year][code]
            cells.insert(1, DASH if share is None else percent(100 * share / whole, 0))
            rows.append([labels[code], *cells])
        years = [str(year) for year in told]
        head = [words.heading(dimension), years[0], _("share"), *years[1:]]
        return Picture(chart, charts.bars(chart, number), head, rows, self._notes(dimension, rows, len(drawn)))

    def _notes(self, dimension: str, rows: Sequence[Sequence[str]], drawn: int) -> list[str]:
        notes = []
        if len(rows) > drawn:
            notes.append(_("The chart shows the first %(number)s; the table shows all.", number=drawn))
        if dimension == "topic":
            notes.append(_("A contact can be about several topics, so these add up to more than all."))
        if dimension == "module":
            notes.append(_("One visit can open several modules. The shares are of all visits."))
        if any(DASH in row[1:] for row in rows):
            notes.append(_("A dash means that it counts under another name in that year."))
        return notes

    def _to_be_seen(self, counts: Mapping[str, int], dimension: str) -> str:
        known = {code: count for code, count in counts.items() if code not in LAST} or counts
        most = max(known, key=lambda code: known[code])
        return str(_("Most: %(what)s, %(number)s.", what=self.word(dimension, most), number=number(known[most])))

    def _campaigns(self) -> Part:
        told = self.told["campaigns"]
        if not told:
            return Part("campaigns", _("Campaigns"), (), ())
        columns = [("impressions", _("Shown")), ("clicks", _("Clicked")), ("arrivals", _("Came by its link"))]
        columns = [(what, head) for what, head in columns if any(one.get(what) for one in told)]
        if not columns:
            return Part("campaigns", _("Campaigns"), (), ())
        shown = [one for one in told if one.get(columns[0][0])][:MOST_BARS]
        chart = Chart(
            key="campaigns-chart",
            title=_("How often each campaign was seen"),
            text=_("%(what)s, by campaign.", what=columns[0][1]),
            labels=tuple(one["name"] for one in shown),
            series=(Series(columns[0][1], tuple(float(one[columns[0][0]]) for one in shown)),),
        )
        rows = [[one["name"], *(_cell(one.get(what)) for what, _head in columns)] for one in told]
        head = [_("Campaign"), *(head for _what, head in columns)]
        said = _("How often a campaign was shown and clicked says nothing of anybody, so it is exact.")
        return Part("campaigns", _("Campaigns"), [said], [Picture(chart, charts.bars(chart, number), head, rows)])


def _cell(value: int | None) -> str:
    return DASH if value is None else number(value)


def number(value: float) -> str:
    """A whole number as it is written in the language of the reader."""
    return str(format_decimal(value, format="#,##0"))


def percent(value: float, decimals: int = 1) -> str:
    """A number of a hundred as a percentage."""
    return str(format_decimal(value, format="#,##0" + ("." + "0" * decimals if decimals else ""))) + "%"
