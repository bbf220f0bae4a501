"""One process that the stack started: its log, its end."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

# Loaded here, because nothing may be loaded between fork and exec.
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class Child:
    """A process with its own session and a log file for both outputs.

    Its own session: Ctrl-C in a terminal goes to the runner alone, which then
    ends things in order. Whatever the process starts is in its group, and goes
    with it.

    `on_orphaned` is what the kernel sends it should the runner be killed.
    (To be exact: should the thread end that started it. Start stacks in the
    main thread.)
    """

    def __init__(self, name, argv, *, log, cwd, env, pid_file=None, on_orphaned=signal.SIGKILL,
                 pass_fds=()):
        self.name = name
        self.argv = [str(a) for a in argv]
        self.log = Path(log)
        self.cwd = cwd
        self.env = env
        self.pid_file = pid_file
        self.on_orphaned = on_orphaned
        self.pass_fds = pass_fds
        self.popen = None
        self._asked = None

    def start(self):
        self._asked = None
        with open(self.log, "ab") as log:
            self.popen = self._spawn(log)
        if self.pid_file:
            Path(self.pid_file).write_text(f"{self.pid}\n")

    def _spawn(self, log):
        runner = os.getpid()
        sig = int(self.on_orphaned)

        def before_exec():
            end_with(runner, sig)

        return subprocess.Popen(
            self.argv, cwd=self.cwd, env=self.env, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True, preexec_fn=before_exec, pass_fds=self.pass_fds)

    @property
    def pid(self):
        return self.popen.pid

    @property
    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def ask_to_stop(self, sig=signal.SIGTERM):
        """Asks once: asked again with the same signal it is left in peace.

        A test may have stopped the process, so it is continued; before the
        signal, not after. LeakSanitizer stops a process at its end to look at
        it, and waits for ever if it is continued just then.
        """
        if self.running and self._asked != sig:
            self._asked = sig
            self.popen.send_signal(signal.SIGCONT)
            self.popen.send_signal(sig)

    def stop(self, seconds, sig=signal.SIGTERM):
        """Ends it and all it started. Returns what it did: the exit status, or
        None when it had to be killed."""
        if self.popen is None:
            return 0
        self.ask_to_stop(sig)
        try:
            status = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nobody left, as it should be
        self.popen.wait()
        if self.pid_file:
            Path(self.pid_file).unlink(missing_ok=True)
        return status

    def text(self):
        """Everything it has written so far."""
        try:
            return self.log.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def report(self, lines=20):
        """How it ended, and its last words."""
        status = self.popen.poll()
        if status is None:
            how = f"is running (pid {self.pid})"
        elif status < 0:
            how = f"died of {signal.Signals(-status).name} (pid {self.pid})"
        else:
            how = f"ended with status {status} (pid {self.pid})"
        tail = self.text().splitlines()[-lines:]
        return "\n".join([f"{self.name} {how}; the end of {self.log}:"] + [f"  | {t}" for t in tail])


def end_with(runner, sig=signal.SIGKILL):
    """Has the kernel send this process a signal when the one that started it is gone."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
    if os.getppid() != runner:  # it went before we asked
        os._exit(1)


def wait_until(condition, seconds, step=0.02):
    """True as soon as the condition holds, False when it did not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True
