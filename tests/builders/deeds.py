"""What staff and visitors do through the writer, as one call that waits for the outcome."""

from __future__ import annotations

from helpline.chat import service
from helpline.chat.access import NoAccess, Visitor
from helpline.chat.items import Mark, Refused, Stored
from helpline.staff.service import Member


def say_as_staff(member: Member, chat: object, stream: object, client_id: object, body: object) -> Stored:
    """Store a text of a counsellor or supervisor; returns once it is committed. Raises Refused."""
    return service.writer.store(service.staff_text(member, chat, stream, client_id, body))


def visitor_reads(visitor: Visitor, seq: int) -> None:
    """The visitor has read up to `seq`. Raises NoAccess."""
    _mark(Mark(visitor.chat, seq, session_key=visitor.session_key))


def staff_reads(member: Member, chat: str, seq: int) -> None:
    """The counsellor has read up to `seq`. Raises NoAccess."""
    _mark(Mark(chat, seq, member=member))


def _mark(mark: Mark) -> None:
    try:
        service.writer.submit(mark)
    except Refused as refused:
        raise NoAccess(refused.code) from None
