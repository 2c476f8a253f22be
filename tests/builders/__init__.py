"""Makes chats, counsellors and time with good defaults, so that a test states only what matters to it."""

from tests.builders.chats import Visit, a_chat, an_entry, everybody_is_heard, is_offered, texts_of
from tests.builders.clocks import EVENING, StoppedClock, ago, at
from tests.builders.ledgers import ledger, the_contact, the_missed_contact
from tests.builders.people import a_counsellor, a_supervisor, duty_of

__all__ = [
    "EVENING",
    "StoppedClock",
    "Visit",
    "a_chat",
    "a_counsellor",
    "a_supervisor",
    "ago",
    "an_entry",
    "at",
    "duty_of",
    "everybody_is_heard",
    "is_offered",
    "ledger",
    "texts_of",
    "the_contact",
    "the_missed_contact",
]
