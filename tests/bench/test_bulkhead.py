"""The bulkhead benchmark in miniature, and what it would not take for waiting."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from stack import Stack

from .bulkhead import bench
from .bulkhead.waiting import Waiting
from .shield.peers import Failed


def test_all_of_it_in_miniature(tmp_path):
    done = subprocess.run(
        [Path(__file__).with_name("run")], capture_output=True, text=True, timeout=120,
        env={**os.environ, "BUILD": str(tmp_path), "BENCH": "bulkhead", "BENCH_ROUNDS": "2",
             "BENCH_WAITING": "20"})
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "bench/bulkhead.json").read_text())
    assert done.stdout.startswith((tmp_path / "bench/bulkhead.txt").read_text())
    assert list(written["cases"]) == ["nobody", "one", "many"]
    for case in written["cases"].values():
        assert case["rate"] > 0 and case["p99"] >= case["p50"] > 0
        assert case["times_worst"] >= case["times"] > 0
    assert written["cases"]["nobody"]["times"] == 1


def test_who_is_answered_at_once_has_not_waited():
    targets = [bench.pages.LIST + f"?search=x{i}" for i in range(2)]
    with Stack(quota="none") as stack:
        origin = bench.Origin(stack.sandbox)
        with pytest.raises(Failed, match="did not wait"):
            with Waiting(stack.port, origin, targets, 4):
                origin.lift()
                bench.fetch(stack.port, targets)  # by then theirs have come too
        # Nothing hangs any more.
        bench.fetch(stack.port, [bench.pages.LIST + "?search=y"])


@pytest.mark.parametrize("rounds, alone, times, worst", [
    ([0.2, 0.4, 0.3], [0.1, 0.1, 0.3], 2, 4), ([0.1], [0.2], 0.5, 0.5)])
def test_rounds_are_compared_one_by_one(rounds, alone, times, worst):
    def loads(values):
        return [{"requests": 10, "seconds": 2, "p50": 0.1, "p99": value} for value in values]

    found = bench.summary(loads(rounds), loads(alone))
    assert (found["times"], found["times_worst"]) == pytest.approx((times, worst))
    assert (found["rate"], found["p50"]) == (5, 0.1)
