"""What `make run` promises: one line when it serves, and nothing left behind.

Each test starts `make run` as a user would, with a port and a directory of its
own, and signals make's pid alone, unlike a terminal, which tells everybody.
"""

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request

import pytest
from stack import Stack, StackError
from stack.chain import REPO, clean_environment, free_port
from stack.child import Child, wait_until
from stack.forked import Forked


class Run:
    """A `make run` and what it prints."""

    def __init__(self, run_dir, port=None, **variables):
        self.run_dir = run_dir
        self.port = port or free_port()
        self.out = open(f"{run_dir}.out", "w+")
        self.err = open(f"{run_dir}.err", "w+")
        env = clean_environment()
        env["PERIGEE_BIN"] = os.environ.get("PERIGEE_BIN", str(REPO / "build/perigee"))
        words = [f"{k}={v}" for k, v in variables.items()]
        self.make = subprocess.Popen(
            ["make", "run", f"PORT={self.port}", f"RUN_DIR={run_dir}", *words], cwd=REPO, env=env,
            stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err, start_new_session=True)

    def stdout(self):
        return text_of(self.out)

    def stderr(self):
        return text_of(self.err)

    def wait_until_ready(self):
        assert wait_until(lambda: self.stdout() or self.make.poll() is not None, 120), self.stderr()
        line = f"perigee ready: http://127.0.0.1:{self.port}/2.3.0/spacecraft/?limit=3\n"
        assert self.stdout() == line, self.stderr()
        return self

    def ended(self, seconds=40):
        return self.make.wait(seconds)

    def readyz(self):
        return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=10).status

    def processes(self):
        """The pids of everything that has this run directory in its arguments
        or is a descendant of such a process."""
        return processes_of(self.run_dir)

    def pid_of(self, name):
        return int((self.run_dir / "pid" / name).read_text())

    def runner(self):
        """The pid of the Python process; make may be its parent or not any more."""
        return next(pid for pid in self.processes() if b"\0stack\0" in cmdline(pid))


def text_of(file):
    file.flush()
    with open(file.name) as f:
        return f.read()


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read()
    except OSError:
        return b""


def processes_of(run_dir):
    """By working directory: all but make and the runner have it there."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            at = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue
        if at == str(run_dir) or os.fsencode(str(run_dir)) in cmdline(pid):
            found.append(int(pid))
    return [pid for pid in found if cmdline(pid)]  # zombies have no command line


def assert_nothing_left(run):
    assert wait_until(lambda: not processes_of(run.run_dir), 10), [
        cmdline(p) for p in processes_of(run.run_dir)]
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", run.port))
    assert not os.path.lexists(run.run_dir / "sock")


@pytest.fixture
def start(tmp_path):
    """start(name, PORT...) -> Run; whatever a failing test leaves is ended."""
    runs = []

    def start_one(name="run", **more):
        run = Run(tmp_path / name, **more)
        runs.append(run)
        return run

    yield start_one
    for run in runs:
        run.make.terminate()
    for run in runs:
        run.ended()
        # Only what a failed test has left; nginx's master before its workers, or
        # it replaces them.
        for pid in sorted(processes_of(run.run_dir)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_make_alone_stops_everything(start, sig):
    run = start().wait_until_ready()
    assert run.readyz() == 200
    run.make.send_signal(sig)
    run.ended()
    assert_nothing_left(run)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_runner_is_a_good_end(start, sig):
    run = start().wait_until_ready()
    os.kill(run.runner(), sig)
    assert run.ended() == 0
    assert_nothing_left(run)


def test_ctrl_c_reaches_everybody_and_ends_in_order(start):
    run = start().wait_until_ready()
    os.killpg(run.make.pid, signal.SIGINT)
    run.ended()
    assert "died" not in run.stderr()
    assert_nothing_left(run)


def test_a_signal_during_the_start_stops_it(start):
    run = start()
    assert wait_until(lambda: (run.run_dir / "pid").exists(), 60)
    run.make.terminate()
    run.ended()
    assert run.stdout() == ""
    assert_nothing_left(run)


@pytest.mark.parametrize("victim", ["make", "runner"])
def test_kill_9_leaves_nothing_either(start, victim):
    run = start().wait_until_ready()
    os.kill(run.make.pid if victim == "make" else run.runner(), signal.SIGKILL)
    run.ended()
    assert wait_until(lambda: not processes_of(run.run_dir), 20)
    # and the directory can be used again
    again = start(port=run.port).wait_until_ready()
    again.make.terminate()
    again.ended()
    assert_nothing_left(again)


def test_a_taken_port_is_said_and_left_alone(start):
    first = start("first").wait_until_ready()
    second = start("second", port=first.port)
    assert second.ended() == 2
    assert f"port {first.port} on 127.0.0.1 is taken" in second.stderr()
    assert second.stdout() == ""
    assert processes_of(second.run_dir) == []
    assert first.readyz() == 200


def test_a_run_directory_in_use_is_said_and_left_alone(start):
    first = start().wait_until_ready()
    second = start()
    assert second.ended() == 2
    assert f"{first.run_dir} is in use by process {first.runner()}" in second.stderr()
    assert first.readyz() == 200


def test_two_run_side_by_side(start):
    one, two = start("one"), start("two")
    one.wait_until_ready()
    two.wait_until_ready()
    one.make.terminate()
    one.ended()
    assert_nothing_left(one)
    assert two.readyz() == 200


@pytest.mark.parametrize("name", ["nginx", "worker-1", "redis", "sandbox"])
def test_a_process_that_dies_is_named_and_ends_the_rest(start, name):
    run = start().wait_until_ready()
    os.kill(run.pid_of(name), signal.SIGKILL)
    assert run.ended() == 2  # what make says when a recipe failed
    assert re.search(rf"perigee: {name} died of SIGKILL \(pid \d+\); the end of .*{name}.log:",
                     run.stderr())
    assert "Error 1" in run.stderr()
    assert_nothing_left(run)


def test_a_long_path_with_blanks(start):
    run = start("a b " + "long" * 30)
    run.wait_until_ready()
    run.make.terminate()
    run.ended()
    assert_nothing_left(run)


@pytest.mark.parametrize("variable", ["PORT=x", "WORKERS=0", "QUOTA=many", "UPSTREAM=ftp://x",
                                      "REDIS=localhost"])
def test_nonsense_is_named(tmp_path, variable):
    env = dict(clean_environment(), PERIGEE_BIN=os.environ.get("PERIGEE_BIN", ""))
    made = subprocess.run(["make", "run", variable, f"RUN_DIR={tmp_path}/run"], cwd=REPO, env=env,
                          capture_output=True, text=True, timeout=60)
    assert made.returncode == 2
    assert f"{variable.split('=')[0]} is" in made.stderr
    assert not (tmp_path / "run").exists()


def test_only_loopback_is_listened_on(start):
    run = start().wait_until_ready()
    inodes = set()
    for pid in run.processes():
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                inodes.update(re.findall(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}")))
            except OSError:
                pass
    listening = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/net/{table}") as f:
            for line in list(f)[1:]:
                field = line.split()
                if field[3] == "0A" and field[9] in inodes:
                    listening.append(field[1].split(":")[0])
    assert listening and set(listening) == {"0100007F"}


# ---- the class that the end-to-end tests use ---------------------------------


def test_workers_and_redis_can_be_taken_away_and_come_back():
    with Stack(quota="none", workers=2) as stack:
        assert stack.restart_worker(0) == 0
        stack.stop_worker(1, signal.SIGKILL)
        assert stack.get("/healthz").status == 200
        stack.restart_worker(1)
        stack.kill_redis()
        stack.start_redis()
        assert stack.redis_cli("ping").strip() == "PONG"
        assert wait_until(lambda: stack.get("/readyz").status == 200, 20)
        run_dir = stack.run_dir
    assert not run_dir.exists()
    assert processes_of(run_dir) == []


def test_a_worker_that_crashes_is_not_overlooked():
    with pytest.raises(StackError, match="worker-0 died of SIGABRT"):
        with Stack(quota="none") as stack:
            os.kill(stack.workers[0].pid, signal.SIGABRT)
            stack.workers[0].wait()
    assert processes_of(stack.run_dir or "/nonexistent") == []


def test_a_sanitizer_report_is_not_overlooked():
    with pytest.raises(StackError, match="sanitizer report of worker-0"):
        with Stack(quota="none") as stack:
            with open(stack.run_dir / "log/worker-0.log", "a") as log:
                log.write("x.c:1:2: runtime error: signed integer overflow\n")


def test_a_process_is_continued_before_it_is_asked_to_stop_and_left_in_peace_then(tmp_path):
    """Continued while LeakSanitizer has it stopped, it would never end."""
    child = Child("sleeper", ["sleep", "60"], log=tmp_path / "log", cwd=tmp_path, env=os.environ)
    child.start()
    send, sent = child.popen.send_signal, []
    child.popen.send_signal = sent.append
    child.ask_to_stop()
    child.ask_to_stop()
    assert sent == [signal.SIGCONT, signal.SIGTERM]
    child.popen.send_signal = send
    assert child.stop(20, signal.SIGINT) == -signal.SIGINT


def forked(tmp_path, function):
    child = Forked("it", function, log=tmp_path / "log", cwd=tmp_path, env={"ONLY": "this"})
    child.start()
    return child


def test_a_forked_child_is_as_a_program_of_its_own(tmp_path):
    with open(tmp_path / "ours", "w") as ours:
        def tell():
            files = {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                     if os.path.exists(f"/proc/self/fd/{fd}")}
            print(json.dumps({"env": dict(os.environ), "cwd": os.getcwd(), "files": sorted(files),
                              "session": os.getsid(0), "int": signal.getsignal(signal.SIGINT)}))

        child = forked(tmp_path, tell)
        assert child.popen.wait(20) == 0
        assert not ours.closed
    assert json.loads(child.text()) == {
        "env": {"ONLY": "this"}, "cwd": str(tmp_path), "files": ["/dev/null", str(tmp_path / "log")],
        "session": child.pid, "int": signal.SIG_DFL}
    assert not child.running and child.stop(20) == 0


def test_a_forked_child_never_comes_back(tmp_path):
    def fail():
        raise KeyError("no such luck")

    child = forked(tmp_path, fail)
    assert child.popen.wait(20) == 1
    assert "KeyError: 'no such luck'" in child.text()
    assert "ended with status 1" in child.report()


def test_a_forked_child_is_stopped_like_any_other(tmp_path):
    def stay():
        signal.signal(signal.SIGTERM, lambda *_: print("not yet", flush=True))
        print("here", flush=True)
        while True:
            signal.pause()

    child = forked(tmp_path, stay)
    assert wait_until(lambda: "here" in child.text(), 20)
    assert child.running
    child.ask_to_stop()
    assert wait_until(lambda: "not yet" in child.text(), 20)
    assert child.stop(20, signal.SIGUSR1) == -signal.SIGUSR1
    other = forked(tmp_path, signal.pause)
    with pytest.raises(subprocess.TimeoutExpired):
        other.popen.wait(0.01)
    assert other.stop(20) == -signal.SIGTERM


def test_a_worker_that_does_not_start_is_shown(tmp_path):
    bad = tmp_path / "worker"
    bad.write_text("#!/bin/sh\necho no such luck >&2\nexit 3\n")
    bad.chmod(0o755)
    stack = Stack(quota="none")
    stack.binary = bad
    with pytest.raises(StackError, match=r"(?s)worker-0 ended with status 3.*no such luck"):
        stack.start()
    assert stack.run_dir is None


def test_the_upstream_can_be_another_one_than_the_sandbox():
    with Stack(quota="none") as owner:
        with Stack(upstream=owner.sandbox, quota="none") as other:
            assert other.sandbox is None
            assert other.get("/readyz").status == 200


def test_two_can_share_a_redis():
    with Stack(quota="none") as owner:
        with Stack(quota="none", redis=f"unix:{owner.redis_socket}") as other:
            assert other.get("/readyz").status == 200
            assert not (other.run_dir / "pid/redis").exists()
