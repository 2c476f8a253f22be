"""The helpline inside the test's process, as the tests of the chat have it."""

from tests.chat.conftest import Ears, ears, house, time

__all__ = ["Ears", "ears", "house", "time"]
