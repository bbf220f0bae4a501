"""Load, by wrk: as many requests as its connections can make one after the other."""

import json
import random
import subprocess
from collections import namedtuple
from itertools import accumulate
from pathlib import Path

from ..shield.peers import Failed

SCRIPT = Path(__file__).with_name("load.lua")

Load = namedtuple("Load", "requests seconds bytes failed p50 p99")


def zipf(n, draws, seed=1):
    """Numbers from 1 to n, the k-th most wanted one with a chance of 1/k."""
    weights = list(accumulate(1 / k for k in range(1, n + 1)))
    return random.Random(seed).choices(range(1, n + 1), cum_weights=weights, k=draws)


def write_lines(path, values):
    path.write_text("".join(f"{value}\n" for value in values))
    return path


def run(port, targets, *, draws=None, coding="identity", connections=32, seconds=1, exact=False):
    """`targets` and `draws` are files (load.lua). `exact`: all that is sent is answered, so that
    `requests` is the number of both."""
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds + exact}s", "--timeout", "20s",
         "-s", SCRIPT, f"http://127.0.0.1:{port}", "--", targets, draws or "", coding,
         str(seconds if exact else 0)],
        capture_output=True, text=True, timeout=seconds + 60)
    if done.returncode != 0:
        raise Failed(f"wrk: {done.stderr or done.stdout}")
    load = Load(**json.loads(done.stdout.splitlines()[-1]))
    if load.failed or not load.requests:
        raise Failed(f"wrk: {load}")
    return load
