"""The page that shows what was measured, and the lines on the way there."""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

from benchmarks import goals
from benchmarks.load import TEXT_BYTES, Count, percentile

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
# What was changed to get here, with figures before and after; written by hand, shown below the results.
STEPS = Path(__file__).parent / "steps.md"
# What `benchmarks/guesses.py` prints; copied there by hand, shown below the steps.
CODES = Path(__file__).parent / "codes.md"
# Why a goal was missed; written by hand, shown below the goals.
ACCOUNT = Path(__file__).parent / "account.md"
# Packages that matter for speed, by how their names begin.
PACKAGES = ("event", "flask-socketio", "python-engineio", "sqlalchemy", "orjson", "cryptography", "psycopg2")
NAMES = {
    "relay": "plain relay, SQLite",
    "sqlite": "Helpline, SQLite",
    "postgres": "Helpline, PostgreSQL",
    "postgres2": "Helpline, PostgreSQL, 2 processes",
    "share1": "Helpline, PostgreSQL and Redis, 1 process with 0.3 of a core",
    "share2": "Helpline, PostgreSQL and Redis, 2 processes with 0.3 of a core each",
}
MANNERS = {
    "texts": "texts alone",
    "marks": "with 'typing on' and read marks",
    "real": "as real clients: 'typing on', 'typing off', read marks",
}

METHOD = f"""\
Every figure is for texts of {TEXT_BYTES} bytes over WebSocket, with rights, keys, recognition of resends and the commit
(`synchronous=FULL`, so power-safe) before the acknowledgement. The server is the real launcher, `helpline serve`,
pinned to core 0. The load is one program on core 1, a hand-written client that costs a fraction of the server; column
'load' shows how much of its core it used. On PostgreSQL the database (with `fsync`) shares core 1 with the load, and a
second server process is pinned there too.

- **Closed loop**: 50 chats of a visitor and a counsellor; a counsellor has two of them on one socket. Each of the 100
  sides has one text under way. It is done when its sender holds the acknowledgement *and* the other side holds the
  text; then the next one is sent at once. Afterwards every text must have arrived, in order and without a gap.
- **As real clients**: each text is preceded by `typing on` and `typing off`, and each text that arrives is answered by
  `read`; all are acknowledged. So a text is four events from clients and eight or more packets from the server.
- **Paced**: 200 texts a second in all, at random moments (exponential gaps), with typing and read marks. The delay
  counts from the moment a text was meant to be sent until the other side holds it, so nothing that falls behind is
  left out. 'Load late' is how late the load itself was.
- **The plain relay**, `benchmarks/plain_relay.py`, is what the documentation of Flask-SocketIO leads to: one insert and
  commit by the ORM for each text, at `synchronous=FULL`. It checks no rights, has no keys and doesn't recognise
  resends; typing and read marks it only passes on. It gets the same load from the same program in the same run.
- **Shares of a core**: two processes that each want a core leave none to database and load on a machine with two. So
  one process and two are also measured with 0.3 of core 0 each, kept by the kernel's control groups: what a second
  process adds is then theirs alone.
- **Rounds** are interleaved: each server in turn, while the others stand still. Tables show the median, and the lowest
  and highest round. Processor time is that of the server's processes in `/proc/<pid>/stat`; it suffers less from a busy
  machine than texts a second do.
- **Memory** is the growth of the resident set when three quarters of the crowd connect to a server just started, to
  which the first quarter is connected already. **The loop** is the server's own watchdog: how late it came back from a
  sleep of 50 ms, as upper bounds of its buckets.
"""

LIMITS = """\
- One machine, the loopback, no TLS and no nginx; a network adds its own delay, TLS its own processor time.
- The load's clients never fall behind, lose their line or go to sleep, as telephones do.
- A sender may say 200 texts a second at most, and 400 at once. The 25 counsellors of the 50 chats stay below that.
- With two processes on two cores, load and database have no core of their own: then processor time a text tells more
  than texts a second. 'Room' is how many texts a second one core of a process would carry at that cost.
- Pages, styles and scripts are not part of it, but for the form, its answer and the room of those who arrive.
"""


def about(chosen: argparse.Namespace) -> dict[str, Any]:
    """What ran where."""
    model = next((row for row in Path("/proc/cpuinfo").read_text().splitlines() if row.startswith("model name")), ":")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    git = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {
        "processor": f"{os.cpu_count()} x {model.partition(':')[2].strip()}",
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _packages()},
        "commit": git.stdout.strip(),
        "sync_ms": sync_ms(),
        "busy": os.getloadavg()[0],
        "rounds": chosen.rounds,
        "seconds": chosen.seconds,
        "quick": chosen.quick,
    }


def _packages() -> list[str]:
    needed = (re.split(r"[^\w.-]", need)[0].lower() for need in requires("helpline") or ())
    return [name for name in needed if name.startswith(PACKAGES)]


def sync_ms(times: int = 50) -> float:
    """How long the disk takes to make 4 kB safe, in milliseconds (median); other programs make it slower."""
    took = []
    with tempfile.NamedTemporaryFile(prefix="helpline-bench-") as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def line(what: str, place: str, number: int, count: Count) -> str:
    """One round, in one line."""
    busy = f"machine {os.getloadavg()[0]:.1f}"
    rest = f"disk {count.sync_ms:.2f} ms  cpu {count.cpu_ms:.3f} ms/text  load {count.client_share:.0%}  {busy}"
    odd = f"  gaps {count.gaps} missing {count.missing} refused {dict(count.refused)}"
    odd = odd if count.gaps or count.missing or count.refused else ""
    if count.paced:
        shown = " ".join(f"{1000 * percentile(count.delivery, part):.2f}" for part in (0.5, 0.95, 0.99, 1.0))
        return f"{what:9} {place:9} {number}  p50/95/99/max {shown} ms  {rest}{odd}"
    return f"{what:9} {place:9} {number}  {count.a_second:7.0f} texts/s  {rest}{odd}"


def plain(results: Any) -> Any:
    """As JSON takes it, without the single delays."""
    if is_dataclass(results) and not isinstance(results, type):
        return plain({k: v for k, v in asdict(results).items() if k not in ("delivery",) or isinstance(v, dict)})
    if isinstance(results, dict):
        return {
            key if isinstance(key, str) else " ".join(map(str, key)): plain(value)
            for key, value in results.items()
            if key not in ("acknowledged", "lateness")
        }
    if isinstance(results, list):
        return [plain(value) for value in results][:200]
    return results


def page(results: Any) -> str:
    """The whole page."""
    parts = ["# Performance\n", _lead(results), *_goals(results)]
    parts += ["## Machine\n", _machine(results.about), "## Texts a second\n"]
    parts += [_closed(results), "## Delivery at 200 texts a second\n", _delivery(results)]
    parts += ["## Two thousand visitors\n", _crowds(results)]
    if results.missing:
        parts += ["## What could not be measured\n", *[f"- {what}: {why}\n" for what, why in results.missing.items()]]
    parts += [written.read_text(encoding="utf-8") for written in (STEPS, CODES) if written.is_file()]
    parts += ["## Method\n", METHOD, "## Limits\n", LIMITS]
    return "\n".join(parts)


def _goals(results: Any) -> list[str]:
    rows = goals.rows(results)
    account = [ACCOUNT.read_text(encoding="utf-8")] if ACCOUNT.is_file() else []
    return ["## Goals\n", _table(("goal", "measured", "met"), rows), *account] if rows else []


def _lead(results: Any) -> str:
    quick = " **This was a quick run, too short to quote.**" if results.about["quick"] else ""
    return f"Written by `benchmarks/chat.py --write`; every figure can be had again by that command.{quick}\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    shown = [f"| {' | '.join(head)} |", f"|{'|'.join('---' for _ in head)}|"]
    return "\n".join([*shown, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def _machine(about: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    rows = [
        ("processor", about["processor"]),
        ("memory", about["memory"]),
        ("system", f"{about['system']}, Python {about['python']}"),
        ("packages", packages),
        ("disk", f"4 kB made safe in {about['sync_ms']:.2f} ms"),
        ("busy with other work", f"load average {about['busy']:.1f} before the run"),
        ("rounds", f"{about['rounds']} of {about['seconds']:.0f} s, commit {about['commit']}"),
    ]
    return _table(("what", "here"), rows)


def _spread(values: list[float], digits: int = 0) -> str:
    middle = statistics.median(values)
    return f"{middle:,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def _closed(results: Any) -> str:
    rows = []
    base = [count.a_second for count in results.closed.get("texts", {}).get("relay", [])]
    for manner, places in results.closed.items():
        relay = [count.a_second for count in places.get("relay", [])]
        for place, counts in places.items():
            speed = [count.a_second for count in counts]
            cost = statistics.median(count.cpu_ms for count in counts)
            rows.append(
                (
                    MANNERS[manner],
                    NAMES[place],
                    _spread(speed),
                    _times(speed, relay),
                    _times(speed, base),
                    f"{cost:.3f}",
                    f"{1000 / cost:,.0f}" + (" each" if place in ("postgres2", "share2") else ""),
                    f"{statistics.median(count.client_share for count in counts):.0%}",
                    f"{statistics.median(count.sync_ms for count in counts):.2f}",
                )
            )
    head = ("load", "server", "texts a second", "of the relay, same load", "of the relay, texts alone")
    return (
        _table((*head, "processor ms a text", "room", "load", "disk ms"), rows)
        if rows
        else "Not measured in this run.\n"
    )


def _times(values: list[float], base: list[float]) -> str:
    if not base:
        return ""
    return f"{statistics.median(values) / statistics.median(base):.2f}"


def _delivery(results: Any) -> str:
    rows = []
    for place, counts in results.delivery.items():
        cells = [NAMES[place]]
        for part in (0.5, 0.95, 0.99, 1.0):
            cells.append(_spread([1000 * percentile(count.delivery, part) for count in counts], 2))
        cells.append(f"{1000 * statistics.median(percentile(count.lateness, 0.99) for count in counts):.2f}")
        cells.append(str(sum(count.missing for count in counts)))
        rows.append(cells)
    if not rows:
        return "Not measured in this run.\n"
    head = ("server", "p50 ms", "p95 ms", "p99 ms", "slowest ms", "load late, p99 ms", "never arrived")
    return _table(head, rows)


def _loop(figures: dict[str, Any]) -> str:
    loop = figures["loop"]
    return f"p99 up to {loop['p99_ms']:.0f} ms, worst up to {loop['max_ms']:.0f} ms, {loop['stalls']:.0f} over 250 ms"


def _crowds(results: Any) -> str:
    rows = [*_arrival(results.waiting.get("arrival")), *_moving(results.waiting.get("moving"))]
    rows += _memory("waiting", results.waiting.get("memory"))
    rows += _talking(results.many.get("talking"), results.many.get("chats", 0))
    rows += _memory("idle", results.many.get("memory"))
    return _table(("what", "measured"), rows) if rows else "Not measured in this run.\n"


Rows = list[tuple[str, str]]


def _arrival(found: dict[str, Any] | None) -> Rows:
    if found is None:
        return []
    delays = f"p50 {found['p50_s']:.2f} s, p99 {found['p99_s']:.2f} s, slowest {found['max_s']:.2f} s"
    answered = f"{found['answered']:,} got an answer {found['refused'] or ''}"
    return [
        (f"{found['arrived']:,} arrive within {found['within']:.0f} s", answered),
        ("from the first click to the place in the queue", delays),
        ("meanwhile: share of the core, loop", f"{found['server_share']:.0%}; {_loop(found)}"),
    ]


def _moving(found: dict[str, Any] | None) -> Rows:
    if found is None:
        return []
    pushes = f"{found['pushes_mean']:.1f} pushes a visitor, {found['pushes_max']} at most"
    what = f"{found['visitors']:,} wait, {found['changes']} changes in {found['seconds']:.0f} s: `state`"
    return [
        (what, f"{pushes} (one in 5 s would be {found['allowed']:.0f})"),
        ("meanwhile: share of the core, loop", f"{found['server_share']:.0%}; {_loop(found)}"),
        ("meanwhile: leaving and joining, both answered", f"p50 {found['change_p50_ms']:.0f} ms"),
    ]


def _memory(kind: str, found: dict[str, Any] | None) -> Rows:
    if found is None:
        return []
    return [
        (f"memory of a visitor who is {kind}", f"{found['each'] / 1000:.0f} kB; in all {found['rss'] / 1e6:.0f} MB"),
        (f"{found['of']:,} who are {kind} come back after a restart", f"in {found['reconnect_s']:.1f} s"),
    ]


def _talking(found: dict[str, Any] | None, chats: int) -> Rows:
    if found is None:
        return []
    delays = ", ".join(f"{value:.1f}" for value in found["delivery"])
    share = f"{found['share']:.0%} of a core at {found['texts'] / found['talked_s']:.0f} texts a second"
    return [
        (f"{chats:,} chats, a text each 20 s, as real clients", share),
        ("meanwhile: delivery p50, p95, p99, slowest", f"{delays} ms; never arrived: {found['missing']}"),
        ("meanwhile: loop", _loop(found)),
    ]
