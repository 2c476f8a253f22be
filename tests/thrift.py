"""What makes thousands of tests cheaper without their noticing: work that is the same each time is done once."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule
from xdist.scheduler import LoadFileScheduling

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
# New objects until the collector of garbage looks at them; Python's own number is 700.
MANY_OBJECTS = 50_000
# In each of these folders all tests share a server, which takes ten seconds of a processor to set up with its staff.
WITH_A_SERVER = ("browser", "journeys", "scaled")


class Kept(BytecodeCache):
    """Templates that one test has compiled need not be compiled by the next."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


def once_each(compile_builder: Callable[[Rule, bool], Any]) -> Callable[[Rule, bool], Any]:
    """The function that builds the address of a route, compiled once for all applications with that route."""
    made: dict[Hashable, Any] = {}

    def kept(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, rule.subdomain, repr(rule.defaults), append_unknown)
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    return kept


def share_what_is_compiled() -> None:
    """Half of making an application, and most of its first page."""
    Flask.jinja_options["bytecode_cache"] = Kept()
    Rule._compile_builder = once_each(Rule._compile_builder)


def write_to_memory() -> None:
    """Put the folders of tests where a sync costs nothing: nothing there is meant to survive the machine.

    Servers sync as ever, and whether they do is seen in what they ask of the system.
    """
    if not os.access(MEMORY, os.W_OK) or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return
    if shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def import_without_collecting() -> None:
    """What is imported and what the tests themselves are made of is never garbage."""
    gc.disable()


def collect_rarely() -> None:
    """Else the collector goes through all of that again and again, for two fifths of the time of a test."""
    gc.freeze()
    gc.set_threshold(MANY_OBJECTS)
    gc.enable()


class Together(LoadFileScheduling):
    """The files of a folder with a server are for one worker, so that there is one such server."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        folder = Path(file).parent
        return str(folder) if folder.name in WITH_A_SERVER else file
