"""10,000 mutated and random requests: no crash, no 5xx, and no refusal that cost a call."""

import random
import re

import pytest
from harness import SEED, SPACECRAFT, eventually, together
from wire import exchange

CHAIN = {"workers": 2}

REQUESTS = 10_000
PARTS = 10

# What the gateway says, and by nginx what was no HTTP to begin with.
ANSWERS = {200, 204, 304, 400, 403, 404, 405, 408, 411, 413, 414, 415, 416, 417, 421, 431}
UNSPEAKABLE = {501, 505}  # a transfer coding or a version of HTTP that nobody speaks

VALID = [
    SEED, SPACECRAFT, SPACECRAFT + "?limit=3", SPACECRAFT + "430/", SPACECRAFT + "430",
    SPACECRAFT + "?in_space=True&is_placeholder=false&status=1&spacecraft_config=2",
    SPACECRAFT + "?search=soyuz+tma&ordering=-id,time_docked&mode=detailed&limit=7&offset=95",
    SPACECRAFT + "?name=%D0%91%D1%83%D1%80%D0%B0%D0%BD+1.02&format=json&_=17",
    "/healthz", "/readyz",
]

BAD_ESCAPES = ["%", "%%", "%z", "%4", "%00", "%0a", "%0d%0a", "%7f", "%1b", "%c3", "%ff", "%fe%ff",
               "%c0%af", "%ed%a0%80", "%f5%80%80%80", "%e2%82", "%u0041", "%-1", "%+1", "% 1",
               "%2", "%2525", "%252e%252e%252f"]
BAD_BYTES = [b"\0", b"\1", b"\x1b[31m", b"\t", b"\x7f", b"\x80", b"\xff", b"\xc3", b"\xed\xa0\x80",
             b"\xf0\x9f\x9a", "é".encode(), b"\r", b"\n", b" ", b"\"", b"\\", b"<", b"|", b"`",
             b"{{x}}", b"[12, 27]", b"#", b"%s%n", b"';--"]
METHODS = [b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"HEAD", b"TRACE", b"CONNECT",
           b"PROPFIND", b"get", b"Get", b"PURGE", b"X" * 50, b"GE T", b"G\0T", b"G\xc3T", b"",
           b"\x16\x03\x01\x02\x00\x01", b"PRI", b"M-SEARCH"]
PATHS = ["/", "//", "/.", "/..", "/2.3.0", "/2.3.0/", "/2.3.0/spacecraft//", "/2.3.0//spacecraft/",
         "/2.3.0/./spacecraft/", "/2.3.0/../2.3.0/spacecraft/", "/2.3.0/spacecraft/../launches/",
         "/2.3.0/spacecrafts/", "/2.3.0/launches/", "/2.2.0/spacecraft/", "/2.3.0/Spacecraft/",
         "/2.3.0/spacecraft/0/", "/2.3.0/spacecraft/-1/", "/2.3.0/spacecraft/430/430/",
         "/2.3.0/spacecraft/abc/", "/2.3.0/spacecraft/4294967296/", "/2.3.0/spacecraft/%00/",
         "/2.3.0/spacecraft/99999999999999999999999/", "/2.3.0/spacecraft%2f430/", "/favicon.ico",
         "/robots.txt", "/.env", "/wp-login.php", "/metrics", "/status/", "/admin/", "/_problem",
         "/2.3.0/api-throttle/", "/2.3.0/spacecraft/430.json", "/2.3.0/spacecraft/ 430/",
         "/2.3.0/spacecraft;x=1/", "*", "http://elsewhere/2.3.0/spacecraft/?limit=3", "2.3.0",
         "/2.3.0/spacecraft/?", "/2.3.0/spacecraft/?&", "/2.3.0/spacecraft/?=", "/?" + SEED]
NAMES = ["in_space", "is_placeholder", "name", "spacecraft_config", "status", "search", "ordering",
         "mode", "limit", "offset", "format", "_", "orderng", "Limit", "limit[]", "api_key", "page",
         "isCrewed", "?ordering", "", "__proto__", "net__gte", "\u202e", "a" * 300]
VALUES = ["", "0", "-1", "1", "true", "1e3", "0x10", "NaN", "null", "undefined", "1.5", "+5", "１２",
          "9" * 30, "-" + "9" * 30, "2147483648", "id", "-id", "--id", "id,-id,name", "list",
          "detailed", "xml", "api", "json", "' OR 1=1--", "<script>", "../../etc/passwd", "{{7*7}}",
          "${jndi:x}", "a" * 1000, "𝔊" * 40, ",", "\"", "\\", "\u200b", "2020-01-01T00:00:00+01:00"]

END = b" HTTP/1.1\r\nHost: gateway\r\n\r\n"


# ---- the kinds of requests: each gives the bytes of one ------------------------

def mutated(rng):
    """A good request, a few of its bytes changed, left out, doubled or moved."""
    data = bytearray(b"GET " + rng.choice(VALID).encode() + END)
    end = len(data) - len(END) if rng.random() < 0.8 else len(data)
    for _ in range(rng.choice([1, 1, 2, 4, 12])):
        at = rng.randrange(end)
        how = rng.randrange(5)
        if how == 0:
            data[at] = rng.randrange(256)
        elif how == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            del data[at]
            end -= 1
        elif how == 3:
            data[at:at] = data[at:at + rng.randrange(1, 20)]
        else:
            data[at:at] = rng.choice(BAD_BYTES + [e.encode() for e in BAD_ESCAPES])
    return bytes(data)


def escapes(rng):
    """Escapes that are cut, not hexadecimal, or stand for what may not be there."""
    text = rng.choice(VALID)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(1, len(text) + 1)
        text = text[:at] + rng.choice(BAD_ESCAPES) + text[at:]
    return b"GET " + text.encode() + END


def raw_bytes(rng):
    """NUL, control characters, UTF-8 that is none, blanks."""
    data = rng.choice(VALID).encode()
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(1, len(data) + 1)
        data = data[:at] + rng.choice(BAD_BYTES) + data[at:]
    return b"GET " + data + END


def parameters(rng):
    """Names and values of all sorts, some right, most not."""
    pieces = [f"{rng.choice(NAMES)}={rng.choice(VALUES)}" for _ in range(rng.randrange(1, 9))]
    query = "&".join(pieces).encode().replace(b" ", rng.choice([b"+", b"%20"]))
    return b"GET " + SPACECRAFT.encode() + b"?" + query + END


def many(rng):
    """More parameters than anybody has: a form of 82 is known, 200 are read."""
    n = rng.choice([82, 150, 199, 200, 201, 400, 1500])
    name = rng.choice(["name=", "name", "x=1", "limit=3", "_=1", "a%d=1", "", "%3d"])
    pieces = [name % i if name == "a%d=1" else name for i in range(n)]
    return b"GET " + SPACECRAFT.encode() + b"?" + "&".join(pieces).encode() + END


def huge(rng):
    """Targets at and beyond every limit: the worker's, nginx' buffers'."""
    size = rng.choice([2300, 7990, 7999, 8000, 8001, 8200, 12000, 16300, 16384, 17000, 40000])
    text = rng.choice(["/", SPACECRAFT, SPACECRAFT + "?name=", SPACECRAFT + "?search=",
                       SPACECRAFT + "?ordering=", SPACECRAFT + "?"])
    fill = rng.choice(["a", "%41", "id,", "&", "/", "é", "%C3%A9", "+", "x=1&", "%", "../"])
    return b"GET " + (text + fill * size)[:size].encode("utf-8", "ignore") + END


def methods(rng):
    """Methods that are not answered, misspelt or no word at all, some with a body."""
    method, target = rng.choice(METHODS), rng.choice(VALID).encode()
    body = rng.choice([b"", b"", b"x=1", b"{}", b"\0" * 900])
    length = b"Content-Length: %d\r\n" % len(body) if body or rng.random() < 0.2 else b""
    return b"%s %s HTTP/1.1\r\nHost: gateway\r\n%s\r\n%s" % (method, target, length, body)


def paths(rng):
    path = rng.choice(PATHS).encode()
    return b"GET " + path + rng.choice([b"", b"", b"?limit=3", b"?%zz", b"?x=1"]) + END


BROKEN = [
    b"GET %s\r\n", b"GET %s HTTP/1.1\r\n\r\n", b"GET %s HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET %s HTTP/1.1\nHost: x\n\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", b"GET %s HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: \0x\r\n\r\n", b"GET %s HTTP/1.1\r\nHost:\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"GET %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nRange: bytes=0-5,2-9\r\nIf-Range: x\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"\r\nCache-Control: ,,=\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nIf-None-Match: W/\"a\",,\"b\r\nX-Forwarded-Host: \"\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\nAccept: \xff\xfe\r\nUser-Agent: \xe9\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n", b"GET %s HTTP/1.1\r\nHost: x\r\n\r\nrest",
    b"GET %s HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20000 + b"\r\n\r\n",
    b"GET %s HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
    b"GET  %s  HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n\r\nGET %s HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET\t%s\tHTTP/1.1\r\nHost: x\r\n\r\n", b"GET %s HTTP/1.1 \r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
    b"\0" * 64, b"GET %s HTTP/1.1\r\nHost: x", b"GET %s", b"", b"\r\n",
    b"CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n",
]


def broken(rng):
    """What is no HTTP/1.1 request, or hardly one."""
    shape = rng.choice(BROKEN)
    return shape.replace(b"%s", rng.choice(VALID).encode())


def noise(rng):
    return rng.randbytes(rng.choice([1, 10, 100, 1000])) + rng.choice([b"", b"\r\n\r\n"])


KINDS = [mutated] * 8 + [escapes] * 3 + [raw_bytes] * 3 + [parameters] * 6 + [methods] * 3 + [
    paths] * 3 + [broken] * 3 + [many, huge, noise]


# ---- what must hold of each ----------------------------------------------------

def is_whole(request):
    """Does it announce everything that will come? Nobody is to wait for the rest. (Whoever closes
    his half after a request that is complete may be taken for one who has left: then there is no
    answer, and the call comes when it likes.)"""
    if re.fullmatch(rb"GET \S+\r\n", request):  # as HTTP/0.9 had it
        return True
    head, blank, _ = request.replace(b"\r\n", b"\n").lstrip(b"\r\n").partition(b"\n\n")
    announced = re.search(rb"\n(content-length\s*:(?! *0\n)|transfer-encoding\s*:)",
                          head.lower() + b"\n")
    return bool(blank) and not announced


def check(request, answer):
    """Of one answer. True if it may have cost a call."""
    if answer is None:  # nobody answers what has no end, or no beginning
        assert not is_whole(request) or request.startswith((b"\0", b"\x16")), "no answer"
        return False
    if answer.status is None:  # HTTP/0.9 has no status
        return True
    unfetched = answer.status == 504 and request.startswith(b"HEAD ")  # it never costs a call
    assert answer.status in ANSWERS | UNSPEAKABLE or unfetched, answer
    if answer.status >= 400:
        check_problem(request, answer)
    return "fwd=" in (answer.headers["Cache-Status"] or "")


def check_problem(request, answer):
    assert answer.headers["Content-Type"] == "application/problem+json", answer
    assert answer.headers["Access-Control-Allow-Origin"] == "*", answer
    if request.startswith(b"HEAD "):
        return
    problem = answer.json
    assert problem["status"] == answer.status, answer
    assert problem["type"].startswith("urn:perigee:problem:"), answer
    assert problem["title"] and problem["detail"], answer


@pytest.fixture(scope="module")
def pids(chain):
    """Of the workers and of nginx, before anything happened to them."""
    return processes(chain)


def processes(chain):
    """All but the one that nginx starts for reading its cache's folder: it ends after a minute."""
    nginx = chain.nginx.pid
    with open(f"/proc/{nginx}/task/{nginx}/children") as children:
        started = sorted(map(int, children.read().split()))
    return [w.pid for w in chain.workers] + [nginx] + [pid for pid in started if lasts(pid)]


def lasts(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as title:
            return title.read().strip(b"\0") not in (b"", b"nginx: cache loader process")
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("part", range(PARTS))
def test_hostile_requests(chain, pids, part):
    """No crash, no 5xx, no call for what is refused, and every refusal in one shape."""
    rng = random.Random(part)
    calls = chain.calls
    found = []
    for i in range(REQUESTS // PARTS):
        request = rng.choice(KINDS)(rng)
        answer = exchange(chain.port, request, complete=is_whole(request))
        before, calls = calls, chain.calls
        try:
            may_call = check(request, answer)
            assert may_call or calls == before, f"a call to upstream: {chain.origin.asked[-1]}"
        except AssertionError as error:
            found.append(f"request {i} of part {part}: {request[:300]!r}\n{error}")
    assert not found, f"{len(found)} requests:\n" + "\n\n".join(found[:8])
    assert all(w.poll() is None for w in chain.workers)
    assert processes(chain) == pids


def test_hostile_requests_side_by_side(chain, pids):
    """The same from eight clients at once."""
    def attack(client):
        rng = random.Random(1000 + client)
        for _ in range(200):
            request = rng.choice(KINDS)(rng)
            answer = exchange(chain.port, request, complete=is_whole(request))
            status = answer.status if answer and answer.status else 200
            assert status < 500 or status in UNSPEAKABLE | {504}, (request[:3000], answer)

    together(8, attack)
    assert processes(chain) == pids


def test_after_all_that_everything_is_well(chain, pids):
    """The same processes answer as before, no log tells of trouble, nothing is in flight."""
    assert processes(chain) == pids
    eventually(lambda: chain.origin.report["in_flight"] == 0, "upstream to be idle")
    for _ in range(4):
        answer = chain.ask(SEED)
        assert (answer.status, len(answer.ids)) == (200, 10)
    assert not re.findall(r"^.*\[(?:alert|crit|emerg)\].*$", chain.log("nginx"), re.M)
    for i in range(2):
        assert not re.findall(r"^.*level=error.*$", chain.log(f"worker-{i}"), re.M)
