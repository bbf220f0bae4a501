#!/usr/bin/python3
"""Runs the suites and adds up: the last line is `N passed, N failed`.

    tests/run.py [--quick] [SUITE...]       from the top of the repository

What counts as one: a lint script, a test of a cmocka program, a fuzz target
(with its whole corpus), a test of pytest. A skipped test counts as failed, and
so does a suite whose files hold no test: silence is no evidence. The output of
what failed is shown, of the rest a line.

The lints that take longer than all others together run beside the other suites, with what those leave
of the processors, and are told last (`analysis`).

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

# Lints that take longer than all the others together, and need no more than processors.
SLOW_LINTS = {"tidy.sh"}

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
        if script.name not in SLOW_LINTS:
            status, output = run([script], 900)
            result.add(script.name, status == 0, status != 0, output)


def slow_lints(result):
    for name in sorted(SLOW_LINTS):
        status, output = run(["nice", "-n", "19", TESTS / "lint" / name], 5400)
        result.add(name, status == 0, status != 0, output)


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


def pytest_suite(folder, *options, seconds=3600):
    def suite(result):
        files = sorted((TESTS / folder).glob("test_*.py"))
        if not files:
            return
        with tempfile.TemporaryDirectory() as temp:
            report = Path(temp) / "report.xml"
            argv = [sys.executable, "-m", "pytest", "-q", "-rfEs", "--tb=short",
                    f"--junitxml={report}", *options, *files]
            status, output = run(argv, seconds, {"PYTHONPATH": str(TESTS)})
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
    "e2e": pytest_suite("e2e", "-n", "3", "--dist", "loadfile"),
}


class Suite:
    """A suite that runs, and what came of it."""

    def __init__(self, name, work):
        self.name, self.work = name, work
        self.result = Result()

    def run(self):
        start = time.monotonic()
        self.work(self.result)
        self.took = f"{time.monotonic() - start:.1f} s"
        return self

    def tell(self):
        r = self.result
        for text in r.output:
            print(text)
        counts = f"{r.passed:5} passed {r.failed:5} failed {self.took:>9}" if r.files else " no tests yet"
        print(f"{self.name:8} {counts}", flush=True)
        return r


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--quick", action="store_true", help="leave out the slow lints")
    p.add_argument("suite", nargs="*", help=" ".join(SUITES))
    args = p.parse_args()
    unknown = [s for s in args.suite if s not in SUITES]
    if unknown:
        p.error(f"unknown suite {unknown[0]}; there are: {' '.join(SUITES)}")
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, leave)

    names = args.suite or list(SUITES)
    analysis = Suite("analysis", slow_lints)
    beside = threading.Thread(target=analysis.run, daemon=True)
    wanted = "lint" in names and not args.quick
    if wanted:
        beside.start()
    results = [Suite(name, SUITES[name]).run().tell() for name in names]
    if wanted:
        beside.join()
        results.append(analysis.tell())

    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
