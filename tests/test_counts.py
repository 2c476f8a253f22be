"""How often one address may join is counted by all processes together, and nobody waits for a silent Redis."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import redis

from helpline import addresses, clock, config, counts, create_app, db, metrics
from helpline.counts import SharedCounts
from helpline.extensions import limiter
from helpline.lines import service as lines
from tests.redis_server import RedisServer
from tests.web.pages import ANSWERS, Page

ADDRESS = "203.0.113.9"
MOST = 12


def errors() -> float:
    return float(metrics.REDIS_ERRORS._value.get())


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer than visitors should wait."""
    monkeypatch.setattr(counts, "TIMEOUT_SECONDS", 1.0)


@pytest.fixture
def two(redis_server: RedisServer) -> list[SharedCounts]:
    """Two processes that count together."""
    return [SharedCounts(counts.SCHEME + redis_server.url) for _ in range(2)]


def test_processes_count_together(two: list[SharedCounts]) -> None:
    assert [one.incr("joins", 60) for one in two] == [1, 2]
    assert {one.get("joins") for one in two} == {2}


@pytest.mark.parametrize("fault", [RedisServer.fall_silent, RedisServer.stop])
def test_without_redis_each_counts_in_memory_and_does_not_ask_again_for_a_while(
    two: list[SharedCounts], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    one, other = two
    one.incr("joins", 60)
    fault(redis_server)
    before = errors()
    assert [one.incr("joins", 60) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert errors() == before + 1
    redis_server.stop()
    redis_server.start()
    assert one.incr("joins", 60) == 6, "still in memory"
    monkeypatch.setattr(one, "_ask_again_at", 0.0)
    monkeypatch.setattr(other, "_ask_again_at", 0.0)
    assert [one.incr("joins", 60), other.incr("joins", 60)] == [1, 2]


def test_an_emptied_redis_begins_anew(two: list[SharedCounts], redis_server: RedisServer) -> None:
    two[0].incr("joins", 60)
    redis_server.empty()
    assert [one.incr("joins", 60) for one in two] == [1, 2]


@pytest.fixture
def app(settings: config.Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """One of several processes, on a Redis."""
    monkeypatch.setattr(addresses, "_salt", (date.min, b""))
    made = create_app(settings.model_copy(update={"redis_url": redis_server.url}))
    lines.change_line("youth", {"hours": "always"})
    yield made
    db.engine().dispose()


def joins(app: Any) -> int:
    """The status of one more try from the same address."""
    browser = app.test_client()
    there = {"REMOTE_ADDR": ADDRESS}
    page = browser.get("/en/youth/chat/", environ_overrides=there)
    token = Page(page.text).form().fields["csrf_token"]
    return int(
        browser.post("/en/youth/chat/", data=ANSWERS | {"csrf_token": token}, environ_overrides=there).status_code
    )


@pytest.mark.parametrize("silent", [False, True])
def test_joins_of_one_address_are_limited_with_and_without_redis(
    app: Any, redis_server: RedisServer, silent: bool
) -> None:
    if silent:
        redis_server.fall_silent()
    assert [joins(app) for _ in range(MOST + 1)] == [303] * MOST + [429]
    if not silent:
        with redis.Redis(port=redis_server.port) as client:
            keys = client.keys()
        assert keys
        assert not any(ADDRESS.encode() in key for key in keys)


def hashed(app: Any) -> str:
    with app.test_request_context(environ_base={"REMOTE_ADDR": ADDRESS}):
        return addresses.address_hash()


def another(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> SharedCounts:
    """From here on hashes are those of another process on the same Redis."""
    there = SharedCounts(counts.SCHEME + redis_server.url)
    monkeypatch.setattr(addresses, "_salt", (date.min, b""))
    monkeypatch.setattr(limiter, "_storage", there)
    return there


def test_the_salt_is_the_same_in_all_processes_and_another_one_each_day(
    app: Any, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = hashed(app)
    another(redis_server, monkeypatch)
    assert hashed(app) == today
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=1))
    assert hashed(app) != today
    assert ADDRESS not in today


def test_the_salt_is_random_and_kept_by_redis_for_a_day_and_nowhere_else(
    app: Any, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = hashed(app)
    key = f"salt:{clock.now().date()}"
    with redis.Redis(port=redis_server.port) as client:
        salt, lasts = client.get(key), client.ttl(key)
    assert len(salt) == 32
    assert counts.SALT_SECONDS - 60 < lasts <= counts.SALT_SECONDS
    folder = config.current().instance_dir
    assert not any(salt in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    redis_server.empty()
    assert hashed(app) == today, "this process knows it still"
    another(redis_server, monkeypatch)
    assert hashed(app) != today, "it can't be worked out from anything that is kept"


@pytest.mark.parametrize("fault", [RedisServer.fall_silent, RedisServer.stop])
def test_without_redis_each_process_has_a_random_salt_until_redis_is_back(
    app: Any, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    today = hashed(app)
    fault(redis_server)
    there, before = another(redis_server, monkeypatch), errors()
    own = hashed(app)
    assert own == hashed(app) != today
    assert errors() == before + 1, "and it is not asked again for a while"
    redis_server.stop()
    redis_server.start()
    monkeypatch.setattr(there, "_ask_again_at", 0.0)
    agreed = hashed(app)
    another(redis_server, monkeypatch)
    assert hashed(app) == agreed
