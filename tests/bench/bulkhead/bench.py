"""Measures hits while nobody waits and while many do, in turn, over and over."""

import json
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from stack import Stack

from ..hits import load, pages
from ..hits.fetch import fetch
from ..parameters import number
from ..shield.peers import Failed
from . import report
from .waiting import Waiting

KEYS = 200  # different pages that hits ask for
DRAWS = 100000
CONNECTIONS = 32
PATIENCE = 30

# name: how many different targets those who wait want; 0: nobody waits
CASES = {"nobody": 0, "one": 1, "many": 10}


class Parameters:
    """From the environment: BENCH_ROUNDS, BENCH_SECONDS, BENCH_WAITING."""

    def __init__(self, environment):
        self.rounds = number(environment, "ROUNDS", "7")
        self.seconds = number(environment, "SECONDS", "1")
        self.waiting = number(environment, "WAITING", "200")


class Origin:
    """Orders to the sandbox."""

    def __init__(self, base):
        self._base = base

    def _order(self, method, path, given=None):
        data = None if given is None else json.dumps(given).encode()
        with urlopen(Request(f"{self._base}/_sandbox/{path}", data, method=method)) as answer:
            return json.load(answer)

    def fault(self, kind):
        self._order("POST", "faults", {"kind": kind})

    def lift(self):
        self._order("DELETE", "faults")

    @property
    def report(self):
        return self._order("GET", "calls?log=0")

    def await_seen(self, number):
        end = time.monotonic() + PATIENCE
        while self.report["seen"] < number:
            if time.monotonic() > end:
                raise Failed(f"upstream was not asked {number} times")
            time.sleep(0.01)


def measure(stack, origin, parameters, folder, case, turn):
    """wrk's numbers while those of the case wait."""
    targets = load.write_lines(folder / "targets", pages.lists(KEYS))
    draws = load.write_lines(folder / "draws", load.zipf(KEYS, DRAWS, turn))

    def hits():
        return load.run(stack.port, targets, draws=draws, connections=CONNECTIONS,
                        seconds=parameters.seconds)

    if not CASES[case]:
        return hits()
    cold = [f"{pages.LIST}?search=hung{turn}x{case}x{i}" for i in range(CASES[case])]
    with Waiting(stack.port, origin, cold, parameters.waiting):
        return hits()


def run(environment, out):
    """Returns the report; it is in out/bulkhead.txt and out/bulkhead.json too."""
    parameters = Parameters(environment)
    out.mkdir(parents=True, exist_ok=True)
    measured = {case: [] for case in CASES}
    config = {"server.wait": f"{parameters.seconds + PATIENCE}s",
              "upstream.timeout": f"{parameters.seconds + 2 * PATIENCE}s"}
    # Not out of nginx' micro-cache: the workers are what others wait in.
    with Stack(quota="none", workers=2, config=config, micro_cache=False) as stack, \
            TemporaryDirectory() as folder:
        origin = Origin(stack.sandbox)
        for _ in range(2):  # both workers have it in memory then
            fetch(stack.port, pages.lists(KEYS))
        for turn in range(parameters.rounds):
            order = list(CASES)[::-1] if turn % 2 else list(CASES)
            for case in order:
                measured[case].append(
                    measure(stack, origin, parameters, Path(folder), case, turn)._asdict())
    result = {"parameters": vars(parameters), "cases": {
        case: summary(rounds, measured["nobody"]) for case, rounds in measured.items()}}
    (out / "bulkhead.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "bulkhead.txt").write_text(report.whole(result))
    return result


def summary(rounds, alone):
    """Medians, and what each round's p99 is to that of the same round in which nobody waited."""
    times = [one["p99"] / other["p99"] for one, other in zip(rounds, alone)]
    return {"rate": median(one["requests"] / one["seconds"] for one in rounds),
            "p50": median(one["p50"] for one in rounds),
            "p99": median(one["p99"] for one in rounds),
            "times": median(times), "times_worst": max(times), "rounds": rounds}
