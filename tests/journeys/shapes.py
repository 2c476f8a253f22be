"""What answers and pushes look like, to the letter: the protocol as data, and a check that names what is off."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
CHAT_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
MARK = re.compile(r"[0-9a-f]{16}")
PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")


class OneOf:
    """Any of these values or shapes."""

    def __init__(self, *shapes: Any) -> None:
        self.shapes = shapes


STATE = OneOf("waiting", "offered", "active", "ended")
REASON = OneOf(None, "finished", "left", "lost", "emergency_exit", "unanswered", "line_closed")
AUTHOR = OneOf("visitor", "counsellor", "supervisor", "system")
LANGUAGE = OneOf("nl", "en")
LINE = OneOf("youth", "prevention")
DANGER = OneOf("yes", "no", "unsure")

MESSAGE = {"seq": int, "client_id": str, "author": AUTHOR, "body": str, "sent_at": TIME}
CONSOLE_MESSAGE = MESSAGE | {"chat": CHAT_ID, "stream": OneOf("talk", "aside")}
VISITOR_STATE = {"state": STATE, "position": OneOf(int, None), "wait_minutes": OneOf(int, None), "reason": REASON}
SUMMARY = {
    "version": int,
    "body": OneOf(str, None),
    "author": OneOf("visitor", "counsellor"),
    "agreed_visitor": bool,
    "agreed_counsellor": bool,
    "kept": bool,
}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
EARLIER = {"summary": OneOf({"day": DAY, "text": str}, None), "continues": bool}
SYNC = VISITOR_STATE | {
    "messages": [MESSAGE],
    "read": int,
    "danger": DANGER,
    "mark": MARK,
    "summary": OneOf(SUMMARY, None),
}
QUEUED = {
    "chat": CHAT_ID,
    "line": LINE,
    "language": LANGUAGE,
    "danger": DANGER,
    "distress": OneOf(1, 2, 3, 4, 5),
    "waited_s": int,
}
OFFER = QUEUED | {"name": str, "expires_at": TIME}
IN_HAND = {
    "chat": CHAT_ID,
    "name": str,
    "line": LINE,
    "time_zone": str,
    "language": LANGUAGE,
    "danger": DANGER,
    "distress": OneOf(1, 2, 3, 4, 5),
    "joined_at": TIME,
    "introduced_at": OneOf(TIME, None),
    "beside": int,
    "state": STATE,
    "last_seq": {"talk": int, "aside": int},
    "unread": int,
    "peer": OneOf("here", "gone"),
}
DUTY = {
    "state": OneOf("available", "on_phone", "resting", "away"),
    "line": OneOf(LINE, None),
    "capacity": int,
}
BOARD = {"waiting": int, "longest_wait_s": int, "active": int, "on_duty": int, "missed_today": int}
ALERT = {"kind": OneOf("danger", "unanswered_offers"), "chat": CHAT_ID, "line": LINE}
ASKED = {
    "asked": CHAT_ID,
    "chat": CHAT_ID,
    "line": LINE,
    "name": str,
    "stream": OneOf("talk", "summary"),
    "by": str,
    "asked_at": TIME,
    "answer": OneOf("open", "allowed", "refused", "gone"),
    "body": OneOf(str, None),
    "found": OneOf([str], None),
}
RESUME = {
    "me": {"login": str, "name": str},
    "now": TIME,
    "duty": DUTY,
    "offers": [OFFER],
    "chats": [IN_HAND],
    "queue": [QUEUED],
    "wrap_ups": [
        {
            "chat": CHAT_ID,
            "name": str,
            "line": LINE,
            "time_zone": str,
            "ended_at": TIME,
            "minutes": OneOf(int, None),
            "reason": OneOf(str, None),
        }
    ],
    "wrap_ups_limit": int,
    "board": OneOf({}, {"youth": BOARD}, {"prevention": BOARD}),
    "alerts": [ALERT],
    "asked": [ASKED],
}

OK = {"ok": True}
ANSWERS = {
    "/visitor": {
        "say": {"seq": int},
        "sync": SYNC,
        "typing": {},
        "read": {},
        "leave": VISITOR_STATE,
        "summary": {"version": int},
        "agree": {"version": int},
    },
    "/console": {
        "resume": RESUME,
        "duty": DUTY,
        "accept": IN_HAND,
        "decline": {},
        "say": {"seq": int},
        "sync": {
            "messages": [MESSAGE],
            "state": STATE,
            "read": int,
            "introduction": OneOf(str, None),
            "summary": OneOf(SUMMARY, None),
            "earlier": OneOf(EARLIER, None),
        },
        "typing": {},
        "read": {},
        "end": {"state": "ended", "reason": "finished"},
        "hand_over": {"state": OneOf("waiting", "offered")},
        "follow": IN_HAND,
        "summary": {"version": int},
        "agree": {"version": int},
        "earlier": {"messages": [MESSAGE | {"part": int}]},
        "ask": ASKED,
        "take_back": {},
        "look": ASKED,
        "allow": ASKED,
        "refuse": ASKED,
    },
}
PUSHES = {
    "/visitor": {
        "message": MESSAGE,
        "state": VISITOR_STATE,
        "typing": {"on": bool},
        "read": {"seq": int},
        "summary": SUMMARY,
        "ping": {},
    },
    "/console": {
        "message": CONSOLE_MESSAGE,
        "introduction": {"chat": CHAT_ID, "text": str},
        "summary": SUMMARY | {"chat": CHAT_ID},
        "earlier": EARLIER | {"chat": CHAT_ID},
        "state": {
            "chat": CHAT_ID,
            "stream": "talk",
            "state": STATE,
            "reason": OneOf(*REASON.shapes, "handed_over", "duty"),
        },
        "typing": {"chat": CHAT_ID, "stream": "talk", "on": bool},
        "read": {"chat": CHAT_ID, "stream": "talk", "seq": int},
        "offer": OFFER,
        "offer_gone": {
            "chat": CHAT_ID,
            "why": OneOf("accepted", "taken", "expired", "declined", "left", "ended", "duty"),
        },
        "queue": [QUEUED],
        "board": OneOf({"youth": BOARD}, {"prevention": BOARD}),
        "duty": DUTY | {"why": OneOf("missed_offers", "lost", "other_tab")},
        "alert": ALERT,
        "asked": ASKED,
        "ping": {},
    },
}


def wrong(value: Any, shape: Any, where: str = "") -> list[str]:
    """What of `value` is not as `shape` says; empty when all of it is."""
    if isinstance(shape, OneOf):
        tries = [wrong(value, one, where) for one in shape.shapes]
        return [] if not all(tries) else [f"{where}: {value!r} is none of those allowed"]
    if isinstance(shape, dict):
        if not isinstance(value, dict) or set(value) != set(shape):
            return [f"{where}: {value!r} has not the fields {sorted(shape)}"]
        return [problem for name in shape for problem in wrong(value[name], shape[name], f"{where}.{name}")]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [found for i, item in enumerate(value) for found in wrong(item, shape[0], f"{where}[{i}]")]
    if isinstance(shape, type):
        return [] if type(value) is shape else [f"{where}: {value!r} is no {shape.__name__}"]
    if isinstance(shape, re.Pattern):
        return [] if isinstance(value, str) and shape.fullmatch(value) else [f"{where}: {value!r}"]
    return [] if value == shape and type(value) is type(shape) else [f"{where}: {value!r} is not {shape!r}"]


def answered(namespace: str, event: str, answer: Any) -> Any:
    """The answer, once it is shown to be what the protocol says."""
    assert wrong(answer, OK | ANSWERS[namespace][event], event) == []
    return answer


def pushed_wrongly(namespace: str, log: list[tuple[str, Any]]) -> list[str]:
    """What is off in everything the server pushed to one client."""
    shapes = PUSHES[namespace]
    return [
        problem
        for event, data in log
        for problem in (wrong(data, shapes[event], event) if event in shapes else [f"unknown push {event}"])
    ]


def documented(namespace: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Fields of answers and of pushes as docs/protocol.md names them in its tables, by event."""
    section = PROTOCOL.split(f"## Namespace `{namespace}`")[1].split("\n## ")[0]
    from_clients, from_server = section.split("From the server:")
    answers = {row[0]: fields_in(row[2]) for row in rows_of(from_clients)}
    pushes = {row[0]: fields_in(row[1]) for row in rows_of(from_server)}
    return answers, pushes


def rows_of(text: str) -> list[list[str]]:
    """The cells of a Markdown table whose first cell is a code word."""
    found = re.findall(r"^\| `(\w+)` \|(.*?)\|(.*)\|$", text, re.MULTILINE)
    return [[name, second.strip(), third.strip()] for name, second, third in found]


def fields_in(cell: str) -> set[str]:
    """`{a, b: {c}}` -> {a, b}: the outer names."""
    inner = re.search(r"\{(.*)\}", cell)
    if inner is None:
        return set()
    flat = inner[1]
    while re.search(r"\{[^{}]*\}", flat):
        flat = re.sub(r"\{[^{}]*\}", "", flat)
    return {part.split(":")[0].strip() for part in flat.split(",") if part.split(":")[0].strip()}
