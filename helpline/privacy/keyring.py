"""Keys that are kept outside the database, and destroyed so that what they sealed is lost for good.

The keyring is a folder with one file for each ISO week (UTC) in which something expires. Every process
reads the files anew, so a key that another process made is found at once, and one that was destroyed is
gone everywhere at once. Only making a key for a date to come creates a file; reading never does.
"""

from __future__ import annotations

import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEY_BYTES = 32
SECRETS = "secrets"
_WEEK = re.compile(r"\d{4}-W\d{2}", re.ASCII)


class KeyDestroyed(LookupError):
    """The key of this week is not in the keyring: what it sealed can't be read any more."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the key of week {key_id} is not in the keyring")
        self.key_id = key_id


class KeyDamaged(Exception):
    """A key file does not hold a key. Restore it from the separate copy of the keyring."""


class Keyring:
    """The weekly keys in `directory`, shared by all processes of an installation."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._durable: set[str] = set()

    def for_expiry(self, expires_at: datetime) -> tuple[str, bytes]:
        """The id, such as 2026-W49, and the key of the week of `expires_at`; made when missing."""
        key_id = week_of(expires_at)
        path = self._file(key_id)
        key = _read(path)
        if key is None:
            key = _make_once(path)
        elif key_id not in self._durable:
            # Its maker may not have synced the folder yet, and what is sealed now must stay readable.
            _sync_folder(self._directory)
        self._durable.add(key_id)
        return key_id, key

    def key(self, key_id: str) -> bytes:
        """The key called `key_id`; raises KeyDestroyed when there is none."""
        key = _read(self._file(key_id))
        if key is None:
            raise KeyDestroyed(key_id)
        return key

    def prepare(self, now: datetime, weeks: int = 4) -> None:
        """Make the keys of this week and the next `weeks`, so that nobody waits for a disk later."""
        for ahead in range(weeks + 1):
            self.for_expiry(now + timedelta(weeks=ahead))

    def destroy_expired(self, now: datetime) -> list[str]:
        """Overwrite and remove the keys of weeks wholly past; returns their ids, oldest first."""
        this_week = week_of(now)
        past = [
            path
            # Not only whole keys: a power cut may have left a half-made file, its week in front.
            for path in sorted(self._directory.glob("*"))
            if (week := _WEEK.match(path.name)) and week[0] < this_week
        ]
        for path in past:
            _shred(path)
        if past:
            _sync_folder(self._directory)
        return [path.stem for path in past if path.suffix == ".key"]

    def _file(self, key_id: str) -> Path:
        if not _WEEK.fullmatch(key_id):
            raise ValueError(f"{key_id!r} is not the id of a key")
        return self._directory / f"{key_id}.key"


def week_of(moment: datetime) -> str:
    """The ISO week of `moment` in UTC, such as 2026-W49; as text, weeks sort in the order of time."""
    year, week, _ = moment.astimezone(UTC).isocalendar()
    return f"{year:04}-W{week:02}"


def secret(instance_dir: Path, name: str) -> bytes:
    """The installation's own secret called `name`, 32 bytes; made at the first call and never again."""
    path = instance_dir / SECRETS / f"{name}.key"
    return _read(path) or _make_once(path)


def passing_secret(instance_dir: Path, name: str) -> bytes | None:
    """A secret that will be destroyed one day; made at the first call, None from that day on."""
    path = instance_dir / SECRETS / f"{name}.key"
    key = _read(path)
    if key is None and not path.with_suffix(".destroyed").exists():
        key = _make_once(path)
    return key


def destroy_secret(instance_dir: Path, name: str) -> None:
    """Overwrite and remove a secret; from now on there is none of this name, nor will be."""
    path = instance_dir / SECRETS / f"{name}.key"
    _make_folder(path.parent)
    # First, so that nobody makes it anew.
    path.with_suffix(".destroyed").touch(mode=0o600)
    _sync_folder(path.parent)
    _shred(path)
    _sync_folder(path.parent)


def _read(path: Path) -> bytes | None:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(key) != KEY_BYTES:
        raise KeyDamaged(f"{path.name} holds {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _make_once(path: Path) -> bytes:
    """Make a new key at `path`, or read the one that another process made first.

    The key gets its name only when it is whole and on disk: nobody ever reads half a key, and a power
    cut leaves all of it or none.
    """
    _make_folder(path.parent)
    draft = path.with_suffix(f".{secrets.token_hex(8)}")
    key = secrets.token_bytes(KEY_BYTES)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        key = path.read_bytes()
    finally:
        draft.unlink()
    _sync_folder(path.parent)
    return key


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_folder(folder.parent)


def _shred(path: Path) -> None:
    try:
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        pass  # another process was faster


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
