"""Content codings: negotiated, compressed once, each with a tag of its own."""

import gzip
import re

import pytest
from harness import SEED, SLOW, SPACECRAFT, Chain, together
from stack.chain import REPO
from wire import exchange, get_bytes

LARGE = SPACECRAFT + "?limit=100&mode=detailed"
SMALL = SPACECRAFT + "?limit=1&search=nothing-is-called-so"


def get(gate, target, accept, method="GET"):
    return gate.ask(target, {"Accept-Encoding": accept}, method)


def plain(gate, target):
    """The target's body as it is."""
    answer = get(gate, target, "identity")
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, None)
    return answer


def assert_gzip_of(answer, identity):
    assert answer.headers["Content-Encoding"] == "gzip", answer
    assert answer.headers["Transfer-Encoding"] is None
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert gzip.decompress(answer.body) == identity.body
    assert len(answer.body) < len(identity.body) / 2
    assert answer.headers["Vary"] == identity.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["ETag"] == identity.headers["ETag"][:-1] + '-gzip"'


@pytest.mark.parametrize("target", [SEED, SPACECRAFT + "430/", LARGE])
def test_gzip_is_the_same_body(gate, target):
    """Strong tags differ by the coding; the bytes are the same each time."""
    identity = plain(gate, target)
    first, second = get(gate, target, "gzip"), get(gate, target, "br, gzip;q=0.5")
    assert_gzip_of(first, identity)
    assert second.body == first.body
    assert gate.calls == 1


def test_the_table_of_accept_encoding(gate):
    """Every row of the unit test's, through nginx: for a page, and for a few bytes."""
    page, little = gate.ask(SEED), gate.ask(SMALL)
    assert len(page.body) > 10_000 and len(little.body) < 500
    expected_of = {"identity": None, "gzip": "gzip"}
    n = 0
    for line in (REPO / "tests/unit/encoding.tsv").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        accept, *expected = re.split("\t+", line)
        accept = b"" if accept == "<empty>" else re.sub(
            rb"\\x([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), accept.encode())
        for target, wanted, body in zip((SEED, SMALL), expected, (page, little)):
            answer = get_bytes(gate.port, target.encode(),
                               headers=b"Accept-Encoding: %s\r\n" % accept)
            assert answer.status == 200, (line, answer)
            assert answer.headers["Content-Encoding"] == expected_of[wanted], (line, answer)
            coded = gzip.decompress(answer.body) if wanted == "gzip" else answer.body
            assert coded == body.body, line
        n += 1
    assert n > 50


def test_without_the_field_nothing_is_coded(gate):
    gate.ask(SEED)
    answer = get_bytes(gate.port, SEED.encode())
    assert answer.status == 200 and answer.headers["Content-Encoding"] is None
    assert answer.json["count"]


def test_a_field_without_end_is_not_read(gate):
    answer = get(gate, SEED, "gzip" + "," * 3000)
    assert answer.status == 200 and answer.headers["Content-Encoding"] is None


@pytest.mark.parametrize("target", [SEED, LARGE])
@pytest.mark.parametrize("accept", [None, "gzip"])
def test_http_1_0_gets_a_length_in_every_coding(gate, target, accept):
    """Small devices know no chunks; those that know gzip get it."""
    gate.ask(target)
    field = f"Accept-Encoding: {accept}\r\n" if accept else ""
    answer = exchange(gate.port, f"GET {target} HTTP/1.0\r\n{field}\r\n".encode())
    assert answer.status == 200
    assert answer.headers["Transfer-Encoding"] is None
    assert answer.headers["Content-Encoding"] == accept
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert (gzip.decompress(answer.body) if accept else answer.body).startswith(b'{"count":')


@pytest.mark.parametrize("target", [SEED, SPACECRAFT + "430/", SMALL])
@pytest.mark.parametrize("accept", ["gzip", "identity", "gzip;q=0, *"])
def test_head_is_get_of_the_same_negotiation(gate, target, accept):
    """The same fields, the length among them, whichever of them came first."""
    gate.ask(target, {"Accept-Encoding": "identity"})
    head = get(gate, target, accept, "HEAD")
    answer = get(gate, target, accept)
    assert (head.status, head.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    differ = {"Date", "Age", "Cache-Status", "X-Accel-Expires", "Connection"}
    assert set(head.headers.keys()) == set(answer.headers.keys())
    for name in set(answer.headers.keys()) - differ:
        assert head.headers[name] == answer.headers[name], name
    assert gate.calls == 1


def test_tags_match_within_their_coding(gate):
    """A cache that has gzip is not told that its gzip is what an identity client wants."""
    tags = {accept: get(gate, SEED, accept).headers["ETag"] for accept in ("gzip", "identity")}
    assert tags["gzip"] != tags["identity"]
    for accept in tags:
        for other in tags:
            answer = gate.ask(SEED, {"Accept-Encoding": accept, "If-None-Match": tags[other]})
            assert answer.status == (304 if accept == other else 200)
            assert answer.headers["ETag"] == tags[accept]
        both = ", ".join(tags.values())
        answer = gate.ask(SEED, {"Accept-Encoding": accept, "If-None-Match": both})
        assert answer.status == 304 and answer.headers["ETag"] == tags[accept]


def test_links_of_one_name_are_not_sent_to_another(gate):
    """What is kept compressed is of one base only."""
    assert get(gate, SEED, "gzip").status == 200
    answer = gate.ask(SEED, {"Accept-Encoding": "gzip", "Host": f"localhost:{gate.port}"})
    assert f"http://localhost:{gate.port}/2.3.0/".encode() in gzip.decompress(answer.body)


@pytest.mark.parametrize("target, status", [
    (SPACECRAFT + "?x=1", 400), ("/x", 404), (SPACECRAFT + "31337/", 404)])
def test_problems_are_sent_as_they_are(gate, target, status):
    answer = get(gate, target, "gzip")
    assert (answer.status, answer.headers["Content-Encoding"]) == (status, None)
    assert answer.json["status"] == status


def test_many_at_once_get_what_they_asked_for():
    """A small room for what is kept, so that it changes hands all the time."""
    with Chain(config={"cache.answers_bytes": 40_000, "server.threads": 4}) as chain:
        targets = [f"{SPACECRAFT}?limit=5&offset={offset}" for offset in range(0, 60, 3)]
        bodies = {target: chain.get(target).body for target in targets}

        def work(i):
            for round in range(3):
                for target in targets[i:] + targets[:i]:
                    answer = chain.get(target, {"Accept-Encoding": "gzip"}, timeout=30 * SLOW)
                    assert gzip.decompress(answer.body) == bodies[target]
            return True

        assert together(8, work) == [True] * 8
        assert chain.calls == 1
