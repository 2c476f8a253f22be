"""What an import of a log costs: time, memory, how long it locks, and how long texts of chats wait meanwhile.

    .venv/bin/python benchmarks/imports.py [--rows 100000] [--there 0] [--on sqlite|postgres] [--chats 10] [--pace 40]

The goal: 100,000 rows within 20 s and 300 MB while chats go on, and on SQLite, which has one writer, a lock of less
than a second. `--there` lays that many rows into the ledgers before: new rows come to all pages of what is there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.builders.logs import a_large_log

from benchmarks import databases
from benchmarks.load import Count, percentile
from benchmarks.people import talk_on
from benchmarks.servers import Product

GOAL_SECONDS, GOAL_MB, GOAL_LOCK_SECONDS = 20.0, 300.0, 1.0
AT_ONCE = 100_000
# The command as it is, and a note of how long its last transaction took.
MEASURED = """
import sys, time
from sqlalchemy import Engine, event
from helpline.contacts import importing
from helpline.commands import run

began = 0.0

@event.listens_for(Engine, "after_cursor_execute")
def note(connection, cursor, statement, *rest):
    global began
    first = "BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "INSERT INTO imported_files"
    if statement.startswith(first):
        began = time.perf_counter()

def timed(*arguments, take_over=importing._take_over):
    try:
        return take_over(*arguments)
    finally:
        print("locked:", time.perf_counter() - began, file=sys.stderr)

importing._take_over = timed
sys.exit(run(["contacts", "import", sys.argv[1]]))
"""


@dataclass(frozen=True)
class Cost:
    """Of one import."""

    seconds: float
    processor_seconds: float
    megabytes: float
    locked_seconds: float


def import_log(product: Product, log: Path) -> Cost:
    """Run the command; raises when it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", MEASURED, str(log)],
        env=product.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"the import failed: {said[-500:]}")
    locked = float(said.rpartition("locked:")[2])
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, locked)


async def beside_chats(product: Product, log: Path, chats: int, pace: float) -> tuple[Cost, Count, Count]:
    """Import while people talk; their texts before and meanwhile."""
    talk = await talk_on(product, chats)
    await talk.at_a_pace(pace, 8.0, "texts", product.cpu)
    before = await talk.end()
    importing = asyncio.create_task(asyncio.to_thread(import_log, product, log))
    # In one go, for a pause of the talking could hide the moment at which everybody waits.
    await talk.at_a_pace(pace, GOAL_SECONDS, "texts", product.cpu, warm_up=0.0)
    meanwhile = await talk.end()
    return await importing, before, meanwhile


def told(what: str, count: Count) -> str:
    """A line about the waits of texts."""
    waits = count.acknowledged
    times = ", ".join(f"{name} {1000 * percentile(waits, share):.0f}" for name, share in (("p50", 0.5), ("p99", 0.99)))
    lost = f"{count.missing} lost, {sum(count.refused.values())} refused"
    return (
        f"{what}: {len(waits)} texts acknowledged after {times}, longest {1000 * max(waits, default=0):.0f} ms; {lost}"
    )


def main() -> int:
    """Print the costs; 1 where a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--there", type=int, default=0)
    options.add_argument("--on", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--chats", type=int, default=10)
    options.add_argument("--pace", type=float, default=40.0)
    given = options.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="helpline-imports-")))
        database = ""
        if given.on == "postgres":
            server = databases.postgres()
            stack.callback(server.stop)
            database = stack.enter_context(server.empty_database())
        product = Product("imports", database=database)
        stack.callback(product.stop)
        product.furnish(-(-given.chats // 2), 2)
        for number in range(-(-given.there // AT_ONCE)):
            log = folder / f"before-{number}.csv"
            log.write_text(a_large_log(min(AT_ONCE, given.there - number * AT_ONCE), seed=number + 2))
            import_log(product, log)
        log = folder / "log.csv"
        log.write_text(a_large_log(given.rows))
        product.start()
        cost, before, meanwhile = asyncio.run(beside_chats(product, log, given.chats, given.pace))
    print(f"{given.rows} rows on {given.on}, {given.there} rows there before")
    print(f"import: {cost.seconds:.1f} s, {cost.processor_seconds:.1f} s of the processor, {cost.megabytes:.0f} MB")
    print(f"last transaction: {cost.locked_seconds:.2f} s")
    print(told("before", before))
    print(told("meanwhile", meanwhile))
    locks = given.on == "sqlite" and cost.locked_seconds >= GOAL_LOCK_SECONDS
    lost = meanwhile.missing or meanwhile.refused
    return int(cost.seconds >= GOAL_SECONDS or cost.megabytes >= GOAL_MB or locks or bool(lost))


if __name__ == "__main__":
    sys.exit(main())
