"""What a visitor has written and done, and how forms from several pages come together without losing a word.

Pure. A form says for each field what stood there when it was shown (`seen`, a mark of the value). So a field that the
visitor left alone keeps what another page wrote meanwhile; one that both changed holds the later text, and the
earlier one is laid beside it until the visitor takes it back or throws it away. It also says which record it was shown
of (`epoch`): where that one is gone nothing of it can be left alone, and all that was sent is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

from helpline.selfhelp.course import Course, Exercise, Field, Module, Value, shown

State = Literal["new", "begun", "done"]
# Whoever comes with more than so many was not at all of these pages lately.
MOST_JOINED = 20


@dataclass(frozen=True)
class Record:
    """Answers by `module.exercise.field`; `beside`: earlier texts that a later one took the place of unseen.

    done: module -> the day it was finished last. epoch: a random name, none before anything was kept; joined: those of
    the records that came into this one.
    """

    answers: Mapping[str, Value] = field(default_factory=dict)
    beside: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    done: Mapping[str, date] = field(default_factory=dict)
    epoch: str = ""
    joined: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing written, nothing done."""
        return not (self.answers or self.beside or self.done)

    def knows(self, epoch: str) -> bool:
        """Whether what a form of this epoch was shown of is here still; before anything was kept there was nothing."""
        return epoch in ("", self.epoch, *self.joined)

    def as_json(self) -> dict[str, Any]:
        """For sealing; `from_json` reads it."""
        return {
            "answers": dict(self.answers),
            "beside": {address: list(values) for address, values in self.beside.items()},
            "done": {module: day.isoformat() for module, day in self.done.items()},
            "epoch": self.epoch,
            "joined": list(self.joined),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Record:
        """What `as_json` gave."""
        return cls(
            dict(kept.get("answers", {})),
            {address: tuple(values) for address, values in kept.get("beside", {}).items()},
            {module: date.fromisoformat(day) for module, day in kept.get("done", {}).items()},
            kept.get("epoch", ""),
            tuple(kept.get("joined", ())),
        )


def mark(value: Value | None) -> str:
    """A short mark of what stands in a field: equal for equal values alone."""
    said = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def written(
    record: Record,
    exercise: Exercise,
    values: Mapping[str, Value | None],
    seen: Mapping[str, str],
    epoch: str = "",
) -> Record:
    """The record once this exercise was sent: tidy `values` and the marks `seen`, both by address, of this epoch."""
    answers, beside = dict(record.answers), dict(record.beside)
    if not (record.epoch or record.answers) or not record.knows(epoch):
        # What it saw is not behind it any more: so it saw nothing, and an empty field in it empties nothing.
        seen = dict.fromkeys(values, mark(None))
    for asked in exercise.fields:
        address = asked.address
        if address not in values:
            continue
        value, stands = values[address], answers.get(address)
        if value == stands or mark(value) == seen.get(address):
            continue
        if stands is not None and mark(stands) != seen.get(address):
            beside[address] = _laid(beside.get(address, ()), stands)
        if value is None:
            answers.pop(address, None)
        else:
            answers[address] = value
            # What stands in a field again needs no place beside it.
            left = tuple(text for text in beside.pop(address, ()) if text != value)
            beside |= {address: left} if left else {}
    return replace(record, answers=answers, beside=beside)


def _laid(values: tuple[Value, ...], value: Value) -> tuple[Value, ...]:
    return values if value in values else (*values, value)


def taken_back(record: Record, address: str, which: str, asked: Field | None = None) -> Record:
    """The text beside the field with this mark stands in it again, and the one that stood there beside it.

    Where `asked` says what the field can hold now, one that it can't stays beside it.
    """
    value = _beside(record, address, which)
    if value is None or (asked is not None and shown(asked, value) != value):
        return record
    thrown = thrown_away(record, address, which)
    stands, beside = record.answers.get(address), dict(thrown.beside)
    if stands is not None:
        beside[address] = _laid(beside.get(address, ()), stands)
    return replace(thrown, answers={**record.answers, address: value}, beside=beside)


def thrown_away(record: Record, address: str, which: str) -> Record:
    """Without the text beside the field that has this mark."""
    left = tuple(value for value in record.beside.get(address, ()) if mark(value) != which)
    beside = {key: values for key, values in record.beside.items() if key != address}
    return replace(record, beside=beside | ({address: left} if left else {}))


def _beside(record: Record, address: str, which: str) -> Value | None:
    return next((value for value in record.beside.get(address, ()) if mark(value) == which), None)


def joined(kept: Record, brought: Record) -> Record:
    """What was kept under a code, and what was written before the code was entered: nothing of either is lost."""
    answers, beside = dict(kept.answers), dict(kept.beside)
    for address, value in brought.answers.items():
        if address not in answers:
            answers[address] = value
        elif answers[address] != value:
            beside[address] = _laid(beside.get(address, ()), value)
    for address, values in brought.beside.items():
        for value in values:
            if answers.get(address) != value:
                beside[address] = _laid(beside.get(address, ()), value)
    done = {**kept.done}
    for module, day in brought.done.items():
        done[module] = max(day, done.get(module, day))
    others = [epoch for epoch in (*kept.joined, *brought.joined, brought.epoch) if epoch not in ("", kept.epoch)]
    return Record(answers, beside, done, kept.epoch, tuple(dict.fromkeys(others))[-MOST_JOINED:])


def finished(record: Record, module: str, today: date) -> Record:
    """The module is done."""
    return replace(record, done={**record.done, module: today})


def state(record: Record, module: Module) -> State:
    """Whether the visitor has begun a module, or is done with it."""
    if module.slug in record.done:
        return "done"
    begun = any(asked.address in record.answers for exercise in module.exercises for asked in exercise.fields)
    return "begun" if begun else "new"


def suggested(record: Record, course: Course, after: str = "") -> Module | None:
    """The next module in the order that is not done, beginning behind `after`; None when all are."""
    slugs = [module.slug for module in course.modules]
    start = slugs.index(after) + 1 if after in slugs else 0
    ordered = (*course.modules[start:], *course.modules[:start])
    return next((module for module in ordered if module.slug not in record.done and module.slug != after), None)


def due(record: Record, course: Course, today: date) -> list[Module]:
    """The look-backs whose time has come: so many days after a module, and not looked at since."""
    found = []
    for booster in course.boosters:
        since = record.done.get(booster.after)
        last = record.done.get(booster.slug)
        begins = None if since is None else max(since, last or since)
        if begins is not None and today >= begins + timedelta(days=booster.days):
            found.append(booster)
    return found
