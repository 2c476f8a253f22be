"""Who gets which chat, case by case; the laws that always hold are in test_routing_properties.py."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpline.chat.routing import (
    MOST_HEAD_START,
    Assignment,
    Counsellor,
    Waiting,
    assign,
    estimate_minutes,
    fits,
    head_start,
    offers_letter,
    order,
    position,
    rank,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def a_chat(chat: str = "c1", rank: datetime = NOON, **changes: Any) -> Waiting:
    plain = Waiting(chat=chat, line="youth", language="nl", danger=False, rank=rank)
    return replace(plain, **changes)


def a_counsellor(account: str = "ann", **changes: Any) -> Counsellor:
    plain = Counsellor(
        account=account,
        line="youth",
        lines=frozenset({"youth"}),
        languages=frozenset({"nl"}),
        available=True,
        fresh=True,
        load=0,
        capacity=2,
        acute=False,
        idle_since=NOON,
    )
    return replace(plain, **changes)


def pairs(waiting: list[Waiting], counsellors: list[Counsellor]) -> dict[str, str]:
    return {made.chat: made.account for made in assign(waiting, counsellors)}


# The order of the queue


@pytest.mark.parametrize(
    ("danger", "distress", "handed_over", "start"),
    [
        ("no", 1, False, 0),
        ("unsure", 1, False, 0),
        ("no", 2, False, 2),
        ("no", 5, False, 8),
        ("no", 1, True, 30),
        ("yes", 1, False, 60),
        ("yes", 5, True, 98),
    ],
)
def test_danger_distress_and_a_hand_over_give_a_head_start(
    danger: str, distress: int, handed_over: bool, start: int
) -> None:
    assert head_start(danger, distress, handed_over) == minutes(start)
    assert rank(NOON, danger, distress, handed_over) == NOON - minutes(start)


def test_the_greatest_head_start_is_98_minutes() -> None:
    assert minutes(98) == MOST_HEAD_START == head_start("yes", 5, True)


@pytest.mark.parametrize(("danger", "distress"), [("no", 0), ("no", 6), ("perhaps", 1), ("", 1)])
def test_an_answer_that_was_not_on_the_form_gives_no_head_start(danger: str, distress: int) -> None:
    with pytest.raises(ValueError, match=r"distress|Danger"):
        head_start(danger, distress, False)


def test_who_joined_first_is_first() -> None:
    late, early = a_chat("a", NOON + minutes(1)), a_chat("b", NOON)
    assert order([late, early]) == [early, late]


def test_of_those_with_the_same_rank_the_order_never_changes() -> None:
    one, other = a_chat("a"), a_chat("b")
    assert order([one, other]) == order([other, one]) == [one, other]


def test_a_visitor_in_danger_passes_those_who_joined_up_to_an_hour_before() -> None:
    calm = a_chat("calm", rank(NOON, "no", 1))
    in_danger = a_chat("danger", rank(NOON + minutes(59), "yes", 1), danger=True)
    too_late = a_chat("late", rank(NOON + minutes(61), "yes", 1), danger=True)
    assert order([calm, in_danger, too_late]) == [in_danger, calm, too_late]


def test_a_handed_over_chat_keeps_its_age_and_gets_half_an_hour() -> None:
    others = [a_chat(f"other{n}", rank(NOON - minutes(n), "no", 1)) for n in range(29)]
    back = a_chat("back", rank(NOON, "no", 1, handed_over=True))
    assert order([*others, back])[0] == back


def test_the_position_counts_the_chats_of_the_own_line_only() -> None:
    queue = [
        a_chat("a", NOON),
        a_chat("b", NOON + minutes(1), line="prevention"),
        a_chat("c", NOON + minutes(2)),
    ]
    assert [position(chat, queue) for chat in ("a", "b", "c")] == [1, 1, 2]


def test_a_visitor_who_is_away_for_a_moment_keeps_the_place() -> None:
    queue = [a_chat("away", NOON, visitor_present=False), a_chat("here", NOON + minutes(1))]
    assert position("away", queue) == 1
    assert position("here", queue) == 2


def test_a_chat_that_is_not_waiting_has_no_position() -> None:
    with pytest.raises(LookupError):
        position("gone", [a_chat("here")])


# Who may get a chat


@pytest.mark.parametrize(
    "changes",
    [
        {"available": False},
        {"fresh": False},
        {"load": 2},
        {"load": 3},
        {"capacity": 0},
        {"acute": True},
        {"languages": frozenset({"en"})},
        {"lines": frozenset({"prevention"})},
        {"line": "prevention", "lines": frozenset({"youth", "prevention"})},
    ],
    ids=[
        "not available",
        "silent",
        "full",
        "over full",
        "no capacity",
        "a chat in danger in hand",
        "other language",
        "not qualified for the line",
        "serving the other line now",
    ],
)
def test_a_counsellor_who_cannot_take_a_chat_gets_none(changes: dict[str, Any]) -> None:
    counsellor = a_counsellor(**changes)
    assert not fits(a_chat(), counsellor)
    assert assign([a_chat()], [counsellor]) == []


def test_a_counsellor_who_can_take_it_gets_it() -> None:
    assert assign([a_chat()], [a_counsellor()]) == [Assignment("c1", "ann")]


def test_a_visitor_who_is_gone_is_never_offered() -> None:
    assert assign([a_chat(visitor_present=False)], [a_counsellor()]) == []


def test_a_chat_is_not_offered_again_to_who_has_just_declined_it() -> None:
    declined = a_chat(declined_by=frozenset({"ann"}))
    assert pairs([declined], [a_counsellor("ann")]) == {}
    assert pairs([declined], [a_counsellor("ann"), a_counsellor("bob", load=1)]) == {"c1": "bob"}


def test_an_expired_offer_goes_on_to_another_even_a_busier_one() -> None:
    missed = a_chat(missed_by=frozenset({"ann"}))
    assert pairs([missed], [a_counsellor("ann"), a_counsellor("bob", load=1)]) == {"c1": "bob"}


def test_an_expired_offer_rings_again_when_nobody_else_can_take_it() -> None:
    missed = a_chat(missed_by=frozenset({"ann"}))
    assert pairs([missed], [a_counsellor("ann"), a_counsellor("bob", load=2)]) == {"c1": "ann"}


# Who of several


def test_the_lowest_load_comes_first() -> None:
    rested = a_counsellor("ann", load=1, idle_since=NOON - minutes(60))
    assert pairs([a_chat()], [rested, a_counsellor("bob", load=0)]) == {"c1": "bob"}


def test_of_equal_loads_the_longest_idle_comes_first() -> None:
    assert pairs([a_chat()], [a_counsellor("ann"), a_counsellor("bob", idle_since=NOON - minutes(1))]) == {"c1": "bob"}


def test_of_equals_the_first_by_account() -> None:
    assert pairs([a_chat()], [a_counsellor("bob"), a_counsellor("ann")]) == {"c1": "ann"}


def test_an_open_offer_counts_as_load_for_the_next_chat() -> None:
    queue = [a_chat(f"c{n}", NOON + minutes(n)) for n in range(5)]
    ann, bob = a_counsellor("ann", idle_since=NOON - minutes(9)), a_counsellor("bob")
    assert pairs(queue, [ann, bob]) == {"c0": "ann", "c1": "bob", "c2": "ann", "c3": "bob"}


def test_a_chat_in_danger_fills_the_capacity_of_who_gets_it() -> None:
    queue = [a_chat("acute", NOON, danger=True), a_chat("next", NOON + minutes(1))]
    assert pairs(queue, [a_counsellor()]) == {"acute": "ann"}


def test_a_chat_that_nobody_can_take_blocks_nobody() -> None:
    queue = [
        a_chat("french", NOON, language="fr"),
        a_chat("gone", NOON, visitor_present=False),
        a_chat("declined", NOON, declined_by=frozenset({"ann"})),
        a_chat("dutch", NOON + minutes(50)),
    ]
    assert pairs(queue, [a_counsellor()]) == {"dutch": "ann"}


def test_with_nobody_on_duty_or_nobody_waiting_nothing_happens() -> None:
    assert assign([], [a_counsellor()]) == []
    assert assign([a_chat()], []) == []


# The estimate


@pytest.mark.parametrize(
    ("position", "free", "capacity", "estimate"),
    [
        (1, 1, 3, 0),
        (3, 3, 3, 0),
        (1, 0, 3, 10),
        (2, 0, 3, 20),
        (2, 1, 3, 10),
        (1, 0, 4, 8),
        (4, 0, 1, 120),
    ],
)
def test_the_estimate_is_the_time_until_enough_chats_have_ended(
    position: int, free: int, capacity: int, estimate: int
) -> None:
    assert estimate_minutes(position, free, capacity, 30) == estimate


def test_without_anybody_serving_the_line_no_estimate_is_given() -> None:
    assert estimate_minutes(1, 0, 0, 30) is None


def test_more_busy_than_there_are_places_is_no_free_place() -> None:
    assert estimate_minutes(1, -2, 3, 30) == 10


@pytest.mark.parametrize(
    ("minutes", "danger", "offered"),
    [
        (0, "no", False),
        (14, "no", False),
        (15, "no", True),
        (15, "unsure", True),
        (240, "yes", False),
        (None, "no", True),
        (None, "yes", False),
    ],
)
def test_a_letter_is_offered_when_the_wait_is_long_or_nobody_serves_the_line_but_never_in_danger(
    minutes: int | None, danger: str, offered: bool
) -> None:
    assert offers_letter(minutes, danger) is offered
