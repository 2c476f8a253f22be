"""The laws of routing, tried on thousands of random queues and teams."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.chat.routing import (
    LEAST_PLACES,
    MOST_HEAD_START,
    Counsellor,
    Danger,
    Waiting,
    assign,
    estimate_minutes,
    fits,
    has_place,
    order,
    places,
    position,
    rank,
    serves,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINES = ("youth", "prevention")
LANGUAGES = ("nl", "en")
ACCOUNTS = ("ann", "bob", "cem", "dia")
COUNSELLOR = Counsellor(
    account="ann",
    line="youth",
    lines=frozenset(LINES),
    languages=frozenset(LANGUAGES),
    available=True,
    fresh=True,
    load=0,
    capacity=3,
    acute=False,
    idle_since=NOON,
)

# Few different values, so that ties, full counsellors and refusals are common.
moments = st.integers(-100, 100).map(lambda minutes: NOON + timedelta(minutes=minutes))
few_ranks = st.integers(-2, 2).map(lambda step: NOON + step * timedelta(minutes=20))
some_accounts = st.frozensets(st.sampled_from(ACCOUNTS), max_size=3)


@st.composite
def queues(draw: st.DrawFn, most: int = 12) -> list[Waiting]:
    names = draw(st.lists(st.integers(0, 99).map("c{:02}".format), max_size=most, unique=True))
    return [
        Waiting(
            chat=name,
            line=draw(st.sampled_from(LINES)),
            language=draw(st.sampled_from(LANGUAGES)),
            danger=draw(st.booleans()),
            rank=draw(few_ranks),
            visitor_present=draw(st.integers(0, 4)) > 0,
            declined_by=draw(some_accounts),
            missed_by=draw(some_accounts),
        )
        for name in names
    ]


@st.composite
def teams(draw: st.DrawFn) -> list[Counsellor]:
    accounts = draw(st.lists(st.sampled_from(ACCOUNTS), unique=True))
    return [
        Counsellor(
            account=account,
            line=draw(st.sampled_from(LINES)),
            lines=draw(st.frozensets(st.sampled_from(LINES), min_size=1)),
            languages=draw(st.frozensets(st.sampled_from(LANGUAGES), min_size=1)),
            available=draw(st.integers(0, 4)) > 0,
            fresh=draw(st.integers(0, 4)) > 0,
            load=draw(st.integers(0, 3)),
            capacity=draw(st.integers(0, 4)),
            acute=draw(st.integers(0, 4)) == 0,
            idle_since=draw(st.sampled_from([NOON, NOON - timedelta(minutes=5)])),
            wrap_ups=draw(st.integers(0, 3)),
            wrap_ups_limit=draw(st.integers(0, 3)),
        )
        for account in accounts
    ]


def after(waiting: list[Waiting], team: list[Counsellor]) -> tuple[list[Waiting], dict[str, Counsellor]]:
    """The queue and the team once everything assigned has been offered."""
    chats = {chat.chat: chat for chat in waiting}
    staff = {counsellor.account: counsellor for counsellor in team}
    for made in assign(waiting, team):
        chat = chats.pop(made.chat)
        counsellor = staff[made.account]
        staff[made.account] = replace(counsellor, load=counsellor.load + 1, acute=counsellor.acute or chat.danger)
    return list(chats.values()), staff


@given(queues(), teams())
def test_nobody_ever_gets_more_than_the_capacity(waiting: list[Waiting], team: list[Counsellor]) -> None:
    _, staff = after(waiting, team)
    for before in team:
        assert staff[before.account].load <= max(before.capacity, before.load)


@given(queues(), teams())
def test_with_too_many_wrap_ups_open_only_danger_takes_the_last_place(
    waiting: list[Waiting], team: list[Counsellor]
) -> None:
    chats = {chat.chat: chat for chat in waiting}
    load = {counsellor.account: counsellor.load for counsellor in team}
    staff = {counsellor.account: counsellor for counsellor in team}
    for made in assign(waiting, team):
        one = staff[made.account]
        if 0 < one.wrap_ups_limit <= one.wrap_ups and one.capacity > LEAST_PLACES:
            assert chats[made.chat].danger or load[made.account] < one.capacity - 1
        load[made.account] += 1


@given(st.integers(0, 8), st.integers(0, 8), st.integers(0, 8))
def test_the_rule_takes_one_place_at_most_and_leaves_two(capacity: int, wrap_ups: int, limit: int) -> None:
    left = places(capacity, wrap_ups, limit, danger=False)
    assert capacity - 1 <= left <= capacity
    assert left >= min(capacity, LEAST_PLACES)
    assert places(capacity, wrap_ups, limit, danger=True) == capacity
    assert places(capacity, wrap_ups, 0, danger=False) == capacity
    assert left >= places(capacity, wrap_ups + 1, limit, danger=False)
    assert (left < capacity) is (capacity > LEAST_PLACES and 0 < limit <= wrap_ups)


@given(queues(most=4), teams())
def test_what_was_offered_still_fits_when_a_chat_ends_and_its_wrap_up_opens(
    waiting: list[Waiting], team: list[Counsellor]
) -> None:
    chats = {chat.chat: chat for chat in waiting}
    staff = {counsellor.account: counsellor for counsellor in team}
    for made in assign(waiting, team):
        one = staff[made.account]
        taken = replace(one, load=one.load + 1)
        if one.load:
            # One of the others ends; what was offered is no longer part of the load that has to leave it a place.
            ended = replace(taken, load=taken.load - 1, wrap_ups=taken.wrap_ups + 1)
            assert has_place(chats[made.chat], replace(ended, load=ended.load - 1))
        staff[made.account] = taken


@given(queues(), teams())
def test_a_chat_is_offered_to_one_counsellor_at_most(waiting: list[Waiting], team: list[Counsellor]) -> None:
    times = Counter(made.chat for made in assign(waiting, team))
    assert set(times) <= {chat.chat for chat in waiting}
    assert all(count == 1 for count in times.values())


@given(queues(), teams())
def test_no_offer_ever_goes_to_the_wrong_one(waiting: list[Waiting], team: list[Counsellor]) -> None:
    chats = {chat.chat: chat for chat in waiting}
    staff = {counsellor.account: counsellor for counsellor in team}
    for made in assign(waiting, team):
        chat, counsellor = chats[made.chat], staff[made.account]
        assert counsellor.line == chat.line, "serves the other line now"
        assert chat.line in counsellor.lines, "not qualified for the line"
        assert chat.language in counsellor.languages, "wrong language"
        assert counsellor.available, "not on duty"
        assert counsellor.fresh, "silent"
        assert not counsellor.acute, "had a chat in danger in hand"
        assert chat.visitor_present, "the visitor is gone"
        assert made.account not in chat.declined_by, "had declined it"


@given(queues(), teams())
def test_nobody_gets_anything_beside_a_chat_in_danger(waiting: list[Waiting], team: list[Counsellor]) -> None:
    chats = {chat.chat: chat for chat in waiting}
    acute: set[str] = set()
    for made in assign(waiting, team):
        assert made.account not in acute
        if chats[made.chat].danger:
            acute.add(made.account)


@given(queues(), teams())
def test_whoever_can_be_helped_is_not_left_waiting(waiting: list[Waiting], team: list[Counsellor]) -> None:
    left_over, staff = after(waiting, team)
    assert not [
        (chat.chat, counsellor.account) for chat in left_over for counsellor in staff.values() if fits(chat, counsellor)
    ]


@given(queues(), teams())
def test_nobody_is_passed_over_for_a_counsellor_who_could_take_them(
    waiting: list[Waiting], team: list[Counsellor]
) -> None:
    left_over, _ = after(waiting, team)
    staff = {counsellor.account: counsellor for counsellor in team}
    chats = {chat.chat: chat for chat in waiting}
    for passed in left_over:
        for made in assign(waiting, team):
            later = chats[made.chat]
            if (passed.rank, passed.chat) < (later.rank, later.chat):
                assert not fits(passed, staff[made.account])


@given(queues(), teams())
def test_each_offer_goes_to_the_lowest_load_and_then_to_the_longest_idle(
    waiting: list[Waiting], team: list[Counsellor]
) -> None:
    staff = {counsellor.account: counsellor for counsellor in team}
    chats = {chat.chat: chat for chat in waiting}
    for made in assign(waiting, team):
        chat, chosen = chats[made.chat], staff[made.account]
        others = [other for other in staff.values() if other != chosen and fits(chat, other)]
        for other in others:
            if (other.account in chat.missed_by) == (chosen.account in chat.missed_by):
                assert (chosen.load, chosen.idle_since) <= (other.load, other.idle_since)
            else:
                assert chosen.account not in chat.missed_by, "an offer expired here and another was free"
        staff[made.account] = replace(chosen, load=chosen.load + 1, acute=chosen.acute or chat.danger)


@given(queues(), teams(), st.randoms())
def test_the_same_queue_and_team_always_give_the_same_offers(
    waiting: list[Waiting], team: list[Counsellor], random: Random
) -> None:
    shuffled, mixed_team = list(waiting), list(team)
    random.shuffle(shuffled)
    random.shuffle(mixed_team)
    assert assign(shuffled, mixed_team) == assign(waiting, team)


@given(queues(), teams(), st.sampled_from(LANGUAGES))
def test_a_chat_that_nobody_can_take_changes_nothing_for_the_others(
    waiting: list[Waiting], team: list[Counsellor], language: str
) -> None:
    first = NOON - timedelta(days=1)
    hopeless = [
        Waiting("x1", "youth", "fr", danger=True, rank=first),
        Waiting("x2", "youth", language, danger=True, rank=first, visitor_present=False),
        Waiting("x3", "youth", language, danger=True, rank=first, declined_by=frozenset(ACCOUNTS)),
    ]
    assert assign([*hopeless, *waiting], team) == assign(waiting, team)


visitors = st.builds(
    lambda joined, danger, distress, handed_over: (joined, rank(joined, danger, distress, handed_over)),
    moments,
    st.sampled_from(Danger),
    st.integers(1, 5),
    st.booleans(),
)


@given(visitors, visitors)
def test_nobody_is_overtaken_by_who_joined_more_than_98_minutes_later(
    one: tuple[datetime, datetime], other: tuple[datetime, datetime]
) -> None:
    (joined, sooner), (joined_later, later) = sorted([one, other])
    if joined_later - joined > MOST_HEAD_START:
        assert sooner < later
    assert timedelta(0) <= joined - sooner <= MOST_HEAD_START == timedelta(minutes=98)


@given(st.lists(st.tuples(st.sampled_from(Danger), st.integers(1, 5), st.booleans()), min_size=1))
def test_nobody_starves_however_many_urgent_visitors_keep_coming(
    newcomers: list[tuple[str, int, bool]],
) -> None:
    """Each minute one joins and one is taken, so the queue never gets shorter by itself."""
    queue = [Waiting("calm", "youth", "nl", danger=False, rank=rank(NOON, "no", 1))]
    team = [replace(COUNSELLOR, capacity=1)]
    for minute, answers in zip(range(120), cycle(newcomers), strict=False):
        joined = NOON + timedelta(minutes=minute)
        danger = answers[0] == Danger.YES
        queue.append(Waiting(f"c{minute:03}", "youth", "nl", danger, rank(joined, *answers)))
        [made] = assign(queue, team)
        if made.chat == "calm":
            break
        assert joined - NOON <= MOST_HEAD_START
        queue = [chat for chat in queue if chat.chat != made.chat]
    else:
        pytest.fail("the calm visitor was never taken")


@given(queues())
def test_positions_on_a_line_run_from_one_without_a_gap(waiting: list[Waiting]) -> None:
    for line in LINES:
        own = [chat for chat in order(waiting) if chat.line == line]
        assert [position(chat.chat, waiting) for chat in own] == list(range(1, len(own) + 1))


@given(queues(), teams())
def test_only_who_serves_the_line_and_language_can_ever_fit(waiting: list[Waiting], team: list[Counsellor]) -> None:
    for chat in waiting:
        for counsellor in team:
            assert serves(chat.line, chat.language, counsellor) or not fits(chat, counsellor)


@given(st.integers(1, 50), st.integers(0, 20), st.integers(1, 20), st.integers(1, 90))
def test_the_estimate_never_shrinks_further_back_nor_grows_with_more_free_places(
    place: int, free: int, capacity: int, minutes: int
) -> None:
    here = estimate_minutes(place, free, capacity, minutes) or 0
    behind = estimate_minutes(place + 1, free, capacity, minutes) or 0
    freer = estimate_minutes(place, free + 1, capacity, minutes) or 0
    assert 0 <= freer <= here <= behind
    assert (here == 0) is (place <= free)
