"""With perigee's module nginx takes answers from what workers have put on their shelves: what a worker
would say in that moment, whatever happens to workers, to nginx and to the files."""

import json
import math
import os
import random
import re
import signal
import socket
import subprocess
import time

import pytest
from admin import done, told
from alike import (CONDITIONS, INTERNAL, ODD_CODINGS, OTHERS, Noted, ask_worker, asked_of_workers,
                   assert_alike, assert_counted, heat, requests_total, spellings)
from harness import (SEED, SLOW, SPACECRAFT, Behind, Chain, Client, configure, eventually, reload,
                     switch, tables, together)
from shelf import BUCKETS, EPOCH, LOOKED, NUMBERS, RESERVED, RING, RING_AT, SIZE, TAKEN, Shelf, write_rubbish
from stack.chain import MODULE, free_port
from stack.child import wait_until
from wire import exchange, read_answer

CHAIN = {"module": True}

KEPT = 3  # seconds for which an answer lies there at most (SHELVE_MS)
IN_IDENTITY = {"Accept-Encoding": "identity"}
WINDOW = SPACECRAFT + "?limit=100"


@pytest.fixture(scope="module", autouse=True)
def module_is_built():
    assert MODULE.exists(), f"there is no {MODULE} (make module builds it)"


@pytest.fixture
def gate(chain):
    """As just started; the answers of before are for nobody any more. nginx lives to the end."""
    chain.reset()
    yield chain
    assert_nginx_lives(chain)


def assert_nginx_lives(chain):
    assert chain.nginx.poll() is None
    assert not re.search(r"exited on signal|\[(alert|emerg)\]", chain.log("nginx"))


def put(chain, target, headers=None, worker=0):
    """The answer lies on the shelf of that worker, and on no other one's that did not have it."""
    headers = {**IN_IDENTITY, **(headers or {})}

    def is_taken():
        chain.get("/healthz")  # nginx looks at the shelves of all before it asks
        ask_worker(chain, target, headers, worker=worker)
        taken = shelf.taken
        chain.get(target, headers)
        return shelf.taken > taken

    with Shelf(chain.shelf(worker)) as shelf:
        eventually(is_taken, f"{target} to be taken from shelf {worker}")


def put_name(chain, id, name):
    """Upstream has another name for an object from now on."""
    chain.origin.update(id, name=name)
    return f'"{name}"'.encode()


def at_rest(read, seconds):
    """What it reads when that has not changed for so long."""
    seen = [None]

    def is_same():
        seen.append(read())
        return seen[-1] == seen[-2]

    assert wait_until(is_same, 20 * SLOW, seconds)
    return seen[-1]


def lines_of_answers(chain):
    """Of workers, about what can lie on a shelf: /metrics is none of that."""
    return sum(len(re.findall(r"event=request .* endpoint=", chain.log(f"worker-{i}")))
               for i in range(len(chain.workers)))


def settled(chain):
    """Nothing is being fetched, and all that was asked is in the workers' logs."""
    eventually(chain._is_idle, "what is fetched ahead to be there")
    return at_rest(lambda: asked_of_workers(chain), 0.05 * SLOW)


def assert_consistent(answer):
    """What it says of its age is one and the same, and it says nothing that is not for clients."""
    assert not INTERNAL & set(answer.headers), answer
    for name, value in answer.headers.items():
        assert not re.search(r"[\x00-\x1f\x7f]", name + value), answer
        assert not name.lower().startswith("x-perigee"), answer
    age, ttl = int(answer.headers["Age"]), int(re.search(r"ttl=(-?\d+)", answer.headers["Cache-Status"])[1])
    assert age >= 0
    assert ttl == int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])[1]) - age, answer
    assert answer.headers["X-Accel-Expires"] == str(ttl - 1), answer


# ---- it answers ----------------------------------------------------------------

@pytest.mark.parametrize("accept", ["identity", "gzip", "gzip, deflate, br"])
def test_what_was_asked_for_is_answered_by_nginx(gate, accept):
    """From the shelf: neither its cache nor the file in which that counts has a part in it."""
    first = gate.ask(SEED, {"Accept-Encoding": accept})
    heat(gate, SEED, {"Accept-Encoding": accept})
    noted = Noted(gate)
    for method in ("GET", "HEAD") * 10:
        answer = noted.ask(SEED, {"Accept-Encoding": accept}, method)
        assert (answer.status, answer.body) == (200, first.body if method == "GET" else b"")
        assert answer.headers["Content-Encoding"] == (None if accept == "identity" else "gzip")
        assert answer.headers["Content-Length"] == str(len(first.body))
        assert answer.headers["Cache-Status"].startswith("perigee; hit; ttl=")
        assert_consistent(answer)
    assert len(noted.of_nginx()) >= 10  # its time may have ended
    assert not list((gate.run_dir / "cache").iterdir())
    assert (gate.run_dir / "hits").stat().st_size == 0


# ---- the same question ---------------------------------------------------------

def assert_shelved_as_the_worker(chain, target, headers, method="GET", warm=None):
    """From the shelf where there is one for such a question, which has just been put there."""
    put(chain, target, headers if warm is None else warm)
    got = chain.ask(target, headers, method)
    assert_alike(got, ask_worker(chain, target, headers, method), (target, headers, method))
    return got


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accept", ["identity", "gzip"])
def test_conditions_and_other_fields(gate, accept, method):
    coding = {"Accept-Encoding": accept}
    gate.ask(SEED)
    tag = heat(gate, SEED, coding).headers["ETag"]
    seen = set()
    for fields in CONDITIONS + OTHERS:
        fields = {name: value.replace("TAG", tag) for name, value in fields.items()}
        answer = assert_shelved_as_the_worker(gate, SEED, {**coding, **fields}, method, coding)
        seen.add(answer.status)
        if answer.status in (200, 304):
            assert_consistent(answer)
    assert seen == {200, 304, 412}


def test_a_tag_is_compared_by_nginx(gate):
    """One tag alone: a 304 or the whole, without a worker."""
    tag = heat(gate, SEED, IN_IDENTITY).headers["ETag"]

    def nginx_says_all():
        put(gate, SEED)
        noted = Noted(gate)
        for given, status in {tag: 304, f"W/{tag}": 304, '"x"': 200, '""': 200}.items():
            assert noted.ask(SEED, {**IN_IDENTITY, "If-None-Match": given}).status == status
        return len(noted.of_nginx()) == 4

    eventually(nginx_says_all, "no worker to be asked")


def test_codings_as_the_worker_chooses_them(gate):
    """Whatever is said of codings: also what nginx cannot read itself."""
    gate.ask(SEED)
    known = spellings()
    assert len(known) > 8
    noted, small = Noted(gate), gate.cold()
    assert len(gate.ask(small).body) < 1000
    for accept in [*known, *ODD_CODINGS, "gzip;q=1.000", "gzip;q=2", "identity;q=0, *;q=0", ",", "\t", "q",
                   "gzip;level=9", "*;q=0.5, gzip;q=0", "identity;q=0.3, gzip;q=0.3"]:
        fields = {"Accept-Encoding": accept}
        for warm in ("identity", "gzip"):
            put(gate, SEED, {"Accept-Encoding": warm})
            put(gate, small, {"Accept-Encoding": warm})
        answer = assert_shelved_as_the_worker(gate, SEED, fields)
        # What is too small to be worth it is compressed for those alone who take nothing else.
        assert_shelved_as_the_worker(gate, small, fields)
        if accept in known:
            assert answer.headers["Content-Encoding"] == (
                None if known[accept] == "identity" else "gzip")
        assert_alike(noted.ask(SEED, fields), answer, accept)
    assert len(noted.of_nginx()) > len(noted.of_workers())


def test_links_of_one_name_are_not_sent_to_another(gate):
    """Whatever Host and X-Forwarded-Host say, in whatever order they are asked."""
    ours, local = f"127.0.0.1:{gate.port}", f"localhost:{gate.port}"
    for fields in ({"Host": ours}, {"Host": local}, {"Host": "elsewhere"}, {"Host": ours.upper()},
                   {"X-Forwarded-Host": local}, {"X-Forwarded-Host": f"x, {local}"},
                   {"X-Forwarded-Host": ""}, {"X-Forwarded-Host": "a b"}, {"Host": local[:-1]},
                   {"Host": local, "X-Forwarded-Host": ours}, {"Host": f"{local} "}):
        fields = {**IN_IDENTITY, **fields}
        for warm in (ours, local):
            put(gate, SEED, {"Host": warm})
        told = {name: value.strip() for name, value in fields.items()}  # as nginx reads them
        heat(gate, SEED, fields)
        answer = gate.ask(SEED, fields)
        assert_alike(answer, ask_worker(gate, SEED, told), fields)
        if set(fields) == {"Accept-Encoding", "Host"} and told["Host"] in (ours, local):
            assert (local in answer.json["next"]) == (told["Host"] == local), fields


@pytest.mark.parametrize("target", [
    SPACECRAFT, SPACECRAFT + "?", SPACECRAFT[:-1], SPACECRAFT + "430/", SPACECRAFT + "430",
    SEED.replace("ordering", "%6Frdering"), SEED.replace("-time", "%2dtime"), SEED + "&", SEED + "&limit=10",
    "/2.3.0/./spacecraft/?limit=3", "//2.3.0/spacecraft/?limit=3", "/2.3.0/x/../spacecraft/?limit=3",
    "/2.3.0/spacecraft/?limit=3#part", "/2%2E3.0/spacecraft/?limit=3", SPACECRAFT + "?limit=3&&offset=3",
    SPACECRAFT + "?limit=3;offset=3", SPACECRAFT + "?search=%00", SPACECRAFT + "?search=a+b%20c",
    SPACECRAFT + "?search=%c3%a4", SPACECRAFT + "?limit=0", SPACECRAFT + "?limit=3&limit=2",
    SPACECRAFT + "?search=" + "a" * 3000, SPACECRAFT + "?search=" + "a" * 8200,
    "/2.3.0/launches/upcoming/?limit=3", "/2.3.0/agencies/?limit=2", SPACECRAFT + "?x=1", "/nothing",
    "/openapi.json", "/healthz", "/_problem", "*", "/2.3.0/api-throttle/"])
def test_odd_targets(gate, target):
    """Often enough to lie on the shelf, if it comes there at all; each time as the worker says."""
    request = (f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{gate.port}\r\nAccept-Encoding: identity\r\n"
               "Connection: close\r\n\r\n").encode()
    first = exchange(gate.port, request)
    for _ in range(4):
        got = exchange(gate.port, request)
        if target in ("*", "/_problem"):  # nginx' own word
            assert (got.status, first.status) == ((400, 400) if target == "*" else (404, 404))
            continue
        expected = ask_worker(gate, target, {})
        assert got.status == first.status == expected.status, (got, expected)
        if got.status == 200 and target not in ("/healthz", "/2.3.0/api-throttle/"):
            assert_alike(got, expected, target)


def test_an_absolute_target(gate):
    """The name in front of it is not what the worker goes by; nor does nginx here."""
    ours, local = f"127.0.0.1:{gate.port}", f"localhost:{gate.port}"
    for host in (ours, local):
        heat(gate, SEED, {**IN_IDENTITY, "Host": host})
        for named in (ours, local, "elsewhere"):
            got = exchange(gate.port, f"GET http://{named}{SEED} HTTP/1.1\r\nHost: {host}\r\n"
                           "Accept-Encoding: identity\r\n\r\n".encode())
            assert_alike(got, ask_worker(gate, SEED, {"Host": host}), (host, named))


def raw(chain, noted, fields, method="GET", version="1.1", body=b""):
    """The answer to a request whose header fields are given as lines."""
    name = noted.name()
    head = f"{method} {SEED} HTTP/{version}\r\nUser-Agent: {name}\r\n{fields}\r\n"
    return noted.note(name, exchange(chain.port, head.encode("latin-1") + body))


def test_a_field_that_comes_twice_is_for_a_worker(gate):
    """Which of the two counts is what nginx hands on."""
    ours, local = f"127.0.0.1:{gate.port}", f"localhost:{gate.port}"
    for warm in (IN_IDENTITY, {"Accept-Encoding": "gzip"}, {**IN_IDENTITY, "X-Forwarded-Host": local}):
        heat(gate, SEED, warm)
    tag = heat(gate, SEED, IN_IDENTITY).headers["ETag"]
    noted = Noted(gate)
    host = f"Host: {ours}\r\n"
    for fields in ("Accept-Encoding: identity\r\nAccept-Encoding: gzip\r\n",
                   "accept-encoding: gzip\r\nACCEPT-ENCODING: identity\r\n",
                   "Accept-Encoding: gzip\r\nAccept-Encoding:\r\n",
                   "Accept-Encoding:\r\nAccept-Encoding: gzip\r\n",
                   f"Accept-Encoding: identity\r\nX-Forwarded-Host: {local}\r\nX-Forwarded-Host: {ours}\r\n",
                   f"Accept-Encoding: identity\r\nIf-None-Match: {tag}\r\nIf-None-Match: \"x\"\r\n",
                   f"Accept-Encoding: identity\r\nIf-None-Match: \"x\"\r\nIf-None-Match: {tag}\r\n"):
        assert raw(gate, noted, host + fields).status in (200, 304, 400)
    assert {answer.status for answer in noted.of_nginx()} <= {400}  # some of it nginx refuses
    assert len(noted.of_workers()) >= 5
    assert raw(gate, noted, host + host).status == 400


def test_fields_that_are_written_oddly(gate):
    """What nginx takes for the same is the same here; what it leaves out is not read here either."""
    ours, local = f"127.0.0.1:{gate.port}", f"localhost:{gate.port}"
    expected = {None: ask_worker(gate, SEED, {}), "gzip": ask_worker(gate, SEED, {"Accept-Encoding": "gzip"})}
    heat(gate, SEED, IN_IDENTITY)
    heat(gate, SEED, {"Accept-Encoding": "gzip"})
    noted = Noted(gate)
    for fields, coding in {f"hOST:{ours}\r\nACCEPT-ENCODING:gzip\r\n": "gzip",
                           f"Host:   {ours}  \r\nAccept-Encoding:   identity \r\n": None,
                           f"Host: {ours}\r\nAccept_Encoding: gzip\r\nX_Forwarded_Host: {local}\r\n": None,
                           f"Host: {ours}\r\nX-Forwarded-Host:\r\n": None,
                           f"Host: {ours}\r\n": None}.items():
        for _ in range(3):
            answer = raw(gate, noted, fields)
            assert_alike(answer, expected[coding], fields)
    assert len(noted.of_nginx()) >= 10


def test_http_1_0(gate):
    """Without any Host, with its length, and closed behind it."""
    noted = Noted(gate)
    for _ in range(5):
        answer = raw(gate, noted, "", version="1.0")
        assert answer.headers["Transfer-Encoding"] is None
        assert_alike(answer, ask_worker(gate, SEED, {"Host": ""}), "HTTP/1.0")
        assert len(raw(gate, noted, "Connection: keep-alive\r\n", version="1.0").body) == len(answer.body)
        head = raw(gate, noted, "", "HEAD", version="1.0")
        assert (head.status, head.body) == (200, b"")
    assert len(noted.of_nginx()) >= 10


def test_a_body_is_for_a_worker_and_means_nothing(gate):
    """What is allowed of one is said where workers are asked. Whatever is behind it on the connection is the
    next request."""
    expected = heat(gate, SEED, IN_IDENTITY)
    noted = Noted(gate)
    lines = f"Host: 127.0.0.1:{gate.port}\r\nAccept-Encoding: identity\r\n"
    bodies = [("Content-Length: 900\r\n", b"x" * 900),
              ("Transfer-Encoding: chunked\r\n", b"5\r\nGET /\r\n0\r\n\r\n"),
              ("Content-Length: 0\r\nExpect: 100-continue\r\n", b"")]

    def who_answers():
        put(gate, SEED)
        noted = Noted(gate)
        names = [noted.name() for _ in bodies]
        with socket.create_connection(("127.0.0.1", gate.port), 10 * SLOW) as s:
            for name, (fields, body) in zip(names, bodies):
                s.sendall(f"GET {SEED} HTTP/1.1\r\nUser-Agent: {name}\r\n{lines}{fields}\r\n".encode() + body)
                answer = noted.note(name, read_answer(s))
                assert (answer.status, answer.body) == (200, expected.body)
        first, second, third = (bool(worker) for _, worker in noted.workers())
        assert first and second
        return not third

    eventually(who_answers, "nginx to answer what has no body by itself")
    assert raw(gate, noted, lines + "Content-Length: 5000\r\n").status == 413
    much = f"{lines}Transfer-Encoding: chunked\r\n\r\n1388\r\n{'x' * 5000}"
    assert raw(gate, noted, much).status == 413


def test_requests_behind_each_other_on_one_connection(gate):
    """Sent at once; from the shelf, by a worker and as a 304, in their order."""
    expected = heat(gate, SEED, IN_IDENTITY)
    lines = f"Host: 127.0.0.1:{gate.port}\r\nAccept-Encoding: identity\r\n"
    plan = [("GET", SEED, ""), ("GET", "/healthz", ""), ("HEAD", SEED, ""),
            ("GET", SEED, f"If-None-Match: {expected.headers['ETag']}\r\n"), ("GET", SEED, ""),
            ("GET", SPACECRAFT + "?x=1", "")] * 5
    with socket.create_connection(("127.0.0.1", gate.port), 10 * SLOW) as s:
        s.sendall("".join(f"{method} {target} HTTP/1.1\r\n{lines}{fields}\r\n"
                          for method, target, fields in plan).encode())
        with s.makefile("rb") as stream:
            for method, target, fields in plan:
                status = int(stream.readline().split()[1])
                length = 0
                while (line := stream.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = b"" if method == "HEAD" or status == 304 else stream.read(length)
                assert status == (304 if fields else 400 if "?x" in target else 200)
                if target == SEED:
                    assert body == (b"" if method == "HEAD" or fields else expected.body)


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_not_answered_from_it(gate, method):
    heat(gate, SEED)
    answer = gate.ask(SEED, IN_IDENTITY, method)
    assert answer.status == (204 if method == "OPTIONS" else 405)
    if method != "TRACE":  # nginx' own word
        assert_alike(answer, ask_worker(gate, SEED, IN_IDENTITY, method), method)


@pytest.mark.parametrize("target, status", [
    (SPACECRAFT + "?x=1", 400), (SPACECRAFT + "987654/", 404), ("/2.3.0/nothing/", 404),
    ("/healthz", 200), ("/openapi.json", 200), ("/metrics", 200), ("/status/", 200)])
def test_what_does_not_come_there(gate, target, status):
    """Problems name their request, and what is the gateway's own is asked for each time."""
    noted = Noted(gate)
    for _ in range(5):
        assert noted.ask(target).status == status
    assert not noted.of_nginx()


def test_nothing_of_the_inside_reaches_clients(gate):
    """Byte by byte: no field that is for nginx, no mark, in no form of an answer."""
    tag = heat(gate, SEED, IN_IDENTITY).headers["ETag"]
    for method, version, fields in (("GET", "1.1", ""), ("HEAD", "1.1", ""), ("GET", "1.0", ""),
                                    ("GET", "1.1", f"If-None-Match: {tag}\r\n")):
        with socket.create_connection(("127.0.0.1", gate.port), 10 * SLOW) as s:
            s.sendall(f"{method} {SEED} HTTP/{version}\r\nHost: 127.0.0.1:{gate.port}\r\n{fields}"
                      "Accept-Encoding: identity\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: s.recv(65536), b""))
        head = answer.partition(b"\r\n\r\n")[0]
        assert head.count(b"\r\nAge: ") == head.count(b"\r\nX-Accel-Expires: ") == 1, head
        assert b"perigee-" not in head.lower()
        assert not re.search(rb"[^\x20-\x7e]", head.replace(b"\r\n", b"")), head


def test_http_2():
    """As by HTTP/1.1: whole, HEAD, and compared by its tag."""

    class Both(Chain):
        def _shelves(self):
            self.h2_port = free_port()
            return f"{super()._shelves()} listen 127.0.0.1:{self.h2_port} http2;"

    with Both(module=True) as chain:
        host = {"Host": f"127.0.0.1:{chain.h2_port}"}
        heat(chain, SEED, {**IN_IDENTITY, **host})
        expected = ask_worker(chain, SEED, host)
        tag = expected.headers["ETag"]
        noted = Noted(chain)
        for options in ([], ["-I"], ["-H", f"If-None-Match: {tag}"], ["-H", 'If-None-Match: "x"']):
            name = noted.name()
            out = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "-A", name, "-i", *options,
                                  "-H", "Accept-Encoding: identity",
                                  f"http://127.0.0.1:{chain.h2_port}{SEED}"],
                                 check=True, capture_output=True, timeout=30 * SLOW).stdout
            head, _, body = out.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/2 304" if tag in str(options) else b"HTTP/2 200"), head
            assert f"\r\netag: {tag}".encode() in head
            assert not re.search(rb"[^\x20-\x7e]", head.replace(b"\r\n", b"")), head
            assert body == (b"" if options and "x" not in options[-1] else expected.body)
            noted.note(name, None)
        assert len(noted.of_nginx()) >= 3  # its time may have ended
        assert_nginx_lives(chain)


# ---- for how long --------------------------------------------------------------

def test_age_grows_while_no_worker_is_asked(gate):
    """Age and what is left change with each second, for as long as it lies there."""
    gate.ask(SEED)
    stored = gate.stored(gate.cache.entries()[0])
    fetched = time.strptime(stored["fetched_at"].decode()[:19], "%Y-%m-%dT%H:%M:%S")
    fetched_s = int(time.mktime(fetched) - time.mktime(time.gmtime(0)))
    settled(gate)

    def nobody_asks_a_worker():
        """From one putting to the next; a worker that got no processor for a while does not vouch for it."""
        noted, seconds, begun = Noted(gate), set(), time.time()
        reload(gate, "event=reloaded")  # from here on what lies there is too old
        put(gate, SEED)
        while time.time() < begun + KEPT - 0.2:
            sent = time.time()
            answer = noted.ask(SEED)
            received = time.time()
            # nginx looks at the clock before it takes up what has come together.
            possible = range(math.floor(sent - 0.01 * SLOW), math.floor(received) + 1)
            assert int(answer.headers["Age"]) in [s - fetched_s for s in possible], (
                sent - fetched_s, received - fetched_s, answer)
            assert_consistent(answer)
            seconds.add(answer.headers["Age"])
        return not noted.of_workers() and len(seconds) >= 2

    for _ in range(2):
        eventually(nobody_asks_a_worker, "nginx to answer for seconds by itself", 10 * KEPT)


def test_a_worker_sees_now_and_then_what_is_asked_for(gate):
    """It lies there for 3 s, and not as long as somebody asks for it."""
    heat(gate, SEED)
    noted = Noted(gate)
    ends = time.monotonic() + 2.5 * KEPT
    while time.monotonic() < ends:
        noted.ask(SEED)
    by_worker = [bool(worker) for _, worker in noted.workers()]
    # A worker that gets no processor does not vouch for what it has put, and is asked until it does.
    times = sum(now and not before for before, now in zip([False] + by_worker, by_worker))
    assert 2 <= times <= 6 * SLOW
    assert by_worker.count(False) > by_worker.count(True)


def test_the_end_of_freshness(tmp_path):
    """nginx gives it while more than a second is left; what is nearly over is the worker's."""
    with Chain(module=True, config={"api.tables": tables(tmp_path, fresh="5s", stale="1h")}) as chain:
        noted, ends = Noted(chain), time.monotonic() + 12
        while time.monotonic() < ends:
            answer = noted.ask(SEED)
            assert answer.status == 200
        shelved, by_worker = noted.of_nginx(), noted.of_workers()
        ttls = [int(re.search(r"ttl=(-?\d+)", a.headers["Cache-Status"])[1]) for a in shelved]
        assert min(ttls) == 2 and max(ttls) >= 3, sorted(set(ttls))
        for answer in shelved:
            assert_consistent(answer)
            assert int(answer.headers["X-Accel-Expires"]) >= 1
        assert min(int(re.search(r"ttl=(-?\d+)", a.headers["Cache-Status"])[1]) for a in by_worker) <= 1


# ---- what is not right any more ------------------------------------------------

@pytest.mark.parametrize("how", [["--delete", SEED], ["--object", f"{SPACECRAFT}430/", "--delete"],
                                 ["--endpoint", SPACECRAFT, "--delete"],
                                 ["--everything", "--delete", "--yes"]])
def test_a_purge_is_in_force_for_the_next_request(gate, how):
    """By any of nginx' processes, as soon as the command has returned."""
    gate.ask(SEED)
    settled(gate)
    for name in ("first", "second", "third"):
        heat(gate, SEED, IN_IDENTITY)
        heat(gate, SEED, {"Accept-Encoding": "gzip"})
        word = put_name(gate, 430, name)
        done(gate, "purge", *how)
        for _ in range(6):
            assert word in gate.get(SEED, IN_IDENTITY).body


def test_what_was_made_stale_is_fetched_anew(gate):
    """A purge without --delete: nothing of before is told to be fresh, and the refill counts at once."""
    gate.ask(SEED)
    settled(gate)
    heat(gate, SEED, IN_IDENTITY)
    word = put_name(gate, 430, "Refilled")
    done(gate, "purge", SEED)
    for _ in range(20):
        answer = gate.get(SEED, IN_IDENTITY)
        left = int(re.search(r"ttl=(-?\d+)", answer.headers["Cache-Status"])[1])
        assert word in answer.body or left <= 0, answer
    eventually(lambda: word in ask_worker(gate, SEED, {}).body, "the refill")
    for _ in range(6):
        assert word in gate.get(SEED, IN_IDENTITY).body


def test_a_refill_is_given_at_once(tmp_path):
    """Over the ends of many freshnesses: once a worker has a new one, nginx gives no older one."""
    with Chain(module=True, config={"api.tables": tables(tmp_path, fresh="3s", stale="1h")}) as chain:
        for i in range(3):
            heat(chain, SEED, IN_IDENTITY)
            word = put_name(chain, 430, f"Name {i}")
            eventually(lambda: chain.get(SEED, IN_IDENTITY) and word in ask_worker(chain, SEED, {}).body,
                       "the refill", 10)
            for _ in range(6):
                assert word in chain.get(SEED, IN_IDENTITY).body


def test_a_purge_through_another_worker(tmp_path):
    """At the worker that it went through at once, at the other one within a second."""
    with Chain(module=True, workers=2) as chain:
        assert chain.ask(SEED).status == 200
        settled(chain)
        for i, (shelf, through) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)] * 2):
            put(chain, SEED, worker=shelf)
            word = put_name(chain, 430, f"Name {i}")
            done(chain, "purge", "--delete", SEED, worker=through)
            start = time.monotonic()
            assert word in ask_worker(chain, SEED, {}, worker=through).body

            def all_new():
                return all(word in chain.get(SEED, IN_IDENTITY).body for _ in range(4))

            eventually(all_new, "the new name", 2)
            assert time.monotonic() - start < 1 * SLOW
            for _ in range(6):
                assert word in chain.get(SEED, IN_IDENTITY).body
            done(chain, "purge", "--everything", "--delete", "--yes")


def test_a_reload_is_in_force_for_the_next_request():
    """Links lead where the new configuration says, as soon as the log says that it is in force."""
    with Chain(module=True) as chain:
        for base in ("https://first.example", "https://second.example", f"{chain.base}"):
            before = heat(chain, SEED, IN_IDENTITY).json["next"]
            configure(chain, public__base_urls=base)
            reload(chain, "event=reloaded")
            for _ in range(6):
                answer = chain.get(SEED, IN_IDENTITY)
                assert json.loads(answer.body)["next"].startswith(f"{base}/2.3.0/") or base in before
                assert base in answer.headers["Link"]
            heat(chain, SEED, IN_IDENTITY)


def test_another_origin_mode_is_told_at_once():
    with Chain(module=True) as chain:
        body = heat(chain, SEED, IN_IDENTITY).body
        for mode, detail in (("never", "; detail=origin-never"), ("avoid", "; detail=origin-avoid"),
                             ("normal", "")):
            switch(chain, mode)
            for _ in range(6):
                answer = chain.get(SEED, IN_IDENTITY)
                assert (answer.status, answer.body) == (200, body)
                assert re.sub(r"ttl=\d+", "ttl=N", answer.headers["Cache-Status"]) == (
                    f"perigee; hit; ttl=N{detail}")
            told = heat(chain, SEED, IN_IDENTITY)
            assert told.cache_status.endswith(detail or f"ttl={told.ttl}")
            assert_alike(told, ask_worker(chain, SEED, {}), mode)


def test_without_redis():
    """What is remembered is put there and taken as ever; nothing of it is wrong when Redis is back."""
    with Chain(module=True, workers=2) as chain:
        for i in range(2):
            ask_worker(chain, SEED, {}, worker=i)
        expected = heat(chain, SEED, IN_IDENTITY).body
        chain.kill_redis()
        noted, ends = Noted(chain), time.monotonic() + KEPT + 1
        while time.monotonic() < ends:
            answer = noted.ask(SEED, IN_IDENTITY)
            assert (answer.status, answer.body) == (200, expected)
            assert_consistent(answer)
        assert len(noted.of_nginx()) > len(noted.of_workers()) > 0
        chain.start_redis()
        eventually(lambda: chain.cache("PUBSUB", "NUMSUB", "perigee:news")[1] == 2, "all to listen")
        eventually(lambda: chain.ask(chain.cold()).status == 200, "Redis to be found again")
        word = put_name(chain, 430, "Later")
        eventually(lambda: done(chain, "purge", "--everything", "--delete", "--yes"), "a purge")
        eventually(lambda: all(word in chain.get(SEED, IN_IDENTITY).body for _ in range(8)), "the new", 10)
        assert_nginx_lives(chain)


# ---- what is counted -----------------------------------------------------------

def ask_each_alone(chain, n, i=0):
    """Over a connection each: nginx closes idle ones when it is told to reload."""
    for k in range(n):
        answer = chain.get(SEED, {"Accept-Encoding": ("gzip", "identity")[(i + k) % 2]},
                           ("GET", "GET", "HEAD")[k % 3])
        assert answer.status == 200, answer
    return n


def test_all_requests_are_counted_once():
    """Many at once, by all of nginx' processes, and whoever is started anew meanwhile."""
    with Chain(module=True, workers=2) as chain:
        asked = ask_each_alone(chain, 20)
        before = asked_of_workers(chain)
        asked += sum(together(8, lambda i: ask_each_alone(chain, 100, i)))
        assert_counted(chain, asked)
        assert asked_of_workers(chain) - before < 400
        os.kill(chain.nginx.pid, signal.SIGHUP)
        asked += sum(together(8, lambda i: ask_each_alone(chain, 50, i)))
        assert_counted(chain, asked)
        stop = []

        def ask_on(i):
            n = 0
            while not stop:
                n += ask_each_alone(chain, 1, i)
            return n

        asking = [Behind(ask_on, i) for i in range(4)]
        try:
            for i in range(2):
                chain.restart_worker(i, signal.SIGTERM)
                os.kill(chain.nginx.pid, signal.SIGHUP)
        finally:
            stop.append(True)
        asked += sum(each.result() for each in asking)
        assert_counted(chain, asked)
        # What a killed one had not read is there for the next one.
        for i in range(2):
            asked += ask_each_alone(chain, 30)
            settled(chain)
            chain.restart_worker(i, signal.SIGKILL)
        asked += ask_each_alone(chain, 30)
        assert_counted(chain, asked)
        assert_nginx_lives(chain)


def test_nobody_is_there_to_count():
    """What is taken while the only worker hangs is counted by the next one, when that one was killed."""
    with Chain(module=True) as chain:
        asked = ask_each_alone(chain, 20)
        settled(chain)
        with Shelf(chain.shelf(0)) as shelf:
            chain.signal_worker(0, signal.SIGSTOP)
            before, n = shelf.taken, 0
            while n < 10 and shelf.vouched - time.monotonic() > 0.4:  # behind that it would wait
                n += ask_each_alone(chain, 1)
            assert shelf.taken == before + n
        chain.restart_worker(0, signal.SIGKILL)
        assert_counted(chain, asked + n)


# ---- workers that are gone -----------------------------------------------------

def test_a_killed_worker_is_not_believed_for_long():
    """A second later nothing is taken from its shelf, no request has failed, and when it is there again
    it is as before."""
    with Chain(module=True, workers=2) as chain:
        put(chain, SEED)
        with Shelf(chain.shelf(0)) as shelf:
            chain.stop_worker(0, signal.SIGKILL)
            assert shelf.vouched - time.monotonic() < 1
            client = Client(chain.port)
            noted = Noted(chain)
            while shelf.is_vouched:
                assert client.get(SEED, IN_IDENTITY).status == 200
            eventually(lambda: time.monotonic() > shelf.vouched + 0.05 * SLOW, "nginx' clock to go on")
            taken = shelf.taken
            for _ in range(20):
                assert noted.ask(SEED, IN_IDENTITY).status == 200
            assert noted.of_nginx()  # from the other one's
            assert shelf.taken == taken
        chain.restart_worker(0)
        put(chain, SPACECRAFT + "?limit=7")
        assert_nginx_lives(chain)


def test_a_worker_that_hangs_is_not_believed_for_long():
    """Whoever asks then waits for it, as without a shelf, and is answered when it goes on."""
    with Chain(module=True) as chain:
        heat(chain, SEED, IN_IDENTITY)
        put_name(chain, 430, "Meanwhile")
        settled(chain)
        chain.signal_worker(0, signal.SIGSTOP)
        try:
            with Shelf(chain.shelf(0)) as shelf:
                assert shelf.vouched - time.monotonic() < 1
                eventually(lambda: time.monotonic() > shelf.vouched + 0.05 * SLOW, "it to be over", 2)
                taken = shelf.taken
                waiting = Behind(Client(chain.port).get, SEED, IN_IDENTITY)
                assert not wait_until(lambda: waiting.done, 0.5 * SLOW)
                assert shelf.taken == taken
        finally:
            chain.signal_worker(0, signal.SIGCONT)
        assert waiting.result().status == 200
        noted = Noted(chain)
        heat(chain, SEED, IN_IDENTITY)
        for _ in range(5):
            assert noted.ask(SEED, IN_IDENTITY).status == 200
        assert noted.of_nginx()


def test_a_worker_that_leaves_takes_its_answers_with_it():
    """Told to stop it vouches for nothing any more, from that moment."""
    with Chain(module=True, workers=2) as chain:
        put(chain, SEED)
        with Shelf(chain.shelf(0)) as shelf:
            chain.stop_worker(0)
            assert not shelf.is_vouched
            taken = shelf.taken
            for _ in range(20):
                assert chain.get(SEED, IN_IDENTITY).status == 200
            assert shelf.taken == taken


# ---- the files -----------------------------------------------------------------

def assert_all_right(chain, n=5):
    """Whatever lies on shelves: each of these, often."""
    for target in (SEED, SPACECRAFT + "430/", WINDOW, SPACECRAFT + "?limit=3"):
        for accept in ("identity", "gzip"):
            expected = ask_worker(chain, target, {"Accept-Encoding": accept}, worker=len(chain.workers) - 1)
            for _ in range(n):
                assert_alike(chain.get(target, {"Accept-Encoding": accept}), expected, target)


def test_files_that_come_later_and_others_in_their_place():
    """nginx looks for what is not there, and for what is not what it was."""
    with Chain(module=True) as chain:
        heat(chain, SEED, IN_IDENTITY)
        inodes = {chain.shelf(0).stat().st_ino}
        for sig in (signal.SIGTERM, signal.SIGKILL):
            chain.stop_worker(0, sig)
            # One and the same file system may give the number away again at once.
            chain.shelf(0).rename(chain.run_dir / f"old-{sig}")
            os.kill(chain.nginx.pid, signal.SIGHUP)
            eventually(lambda: chain.get("/healthz").status == 502, "nginx without anything")
            chain.restart_worker(0)
            inodes.add(chain.shelf(0).stat().st_ino)
            put(chain, SEED)
            assert_all_right(chain)
        assert len(inodes) == 3
        chain.stop_worker(0)
        chain.shelf(0).rename(chain.run_dir / "old")
        chain.restart_worker(0)  # nginx still has the old one
        put(chain, SEED)
        assert_all_right(chain)
        assert_nginx_lives(chain)


def test_two_workers_do_not_share_a_shelf():
    """The second one says so, answers all the same, and has it when the first one is gone."""
    class OneShelf(Chain):
        def shelf(self, i):
            return self.run_dir / "shelf-0"

    with OneShelf(module=True, workers=2) as chain:
        # They start together: either may be the first.
        late, = (i for i in range(2) if "event=shelf_failed" in chain.log(f"worker-{i}"))
        for worker in range(2):
            put(chain, SEED, worker=0)
            assert ask_worker(chain, SEED, IN_IDENTITY, worker=worker).status == 200
        assert_all_right(chain)
        chain.stop_worker(1 - late)
        put(chain, SEED, worker=late)
        assert_nginx_lives(chain)


def test_what_is_wanted_most_is_known(gate):
    """Though workers see little of it: who has it put again speaks for those who took it."""
    target, asked = SPACECRAFT + "?limit=9", 300
    put(gate, target)
    before = asked_of_workers(gate)
    for _ in range(asked):
        gate.get(target, IN_IDENTITY)
    assert asked_of_workers(gate) - before < asked / 2

    def is_known():
        gate.get(target, IN_IDENTITY)
        return any(row["name"] == target and row["requests"] > 0.9 * asked
                   for row in told(gate, "top")["wanted"])

    eventually(is_known, "perigee top to know of it", 3 * KEPT * SLOW)


def looked_at(path):
    """Who uses a shelf writes down when; None where there is nothing to write to."""
    if not path.is_file():
        return None
    with open(path, "rb") as file:
        file.seek(LOOKED)
        return file.read(8)


@pytest.mark.parametrize("what", ["nothing", "short", "long", "other magic", "folder", "link", "pipe",
                                  "noise"])
def test_what_is_no_shelf(what):
    """Where the file of a worker that is gone should be: the other one's is taken from all the same."""
    with Chain(module=True, workers=2) as chain:
        put(chain, SEED)
        chain.stop_worker(0)
        path = chain.shelf(0)
        kept = chain.run_dir / "kept"
        path.rename(kept)
        if what in ("short", "long"):
            write_rubbish(path, size={"short": SIZE // 2, "long": SIZE + 4096}[what])
        elif what == "other magic":
            write_rubbish(path, magic=b"perigee-shelf-0\0")
        elif what == "folder":
            path.mkdir()
        elif what == "link":
            write_rubbish(kept)
            path.symlink_to(kept)
        elif what == "pipe":
            os.mkfifo(path)
        elif what == "noise":
            write_rubbish(path)
        looked = looked_at(path)
        os.kill(chain.nginx.pid, signal.SIGHUP)
        eventually(lambda: "reconfiguring" in chain.log("nginx"), "nginx to hear it")
        assert_all_right(chain)
        put(chain, SEED, worker=1)
        assert_nginx_lives(chain)
        assert (looked_at(path) != looked) == (what == "noise")
        if what in ("short", "long", "other magic", "noise"):
            chain.restart_worker(0)
            put(chain, SPACECRAFT + "?limit=7", worker=0)
            assert_all_right(chain)
        assert_nginx_lives(chain)


@pytest.mark.parametrize("start, end", [(RING_AT, SIZE), (BUCKETS, RING_AT), (TAKEN, BUCKETS),
                                        (RESERVED, RESERVED + 8), (EPOCH, RESERVED), (EPOCH, SIZE)])
def test_noise_over_a_shelf_in_use(gate, start, end):
    """Nobody reads anything else than what was put there, and nobody is ended by it."""
    for seed in range(4):
        for target in (SEED, WINDOW):
            heat(gate, target, IN_IDENTITY)
        with Shelf(gate.shelf(0)) as shelf:
            shelf.scribble(start, end, seed)
        assert_all_right(gate, 3)
    put(gate, SEED)


@pytest.mark.parametrize("field, value", [
    ("key_n", 0), ("key_n", 2**32 - 1), ("head_n", 2**32 - 1), ("body_n", 2**32 - 1), ("body_n", 2**31),
    ("number", NUMBERS), ("number", 2**31), ("place", 0), ("place", 2**64 - 64), ("hash", 0),
    ("epoch", 0), ("until", 0), ("until", -2**63)])
def test_one_wrong_word_about_an_answer(gate, field, value):
    """What cannot be is not believed, though all else is right."""
    for target in (SEED, WINDOW):
        gate.ask(target)
    settled(gate)  # nothing else makes them too old
    put(gate, SEED)
    put(gate, WINDOW, {"Accept-Encoding": "gzip"})
    with Shelf(gate.shelf(0)) as shelf:
        assert shelf.spoil(field, value) >= 2
    assert_all_right(gate, 3)
    assert_nginx_lives(gate)
    put(gate, SEED)


def test_noise_all_the_time(gate):
    """Where it is written that something lies somewhere, while many ask."""
    expected = ask_worker(gate, SEED, {}).body
    stop = []

    def ask_on():
        client, n = Client(gate.port), 0
        while not stop:
            answer = client.get(SEED, IN_IDENTITY)
            assert (answer.status, answer.body) == (200, expected)
            n += 1
        return n

    asking = [Behind(ask_on) for _ in range(3)]
    try:
        with Shelf(gate.shelf(0)) as shelf:
            for seed in range(100):
                shelf.scribble(BUCKETS, RING_AT, seed)
                shelf.scribble(RESERVED, RESERVED + 8, seed)
    finally:
        stop.append(True)
    assert all(each.result() > 0 for each in asking)


def test_a_slow_client_gets_what_it_was_given(gate):
    """nginx holds a large answer of which little is read, while the shelf is written over."""
    n = 40
    expected = heat(gate, WINDOW, IN_IDENTITY).body
    assert len(expected) > 150_000
    settled(gate)
    reload(gate, "event=reloaded")  # so that it is put now, and lies there for a while
    put(gate, WINDOW)
    with Shelf(gate.shelf(0)) as shelf:
        eventually(lambda: not shelf.taken, "what was taken before to be counted")
    counted, lines = requests_total(gate), lines_of_answers(gate)
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(30 * SLOW)
        s.connect(("127.0.0.1", gate.port))
        s.sendall((f"GET {WINDOW} HTTP/1.1\r\nHost: 127.0.0.1:{gate.port}\r\n"
                   "Accept-Encoding: identity\r\n\r\n").encode() * n)

        def begun():
            return requests_total(gate) - counted

        eventually(lambda: begun() > 0, "the first answers to be counted")
        assert at_rest(begun, 0.4) < n  # the last of these is not out yet
        assert lines_of_answers(gate) == lines
        with Shelf(gate.shelf(0)) as shelf:
            for seed in range(3):
                shelf.scribble(RING_AT, SIZE, seed)
        with s.makefile("rb", buffering=4096) as stream:
            for i in range(n):
                assert stream.readline() == b"HTTP/1.1 200 OK\r\n", i
                while (line := stream.readline()) != b"\r\n":
                    if line.startswith(b"Content-Length:"):
                        assert int(line.split()[1]) == len(expected)
                assert stream.read(len(expected)) == expected, i


def test_more_is_put_than_there_is_room_for(gate):
    """While clients ask for all of it: each answer is whole, and the one that was asked for."""
    pages = [f"{WINDOW}&offset={i}" for i in range(340)]
    expected = {page: ask_worker(gate, page, {}).body for page in pages}
    assert sum(map(len, expected.values())) > 1.1 * RING
    noted, stop = Noted(gate), []

    def ask_on(seed):
        client, draw, n = Client(gate.port), random.Random(seed), 0
        while not stop:
            page, name = draw.choice(pages), noted.name()
            answer = noted.note(name, client.get(page, {**IN_IDENTITY, "User-Agent": name}))
            assert (answer.status, answer.body) == (200, expected[page]), page
            n += 1
        return n

    asking = [Behind(ask_on, i) for i in range(3)]
    try:
        for page in pages * 2:
            for _ in range(2):
                assert ask_worker(gate, page, {}).body == expected[page]
    finally:
        stop.append(True)
    asked = sum(each.result() for each in asking)
    assert 0 < len(noted.of_nginx()) < asked
    put(gate, pages[0])


# ---- with only one of the two --------------------------------------------------

def test_a_worker_without_a_shelf():
    """nginx finds nothing there, and keeps what its own cache may keep."""
    with Chain(module=True) as chain:
        heat(chain, SEED, IN_IDENTITY)
        chain.module = False  # the next worker has none; nginx stays as it is
        chain.restart_worker(0)
        with Shelf(chain.shelf(0)) as shelf:
            taken = shelf.taken
            assert not shelf.is_vouched
            heat(chain, SEED, IN_IDENTITY)
            assert_all_right(chain)
            assert shelf.taken == taken
        assert list((chain.run_dir / "cache").iterdir())
        assert_nginx_lives(chain)


def test_an_nginx_without_the_module():
    """The worker puts nothing on its shelf, whose file stays small, and nginx' own cache is in use."""
    with Chain(env={"PERIGEE_CACHE_SHELF": "shelf-0"}) as chain:
        heat(chain, SEED, IN_IDENTITY)
        assert_all_right(chain)
        assert list((chain.run_dir / "cache").iterdir())
        file = chain.shelf(0).stat()
        assert file.st_size == SIZE
        assert file.st_blocks * 512 < 2_000_000
