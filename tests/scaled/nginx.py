"""nginx with the configuration of `deploy/nginx/`, changed only where an operator changes it: names, ports, paths."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.clients import PATIENCE, free_port

DEPLOYED = Path(__file__).parents[2] / "deploy" / "nginx"
HOST = "localhost"
"""Takes the place of help.example.org; a bare address would be refused, as its handshake names no host."""
OF_LINES = ("youth.example.org", "prevention.example.org")


def program() -> str:
    """Where nginx is; Debian keeps it out of ordinary users' way."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
    if found is None:
        raise RuntimeError("no nginx here: `make test-tools` installs it")
    return found


class Nginx:
    """In front of the processes on `ports`, over TLS with the certificates in `tls` that `certify` made."""

    def __init__(self, ports: Sequence[int], tls: Path) -> None:
        self.ports, self.tls = ports, tls
        self.plain_port, self.port = free_port(), free_port()
        # Its workers run as somebody else and have to get in.
        self.folder = Path(tempfile.mkdtemp(prefix="helpline-nginx-"))
        self.folder.chmod(0o755)
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lay_out()

    @property
    def url(self) -> str:
        """Where the helpline is."""
        return f"https://{HOST}:{self.port}"

    def _lay_out(self) -> None:
        """Install the files of `deploy/` as an operator would."""
        for name in ("var", "acme"):
            (self.folder / name).mkdir()
        places = {
            "/etc/nginx/": f"{self.folder}/etc/",
            "/etc/helpline/tls/help.example.org/": f"{self.tls}/{HOST}/",
            "/etc/helpline/tls/": f"{self.tls}/",
            "/var/lib/nginx/": f"{self.folder}/var/",
            "/var/lib/helpline-acme": f"{self.folder}/acme",
            "/run/nginx.pid": f"{self.folder}/pid",
            "help.example.org": HOST,
            "listen 80": f"listen 127.0.0.1:{self.plain_port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
        }
        for source in DEPLOYED.rglob("*"):
            if source.is_dir():
                continue
            target = self.folder / "etc" / source.relative_to(DEPLOYED)
            target.parent.mkdir(parents=True, exist_ok=True)
            lines = [line for line in source.read_text(encoding="utf-8").splitlines() if "listen [::]" not in line]
            if source.name == "processes.conf":
                lines = list(self._with_own_processes(lines))
            text = "\n".join(lines) + "\n"
            for deployed, own in places.items():
                text = text.replace(deployed, own)
            target.write_text(text, encoding="utf-8")

    def _with_own_processes(self, lines: Sequence[str]) -> list[str]:
        """The list of processes with those that run here, each with the options of the sample."""
        written: list[str] = []
        for line in lines:
            if not line.strip().startswith("server "):
                written.append(line)
            elif "127.0.0.1:8001" in line:
                written += [line.replace("127.0.0.1:8001", f"127.0.0.1:{port}") for port in self.ports]
        return written

    def start(self) -> Nginx:
        """Start and wait until it listens."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [program(), "-p", self.folder, "-c", self.folder / "etc" / "nginx.conf", "-g", "daemon off;"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    said = self.log.read_text()
                    self.remove()
                    raise RuntimeError(f"nginx does not start: {said}") from None
            time.sleep(0.05)

    def served_as(self, host: str, path: str) -> bytes:
        """The first bytes of the answer to a visitor who asks for this host."""
        trusting = ssl.create_default_context(cafile=self.tls / "authority.pem")
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as plain,
            trusting.wrap_socket(plain, server_hostname=host) as line,
        ):
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: line.recv(65536), b""))

    def remove(self) -> None:
        """End it and remove all it wrote."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)


def certify(folder: Path) -> Path:
    """A certificate and a key for each name in a folder of its own; the authority that signed them all."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _signed("Helpline tests", root_key.public_key(), "Helpline tests", root_key, authority=True)
    for name in (HOST, *OF_LINES):
        key = ec.generate_private_key(ec.SECP256R1())
        place = folder / name
        place.mkdir(parents=True)
        chain = _signed(name, key.public_key(), "Helpline tests", root_key)
        (place / "fullchain.pem").write_bytes(chain.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        (place / "privkey.pem").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        )
    authority = folder / "authority.pem"
    authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    return authority


def _signed(
    name: str,
    key: ec.EllipticCurvePublicKey,
    by: str,
    with_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(with_key.public_key()), critical=False)
    )
    if not authority:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return made.sign(with_key, hashes.SHA256())
