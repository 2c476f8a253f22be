"""What `helpline check` finds in the settings, and in the way PostgreSQL and Redis are set up.

All of it works, but some of it breaks a promise.
"""

from __future__ import annotations

from collections.abc import Mapping

import redis
from sqlalchemy import text

from helpline import config, db

# Settings of PostgreSQL: what is fine, and what happens otherwise.
KEEPS = "what was acknowledged may be lost in a power cut"
TELLS = "its log holds what statements hold: who answered what and when"
POSTGRESQL: Mapping[str, tuple[frozenset[str], str]] = {
    "fsync": (frozenset({"on"}), KEEPS),
    "full_page_writes": (frozenset({"on"}), KEEPS),
    "synchronous_commit": (frozenset({"on", "local", "remote_write", "remote_apply"}), KEEPS),
    "log_statement": (frozenset({"none"}), TELLS),
    "log_min_duration_statement": (frozenset({"-1"}), TELLS),
    "log_min_duration_sample": (frozenset({"-1"}), TELLS),
    "log_transaction_sample_rate": (frozenset({"0"}), TELLS),
    "log_min_error_statement": (frozenset({"log", "fatal", "panic"}), TELLS),
    "log_error_verbosity": (frozenset({"terse"}), TELLS),
}
PATIENCE_SECONDS = 2.0


def of_settings(settings: config.Settings) -> list[str]:
    """Warnings about settings that are usable and still not what visitors deserve."""
    found = []
    if settings.public_url and not config.is_loopback(settings.public_host):
        if not settings.over_tls:
            found.append("HELPLINE_PUBLIC_URL is not https://: visitors' texts travel readable")
        if not settings.exit_url:
            found.append("HELPLINE_EXIT_URL is not set: the quick exit leads to a blank page on your own address")
        if not settings.trusted_proxies:
            found.append("HELPLINE_TRUSTED_PROXIES is 0: behind a proxy everybody seems to have one address, unlimited")
    if settings.embedded and settings.redis_url:
        found.append("HELPLINE_REDIS_URL is set, but SQLite is served by one process only: nobody needs Redis")
    if not settings.embedded and not settings.redis_url:
        found.append("HELPLINE_REDIS_URL is not set: fine for one process; among several, texts come a second late")
    return found


def of_postgresql(shown: Mapping[str, str]) -> list[str]:
    """Warnings about PostgreSQL's settings, given as it shows them."""
    return [
        f"PostgreSQL's {name} is {shown[name]}: {otherwise}"
        for name, (fine, otherwise) in POSTGRESQL.items()
        if name in shown and shown[name] not in fine
    ]


def of_database(settings: config.Settings) -> list[str]:
    """Warnings about the database server."""
    if settings.embedded:
        return []
    with db.engine().connect() as connection:
        rows = connection.execute(text("SELECT name, setting FROM pg_settings"))
        return of_postgresql({row.name: row.setting for row in rows})


def of_redis(redis_url: str) -> list[str]:
    """Warnings about Redis: away, or keeping on disk what is only meant to pass."""
    if not redis_url:
        return []
    try:
        with redis.Redis.from_url(
            redis_url,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
            retry=None,
            decode_responses=True,
        ) as connection:
            connection.ping()
            return _kept_on_disk(connection)
    except (redis.RedisError, OSError) as error:
        return [f"Redis does not answer ({type(error).__name__}): texts between processes come a second late"]


def _kept_on_disk(connection: redis.Redis) -> list[str]:
    try:
        shown = {**connection.config_get("save"), **connection.config_get("appendonly")}
    except redis.ResponseError:
        return []  # a Redis of somebody else's that doesn't tell
    if shown.get("save") or shown.get("appendonly") == "yes":
        return ["Redis keeps what passes through it on disk: see deploy/redis.conf"]
    return []
