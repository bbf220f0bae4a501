"""The status page as a worker serves it, out of its sources, with a state that a test chooses."""

import http.server
import json
import re
import threading

from stack.chain import REPO

SOURCES = REPO / "gateway/app/status"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Site:
    """`with Site() as site`: site.state is what state.json says (None: 502, as without a worker)."""

    def __init__(self, state=None):
        self.state = state
        self.asked = []
        self.answering = threading.Event()  # cleared: state.json waits
        self.answering.set()
        self._server = None

    def __enter__(self):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                status, kind, body = site._find(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", POLICY)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_):
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()

    def _find(self, path):
        name = path.removeprefix("/status/") or "index.html"
        if name == "state.json":
            self.answering.wait(60)
            if self.state is None:
                return 502, "application/problem+json", b"{}"
            return 200, "application/json", json.dumps(self.state).encode()
        source = SOURCES / name
        if not re.fullmatch(r"[a-z]+\.[a-z]+", name) or not source.exists():
            return 404, "text/plain", b"none"
        return 200, TYPES[source.suffix], source.read_bytes()


# What gateway/app/status.c sends: tests/e2e/test_status.py holds the two against each other.
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
