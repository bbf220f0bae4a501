"""What cannot be right is refused at once: what is wrong, what would be allowed, what was meant."""

import pytest
from harness import SPACECRAFT, assert_like_upstream, assert_problem, assert_same
from wire import get_bytes


@pytest.fixture
def shielded(gate):
    """The chain; afterwards nothing was asked of upstream, and no entry was as much as looked at. (Scripts
    are not counted: whatever is asked, workers now and then take part in an election, app/warm.h. One that asked for
    a call would leave keys.)"""
    def looked_up():
        stats = gate.cache("INFO", "commandstats").decode()
        return [line for line in stats.splitlines()
                if line.startswith(("cmdstat_hmget", "cmdstat_hset"))]

    gate.cache("CONFIG", "RESETSTAT")
    yield gate
    assert gate.calls == 0
    assert gate.cache.keys() == []
    assert looked_up() == []


def faults(gate, query):
    answer = gate.ask(f"{SPACECRAFT}?{query}")
    problem = assert_problem(answer, 400, "invalid-parameters")
    assert answer.headers["Cache-Control"] == "no-store"
    return problem


@pytest.mark.parametrize("query, parameter, value, nearest", [
    ("orderng=id", "orderng", "id", "ordering"),
    ("Limit=3", "Limit", "3", "limit"),
    ("limit=3&?ordering=id", "?ordering", "id", "ordering"),
    ("isPlaceholder=true", "isPlaceholder", "true", "is_placeholder"),
    ("net__gte=2020-01-01", "net__gte", "2020-01-01", None),
    ("page=2", "page", "2", "offset"),
    ("in_space=yes", "in_space", "yes", "true"),
    ("in_space=TRUE", "in_space", "TRUE", "true"),
    ("status=active", "status", "active", None),
    ("status=0", "status", "0", None),
    ("spacecraft_config=-3", "spacecraft_config", "-3", None),
    ("spacecraft_config=9999999999", "spacecraft_config", "9999999999", None),
    ("status=1,2", "status", "1,2", None),
    ("limit=abc", "limit", "abc", None),
    ("limit=10?", "limit", "10?", "10"),
    ("offset=1.5", "offset", "1.5", None),
    ("mode=list", "mode", "list", None),
    ("mode=detaild", "mode", "detaild", "detailed"),
    ("ordering=name", "ordering", "name", None),
    ("ordering=id,-time_dockd", "ordering", "-time_dockd", "time_docked"),
    ("ordering=--id", "ordering", "--id", "id"),
    ("format=xml", "format", "xml", None),
])
def test_a_fault_is_named(shielded, query, parameter, value, nearest):
    """Parameter, value, what is allowed and the nearest spelling; no call, no key."""
    fault, = faults(shielded, query)["faults"]
    assert (fault["parameter"], fault["value"]) == (parameter, value)
    assert fault["reason"] and fault["allowed"]
    assert fault.get("nearest") == nearest


def test_every_fault_is_listed_at_once(shielded):
    """All of them, in the client's order, and what is good is not among them."""
    problem = faults(shielded, "orderng=id&limit=abc&in_space=maybe&name=ok&mode=x&offset=-3&y=")
    assert [f["parameter"] for f in problem["faults"]] == [
        "orderng", "limit", "in_space", "mode", "y"]
    assert all(name in problem["detail"] for name in ("orderng", "limit", "in_space", "mode", "y"))


def test_what_is_allowed_is_told(shielded):
    """Words to choose from are written out."""
    allowed = {f["parameter"]: f["allowed"]
               for f in faults(shielded, "ordering=x&mode=x&x=1&in_space=x")["faults"]}
    for word in ("flights_count", "id", "mission_ends_count", "time_docked", "time_in_space"):
        assert word in allowed["ordering"]
    assert "normal" in allowed["mode"] and "detailed" in allowed["mode"]
    for word in ("in_space", "is_placeholder", "name", "spacecraft_config", "status", "search",
                 "ordering", "mode", "limit", "offset", "format"):
        assert word in allowed["x"]
    assert "true" in allowed["in_space"]


@pytest.mark.parametrize("size", [10, 3000, 4100, 7900])
def test_a_long_name_is_still_explained(shielded, size):
    """`detail` says what is wrong however long the parameter's name is."""
    problem = faults(shielded, "x" * size + "=1")
    assert "no such parameter" in problem["detail"]


@pytest.mark.parametrize("target", [
    b"?name=%", b"?name=%4", b"?name=%zz", b"?name=%G0", b"?%=1", b"?name=%00", b"?name=a%0ab",
    b"?name=%7F", b"?name=%1b", b"?name=%ff", b"?name=%c0%af", b"?name=%ed%a0%80", b"?name=%e2%82",
    b"?name=\xff", b"?name=\xc3", b"?limit=3&_=%zz", b"?" + b"&".join([b"name=1"] * 201),
    b"%00", b"%zz/", b"430%00/", b"%ff/",
])
def test_what_is_malformed_is_refused(shielded, target):
    """Malformed escapes, NUL, control characters, invalid UTF-8, too many parameters."""
    answer = get_bytes(shielded.port, SPACECRAFT.encode() + target)
    assert_problem(answer, 400, "malformed-request")


@pytest.mark.parametrize("byte", [b"\0", b"\1", b"\x1b", b"\x7f"])
def test_control_characters_written_raw_are_refused(shielded, byte):
    """Whoever notices them first, nginx or the worker."""
    answer = get_bytes(shielded.port, SPACECRAFT.encode() + b"?name=a" + byte + b"b")
    assert_problem(answer, 400, "malformed-request")


@pytest.mark.parametrize("size", [8001, 9000, 15000, 20000, 60000])
def test_a_target_over_the_limit_is_a_414(shielded, size):
    """By the worker above 8000 bytes, by nginx where the line does not fit its buffers."""
    target = (SPACECRAFT + "?name=" + "a" * size)[:size]
    assert_problem(get_bytes(shielded.port, target.encode()), 414, "target-too-long")


def test_a_target_of_8000_bytes_and_198_parameters_are_read(gate):
    """The limits themselves are no fault: 200 parameters with the limit and offset of links."""
    target = (SPACECRAFT + "?limit=3&_=" + "a" * 8000)[:8000]
    assert gate.ask(target).status == 200
    many = "&".join(["in_space=", "name=x"] * 99 + ["limit=3", "offset=3"])
    assert_like_upstream(gate, f"{SPACECRAFT}?{many}")


@pytest.mark.parametrize("size, status", [(3000, 200), (3800, 200), (4500, 414), (7900, 414)])
def test_what_is_too_long_for_upstream_is_a_414(gate, size, status):
    """Upstream's server reads request lines of 4094 bytes; whoever needs more is told so."""
    answer = gate.ask(f"{SPACECRAFT}?name={'a' * size}&limit=3")
    if status == 200:
        assert_same(answer, gate.origin.get(f"{SPACECRAFT}?name={'a' * size}&limit=3"), gate)
    else:
        assert_problem(answer, 414, "target-too-long")
        assert gate.calls == 0


def test_a_long_form_of_empty_fields_is_read(gate):
    """Form URLs of 2.3 kB whose fields are nearly all empty are usual."""
    fields = ["in_space=", "is_placeholder=unknown", "name=", "spacecraft_config=", "status="] * 16
    assert_like_upstream(gate, f"{SPACECRAFT}?{'&'.join(fields)}&limit=2&search=")


@pytest.mark.parametrize("path, nearest", [
    ("/2.3.0/spacecrafts/", SPACECRAFT), ("/2.3.0/Spacecraft", SPACECRAFT),
    ("/2.3.0/spacecraft/abc/", SPACECRAFT), ("/2.3.0/spacecraft/0/", SPACECRAFT),
    ("/2.3.0/spacecraft/4294967296/", SPACECRAFT), ("/2.3.0/rockets-of-mine/", None),
    ("/2.1.0/spacecraft/", None), ("/", None), ("/2.3.0/spacecraft/430/x/", SPACECRAFT),
    ("/favicon.ico", None), ("/2.3.0/spacecraft//", None),
])
def test_an_unknown_address_is_a_404(shielded, path, nearest):
    """With the nearest address, where there is one; it costs nothing."""
    problem = assert_problem(shielded.ask(path), 404, "not-found")
    if nearest:
        assert problem["nearest"] == nearest


@pytest.mark.parametrize("query, status", [
    ("?status=77", 400), ("?spacecraft_config=31337&limit=7", 400), ("31337/", 404),
    ("430/?status=1", 404),
])
def test_upstreams_own_refusal_is_relayed_and_remembered(gate, query, status):
    """400 and 404 from upstream cost a call each, so they are kept for a while."""
    first, second = gate.ask(SPACECRAFT + query), gate.ask(SPACECRAFT + query)
    word = {400: "invalid-parameters", 404: "not-found"}[status]
    for answer in (first, second):
        problem = assert_problem(answer, status, word)
        if status == 400:
            assert problem["faults"][0]["parameter"] in query
    assert gate.calls == 1
    assert "fwd=miss" in first.cache_status and "; hit" in second.cache_status
    assert second.ttl > 500
