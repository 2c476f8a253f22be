"""Starting, pinning, resting and watching the servers that are measured."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path

PATIENCE = 60.0
HERE = Path(__file__).parent
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
COMMAND = "from helpline.cli import main; main()"
# One program makes all accounts with the very command of an installation; a process each would take minutes.
MAKE_ACCOUNTS = """
import sys
from helpline.commands import run
count, capacity = int(sys.argv[1]), sys.argv[2]
for number in range(count):
    words = ["staff", "add", f"c{number}", "--role", "counsellor", "--line", "youth", "--language", "en"]
    if run([*words, "--capacity", capacity]):
        sys.exit(1)
"""


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_with_us() -> None:
    """In the child: be killed when this program is, however it ends, even while resting."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Group:
    """Processes of one server, each pinned to a core."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix="helpline-bench-"))
        self.processes: list[subprocess.Popen[bytes]] = []
        self.ports: list[int] = []

    def launch(self, command: Sequence[str], core: int, environment: dict[str, str] | None = None) -> None:
        """Start one process on `core`."""
        with (self.folder / "log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    ["taskset", "-c", str(core), *command],
                    stdout=log,
                    stderr=log,
                    env=environment,
                    preexec_fn=end_with_us,
                )
            )

    def wait_for(self, path: str) -> None:
        """Wait until every process answers."""
        deadline = time.monotonic() + PATIENCE
        for port, process in zip(self.ports, self.processes, strict=True):
            while True:
                with contextlib.suppress(OSError, HTTPException):
                    asked = HTTPConnection("127.0.0.1", port, timeout=2)
                    asked.request("GET", path)
                    asked.getresponse()
                    asked.close()
                    break
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} does not serve: {self.said()[-2000:]}")
                time.sleep(0.1)

    def said(self) -> str:
        """What the processes wrote so far."""
        return (self.folder / "log").read_text()

    def cpu(self) -> list[float]:
        """Processor seconds of each process so far, from /proc/<pid>/stat."""
        return [cpu_of(process.pid) for process in self.processes]

    def rss(self) -> int:
        """Bytes of memory of all processes together."""
        pages = (Path(f"/proc/{process.pid}/statm").read_text().split()[1] for process in self.processes)
        return PAGE * sum(int(count) for count in pages)

    @contextlib.contextmanager
    def resting(self) -> Iterator[None]:
        """Stand still while something else is measured."""
        for process in self.processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in self.processes:
                process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the processes and remove what they wrote."""
        self.end_processes()
        shutil.rmtree(self.folder, ignore_errors=True)

    def end_processes(self) -> None:
        """End the processes; the data stay."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()


def cpu_of(pid: int) -> float:
    """User and system time of a process with all its threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Missing(Exception):
    """What is asked for isn't to be had here."""


class Slice:
    """A share of a core for one process, kept by the kernel's control groups; needs root."""

    PERIOD_US = 5000

    def __init__(self, share: float) -> None:
        first = Path("/sys/fs/cgroup/cpu")
        self._folder = (first if first.is_dir() else Path("/sys/fs/cgroup")) / f"helpline-{secrets.token_hex(4)}"
        quota = int(share * self.PERIOD_US)
        try:
            self._folder.mkdir()
            if first.is_dir():
                (self._folder / "cpu.cfs_period_us").write_text(str(self.PERIOD_US))
                (self._folder / "cpu.cfs_quota_us").write_text(str(quota))
            else:
                (self._folder / "cpu.max").write_text(f"{quota} {self.PERIOD_US}")
        except OSError as error:
            raise Missing(f"no shares of a core here: {error.strerror}") from None

    def hold(self, process: subprocess.Popen[bytes]) -> None:
        """This process gets no more than the share."""
        (self._folder / "cgroup.procs").write_text(str(process.pid))

    def remove(self) -> None:
        """Once its process has ended."""
        with contextlib.suppress(OSError):
            self._folder.rmdir()


class Product(Group):
    """The real launcher, `helpline serve`, on an installation of its own.

    With `share` each process gets that much of core 0 and no more.
    """

    def __init__(self, name: str, processes: int = 1, database: str = "", redis: str = "", share: float = 0.0) -> None:
        super().__init__(name)
        self._slices = [Slice(share) for _ in range(processes)] if share else []
        self.token = secrets.token_hex(16)
        self.accounts: list[tuple[str, str, str]] = []
        self.ports = [free_port() for _ in range(processes)]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HELPLINE_")}
        self.environment = kept | {
            "HELPLINE_INSTANCE_DIR": str(self.folder / "instance"),
            "HELPLINE_METRICS_TOKEN": self.token,
            "HELPLINE_LOG_LEVEL": "WARNING",
        }
        if database:
            self.environment["HELPLINE_DATABASE_URL"] = database
            self.command("migrate")
        if redis:
            self.environment["HELPLINE_REDIS_URL"] = redis

    def command(self, *words: str, program: str = COMMAND) -> str:
        """Run a command of this installation."""
        done = subprocess.run(
            [sys.executable, "-c", program, *words], env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"helpline {' '.join(words)}: {done.stderr[-1000:]}")
        return done.stdout

    def furnish(self, counsellors: int, capacity: int) -> None:
        """An open line without limits, and accounts."""
        limits = {
            "queue-limit": 100_000,
            "offer-seconds": 600,
            "waiting-lost-seconds": 3600,
            "active-lost-seconds": 7200,
            "counsellor-lost-seconds": 3600,
            "longest-wait-minutes": 1440,
        }
        words = [word for name, value in limits.items() for word in (f"--{name}", str(value))]
        self.command("lines", "set", "youth", "--hours", "always", *words)
        told = self.command(str(counsellors), str(capacity), program=MAKE_ACCOUNTS)
        found = re.findall(r"password: (\S+)\ntotp: (\S+)", told)
        self.accounts = [(f"c{number}", password, totp) for number, (password, totp) in enumerate(found)]

    def start(self) -> Product:
        """Serve, one process a port; the first is on core 0, further ones go round the cores."""
        for number, port in enumerate(self.ports):
            core = 0 if self._slices else number % (os.cpu_count() or 1)
            self.launch([sys.executable, "-c", COMMAND, "serve", "--port", str(port)], core, self.environment)
            if self._slices:
                self._slices[number].hold(self.processes[-1])
        self.wait_for("/healthz")
        return self

    def stop(self) -> None:
        """End the processes and remove what they wrote."""
        super().stop()
        for slice_ in self._slices:
            slice_.remove()

    def metrics(self) -> str:
        """The figures of all processes, one page after the other."""
        pages = []
        for port in self.ports:
            asked = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            asked.request("GET", "/metrics", headers={"Authorization": f"Bearer {self.token}"})
            pages.append(asked.getresponse().read().decode())
            asked.close()
        return "\n".join(pages)


class Relay(Group):
    """The plain relay."""

    def start(self) -> Relay:
        """Serve on core 0, where the product's first process is too."""
        self.ports = [free_port()]
        words = ["--port", str(self.ports[0]), "--database", str(self.folder / "relay.db")]
        self.launch([sys.executable, str(HERE / "plain_relay.py"), *words], core=0)
        self.wait_for("/socket.io/?EIO=4&transport=polling")
        return self


class Loop:
    """What the product's own watchdog says about its event loop since a moment."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._before = _buckets(product.metrics())

    def since(self) -> dict[str, float]:
        """Bounds of p50 and p99 in ms, the highest bucket hit, stalls over 250 ms, and how often it looked."""
        now = _buckets(self._product.metrics())
        hit = {bound: count - self._before[0].get(bound, 0.0) for bound, count in now[0].items()}
        total = max(hit.values(), default=0.0)

        def bound(share: float) -> float:
            reached = (edge for edge, count in sorted(hit.items()) if count >= share * total)
            return 1000 * next(reached, float("inf"))

        stalls = now[1] - self._before[1]
        return {"p50_ms": bound(0.5), "p99_ms": bound(0.99), "max_ms": bound(1.0), "stalls": stalls, "looks": total}


def _buckets(page: str) -> tuple[dict[float, float], float]:
    found: dict[float, float] = {}
    for edge, count in re.findall(r'helpline_loop_delay_seconds_bucket\{le="([^"]+)"\} (\S+)', page):
        found[float(edge)] = found.get(float(edge), 0.0) + float(count)
    return found, sum(float(count) for count in re.findall(r"^helpline_loop_stalls_total (\S+)", page, re.M))
