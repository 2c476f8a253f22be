"""Letters as the rest of the house uses them: the visitor's side, the staff's side, how long answers take."""

from __future__ import annotations

from datetime import datetime

from helpline.contacts import service as contacts
from helpline.db import reading, transaction
from helpline.letters import ending, figures, store
from helpline.letters.access import NoAccess as NoAccess
from helpline.letters.answering import answer as answer
from helpline.letters.answering import approve as approve
from helpline.letters.answering import claim as claim
from helpline.letters.answering import close_letter as close_letter
from helpline.letters.answering import release as release
from helpline.letters.answering import save_draft as save_draft
from helpline.letters.answering import send_back as send_back
from helpline.letters.answering import submit as submit
from helpline.letters.answering import take_back as take_back
from helpline.letters.figures import Figure as Figure
from helpline.letters.looking import Draft as Draft
from helpline.letters.looking import Gone as Gone
from helpline.letters.looking import Item as Item
from helpline.letters.looking import Opened as Opened
from helpline.letters.looking import Waiting as Waiting
from helpline.letters.looking import Written as Written
from helpline.letters.looking import gone as gone
from helpline.letters.looking import inbox as inbox
from helpline.letters.looking import open_letter as open_letter
from helpline.letters.looking import put_away as put_away
from helpline.letters.looking import waiting as waiting
from helpline.letters.states import UNANSWERED as UNANSWERED
from helpline.letters.states import Action
from helpline.letters.states import State as State
from helpline.letters.texts import MAX_BODY as MAX_BODY
from helpline.letters.texts import NotDone as NotDone
from helpline.letters.texts import Refused as Refused
from helpline.letters.visiting import CodeNotKept as CodeNotKept
from helpline.letters.visiting import HasLetter as HasLetter
from helpline.letters.visiting import NoLetters as NoLetters
from helpline.letters.visiting import Said as Said
from helpline.letters.visiting import Thread as Thread
from helpline.letters.visiting import Unreadable as Unreadable
from helpline.letters.visiting import close_visit as close_visit
from helpline.letters.visiting import confirm_code as confirm_code
from helpline.letters.visiting import erase as erase
from helpline.letters.visiting import open_at as open_at
from helpline.letters.visiting import pending_code as pending_code
from helpline.letters.visiting import reply as reply
from helpline.letters.visiting import summary_along as summary_along
from helpline.letters.visiting import thread_of as thread_of
from helpline.letters.visiting import write as write
from helpline.lines import service as lines
from helpline.lines.models import Line


def anything_kept() -> bool:
    """Whether anybody's letter is kept under a code."""
    with reading() as session:
        return store.any_letter(session)


def figure(line: Line, now: datetime) -> Figure:
    """How long answers of this line took in the last four weeks, by counters alone."""
    today = lines.local(line, now).date()
    counts = contacts.letter_counts(line.slug, today - figures.OVER, today)
    with reading() as session:
        return figures.figure(counts, store.overdue(session, line.slug, now))


def purge(now: datetime) -> int:
    """Delete the letters whose time is over; one that was never answered is counted as missed. Returns how many."""
    with transaction() as session:
        over = store.lock_expired(session, now)
        for letter in over:
            ending.destroy(session, letter, Action.EXPIRE, now)
        store.drop_old_gone(session, now.date())
        return len(over)
