"""A Redis with a replica, and three Sentinels that watch them."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .chain import StackError, clean_environment, free_port
from .child import Child, wait_until

NAME = "main"

# A master counts as down soon, so that tests need not wait for long.
DOWN_AFTER_MS = 1000

PATIENCE = 60


class Sentinels:
    """As a `with` block. `address` is what [redis] address has to be.

    redis, sentinel    more lines of redis.conf, of sentinel.conf
    and (user, password) of:
    replica, watcher   who follows and who watches Redis
    admin              whom tests are, in Redis
    login              whoever connects by `address`, in Sentinels
    """

    def __init__(self, redis=(), sentinel=(), replica=None, watcher=None, admin=None, login=None):
        self._more = {"redis": list(redis), "sentinel": list(sentinel)}
        self._replica, self._watcher, self._admin, self._login = replica, watcher, admin, login
        self.dir = None
        self.redis = {}  # port: Child
        self.sentinels = {}

    @property
    def address(self):
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinels)
        login = ":".join(self._login) + "@" if self._login else ""
        return f"sentinel://{login}{hosts}/{NAME}"

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="perigee-sentinels-"))
        try:
            self._start()
        except BaseException:
            self.__exit__(None)
            raise
        return self

    def __exit__(self, kind, *_):
        for child in [*self.sentinels.values(), *self.redis.values()]:
            if kind is not None:
                print(child.report())
            child.stop(5, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def _start(self):
        first = self._start_redis()
        second = self._start_redis([f"replicaof 127.0.0.1 {first}"])
        self._wait("the replica to follow", lambda: "master_link_status:up" in
                   self.ask(second, "INFO", "replication"))
        for _ in range(3):
            self._start_sentinel(first)
        for port in self.sentinels:
            self._wait("the Sentinels to know each other", lambda: self._knows_all(port))

    def _knows_all(self, port):
        words = self.ask_sentinel(port, "SENTINEL", "master", NAME).split()
        facts = dict(zip(words[::2], words[1::2]))
        return (facts.get("num-slaves"), facts.get("num-other-sentinels"),
                facts.get("flags")) == ("1", "2", "master")

    def _start_redis(self, lines=()):
        login = []
        if self._replica:
            login = [f"masteruser {self._replica[0]}", f"masterauth {self._replica[1]}"]
        return self._child("redis", [
            'save ""', "appendonly no", "repl-diskless-sync-delay 0", "repl-timeout 5",
            *login, *lines])

    def _start_sentinel(self, master):
        login = []
        if self._watcher:
            login = [f"sentinel auth-user {NAME} {self._watcher[0]}",
                     f"sentinel auth-pass {NAME} {self._watcher[1]}"]
        self._child("sentinel", [
            f"sentinel monitor {NAME} 127.0.0.1 {master} 2", *login,
            f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {NAME} 4000"])

    def _child(self, kind, lines):
        port = free_port()
        folder = self.dir / f"{kind}-{port}"
        folder.mkdir()
        conf = folder / f"{kind}.conf"
        conf.write_text("\n".join([f"port {port}", "bind 127.0.0.1", f'dir "{folder}"',
                                   "daemonize no", *lines, *self._more[kind]]) + "\n")
        argv = ["redis-server", conf, *(["--sentinel"] if kind == "sentinel" else [])]
        child = Child(f"{kind}-{port}", argv, log=folder / "log", cwd=folder,
                      env=clean_environment())
        child.start()
        (self.sentinels if kind == "sentinel" else self.redis)[port] = child
        ask = self.ask_sentinel if kind == "sentinel" else self.ask
        self._wait(f"{child.name} to answer", lambda: "PONG" in ask(port, "PING"))
        return port

    def _wait(self, what, condition):
        if not wait_until(condition, PATIENCE):
            every = [*self.redis.values(), *self.sentinels.values()]
            raise StackError("\n".join([f"waited {PATIENCE} s for {what}"] +
                                       [child.report() for child in every]))

    # ---- what tests use ------------------------------------------------------

    def _cli(self, port, login, words):
        options = ["--user", login[0], "--pass", login[1], "--no-auth-warning"] if login else []
        return subprocess.run(
            ["redis-cli", "-p", str(port), *options, *map(str, words)], text=True,
            capture_output=True, timeout=20, env=os.environ).stdout.strip()

    def ask(self, port, *words):
        return self._cli(port, self._admin, words)

    def ask_sentinel(self, port, *words):
        """As those who talk to each other, where they log in."""
        return self._cli(port, self._login and ("sentinel", self._login[1]), words)

    @property
    def master(self):
        """The port of the master, as the Sentinels that answer agree on; None while they do not."""
        told = {self.ask_sentinel(port, "SENTINEL", "get-master-addr-by-name", NAME)
                for port, child in self.sentinels.items() if child.running}
        if len(told) != 1:
            return None
        words = told.pop().split()
        return int(words[1]) if len(words) == 2 else None

    @property
    def replica(self):
        return next(port for port in self.redis if port != self.master)

    def end_master(self, sig=signal.SIGKILL):
        """Kills or stops it; returns its port. wait_for_failover() says when another one is."""
        port = self.master
        self.redis[port].popen.send_signal(sig)
        return port

    def wait_for_failover(self, old):
        def done():
            new = self.master
            return new and new != old and self.ask(new, "ROLE").startswith("master") and new

        self._wait("another master", done)
        return self.master

    def bring_back(self, port, master):
        """Starts one that was killed, as the replica of the one that has taken its place."""
        child = self.redis[port]
        child.argv = [*child.argv[:2], "--replicaof", "127.0.0.1", str(master)]
        child.start()
        self._wait("the replica to follow", lambda: "master_link_status:up" in
                   self.ask(port, "INFO", "replication"))
        for sentinel in self.sentinels:
            self._wait("the Sentinels to see it", lambda: self._sees_replica(sentinel, port))

    def _sees_replica(self, sentinel, port):
        words = self.ask_sentinel(sentinel, "SENTINEL", "replicas", NAME).split()
        facts = dict(zip(words[::2], words[1::2]))
        return (facts.get("port"), facts.get("flags"), facts.get("master-link-status")) == (
            str(port), "slave", "ok")
