"""What the tests of figures share."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from helpline import clock, commands
from helpline.contacts import service as contacts
from tests.builders.logs import a_log, answered
from tests.commanding import Done


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `helpline stats ...` in this process; the first contact of the installation was in December 2018."""
    contacts.import_log(a_log(answered(occurred_at="2018-12-31T10:15:00+01:00")).encode(), clock.now())
    monkeypatch.setattr(commands.config, "load", lambda: app.config["SETTINGS"])
    monkeypatch.setattr(commands.install, "prepare", lambda _: None)

    def command(*arguments: object) -> Done:
        code = commands.run(["stats", *map(str, arguments)])
        told = capsys.readouterr()
        return Done(code, told.out, told.err)

    return command
