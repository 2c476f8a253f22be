"""Where the server's processor time goes while it is loaded: shares by function and by purpose.

    .venv/bin/python benchmarks/costs.py texts          or marks, real: 50 chats as fast as answered
    .venv/bin/python benchmarks/costs.py paced          50 chats at 200 texts a second in all
    .venv/bin/python benchmarks/costs.py arriving       or waiting, many: 500 visitors
    .venv/bin/python benchmarks/costs.py texts --on postgres

The server samples itself by its own processor clock, on a signal, so that every greenlet is seen where it really is; a
profiler from outside stops the process to look, which distorts it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

EVERY_SECONDS = 0.002
SECONDS = 10.0
PACE = 200.0
LONG_COLLECTION_SECONDS = 0.02
CROWDS = ("arriving", "waiting", "many")
VISITORS = 500


# In the server


def sample_into(path: str) -> None:
    """Begin to sample at SIGUSR2 and write what was seen at SIGUSR1; imports nothing that has to be patched."""
    seen: Counter[tuple[str, ...]] = Counter()

    def tick(_number: int, frame: Any) -> None:
        stack = []
        while frame is not None:
            code = frame.f_code
            name = "/".join(code.co_filename.rsplit("/", 2)[1:])
            stack.append(f"{code.co_qualname} ({name})")
            frame = frame.f_back
        seen[tuple(stack)] += 1

    def begin(_number: int, _frame: Any) -> None:
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def write(_number: int, _frame: Any) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        rows = (f"{count}\t{';'.join(stack)}" for stack, count in seen.items())
        temporary = f"{path}.part"
        with open(temporary, "w", encoding="utf-8") as file:
            file.write("\n".join(rows))
        os.replace(temporary, path)

    def collecting(phase: str, about: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.perf_counter()
        elif time.perf_counter() - began > LONG_COLLECTION_SECONDS:
            print(f"collection of generation {about['generation']}: {time.perf_counter() - began:.3f} s", flush=True)

    began = 0.0
    gc.callbacks.append(collecting)
    signal.signal(signal.SIGPROF, tick)
    signal.signal(signal.SIGUSR2, begin)
    signal.signal(signal.SIGUSR1, write)


# Beside it

SAMPLED = "from benchmarks.costs import sample_into; sample_into({path!r}); from helpline.cli import main; main()"


async def run(scene: str, out: Path, place: str, visitors: int) -> float:
    """Load a sampled server; processor milliseconds a text, or a second where the scene isn't about texts."""
    from benchmarks import databases, servers
    from benchmarks.people import CHATS_A_COUNSELLOR

    crowd = scene in CROWDS
    database = databases.postgres() if place == "postgres" else None
    stack = contextlib.ExitStack()
    if database is not None:
        stack.callback(database.stop)
    url = stack.enter_context(database.empty_database()) if database is not None else ""
    product = servers.Product("sampled", database=url)
    try:
        product.furnish(visitors // 10 if crowd else 25, 10 if crowd else CHATS_A_COUNSELLOR)
        servers.COMMAND = SAMPLED.format(path=str(out))
        product.start()
        cost = await (_crowd(product, scene, visitors) if crowd else _talk(product, scene))
        while not out.exists():
            await asyncio.sleep(0.1)
        print(
            *(line for line in product.said().splitlines() if "loop_stalled" in line or "collection" in line), sep="\n"
        )
        return cost
    finally:
        product.stop()
        stack.close()


async def _talk(product: Any, manner: Any) -> float:
    from benchmarks.people import talk_on

    talk = await talk_on(product, 50)
    asyncio.get_running_loop().call_later(1.5, product.processes[0].send_signal, signal.SIGUSR2)
    if manner == "paced":
        await talk.at_a_pace(PACE, SECONDS, "real", product.cpu)
    else:
        await talk.as_fast_as_answered(SECONDS, manner, product.cpu)
    product.processes[0].send_signal(signal.SIGUSR1)
    count = await talk.end()
    print(f"{manner}: {count.a_second:.0f} texts a second, {count.cpu_ms:.3f} ms of the processor a text")
    return count.cpu_ms


async def _crowd(product: Any, scene: str, number: int) -> float:
    from benchmarks import crowd
    from benchmarks.load import Talk
    from benchmarks.people import Desk

    size = crowd.Size(number, number / 33, 20.0, 20.0)
    tell = product.processes[0].send_signal
    if scene == "many":
        _, _, chats = await crowd.settle(product, size, 10)
        talk = Talk(chats, gapless=True)
        tell(signal.SIGUSR2)
        watch = crowd.Watch(product)
        await talk.at_a_pace(number / 20, size.talk_seconds, "real", product.cpu)
        figures = watch.figures()
    else:
        product.accounts = product.accounts[:5]
        await Desk(product, 2).open(state="on_phone")
        if scene == "arriving":
            tell(signal.SIGUSR2)
        visitors, figures = await crowd.arrive(product, size)
        if scene == "waiting":
            tell(signal.SIGUSR2)
            figures = await crowd.wait_while_the_queue_moves(product, visitors, size)
    tell(signal.SIGUSR1)
    print(f"{scene}: {figures}; below 'ms' is for each second")
    return 1000 * float(figures["server_share"])


def show(out: Path, cpu_ms: float, rows: int) -> None:
    """Functions by the share of samples they or what they call were in, and by their own."""
    inside: Counter[str] = Counter()
    own: Counter[str] = Counter()
    total = 0
    for line in out.read_text(encoding="utf-8").splitlines():
        count, _, stack = line.partition("\t")
        names = stack.split(";")
        total += int(count)
        own[names[0]] += int(count)
        for name in set(names):
            inside[name] += int(count)
    for title, counter in (("with all they call", inside), ("by themselves", own)):
        print(f"\n{total} samples, functions {title}: share, ms a text")
        for name, count in counter.most_common(rows):
            print(f"{count / total:6.1%} {cpu_ms * count / total:7.4f}  {name}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scene", choices=("texts", "marks", "real", "paced", *CROWDS))
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("costs.txt"), help="file for the samples")
    parser.add_argument("--visitors", type=int, default=VISITORS, help="size of a crowd")
    parser.add_argument("--on", choices=("sqlite", "postgres"), default="sqlite")
    chosen = parser.parse_args()
    if not hasattr(signal, "setitimer"):
        sys.exit("This system has no processor clock to sample by.")
    os.sched_setaffinity(0, {1})
    chosen.out.unlink(missing_ok=True)
    show(chosen.out, asyncio.run(run(chosen.scene, chosen.out, chosen.on, chosen.visitors)), chosen.rows)


if __name__ == "__main__":
    main()
