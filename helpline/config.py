"""Typed settings, read from HELPLINE_* environment variables."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

# Where containers find secrets as files: /run/secrets/helpline_database_url, for instance. Variables come first.
SECRETS = Path("/run/secrets")


class ConfigError(Exception):
    """A setting can't be used; the message names its variable."""


def is_loopback(host: str) -> bool:
    """True for `localhost` and the addresses 127.0.0.0/8 and ::1."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _has_good_port(address: str) -> bool:
    try:
        port = urlsplit(address).port
    except ValueError:
        return False
    return port is None or port > 0


class Settings(BaseSettings):
    """Every setting of an installation; docs/operating.md explains each."""

    model_config = SettingsConfigDict(env_prefix="HELPLINE_", extra="forbid")

    instance_dir: Path = Field(default=Path("instance"))
    database_url: str = ""
    public_url: str = ""
    redis_url: str = ""
    require_second_factor: bool = True
    joint_front_page: bool | None = None
    exit_url: str = ""
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    metrics_token: str = ""
    ping_seconds: float = Field(default=20.0, ge=0.2, le=120)
    grace_seconds: float = Field(default=60.0, ge=0, le=600)
    log_level: str = "INFO"
    threading: bool = False

    @field_validator("instance_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("database_url")
    @classmethod
    def _driver(cls, value: str) -> str:
        """Plain `postgresql://` would pick psycopg 3, whose wait freezes the process under eventlet."""
        for plain in ("postgresql://", "postgres://"):
            if value.startswith(plain):
                value = "postgresql+psycopg2://" + value.removeprefix(plain)
        if not value:
            return value
        if not value.startswith(("sqlite:///", "postgresql+psycopg2://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        try:
            address = make_url(value)
        except (ArgumentError, ValueError):
            raise ValueError("can't be read as an address") from None
        # In memory each connection would have a database of its own.
        if value.startswith("sqlite") and address.database in (None, "", ":memory:"):
            raise ValueError("must name a file")
        return value

    @field_validator("public_url", "exit_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname or not _has_good_port(value)):
            raise ValueError("must be an address that begins with http:// or https://")
        return value.rstrip("/") if value else value

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, value: str) -> str:
        if value and not (value.startswith(("redis://", "rediss://")) and _has_good_port(value)):
            raise ValueError("must be an address that begins with redis:// or rediss://")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @model_validator(mode="after")
    def _second_factor_only_off_at_home(self) -> Settings:
        if not self.require_second_factor and self.public_url and not is_loopback(self.public_host):
            raise ValueError("HELPLINE_REQUIRE_SECOND_FACTOR can be false only with a loopback HELPLINE_PUBLIC_URL")
        if not self.database_url:
            self.database_url = f"sqlite:///{self.instance_dir / 'helpline.db'}"
        return self

    @property
    def embedded(self) -> bool:
        """One process on SQLite."""
        return self.database_url.startswith("sqlite")

    @property
    def public_host(self) -> str:
        """Host name of the public address, '' when none is set."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def over_tls(self) -> bool:
        """Visitors reach the site over TLS, so cookies are Secure."""
        return self.public_url.startswith("https://")


def load() -> Settings:
    """Read the settings; raises ConfigError, one line that names the variable."""
    try:
        return Settings(_secrets_dir=SECRETS if SECRETS.is_dir() else None)
    except ValidationError as error:
        problem = error.errors()[0]
        name = "HELPLINE_" + str(problem["loc"][0]).upper() if problem["loc"] else "settings"
        raise ConfigError(f"{name}: {problem['msg'].removeprefix('Value error, ')}") from None


_current: Settings | None = None


def use(settings: Settings) -> None:
    """Make `settings` the ones of this process."""
    global _current
    _current = settings


def current() -> Settings:
    """The settings of the running application or command."""
    if _current is None:
        use(load())
    assert _current is not None  # noqa: S101 - tells the type checker what use() did
    return _current
