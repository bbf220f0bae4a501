"""A worker's own socket: whatever FastCGI peers do, others go on being served."""

import os
import random
import socket
import struct

import pytest
from harness import SEED, SLOW, SPACECRAFT, eventually
from wire import (ABORT_REQUEST, BEGIN_REQUEST, DATA, GET_VALUES, PARAMS, STDIN, begin, fastcgi_request,
                  name_value, read_exactly, read_fastcgi, record, worker_connection)

LARGE = SPACECRAFT + "?limit=100&mode=detailed"


@pytest.fixture
def worker(gate):
    """Opens connections to the worker; closes them afterwards. The seed's page is stored."""
    opened = []

    def connect(timeout=10):
        opened.append(worker_connection(gate.worker_socket(0), timeout))
        return opened[-1]

    gate.ask(SEED)
    connect.path = gate.worker_socket(0)
    yield connect
    for s in opened:
        s.close()
    assert gate.workers[0].poll() is None
    served(gate, 10 * SLOW)


def served(gate, within):
    """The seed's page through nginx, as a hit, in time."""
    try:
        answer = gate.get(SEED, timeout=within)
    except TimeoutError:
        raise AssertionError(f"no answer within {within} s") from None
    assert answer.status == 200


def descriptors(gate):
    return len(os.listdir(f"/proc/{gate.workers[0].pid}/fd"))


def ask(s, target=SEED, **params):
    s.sendall(fastcgi_request(target, **params))
    return read_fastcgi(s)


def test_fifty_idle_kept_connections_starve_nobody(gate, worker):
    """No thread is tied to an idle connection: 2 threads, 50 connections, all of use again."""
    connections = [worker() for _ in range(50)]
    for s in connections:
        assert ask(s).status == 200
    for _ in range(20):
        served(gate, 0.5 * SLOW)
    late = worker()
    assert ask(late).status == 200
    for s in reversed(connections):
        assert ask(s).status == 200


def test_connections_that_never_say_anything_starve_nobody(gate, worker):
    """As many again that are opened and left alone."""
    for _ in range(100):
        worker()
    served(gate, 0.5 * SLOW)


def test_a_connection_serves_many_requests(gate, worker):
    """One after the other, with and without answers from upstream, errors among them."""
    s = worker()
    for i in range(20):
        assert ask(s).status == 200
        assert ask(s, f"{SPACECRAFT}?search=kept{i}").status == 200
        assert ask(s, f"{SPACECRAFT}?x={i}").status == 400
        assert ask(s, SEED, REQUEST_METHOD="HEAD").body == b""
        assert ask(s, SEED, REQUEST_METHOD="DELETE").status == 405


def test_a_request_without_keep_ends_the_connection(gate, worker):
    """FCGI_KEEP_CONN not set: the worker closes after the answer."""
    s = worker()
    s.sendall(fastcgi_request(SEED, flags=0))
    assert read_fastcgi(s).status == 200
    assert s.recv(1) == b""


def test_half_a_request_holds_no_thread(gate, worker):
    """Peers that stop in the middle are waited for by nobody, and served when they go on."""
    whole = fastcgi_request(SEED)
    waiting = []
    for length in (1, 8, 16, 20, 60, len(whole) - 8):
        waiting.append((worker(), whole[length:]))
        waiting[-1][0].sendall(whole[:length])
    served(gate, 1 * SLOW)
    for s in [worker() for _ in range(4)]:
        assert ask(s).status == 200
    for s, rest in waiting:
        s.sendall(rest)
        assert read_fastcgi(s).status == 200


def other_spellings(target, **params):
    """A request as nginx does not write it: in two records, with a body, under another id."""
    plain = fastcgi_request(target, **params)
    head, pairs, tail = plain[:16], plain[24:-16], plain[-16:]
    halves = record(PARAMS, pairs[:50]) + record(PARAMS, pairs[50:])
    yield head + halves + tail
    yield head + record(PARAMS, pairs, padding=3) + record(PARAMS) + record(
        STDIN, b"x" * 5000, padding=200) + record(STDIN)
    yield fastcgi_request(target, 77, **params)
    yield plain + record(ABORT_REQUEST)


def test_the_same_request_in_other_spellings(gate, worker):
    """Whether it is read in place or by libfcgi, byte by byte or at once: one answer, on one connection."""
    gate.ask(LARGE)
    s = worker()
    for target in (SEED, LARGE, SPACECRAFT + "?x=1", SPACECRAFT + "?search=spelled"):
        params = {"HTTP_ACCEPT_ENCODING": "gzip", "REQUEST_URI": target}
        expected = ask(s, target, **params)
        for request in other_spellings(target, **params):
            s.sendall(request)
            answer = read_fastcgi(s)
            assert (answer.status, answer.body) == (expected.status, expected.body)
    for request in other_spellings(SEED):
        for byte in request:
            s.sendall(bytes([byte]))
        assert read_fastcgi(s).status == 200


@pytest.mark.parametrize("size", [3_000, 5_000, 100_000, 300_000])
def test_a_body_is_read_or_costs_the_connection(gate, worker, size):
    """What nobody needs is taken up to a bound, and read by nobody."""
    s = worker()
    head = fastcgi_request(SEED)[:-8]
    body = b"".join(record(STDIN, b"x" * min(50_000, size - at)) for at in range(0, size, 50_000))
    try:
        s.sendall(head + body + record(STDIN))
        answer = read_fastcgi(s)
    except (EOFError, OSError):
        answer = None
    assert (answer is not None and answer.status == 200) == (size <= 100_000)
    served(gate, 1 * SLOW)


def test_half_a_request_and_then_gone(gate, worker):
    """A peer that closes in the middle costs no time at all."""
    whole = fastcgi_request(LARGE)
    for length in range(1, len(whole), 7):
        s = worker_connection(worker.path)
        s.sendall(whole[:length])
        s.close()
    served(gate, 1 * SLOW)


def test_an_abort_in_the_middle_of_an_answer(gate, worker):
    """A peer that leaves after some bytes of a large answer, or before the first."""
    gate.ask(LARGE)
    before = descriptors(gate)
    for length in (0, 1, 8, 100, 5000, 100_000):
        for _ in range(5):
            s = worker_connection(worker.path)
            s.sendall(fastcgi_request(LARGE))
            if length:
                read_exactly(s, length)
            s.close()
    served(gate, 1 * SLOW)
    eventually(lambda: descriptors(gate) <= before + 2, "the connections to be closed")


def test_a_peer_that_does_not_read_is_given_up(gate, worker):
    """It loses its connection after a while; the other thread serves meanwhile."""
    gate.ask(LARGE)
    s = worker(30)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.sendall(fastcgi_request(LARGE))
    for _ in range(10):
        served(gate, 1 * SLOW)
    assert len(ask(worker(), LARGE).body) > 300_000


@pytest.mark.parametrize("seed", range(4))
def test_garbage_records(gate, worker, seed):
    """Bytes that are no FastCGI, records that make no sense: closed or ignored, never fatal."""
    rng = random.Random(seed)
    pairs = name_value("REQUEST_URI", SEED)
    pieces = [
        rng.randbytes(64), b"GET / HTTP/1.1\r\n\r\n", b"\0" * 64, b"\xff" * 64,
        record(BEGIN_REQUEST, b"", 1), record(BEGIN_REQUEST, b"\0" * 3, 1),
        begin(role=2), begin(role=99), begin(flags=255), begin(0), begin(65535),
        record(PARAMS, pairs, 1), record(PARAMS, b"\xff\xff\xff\xff" * 4, 1),
        record(PARAMS, b"\x7f\x7fab", 1), record(PARAMS, pairs[:5], 1), record(PARAMS, b"", 1),
        record(STDIN, b"x" * 1000, 1), record(STDIN, b"", 7), record(DATA, b"x", 1),
        record(2, b"", 1), record(GET_VALUES, name_value("FCGI_MAX_CONNS", ""), 0),
        record(BEGIN_REQUEST, b"\0" * 8, version=9), record(99, b"", 1),
        struct.pack(">BBHHBx", 1, PARAMS, 1, 65535, 255), fastcgi_request(SEED),
        fastcgi_request(SEED, 2), record(PARAMS, name_value("REQUEST_METHOD", b"\xff\0\n"), 1),
    ]
    for _ in range(150):
        s = worker_connection(worker.path)
        try:
            for piece in rng.sample(pieces, rng.randrange(1, 5)):
                s.sendall(piece)
        except OSError:
            pass  # it had enough
        s.close()
    served(gate, 3 * SLOW)


def test_parameters_that_are_missing_or_odd(gate, worker):
    """A request without a method, a target or anything else is answered, not served."""
    assert ask(worker(), "").status in (400, 404)
    assert ask(worker(), SEED, REQUEST_METHOD="").status == 405
    assert ask(worker(), SEED, REQUEST_ID="").status == 200
    assert ask(worker(), SEED, HTTP_HOST="\"\r\nX-Evil: 1").headers["X-Evil"] is None
    assert ask(worker(), SEED, REQUEST_METHOD="X" * 5000).status == 405
    assert ask(worker(), b"/\xff\xfe?\x80").status in (400, 404)
    assert ask(worker(), "/" + "a" * 60000).status == 414
    assert ask(worker(), SEED, HTTP_IF_NONE_MATCH='"' * 9000).status == 200
    s = worker()
    s.sendall(begin() + record(PARAMS) + record(STDIN))
    assert read_fastcgi(s).status == 405


def test_what_only_the_socket_could_say_gets_into_no_log_line(gate, worker):
    """A request's id is written into logs and problems; it must not break either."""
    for id in ('x" level=error', "a\nts=1 forged", "\x1b[2J", "é\udcff".encode("utf-8", "replace")):
        answer = ask(worker(), SPACECRAFT + "?x=1", REQUEST_ID=id)
        assert answer.status == 400 and answer.json["detail"]
    assert "\nts=1 forged" not in gate.log("worker-0")
    assert "\x1b" not in gate.log("worker-0")
