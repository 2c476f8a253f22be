"""The seeded faults do not rot: each still applies, names tests that exist, and is judged by what really happened."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.seeded import run
from tests.faults.seeded.run import Fault, Outcome, faults, judge, outcomes_in

ROOT = run.ROOT
PROMISES = (
    "acknowledged-before-commit",
    "pushed-before-commit",
    "client-id-not-unique",
    "capacity-ignored",
    "access-skipped",
    "expiry-skipped",
    "gap-in-seq",
    "additional-data-unbound",
    "double-accept",
    "missed-row-dropped",
)


def test_every_promise_has_its_fault() -> None:
    names = [fault.patch.stem.partition("-") for fault in faults()]
    assert [number for number, _, _ in names] == [f"{number:02}" for number in range(1, len(names) + 1)]
    assert tuple(name for _, _, name in names)[: len(PROMISES)] == PROMISES


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.patch.stem)
def test_the_patch_still_applies(fault: Fault) -> None:
    done = subprocess.run(
        ["git", "apply", "--check", str(fault.patch)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"mend it together with the code it breaks: {done.stderr}"


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.patch.stem)
def test_the_patch_says_what_it_breaks_and_which_tests_see_it(fault: Fault) -> None:
    assert fault.sentence.endswith(".")
    assert fault.tests
    for test in fault.tests:
        file, _, name = test.partition("[")[0].partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_the_tests_that_see_them_are_there_with_their_variants() -> None:
    named = sorted({test for fault in faults() for test in fault.tests})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *named]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]


REPORT = """<testsuites><testsuite>
<testcase classname="tests.a.test_x" name="test_green"/>
<testcase classname="tests.a.test_x" name="test_red"><failure message="AssertionError: no"/></testcase>
<testcase classname="tests.a.test_x" name="test_plain"><failure message="assert 1 == 2"/></testcase>
<testcase classname="tests.a.test_x" name="test_quiet"><failure message="Failed: DID NOT RAISE Refused"/></testcase>
<testcase classname="tests.a.test_x" name="test_lost"><failure message="ImportError: cannot import"/></testcase>
<testcase classname="tests.a.test_x" name="test_setup"><error message="failed on setup with KeyError"/></testcase>
<testcase classname="tests.a.test_x" name="test_out"><skipped message="not now"/></testcase>
<testcase classname="tests.a.test_x" name="test_many[one]"/>
<testcase classname="tests.a.test_x" name="test_many[two]"><failure message="assert not True"/></testcase>
<testcase classname="" name="tests.a.test_y"><error message="collection failure"/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("test_x.py::test_green", "passed"),
        ("test_x.py::test_red", "failed"),
        ("test_x.py::test_plain", "failed"),
        ("test_x.py::test_quiet", "failed"),
        ("test_x.py::test_many", "failed"),
        ("test_x.py::test_many[one]", "passed"),
        ("test_x.py::test_lost", "broken"),
        ("test_x.py::test_setup", "broken"),
        ("test_x.py::test_out", "broken"),
        ("test_y.py::test_never_collected", "broken"),
    ],
)
def test_only_a_failed_assertion_is_red(name: str, how: str) -> None:
    assert outcomes_in(REPORT, [f"tests/a/{name}"])[f"tests/a/{name}"].how == how


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        ("passed", "failed", True),
        ("passed", "passed", False),
        ("passed", "broken", False),
        ("failed", "failed", False),
        ("broken", "failed", False),
    ],
)
def test_a_fault_is_seen_when_a_green_test_turns_red(before: str, after: str, seen: bool) -> None:
    fault = Fault(Path("x.patch"), "Something is broken.", ("a.py::test_a",))
    wrong = judge(fault, {"a.py::test_a": Outcome(before)}, {"a.py::test_a": Outcome(after)})
    assert (wrong == []) == seen


def test_a_fault_that_names_no_test_is_not_seen() -> None:
    assert judge(Fault(Path("x.patch"), "Something is broken.", ()), {}, {}) != []
