"""The wheel is complete: built, installed away from the checkout, it serves a page."""

import importlib.metadata
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (made,) = folder.glob("helpline-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and exactly its locked dependencies; returns its `bin`.

    The locked distributions are linked, one by one, out of the environment that runs the tests, where pip put
    them with their hashes checked. So the test needs no network and few seconds, and still nothing that
    only the tests or the checkout have can be found from here.
    """
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            locked = Requirement(line.removesuffix("\\").strip())
            if locked.marker is None or locked.marker.evaluate():
                link(locked, site)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
    subprocess.run([*pip, "check"], check=True)
    return folder / "bin"


def link(locked: Requirement, site: Path) -> None:
    """Makes one distribution of this environment, in its locked version, visible in `site`."""
    distribution = importlib.metadata.distribution(locked.name)
    assert locked.specifier.contains(distribution.version), f"{locked} is not what is installed"
    for top in {file.parts[0] for file in distribution.files or [] if file.parts[0] not in {"..", "__pycache__"}}:
        (site / top).symlink_to(Path(str(distribution.locate_file(top))))


def test_the_wheel_carries_what_lies_beside_the_package(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "helpline/_assets/templates/base.html" in names
    assert "helpline/_assets/static/vendor/socket.io.min.js" in names
    assert "helpline/_assets/migrations/env.py" in names
    assert "helpline/_assets/selfhelp_modules/course.yaml" in names
    assert "helpline/_assets/selfhelp_modules/look-back/nl.md" in names
    for catalogue in (ROOT / "translations").glob("*/LC_MESSAGES/messages.po"):
        language = catalogue.parts[-3]
        assert f"helpline/_assets/translations/{language}/LC_MESSAGES/messages.po" in names
    checkout_only = {"wsgi.py", "conftest.py", "package.json"}
    assert not [name for name in names if Path(name).name in checkout_only or name.startswith("tests/")]


@pytest.fixture
def address(installed: Path, tmp_path: Path) -> Iterator[str]:
    """`helpline serve` in an empty folder; yields where it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    log = tmp_path / "serve.log"
    empty = tmp_path / "empty"
    empty.mkdir()
    with log.open("w") as out:
        process = subprocess.Popen(
            [installed / "helpline", "serve", "--port", str(port)],
            cwd=empty,
            env=kept,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 30
        while not answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310 - our own server on this machine
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_it_serves_pages_away_from_the_checkout(installed: Path, address: str, tmp_path: Path) -> None:
    where = subprocess.run(
        [installed / "python", "-c", "import helpline; print(helpline.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert where.startswith(str(installed.parent))
    assert status(f"{address}/en/youth/") == 200
    assert status(f"{address}/static/vendor/socket.io.min.js") == 200
    assert status(f"{address}/static/vendor/none.js") == 404


def test_the_environment_holds_no_test_tools(installed: Path) -> None:
    # Proves that the page above was served by the locked run-time requirements alone.
    for name in ("pytest", "hypothesis", "playwright"):
        found = subprocess.run(
            [installed / "python", "-c", f"import {name}"], capture_output=True, text=True, check=False
        )
        assert "ModuleNotFoundError" in found.stderr
