"""nginx with the very files of deploy/nginx, on ports and in a folder of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.clients import free_port

DEPLOY = Path(__file__).parents[1] / "deploy"
PATIENCE = 20.0


def program() -> str:
    """Where nginx is; raises when it is not installed (`make system-tools` does that)."""
    found = shutil.which("nginx", path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        raise FileNotFoundError("nginx is not installed: make system-tools")
    return found


def moved(text: str, folder: Path) -> str:
    """A file of deploy/nginx with its paths in `folder`."""
    for there, here in (("/var/lib/nginx", "state"), ("/etc/nginx/helpline", "helpline"), ("/run/nginx.pid", "pid")):
        text = text.replace(there, str(folder / here))
    return text.replace("/etc/helpline/tls", str(folder / "tls"))


def plain(text: str, port: int, redirect_port: int) -> str:
    """nginx.conf without TLS, on the loopback only, for whoever asks for 127.0.0.1."""
    text = re.sub(r"^ *(listen \[::\]|ssl_certificate|ssl_reject_handshake).*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"listen 443 ssl http2", f"listen 127.0.0.1:{port}", text)
    text = re.sub(r"listen 80\b", f"listen 127.0.0.1:{redirect_port}", text)
    return text.replace("help.example.org", "127.0.0.1")


def upstream(text: str, ports: Sequence[int]) -> str:
    """processes.conf with a line for each port, like those that stand there."""
    (line, *_) = re.findall(r"^ *server .*\n", text, flags=re.MULTILINE)
    lines = "".join(re.sub(r":\d+", f":{port}", line) for port in ports)
    return re.sub(r"(^ *server .*\n)+", lines, text, flags=re.MULTILINE)


class Nginx:
    """In front of the processes on `ports`; serves on `port` of the loopback."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.port = free_port()
        # The workers run as another user, so the folder is open to look through.
        self.folder = Path(tempfile.mkdtemp(prefix="helpline-nginx-"))
        self.folder.chmod(0o755)
        shutil.copytree(DEPLOY / "nginx", self.folder, dirs_exist_ok=True)
        (self.folder / "state").mkdir()
        for file in self.folder.rglob("*.conf"):
            file.write_text(moved(file.read_text(encoding="utf-8"), self.folder), encoding="utf-8")
        main = self.folder / "nginx.conf"
        main.write_text(plain(main.read_text(encoding="utf-8"), self.port, free_port()), encoding="utf-8")
        processes = self.folder / "helpline/processes.conf"
        processes.write_text(upstream(processes.read_text(encoding="utf-8"), ports), encoding="utf-8")
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments: str) -> list[str | Path]:
        """The command line of nginx with these files."""
        return [program(), "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", "stderr", *arguments]

    def start(self) -> Nginx:
        """Start it and wait until it listens."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command("-g", "daemon off;"), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE
        while not (self.folder / "pid").exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log_text = self.log.read_text()
                self.remove()
                raise RuntimeError(f"nginx does not start: {log_text}")
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """End it at once; what it wrote stays for whoever wants to look."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def remove(self) -> None:
        """End it and remove all it wrote."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
