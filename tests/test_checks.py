"""`helpline check` sees an installation of several processes that is set up wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import event

from helpline import checks, config, db, install
from tests.clients import free_port
from tests.postgres import Postgres
from tests.redis_server import RedisServer

WRITTEN = dict(
    re.findall(
        r"^(\w+) = (\S+)$",
        (Path(__file__).parents[1] / "deploy/postgresql.conf").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
)
SHIPPED = WRITTEN | {"log_min_error_statement": "error", "log_error_verbosity": "default"}


def scaled(**others: object) -> config.Settings:
    usual = {
        "public_url": "https://help.example.org",
        "exit_url": "https://weather.example",
        "database_url": "postgresql://host/name",
        "redis_url": "redis://localhost:6379/0",
        "trusted_proxies": 1,
    }
    return config.Settings(**{**usual, **others})


def test_settings_as_they_should_be_are_fine() -> None:
    assert checks.of_settings(scaled()) == []
    assert checks.of_settings(config.Settings()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("public_url", "http://help.example.org"), ("exit_url", ""), ("trusted_proxies", 0), ("redis_url", "")],
)
def test_a_setting_that_is_wrong_for_several_processes_is_named(name: str, value: object) -> None:
    (warning,) = checks.of_settings(scaled(**{name: value}))
    assert warning.startswith(f"HELPLINE_{name.upper()} ")


def test_redis_beside_sqlite_is_a_mistake() -> None:
    (warning,) = checks.of_settings(scaled(database_url=""))
    assert warning.startswith("HELPLINE_REDIS_URL is set")


def test_postgresql_as_in_deploy_is_fine() -> None:
    assert checks.of_postgresql(WRITTEN) == []


def test_postgresql_as_it_is_shipped_would_log_the_statements_that_fail() -> None:
    assert len(checks.of_postgresql(SHIPPED)) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fsync", "off"),
        ("full_page_writes", "off"),
        ("synchronous_commit", "off"),
        ("log_statement", "all"),
        ("log_min_duration_statement", "0"),
        ("log_min_duration_sample", "100"),
        ("log_transaction_sample_rate", "0.5"),
        ("log_min_error_statement", "error"),
        ("log_error_verbosity", "verbose"),
    ],
)
def test_a_setting_of_postgresql_that_breaks_a_promise_is_named(name: str, value: str) -> None:
    (warning,) = checks.of_postgresql(WRITTEN | {name: value})
    assert warning.startswith(f"PostgreSQL's {name} is {value}: ")


@pytest.mark.postgres
def test_postgresql_itself_is_asked(postgres: Postgres, tmp_path: Path) -> None:
    with postgres.empty_database() as address:
        settings = config.Settings(instance_dir=tmp_path, database_url=address)
        engine = db.bind(address)
        event.listen(engine, "connect", lambda connection, _: connection.cursor().execute("SET synchronous_commit=off"))
        try:
            found = checks.of_database(settings)
        finally:
            engine.dispose()
    names = {warning.split()[1] for warning in found}
    assert {"synchronous_commit", "log_min_error_statement", "log_error_verbosity"} <= names
    assert names <= set(checks.POSTGRESQL)


def test_sqlite_has_none_of_these(tmp_path: Path) -> None:
    settings = config.Settings(instance_dir=tmp_path)
    install.prepare(settings)
    assert checks.of_database(settings) == []
    assert checks.of_redis("") == []


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer().start()
    yield server
    server.remove()


def test_redis_that_keeps_nothing_is_fine_and_one_that_does_is_seen(redis_server: RedisServer) -> None:
    assert checks.of_redis(redis_server.url) == []
    with redis.Redis.from_url(redis_server.url) as client:
        client.config_set("save", "60 1")
    (warning,) = checks.of_redis(redis_server.url)
    assert "on disk" in warning


def test_redis_that_is_away_is_seen() -> None:
    (warning,) = checks.of_redis(f"redis://127.0.0.1:{free_port()}/0")
    assert "does not answer" in warning
