"""The hit benchmark in miniature, and its arithmetic."""

import json
import os
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from .hits import load, measure, pages, processes, report


def run(tmp_path, **environment):
    return subprocess.run(
        [Path(__file__).with_name("run")], capture_output=True, text=True, timeout=240,
        env={**os.environ, "BUILD": str(tmp_path), "BENCH": "hits", "BENCH_ROUNDS": "1",
             "BENCH_KEYS": "5", "BENCH_KEPT": "20", "BENCH_CONNECTIONS": "4",
             "BENCH_INSTRUCTIONS": "0", **environment})


def test_all_of_it_in_miniature(tmp_path):
    """A few seconds of it: that it runs, and that all that was asked is counted."""
    done = run(tmp_path, BENCH_HITS="shelf micro cache compressing")
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "bench/hits.json").read_text())
    assert done.stdout.startswith((tmp_path / "bench/hits.txt").read_text())
    assert len(written["cells"]) == 8
    for cell in written["cells"]:
        assert set(cell["peers"]) == {"shelf", "micro", "cache"} | (
            {"compressing"} if cell["coding"] == "gzip" else set())
        for numbers in cell["peers"].values():
            assert numbers["rate"] > 0 and numbers["cpu"] > 0
            assert numbers["p99"] >= numbers["p50"] > 0
        assert cell["peers"]["cache"]["cpu_times"] == 1
    assert set(written["counted"]) == {"shelf", "micro"}
    for sent, counted in written["counted"].values():
        assert sent == counted > 100
    assert set(written["kept"]) == {"cache"}
    assert 20_000 < written["sizes"]["list"]["identity"] < 30_000
    assert written["redis"]["object"] > 100


def test_a_mistake_in_the_parameters_is_named(tmp_path):
    for name, value in (("BENCH_ROUNDS", "x"), ("BENCH_HITS", "cache squid"),
                        ("BENCH_HITS", "micro"), ("BENCH", "hits nonsense")):
        done = run(tmp_path, **{name: value})
        assert done.returncode == 1 and name in done.stderr, done


def test_the_keys_are_wanted_by_zipfs_law():
    wanted = Counter(load.zipf(100, 100_000))
    assert set(wanted) == set(range(1, 101))
    for k in (2, 3, 5, 10):
        assert wanted[1] / wanted[k] == pytest.approx(k, rel=0.1)
    assert load.zipf(5, 10) == load.zipf(5, 10)


def test_pages_are_different_ones():
    assert len(set(pages.lists(10_000))) == 10_000
    assert pages.details(3, lambda endpoint: [1, 2]) == [
        "/2.3.0/spacecraft/1/", "/2.3.0/spacecraft/2/", "/2.3.0/space_stations/1/"]


def test_ratios_are_those_of_the_same_round():
    """The machine was three times as slow in the second round."""
    def round(cpu):
        return {"cpu": cpu, "rate": 1, "p50": 1, "p99": 1}

    found = measure.medians({"a": [round(2), round(6), round(2)],
                             "ref": [round(1), round(3), round(4)]}, "ref")
    assert (found["a"]["cpu"], found["a"]["cpu_times"]) == (2, 2)
    cells = [{"peers": {"a": {"cpu": cpu}, "b": {"cpu": 2}}} for cpu in (1, 2, 4)]
    assert measure.over_cells(cells, "a", "cpu") == (2, 4)
    assert measure.over_cells(cells, "a", "cpu", against="b") == (1, 2)
    assert measure.over_cells(cells, "c", "cpu") is None


def test_processor_time_is_that_of_the_whole_family():
    busy = subprocess.Popen(["sh", "-c", "(while :; do :; done) & wait"], start_new_session=True)
    try:
        before = processes.cpu_times([busy.pid])
        ends = time.monotonic() + 30
        while processes.spent(before, processes.cpu_times([busy.pid])) < 0.05:
            assert time.monotonic() < ends
        assert len(processes.family([busy.pid])) == 2
        assert processes.memory_bytes(processes.family([busy.pid])) > 10_000
    finally:
        os.killpg(busy.pid, 9)
        busy.wait()


def test_tables_name_what_was_asked():
    cell = {"page": "list", "coding": "gzip", "keys": 1, "connections": 32}
    assert report.name(cell) == "list, gzip, one key, 32 connections"
    assert report.name({**cell, "keys": 9}) == "list, gzip, 9 keys, 32 connections"
    assert report.megabytes(1_230_000) == "1.2 MB"
