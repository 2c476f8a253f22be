"""Return codes: readable by people, one way only, and bound to what they were made for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.privacy import codes
from helpline.privacy.codes import Sealed, Tampered

SALT = bytes(range(32))
ROOT = bytes(range(100, 132))
PLACE = codes.for_kind(ROOT, "course", "prevention")


def test_a_code_has_16_letters_in_fours_and_none_that_looks_like_another() -> None:
    made = {codes.new_code(SALT) for _ in range(2000)}
    assert len(made) == 2000
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code) for code in made)
    assert len(codes.ALPHABET) ** codes.LENGTH == 2**80
    for place in range(19):
        letters = {code[place] for code in made}
        assert letters == ({"-"} if place in (4, 9, 14) else set(codes.ALPHABET)), "every letter comes everywhere"


def test_only_this_installation_knows_its_codes_from_guesses() -> None:
    made = [codes.new_code(SALT) for _ in range(2000)]
    assert all(codes.likely(code, SALT) for code in made)
    others = [codes.new_code(bytes(32)) for _ in range(2000)]
    # Two of two thousand are to be expected.
    assert sum(codes.likely(code, SALT) for code in others) < 15
    assert len({code[-2:] for code in made}) > 700, "its mark looks like the rest of it"
    # Held fast: with another mark the codes out there would be taken for guesses.
    assert codes.likely("01AB-CDEF-GHJK-MNKZ", SALT)


@pytest.mark.parametrize(
    "typed",
    [
        "01AB-CDEF-GHJK-MNPQ",
        "01abcdefghjkmnpq",
        "oiab cdef ghjk mnpq",
        "  OLAB–CDEF—GHJK−MNPQ\r\n",
        "0 1 A B\tC D E F  G H J K\n\nM N P Q",
        "\ufeff01AB\u00a0CDEF\u2009GHJK\u202fMNPQ\u200b",
        "o|ab".replace("|", "l") + "_cdef_ghjk_mnpq",
    ],
)
def test_a_code_is_read_however_it_was_noted_down(typed: str) -> None:
    assert codes.read(typed) == "01AB-CDEF-GHJK-MNPQ"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "01AB-CDEF-GHJK-MNP",
        "01AB-CDEF-GHJK-MNPQR",
        "01AB-CDEF-GHJK-MNPU",
        "01AB-CDEF-GHJK-MNP!",
        "x" * 100_000,
    ],
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.read(typed) is None


@given(st.text())
def test_whatever_is_typed_is_read_as_a_code_or_as_none(typed: str) -> None:
    read = codes.read(typed)
    assert read is None or codes.read(read) == read


def test_a_new_code_is_read_as_itself() -> None:
    for code in (codes.new_code(SALT) for _ in range(100)):
        assert codes.read(code) == code
        assert codes.read(code.replace("-", "").lower().replace("0", "o").replace("1", "i")) == code


# One way only


def test_the_keys_of_a_code_stay_what_they_are_from_version_to_version() -> None:
    """Whoever changes this makes every code out there worthless."""
    root = codes.opened("01AB-CDEF-GHJK-MNPQ", SALT)
    assert root.hex() == "5f2d6140b5b4a4858801b3b11a9157c513789cae353d72f443ee2f33e252d8ed"
    place = codes.for_kind(root, "course", "prevention")
    assert (place.lookup, place.key.hex()) == (
        "d50f12729e5e528fff7054e91bff33e0b6d32bcf2f9c63ece64530b250d1e8aa",
        "316522d417ab2bb7c1916daf96b8ad544caa5cc99b8afa016f211ffd2c39eb7d",
    )


def test_another_code_or_salt_gives_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)
    one, other = codes.new_code(SALT), codes.new_code(SALT)
    roots = {codes.opened(one, SALT), codes.opened(other, SALT), codes.opened(one, bytes(32))}
    assert len(roots) == 3
    assert codes.opened(one, SALT) in roots


def test_a_kind_or_line_of_its_own_has_keys_of_its_own() -> None:
    places = [codes.for_kind(ROOT, kind, line) for kind in ("course", "letter") for line in ("prevention", "youth")]
    values = [place.lookup for place in places] + [place.key.hex() for place in places]
    assert len(set(values)) == 8
    assert codes.for_kind(ROOT, "a", "b-c") != codes.for_kind(ROOT, "a-b", "c")


def test_a_key_is_not_shown_by_accident() -> None:
    assert PLACE.key.hex() not in repr(PLACE)
    assert str(PLACE.key) not in repr(PLACE)


# Sealed


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text()) | st.none()))
def test_what_was_sealed_opens_as_it_was(content: dict[str, Any]) -> None:
    assert codes.open_(PLACE, codes.seal(PLACE, content)) == content


def test_half_a_character_is_no_obstacle() -> None:
    assert codes.open_(PLACE, codes.seal(PLACE, {"text": "\ud83d"})) == {"text": "\ud83d"}


def test_it_is_sealed_in_whole_blocks_and_each_time_anew() -> None:
    around = codes.NONCE_BYTES + 16
    lengths = {size: len(codes.seal(PLACE, "x" * size)) - around for size in (0, 1, 4000, 4090, 4091, 9000)}
    assert lengths == {0: 4096, 1: 4096, 4000: 4096, 4090: 4096, 4091: 8192, 9000: 12288}
    assert codes.seal(PLACE, "x") != codes.seal(PLACE, "x")


def test_nothing_opens_what_was_changed_or_put_elsewhere() -> None:
    sealed = codes.seal(PLACE, {"text": "x"})
    for wrong in (
        Sealed("letter", PLACE.line, PLACE.lookup, PLACE.key),
        Sealed(PLACE.kind, "youth", PLACE.lookup, PLACE.key),
        Sealed(PLACE.kind, PLACE.line, "0" * 64, PLACE.key),
        Sealed(PLACE.kind, PLACE.line, PLACE.lookup, bytes(32)),
    ):
        with pytest.raises(Tampered):
            codes.open_(wrong, sealed)
    for place in (0, 12, 500, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Tampered):
            codes.open_(PLACE, bytes(changed))
    for short in (b"", sealed[:5], sealed[:-1]):
        with pytest.raises(Tampered):
            codes.open_(PLACE, short)
