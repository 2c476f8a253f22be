"""The first start of an installation may be cut off anywhere; the next one makes it complete."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpline import config, create_app, db, install
from helpline.lines import service as lines


class CutOffError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("place", ["ensure_lines", "prepare"])
def test_a_first_start_cut_off_half_way_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    settings = config.Settings(instance_dir=tmp_path / "first")

    def cut_off(*_: object) -> None:
        raise CutOffError

    with monkeypatch.context() as patch:
        patch.setattr(lines if place == "ensure_lines" else install.Keyring, place, cut_off)
        with pytest.raises(CutOffError):
            create_app(settings)
    create_app(settings)
    assert [line.slug for line in lines.all_lines()] == ["prevention", "youth"]
    db.engine().dispose()


@pytest.mark.kill
def test_a_first_start_killed_at_any_moment_is_completed(tmp_path: Path) -> None:
    dice = random.Random()
    for number in range(3):
        folder = tmp_path / f"instance{number}"
        environment = os.environ | {"HELPLINE_INSTANCE_DIR": str(folder)}
        command = [sys.executable, "-c", "from helpline.cli import main; main()", "lines", "list"]
        first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (folder / "helpline.db").exists() and first.poll() is None:
            time.sleep(0.001)
        time.sleep(dice.uniform(0.0, 0.25))
        first.send_signal(signal.SIGKILL)
        first.wait()
        second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert second.returncode == 0, second.stderr
        assert "youth" in second.stdout
        assert "prevention" in second.stdout
