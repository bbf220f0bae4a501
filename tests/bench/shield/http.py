"""A small HTTP/1.1 client for asyncio: keeps connections, and may call from any local address."""

import asyncio
import json
import re
from collections import namedtuple

Answer = namedtuple("Answer", "status head body")

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.I)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.I)

GONE = (ConnectionError, asyncio.IncompleteReadError)


class Client:
    """One address that asks one server, over as many connections as it has requests at a time."""

    def __init__(self, port, address="127.0.0.1"):
        self._port = port
        self._address = address
        self._idle = []

    async def ask(self, target, method="GET", body=b"", agent="client"):
        request = (f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
                   f"User-Agent: {agent}\r\nAccept: application/json\r\n"
                   + (f"Content-Length: {len(body)}\r\n" if body else "") + "\r\n").encode() + body
        while self._idle:
            connection = self._idle.pop()
            try:
                return await self._exchange(connection, request, method)
            except GONE:  # it was closed for being idle; another one is tried, then a new one
                connection[1].close()
        connection = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(self._address, 0))
        return await self._exchange(connection, request, method)

    async def _exchange(self, connection, request, method):
        reader, writer = connection
        kept = False
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            body, ended = await self._body(reader, head, method)
            kept = not ended and not _CLOSE.search(head)
        finally:
            if not kept:
                writer.close()
        if kept:
            self._idle.append(connection)
        return Answer(int(head[9:12]), head, body)

    async def _body(self, reader, head, method):
        """The body, and whether the connection ended with it."""
        if method == "HEAD" or head[9:12] in (b"204", b"304"):
            return b"", False
        length = _LENGTH.search(head)
        if length:
            return await reader.readexactly(int(length[1])), False
        if not _CHUNKED.search(head):
            return await reader.read(), True
        parts = []
        while True:
            size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
            part = await reader.readexactly(size + 2)
            if size == 0:
                return b"".join(parts), False
            parts.append(part[:-2])

    def close(self):
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


class Sandbox:
    """Orders to the stand-in for upstream."""

    def __init__(self, port):
        self._client = Client(port)

    async def order(self, method, path, given=None):
        body = b"" if given is None else json.dumps(given).encode()
        answer = await self._client.ask(f"/_sandbox/{path}", method, body)
        if answer.status != 200:
            raise RuntimeError(f"sandbox: {method} {path}: {answer.status} {answer.body[:500]!r}")
        return json.loads(answer.body)

    async def get(self, target, agent="bench"):
        return await self._client.ask(target, agent=agent)

    def close(self):
        self._client.close()
