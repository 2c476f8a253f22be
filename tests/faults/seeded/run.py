"""Puts each seeded fault into a copy of the checkout and demands that the named tests turn red: `make seeded`.

A patch says in front of its diff what it breaks and, in lines that begin with `Turns red:`, which tests must see it.
Every named test has to be green without the patch, and with it has to fail an assertion: a test that can't even run
proves nothing. Exits 1 when a fault stays unseen or its patch no longer applies.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as Xml
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PATIENCE = 180
ASSERTION = re.compile(r"AssertionError\b|assert\b|Failed: DID NOT RAISE")
NAMED = re.compile(r"^Turns red: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """A patch: what it breaks, in a sentence, and the tests that must see it."""

    patch: Path
    sentence: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How one test went: `passed`, `failed` (an assertion), or `broken` (anything else), and what it said."""

    how: str
    said: str = ""


def faults(folder: Path = HERE) -> list[Fault]:
    """All patches, in the order of their numbers."""
    found = []
    for patch in sorted(folder.glob("*.patch")):
        header = patch.read_text(encoding="utf-8").partition("diff --git ")[0]
        found.append(Fault(patch, header.strip().splitlines()[0], tuple(NAMED.findall(header))))
    return found


def copy_checkout(folder: Path) -> None:
    """The files of the checkout that git knows, as they are now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def apply(patch: Path, folder: Path) -> str:
    """Put the fault in; '' or why it does not apply."""
    # A folder for temporary files may itself lie in a repository, whose root the paths would be taken from.
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = subprocess.run(
        ["git", "apply", str(patch)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stderr.strip()


def run_tests(folder: Path, tests: Collection[str]) -> dict[str, Outcome]:
    """Run these tests on the code in `folder`; the outcome of each, the worst of its variants."""
    report = folder / "report.xml"
    # A patched file may be as long and as old as the one before: no compiled file is trusted.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *sorted(tests)]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return {test: Outcome("broken", f"not done in {PATIENCE} s") for test in tests}
    if done.returncode not in (0, 1):
        # Nothing was run at all: a test or a file of that name is not there, or can't be imported.
        why = " ".join((done.stderr.strip() or done.stdout)[-300:].split())
        return {test: Outcome("broken", why) for test in tests}
    return outcomes_in(report.read_text(encoding="utf-8"), tests)


def outcomes_in(report: str, tests: Collection[str]) -> dict[str, Outcome]:
    """What a JUnit report says of these tests. A test with variants is as bad as its worst."""
    cases: dict[str, list[Outcome]] = {}
    for case in Xml.fromstring(report).iter("testcase"):  # noqa: S314 - pytest wrote it just now
        name = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '')}"
        for known in {name, name.partition("[")[0]}:
            cases.setdefault(known, []).append(_outcome(case))
    worst = ("passed", "failed", "broken")
    return {
        test: max(cases.get(test, [Outcome("broken", "was not run")]), key=lambda outcome: worst.index(outcome.how))
        for test in tests
    }


def _outcome(case: Xml.Element) -> Outcome:
    for kind in ("error", "skipped", "failure"):
        found = case.find(kind)
        if found is not None:
            said = found.get("message", "")
            right = kind == "failure" and ASSERTION.match(said)
            return Outcome("failed" if right else "broken", " ".join(said.split()))
    return Outcome("passed")


def judge(fault: Fault, before: Mapping[str, Outcome], after: Mapping[str, Outcome]) -> list[str]:
    """Why this fault does not count as seen; nothing when every named test is green without and red with it."""
    wrong = [] if fault.tests else ["names no test"]
    for test in fault.tests:
        if before[test].how != "passed":
            wrong.append(f"{test} is not green without the fault: {before[test].said}")
        elif after[test].how == "passed":
            wrong.append(f"{test} stays green")
        elif after[test].how == "broken":
            wrong.append(f"{test} fails for another reason: {after[test].said}")
    return wrong


def main(wanted: Sequence[str] = ()) -> int:
    """Try every fault, or those whose file name begins with one of `wanted`; prints a table."""
    chosen = [fault for fault in faults() if not wanted or fault.patch.name.startswith(tuple(wanted))]
    began, unseen = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as place:
        clean = Path(place) / "clean"
        copy_checkout(clean)
        before = run_tests(clean, {test for fault in chosen for test in fault.tests})
        for fault in chosen:
            started = time.monotonic()
            folder = Path(place) / fault.patch.stem
            copy_checkout(folder)
            refused = apply(fault.patch, folder)
            after = {} if refused else run_tests(folder, fault.tests)
            wrong = [f"does not apply: {refused}"] if refused else judge(fault, before, after)
            unseen += bool(wrong)
            word = "UNSEEN" if wrong else "red"
            print(f"{fault.patch.stem:32} {word:7} {time.monotonic() - started:5.1f} s  {fault.sentence}", flush=True)
            for line in wrong or [f"{test}: {after[test].said[:110]}" for test in fault.tests]:
                print(f"    {line}", flush=True)
            shutil.rmtree(folder)
    print(f"{len(chosen) - unseen} of {len(chosen)} seeded faults are seen; {time.monotonic() - began:.0f} s")
    return 1 if unseen or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
