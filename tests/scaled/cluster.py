"""Several processes of `helpline serve` on one PostgreSQL and one Redis, nginx in front: from outside one server."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients import Server
from tests.postgres import Postgres
from tests.redis_server import RedisServer
from tests.scaled.nginx import Nginx, certify

# Where the two clients of the tests look for authorities that they trust.
TRUST = ("REQUESTS_CA_BUNDLE", "WEBSOCKET_CLIENT_CA_BUNDLE")


class Door(Server):
    """One process, reached through an nginx that knows no other."""

    def __init__(self, behind: Server, nginx: Nginx) -> None:
        self.behind, self.nginx = behind, nginx

    @property
    def url(self) -> str:
        """Where it serves."""
        return self.nginx.url


class Cluster(Server):
    """Takes the place of one server; each of its parts can fail and come back on its own."""

    def __init__(self, folder: Path, processes: int = 2, **settings: str) -> None:
        self._ending = ExitStack()
        self.postgres = Postgres(durable=True)
        self._ending.callback(self.postgres.stop)
        self.redis = RedisServer().start()
        self._ending.callback(self.redis.remove)
        settings |= {
            "database_url": self._ending.enter_context(self.postgres.empty_database()),
            "redis_url": self.redis.url,
            "trusted_proxies": "1",
        }
        super().__init__(folder / "instance", **settings)
        self.processes = [Server(self.instance) for _ in range(processes)]
        self._authority = certify(folder / "tls")
        self.nginx = self._nginx(self.processes)
        self.doors = [Door(process, self._nginx([process])) for process in self.processes]
        self.environment["HELPLINE_PUBLIC_URL"] = self.nginx.url
        for number, process in enumerate(self.processes):
            process.environment = self.environment
            process.log = folder / f"process{number}.log"

    def _nginx(self, processes: Sequence[Server]) -> Nginx:
        nginx = Nginx([process.port for process in processes], self._authority.parent)
        self._ending.callback(nginx.remove)
        return nginx

    @property
    def url(self) -> str:
        """Where they serve: at nginx, which chooses a process."""
        return self.nginx.url

    @property
    def logs(self) -> list[Path]:
        """What each process says; in one file their lines would run into each other."""
        return [process.log for process in self.processes]

    @property
    def folders(self) -> list[Path]:
        """Where the servers beside the processes write."""
        return [self.postgres.folder, self.redis.folder, self.nginx.folder]

    def open(self) -> Cluster:
        """Make the schema and start nginx; `start` starts the processes."""
        trust = self._ending.enter_context(pytest.MonkeyPatch.context())
        for name in TRUST:
            trust.setenv(name, str(self._authority))
        self.command("migrate")
        for nginx in (self.nginx, *(door.nginx for door in self.doors)):
            nginx.start()
        return self

    def start(self, *prefix: str) -> Cluster:
        """Start every process that does not run, and wait until all serve."""
        resting = [process for process in self.processes if not process.runs]
        for process in resting:
            process.launch(*prefix)
        for process in resting:
            process.wait_until_it_serves()
        return self

    def kill(self) -> None:
        """SIGKILL to all processes at once."""
        for process in self.processes:
            process.kill()

    def stop(self) -> None:
        """End everything and remove what it wrote."""
        for process in self.processes:
            process.stop()
        self._ending.close()
