"""Every code that the ledgers can hold has a word of its own in both languages."""

from typing import get_args

import pytest
from flask import Flask
from flask_babel import force_locale

from helpline.advice.shapes import TreeShape
from helpline.contacts import categories
from helpline.stats.words import heading, word
from tests.postgres import sqlite_only

pytestmark = sqlite_only

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CODES = {
    "channel": categories.CHANNELS,
    "concern": (*categories.CONCERNS, categories.UNKNOWN),
    "gender": (*categories.GENDERS, categories.UNKNOWN),
    "recorded": (*categories.ANSWERS, categories.UNKNOWN),
    "returned": (*categories.ANSWERS, categories.UNKNOWN),
    "missed_reason": categories.CAUSES,
    "found_via": sorted({*sum(categories.FOUND_VIA.values(), ()), categories.UNKNOWN}),
    "referral": sorted({*sum(categories.REFERRALS.values(), ()), categories.NONE}),
    "asked_for": get_args(TreeShape.model_fields["asked_for"].annotation),
    "weekday": WEEKDAYS,
    "part_of_day": ("night", "morning", "afternoon", "evening"),
}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_codes_have_words_of_their_own(app: Flask, language: str) -> None:
    with app.test_request_context(), force_locale(language):
        for dimension, codes in CODES.items():
            said = [word(dimension, code) for code in codes]
            assert not set(said) & set(codes), f"{dimension}: a code stands there as it is"
            assert len(set(said)) == len(said), f"{dimension}: two codes share a word"
            assert heading(dimension) != dimension


def test_words_are_in_the_language_of_the_reader(app: Flask) -> None:
    with app.test_request_context(), force_locale("nl"):
        assert word("missed_reason", "nobody_on_duty") == word("cause", "nobody_on_duty") == "Niemand in dienst"
        assert word("age_band", "12-15") == "12–15"
        assert word("age_band", "unknown") == "Onbekend"
        assert word("channel", "total") == "Totaal"


def test_a_code_of_an_import_stands_for_itself(app: Flask) -> None:
    with app.test_request_context():
        assert word("found_via", "open_day") == "open day"
        assert heading("colour") == "colour"
