"""What processes use: those that were started, and all that they have started."""

import ctypes
import time
from collections import defaultdict
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)


def family(roots):
    """Process ids of the roots and of everything below them."""
    children = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:  # it has ended
            continue
        children[int(stat.rpartition(")")[2].split()[1])].append(int(folder.name))
    found, left = [], list(roots)
    while left:
        found.append(left.pop())
        left += children[found[-1]]
    return found


def cpu_times(roots):
    """{process: seconds of all its threads, since it was started}, to the nanosecond, where /proc
    counts hundredths."""
    found = {}
    for pid in family(roots):
        clock = ctypes.c_int()
        if _LIBC.clock_getcpuclockid(pid, ctypes.byref(clock)) == 0:  # else it has ended
            found[pid] = time.clock_gettime(clock.value)
    return found


def spent(before, after):
    """Between two cpu_times(), by those who are still there. (nginx has a process that ends after a
    minute, and has nothing to do.)"""
    return sum(seconds - before.get(pid, 0) for pid, seconds in after.items())


def memory_bytes(pids):
    """What would be free without them: what several share is counted once (PSS)."""
    return sum(_pss(pid) for pid in pids)


def _pss(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} tells no Pss")


def file_bytes(folder):
    """What files take in memory, for as long as they are kept there."""
    return sum(path.stat().st_blocks * 512 for path in Path(folder).rglob("*") if path.is_file())
