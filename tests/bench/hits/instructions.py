"""Instructions that a worker spends on a hit, by callgrind: they don't depend on the machine's mood.

Two runs differ in nothing but how often they ask; the difference belongs to the hits.
"""

import re
import subprocess
from collections import Counter

from ..shield.peers import Failed
from . import peers
from .fetch import fetch

FEW = 200  # until everything is where it shall be answered from
SHOWN = 40  # functions in a profile


class Counted(peers.Perigee):
    """With one worker, which callgrind watches."""

    workers = 1

    def __init__(self, source, folder):
        super().__init__(source)
        self.counts = folder / "callgrind.out"
        program = folder / "perigee"
        program.write_text(f"#!/bin/sh\nexec valgrind --tool=callgrind"
                           f" --callgrind-out-file='{self.counts}' '{self.stack.binary}' \"$@\"\n")
        program.chmod(0o755)
        self.stack.binary = program
        self.stack.patience *= 4


def measure(source, world, times, folder):
    """{page: {coding: (instructions of a hit, {function: its own})}}"""
    return {page: {coding: of_a_hit(source, folder, targets[0], coding, times)
                   for coding in ("identity", "gzip")}
            for page, targets in world.targets.items()}


def of_a_hit(source, folder, target, coding, times):
    few, many = (counted(source, folder, target, coding, n) for n in (FEW, FEW + times))
    many.subtract(few)
    own = {name: n / times for name, n in many.most_common(SHOWN)}
    return sum(many.values()) / times, own


def counted(source, folder, target, coding, times):
    """{function: instructions of its own} of a worker that answers so many times."""
    with Counted(source, folder) as worker:
        fetch(worker.port, [target] * times, coding)
    done = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no",
                           worker.counts], text=True, capture_output=True, check=True)
    found = Counter()
    for number, name in re.findall(r"^ *([\d,]+) +\S*?([^/\s:]+:\S+)", done.stdout, re.M):
        found[name] += int(number.replace(",", ""))
    if not found:
        raise Failed(f"callgrind has counted nothing:\n{done.stdout[:1000]}")
    return found
