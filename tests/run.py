#!/usr/bin/python3
"""Runs the suites and adds up: the last line is `N passed, N failed`.

    tests/run.py [SUITE...]       from the top of the repository

What counts as one: a lint script, a test of a cmocka program, a fuzz target
(with its whole corpus), a test of pytest. A skipped test counts as failed, and
so does a suite whose files hold no test: silence is no evidence. The output of
what failed is shown, of the rest a line.

Those that can wait for processors (BESIDE) run beside the others, with what these leave of them.

make test and make check set BUILD, SANITIZE, CC and PERIGEE_BIN.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from pathlib import Path

TESTS = Path(__file__).resolve().parent
REPO = TESTS.parent
BUILD = Path(os.environ.get("BUILD", "build"))

# Findings end a program, by abort where tests/fuzz/replay.c wants to hear of it.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "abort_on_error=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "abort_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


class Result:
    """Of one suite: counts, and the output of what failed."""

    def __init__(self):
        self.passed = self.failed = 0
        self.output = []
        self.files = 0

    def add(self, name, passed, failed, output):
        self.files += 1
        self.passed += passed
        self.failed += failed
        if failed:
            self.output.append(f"--- {name}\n{output.strip()}\n")


def run(argv, seconds, env=None):
    """(exit status, output). What it started goes with it when it takes too long."""
    child = subprocess.Popen(
        [str(a) for a in argv], cwd=REPO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
        env={**SANITIZER_OPTIONS, **os.environ, **(env or {})})
    running.add(child.pid)
    try:
        output, _ = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        output, _ = child.communicate()
        output += f"\n(killed after {seconds} s)"
    finally:
        running.discard(child.pid)
    return child.returncode, output


running = set()  # process groups, to be ended when we are


def leave(sig, _):
    for group in list(running):
        try:
            os.killpg(group, signal.SIGTERM)
        except ProcessLookupError:
            pass
    sys.exit(128 + sig)


# ---- suites ------------------------------------------------------------------


def lint(result):
    for script in sorted((TESTS / "lint").glob("*.sh")):
        status, output = run([script], 900)
        result.add(script.name, status == 0, status != 0, output)


def analysis(result):
    """What clang-tidy finds by following each way through each function."""
    script = TESTS / "lint/tidy.sh"
    status, output = run([script, "paths"], 5400)
    result.add(script.name, status == 0, status != 0, output)


def unit(result):
    for source in sorted((TESTS / "unit").glob("test_*.c")):
        program = BUILD / "tests/unit" / source.stem
        status, output = run([program.absolute()], 300, {"CMOCKA_MESSAGE_OUTPUT": "TAP"})
        passed, failed = count_tap(output)
        if status != 0 and failed == 0 or passed + failed == 0:
            failed += 1  # it crashed, or said nothing
            output += f"\n({program} ended with status {status} after {passed} tests)"
        result.add(source.stem, passed, failed, output)


def count_tap(output):
    lines = re.findall(r"^(not ok|ok) \d+ ?-? ?(# SKIP)?", output, re.M)
    passed = sum(word == "ok" and not skip for word, skip in lines)
    return passed, len(lines) - passed


def fuzz(result):
    for source in sorted((TESTS / "fuzz").glob("fuzz_*.c")):
        corpus = TESTS / "fuzz/corpus" / source.stem.removeprefix("fuzz_")
        status, output = run([(BUILD / "tests/fuzz" / source.stem).absolute(), corpus], 600)
        result.add(source.stem, status == 0, status != 0, output)


def pytest_suite(folder, *options, only="test_*.py", seconds=3600, **environment):
    def suite(result):
        files = sorted((TESTS / folder).glob(only))
        if not files:
            return
        with tempfile.TemporaryDirectory() as temp:
            report = Path(temp) / "report.xml"
            argv = [sys.executable, "-m", "pytest", "-q", "-rfEs", "--tb=short",
                    f"--junitxml={report}", *options, *files]
            status, output = run(argv, seconds, {"PYTHONPATH": str(TESTS), **environment})
            passed, failed = count_junit(report)
        if status != 0 and failed == 0 or passed + failed == 0:
            failed += 1
        result.add(folder, passed, failed, output)
        result.files = len(files)

    return suite


def count_junit(report):
    try:
        cases = list(ET.parse(report).iter("testcase"))
    except (OSError, ET.ParseError):
        return 0, 0
    bad = sum(any(case.find(tag) is not None for tag in ("failure", "error", "skipped"))
              for case in cases)
    return len(cases) - bad, bad


# In the order of how soon they tell what is wrong.
SUITES = {
    "lint": lint,
    "unit": unit,
    "fuzz": fuzz,
    "scripts": pytest_suite("scripts", "-n", "2"),
    "keys": pytest_suite("keys", "-n", "2"),
    "sandbox": pytest_suite("sandbox", "-n", "2", "--dist", "loadfile"),
    "stack": pytest_suite("stack", "-n", "2"),
    "bench": pytest_suite("bench", "-n", "2", "--dist", "loadfile"),
    # A file at a time: its tests may share one chain. They wait more than they work.
    "e2e": pytest_suite("e2e", "-n", "4", "--dist", "loadfile"),
}

BESIDE = ("lint", "scripts", "bench", "sandbox", "keys")  # in this order: those that use all they get last

# Of `make soak` only.
SOAK = {
    "analysis": analysis,
    "simulation": pytest_suite("scripts", "-n", "2", only="test_simulation.py", SOAK="1"),
}


class Suite:
    """A suite that runs, and what came of it."""

    def __init__(self, name):
        self.name, self.work = name, {**SUITES, **SOAK}[name]
        self.result = Result()
        self.ended = False  # stays so where this program has a fault itself

    def run(self):
        start = time.monotonic()
        self.work(self.result)
        self.ended = True
        self._tell(f"{time.monotonic() - start:.1f} s")

    def _tell(self, took):
        r = self.result
        counts = f"{r.passed:5} passed {r.failed:5} failed {took:>9}" if r.files else " no tests yet"
        lines = [*r.output, f"{self.name:10} {counts}"]
        print("\n".join(lines), flush=True)


def run_all(suites):
    for suite in suites:
        suite.run()


def run_beside(suites):
    """In a thread of its own, whose priority is what its children begin with."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
    run_all(suites)


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("suite", nargs="*", help=" ".join([*SUITES, *SOAK]))
    args = p.parse_args()
    unknown = [s for s in args.suite if s not in SUITES and s not in SOAK]
    if unknown:
        p.error(f"unknown suite {unknown[0]}; there are: {' '.join([*SUITES, *SOAK])}")
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, leave)

    suites = [Suite(name) for name in args.suite or SUITES]
    can_wait = sorted((s for s in suites if s.name in BESIDE), key=lambda s: BESIDE.index(s.name))
    beside = threading.Thread(target=run_beside, args=(can_wait,), daemon=True)
    beside.start()
    run_all([s for s in suites if s not in can_wait])
    beside.join()

    passed = sum(suite.result.passed for suite in suites)
    failed = sum(suite.result.failed + (not suite.ended) for suite in suites)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
