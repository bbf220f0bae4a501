"""The HTTP side: connections, keep-alive, and doing to a socket what a fault orders.

One thread per connection. Django runs as an ordinary WSGI application inside; it never sees the
orders under /_sandbox/ and knows nothing of faults.
"""

import json
import os
import select
import socket
import struct
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Callable, Optional
from urllib.parse import unquote

from django.db import connections

from . import calls, stamps, throttle
from .faults import FAULTS, Answer, Fault
from .orders import PREFIX, Orders

FREE_PATH = "/2.3.0/api-throttle"


class Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(
        self,
        port: int,
        application: Callable,
        orders: Orders,
        public_host: Optional[str] = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.application = application
        self.orders = orders
        self.public_host = public_host
        self.verbose = verbose

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news; anything else is a bug and gets its traceback."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def answer_request(self) -> None:
        body = self._read_body()
        if body is None:
            return
        # `self.path` is normalised; tests want the target as it was written.
        target = self.requestline.split()[1]
        path, _, query = target.partition("?")
        if path.startswith(PREFIX):
            status, report = self.server.orders.obey(self.command, path, query, body)
            content = json.dumps(report).encode()
            self._send(Answer(status, (("Content-Type", "application/json"),), content))
        else:
            self._answer_call(target, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer_request

    def finish(self) -> None:
        super().finish()
        connections.close_all()  # this thread's

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Silent: `_send` writes the access log."""

    def _read_body(self) -> Optional[bytes]:
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return None
        try:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return None

    def _answer_call(self, target: str, body: bytes) -> None:
        """Record the request, have it answered, and let a fault have its way with the answer."""
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        call = calls.Call(self.command, target, headers)
        free = target.partition("?")[0].rstrip("/") == FREE_PATH
        if free:
            calls.LOG.count_free()
        else:
            calls.LOG.begin(call)
        try:
            answer = self._decide(call, free, body)
        finally:
            # Before anything is sent: who has read an answer finds it in the record.
            if not free:
                calls.LOG.end()
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer)

    def _decide(self, call: calls.Call, free: bool, body: bytes) -> Optional[Answer]:
        """Work out what to send; None if the client has gone."""
        answer, call.verdict = self._run_application(call, body)
        if call.verdict == throttle.REFUSED:
            call.status = answer.status
            return answer
        fault, lifted = FAULTS.take(call.target, free)
        if fault is not None:
            call.fault = fault.kind
            if not self._wait(fault, lifted):
                return None
            answer = fault.shape(answer)
        if answer.ending != "reset":
            call.status = answer.status
        return answer

    def _wait(self, fault: Fault, lifted: threading.Event) -> bool:
        """Hold the answer back as the fault says or until it is lifted; False: the client left."""
        end = float("inf") if fault.kind == "hang" else time.monotonic() + fault.seconds
        departure = select.poll()
        departure.register(self.connection, select.POLLRDHUP)
        while not lifted.is_set() and (left := end - time.monotonic()) > 0:
            if departure.poll(0):
                return False
            lifted.wait(min(left, 0.02))
        return True

    def _run_application(self, call: calls.Call, body: bytes) -> tuple[Answer, Optional[str]]:
        path, _, query = call.target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "iso-8859-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_address[0],
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": call.headers.get("content-type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in call.headers.items():
            if "_" not in name and name not in ("content-type", "content-length"):
                environ["HTTP_" + name.upper().replace("-", "_")] = value
        if self.server.public_host:
            # Every absolute URL in a body is built from these two.
            environ["HTTP_HOST"] = self.server.public_host
            environ["wsgi.url_scheme"] = "https"
        started: list[Any] = []
        parts = self.server.application(environ, lambda *line: started.extend(line))
        try:
            content = b"".join(parts)
        finally:
            parts.close()
        headers = tuple((n, v) for n, v in started[1] if n.lower() != "content-length")
        answer = Answer(int(started[0].split()[0]), headers, content)
        return answer, environ.get(throttle.VERDICT)

    def _send(self, answer: Answer) -> None:
        if self.server.verbose:
            self.log_message('"%s" %s %s', self.requestline, answer.status, answer.ending)
        if answer.ending == "reset":
            self._reset_connection()
            return
        content = stamps.write(answer.body)
        if answer.ending == "close" or self.request_version != "HTTP/1.1":
            self.close_connection = True
        length = len(content) if answer.announced is None else answer.announced
        head = {"Date": self.date_time_string(), "Content-Length": str(length)}
        if self.close_connection:
            head["Connection"] = "close"
        given = {name.lower() for name, _ in answer.headers}
        lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in head.items() if name.lower() not in given]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        content = b"" if self.command == "HEAD" else content[: answer.sent]
        self.connection.sendall("\r\n".join(lines + ["", ""]).encode("iso-8859-1") + content)

    def _reset_connection(self) -> None:
        """Close with a zero linger time, so that the kernel sends RST instead of FIN."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"
