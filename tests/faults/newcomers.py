"""Visitors who come and go while others talk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import requests

from tests.clients import PATIENCE, Server, Visitor, answered

T = TypeVar("T")


class Newcomer(threading.Thread):
    """Visitors, one after another, who come in with a first text, see that it is there, and leave; none waits long."""

    def __init__(self, name: str, server: Server, line: str) -> None:
        super().__init__(name=name, daemon=True)
        self.server, self.line = server, line
        self.over = threading.Event()
        self.visits = 0
        self.faults: list[str] = []

    def run(self) -> None:
        """Come and go until `over` is set; the last visit is brought to its end."""
        try:
            while not self.over.wait(0.2):
                self.visit(f"{self.name} comes for the {self.visits + 1}. time")
                self.visits += 1
        except Exception as error:
            self.faults.append(f"{self.name}: {type(error).__name__}: {error}")

    def visit(self, text: str) -> None:
        """Come in once, and leave."""
        visitor = self.come(text)
        seen = self.until_done(visitor.transcript)
        assert [(m["seq"], m["body"]) for m in seen["messages"]] == [(1, text)], seen
        assert seen["state"] == "waiting", seen
        self.leave(visitor)
        seen = self.until_done(visitor.transcript)
        assert (seen["state"], seen["reason"]) == ("ended", "left"), seen

    def come(self, text: str) -> Visitor:
        """Join the queue."""
        visitor = Visitor(self.server)
        self.until_done(lambda: visitor.join(self.line, first_message=text))
        return visitor

    def leave(self, visitor: Visitor) -> None:
        """Press the button."""
        token = self.until_done(lambda: visitor.token_of(visitor.room))
        way = f"{self.server.url}{visitor.room}leave"
        self.until_done(
            lambda: answered(visitor.http.post(way, data={"csrf_token": token}, timeout=PATIENCE)).raise_for_status()
        )

    @staticmethod
    def until_done(step: Callable[[], T]) -> T:
        """Do as somebody who presses the button again when the page does not come."""
        while True:
            try:
                return step()
            except requests.HTTPError:
                raise
            except (OSError, requests.RequestException):
                time.sleep(0.1)
