"""What somebody keeps of chats: the last summaries, and which chat the way back leads to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

# The oldest goes when there is one more.
MOST = 10


@dataclass(frozen=True)
class Summary:
    """A few lines that visitor and counsellor agreed on. `chat` is the random id of their chat."""

    day: date
    text: str
    chat: str


@dataclass(frozen=True)
class Record:
    """Everything that one code keeps, the oldest summary first. `chat` is the one that can be gone on with."""

    summaries: tuple[Summary, ...] = ()
    chat: str | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is kept, and nothing to come back to."""
        return not self.summaries and self.chat is None

    @property
    def newest(self) -> Summary | None:
        """The summary of last time."""
        return self.summaries[-1] if self.summaries else None

    def as_json(self) -> dict[str, Any]:
        """As it is sealed."""
        said = [{"day": one.day.isoformat(), "text": one.text, "chat": one.chat} for one in self.summaries]
        return {"summaries": said, "chat": self.chat}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> Record:
        """What `as_json` gave."""
        said = content.get("summaries", ())
        found = tuple(Summary(date.fromisoformat(one["day"]), one["text"], one["chat"]) for one in said)
        return Record(found, content.get("chat"))


def with_chat(record: Record, chat: str) -> Record:
    """From now on this chat can be gone on with."""
    return replace(record, chat=chat)


def with_summary(record: Record, summary: Summary) -> Record:
    """This summary is the newest; of one chat there is one."""
    others = tuple(one for one in record.summaries if one.chat != summary.chat)
    return replace(record, summaries=(*others, summary)[-MOST:])


def joined(kept: Record, added: Record) -> Record:
    """What was kept under a code, and behind it what a visit added before the code was entered."""
    for summary in added.summaries:
        kept = with_summary(kept, summary)
    return kept if added.chat is None else with_chat(kept, added.chat)
