"""A walk through the advice leaves a counter and a sealed row: nothing of it in tables, files, logs or addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from helpline.advice import loader
from helpline.advice.tree import Question
from tests.clients import PATIENCE, Server, Visitor
from tests.house.test_canary import disguises, kept
from tests.journeys.house import House

ADVICE = "/en/youth/advice/"
# Its first answers; then whatever is offered first.
ANSWERS = ("no", "yes", "me", "extortion", "money", "no", "12-15", "no", "male")


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server that logs all it can."""
    folder = tmp_path_factory.mktemp("talkative")
    house = House(Server(folder / "instance", log_level="DEBUG", ping_seconds="0.5"))
    yield house.open({"anna": (["counsellor"], ["youth"])})
    house.server.stop()


@pytest.fixture
def house(talkative: House) -> Iterator[House]:
    """It runs, and nobody has walked yet."""
    if not talkative.server.runs:
        talkative.server.start()
    talkative.change("DELETE FROM advice_counts", "DELETE FROM advice_helped")
    yield talkative
    talkative.see_out()


def walk(visitor: Visitor) -> tuple[list[str], list[str]]:
    """Through the questions to the advice, with all that is offered there. Returns the addresses and the questions."""
    http, url = visitor.http, visitor.server.url
    token = visitor.token_of(ADVICE)
    addresses, asked = [ADVICE], []
    for option in ANSWERS:
        page = http.get(url + addresses[-1], timeout=PATIENCE).text
        (question,) = re.findall(r'name="question" value="([^"]+)"', page)
        asked.append(question)
        path = f"{ADVICE}step/{len(asked)}/"
        given = {"csrf_token": token, "answer": option, "question": question}
        sent = http.post(url + path, data=given, timeout=PATIENCE, allow_redirects=False)
        assert sent.status_code == 303
        addresses += [path, sent.headers["Location"]]
    assert addresses[-1] == f"{ADVICE}yours/"
    for rest in ("yours/", "yours/print/", "bring/", "step/2/", "step/77/"):
        http.get(url + ADVICE + rest, timeout=PATIENCE)
    helped = {"csrf_token": token, "helped": "partly"}
    http.post(f"{url}{ADVICE}yours/helped", data=helped, timeout=PATIENCE)
    return addresses, asked


def words_of(asked: list[str]) -> list[str]:
    """What the questions are called, how they were asked and what was answered."""
    content, said = loader.load("youth"), list(asked)
    for node, option in zip(asked, ANSWERS, strict=True):
        question = content.forest.nodes[node]
        assert isinstance(question, Question)
        words = content.question(question, "en")
        said += [words.ask, words.options[option]]
    # A short answer such as 'No' stands in many a file.
    return [words for words in said if len(words) > 8]


def counts(house: House, table: str) -> list[tuple[object, ...]]:
    return house.rows(f"SELECT * FROM {table}")  # noqa: S608 - a name from this file


def test_a_quick_exit_takes_the_sealed_row_too(house: House) -> None:
    visitor = house.visitor()
    walk(visitor)
    assert len(counts(house, "visitor_sessions")) == 1
    visitor.http.get(f"{house.server.url}/exit", timeout=PATIENCE)
    assert counts(house, "visitor_sessions") == []
    assert [row[-1] for row in counts(house, "advice_counts")] == [1]


def test_nothing_of_a_walk_is_kept_but_counters_and_a_sealed_row(house: House) -> None:
    before = kept(house)
    visitor = house.visitor()
    addresses, asked = walk(visitor)
    house.server.stop()
    after = kept(house)
    changed = {name for name in after if name.startswith("table ") and after[name] != before.get(name)}
    assert changed - {"table leases"} <= {"table advice_counts", "table advice_helped", "table visitor_sessions"}
    assert len(counts(house, "advice_counts")) == 1
    assert len(counts(house, "advice_helped")) == 1
    assert len(counts(house, "visitor_sessions")) == 1
    assert b"extortion" in after["table advice_counts"], "the search finds what is there"
    canaries = [*words_of(asked), *set(addresses)]
    assert len(canaries) > 15
    for name, content in after.items():
        for canary in canaries:
            for shape in disguises(canary):
                assert shape not in content, f"{canary} in {name}"
    for address in addresses:
        assert not any(option in address for option in ANSWERS if len(option) > 3), address
