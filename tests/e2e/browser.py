"""A real browser, told what to do in WebDriver's own words (JSON over HTTP), and a web page
of an origin of its own for it to be on."""

import http.client
import http.server
import json
import re
import shutil
import tempfile
import threading
from pathlib import Path

from harness import SLOW
from stack.chain import clean_environment
from stack.child import Child, wait_until

# Headless, without a sandbox (which root has none of), and calling nobody but us.
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-extensions", "--disable-breakpad", "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


class Page(http.server.BaseHTTPRequestHandler):
    """An empty page, whatever is asked for."""

    def do_GET(self):
        body = b"<!doctype html><title>an app of somebody else's</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Browser:
    """`with Browser() as browser`: a tab on a page of another origin than the gateway's."""

    def __init__(self):
        self._dir = None
        self._driver = None
        self._port = None
        self._session = None
        self._pages = None

    def __enter__(self):
        self._dir = Path(tempfile.mkdtemp(prefix="perigee-browser-"))
        try:
            self._start_driver()
            self._start_session()
            self._open_page()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._session:
            self._order("DELETE", self._session)  # ends the browser, and waits for it
        if self._driver:
            self._driver.stop(10)
        if self._pages:
            self._pages.shutdown()
            self._pages.server_close()
        shutil.rmtree(self._dir, ignore_errors=True)

    def visit(self, url):
        self._order("POST", f"{self._session}/url", {"url": url})

    def devtools(self, command, **parameters):
        """What only the browser's own protocol can: screens, colour schemes, keys."""
        return self._order("POST", f"{self._session}/goog/cdp/execute",
                           {"cmd": command, "params": parameters})

    def run(self, script, *arguments):
        """What an async function with this body returns, in the page."""
        wrapped = """
            const done = arguments[arguments.length - 1];
            const given = Array.prototype.slice.call(arguments, 0, -1);
            (async function() {%s}).apply(null, given).then(
                value => done({value: value}), error => done({error: String(error)}));
            """ % script
        answer = self._order("POST", f"{self._session}/execute/async",
                             {"script": wrapped, "args": list(arguments)})
        assert "error" not in answer, answer
        return answer.get("value")

    def _start_driver(self):
        program = shutil.which("chromedriver")
        assert program, "chromedriver is not installed (conf/packages.txt)"
        environment = {**clean_environment(), "HOME": str(self._dir), "TMPDIR": str(self._dir)}
        self._driver = Child("chromedriver", [program, "--port=0"], log=self._dir / "log",
                             cwd=self._dir, env=environment)

        def port():
            return re.search(r"started successfully on port (\d+)", self._driver.text())

        # It takes a free port of IPv6 and then the same one of IPv4, which somebody may have.
        for _ in range(10):
            self._driver.start()
            wait_until(lambda: port() or not self._driver.running, 30 * SLOW)
            if port() or "Address already in use" not in self._driver.text():
                break
        assert port(), self._driver.report()
        self._port = int(port()[1])

    def _start_session(self):
        options = {"binary": shutil.which("chromium"),
                   "args": [*ARGUMENTS, f"--user-data-dir={self._dir}/profile"]}
        started = self._order("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options}}})
        self._session = f"/session/{started['sessionId']}"
        self._order("POST", f"{self._session}/timeouts", {"script": 20_000 * SLOW})

    def _open_page(self):
        self._pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=self._pages.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self._pages.server_port}"
        self.visit(f"{self.origin}/")

    def _order(self, method, path, given=None):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60 * SLOW)
        try:
            connection.request(method, path, json.dumps(given) if given is not None else None,
                               {"Content-Type": "application/json"})
            reply = connection.getresponse()
            answer = json.loads(reply.read())
        finally:
            connection.close()
        assert reply.status == 200, (path, answer, self._driver.report())
        return answer["value"]
