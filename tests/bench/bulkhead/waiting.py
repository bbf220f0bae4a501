"""Requests that wait for upstream, and what becomes of them when it answers."""

import re
import select
import socket

from ..shield.peers import Failed

STATUS = re.compile(rb"HTTP/1\.1 200 .*\r\ncache-status: perigee; fwd=miss", re.I | re.S)


class Waiting:
    """`number` connections, each with a request for one of the targets in turn, which nobody has
    asked for before; `origin` hangs meanwhile. A context."""

    def __init__(self, port, origin, targets, number):
        self._port, self._origin = port, origin
        self._targets = [targets[i % len(targets)] for i in range(number)]
        self._sockets = []

    def __enter__(self):
        try:
            self._begin()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self._end()
        finally:
            self._leave()

    def _begin(self):
        self._origin.fault("hang")
        before = self._origin.report["seen"]
        for target in self._targets:
            s = socket.create_connection(("127.0.0.1", self._port), 30)
            self._sockets.append(s)
            s.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        self._origin.await_seen(before + len(set(self._targets)))

    def _leave(self):
        self._origin.lift()
        for s in self._sockets:
            s.close()

    def _end(self):
        """Each must have waited to the end, for the call of the one that came first."""
        ready, _, _ = select.select(self._sockets, [], [], 0)
        if ready:
            raise Failed(f"{len(ready)} requests did not wait")
        self._origin.lift()
        for s in self._sockets:
            head = b""
            while b"\r\n\r\n" not in head:
                more = s.recv(65536)
                if not more:
                    raise Failed(f"a request that waited was not answered: {head!r}")
                head += more
            if not STATUS.match(head):
                raise Failed(f"a request did not wait, or in vain: {head[:500]!r}")
