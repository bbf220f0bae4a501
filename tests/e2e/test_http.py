"""HTTP as clients of all ages speak it: methods, conditional requests, lengths, CORS."""

import pytest
from harness import SEED, SPACECRAFT, assert_problem
from wire import exchange, get_bytes

LARGE = SPACECRAFT + "?limit=100&mode=detailed"


def http10(gate, target):
    """As a small device asks: HTTP/1.0, no Host, no chunks."""
    return exchange(gate.port, f"GET {target} HTTP/1.0\r\n\r\n".encode())


@pytest.mark.parametrize("target, status", [
    (SEED, 200), (LARGE, 200), (SPACECRAFT + "430", 200), (SPACECRAFT + "?x=1", 400), ("/x", 404),
    ("/healthz", 200),
])
def test_http_1_0_gets_a_length_and_no_chunks(gate, target, status):
    """Answers always carry Content-Length: HTTP/1.0 clients without chunked exist."""
    for answer in (http10(gate, target), gate.ask(target)):
        assert answer.status == status
        assert answer.headers["Transfer-Encoding"] is None
        assert int(answer.headers["Content-Length"]) == len(answer.body) > 0


@pytest.mark.parametrize("target", [SEED, SPACECRAFT + "430/", LARGE])
def test_head_is_get_without_the_body(gate, target):
    """The same fields, length included, no body; and it costs no call."""
    get = gate.ask(target)
    calls = gate.calls
    head = gate.ask(target, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Link", "Vary", "Cache-Control",
                 "Access-Control-Allow-Origin"):
        assert head.headers[name] == get.headers[name], name
    assert gate.calls == calls


@pytest.mark.parametrize("headers, method", [
    ({}, "HEAD"), ({"Cache-Control": "only-if-cached"}, "GET"),
    ({"Cache-Control": "max-age=0, Only-If-Cached"}, "GET"),
])
def test_what_may_not_fetch_costs_no_call(gate, headers, method):
    """HEAD and only-if-cached (RFC 9111) are answered from what is there, or not at all."""
    target = gate.cold()
    assert_problem(gate.ask(target, headers, method), 504, "not-cached", method)
    assert gate.calls == 0
    gate.ask(target)
    assert gate.ask(target, headers, method).status == 200
    assert gate.calls == 1


def test_a_clients_no_cache_does_not_cost_a_call(gate):
    """The quota belongs to everybody: a reload in a browser is a hit like any other."""
    gate.ask(SEED)
    for headers in ({"Cache-Control": "no-cache"}, {"Pragma": "no-cache"},
                    {"Cache-Control": "max-age=0"}, {"Accept": "text/html", "Range": "bytes=0-9"}):
        answer = gate.ask(SEED, headers)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert gate.calls == 1


@pytest.mark.parametrize("target", [SEED, SPACECRAFT + "430/", "/x", "/healthz"])
def test_options_answers_a_preflight(gate, target):
    """Browsers ask before they send Authorization; 204, open to all, costs nothing."""
    answer = gate.ask(target, {"Origin": "https://app.example", "Access-Control-Request-Method":
                               "GET", "Access-Control-Request-Headers": "authorization"}, "OPTIONS")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    for name in ("Allow", "Access-Control-Allow-Methods"):
        assert answer.headers[name] == "GET, HEAD, OPTIONS"
    assert gate.calls == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "get"])
def test_other_methods_are_refused(gate, method):
    """405 with Allow; no call."""
    answer = get_bytes(gate.port, SEED.encode(), method.encode(), b"Content-Length: 0\r\n")
    if method == "get":  # nginx does not take it for a method
        assert_problem(answer, 400, "malformed-request")
    else:
        assert_problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert gate.calls == 0


@pytest.mark.parametrize("target", [SEED, SPACECRAFT + "430/"])
@pytest.mark.parametrize("written", ["{}", "W/{}", '"x", {}', 'W/"a,b" , W/{},"y"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_known_etag_is_a_304(gate, target, written, method):
    """If-None-Match: weak comparison, lists, the star; no body, the fields that caches want."""
    full = gate.ask(target)
    answer = gate.ask(target, {"If-None-Match": written.format(full.headers["ETag"])}, method)
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["ETag"] == full.headers["ETag"]
    for name in ("Cache-Control", "Vary"):
        assert answer.headers[name] == full.headers[name]
    assert answer.headers["Content-Type"] is None
    assert "Age" in answer.headers and "Cache-Status" in answer.headers


def test_another_etag_is_answered_in_full(gate):
    """What a client has of another page, or of another host's links, is no match."""
    etag = gate.ask(SEED).headers["ETag"]
    assert etag[0] == etag[-1] == '"'
    other = gate.ask(SPACECRAFT + "?limit=3", {"If-None-Match": etag})
    assert other.status == 200 and other.headers["ETag"] != etag
    elsewhere = gate.ask(SEED, {"If-None-Match": etag, "Host": f"localhost:{gate.port}"})
    assert elsewhere.status == 200 and elsewhere.headers["ETag"] != etag
    for nonsense in ('"', "W/", "x", etag.strip('"'), '"' + etag, ",,", 'W/"x'):
        assert gate.ask(SEED, {"If-None-Match": nonsense}).status == 200, nonsense


def test_the_fields_of_an_answer(gate):
    """The contract's headers, and what they say of a miss and of a hit."""
    miss, hit = gate.ask(SEED), gate.ask(SEED)
    for answer in (miss, hit):
        fields = answer.headers
        assert fields["Content-Type"] == "application/json"
        assert fields["Vary"] == "Accept-Encoding"
        assert fields["Cache-Control"] == "public, max-age=21599"
        assert fields["Access-Control-Allow-Origin"] == "*"
        exposed = fields["Access-Control-Expose-Headers"]
        assert all(name in exposed for name in ("Age", "Cache-Status", "ETag", "Link",
                                                "Retry-After"))
        assert 0 <= int(fields["Age"]) <= 2
        assert 21590 <= answer.ttl <= 21600
        assert all(fields.get_all(name) == [fields[name]] for name in set(fields.keys()))
    assert miss.cache_status.startswith("perigee; fwd=miss; fwd-status=200; stored;")
    assert hit.cache_status.startswith("perigee; hit; ttl=")


def test_the_link_header_says_what_the_body_says(gate):
    """RFC 8288 on lists: first, prev, next, last."""
    answer = gate.ask(SEED)
    page, link = answer.json, answer.headers["Link"]
    assert f'<{page["next"]}>; rel="next"' in link
    assert f'<{page["previous"]}>; rel="prev"' in link
    base = f"<{gate.base}{SPACECRAFT}?limit=10&"
    assert f'{base}ordering=-time_docked>; rel="first"' in link
    assert f'{base}offset=590&ordering=-time_docked>; rel="last"' in link
    only = gate.ask(gate.cold()).headers["Link"]
    assert 'rel="next"' not in only and 'rel="prev"' not in only
    assert gate.ask(SPACECRAFT + "430/").headers["Link"] is None
    long = gate.ask(f"{SPACECRAFT}?name={'a' * 3500}&limit=3")  # too long for a header
    assert (long.status, long.json["count"], long.headers["Link"]) == (200, 0, None)


def test_the_gateways_own_pages(gate):
    """/healthz and /readyz: never cached, and they cost nothing."""
    health, ready = gate.ask("/healthz"), gate.ask("/readyz")
    assert (health.status, health.body) == (200, b"ok\n")
    assert (ready.status, ready.json["ready"], ready.json["redis"]) == (200, True, True)
    assert health.headers["Cache-Control"] == ready.headers["Cache-Control"] == "no-store"
    assert gate.calls == 0
