"""Bringing an installation to the state the code expects: schema, keyring, lines."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from helpline import clock, db, paths
from helpline.config import ConfigError, Settings
from helpline.contacts import service as contacts
from helpline.letters import service as letters
from helpline.lines import service as lines
from helpline.privacy.keyring import Keyring, secret
from helpline.selfhelp import service as selfhelp
from helpline.summaries import service as summaries


class NotReady(Exception):
    """The database is not at the version the code expects; the message says what to do."""


def alembic_config() -> Config:
    """Alembic's configuration; the engine is the one that is bound, the scripts are packaged."""
    config = Config()
    config.set_main_option("script_location", str(paths.asset("migrations")).replace("%", "%%"))
    return config


def prepare(settings: Settings) -> None:
    """Bind the database; make a new SQLite installation complete. Raises NotReady when a migration is due."""
    folder = _make_instance(settings.instance_dir)
    db.bind(settings.database_url)
    version, newest = _versions()
    if version is None and settings.embedded:
        migrate(settings)
    elif version != newest:
        _refuse_newer(version)
        raise NotReady("the database is not at this version of Helpline: run 'helpline migrate'")
    elif settings.embedded and not (lines.all_lines() and contacts.any_topics()):
        # The very first start was cut off after the schema.
        _furnish()
    _refuse_lost_salt(folder)
    Keyring(folder / "keyring").prepare(clock.now())
    for name in ("forms", "staff", "codes"):
        secret(folder, name)


def migrate(settings: Settings) -> None:
    """Bring the schema to the newest version and make lines and topics where there are none."""
    _make_instance(settings.instance_dir)
    db.bind(settings.database_url)
    _refuse_newer(_versions()[0])
    command.upgrade(alembic_config(), "head")
    _furnish()


def _furnish() -> None:
    lines.ensure_lines()
    contacts.ensure_topics()


def _make_instance(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"HELPLINE_INSTANCE_DIR: {folder} can't be made: {error.strerror}") from None
    return folder


def _refuse_lost_salt(folder: Path) -> None:
    """Raises NotReady where anything is kept under codes and what their keys are made with is gone."""
    if (folder / "secrets" / "codes.key").exists():
        return
    if selfhelp.anything_saved() or letters.anything_kept() or summaries.anything_kept():
        raise NotReady("secrets/codes.key is missing: without it no return code opens anything; put it back")


def _refuse_newer(version: str | None) -> None:
    """Raises NotReady for a database whose version this code has never heard of."""
    try:
        ScriptDirectory.from_config(alembic_config()).get_revision(version or "base")
    except CommandError:
        raise NotReady(f"the database is of a newer version of Helpline than this one: {version}") from None


def _versions() -> tuple[str | None, str | None]:
    with db.engine().connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found, _newest()


@lru_cache(maxsize=1)
def _newest() -> str | None:
    """The version that this code expects; found once, for it means to read every migration."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def is_ready() -> bool:
    """True when the database takes what is written and has the schema this code expects."""
    with db.engine().connect().execution_options(writes=True) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
        return found == _newest() and db.takes_writes(connection)
