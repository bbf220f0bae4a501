"""A budget as the gateway's store keeps it: the scripts of gateway/io/lua/, run by a stand-in for
Redis whose clock is moved by hand, or by a real Redis for which time is made to pass."""

import socket
import subprocess
import time
from collections import namedtuple
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
LUA = REPO / "gateway/io/lua"

REFUSED, GRANTED, ELSEWHERE, UNCALIBRATED = range(4)
YES, NO, PERHAPS = "1", "0", "?"

Verdict = namedtuple("Verdict", "word left wait now")
Usage = namedtuple("Usage", "limit window used wait free cool")


class ScriptError(Exception):
    pass


class StandIn:
    """tests/scripts/standin.lua."""

    def __init__(self, *_):
        self._lua = subprocess.Popen(
            ["lua5.1", REPO / "tests/scripts/standin.lua", LUA], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self._passed = 0  # ms that it has not heard of yet

    def _ask(self, *words):
        if self._passed:
            self._lua.stdin.write(f"move\t{self._passed}\n")
        self._lua.stdin.write("\t".join(map(str, words)) + "\n")
        self._lua.stdin.flush()
        if self._passed:
            assert self._lua.stdout.readline() == "1\n"
        self._passed = 0
        fields = self._lua.stdout.readline().rstrip("\n").split("\t")
        if fields[0] == "error":
            raise ScriptError(fields[1])
        return [] if fields == [""] else fields

    def run(self, script, keys, args):
        return self._ask("run", script, len(keys), *keys, *args)

    def call(self, *words):
        return self._ask("call", *words)

    def move(self, ms):
        self._passed += ms

    def restart(self):
        """Another process, with the same data."""
        self._ask("restart")

    def stop(self):
        self._lua.stdin.close()
        self._lua.wait(10)


class RealRedis:
    """A redis-server of its own. Time is a key that the scripts read instead of asking TIME, and
    what is to expire is brought nearer to that when time passes. Real time passes too, so that
    expiries are some milliseconds early; cases ask for none so exactly."""

    CLOCK = "the-clock"

    def __init__(self, folder):
        self._folder = folder
        self._start()
        self._now = 1795468800123
        self.call("SET", self.CLOCK, self._now)

    def _start(self):
        path = Path(self._folder) / "redis"
        self._server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir",
             self._folder],
            stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.connect(str(path))
                break
            except OSError:
                self._socket.close()
                assert time.monotonic() < end, "redis-server does not start"
                time.sleep(0.01)
        self._stream = self._socket.makefile("rb")
        while self.call("PING") != ["PONG"]:
            time.sleep(0.01)

    def restart(self):
        self.call("SAVE")
        self.stop()
        self._start()

    def _read(self):
        line = self._stream.readline().decode().rstrip("\r\n")
        kind, rest = line[0], line[1:]
        if kind == "-":
            raise ScriptError(rest)
        if kind == "$":
            return "" if rest == "-1" else self._stream.read(int(rest) + 2)[:-2].decode()
        return [self._read() for _ in range(int(rest))] if kind == "*" else rest

    def call(self, *words):
        words = [str(word).encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(words) +
                             b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        reply = self._read()
        if words[0] == b"FLUSHALL":
            self.call("SET", self.CLOCK, self._now)
        if isinstance(reply, list):
            return reply
        return [reply] if reply != "" else []

    def run(self, script, keys, args):
        clock = (LUA / "clock.lua").read_text()
        asked = "local t = redis.call('TIME')\n\treturn t[1] * 1000 + math.floor(t[2] / 1000)"
        assert asked in clock
        text = clock.replace(asked, f"return tonumber(redis.call('GET', '{self.CLOCK}'))")
        return self.call("EVAL", text + (LUA / f"{script}.lua").read_text(), len(keys), *keys, *args)

    def move(self, ms):
        self._now += ms
        self.call("SET", self.CLOCK, self._now)
        for key in self.call("KEYS", "*"):
            left = int(self.call("PTTL", key)[0])
            if left >= 0:
                self.call("PEXPIRE", key, left - ms)  # below 0: gone

    def stop(self):
        self._stream.close()
        self._socket.close()
        self._server.terminate()
        self._server.wait(10)


class Budget:
    """The store's part in C (gateway/io/store.c), in words of tests."""

    CALLS, STATE, ASKERS = "p:{b}:calls", "p:{b}:state", "p:{b}:askers"

    def __init__(self, redis, limit=15, window=3600_000, hold=20_000, reserve=3, share=50,
                 lease=5000, calibrated=False):
        self.redis = redis
        self.limit, self.window, self.hold = limit, window, hold
        self.reserve_calls, self.share, self.lease = reserve, share, lease
        self.calibrated = calibrated
        self._ids = 0

    def _fill(self, target):
        return f"p:{{b}}:fill:{target}"

    def reserve(self, id, client="c1", target=None, compared=-1, spare=False):
        """client "": background; compared: how old the comparison with upstream's count may be."""
        answer = self.redis.run(
            "reserve", [self.CALLS, self.STATE, self._fill(target or id), self.ASKERS],
            [self.limit, self.window, self.hold, id, self.reserve_calls, client, self.share,
             self.lease, int(self.calibrated), compared, int(spare)])
        return Verdict(*map(int, answer))

    def granted(self, client="c1", n=1):
        """So many calls are granted, and over at once."""
        for _ in range(n):
            self._ids += 1
            verdict = self.reserve(f"id{self._ids}", client)
            assert verdict.word == GRANTED, verdict
            self.settle(f"id{self._ids}", client)

    def refused(self, client="c1"):
        """The next one is not; for how long."""
        verdict = self.reserve("refused", client)
        assert verdict.word == REFUSED, verdict
        assert verdict.wait > 0, verdict
        return verdict.wait

    def claim(self, id, target="throttle"):
        answer = self.redis.run("claim", [self._fill(target), self.STATE], [id, self.lease])
        return Verdict(*map(int, answer))

    def renew(self, id, client="c1", target=None, counted=True):
        self.redis.run("renew", [self._fill(target or id), self.CALLS],
                       [id, self.lease, client, self.hold if counted else 0])

    def settle(self, id, client="c1", counted=YES, target=None, news="purged", hold=None):
        self.redis.run("settle", [self.CALLS, self._fill(target or id)],
                       [id, client, counted, "p:news", news, self.hold if hold is None else hold])

    def calibrate(self, used, wait=0, limit=None, window=None, asked=None):
        self.redis.run("calibrate", [self.CALLS, self.STATE],
                       [limit or self.limit, window or self.window, used, wait,
                        self.now() if asked is None else asked])

    def cool(self, ms, guessed=False):
        self.redis.run("cool", [self.STATE], [ms, int(guessed)])

    def holds_office(self, id, ms):
        return [str(word) for word in self.redis.run("hold", ["p:warmer"], [id, ms])] == ["1"]

    def usage(self):
        return Usage(*map(int, self.redis.run("usage", [self.CALLS, self.STATE],
                                              [self.limit, self.window])))

    def now(self):
        """When a claim is made now."""
        return self.claim("who-asks-for-the-time", "the-time").now

    def calls(self):
        """{name: when it counts from}"""
        words = self.redis.call("ZRANGE", self.CALLS, 0, -1, "WITHSCORES")
        return dict(zip(words[::2], map(float, words[1::2])))

    def others(self):
        return sum(name.startswith("other:") for name in self.calls())

    @property
    def margin(self):
        return min(self.window // 100 + 50, 1000)
