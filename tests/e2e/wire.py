"""HTTP and FastCGI byte by byte, for what no well-behaved client would send."""

import email.parser
import http.client
import socket
import struct
import time

from harness import SLOW, Answer

# ---- HTTP --------------------------------------------------------------------


def exchange(port, request, timeout=10, complete=True):
    """The answer to the bytes of a request, over a connection of its own; None if the peer
    closed without one.

    Of a request that is not `complete` the rest will never come: our half of
    the connection is closed, so that nobody waits for it.
    """
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout * SLOW) as s:
        try:
            s.sendall(request)
            if not complete:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has answered, and closed, before it had read everything
        return read_answer(s, start, head_only=request[:5] == b"HEAD ")


def read_answer(s, start=None, head_only=False):
    """The next answer on a connection; None if there is none."""
    received = b""
    while True:
        received = _receive_until(s, received, lambda data: b"\r\n\r\n" in data)
        took = time.monotonic() - (start or time.monotonic())
        if not received:
            return None
        if not received.startswith(b"HTTP/"):  # as HTTP/0.9 had it: a body and nothing else
            return Answer(None, {}, _receive_until(s, received, lambda data: False), took)
        head, _, body = received.partition(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        status = int(line.split()[1])
        if status >= 200:
            break
        received = body  # 100 Continue; the answer comes behind it
    headers = email.parser.Parser(http.client.HTTPMessage).parsestr(fields.decode("iso-8859-1"))
    if head_only or status in (204, 304):
        return Answer(status, headers, body, took)
    length = headers["Content-Length"]
    if length is None:
        return Answer(status, headers, _receive_until(s, body, lambda data: False), took)
    body = _receive_until(s, body, lambda data: len(data) >= int(length))
    return Answer(status, headers, body[:int(length)], took)


def _receive_until(s, data, enough):
    while not enough(data):
        try:
            more = s.recv(262144)
        except ConnectionResetError:
            break
        if not more:
            break
        data += more
    return data


def get_bytes(port, target, method=b"GET", headers=b"", timeout=10):
    """The answer for a target of any bytes."""
    return exchange(port, b"%s %s HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n%s\r\n"
                    % (method, target, headers), timeout)


def begin_request(port, target, headers=""):
    """A connection on which a request was sent, and nothing read yet."""
    s = socket.create_connection(("127.0.0.1", port), 60 * SLOW)
    s.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode())
    return s


# ---- FastCGI -----------------------------------------------------------------

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES = (
    range(1, 10))
KEEP = 1


def record(kind, content=b"", request_id=1, version=1, padding=0):
    return struct.pack(">BBHHBx", version, kind, request_id, len(content), padding) + content + (
        b"\0" * padding)


def name_value(name, value):
    def length(data):
        return struct.pack("B", len(data)) if len(data) < 128 else struct.pack(
            ">I", len(data) | 0x80000000)

    name, value = name.encode(), value.encode() if isinstance(value, str) else value
    return length(name) + length(value) + name + value


def begin(request_id=1, role=1, flags=KEEP):
    return record(BEGIN_REQUEST, struct.pack(">HB5x", role, flags), request_id)


def fastcgi_request(target, request_id=1, flags=KEEP, **params):
    """All the records of a request."""
    params = {"REQUEST_METHOD": "GET", "REQUEST_URI": target, "SERVER_PROTOCOL": "HTTP/1.1",
              "REQUEST_ID": "0" * 32, "HTTP_HOST": "gateway", **params}
    pairs = b"".join(name_value(name, value) for name, value in params.items())
    return (begin(request_id, flags=flags) + record(PARAMS, pairs, request_id) +
            record(PARAMS, b"", request_id) + record(STDIN, b"", request_id))


def worker_connection(path, timeout=10):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(timeout * SLOW)
    s.connect(str(path))
    return s


def read_exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError(f"the peer closed after {len(data)} of {n} bytes")
        data += more
    return data


def read_fastcgi(s):
    """What a worker answered on a connection: an Answer."""
    out = b""
    while True:
        version, kind, _, length, padding = struct.unpack(">BBHHBx", read_exactly(s, 8))
        assert version == 1
        content = read_exactly(s, length)
        read_exactly(s, padding)
        if kind == STDOUT:
            out += content
        elif kind == END_REQUEST:
            break
    head, _, body = out.partition(b"\r\n\r\n")
    headers = email.parser.Parser(http.client.HTTPMessage).parsestr(head.decode("iso-8859-1"))
    return Answer(int(headers["Status"].split()[0]), headers, body)
