"""A sealed text opens with its own key, in its own place, unchanged, and in no other way."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.privacy.envelope import KEY_BYTES, NONCE_BYTES, Tampered, new_key, open_, seal, unwrap, wrap

KEY = bytes(range(KEY_BYTES))
PLACE: dict[str, Any] = {"chat_id": "c1", "stream": "talk", "seq": 7, "author": "visitor"}
OTHER = {"chat_id": "c2", "stream": "aside", "seq": 8, "author": "counsellor"}

texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_a_sealed_text_comes_back_as_it_was(body: str) -> None:
    assert open_(KEY, **PLACE, blob=seal(KEY, **PLACE, body=body)) == body


@pytest.mark.parametrize("field", PLACE)
def test_a_text_opens_in_its_own_place_only(field: str) -> None:
    blob = seal(KEY, **PLACE, body="I am here")
    with pytest.raises(Tampered):
        open_(KEY, **{**PLACE, field: OTHER[field]}, blob=blob)


@pytest.mark.parametrize("field", PLACE)
def test_two_texts_swapped_in_the_database_both_refuse_to_open(field: str) -> None:
    elsewhere = {**PLACE, field: OTHER[field]}
    one, other = seal(KEY, **PLACE, body="one"), seal(KEY, **elsewhere, body="other")
    for place, blob in ((PLACE, other), (elsewhere, one)):
        with pytest.raises(Tampered):
            open_(KEY, **place, blob=blob)


def test_fields_do_not_run_together() -> None:
    """Without their lengths 'talk' + '17' and 'talk1' + '7' would be the same bytes."""
    blob = seal(KEY, "c1", "talk", 17, "visitor", "I am here")
    for chat_id, stream, seq, author in [
        ("c1", "talk1", 7, "visitor"),
        ("c1t", "alk", 17, "visitor"),
        ("c1", "talk", 1, "7visitor"),
    ]:
        with pytest.raises(Tampered):
            open_(KEY, chat_id, stream, seq, author, blob)


@given(st.data())
def test_a_text_with_a_single_changed_bit_does_not_open(data: st.DataObject) -> None:
    blob = bytearray(seal(KEY, **PLACE, body="I am here"))
    bit = data.draw(st.integers(0, len(blob) * 8 - 1))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Tampered):
        open_(KEY, **PLACE, blob=bytes(blob))


@given(st.integers(0, 40))
def test_a_text_that_was_cut_short_does_not_open(length: int) -> None:
    blob = seal(KEY, **PLACE, body="I am here and this is longer")
    with pytest.raises(Tampered):
        open_(KEY, **PLACE, blob=blob[:length])


def test_a_text_does_not_open_with_the_key_of_another_chat() -> None:
    with pytest.raises(Tampered):
        open_(new_key(), **PLACE, blob=seal(KEY, **PLACE, body="I am here"))


def test_the_same_text_never_looks_the_same_twice() -> None:
    blobs = [seal(KEY, **PLACE, body="yes") for _ in range(200)]
    assert len({blob[:NONCE_BYTES] for blob in blobs}) == len(blobs)
    assert len({blob[NONCE_BYTES:] for blob in blobs}) == len(blobs)


def test_nothing_of_a_text_can_be_seen_in_what_is_stored() -> None:
    assert b"school" not in seal(KEY, **PLACE, body="it happened at school")


def test_a_refused_text_is_not_told_in_the_error() -> None:
    blob = seal(KEY, **PLACE, body="it happened at school")
    with pytest.raises(Tampered) as refused:
        open_(KEY, **{**PLACE, "seq": 8}, blob=blob)
    assert str(refused.value) == ""
    assert refused.value.__cause__ is None


def test_every_chat_gets_its_own_key() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {KEY_BYTES}


def test_the_key_of_a_chat_comes_back_from_under_the_key_of_its_week() -> None:
    week, key = new_key(), new_key()
    assert unwrap(week, "c1", wrap(week, "c1", key)) == key


def test_the_key_of_a_chat_opens_for_its_own_chat_and_week_only() -> None:
    week, key = new_key(), new_key()
    blob = wrap(week, "c1", key)
    for other_week, chat_id in ((week, "c2"), (new_key(), "c1")):
        with pytest.raises(Tampered):
            unwrap(other_week, chat_id, blob)


def test_a_text_cannot_pass_as_the_key_of_a_chat() -> None:
    with pytest.raises(Tampered):
        unwrap(KEY, "c1", seal(KEY, "c1", "talk", 1, "visitor", "x" * KEY_BYTES))
