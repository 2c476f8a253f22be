"""Many guess return codes on a real server; whoever has a right one comes in."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from tests.clients import PATIENCE
from tests.journeys.house import House

COURSE, ENTRANCE = "/en/prevention/self-help/", "/en/prevention/return/"
SHARED, OTHER = "127.0.0.91", "127.0.0.92"
# More than wait in one line.
GUESSERS = 25
OPENED, WRONG, TURNED_AWAY = 303, 400, 429


class Visitor:
    """A browser at an address of the loopback."""

    def __init__(self, port: int, address: str) -> None:
        self.port, self.address, self.cookie, self.token = port, address, "", ""

    def ask(self, method: str, path: str, **fields: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE, source_address=(self.address, 0))
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, urlencode(fields) if fields else None, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        finally:
            connection.close()
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        if found := re.search(r'name="csrf_token" value="([^"]+)"', page):
            self.token = found[1]
        return answer.status, page

    def enters(self, code: str) -> int:
        if not self.token:
            self.ask("GET", ENTRANCE)
        return self.ask("POST", ENTRANCE, csrf_token=self.token, code=code)[0]

    def takes_a_code(self) -> str:
        self.ask("GET", f"{COURSE}code/")
        self.ask("POST", f"{COURSE}code/", csrf_token=self.token)
        code = "-".join(re.findall(r'class="four">(\w{4})<', self.ask("GET", f"{COURSE}code/keep/")[1]))
        assert self.ask("POST", f"{COURSE}code/confirm/", csrf_token=self.token, code=code)[0] == OPENED
        return code


@pytest.fixture
def guessed(house: House) -> Iterator[Counter[int]]:
    """What those are answered who guess without end, from one address and each time as a browser that was never there.

    So many do that the line of guesses is full.
    """
    ended, is_full, answers = threading.Event(), threading.Event(), Counter[int]()

    def guess() -> None:
        while not ended.is_set():
            answer = Visitor(house.server.port, SHARED).enters("7777-7777-7777-7777")
            answers[answer] += 1
            if answer == TURNED_AWAY:
                is_full.set()

    with ThreadPoolExecutor(GUESSERS) as pool:
        guessers = [pool.submit(guess) for _ in range(GUESSERS)]
        try:
            assert is_full.wait(PATIENCE)
            yield answers
        finally:
            ended.set()
        for guesser in guessers:
            guesser.result()


def test_a_right_code_opens_at_the_first_press_whoever_guesses_beside_it(house: House, guessed: Counter[int]) -> None:
    port = house.server.port
    code = Visitor(port, OTHER).takes_a_code()
    for address in (SHARED, OTHER):
        assert Visitor(port, address).enters(code) == OPENED
    assert Visitor(port, OTHER).ask("GET", "/healthz")[0] == 200
    assert guessed[WRONG]
    assert guessed.keys() <= {WRONG, TURNED_AWAY}
