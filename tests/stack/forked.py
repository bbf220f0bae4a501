"""A child that is a function of this program and not a program of its own: for what takes longer to
load than to run."""

import gc
import os
import select
import signal
import subprocess
import sys
import traceback

from .child import Child, end_with


class Forked(Child):
    """Runs function() with everything that is loaded here, and ends when it returns.

    Of threads only the one that starts it goes on in there. It keeps no file of ours open, knows no
    handler of a signal, and never comes back from the function into what we were about to do.
    """

    def __init__(self, name, function, **more):
        super().__init__(name, [], **more)
        self.function = function

    def _spawn(self, log):
        runner = os.getpid()
        gc.freeze()  # who collects touches all there is, and would have to copy it first
        pid = os.fork()
        if pid == 0:
            try:
                self._become(runner, log.fileno())
                self.function()
                sys.stdout.flush()
                os._exit(0)
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
            finally:
                os._exit(1)
        gc.unfreeze()
        return _Process(pid)

    def _become(self, runner, log):
        os.setsid()
        end_with(runner, self.on_orphaned)
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for target, source in enumerate((nothing, log, log)):
            os.dup2(source, target)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)
        sys.stderr = sys.__stderr__ = open(2, "w", closefd=False, buffering=1)
        os.environ.clear()
        os.environ.update(self.env)
        os.chdir(self.cwd)


class _Process:
    """As much of a subprocess.Popen as a Child needs, for a process that was forked."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None
        self._ended = select.poll()
        self._pidfd = os.pidfd_open(pid)
        self._ended.register(self._pidfd, select.POLLIN)

    def poll(self):
        if self.returncode is None and self._ended.poll(0):
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self._pidfd)
        return self.returncode

    def wait(self, seconds=None):
        if self.returncode is None and not self._ended.poll(seconds and 1000 * seconds):
            raise subprocess.TimeoutExpired("a forked child", seconds)
        return self.poll()

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)
