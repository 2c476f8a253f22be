"""The history checker sees every kind of broken promise, and minds nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.faults.history import Acknowledged, Log, Received, Sent, Stream, check

TALK = Stream("chat")
ASIDE = Stream("chat", "aside")
BODIES = ["hello", "hello, I am here", "I can't sleep", "tell me", "since when?", "weeks"]


class Scene:
    """Six texts of a visitor and a counsellor, the third sent twice, a first text by the form, and an aside."""

    def __init__(self) -> None:
        self.visitor = Log("visitor", "visitor", [TALK], [Sent(TALK, None, "first", 0.0)])
        self.counsellor = Log("counsellor", "counsellor", [TALK, ASIDE])
        self.talk = [self.message(1, "made-by-the-server", "visitor", "first")]
        for number, body in enumerate(BODIES):
            log = self.visitor if number % 2 == 0 else self.counsellor
            log.sent.append(Sent(TALK, f"id{number}", body, number + 1.0))
            log.acknowledged.append(Acknowledged(f"id{number}", number + 2, number + 1.5))
            self.talk.append(self.message(number + 2, f"id{number}", log.author, body))
        self.visitor.acknowledged.append(Acknowledged("id2", 4, 9.0))
        self.counsellor.sent.append(Sent(ASIDE, "aside0", "a note", 10.0))
        self.counsellor.acknowledged.append(Acknowledged("aside0", 1, 10.5))
        self.aside = [self.message(1, "aside0", "counsellor", "a note")]
        self.visitor.received = [Received(TALK, m, pushed_on=1) for m in self.talk]
        self.counsellor.received = [Received(TALK, m) for m in self.talk] + [Received(ASIDE, m) for m in self.aside]
        self.counsellor_talk: list[dict[str, Any]] | None = None

    @staticmethod
    def message(seq: int, client_id: str, author: str, body: str) -> dict[str, Any]:
        return {"seq": seq, "client_id": client_id, "author": author, "body": body, "sent_at": "2026-01-01T00:00:00Z"}

    def kinds(self) -> set[str]:
        """The kinds of problems that the checker sees."""
        other = self.talk if self.counsellor_talk is None else self.counsellor_talk
        truth = {TALK: {"visitor": self.talk, "counsellor": other}, ASIDE: {"counsellor": self.aside}}
        return {problem.kind for problem in check([self.visitor, self.counsellor], truth)}

    def number_anew(self) -> None:
        for seq, message in enumerate(self.talk, start=1):
            message["seq"] = seq


@pytest.fixture
def scene() -> Scene:
    return copy.deepcopy(Scene())


def test_a_right_history_has_no_problem(scene: Scene) -> None:
    assert scene.kinds() == set()


def test_an_empty_history_has_no_problem() -> None:
    assert check([], {TALK: {"visitor": [], "counsellor": []}}) == []


def test_a_lost_text_is_seen(scene: Scene) -> None:
    del scene.talk[3]
    scene.number_anew()
    assert "lost" in scene.kinds()


def test_a_lost_last_text_is_seen(scene: Scene) -> None:
    # Nothing comes after it, so numbers alone would not tell.
    del scene.talk[-1]
    assert "lost" in scene.kinds()


def test_a_lost_first_text_of_the_form_is_seen(scene: Scene) -> None:
    del scene.talk[0]
    scene.number_anew()
    assert "lost" in scene.kinds()


def test_a_lost_stream_is_seen(scene: Scene) -> None:
    scene.aside.clear()
    assert "lost" in scene.kinds()


def test_a_text_stored_twice_is_seen(scene: Scene) -> None:
    scene.talk.append(scene.talk[3] | {"seq": 8})
    assert "doubled" in scene.kinds()


def test_a_first_text_stored_twice_is_seen(scene: Scene) -> None:
    scene.talk.append(scene.message(8, "also-made-by-the-server", "visitor", "first"))
    assert "foreign" in scene.kinds()


def test_a_number_given_twice_is_seen(scene: Scene) -> None:
    scene.talk[4]["seq"] = 4
    assert "doubled" in scene.kinds()


def test_texts_of_one_client_in_the_wrong_order_are_seen(scene: Scene) -> None:
    scene.talk[1], scene.talk[3] = scene.talk[3], scene.talk[1]
    scene.number_anew()
    assert "reordered" in scene.kinds()


def test_an_answer_in_front_of_its_question_is_seen(scene: Scene) -> None:
    scene.visitor.acknowledged = [a for a in scene.visitor.acknowledged if a.client_id != "id2"]
    scene.visitor.acknowledged.append(Acknowledged("id2", 5, 3.5))
    scene.counsellor.acknowledged = [a for a in scene.counsellor.acknowledged if a.client_id != "id3"]
    scene.counsellor.acknowledged.append(Acknowledged("id3", 4, 4.5))
    scene.talk[3], scene.talk[4] = scene.talk[4], scene.talk[3]
    scene.number_anew()
    scene.visitor.received = [Received(TALK, m) for m in scene.talk]
    scene.counsellor.received = [Received(TALK, m) for m in scene.talk] + [Received(ASIDE, m) for m in scene.aside]
    assert scene.kinds() == {"reordered"}


def test_texts_sent_at_the_same_time_may_stand_either_way(scene: Scene) -> None:
    for log, name, seq in ((scene.visitor, "id2", 5), (scene.counsellor, "id3", 4)):
        log.acknowledged = [a for a in log.acknowledged if a.client_id != name] + [Acknowledged(name, seq, 4.5)]
    scene.talk[3], scene.talk[4] = scene.talk[4], scene.talk[3]
    scene.number_anew()
    scene.visitor.received = [Received(TALK, m) for m in scene.talk]
    scene.counsellor.received = [Received(TALK, m) for m in scene.talk] + [Received(ASIDE, m) for m in scene.aside]
    assert scene.kinds() == set()


def test_a_transcript_read_out_of_order_is_seen(scene: Scene) -> None:
    scene.talk[1], scene.talk[2] = scene.talk[2], scene.talk[1]
    assert "reordered" in scene.kinds()


def test_pushes_out_of_order_are_seen(scene: Scene) -> None:
    received = scene.visitor.received
    received[1], received[2] = received[2], received[1]
    assert scene.kinds() == {"reordered"}


def test_a_text_that_is_sent_again_may_be_pushed_again(scene: Scene) -> None:
    scene.counsellor.received = list(scene.visitor.received)
    scene.counsellor.received.append(scene.visitor.received[1])
    again = str(scene.visitor.received[1].message["client_id"])
    assert "reordered" in scene.kinds()
    scene.visitor.tried[again] = 2
    assert "reordered" not in scene.kinds()


def test_a_gap_is_seen(scene: Scene) -> None:
    scene.talk[-1]["seq"] = 9
    assert "gap" in scene.kinds()


def test_counting_from_zero_is_seen(scene: Scene) -> None:
    for message in scene.talk:
        message["seq"] -= 1
    assert "gap" in scene.kinds()


def test_a_wrong_acknowledged_number_is_seen(scene: Scene) -> None:
    scene.visitor.acknowledged[0] = Acknowledged("id0", 3, 1.5)
    assert scene.kinds() == {"wrong_seq"}


def test_a_resend_with_another_number_is_seen(scene: Scene) -> None:
    scene.visitor.acknowledged.append(Acknowledged("id2", 7, 12.0))
    assert scene.kinds() == {"wrong_seq"}


def test_a_foreign_text_is_seen(scene: Scene) -> None:
    scene.talk.append(scene.message(8, "stranger", "visitor", "I was never sent"))
    assert "foreign" in scene.kinds()


def test_an_acknowledgement_out_of_nowhere_is_seen(scene: Scene) -> None:
    scene.visitor.acknowledged.append(Acknowledged("stranger", 8, 12.0))
    assert scene.kinds() == {"foreign"}


@pytest.mark.parametrize(("name", "value"), [("body", "hallo"), ("author", "counsellor")])
def test_a_changed_text_is_seen(scene: Scene, name: str, value: str) -> None:
    scene.talk[1][name] = value
    assert "changed" in scene.kinds()


def test_sides_that_read_different_texts_are_seen(scene: Scene) -> None:
    scene.counsellor_talk = scene.talk[:-1]
    assert "sides_differ" in scene.kinds()


def test_a_text_that_stays_unacknowledged_is_seen(scene: Scene) -> None:
    scene.counsellor.acknowledged = [a for a in scene.counsellor.acknowledged if a.client_id != "id1"]
    assert scene.kinds() == {"unacknowledged"}


def test_a_client_that_was_shown_what_is_not_stored_is_seen(scene: Scene) -> None:
    # Pushed before the commit, and then the commit never came.
    scene.visitor.received.append(Received(TALK, scene.message(8, "id9", "counsellor", "gone"), pushed_on=1))
    assert scene.kinds() == {"untrue"}


def test_a_client_that_did_not_catch_up_is_seen(scene: Scene) -> None:
    del scene.counsellor.received[2]
    assert scene.kinds() == {"behind"}
