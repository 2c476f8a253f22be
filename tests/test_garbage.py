"""Nobody waits for the collector while many are connected."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from helpline import garbage


@pytest.mark.parametrize(
    ("sockets", "seconds", "due"),
    [(0, 59, False), (0, 60, True), (19, 60, True), (20, 60, False), (2000, 3599, False), (2000, 3600, True)],
)
def test_it_waits_until_few_are_connected_but_not_for_ever(sockets: int, seconds: float, due: bool) -> None:
    assert garbage.is_due(sockets, seconds) is due


# In a process of its own, since it changes how the collector works.
LEAVES_GARBAGE = """
import gc, weakref
from helpline import garbage

class Ring:
    def __init__(self):
        self.me = self

garbage.wait()
assert not gc.isenabled()
garbage.settle()
assert gc.isenabled()
old = Ring()
gone = weakref.ref(old)
gc.collect(0), gc.collect(1)
del old
for _ in range(400_000):
    [[]]
assert gone() is not None
garbage.collect(0)
assert gone() is not None
garbage._collected_at -= garbage.QUIET_SECONDS
garbage.collect(garbage.FEW_SOCKETS)
assert gone() is not None
garbage.collect(0)
assert gone() is None
"""


def test_what_only_the_collector_finds_is_found_once_it_is_due() -> None:
    done = subprocess.run([sys.executable, "-c", LEAVES_GARBAGE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_running_test_keeps_pythons_own_ways() -> None:
    assert gc.get_threshold()[0] != garbage.YOUNG
