"""Clients that ask all the time, so many requests a second, and note what was not as it should be."""

import re
import socket
import threading
import time
from collections import Counter


class Load:
    """While the `with` block lasts, `rate` requests a second come to the targets in turn, on kept
    connections. Each is sent at its time, or as soon as the one before it is answered.

    A connection that the gateway closes before it has answered counts as a failed request, since
    to a client it is one.
    """

    def __init__(self, port, targets, rate=1200, connections=12):
        self._port = port
        self._requests = [
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode() for target in targets]
        self._rate, self._n = rate, connections
        self._lock = threading.Lock()
        self._threads = []
        self._over = False
        self.statuses = Counter()  # status, or why there is none: how often
        self.failures = []         # the first ones, with when they were
        self.slowest = 0
        self.began = self.took = None

    def __enter__(self):
        self.began = time.monotonic()
        self._threads = [threading.Thread(target=self._ask, args=(i,)) for i in range(self._n)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over = True
        for thread in self._threads:
            thread.join()
        self.took = time.monotonic() - self.began

    @property
    def answered(self):
        return self.statuses.total()

    @property
    def rate(self):
        return self.answered / self.took

    def __repr__(self):
        return (f"<{self.answered} requests, {dict(self.statuses)}, slowest {self.slowest:.2f} s, "
                f"{self.rate:.0f}/s; {self.failures[:5]}>")

    def _ask(self, i):
        interval = self._n / self._rate
        due = time.monotonic() + interval * i / self._n
        stream = None
        n = i
        while not self._over:
            left = due - time.monotonic()
            if left > 0:
                time.sleep(left)
            due += interval
            start = time.monotonic()
            try:
                stream = stream or _connect(self._port)
                status = _ask_once(stream, self._requests[n % len(self._requests)])
            except OSError as error:
                status, stream = type(error).__name__, None
            self._note(status, start)
            n += self._n

    def _note(self, status, start):
        now = time.monotonic()
        with self._lock:
            self.statuses[status] += 1
            self.slowest = max(self.slowest, now - start)
            if status != 200:
                self.failures.append((status, round(start - self.began, 3), round(now - start, 3)))


def _connect(port):
    s = socket.create_connection(("127.0.0.1", port), 30)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def _ask_once(s, request):
    s.sendall(request)
    answer = s.recv(65536)
    while b"\r\n\r\n" not in answer:
        answer += _more(s)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    left = int(length[1]) - len(body)
    while left > 0:
        left -= len(_more(s))
    return int(head[9:12])


def _more(s):
    data = s.recv(262144)
    if not data:
        raise ConnectionResetError
    return data
