"""What a service manager hears from a worker and gives it, by a stand-in for one."""

import os
import signal
import socket
import time

import pytest
from harness import SEED, SLOW, Behind, Chain, Client, eventually
from stack.activated import Activated
from stack.load import Load


class Manager:
    """Listens where NOTIFY_SOCKET says, and keeps what it is told, line by line."""

    def __init__(self, path):
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path.replace("@", "\0"))
        self._socket.setblocking(False)
        self._heard = []

    @property
    def heard(self):
        while True:
            try:
                self._heard += self._socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return self._heard

    def forget(self):
        self.heard.clear()

    def hears(self, line, within=10):
        eventually(lambda: line in self.heard, f"{line}; heard {self.heard}", within)


@pytest.mark.parametrize("kind", ["file", "abstract"])
def test_it_hears_of_start_reload_and_stop(kind, tmp_path):
    manager = Manager(tmp_path / "notify" if kind == "file" else f"@perigee-test-{os.getpid()}")
    with Chain(env={"NOTIFY_SOCKET": manager.path}) as chain:
        manager.hears("READY=1")
        # Not before the socket is there.
        assert chain.ask(SEED).status == 200
        manager.forget()
        chain.signal_worker(0, signal.SIGHUP)
        manager.hears("READY=1")
        heard = manager.heard
        assert heard.index("RELOADING=1") < heard.index("READY=1")
        usec = next(int(line.split("=")[1]) for line in heard if line.startswith("MONOTONIC_USEC="))
        assert 0 <= time.monotonic() * 1e6 - usec < 20e6 * SLOW
        assert "WATCHDOG=1" not in heard
        manager.forget()
        chain.stop_worker(0)
        manager.hears("STOPPING=1")


def test_the_watchdog_is_fed_while_threads_serve(tmp_path):
    """One thread hangs in Redis, the others serve: it is told nothing any more, until that is over."""
    manager = Manager(tmp_path / "notify")
    env = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": str(4_000_000 * SLOW)}
    config = {"redis.command_timeout": "300s", "cache.memory_bytes": "0", "server.threads": "3"}
    with Chain(env=env, config=config, micro_cache=False) as chain:
        manager.hears("WATCHDOG=1")
        chain.ask(SEED)
        chain.redis.send_signal(signal.SIGSTOP)
        try:
            stuck = Behind(Client(chain.port).get, SEED)

            def silent():
                manager.forget()
                time.sleep(1.5)  # it would be told each second
                return "WATCHDOG=1" not in manager.heard

            eventually(silent, "silence", 20)
            assert chain.ask("/healthz").status == 200
            assert not stuck.done
        finally:
            chain.redis.send_signal(signal.SIGCONT)
        assert stuck.result().status == 200
        manager.hears("WATCHDOG=1")


@pytest.mark.parametrize("env", [
    {"NOTIFY_SOCKET": "/nowhere/to/be/found", "WATCHDOG_USEC": "soon",
     "LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "worker"},
    {"NOTIFY_SOCKET": "not a path", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1",
     "LISTEN_FDS": "-7", "LISTEN_FDNAMES": "worker"}], ids=["a", "b"])
def test_an_environment_that_is_not_meant_for_it_changes_nothing(env):
    with Chain(env=env) as chain:
        assert chain.ask(SEED).status == 200


class Addressed(Chain):
    """What its environment says of sockets is meant for the worker."""

    def _child(self, name, argv, **more):
        if name.startswith("worker"):
            argv = ["bash", "-c", 'export LISTEN_PID=$$; exec "$@"', "bash", *argv]
        return super()._child(name, argv, **more)


@pytest.mark.parametrize("n", ["4000000000", "9223372036854775807", "-9223372036854775808"])
def test_numbers_of_sockets_that_nobody_can_pass_on(n):
    """It has its own, and does not look at each of them first, which takes half a minute."""
    chain = Addressed(env={"LISTEN_FDS": n, "LISTEN_FDNAMES": "this:that"})
    chain.patience = 12 * SLOW
    with chain:
        assert chain.ask(SEED).status == 200


class ActivatedChain(Activated, Chain):
    pass


def test_a_socket_that_is_passed_on_outlives_the_worker():
    """With a single worker: who comes while it is started anew waits, and nobody is refused."""
    with ActivatedChain(micro_cache=False) as chain:
        assert chain.ask(SEED).status == 200
        assert "socket=systemd" in chain.log("worker-0")
        with Load(chain.port, [SEED], rate=400) as load:
            for _ in range(3):
                before = load.answered
                assert chain.restart_worker(0) == 0
                eventually(lambda: load.answered > before + 200, "more answers")
        print(load)
        assert load.failed == 0 and set(load.statuses) == {200}, load
        assert chain.worker_socket(0).exists()
