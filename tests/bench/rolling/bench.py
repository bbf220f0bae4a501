"""Puts a chain under load, disturbs it for a while, and counts what clients noticed."""

import json
import sys
from collections import Counter

from stack.rolling import SCENARIOS, run as disturb

from ..parameters import number
from ..shield.peers import Failed
from . import report


# Enough for those who wait while the only worker is started anew.
CONNECTIONS = 256


class Parameters:
    """From the environment: BENCH_SECONDS of each of BENCH_ROLLING at BENCH_RATE requests a second;
    fewer than BENCH_LEAST are too few."""

    def __init__(self, environment):
        self.seconds = number(environment, "SECONDS", "20")
        self.rate = number(environment, "RATE", "2000")
        self.least = number(environment, "LEAST", "1000")
        self.scenarios = (environment.get("BENCH_ROLLING") or " ".join(SCENARIOS)).split()
        for name in self.scenarios:
            if name not in SCENARIOS:
                raise Failed(f"BENCH_ROLLING is some of {' '.join(SCENARIOS)}, not {name!r}")


def measure(name, parameters):
    scenario = SCENARIOS[name]
    # Nobody writes an access log, as in the other benchmarks; workers do.
    with scenario.chain(access_log=False) as stack:
        load, steps, counted = disturb(stack, scenario, parameters.rate,
                                       lambda _, seconds: seconds >= parameters.seconds,
                                       connections=CONNECTIONS, between=1)
    return {"steps": len(steps), "done": Counter(steps), "seconds": load.took,
            "requests": load.answered, "rate": load.rate, "failed": load.failed,
            "failures": load.failures, "sent_again": load.sent_again, "p99": load.p99,
            "slowest": load.slowest, "counted": counted, "statuses": load.statuses}


def run(environment, out):
    """Returns the report; it is in out/rolling.txt and out/rolling.json too."""
    parameters = Parameters(environment)
    out.mkdir(parents=True, exist_ok=True)
    result = {"parameters": vars(parameters),
              "scenarios": {name: measure(name, parameters) for name in parameters.scenarios}}
    text = report.whole(result)
    (out / "rolling.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "rolling.txt").write_text(text)
    missed = [name for name, one in result["scenarios"].items()
              if one["failed"] or one["rate"] < parameters.least]
    if missed:
        print(text, file=sys.stderr)
        raise Failed(f"the goals were missed: {' '.join(missed)}")
    return result
