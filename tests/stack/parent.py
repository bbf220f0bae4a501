"""Notices that make, which started us, was told to stop.

A signal to make's own pid (kill -INT, a supervisor, an editor) does not reach
us by itself. On TERM, GNU make passes TERM on. On INT, HUP and QUIT it counts
on the terminal having told everybody, and waits for its children, for ever if
need be. But before it waits, its handler gives the signal back its default
action, and that shows in SigCgt, the mask of caught signals in /proc/PID/status.
"""

import os
import re
import signal

WATCHED = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def _status(pid):
    try:
        with open(f"/proc/{pid}/status") as f:
            return f.read()
    except OSError:
        return ""


def _caught(pid):
    """The watched signals that a process has handlers for; None: it is gone."""
    mask = re.search(r"^SigCgt:\s*(\w+)", _status(pid), re.M)
    if not mask:
        return None
    bits = int(mask.group(1), 16)
    return {s for s in WATCHED if bits >> (s - 1) & 1}


def _makes():
    """Our parent, its parent and so on, as far as they are make."""
    pid = os.getppid()
    while True:
        status = _status(pid)
        if not re.search(r"^Name:\s*g?make$", status, re.M):
            return
        yield pid
        pid = int(re.search(r"^PPid:\s*(\d+)", status, re.M).group(1))


class Parent:
    """Remembers how things are now; `wants_us_to_stop` when they have changed."""

    def __init__(self):
        self.pid = os.getppid()
        self.makes = {pid: _caught(pid) for pid in _makes()}

    def wants_us_to_stop(self):
        if os.getppid() != self.pid:
            return True
        for pid, before in self.makes.items():
            now = _caught(pid)
            if now is None or before - now:
                return True
        return False
