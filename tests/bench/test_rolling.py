"""The rolling benchmark in miniature, and that what fails fails it."""

import json
import os
import subprocess
from pathlib import Path

RUN = Path(__file__).with_name("run")


def bench(folder, **parameters):
    names = {f"BENCH_{name}": value for name, value in parameters.items()}
    done = subprocess.run([RUN], capture_output=True, text=True, timeout=200, env={
        **os.environ, "BUILD": str(folder), "BENCH": "rolling", "BENCH_SECONDS": "1", **names})
    return done, json.loads((folder / "bench/rolling.json").read_text())


def test_all_of_it_in_miniature(tmp_path):
    done, written = bench(tmp_path, ROLLING="reload", RATE="200", LEAST="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith((tmp_path / "bench/rolling.txt").read_text())
    one = written["scenarios"]["reload"]
    assert one["failed"] == 0 and one["failures"] == [] and one["steps"] >= 1
    assert one["requests"] == one["counted"] == sum(one["statuses"].values())
    assert one["slowest"] >= one["p99"] > 0


def test_too_few_requests_are_no_proof(tmp_path):
    done, _ = bench(tmp_path, ROLLING="reload", RATE="50", LEAST="1000")
    assert done.returncode == 1
    assert "the goals were missed: reload" in done.stderr
