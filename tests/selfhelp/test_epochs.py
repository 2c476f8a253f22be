"""Pages of records that ended, were erased, or lie under another code: what they send is never lost unseen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from helpline.selfhelp import progress
from helpline.selfhelp.course import Exercise, Value
from helpline.selfhelp.progress import Record, mark
from tests.selfhelp.test_progress import EXERCISES, FIELD, TODAY, answers_to, found_in, marks, shown

# Few, so that pages often meet.
FEW = (EXERCISES[0], EXERCISES[2])
Values = dict[str, Value | None]
DEEDS = ("write", "write", "send", "send", "again", "done", "end", "end", "erase", "erase far", "take", "enter")


class Browser:
    """One browser whose visit begins and ends, and the rows that lie under codes.

    `home` knows for itself where the answers of each epoch are: under a code, in the session ("here"), or gone.
    """

    def __init__(self) -> None:
        self.here, self.rows, self.code = Record(), dict[int, Record](), 0
        self.home: dict[str, int | None] = {}
        self.open: list[tuple[Exercise, Values, str]] = []
        self.sent: list[tuple[Exercise, Values, Values, str]] = []
        self.made = 0

    @property
    def record(self) -> Record:
        return self.rows[self.code] if self.code else self.here

    def put(self, record: Record) -> None:
        """As the store does: what is kept for the first time gets its epoch."""
        self.made += 1
        record = replace(record, epoch=record.epoch or f"e{self.made}")
        self.home.setdefault(record.epoch, self.code)
        if self.code:
            self.rows[self.code] = record
        else:
            self.here = record

    def show(self, exercise: Exercise) -> None:
        self.open.append((exercise, shown(self.record, exercise), self.record.epoch))

    def submit(self, exercise: Exercise, saw: Values, values: Values, epoch: str) -> None:
        before, stale = self.record, not self.record.knows(epoch)
        self.put(progress.written(before, exercise, values, marks(saw), epoch))
        self.sent.append((exercise, saw, values, epoch))
        assert stale == (epoch != "" and self.home[epoch] != self.code), "what it was of is here, or it is said"
        for address, value in values.items():
            found = found_in(self.record, address)
            if stale or value != saw[address]:
                assert value is None or value in found, "what was sent is there"
            else:
                assert found == found_in(before, address), "left alone where it still lies"
            if stale or value == saw[address]:
                assert all(text in found for text in found_in(before, address)), "nor does it take what is here now"

    def end(self, *, erases: bool = False) -> None:
        """The session ends, or is closed; what lies under a code stays, unless it is erased."""
        if not self.code:
            self.move(0, None)
        elif erases:
            self.erase(self.code)
        self.here, self.code = Record(), 0

    def erase(self, code: int) -> None:
        del self.rows[code]
        self.move(code, None)
        if code == self.code:
            self.here, self.code = Record(), 0

    def take(self) -> None:
        if not self.code:
            self.code = self.made = self.made + 1
            self.move(0, self.code)
            record, self.here = self.here, Record()
            self.put(record)

    def enter(self, code: int) -> None:
        if not self.code:
            self.rows[code] = progress.joined(self.rows[code], self.here)
            self.move(0, code)
        self.here, self.code = Record(), code

    def move(self, old: int, new: int | None) -> None:
        self.home |= {epoch: new for epoch, home in self.home.items() if home == old}


def changed(saw: Values, changes: Mapping[str, Value | None], touched: set[str]) -> Values:
    return saw | {address: changes[address] for address in touched}


@settings(max_examples=200)
@given(st.data())
def test_whatever_ends_in_between_nothing_that_is_sent_is_lost_unseen(data: st.DataObject) -> None:
    browser = Browser()
    browser.show(FEW[0])
    for _ in range(data.draw(st.integers(1, 20))):
        match data.draw(st.sampled_from(DEEDS)):
            case "write":
                exercise = data.draw(st.sampled_from(FEW))
                browser.show(exercise)
                browser.submit(exercise, browser.open[-1][1], data.draw(answers_to(exercise)), browser.record.epoch)
                browser.show(exercise)
            case "send":
                exercise, saw, epoch = data.draw(st.sampled_from(browser.open))
                touched = data.draw(st.sets(st.sampled_from(sorted(saw))))
                browser.submit(exercise, saw, changed(saw, data.draw(answers_to(exercise)), touched), epoch)
            case "again" if browser.sent:
                browser.submit(*data.draw(st.sampled_from(browser.sent)))
            case "done":
                browser.put(progress.finished(browser.record, "soil", TODAY))
            case "end":
                browser.end()
            case "erase":
                browser.end(erases=True)
            case "erase far" if browser.rows:
                browser.erase(data.draw(st.sampled_from(sorted(browser.rows))))
            case "take":
                browser.take()
            case "enter" if browser.rows:
                browser.enter(data.draw(st.sampled_from(sorted(browser.rows))))


def test_a_form_of_a_record_that_is_gone_keeps_also_what_it_left_alone() -> None:
    look, address = EXERCISES[0], FIELD.address
    other = look.fields[1].address
    now = Record({other: "here now"}, epoch="new")
    saw = {address: "old", other: None}
    record = progress.written(now, look, {address: "old", other: None}, marks(saw), "gone")
    assert (record.answers, record.beside) == ({address: "old", other: "here now"}, {})
    assert progress.written(now, look, {address: "old", other: None}, marks(saw), "new").answers == now.answers
    again = progress.written(Record(), look, {address: "old"}, {address: mark("old")})
    assert again.answers == {address: "old"}, "nothing stands behind a form without a name"


def test_the_last_records_that_came_along_are_remembered() -> None:
    record = Record(epoch="kept")
    for number in range(50):
        record = progress.joined(record, Record({FIELD.address: "x"}, epoch=f"e{number}"))
    assert record.knows("kept")
    assert record.knows("e49")
    assert not record.knows("e0")
    assert len(record.joined) == progress.MOST_JOINED
    assert Record.from_json(record.as_json()) == record
