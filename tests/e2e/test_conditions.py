"""Conditional requests (RFC 9110 section 13) through nginx: the table of the unit test, and more."""

import re

import pytest
from harness import SEED, SPACECRAFT, assert_problem
from stack.chain import REPO
from wire import exchange, get_bytes

OBJECT = SPACECRAFT + "430/"
KEPT = ("Cache-Control", "ETag", "Vary", "Cache-Status", "Age", "No-Vary-Search",
        "Access-Control-Allow-Origin", "Access-Control-Expose-Headers")
LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
SOME_DAY = "Thu, 01 Jan 2037 00:00:00 GMT"


def field(text):
    if text == "<empty>":
        return b""
    return re.sub(rb"\\x([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), text.encode())


def rows():
    for line in (REPO / "tests/unit/condition.tsv").read_text().splitlines():
        if line and not line.startswith("#"):
            yield re.split("\t+", line)


def test_the_table_of_conditions(gate):
    """Every row, with the true tag for "abc", for GET and HEAD: as the unit test has it."""
    tag = gate.ask(SEED).headers["ETag"].strip('"').encode()
    seen = set()
    for if_match, if_none_match, expected in rows():
        fields = [(name, field(value).replace(b"abc", tag)) for name, value in
                  (("If-Match", if_match), ("If-None-Match", if_none_match))]
        lines = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in fields if value)
        for method in (b"GET", b"HEAD"):
            answer = get_bytes(gate.port, SEED.encode(), method, lines)
            # What is no field value at all (RFC 9110 5.5) nginx may refuse by itself.
            if re.search(rb"[\0-\x08\x0a-\x1f\x7f]", fields[1][1]) and answer.status == 400:
                continue
            assert answer.status == int(expected), (if_match, if_none_match, answer)
            seen.add((method, answer.status))
            if answer.status == 304:
                assert answer.body == b"" and answer.headers["ETag"] == f'"{tag.decode()}"'
            if answer.status == 412 and method == b"GET":
                assert_problem(answer, 412, "precondition-failed")
    assert seen == {(m, s) for m in (b"GET", b"HEAD") for s in (200, 304, 412)}
    assert gate.calls == 1


@pytest.mark.parametrize("accept", [None, "gzip"])
def test_a_304_has_the_fields_of_the_200(gate, accept):
    """RFC 9110 15.4.5, for each coding; what only describes the body is left out."""
    headers = {"Accept-Encoding": accept} if accept else {"Accept-Encoding": "identity"}
    full = gate.ask(SEED, headers)
    full = gate.ask(SEED, headers)
    answer = gate.ask(SEED, {**headers, "If-None-Match": full.headers["ETag"]})
    assert (answer.status, answer.body) == (304, b"")
    for name in KEPT:
        if name not in ("Age", "Cache-Status"):
            assert answer.headers[name] == full.headers[name], name
    assert 0 <= int(answer.headers["Age"]) - int(full.headers["Age"]) <= 5
    assert answer.cache_status.startswith("perigee; hit; ttl=")
    assert answer.headers["Date"]
    for name in ("Content-Type", "Content-Length", "Content-Encoding", "Link", "Last-Modified"):
        assert answer.headers[name] is None, name


@pytest.mark.parametrize("headers", [
    {"If-Modified-Since": SOME_DAY}, {"If-Unmodified-Since": LONG_AGO},
    {"If-Modified-Since": "x"}, {"Range": "bytes=0-9"}, {"Range": "bytes=99999999-"},
    {"Range": "bytes=0-9", "If-Range": SOME_DAY}, {"Range": "bytes=0-9", "If-Range": "ETAG"},
    {"If-Match": "*"}, {"If-Match": "ETAG", "Range": "bytes=5-"},
])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_answers_in_full(gate, headers, method):
    """Dates do not count, as there is no Last-Modified; ranges are not served."""
    full = gate.ask(SEED)
    etag = full.headers["ETag"]
    answer = gate.ask(SEED, {k: v.replace("ETAG", etag) for k, v in headers.items()}, method)
    assert answer.status == 200
    assert answer.headers["ETag"] == etag
    assert answer.headers["Last-Modified"] is answer.headers["Content-Range"] is None
    assert int(answer.headers["Content-Length"]) == len(full.body)
    assert answer.body == (full.body if method == "GET" else b"")


def test_a_date_does_not_undo_a_tag(gate):
    """RFC 9110 13.2.2: If-Modified-Since is ignored beside If-None-Match, the other way too."""
    etag = gate.ask(SEED).headers["ETag"]
    for headers, status in [({"If-None-Match": etag, "If-Modified-Since": LONG_AGO}, 304),
                            ({"If-None-Match": '"x"', "If-Modified-Since": SOME_DAY}, 200),
                            ({"If-Match": etag, "If-Unmodified-Since": LONG_AGO}, 200),
                            ({"If-Match": '"x"', "If-Unmodified-Since": SOME_DAY}, 412)]:
        assert gate.ask(SEED, headers).status == status, headers


@pytest.mark.parametrize("target, status", [
    (SPACECRAFT + "?x=1", 400), ("/nowhere", 404), (SPACECRAFT + "31337/", 404)])
def test_conditions_count_only_for_what_is_there(gate, target, status):
    """RFC 9110 13.2.1: not where the answer is no 2xx anyhow."""
    for headers in ({"If-None-Match": "*"}, {"If-Match": '"x"'}, {"If-Match": "*"}):
        assert gate.ask(target, headers).status == status
    assert gate.ask(SEED, {"If-None-Match": "*", "If-Match": '"x"'}, "OPTIONS").status == 204


def test_a_condition_on_what_is_not_stored(gate):
    """A GET fetches it first; a HEAD may not, whatever it asks for."""
    target = gate.cold()
    assert gate.ask(target, {"If-None-Match": "*"}, "HEAD").status == 504
    assert gate.calls == 0
    assert gate.ask(target, {"If-None-Match": "*"}).status == 304
    assert gate.ask(target, {"If-Match": '"x"'}).status == 412
    assert gate.calls == 1


def test_fields_on_several_lines(gate):
    """nginx joins them, or (before 1.23) refuses what may stand only once; no wrong 304 either
    way."""
    etag = gate.ask(OBJECT).headers["ETag"].encode()
    for lines, allowed in [
            ((b'"x"', etag), {304, 400}), ((etag, b'"x"'), {304, 400}), ((b'"x"', b'"y"'), {200, 400})]:
        fields = b"".join(b"If-None-Match: %s\r\n" % line for line in lines)
        assert get_bytes(gate.port, OBJECT.encode(), headers=fields).status in allowed


def test_http_1_0_can_be_conditional(gate):
    etag = gate.ask(OBJECT).headers["ETag"]
    request = f"GET {OBJECT} HTTP/1.0\r\nIf-None-Match: {etag}\r\n\r\n".encode()
    # Without Host the links lead to the first base, as they do with ours.
    answer = exchange(gate.port, request)
    assert (answer.status, answer.body) == (304, b"")
