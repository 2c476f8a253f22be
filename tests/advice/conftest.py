"""A garden to break."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.advice.gardens import Plot


@pytest.fixture
def plot(tmp_path: Path) -> Plot:
    """A copy of the whole garden."""
    return Plot(tmp_path)
