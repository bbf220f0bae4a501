"""What nginx answers by itself, from its micro-cache or from a shelf, held against what a worker says,
and counted."""

import itertools
import json
import re
import time

from harness import SLOW, eventually
from stack.chain import REPO
from stack.child import wait_until
from stack.rolling import counted as requests_total
from wire import fastcgi_request, read_fastcgi, worker_connection

# nginx' own, and those whose value is of the moment.
PASSING = {"Date", "Server", "Connection", "Age", "Cache-Status", "X-Accel-Expires"}
# What the worker tells nginx.
INTERNAL = {"Status", "X-Perigee-Expires", "X-Perigee-Count"}

# ---- the same question ---------------------------------------------------------

CONDITIONS = [
    {}, {"If-None-Match": "TAG"}, {"If-None-Match": "W/TAG"}, {"If-None-Match": '"x", TAG'},
    {"If-None-Match": "TAG, TAG"}, {"If-None-Match": "*"}, {"If-None-Match": '"x"'},
    {"If-None-Match": "nonsense, TAG"}, {"If-None-Match": 'x"a,TAG'}, {"If-None-Match": '"a b"'},
    {"If-None-Match": "w/TAG"}, {"If-None-Match": "TAGx"}, {"If-None-Match": '""'},
    {"If-Match": "TAG"}, {"If-Match": "W/TAG"}, {"If-Match": "*"}, {"If-Match": '"x"'},
    {"If-Match": "TAG", "If-None-Match": "TAG"}, {"If-Match": '"x"', "If-None-Match": "TAG"},
    {"If-Modified-Since": "Thu, 01 Jan 2037 00:00:00 GMT"},
    {"If-Modified-Since": "Thu, 01 Jan 2037 00:00:00 GMT", "If-None-Match": "TAG"},
    {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT", "If-None-Match": "TAG"},
]

OTHERS = [
    {"Range": "bytes=0-9"}, {"Range": "bytes=0-9", "If-Range": "TAG"}, {"Range": "bytes=99999999-"},
    {"Cache-Control": "no-cache"}, {"Cache-Control": "no-store, max-age=0"},
    {"Cache-Control": "only-if-cached"}, {"Pragma": "no-cache"}, {"Cookie": "a=b"},
    {"Authorization": "Basic eDp5"}, {"Origin": "https://elsewhere.example"},
]

# Of Accept-Encoding, beside spellings().
ODD_CODINGS = [
    "GZIP", "gzip;q=0", "gzip;q=0.5, identity", "*", "br", "x-gzip", "gzip, identity;q=0",
    "gzip,, deflate", "deflate, br", "gzip" + ", deflate" * 200, "identity, gzip;q=0.1"]


def spellings():
    """Of Accept-Encoding, as nginx knows them: {spelling: coding}"""
    text = (REPO / "nginx/perigee/micro-cache-http.conf").read_text()
    table = re.search(r"map \$http_accept_encoding \$perigee_coding \{(.*?)\}", text, re.S)[1]
    rows = re.findall(r'^\s+(?:"([^"]*)"|(\S+))\s+(identity|gzip);$', table, re.M)
    return {quoted or plain: coding for quoted, plain, coding in rows}


# ---- who answers ---------------------------------------------------------------

def asked_of_workers(chain):
    return sum(chain.log(f"worker-{i}").count("event=request")
               for i in range(len(chain.workers)))


def heat(chain, target, headers=None, method="GET"):
    """Asks until nginx answers by itself; that answer. A second may end in between."""
    ends = time.monotonic() + 10 * SLOW
    while time.monotonic() < ends:
        before = asked_of_workers(chain)
        answer = chain.ask(target, headers, method)
        # A worker writes its line when the answer is out.
        if not wait_until(lambda: asked_of_workers(chain) > before, 0.03 * SLOW, 0.002):
            return answer
    raise AssertionError(f"nginx has kept nothing of {target}")


def ask_worker(chain, target, headers, method="GET", worker=0):
    """The same question, past nginx."""
    params = {"HTTP_HOST": f"127.0.0.1:{chain.port}", "HTTP_ACCEPT_ENCODING": "identity"}
    params |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    with worker_connection(chain.worker_socket(worker)) as s:
        s.sendall(fastcgi_request(target, REQUEST_METHOD=method, **params))
        return read_fastcgi(s)


def assert_alike(got, expected, about):
    """What nginx answered, and what a worker does."""
    about = (about, got, expected)
    assert got.status == expected.status, about
    assert "problem" in got.headers.get("Content-Type", "") or got.body == expected.body, about
    names = (set(got.headers) - PASSING, set(expected.headers) - PASSING - INTERNAL)
    if got.status == 304:  # nginx repeats what it has kept with the body
        names = tuple(each - {"Link"} for each in names)
    assert names[0] == names[1], about
    for name in names[0] - {"Content-Length"}:
        assert got.headers[name] == expected.headers[name], (name, about)


def assert_as_the_worker(chain, target, headers, method="GET"):
    got = chain.ask(target, headers, method)
    assert_alike(got, ask_worker(chain, target, headers, method), (target, headers, method))
    return got


class Noted:
    """Questions, each under a name of its own, so that the access log tells who has answered it."""

    names = itertools.count(1)

    def __init__(self, chain):
        self._chain = chain
        self._answers = {}

    def ask(self, target, headers=None, method="GET"):
        """Over a connection of its own: any of nginx' processes."""
        name = self.name()
        answer = self._chain.get(target, {"User-Agent": name, **(headers or {})}, method)
        return self.note(name, answer)

    def name(self):
        return f"asker-{next(Noted.names)}."

    def note(self, name, answer):
        self._answers[name] = answer
        return answer

    def workers(self):
        """Of each answer, in the order asked, which worker gave it: "" where it was nginx."""
        logged = {}

        def all_are():
            lines = self._chain.log("access").splitlines()
            logged.update((entry["agent"], entry["worker"]) for entry in map(json.loads, lines))
            return self._answers.keys() <= logged.keys()

        eventually(all_are, "all of it in the access log", 10)
        return [(answer, logged[name]) for name, answer in self._answers.items()]

    def of_nginx(self):
        return [answer for answer, worker in self.workers() if not worker]

    def of_workers(self):
        return [answer for answer, worker in self.workers() if worker]


# ---- what is counted -----------------------------------------------------------

def assert_counted(chain, n):
    """All n, and they stay that many."""
    eventually(lambda: requests_total(chain) >= n, f"{n} requests to be counted", 15)
    assert requests_total(chain) == n
