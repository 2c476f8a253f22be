"""Fixtures: a fresh installation inside the process, and real servers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from argon2 import PasswordHasher
from xdist.remote import Producer
from xdist.scheduler import Scheduling

from helpline import config, create_app, db, install
from helpline.extensions import socketio
from helpline.lines import service as lines
from helpline.staff import passwords
from tests.clients import Server
from tests.postgres import Postgres
from tests.redis_server import RedisServer
from tests.thrift import Together, collect_rarely, import_without_collecting, share_what_is_compiled, write_to_memory

# Files of a few long tests go first, so that no worker is left with one of them alone at the end.
LONG_FIRST = ("browser", "scaled", "faults", "house", "journeys")
# Tests of pages, whose services are tried on both databases, and of rooms in which few things happen at once: on
# PostgreSQL too where that is asked for.
ON_SQLITE = ("advice", "contacts", "house", "lines", "selfhelp", "web")
# What may only go wrong there, or happens at once.
ON_BOTH = (
    *("test_away.py", "test_nul.py"),
    *("test_advice_counts.py", "test_by_hand.py", "test_catching.py", "test_importing_beside.py", "test_wrap_ups.py"),
    *("test_service.py", "test_two_devices.py"),
)


def pytest_configure() -> None:
    """Before the first folder and the first application."""
    write_to_memory()
    share_what_is_compiled()
    import_without_collecting()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """The tests of a file go to one worker; those of a folder where they share a server."""
    return Together(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest folders in front; all else stays in its order. Some on SQLite, unless PostgreSQL is asked for."""
    if not config.option.markexpr:
        items[:] = [item for item in items if item.path.parent.name not in ON_SQLITE or not of_postgresql(item)]
    place = {folder: number for number, folder in enumerate(LONG_FIRST)}
    items.sort(key=lambda item: place.get(item.path.parent.name, len(place)))


def pytest_collection_finish() -> None:
    """After the last import, before the first test."""
    collect_rarely()


def of_postgresql(item: pytest.Item) -> bool:
    """Whether this runs on PostgreSQL, and is not about what only that refuses or what is said when it is away."""
    return item.get_closest_marker("postgres") is not None and item.path.name not in ON_BOTH


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that ran inside the process set up logging for itself, on a stream that is closed by now."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server, started for the first test that asks for it."""
    running = Postgres()
    yield running
    running.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A real Redis of this test alone."""
    running = RedisServer().start()
    yield running
    running.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a test's database, '' for SQLite. Whatever needs a database runs on both."""
    if request.param == "sqlite":
        yield ""
        return
    with request.getfixturevalue("postgres").new_database() as address:
        yield address


@pytest.fixture(scope="session")
def new_instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new installation on SQLite: to copy it takes a tenth of making it."""
    folder = tmp_path_factory.mktemp("new") / "instance"
    install.prepare(config.Settings(instance_dir=folder))
    db.engine().dispose()
    # A test's own clock says of which weeks it has keys.
    shutil.rmtree(folder / "keyring")
    return folder


@pytest.fixture
def settings(tmp_path: Path, database: str, new_instance: Path) -> config.Settings:
    """Settings of an installation of its own."""
    instance = tmp_path / "instance"
    if not database:
        shutil.copytree(new_instance, instance)
    return config.Settings(instance_dir=instance, database_url=database, ping_seconds=1.0)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of passwords that cost nothing: else each sign-in takes a quarter of a second."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", quick)
    monkeypatch.setattr(passwords, "NOBODYS_HASH", quick.hash(passwords.new_password()))


@pytest.fixture
def app(settings: config.Settings, quick_hashes: None) -> Iterator[object]:
    """The application on an empty installation with both lines open."""
    made = create_app(settings)
    made.testing = False
    for line in lines.all_lines():
        lines.change_line(line.slug, {"hours": "always"})
    yield made
    db.engine().dispose()


@pytest.fixture
def client(app):  # type: ignore[no-untyped-def]  # Flask's own test client
    """A browser without JavaScript."""
    return app.test_client()


@pytest.fixture
def sockets(app):  # type: ignore[no-untyped-def]  # Flask-SocketIO's own object
    """Socket.IO of the application."""
    return socketio


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A real server with both lines open."""
    running = Server(tmp_path / "instance", ping_seconds="2")
    for line in ("youth", "prevention"):
        running.command("lines", "set", line, "--hours", "always")
    running.start()
    yield running
    running.stop()
