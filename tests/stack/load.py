"""Clients that ask all the time, so many requests a second, and note what was not as it should be.

In a process of their own, so that they and the test do not hold each other up.
"""

import multiprocessing
import os
import re
import selectors
import socket
import time
from collections import Counter, deque, namedtuple

ANSWER_S = 30  # after so long an answer will not come any more
FAILURES_SHOWN = 20

HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) ")
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)", re.I)
TAG = re.compile(rb"\r\nETag: (\S+)", re.I)
CLOSES = re.compile(rb"\r\nConnection: close", re.I)

# Bytes to be sent, in which N stands for a number that no other request has; the statuses that
# are right, and the ETag that an answer of 200 must have (None: any).
Ask = namedtuple("Ask", "request statuses tag")
N = b"{n}"


def ask(port, target, *, method="GET", headers=(), statuses=(200,), tag=None):
    lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}",
             *(f"{name}: {value}" for name, value in dict(headers).items()), "", ""]
    return Ask("\r\n".join(lines).encode(), frozenset(statuses), tag and tag.encode())


class Load:
    """While the `with` block lasts, `rate` requests a second come to nginx at `port`: the asks in
    turn (a target alone is one), on kept connections, of which each is left after `each` requests.
    A request is sent at its time, or as soon as one of the connections is free.

    A kept connection that is closed before the first byte of an answer is opened anew and the
    request sent again, once, as clients do (RFC 9112, 9.3.1): `sent_again`. Anything else but a
    whole answer of a right status is a failure.
    """

    def __init__(self, port, asks, rate=1200, connections=12, each=10000):
        self._asks = [ask(port, one) if isinstance(one, str) else one for one in asks]
        self._given = (port, rate, connections, each)
        fork = multiprocessing.get_context("fork")
        self._answered = fork.Value("Q", 0, lock=False)
        self._over = fork.Value("b", 0, lock=False)
        self._told, teller = fork.Pipe(duplex=False)
        self._process = fork.Process(target=self._run, args=(teller, os.getpid()), daemon=True)
        self.statuses = Counter()  # status, or why there is none: how often
        self.failures = []         # the first ones, each a text
        self.failed = self.sent_again = 0
        self.p99 = self.slowest = 0  # seconds
        self.took = None

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._over.value = 1
        try:
            if self._told.poll(2 * ANSWER_S):
                self.__dict__.update(self._told.recv())
            else:
                self.failures = ["the load has not come to its end"]
                self.failed = 1
        finally:
            self._process.kill()
            self._process.join()

    def _run(self, teller, parent):
        found = _Engine(self._asks, *self._given, self._answered).run(
            lambda: self._over.value or os.getppid() != parent)
        teller.send(found)

    @property
    def answered(self):
        return self._answered.value

    @property
    def rate(self):
        return self.answered / self.took

    def __repr__(self):
        statuses = ", ".join(f"{n} of {status}" for status, n in sorted(self.statuses.items(), key=str))
        return (f"<{self.answered} requests in {self.took:.1f} s, {self.rate:.0f}/s: {statuses}; "
                f"{self.failed} failed, {self.sent_again} sent again; p99 {self.p99:.3f} s, "
                f"slowest {self.slowest:.2f} s; {self.failures}>")


class _Connection:
    def __init__(self):
        self.stream = None
        self.served = 0    # requests on this stream
        self.asked = None  # the Ask that is under way
        self.sent = b""
        self.begun = 0
        self.again = False
        self.got = b""


class _Engine:
    """One thread, which looks after all connections."""

    def __init__(self, asks, port, rate, connections, each, answered):
        self._asks, self._port, self._each, self._answered = asks, port, each, answered
        self._interval = 1 / rate
        self._selector = selectors.DefaultSelector()
        self._all = [_Connection() for _ in range(connections)]
        self._free = deque(self._all)
        self._n = 0
        self._statuses = Counter()
        self._failures = []
        self._failed = self._sent_again = 0
        self._took = []

    def run(self, is_over):
        began = due = looked = time.monotonic()
        over = False
        while not over or len(self._free) < len(self._all):
            now = time.monotonic()
            over = over or is_over()
            while not over and due <= now and self._free:
                self._begin(self._free.popleft())
                due += self._interval
            if now - looked > 1:
                self._give_up(now)
                looked = now
            wait = due - time.monotonic() if self._free and not over else 0.05
            for key, _ in self._selector.select(max(0, min(wait, 0.05))):
                self._receive(key.data)
        took = sorted(self._took)
        return {"statuses": self._statuses, "failures": self._failures, "failed": self._failed,
                "sent_again": self._sent_again, "took": time.monotonic() - began,
                "p99": took[len(took) * 99 // 100] if took else 0, "slowest": took[-1] if took else 0}

    # ---- connections -----------------------------------------------------------

    def _open(self, c):
        c.stream = socket.create_connection(("127.0.0.1", self._port), 10)
        c.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        c.stream.settimeout(None)
        c.served = 0
        self._selector.register(c.stream, selectors.EVENT_READ, c)

    def _close(self, c):
        if c.stream:
            self._selector.unregister(c.stream)
            c.stream.close()
        c.stream = None

    # ---- requests --------------------------------------------------------------

    def _begin(self, c):
        c.asked = self._asks[self._n % len(self._asks)]
        c.sent = c.asked.request.replace(N, b"%d" % self._n)
        self._n += 1
        c.begun, c.again = time.monotonic(), False
        self._send(c)

    def _send(self, c):
        c.got = b""
        try:
            if not c.stream:
                self._open(c)
            c.stream.sendall(c.sent)
        except OSError as error:
            self._broken(c, type(error).__name__)

    def _receive(self, c):
        try:
            data = c.stream.recv(262144)
        except OSError as error:
            self._broken(c, type(error).__name__)
            return
        if not data:
            self._broken(c, "closed")
        elif not c.asked:
            self._fail(c, "unasked", data)
            self._close(c)
        else:
            c.got += data
            self._take(c)

    def _broken(self, c, why):
        """The connection is gone, in between requests or not."""
        kept = c.stream and c.served
        self._close(c)
        if not c.asked:
            return
        if kept and not c.got and not c.again:
            c.again = True
            self._sent_again += 1
            self._send(c)
            return
        self._fail(c, why, c.got)
        self._end(c, why)

    def _take(self, c):
        head, end, body = c.got.partition(b"\r\n\r\n")
        if not end:
            return
        status = HEAD.match(head)
        length = LENGTH.search(head)
        if not status or not length and status[1] not in (b"204", b"304"):
            self._fail(c, "no answer", c.got)
            self._close(c)
            self._end(c, "no answer")
            return
        left = int(length[1]) - len(body) if length else -len(body)
        if left > 0:
            return
        self._judge(c, int(status[1]), head, left)
        c.served += 1
        if CLOSES.search(head) or left or c.served >= self._each:
            self._close(c)
        self._end(c, int(status[1]))

    def _judge(self, c, status, head, left):
        tag = TAG.search(head)
        if status not in c.asked.statuses:
            self._fail(c, status, c.got)
        elif left:
            self._fail(c, "more than an answer", c.got)
        elif status == 200 and c.asked.tag and (not tag or tag[1] != c.asked.tag):
            self._fail(c, "another ETag", head)

    def _end(self, c, status):
        self._statuses[status] += 1
        self._answered.value += 1
        self._took.append(time.monotonic() - c.begun)
        c.asked = None
        self._free.append(c)

    def _fail(self, c, why, got):
        self._failed += 1
        if len(self._failures) < FAILURES_SHOWN:
            after = time.monotonic() - c.begun
            self._failures.append(f"{why} after {after:.3f} s: {c.sent[:200]!r}: {got[:600]!r}")

    def _give_up(self, now):
        for c in self._all:
            if c.asked and now - c.begun > ANSWER_S:
                self._fail(c, "no answer in time", c.got)
                self._close(c)
                self._end(c, "no answer in time")
