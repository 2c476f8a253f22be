"""Settings: what is taken, and that a bad one stops the start with one line that names it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpline import config


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of the machine that runs the tests don't count."""
    for name in os.environ:
        if name.startswith("HELPLINE_"):
            monkeypatch.delenv(name)


def load(monkeypatch: pytest.MonkeyPatch, **settings: str) -> config.Settings:
    """The settings of these variables."""
    for name, value in settings.items():
        monkeypatch.setenv(f"HELPLINE_{name.upper()}", value)
    return config.load()


def test_without_any_setting_there_is_one_process_on_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.embedded
    assert settings.database_url == f"sqlite:///{Path('instance').resolve() / 'helpline.db'}"
    assert settings.require_second_factor
    assert not settings.over_tls
    assert settings.joint_front_page is None
    assert (settings.redis_url, settings.public_url, settings.exit_url, settings.trusted_proxies) == ("", "", "", 0)


BAD = [
    ("database_url", "mysql://localhost/x"),
    ("database_url", "helpline.db"),
    ("database_url", "sqlite://"),
    ("database_url", "sqlite:///"),
    ("database_url", "sqlite:///:memory:"),
    ("database_url", "postgresql://host:port/name"),
    ("database_url", "postgresql+psycopg://host/name"),
    ("database_url", "postgresql://host:99x/name"),
    ("public_url", "help.example.org"),
    ("public_url", "ftp://help.example.org"),
    ("public_url", "https://"),
    ("public_url", "https://[::1"),
    ("public_url", "https://help.example.org:port"),
    ("public_url", "javascript:alert(1)"),
    ("exit_url", "weather"),
    ("exit_url", "//weather.example"),
    ("exit_url", "javascript:alert(1)"),
    ("redis_url", "localhost:6379"),
    ("redis_url", "http://localhost"),
    ("redis_url", "redis://localhost:port"),
    ("require_second_factor", "perhaps"),
    ("require_second_factor", ""),
    ("joint_front_page", "sometimes"),
    ("trusted_proxies", "-1"),
    ("trusted_proxies", "6"),
    ("trusted_proxies", "one"),
    ("ping_seconds", "0"),
    ("ping_seconds", "121"),
    ("ping_seconds", "nan"),
    ("grace_seconds", "-1"),
    ("grace_seconds", "601"),
    ("grace_seconds", "soon"),
    ("log_level", "LOUD"),
    ("log_level", ""),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=[f"{name}={value}" for name, value in BAD])
def test_a_bad_setting_is_refused_in_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(config.ConfigError) as refused:
        load(monkeypatch, **{name: value})
    message = str(refused.value)
    assert message.startswith(f"HELPLINE_{name.upper()}: ")
    assert "\n" not in message
    assert len(message) < 160


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("database_url", "postgresql://u:p@host/name", "postgresql+psycopg2://u:p@host/name"),
        ("database_url", "postgres://host/name", "postgresql+psycopg2://host/name"),
        ("database_url", "postgresql+psycopg2://host:5432/name", "postgresql+psycopg2://host:5432/name"),
        ("database_url", "sqlite:////var/lib/helpline/x.db", "sqlite:////var/lib/helpline/x.db"),
        ("public_url", "https://help.example.org/", "https://help.example.org"),
        ("public_url", "http://[::1]:8000", "http://[::1]:8000"),
        ("exit_url", "https://weather.example/today?x=1", "https://weather.example/today?x=1"),
        ("redis_url", "redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis_url", "rediss://:secret@redis.example:6380", "rediss://:secret@redis.example:6380"),
        ("require_second_factor", "false", False),
        ("require_second_factor", "1", True),
        ("joint_front_page", "true", True),
        ("joint_front_page", "no", False),
        ("trusted_proxies", "2", 2),
        ("ping_seconds", "0.5", 0.5),
        ("grace_seconds", "0", 0.0),
        ("log_level", "debug", "DEBUG"),
        ("threading", "true", True),
    ],
)
def test_a_good_setting_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str, kept: object) -> None:
    assert getattr(load(monkeypatch, **{name: value}), name) == kept


def test_secrets_may_be_files_and_a_variable_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "SECRETS", tmp_path)
    (tmp_path / "helpline_database_url").write_text("postgresql://u:p@host/name\n", encoding="utf-8")
    (tmp_path / "helpline_metrics_token").write_text("from a file\n", encoding="utf-8")
    (tmp_path / "database_password").write_text("somebody else's\n", encoding="utf-8")
    settings = load(monkeypatch, metrics_token="from a variable")
    assert settings.database_url == "postgresql+psycopg2://u:p@host/name"
    assert settings.metrics_token == "from a variable"


def test_the_instance_folder_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load(monkeypatch, instance_dir="here").instance_dir == tmp_path / "here"
    assert load(monkeypatch, instance_dir="~/there").instance_dir == tmp_path / "there"


@pytest.mark.parametrize("url", ["https://help.example.org", "http://192.168.1.9:8000", "http://0.0.0.0"])
def test_without_second_factor_the_public_address_has_to_be_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with pytest.raises(config.ConfigError, match="HELPLINE_REQUIRE_SECOND_FACTOR"):
        load(monkeypatch, require_second_factor="false", public_url=url)


@pytest.mark.parametrize(
    "url", ["", "http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000", "https://127.9.9.9"]
)
def test_without_second_factor_a_loopback_address_is_fine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert not load(monkeypatch, require_second_factor="false", public_url=url).require_second_factor


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 - nothing is bound
        ("::", False),
        ("10.0.0.1", False),
        ("", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_which_hosts_are_this_machine(host: str, loopback: bool) -> None:
    assert config.is_loopback(host) is loopback


@pytest.mark.parametrize("command", [["serve"], ["lines", "list"]])
def test_every_command_stops_at_a_bad_setting_with_exit_2(command: list[str], tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    variables = {"HELPLINE_INSTANCE_DIR": str(instance), "HELPLINE_PING_SECONDS": "never"}
    done = subprocess.run(
        [sys.executable, "-c", "from helpline.cli import main; main()", *command],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("helpline: HELPLINE_PING_SECONDS: ")
    assert not instance.exists(), "nothing was made"
