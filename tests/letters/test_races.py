"""One letter, two hands: one clear outcome each, and nothing that anybody wrote is lost silently. On both databases."""

from __future__ import annotations

import time as real_time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from helpline import db
from helpline.letters import service
from helpline.letters.models import Letter, LetterDraft, LetterText
from helpline.letters.service import NotDone
from helpline.lines import service as lines
from helpline.privacy import sessions
from helpline.staff.service import Member
from tests.builders import StoppedClock, a_counsellor, a_supervisor, ledger
from tests.builders.hands import OK, Hands
from tests.letters.writers import Answerer, Writer, a_letter, rows

# Some seconds each; a busy machine may need a multiple of that.
pytestmark = [pytest.mark.usefixtures("line"), pytest.mark.timeout(300)]
ROUNDS = 25
MINE, OTHER = "what took me an hour to write", "what the other one wrote"


@pytest.fixture
def hands() -> Iterator[Hands]:
    """Two hands."""
    two = Hands()
    yield two
    two.rest()


@pytest.fixture
def staff(line: object) -> tuple[Member, Member]:
    """Two counsellors of the line."""
    return a_counsellor("anna", on_duty=False), a_counsellor("ben", on_duty=False)


def later(number: int, deed: Callable[[], object]) -> Callable[[], object]:
    """The deed after 0 to 12 ms, by turns, so that each of the two is first at times."""

    def act() -> object:
        real_time.sleep(number % 5 * 0.003)
        return deed()

    return act


def handed_back(deed: Callable[[], object], text: str) -> Callable[[], object]:
    """The deed; where it is not done, what was written must come back."""

    def act() -> object:
        try:
            return deed()
        except NotDone as told:
            if told.text != text:
                raise AssertionError("what was written is lost") from told
            raise

    return act


def texts_of(letter: str) -> list[str]:
    """Who wrote the texts, in order; without a gap."""
    with db.reading() as session:
        wanted = select(LetterText.seq, LetterText.author).where(LetterText.letter_id == letter)
        found = session.execute(wanted.order_by(LetterText.seq)).all()
    assert [seq for seq, _ in found] == list(range(1, len(found) + 1))
    return [author for _, author in found]


def nothing_is_left_over() -> None:
    """Texts and drafts have their letters."""
    with db.reading() as session:
        letters = set(session.scalars(select(Letter.id)))
        assert set(session.scalars(select(LetterText.letter_id))) == letters
        assert set(session.scalars(select(LetterDraft.letter_id))) <= letters


def test_of_two_who_claim_it_one_has_it(hands: Hands, staff: tuple[Member, Member]) -> None:
    for _ in range(ROUNDS):
        writer = a_letter()
        done = hands.act(*(partial(service.claim, member, writer.id) for member in staff))
        assert sorted(done) == [OK, "taken"]
        assert writer.row.claimed_by == staff[done.index(OK)].id


def test_two_tabs_that_answer_at_once_send_one_answer(hands: Hands, staff: tuple[Member, Member]) -> None:
    for number in range(ROUNDS):
        writer = a_letter()
        tabs = Answerer(writer.id, staff[0]).claims(), Answerer(writer.id, staff[0]).looks()
        deeds = [handed_back(partial(tab.answers, text), text) for tab, text in zip(tabs, (MINE, OTHER), strict=True)]
        done = hands.act(later(number, deeds[0]), deeds[1])
        assert sorted(done) == [OK, "wrong_state"]
        assert writer.bodies == ["hello", (MINE, OTHER)[done.index(OK)]]
    assert ledger() == {"answered": ROUNDS}


def test_one_press_too_many_answers_once(hands: Hands, staff: tuple[Member, Member]) -> None:
    for _ in range(ROUNDS):
        writer = a_letter()
        anna = Answerer(writer.id, staff[0]).claims()
        press = partial(anna.answers, MINE, uuid.uuid4().hex)
        assert hands.act(press, press) == [OK, OK]
        assert writer.bodies == ["hello", MINE]
    assert ledger() == {"answered": ROUNDS}


def test_a_colleague_who_takes_over_and_the_first_who_answers(hands: Hands, staff: tuple[Member, Member]) -> None:
    """A supervisor gives the letter back in the moment in which its counsellor sends the answer after all."""
    boss = a_supervisor()
    seen: Counter[tuple[str, str]] = Counter()
    for number in range(ROUNDS):
        writer = a_letter()
        anna = Answerer(writer.id, staff[0]).claims()
        released, answered = hands.act(
            partial(service.release, boss, writer.id), later(number, handed_back(partial(anna.answers, MINE), MINE))
        )
        seen[released, answered] += 1
        assert writer.state == ("answered" if answered == OK else "waiting")
    assert set(seen) <= {(OK, "wrong_state"), ("wrong_state", OK)}
    assert ledger().get("answered", 0) == seen["wrong_state", OK]


def test_of_two_tabs_that_keep_a_draft_one_does(hands: Hands, staff: tuple[Member, Member]) -> None:
    for _ in range(ROUNDS):
        writer = a_letter()
        tabs = Answerer(writer.id, staff[0]).claims(), Answerer(writer.id, staff[0]).looks()
        saves = [
            handed_back(partial(service.save_draft, staff[0], writer.id, text, tab.version), text)
            for tab, text in zip(tabs, (MINE, OTHER), strict=True)
        ]
        done = hands.act(*saves)
        assert sorted(done) == ["changed", OK]
        draft = service.open_letter(staff[0], writer.id).draft
        assert (draft.version, draft.body) == (1, (MINE, OTHER)[done.index(OK)])


def test_two_second_readers_send_it_once(hands: Hands, staff: tuple[Member, Member]) -> None:
    carol = a_counsellor(on_duty=False)
    for _ in range(ROUNDS):
        writer = a_letter()
        Answerer(writer.id, staff[0]).claims().submits(MINE)
        readers = [Answerer(writer.id, member).looks() for member in (staff[1], carol)]
        done = hands.act(readers[0].approves, readers[1].approves)
        assert sorted(done) == [OK, "wrong_state"]
        assert writer.bodies == ["hello", MINE]
    assert ledger() == {"answered": ROUNDS}


def test_a_draft_that_is_sent_back_and_approved_goes_one_way(hands: Hands, staff: tuple[Member, Member]) -> None:
    carol = a_counsellor(on_duty=False)
    for number in range(ROUNDS):
        writer = a_letter()
        Answerer(writer.id, staff[0]).claims().submits(MINE)
        ben, other = (Answerer(writer.id, member).looks() for member in (staff[1], carol))
        approved, back = hands.act(
            later(number, ben.approves), handed_back(partial(other.sends_back, "not yet"), "not yet")
        )
        assert (approved, back, writer.state) in ((OK, "wrong_state", "answered"), ("wrong_state", OK, "drafted"))


def test_what_the_visitor_adds_as_the_answer_goes_is_kept_and_seen(hands: Hands, staff: tuple[Member, Member]) -> None:
    """The answer goes without it, and then it waits anew; or it was first, and the answer comes back."""
    seen: Counter[str] = Counter()
    for number in range(ROUNDS):
        writer = a_letter()
        anna = Answerer(writer.id, staff[0]).claims()
        answered, replied = hands.act(
            later(number, handed_back(partial(anna.answers, MINE), MINE)),
            later(number + 2, partial(writer.replies, OTHER)),
        )
        assert replied == OK
        seen[answered] += 1
        if answered == OK:
            assert (writer.bodies, writer.state, writer.row.round) == (["hello", MINE, OTHER], "waiting", 2)
        else:
            assert (answered, writer.bodies, writer.state) == ("visitor_wrote", ["hello", OTHER], "claimed")
        texts_of(writer.id)
    assert set(seen) <= {OK, "visitor_wrote"}


def test_what_the_visitor_adds_as_a_second_reader_approves(hands: Hands, staff: tuple[Member, Member]) -> None:
    for number in range(ROUNDS):
        writer = a_letter()
        Answerer(writer.id, staff[0]).claims().submits(MINE)
        ben = Answerer(writer.id, staff[1]).looks()
        approved, replied = hands.act(later(number, ben.approves), partial(writer.replies, OTHER))
        assert replied == OK
        assert (approved, writer.state) in ((OK, "waiting"), ("wrong_state", "drafted"))
        assert OTHER in writer.bodies


@pytest.mark.parametrize("deed", ["saves", "submits", "answers"])
def test_erasing_during_a_draft_erases_and_hands_back_what_was_written(
    hands: Hands, staff: tuple[Member, Member], deed: str
) -> None:
    seen: Counter[str] = Counter()
    for number in range(ROUNDS):
        writer = a_letter()
        anna = Answerer(writer.id, staff[0]).claims()
        anna.saves("half of it")
        call = {
            "saves": partial(service.save_draft, staff[0], writer.id, MINE, anna.version),
            "submits": partial(anna.submits, MINE),
            "answers": partial(anna.answers, MINE),
        }[deed]
        written, erased = hands.act(later(number, handed_back(call, MINE)), later(number + 2, writer.erases))
        assert (written in (OK, "gone"), erased) == (True, OK)
        seen[written] += 1
        assert writer.letter is None
        # Whoever had it in hand is told; whoever had sent the answer already has nothing in hand.
        notices = service.gone(staff[0])
        assert len(notices) == (0 if (deed, written) == ("answers", OK) else 1)
        for notice in notices:
            service.put_away(staff[0], notice.key)
    answered = seen[OK] if deed == "answers" else 0
    assert ledger() == {
        name: number for name, number in {"answered": answered, "left": ROUNDS - answered}.items() if number
    }
    assert rows(Letter) == rows(LetterText) == rows(LetterDraft) == 0


def test_a_reply_on_the_last_day_lives_or_comes_back(hands: Hands, time: StoppedClock) -> None:
    """The visitor's request was begun on the last day, and those who tidy up have the next one already."""
    seen: Counter[str] = Counter()
    began = time.moment
    for number in range(ROUNDS):
        time.moment = began
        writer = a_letter()
        time.turn(days=183)
        writer.comes_back_without_staying()
        tomorrow = time.moment + timedelta(days=1)
        replied, purged = hands.act(
            later(number, handed_back(partial(writer.replies, MINE), MINE)),
            later(number + 2, partial(service.purge, tomorrow)),
        )
        assert (replied in (OK, "gone"), purged) == (True, OK)
        seen[replied] += 1
        assert (writer.letter is not None) == (replied == OK)
        if replied == OK:
            assert writer.bodies == ["hello", MINE]
            writer.erases()
        nothing_is_left_over()
    assert seen[OK] + seen["gone"] == ROUNDS


def test_a_visit_on_the_last_day_lets_it_live_or_finds_nothing(hands: Hands, time: StoppedClock) -> None:
    began = time.moment
    for number in range(ROUNDS):
        time.moment = began
        writer = a_letter()
        time.turn(days=183)
        stranger = Writer()
        found: list[bool] = []

        def enter(stranger: Writer = stranger, code: str = writer.code, found: list[bool] = found) -> None:
            found.append(stranger.enters(code))

        hands.act(later(number, enter), partial(service.purge, time.moment + timedelta(days=1)))
        assert (writer.letter is not None) == found[0]
        if found[0]:
            stranger.id = writer.id
            assert stranger.bodies == ["hello"]
            stranger.erases()


def test_an_answer_as_the_time_is_over_is_counted_once(
    hands: Hands, time: StoppedClock, staff: tuple[Member, Member]
) -> None:
    began = time.moment
    for number in range(ROUNDS):
        time.moment = began
        writer = a_letter()
        anna = Answerer(writer.id, staff[0]).claims()
        time.turn(days=183)
        hands.act(
            later(number, handed_back(partial(anna.answers, MINE), MINE)),
            partial(service.purge, time.moment + timedelta(days=1)),
        )
        assert writer.letter is None
    assert sum(ledger().values()) == ROUNDS
    assert set(ledger()) <= {"answered", "unanswered"}
    nothing_is_left_over()


def test_two_who_tidy_up_count_each_letter_once(hands: Hands, time: StoppedClock) -> None:
    for _ in range(ROUNDS):
        a_letter()
    time.turn(days=200)
    tidy = partial(service.purge, time.moment)
    assert hands.act(tidy, tidy) == [OK, OK]
    assert ledger() == {"unanswered": ROUNDS}


def test_one_form_sent_twice_at_once_is_one_letter(hands: Hands) -> None:
    for _ in range(ROUNDS):
        cookie, form = sessions.new_cookie(), uuid.uuid4().hex
        given: list[str | None] = []

        def write(cookie: str = cookie, form: str = form, given: list[str | None] = given) -> None:
            given.append(service.write(cookie, lines.get_line("youth"), "nl", "hello", form))

        before = rows(Letter)
        assert hands.act(write, write) == [OK, OK]
        assert (len(given), len(set(given)), rows(Letter)) == (2, 1, before + 1)


def test_erasing_twice_at_once_counts_once(hands: Hands) -> None:
    for _ in range(ROUNDS):
        writer, other = a_letter(), Writer()
        other.enters(writer.code)
        assert hands.act(writer.erases, other.erases) == [OK, OK]
    assert ledger() == {"left": ROUNDS}
