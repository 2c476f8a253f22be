"""Proves from what clients logged and what both sides can read afterwards that no promise about texts was broken.

Pure: clients write down every text they sent, every acknowledgement and every text that reached them; `check` compares
that with the truth, the transcripts as both sides' `sync {after: 0}` tell them once everybody is quiet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Message = Mapping[str, Any]
"""A text as the protocol sends it: seq, client_id, author, body (and sent_at)."""


class Stream(NamedTuple):
    """One row of texts with a `seq` of its own."""

    chat: str
    name: str = "talk"


@dataclass(frozen=True)
class Sent:
    """A text when it was first sent; the join form leaves the `client_id` of its first text to the server."""

    stream: Stream
    client_id: str | None
    body: str
    at: float
    """Seconds of a steady clock that all clients share."""


@dataclass(frozen=True)
class Acknowledged:
    """The server said that it has stored a text. A text sent again may be acknowledged again."""

    client_id: str
    seq: int
    at: float


@dataclass(frozen=True)
class Received:
    """A text that reached a client: pushed on its connection of this number, or read by `sync`."""

    stream: Stream
    message: Message
    pushed_on: int | None = None


@dataclass
class Log:
    """Everything one client wrote down. `follows` are the streams it has to know completely in the end."""

    client: str
    author: str
    follows: list[Stream] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    """How often each text was sent, by its `client_id`."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)


class Problem(NamedTuple):
    """A broken promise: its kind in one word, and what happened."""

    kind: str
    what: str


Truth = Mapping[Stream, Mapping[str, Sequence[Message]]]
"""For each stream the whole transcript as each side reads it, by the name of the side."""


def check(logs: Sequence[Log], truth: Truth, *, one_process: bool = True) -> list[Problem]:
    """Every broken promise, none when all held.

    Only `one_process` pushes texts in their order: of several each pushes its own first, and clients sort.
    """
    problems = [problem for stream, sides in truth.items() for problem in _transcripts(stream, sides, logs)]
    again = {name for log in logs for name, times in log.tried.items() if times > 1}
    for log in logs:
        problems += _acknowledgements(log, truth)
        problems += _reception(log, truth, one_process, again)
    return problems


def _transcripts(stream: Stream, sides: Mapping[str, Sequence[Message]], logs: Sequence[Log]) -> Iterator[Problem]:
    """What can be seen from the transcripts of one stream and the texts sent into it."""
    readings = list(sides.items())
    for side, messages in readings[1:]:
        if [_gist(m) for m in messages] != [_gist(m) for m in readings[0][1]]:
            yield Problem("sides_differ", f"{stream}: {side} does not read what {readings[0][0]} reads")
    sent = [(log, text) for log in logs for text in log.sent if text.stream == stream]
    for side, messages in readings:
        where = f"{stream} as {side} reads it"
        yield from _numbering(where, [int(m["seq"]) for m in messages])
        yield from _origin(where, messages, sent)
    if readings:
        yield from _order(stream, readings[0][1], logs)


def _gist(message: Message) -> tuple[Any, ...]:
    return message["seq"], message["client_id"], message["author"], message["body"]


def _numbering(where: str, seqs: list[int]) -> Iterator[Problem]:
    """`seq` counts from 1 without a gap, in the order of reading."""
    if seqs == list(range(1, len(seqs) + 1)):
        return
    for seq, times in Counter(seqs).items():
        if times > 1:
            yield Problem("doubled", f"{where}: seq {seq} is there {times} times")
    if seqs != sorted(seqs):
        yield Problem("reordered", f"{where}: seq goes {seqs[:50]}")
    missing = sorted(set(range(1, max(seqs) + 1)) - set(seqs))
    if missing or min(seqs) < 1:
        yield Problem("gap", f"{where}: missing {missing[:20]}, first {min(seqs)}")


def _origin(where: str, messages: Sequence[Message], sent: Sequence[tuple[Log, Sent]]) -> Iterator[Problem]:
    """Every text is one that was sent here, unchanged; none is there twice."""
    by_id = {text.client_id: (log, text) for log, text in sent if text.client_id is not None}
    by_form = Counter((log.author, text.body) for log, text in sent if text.client_id is None)
    for client_id, times in Counter(m["client_id"] for m in messages).items():
        if times > 1:
            yield Problem("doubled", f"{where}: {client_id} is there {times} times")
    for message in messages:
        known = by_id.get(message["client_id"])
        gist = (message["author"], message["body"])
        if known is not None:
            if gist != (known[0].author, known[1].body):
                yield Problem("changed", f"{where}: seq {message['seq']} is {gist}, sent was {known[1]}")
        elif by_form[gist] > 0:
            by_form[gist] -= 1
        else:
            yield Problem("foreign", f"{where}: nobody sent seq {message['seq']}, {gist}")
    for (author, body), left in by_form.items():
        if left:
            yield Problem("lost", f"{where}: the first text of {author} is missing: {body!r}")


def _order(stream: Stream, messages: Sequence[Message], logs: Sequence[Log]) -> Iterator[Problem]:
    """The texts of each client stand as it sent them, and nothing stands before a text acknowledged earlier."""
    seqs = {m["client_id"]: int(m["seq"]) for m in messages}
    sent_at: dict[int, float] = {}
    answered_at: dict[int, float] = {}
    for log in logs:
        last = 0
        for text in log.sent:
            if text.stream != stream or text.client_id not in seqs:
                continue
            seq = seqs[text.client_id]
            sent_at[seq] = text.at
            if seq < last:
                yield Problem("reordered", f"{stream}: {log.client} sent seq {seq} after seq {last}")
            last = max(last, seq)
        for answer in log.acknowledged:
            if answer.client_id in seqs:
                seq = seqs[answer.client_id]
                answered_at[seq] = min(answer.at, answered_at.get(seq, answer.at))
    latest_sent, of = float("-inf"), 0
    for seq in sorted(sent_at):
        if answered_at.get(seq, float("inf")) < latest_sent:
            yield Problem("reordered", f"{stream}: seq {of} was sent only after seq {seq} was acknowledged")
        if sent_at[seq] > latest_sent:
            latest_sent, of = sent_at[seq], seq


def _acknowledgements(log: Log, truth: Truth) -> Iterator[Problem]:
    """Every text was acknowledged in the end, and every acknowledged text is stored under the acknowledged seq."""
    sent = {text.client_id: text for text in log.sent if text.client_id is not None}
    answered = set()
    for answer in log.acknowledged:
        answered.add(answer.client_id)
        text = sent.get(answer.client_id)
        if text is None:
            yield Problem("foreign", f"{log.client} got an acknowledgement of {answer.client_id}, which it never sent")
            continue
        for side, messages in truth.get(text.stream, {"nobody": ()}).items():
            stored = [int(m["seq"]) for m in messages if m["client_id"] == answer.client_id]
            if not stored:
                yield Problem("lost", f"{text.stream} as {side} reads it: acknowledged to {log.client}: {text}")
            elif answer.seq not in stored:
                yield Problem("wrong_seq", f"{log.client} was told seq {answer.seq}, stored is {stored}: {text}")
    for client_id in sent.keys() - answered:
        yield Problem("unacknowledged", f"{log.client} never got an acknowledgement of {sent[client_id]}")


def _reception(log: Log, truth: Truth, in_order: bool, again: set[str]) -> Iterator[Problem]:
    """What a client was shown is true, came in order, and in the end is everything."""
    stored = {
        (stream, int(m["seq"])): _gist(m) for stream, sides in truth.items() for m in next(iter(sides.values()), ())
    }
    last: dict[tuple[Stream, int], int] = {}
    seen = set()
    for item in log.received:
        place = (item.stream, int(item.message["seq"]))
        seen.add(place)
        if stored.get(place) != _gist(item.message):
            yield Problem("untrue", f"{log.client} was shown {_gist(item.message)}, stored is {stored.get(place)}")
        if item.pushed_on is not None:
            connection = (item.stream, item.pushed_on)
            # What is sent again is pushed again.
            if not in_order or item.message["client_id"] in again:
                continue
            if connection in last and place[1] <= last[connection]:
                yield Problem("reordered", f"{log.client} was pushed seq {place[1]} after {last[connection]}")
            last[connection] = place[1]
    for stream in log.follows:
        missing = sorted(seq for where, seq in stored.keys() - seen if where == stream)
        if missing:
            yield Problem("behind", f"{log.client} never saw seq {missing[:20]} of {stream}")
