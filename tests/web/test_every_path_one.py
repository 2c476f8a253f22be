"""Every way through every second tree of the youth line, in every language; the others have a file of their own.

Two files, so that two processes share the work.
"""

from __future__ import annotations

import pytest
from flask import Flask

from tests.postgres import sqlite_only
from tests.web.conftest import House
from tests.web.walker import Walker, slugs


@sqlite_only
@pytest.mark.parametrize("slug", slugs("youth")[0::2])
def test_no_way_ends_in_an_error_or_without_somebody_to_turn_to(app: Flask, house: House, slug: str) -> None:
    walked = Walker(app.test_client(), slug).walk()
    assert walked.ways >= 3
    assert walked.advice
