"""Running a stand-in and talking to it, for the stand-in's own tests."""

import http.client
import json
import os
import re
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, NamedTuple, Optional

PYTHON = "/usr/bin/python3"  # the one that Debian's Django belongs to
SERVE = Path(__file__).with_name("serve.py")
SPACECRAFT = "/2.3.0/spacecraft/"
THROTTLE = "/2.3.0/api-throttle/"
PATIENCE = 20.0  # seconds; only ever waited for in full when something is broken

Rows = list[dict[str, Any]]


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Sandbox:
    """A running stand-in."""

    def __init__(self, process: subprocess.Popen, port: int) -> None:
        self.process = process
        self.port = port
        self.base = f"http://127.0.0.1:{port}"

    def ask(
        self, method: str, target: str, headers: Optional[dict] = None, body: Optional[bytes] = None
    ) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, fields, answer.read())
        finally:
            connection.close()

    def get(self, target: str, **headers: str) -> Response:
        return self.ask("GET", target, headers)

    def list(self, query: str = "") -> dict[str, Any]:
        answer = self.get(f"{SPACECRAFT}?{query}")
        assert answer.status == 200, answer
        return answer.json

    def page(self, path: str, query: str = "") -> dict[str, Any]:
        """A page of any collection, given by its whole path."""
        answer = self.get(f"{path}?{query}")
        assert answer.status == 200, (path, query, answer)
        return answer.json

    def every(self, path: str, query: str = "") -> Rows:
        """All rows of a collection, from as many pages as it takes."""
        rows: Rows = []
        while True:
            page = self.page(path, f"limit=100&offset={len(rows)}&{query}")
            rows += page["results"]
            if page["next"] is None:
                return rows

    def order(self, method: str, path: str, given: Any = None) -> dict[str, Any]:
        answer = self.attempt_order(method, path, given)
        assert answer.status == 200, answer
        return answer.json

    def attempt_order(self, method: str, path: str, given: Any = None) -> Response:
        body = None if given is None else json.dumps(given).encode()
        return self.ask(method, f"/_sandbox/{path}", body=body)

    def fault(self, kind: str, **options: Any) -> None:
        self.order("POST", "faults", {"kind": kind, **options})

    def calls(self) -> dict[str, Any]:
        return self.order("GET", "calls")

    def totals(self) -> tuple[int, int, int]:
        report = self.order("GET", "calls?log=0")
        assert "log" not in report
        return report["calls"], report["refused"], report["seen"]

    def send_only(self, target: str) -> socket.socket:
        """Send a request and leave the answer to the caller."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: sandbox\r\n\r\n".encode())
        return client


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[Sandbox]:
    process = subprocess.Popen(
        [PYTHON, str(SERVE), "--port", "0", *arguments],
        stdout=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )
    try:
        line = process.stdout.readline()
        ready = re.fullmatch(r"sandbox ready: http://127\.0\.0\.1:(\d+)\n", line)
        assert ready, line
        yield Sandbox(process, int(ready[1]))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
