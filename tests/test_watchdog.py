"""A loop that stands still is counted, and the log says in which function; never with what values."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from helpline.watchdog import calls
from tests.clients import Server, Visitor

# Put into the server, whose handler of `typing` then holds the loop: the C library's sleep yields to nobody.
SEEDED = """
import ctypes
from helpline import serve, watchdog
run = serve.run
watchdog.STUCK_SECONDS = 2.0

def hold_the_loop(on):
    ctypes.CDLL(None).usleep(HELD)

def run_held(*arguments):
    from helpline.chat import service
    service.visitor_types = lambda visitor, on: hold_the_loop(on)
    return run(*arguments)

serve.run = run_held
"""
SECRET = "a secret value"
ROOT = Path(__file__).parents[1]


def server_that_holds(folder: Path, milliseconds: int) -> Server:
    (folder / "sitecustomize.py").write_text(SEEDED.replace("HELD", str(milliseconds * 1000)), encoding="utf-8")
    # Whatever the rest of the run is about: only green threads have a loop that one of them can hold.
    running = Server(folder / "instance", metrics_token="t0ken", threading="false")
    # This checkout too: what is put in comes before the command's own folder is looked at.
    running.environment["PYTHONPATH"] = f"{folder}:{ROOT}"
    running.command("lines", "set", "youth", "--hours", "always")
    return running


@pytest.fixture
def held(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    running = server_that_holds(tmp_path, request.param)
    running.start()
    yield running
    running.stop()


def stalls(server: Server) -> float:
    page = requests.get(f"{server.url}/metrics", headers={"Authorization": "Bearer t0ken"}, timeout=20).text
    found = re.search(r"^helpline_loop_stalls_total (\S+)$", page, re.MULTILINE)
    assert found is not None
    return float(found[1])


def logged(server: Server, event: str) -> list[dict[str, object]]:
    lines = [line for line in server.log.read_text().splitlines() if line.startswith("{")]
    return [entry for entry in map(json.loads, lines) if entry["event"] == event]


@pytest.mark.parametrize("held", [400], indirect=True)
def test_a_call_that_blocks_is_counted_and_named(held: Server) -> None:
    visitor = Visitor(held).join(first_message=SECRET)
    wire = visitor.connect()
    before = stalls(held)
    assert wire.call("typing", {"on": True})["ok"]
    time.sleep(0.2)  # the loop's next beat
    assert stalls(held) > before
    (named,) = [entry for entry in logged(held, "loop_stalled") if "hold_the_loop" in str(entry["stack"])]
    stack = named["stack"]
    assert isinstance(stack, list)
    assert re.fullmatch(r"sitecustomize\.hold_the_loop:\d+", stack[0])
    assert any(call.startswith("helpline.chat.sockets.") for call in stack)
    assert all(re.fullmatch(r"[\w.<>]+:\d+", call) for call in stack)
    assert SECRET not in held.log.read_text()


@pytest.mark.parametrize("held", [3_000], indirect=True)
def test_a_loop_that_does_not_come_back_is_named_all_the_same(held: Server) -> None:
    wire = Visitor(held).join().connect()
    wire.send("typing", {"on": True})
    deadline = time.monotonic() + 30
    while not (told := logged(held, "loop_stuck")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "hold_the_loop" in str(told[0]["stack"])


def test_calls_are_names_and_lines() -> None:
    def here(value: str) -> list[str]:
        return calls(sys._getframe())

    first, second, *_ = here(SECRET)
    assert re.fullmatch(r"tests\.test_watchdog\.test_calls_are_names_and_lines\.<locals>\.here:\d+", first)
    assert re.fullmatch(r"tests\.test_watchdog\.test_calls_are_names_and_lines:\d+", second)
    assert SECRET not in str(calls(sys._getframe()))
