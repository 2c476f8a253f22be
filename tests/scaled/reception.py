"""Beside the chats that talk: visitors who come in, and counsellors who receive each of them for a moment."""

from __future__ import annotations

import threading
import time
from typing import Any

import websocket

from tests.clients import Counsellor, Refused
from tests.faults.newcomers import Newcomer
from tests.faults.talk import reach

GREETING = "Good that you are here."


class Guest(Newcomer):
    """Every third leaves at once; the others wait until somebody has greeted them and ended their chat."""

    def visit(self, text: str) -> None:
        """Come in once, and see what is promised."""
        visitor = self.come(text)
        leaves = self.visits % 3 == 2
        if leaves:
            self.leave(visitor)
        while (seen := self.until_done(visitor.transcript))["state"] != "ended":
            time.sleep(0.2)
        said = [(m["seq"], m["body"]) for m in seen["messages"]]
        if leaves:
            assert said in ([(1, text)], [(1, text), (2, GREETING)]), seen
            assert seen["reason"] in ("left", "finished"), seen
        else:
            assert said == [(1, text), (2, GREETING)], seen
            assert seen["reason"] == "finished", seen


class Receptionist(threading.Thread):
    """Accepts whatever rings, greets, ends the chat; begins again whenever the connection breaks."""

    def __init__(self, counsellor: Counsellor, line: str) -> None:
        super().__init__(name=f"reception of {line}", daemon=True)
        self.counsellor, self.line = counsellor, line
        self.over = threading.Event()
        self.faults: list[str] = []
        self.received: set[str] = set()

    def run(self) -> None:
        """Receive until `over` is set."""
        while not self.over.is_set():
            try:
                wire = self.counsellor.connect()
                self._ask("duty", state="available", line=self.line, capacity=10)
                while not self.over.wait(0.2):
                    self._receive()
                wire.close()
            except (OSError, websocket.WebSocketException):
                self.over.wait(0.2)
            except Refused as refused:
                if refused.reason != "unavailable":
                    self.faults.append(f"{self.name}: {refused}")
                    return
            except Exception as error:
                self.faults.append(f"{self.name}: {type(error).__name__}: {error}")
                return

    def _ask(self, event: str, *fine: str, **data: Any) -> dict[str, Any]:
        """An answer that is yes, 'not just now', or one of the refusals that are `fine`."""
        answer = reach(self.counsellor.wire, self.counsellor.wire.send(event, data))
        if answer.get("ok") is not True and answer.get("error") not in ("unavailable", *fine):
            raise AssertionError(f"{event} {data}: {answer}")
        return answer

    def _receive(self) -> None:
        desk = self._ask("resume")
        for offer in desk.get("offers", ()):
            # Between the look and the answer the visitor may have left.
            self._ask("accept", "taken", "wrong_state", chat=offer["chat"])
        for held in desk.get("chats", ()):
            if held["state"] != "active":
                continue
            chat = held["chat"]
            # An answer that was lost comes again, and the greeting stands there once.
            said = {"stream": "talk", "client_id": f"greeting {chat}", "body": GREETING}
            if self._ask("say", "wrong_state", chat=chat, **said).get("ok") is True:
                self._ask("end", "wrong_state", chat=chat)
                self.received.add(chat)
