"""The helpline inside the test's process, as the tests of the chat have it."""

from tests.chat.conftest import house, time

__all__ = ["house", "time"]
