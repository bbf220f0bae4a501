"""What the end-to-end tests share: the chain with its sandbox and Redis at hand,
clients, ways to wait, and the comparison with upstream's own answer."""

import difflib
import gzip
import http.client
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote_plus

from sandbox import serve
from stack import Stack
from stack.chain import REPO, clean_environment, ini, sanitizer_options
from stack.child import wait_until
from stack.forked import Forked

SPACECRAFT = "/2.3.0/spacecraft/"
SEED = SPACECRAFT + "?format=api&offset=326&ordering=-time_docked"

BINARY = os.environ.get("PERIGEE_BIN") or str(REPO / "build/perigee")


def _slowness():
    """How much longer than usual things may take: a program full of checks is slow."""
    with open(BINARY, "rb") as f:
        program = f.read()
    if b"__tsan_init" in program:
        return 6
    return 4 if b"__asan_init" in program else 1


SLOW = _slowness()


# ---- waiting -----------------------------------------------------------------

def eventually(condition, what, within=10):
    """What the condition gives as soon as that is true; fails, saying what never came about."""
    found = None

    def holds():
        nonlocal found
        found = condition()
        return found

    assert wait_until(holds, within * SLOW, 0.01), f"waited {within * SLOW} s for {what}"
    return found


def together(n, work):
    """[work(0), ... work(n - 1)], each in a thread of its own, begun at the same moment."""
    barrier = threading.Barrier(n)

    def one(i):
        barrier.wait(30 * SLOW)
        return work(i)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


class Behind:
    """Runs work in a thread while the test goes on; result() waits for it."""

    def __init__(self, work, *args):
        self._pool = ThreadPoolExecutor(1)
        self._future = self._pool.submit(work, *args)
        self._pool.shutdown(wait=False)

    def result(self, within=30):
        return self._future.result(within * SLOW)

    @property
    def done(self):
        return self._future.done()


# ---- clients -----------------------------------------------------------------

class Answer:
    def __init__(self, status, headers, body, took=0.0):
        self.status = status
        self.headers = headers
        self.body = body
        self.took = took

    def __repr__(self):
        fields = "".join(f"\n  {name}: {value}" for name, value in self.headers.items())
        return f"<{self.status} after {self.took:.3f} s{fields}\n  {self.body[:1500]!r}>"

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def ids(self):
        return [row["id"] for row in self.json["results"]]

    @property
    def cache_status(self):
        return self.headers.get("Cache-Status") or ""

    @property
    def ttl(self):
        """What the answer says is left of its freshness, in seconds; negative when stale."""
        return int(re.search(r"; ttl=(-?\d+)", self.cache_status)[1])


class Client(threading.local):
    """One kept-alive connection for each thread, opened when needed."""

    def __init__(self, port, timeout=30):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout * SLOW)
        self._used = 0

    def get(self, target, headers=None, method="GET", body=None):
        start = time.monotonic()
        if start - self._used > 30:  # nginx closes what is idle for a minute
            self._connection.close()
        try:
            self._connection.request(method, target, body, headers or {})
            reply = self._connection.getresponse()
            content = reply.read()
        except BaseException:
            self._connection.close()
            raise
        self._used = time.monotonic()
        return Answer(reply.status, reply.headers, content, time.monotonic() - start)

    def close(self):
        self._connection.close()


class Sandbox:
    """The stand-in for upstream: orders to it, and direct questions."""

    def __init__(self, base):
        self.base = base
        self._client = Client(int(base.rsplit(":", 1)[1]))

    def get(self, target):
        return self._client.get(target, {"Accept": "application/json"})

    def order(self, method, path, given=None):
        body = None if given is None else json.dumps(given)
        answer = self._client.get(f"/_sandbox/{path}", method=method, body=body)
        assert answer.status == 200, answer
        return answer.json

    def fault(self, kind, **options):
        self.order("POST", "faults", {"kind": kind, **options})

    def lift(self):
        self.order("DELETE", "faults")

    def update(self, id, **fields):
        self.order("POST", "mutate", {"op": "update", "id": id, "fields": fields})

    def add(self, n):
        return self.order("POST", "mutate", {"op": "add", "n": n})["ids"]

    def delete(self, *ids):
        self.order("POST", "mutate", {"op": "delete", "ids": ids})

    def forget_calls(self):
        self.order("DELETE", "calls")

    @property
    def report(self):
        """seen, calls, refused, free, in_flight; everybody's."""
        return self.order("GET", "calls?log=0")

    @property
    def log(self):
        """What the gateway has asked, without what this class asked itself."""
        entries = self.order("GET", "calls")["log"]
        return [e for e in entries if e["headers"].get("user-agent", "").startswith("perigee/")]

    @property
    def asked(self):
        return [entry["target"] for entry in self.log]

    @property
    def throttle(self):
        return self.get("/2.3.0/api-throttle/").json


class RedisError(Exception):
    pass


class Redis:
    """Just enough of the protocol; text that is no UTF-8 survives it."""

    def __init__(self, path):
        self.path = str(path)

    def __call__(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10 * SLOW)
            s.connect(self.path)
            s.sendall(b"*%d\r\n" % len(words) +
                      b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
            with s.makefile("rb") as stream:
                return self._read(stream)

    def _read(self, stream):
        line = stream.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else stream.read(int(rest) + 2)[:-2]
        assert kind == b"*", line
        return None if rest == b"-1" else [self._read(stream) for _ in range(int(rest))]

    def hash(self, key):
        pairs = self("HGETALL", key)
        return {name.decode(): value for name, value in zip(pairs[::2], pairs[1::2])}

    def keys(self):
        """All but the office that one of the workers holds, whatever is asked (app/warm.h)."""
        return sorted(key.decode() for key in self("KEYS", "*") if key != b"perigee:warmer")

    def entries(self):
        """The targets that are stored."""
        targets = [key.partition(":")[2] for key in self.keys()]
        return [target for target in targets if target.startswith("/")]

    def own_calls(self):
        """How many calls the budget's log has. Those that a comparison took for others' are none: one that
        was on its way then is there twice, until the next comparison."""
        log = self("ZRANGE", "perigee:{ll2}:calls", 0, -1)
        return sum(not call.startswith(b"other:") for call in log)

    def value(self, key):
        """All that a key holds, whatever its type, as one piece of bytes, out of its gzip."""
        read = {b"hash": ("HGETALL", key), b"zset": ("ZRANGE", key, 0, -1, "WITHSCORES"),
                b"string": ("GET", key), b"set": ("SMEMBERS", key),
                b"list": ("LRANGE", key, 0, -1), b"none": ("EXISTS", key)}
        found = self(*read[self("TYPE", key)])
        if not isinstance(found, list):
            return str(found).encode()
        return b"\n".join(gzip.decompress(part) if part[:2] == b"\x1f\x8b" else part
                          for part in found)


# ---- the chain ---------------------------------------------------------------

class Chain(Stack):
    """A Stack with its sandbox, its Redis and a client at hand.

    Without a limit on calls, unless `quota` says otherwise, with a line in the log for each
    request, and with workers that nginx asks in turn, so that all of them are tried.
    """

    running = []

    def __init__(self, **options):
        config = {"log.requests": "yes", **(options.pop("config", None) or {})}
        super().__init__(**{"quota": "none", "config": config, "in_turn": True, **options})
        self.origin = self.cache = self.client = None
        self._cold = itertools.count(1)

    def start(self):
        super().start()
        Chain.running.append(self)
        if self.sandbox:
            self.origin = Sandbox(self.sandbox)
        self.cache = Redis(self.redis_socket)
        self.client = Client(self.port)
        if self.sandbox:
            self._await_comparisons()

    def _await_comparisons(self):
        """Each worker compares the budget when it starts, or fails to. While another one calls already,
        that can take a call under way for somebody else's."""
        for i in range(len(self.workers)):
            eventually(lambda: self._has_logged(i, b"calibrated|uncalibrated|fill_failed"),
                       f"worker {i} to compare", 20)

    def _has_logged(self, i, events, start=0):
        """Has worker i written of one of these events, in either format, since its log was so long?"""
        with open(self._worker_log(i), "rb") as stream:
            stream.seek(start)
            return re.search(rb'event(=|":")(' + events + rb')\b', stream.read())

    def _worker_log(self, i):
        return self.run_dir / f"log/worker-{i}.log"

    def _run_sandbox(self, args):
        """Loaded once for all tests of this process: that is most of what its start costs."""
        serve.load()
        return self._child("sandbox", lambda: serve.main(args), kind=Forked)

    def stop(self):
        if self in Chain.running:
            Chain.running.remove(self)
        return super().stop()

    def ask(self, target, headers=None, method="GET"):
        return self.client.get(target, headers, method)

    def cold(self, word="cold"):
        """A valid list target that nobody has asked for yet; it finds nothing."""
        return f"{SPACECRAFT}?search={word}{next(self._cold)}"

    @property
    def calls(self):
        """How many requests upstream has seen."""
        return self.origin.report["seen"]

    def stored(self, target):
        return self.cache.hash(f"perigee:{target}")

    def reset(self):
        """As just started, but for what workers remember of failures."""
        self.origin.order("POST", "reset")
        eventually(self._is_idle, "the calls of the test before to be over")
        self.forget()

    def forget(self):
        """Empties Redis, and what workers remember of it."""
        ends = [self._worker_log(i).stat().st_size for i in range(len(self.workers))]

        def all_have_heard():
            return all(self._has_logged(i, b"purged", end) for i, end in enumerate(ends))

        self.cache("FLUSHALL")
        eventually(lambda: self.cache("PUBSUB", "NUMSUB", "perigee:news")[1] >= len(self.workers),
                   "all workers to listen")
        self.cache("PUBLISH", "perigee:news", "purged")
        eventually(all_have_heard, "all workers to have heard it")

    def _is_idle(self):
        seconds, micros = (int(part) for part in self.cache("TIME"))
        now = seconds * 1000 + micros // 1000
        held = self.cache("ZCOUNT", "perigee:{ll2}:calls", f"({now}", "+inf")
        return held == 0 and self.origin.report["in_flight"] == 0

    def last_words(self):
        return "\n".join(child.report() for child in self._children())

    def everything_logged(self):
        """All log files as one piece; nginx's access log is written once a second."""
        return "".join(path.read_text(errors="replace")
                       for path in sorted((self.run_dir / "log").iterdir()))

    def await_access_log(self, word):
        eventually(lambda: word in self.log("access"), f"{word} in the access log", 10)


def tables(folder, **changes):
    """A folder with the endpoint table, its spacecraft changed: fresh="1s"."""
    table = json.loads((REPO / "conf/apis/ll2-2.3.0.json").read_text())
    for name, value in changes.items():
        (table if name in table else table["endpoints"]["spacecraft"])[name] = value
    (folder / "ll2-2.3.0.json").write_text(json.dumps(table))
    return folder


def configure(chain, **changes):
    """The configuration file, with section__key set."""
    settings = chain._settings()
    settings.update({name.replace("__", "."): value for name, value in changes.items()})
    file = chain.run_dir / "perigee.conf"
    new = file.with_suffix(".new")
    new.write_text(ini(settings))
    new.replace(file)


def reload(chain, word):
    """Has the configuration and the tables read anew, until the log says how that went."""
    before = chain.log("worker-0").count(word)
    chain.signal_worker(0, signal.SIGHUP)
    eventually(lambda: chain.log("worker-0").count(word) > before, word)


def switch(chain, mode):
    """As the gateway itself does it; returns when every worker goes by it."""
    before = [chain.log(f"worker-{i}").count("event=origin ") for i in range(len(chain.workers))]
    chain.cache("SET", "perigee:origin", mode)
    chain.cache("PUBLISH", "perigee:news", "origin")
    for i, count in enumerate(before):
        eventually(lambda i=i, count=count: chain.log(f"worker-{i}").count("event=origin ") > count,
                   f"worker {i} goes by it")


def run_perigee(*arguments, **environment):
    """The program by itself: (exit status, standard output, standard error)."""
    done = subprocess.run(
        [BINARY, *map(str, arguments)], cwd=REPO, capture_output=True, text=True,
        timeout=30 * SLOW, env={**clean_environment(), **sanitizer_options(), **environment})
    return done.returncode, done.stdout, done.stderr


# ---- what is told to nobody ---------------------------------------------------

def everything_seen(chain, answers):
    """Where a secret could have got to: answers, logs of all processes, Redis."""
    probe = f"probe-{next(chain._cold)}-for-the-access-log"
    chain.get(f"/{probe}")
    chain.await_access_log(probe)
    places = {f"answer {i}": f"{a.headers}".encode() + a.body for i, a in enumerate(answers)}
    places |= {f"log {path.name}": path.read_bytes()
               for path in (chain.run_dir / "log").iterdir()}
    places |= {f"key {key}": key.encode() + chain.cache.value(key) for key in chain.cache.keys()}
    return places


def assert_nowhere(secret, places):
    found = [place for place, data in places.items() if secret.encode() in data]
    assert not found, f"{secret} is in: {', '.join(found)}"


# ---- what answers must be ----------------------------------------------------

def assert_problem(answer, status, word, method="GET"):
    """RFC 9457 in the gateway's form, readable from any page."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    assert answer.headers["Access-Control-Allow-Origin"] == "*", answer
    if method == "HEAD":
        return None
    problem = answer.json
    assert problem["type"] == f"urn:perigee:problem:{word}", answer
    assert problem["status"] == status, answer
    assert problem["title"] and problem["detail"], answer
    return problem


def assert_throttled(answer):
    """A 429 as Launch Library's clients know it. Returns the seconds to wait."""
    problem = assert_problem(answer, 429, "quota-exceeded")
    wait = int(answer.headers["Retry-After"])
    assert wait >= 1, answer
    plural = "" if wait == 1 else "s"
    assert problem["detail"] == (
        f"Request was throttled. Expected available in {wait} second{plural}."), answer
    assert problem["retry_after"] == wait, answer
    assert answer.headers["Cache-Control"] == "no-store", answer
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"], answer
    return wait


def without_format(target):
    """The target as upstream is to be asked for comparison: with `format=api` it answers HTML,
    with `format=json` it carries that on in links."""
    path, mark, query = target.partition("?")
    kept = [piece for piece in query.split("&")
            if unquote_plus(piece.partition("=")[0]) != "format"]
    return path + mark + "&".join(kept)


def with_links_of(base, other, body):
    """A body of upstream's with its links on the gateway; prose never mentions the sandbox."""
    return body.replace(f"{other}/".encode(), f"{base}/".encode())


def assert_same(answer, upstream, chain, about=""):
    """Byte for byte upstream's answer, but for where links lead. With that, numbers are equal
    digit for digit, members stand in the same order and characters are written the same."""
    assert (answer.status, upstream.status) == (200, 200), (about, answer, upstream)
    expected = with_links_of(chain.base, chain.sandbox, upstream.body)
    if answer.body != expected:
        raise AssertionError(f"{about}\n{difference(answer.body, expected)}")


def difference(got, expected):
    """Where two JSON bodies differ, numbers as they are written."""
    def lines(body):
        try:
            document = json.loads(body, parse_float=lambda t: f"number {t}",
                                  parse_int=lambda t: f"number {t}")
        except ValueError:
            return [repr(body[:2000])]
        return json.dumps(document, indent=1, ensure_ascii=False).splitlines()

    shown = list(difflib.unified_diff(lines(expected), lines(got), "upstream", "gateway", n=2,
                                      lineterm=""))
    return "\n".join(shown[:60]) or f"bytes differ:\n{expected[:600]!r}\n{got[:600]!r}"


def assert_like_upstream(chain, target):
    """The gateway's answer, found equal to what the sandbox itself answers."""
    answer = chain.ask(target)
    assert_same(answer, chain.origin.get(without_format(target)), chain, target)
    return answer
