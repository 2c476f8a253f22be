"""`helpline serve`: one process on one installation, and what stands in its way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from helpline import config
from helpline.serve import CannotServe, compile_templates, listen, lock_instance, wants_threads
from tests.clients import Server, Visitor
from tests.commanding import Done


def serve(instance: Path) -> Done:
    """`helpline serve` in a process of its own, which is expected to end by itself."""
    done = subprocess.run(
        [sys.executable, "-c", "from helpline.cli import main; main()", "serve", "--port", "0"],
        env=os.environ | {"HELPLINE_INSTANCE_DIR": str(instance)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_one_process_serves_an_installation_and_a_killed_one_holds_nobody_up(tmp_path: Path) -> None:
    # Nobody waits for a Redis that is not there, and on this machine alone the second factor may be off.
    first = Server(tmp_path / "instance", require_second_factor="false", redis_url="redis://127.0.0.1:1")
    try:
        first.start()
        assert serve(first.instance).refused(1, "another process already serves")
        first.kill()
        first.start()
        assert first.process is not None
        first.process.send_signal(signal.SIGINT)
        assert first.process.wait(20) == 0
    finally:
        first.stop()
    busy = ("redis_away", "loop_stalled")  # the second on a machine that has other things to do
    said = [line for line in first.log.read_text().splitlines() if not any(word in line for word in busy)]
    assert said == [f"Helpline serves on {first.url}/"] * 2 + ["Helpline stopped"]


def test_with_real_threads_a_visitor_is_served_without_eventlet(tmp_path: Path) -> None:
    server = Server(tmp_path / "instance", threading="true")
    assert "sys.modules['eventlet'] = None" in server.program, "whoever imported it would fail"
    server.command("lines", "set", "youth", "--hours", "always")
    try:
        visitor = Visitor(server.start()).join()
        visitor.connect()
        assert visitor.say("Hello")["seq"] == 1
        assert visitor.wire.wait_for("message")["body"] == "Hello"
        visitor.wire.close()
    finally:
        server.stop()


@pytest.mark.parametrize("given", ["true", "True", "1", "yes", "on", "t", "Y", "false", "0", "no", "off", "f", "n"])
@pytest.mark.parametrize("name", ["HELPLINE_THREADING", "helpline_threading"])
def test_before_anything_is_imported_the_setting_is_read_as_afterwards(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    monkeypatch.delenv("HELPLINE_THREADING", raising=False)
    monkeypatch.setenv(name, given)
    assert wants_threads() == config.load().threading


def test_the_lock_of_an_installation_is_held_once(tmp_path: Path) -> None:
    held = lock_instance(tmp_path)
    with pytest.raises(CannotServe, match="another process already serves from"):
        lock_instance(tmp_path)
    held.close()
    lock_instance(tmp_path).close()


def test_an_address_that_can_not_be_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"127.0.0.1:{port}: .*in use"):
            listen("127.0.0.1", port)
    for host in ("no.such.host.invalid", "999.1.1.1", "192.0.2.1"):
        with pytest.raises(CannotServe, match=f"^{host}:0: "):
            listen(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_small_texts_are_sent_at_once(host: str) -> None:
    with listen(host, 0) as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        with socket.create_connection(listener.getsockname()[:2]):
            accepted, _ = listener.accept()
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            accepted.close()


def test_no_visitor_waits_for_a_template(app: Flask) -> None:
    names = app.jinja_env.list_templates()
    assert app.jinja_env.cache is not None
    assert app.jinja_env.cache.capacity > len(names)
    compile_templates(app)
    assert len(app.jinja_env.cache) == len(names)
