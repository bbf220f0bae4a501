"""What the programs that call Launch Library really send: their spellings, slips and habits work
with no more than another base URL, or are refused in words that lead to the fix, at no call.

Requests go over bare sockets where a library would tidy them.
"""

import itertools
import json
import re
import socket
from urllib.parse import unquote, urlencode

import pytest
from harness import (SLOW, Chain, assert_like_upstream, assert_nowhere, assert_problem, assert_same,
                     assert_throttled, eventually, everything_seen, together)
from sandbox.surface import SERVED
from stack.chain import REPO
from test_walk import links_in
from wire import begin_request, exchange, get_bytes

LAUNCHES = "/2.3.0/launches/"
UPCOMING = "/2.3.0/launches/upcoming/"

# Each API with a list, an object and what it has only one of.
APIS = {
    "2.3.0": ("/2.3.0/agencies/?limit=3", "/2.3.0/agencies/1/", "/2.3.0/dashboard/starship/"),
    "2.2.0": ("/2.2.0/agencies/?limit=3", "/2.2.0/agencies/1/", "/2.2.0/dashboard/starship/"),
    "v4": ("/v4/articles/?limit=3", "/v4/articles/1/", "/v4/info/"),
}


def get(gate, target, headers=b""):
    return get_bytes(gate.port, target.encode(), headers=headers)


# ---- what is answered as upstream answers it ----------------------------------

# As the client writes it, and as upstream has to be asked where it would redirect.
HONOURED = [
    # no slash at the end, and no redirect to where it is
    ("/2.3.0/launches/upcoming", UPCOMING),
    ("/2.3.0/launches/upcoming?limit=1&hide_recent_previous=true",
     UPCOMING + "?limit=1&hide_recent_previous=true"),
    ("/2.3.0/agencies/1", "/2.3.0/agencies/1/"),
    ("/2.3.0/dashboard/starship", "/2.3.0/dashboard/starship/"),
    ("/2.2.0/launch/upcoming?limit=2", "/2.2.0/launch/upcoming/?limit=2"),
    ("/2.2.0/agencies/1", "/2.2.0/agencies/1/"),
    ("/v4/articles?limit=2", "/v4/articles/?limit=2"),
    ("/v4/articles/1", "/v4/articles/1/"),
    # limits and offsets
    (LAUNCHES + "?limit=101", None), (LAUNCHES + "?limit=1000", None),
    (LAUNCHES + "?limit=50000", None), ("/2.2.0/launch/?limit=50000", None),
    ("/v4/articles/?limit=50000", None), (LAUNCHES + "?limit=99999999999999999999", None),
    (LAUNCHES + "?limit=", None), (LAUNCHES + "?limit", None), (LAUNCHES + "?limit=0", None),
    (LAUNCHES + "?limit=-1", None),
    (LAUNCHES + "?limit=3+", None), (LAUNCHES + "?limit=%203", None),
    (LAUNCHES + "?limit=undefined", None), (LAUNCHES + "?limit=null", None),
    (LAUNCHES + "?offset=undefined", None), (LAUNCHES + "?offset=null", None),
    (LAUNCHES + "?offset=NaN", None), (LAUNCHES + "?limit=3&offset=None", None),
    (LAUNCHES + "?offset=", None), (LAUNCHES + "?offset=-10", None),
    (LAUNCHES + "?offset=99999", None),
    ("/2.2.0/launch/?offset=undefined&limit=", None), ("/v4/articles/?offset=undefined", None),
    # booleans
    (LAUNCHES + "?is_crewed=True", None), (LAUNCHES + "?is_crewed=true", None),
    (LAUNCHES + "?is_crewed=unknown&include_suborbital=unknown", None),
    (LAUNCHES + "?is_crewed=&include_suborbital=", None), (LAUNCHES + "?is_crewed", None),
    (UPCOMING + "?hide_recent_previous=True&include_suborbital=False", None),
    # marks and blanks
    (LAUNCHES + "?limit=3&", None), (LAUNCHES + "?&limit=3&&offset=2&", None),
    (LAUNCHES + "?", None),
    (LAUNCHES + "?search=Falcon+9&limit=2", None), (LAUNCHES + "?search=%20Falcon%209%20", None),
    (LAUNCHES + "?search=Falcon|Soyuz", None), (LAUNCHES + "?name=Falcon%209|%5B1,2%5D", None),
    (LAUNCHES + "?search={query}", None), (LAUNCHES + "?ordering=%20-net%20,%20name", None),
    (UPCOMING + " ", UPCOMING),
    # a scalar twice: the last is meant
    (LAUNCHES + "?limit=5&limit=2", None), (LAUNCHES + "?name=a&name=Falcon&limit=2", None),
    (LAUNCHES + "?ordering=name&ordering=-net&limit=2", None),
    # several values of one parameter, in any order
    (LAUNCHES + "?location__ids=12,27", None), (LAUNCHES + "?location__ids=27,12", None),
    (LAUNCHES + "?location__ids=12%2C27%2C", None), (LAUNCHES + "?program=2&program=1", None),
    # moments
    (LAUNCHES + "?net__gte=2026-11-24T09:30:00.123456&limit=1", None),
    (LAUNCHES + "?net__gte=2026-11-24T09:30:00.123Z&limit=1", None),
    (LAUNCHES + "?net__gte=2026-11-24&limit=1", None),
    (LAUNCHES + "?net__gte=2026-11-24%2009:30&limit=1", None),
    (LAUNCHES + "?net__gte=2026-11-24T09:30:00%2B01:00&limit=1", None),
    # what 2.2.0 takes, its own names and any others, is upstream's business
    ("/2.2.0/launch/upcoming/?limit=2&lsp__ids=121&isCrewed=true&page=2", None),
]


@pytest.mark.parametrize("written, meant", HONOURED)
def test_what_is_meant_is_answered(gate, written, meant):
    """200 at once, byte for byte upstream's answer, for one call; the next time for none."""
    answer = get(gate, written)
    assert_same(answer, gate.origin.get(meant or written), gate, written)
    assert answer.headers["Location"] is None
    again = get(gate, written)
    assert (again.status, again.body) == (200, answer.body)
    assert again.cache_status.startswith("perigee; hit")
    assert len(gate.origin.asked) == 1


def test_a_raw_plus_in_a_timestamp_is_a_plus(gate):
    """`+` is a blank in a query, and no moment has a blank there: upstream refuses it, here it is
    what the client has meant. The pages behind it are of the same list."""
    raw, escaped = (f"{LAUNCHES}?net__gte=2026-11-24T09:30:00{plus}01:00&limit=60"
                    for plus in ("+", "%2B"))
    first, meant = get(gate, raw), gate.origin.get(escaped)
    assert first.status == 200
    assert first.json["count"] == meant.json["count"] > 60
    assert first.ids == meant.ids
    following = get(gate, first.json["next"].removeprefix(gate.base))
    assert following.ids == gate.origin.get(meant.json["next"].removeprefix(gate.sandbox)).ids


def test_a_whole_form_with_nearly_everything_empty(gate):
    """As upstream's own search form submits it: 82 parameters and more, 2.3 kB, for one filter.
    (A choice of several, of which none is chosen, is not among what a form submits.)"""
    filters = gate.origin.order("GET", "surface")[UPCOMING]["filters"]
    fields = {name: "unknown" if filter["type"] == "bool" else ""
              for name, filter in filters.items() if filter["type"] != "repeated-int"}
    fields |= {"search": "Falcon", "ordering": "", "mode": "", "limit": "4", "offset": "",
               "format": ""}
    target = f"{UPCOMING}?{urlencode(fields)}"
    assert len(fields) >= 82 and len(target) > 2300
    assert assert_like_upstream(gate, target).json["count"] == gate.origin.get(
        UPCOMING + "?search=Falcon").json["count"] > 0
    assert len(gate.origin.asked) == 1


@pytest.mark.parametrize("api, pairs", [
    (LAUNCHES, ["limit=2", "mode=list", "ordering=-net", "search=Falcon"]),
    (UPCOMING, ["limit=1", "hide_recent_previous=True", "location__ids=12,27", "mode=detailed"]),
    ("/2.2.0/launch/", ["limit=2", "mode=list", "ordering=-net", "lsp__ids=121"]),
    ("/v4/articles/", ["limit=2", "ordering=-published_at", "title_contains=a", "offset=3"]),
])
def test_the_order_of_parameters_changes_nothing(gate, api, pairs):
    """The same query in every order is one entry, one body, one tag."""
    answers = [get(gate, f"{api}?{'&'.join(some)}") for some in itertools.permutations(pairs)]
    assert {answer.status for answer in answers} == {200}
    assert len({(answer.body, answer.headers["ETag"]) for answer in answers}) == 1
    assert len(gate.origin.asked) == 1


def test_spellings_of_a_list_share_a_call(gate):
    for ids in "12,27", "27,12", "27%2C12", "12,27,", "12, 27".replace(" ", "%20"), "27,12,27":
        assert get(gate, f"{LAUNCHES}?location__ids={ids}").status == 200
    assert len(gate.origin.asked) == 1


def test_everything_asked_twice_is_asked_once(gate):
    """Two parts of one program that want the same at the same moment."""
    answers = together(2, lambda _: get(gate, UPCOMING + "?limit=7"))
    assert [answer.status for answer in answers] == [200, 200]
    assert len(gate.origin.asked) == 1


@pytest.mark.parametrize("version, upcoming", [("2.3.0", "launches"), ("2.2.0", "launch")])
def test_home_automation(gate, version, upcoming):
    """Wants exactly 200 and `application/json`, of these two, twice an hour in every home."""
    for target in (f"/{version}/{upcoming}/upcoming/?limit=1&hide_recent_previous=True",
                   f"/{version}/dashboard/starship/"):
        for _ in range(2):
            answer = assert_like_upstream(gate, target)
            assert answer.headers["Content-Type"] == "application/json"
            assert answer.headers["Transfer-Encoding"] is None
    assert len(gate.origin.asked) == 2


# ---- what is refused ----------------------------------------------------------

# The query, the parameter that is named, and what was meant by its name or its value. None: there
# is no telling, and what is allowed has to do.
REFUSED = [
    ("limit=3&?ordering=net", "?ordering", "ordering"), ("?limit=3", "?limit", "limit"),
    ("isCrewed=true", "isCrewed", "is_crewed"), ("lsp__ids=121", "lsp__ids", "lsp__id"),
    ("locationIds=12", "locationIds", "location__ids"), ("Limit=3", "Limit", "limit"),
    ("query=Falcon", "query", "search"), ("q=Falcon", "q", "search"), ("page=2", "page", "offset"),
    ("per_page=5", "per_page", "limit"), ("sort=net", "sort", "ordering"),
    ("limit=3&amp;mode=list", "amp;mode", "mode"), ("limit[]=3", "limit[]", "limit"),
    ("related=true", "related", None), ("{filter}=1", "{filter}", None),
    ("limit=10?", "limit", "10"), ("limit=3?mode=list", "limit", "3"), ("limit=3/", "limit", "3"),
    ("limit={limit}", "limit", None), ("limit=%7Blimit%7D", "limit", None),
    ("limit=${limit}", "limit", None), ("offset={{offset}}", "offset", None),
    ("limit=all", "limit", None), ("offset=%24%7Bpage*10%7D", "offset", None),
    ("is_crewed=1", "is_crewed", "true"), ("is_crewed=0", "is_crewed", "false"),
    ("is_crewed=yes", "is_crewed", "true"),
    ("include_suborbital=FALSE", "include_suborbital", "false"),
    ("is_crewed=${crewed}", "is_crewed", None),
    ("location__ids=[12,27]", "location__ids", "12,27"),
    ("location__ids=%5B12%2C%2027%5D", "location__ids", "12,27"),
    ("location__ids=12|27", "location__ids", "12,27"),
    ("location__ids=12;27", "location__ids", "12,27"),
    ("location__ids={ids}", "location__ids", None),
    ("program=1,2", "program", None), ("status=Go", "status", None),
    ("net__gte=1764000000000", "net__gte", None), ("net__gte=now", "net__gte", None),
    ("net__gte={date}", "net__gte", None), ("net__gte=NaN-NaN-NaN", "net__gte", None),
    ("mode=full", "mode", None), ("mode=List", "mode", "list"), ("ordering=date", "ordering", None),
    ("ordering=Net", "ordering", "net"), ("format=xml", "format", None),
]


def mended(query, fault):
    """The query after the advice was taken."""
    pieces = []
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        if unquote(name) == fault["parameter"]:
            is_name = fault["reason"] == "there is no such parameter"
            name, value = (fault["nearest"], value) if is_name else (name, fault["nearest"])
        pieces.append(f"{name}={value}")
    return "&".join(pieces)


@pytest.mark.parametrize("query, parameter, nearest", REFUSED)
def test_a_slip_is_refused_with_the_way_out(gate, query, parameter, nearest):
    """400 that names the parameter, says what was meant or what is allowed, at no call; whoever
    does what it says is answered."""
    answer = get(gate, f"{LAUNCHES}?{query}")
    problem = assert_problem(answer, 400, "invalid-parameters")
    fault, = problem["faults"]
    assert fault["parameter"] == parameter
    assert fault.get("nearest") == nearest, fault
    assert fault["reason"] in problem["detail"] and parameter in problem["detail"]
    assert fault["allowed"]
    assert (gate.calls, gate.cache.keys()) == (0, [])
    if nearest:
        assert f"did you mean {nearest}?" in problem["detail"]
        assert get(gate, f"{LAUNCHES}?{mended(query, fault)}").status == 200


def test_several_values_in_one_are_told_apart(gate):
    """`1,2` is right for most parameters, but not for those that are repeated instead."""
    problem = get(gate, f"{LAUNCHES}?program=1,2").json
    assert "name again" in problem["detail"]
    assert get(gate, f"{LAUNCHES}?program=1&program=2").status == 200


@pytest.mark.parametrize("target", [
    LAUNCHES + "?search=Falcon 9", LAUNCHES + "?location__ids=[12, 27]", UPCOMING + " ?limit=3",
])
def test_a_raw_blank_is_no_http(gate, target):
    """nginx refuses it before anybody can know what it means, and says how blanks are written."""
    problem = assert_problem(get(gate, target), 400, "malformed-request")
    assert "%20" in problem["detail"]
    assert gate.calls == 0


# ---- addresses ----------------------------------------------------------------

@pytest.mark.parametrize("asked, meant", [
    ("launch", "launches"), ("launch/upcoming", "launches/upcoming"),
    ("launch/previous", "launches/previous"), ("event", "events"),
    ("event/upcoming", "events/upcoming"), ("astronaut", "astronauts"),
    ("config/launcher", "launcher_configurations"),
    ("config/spacecraft", "spacecraft_configurations"), ("expedition", "expeditions"),
    ("location", "locations"), ("pad", "pads"), ("program", "programs"),
    ("spacestation", "space_stations"), ("docking_event", "docking_events"),
    ("launcher", "launchers"), ("payload", "payloads"), ("payload/flight", "payload_flights"),
    ("spacecraft/flight", "spacecraft_flights"), ("config/agencytype", "config/agency_types"),
    ("config/landinglocation", "config/landing_locations"),
])
@pytest.mark.parametrize("more", ["/", "", "?limit=1", "/4/"])
def test_a_path_of_2_2_0_has_a_name_in_2_3_0(gate, asked, meant, more):
    problem = assert_problem(get(gate, f"/2.3.0/{asked}{more}"), 404, "not-found")
    assert problem["nearest"] == f"/2.3.0/{meant}/"
    assert f"Did you mean /2.3.0/{meant}/?" in problem["detail"]
    assert (gate.calls, gate.cache.keys()) == (0, [])


def test_no_path_of_2_2_0_leads_nowhere(gate):
    """All that the older table has; each is answered, or told its name of today, which is."""
    older = json.loads((REPO / "conf/apis/ll2-2.2.0.json").read_text())["endpoints"]
    renamed = 0
    for name in older:
        answer = gate.ask(f"/2.3.0/{name}/")
        if answer.status == 404:
            nearest = answer.json["nearest"]
            assert nearest.removeprefix("/2.3.0/").rstrip("/") in SERVED, (name, nearest)
            renamed += 1
        else:
            assert answer.status == 200, (name, answer)
    assert renamed > 30


@pytest.mark.parametrize("asked, nearest", [
    ("/2.1.0/launch/upcoming/", "/2.2.0/launch/upcoming/"),
    ("/2.0.0/launch/?limit=3", "/2.2.0/launch/"),
    ("/2.0.0/launch/0b1f4ab7-8a4a-4b3c-9d5f-c7e0b7e0f0a1/", "/2.2.0/launch/"),
    ("/2.2.0/launches/upcoming/", "/2.2.0/launch/upcoming/"),
    ("/2.2.0/astronauts/", "/2.2.0/astronaut/"),
    ("/2.4.0/launcher_configurations/7/", "/2.3.0/launcher_configurations/"),
    ("/v3/articles", "/v4/articles/"),
    # a blank behind the path
    ("/2.3.0/launches/upcoming/%20", UPCOMING), ("/2.3.0/launches/upcoming%20?limit=3", UPCOMING),
    ("/2.3.0/launches/+", LAUNCHES),
    # variables that nobody has filled in
    ("/2.3.0/launches/{id}/", LAUNCHES), ("/2.3.0/launches/%7Bid%7D/", LAUNCHES),
    ("/2.3.0/launches/${id}", LAUNCHES), ("/2.3.0/launches/undefined/", LAUNCHES),
    ("/2.3.0/agencies/null/", "/2.3.0/agencies/"), ("/2.3.0/agencies/NaN", "/2.3.0/agencies/"),
    ("/2.3.0/{endpoint}/", "/2.3.0/"), ("/2.3.0/undefined", "/2.3.0/"),
    ("/2.2.0/launch/{uuid}/", "/2.2.0/launch/"), ("/v4/${kind}/", "/v4/"),
    ("/v4/articles/:id", "/v4/articles/"),
])
def test_a_wrong_path_leads_to_a_right_one(gate, asked, nearest):
    """404 with an address that is answered, in words too; at no call, however often."""
    for _ in range(2):
        problem = assert_problem(get(gate, asked), 404, "not-found")
        assert problem["nearest"] == nearest
    assert (gate.calls, gate.cache.keys()) == (0, [])
    assert get(gate, nearest).status == 200


# ---- keys of clients ----------------------------------------------------------

SECRET = "clients-own-secret-xyz"


def tried_targets():
    for api, (listed, one, single) in APIS.items():
        root = listed[:listed.index("/", 1) + 1]
        yield from (listed, one, single, root, root + "no-such-thing/", one[:-2] + "31337/")
    yield from (LAUNCHES + "?isCrewed=1", "/2.3.0/api-throttle/", "/openapi.json")


@pytest.mark.parametrize("field", [
    f"Authorization: Token {SECRET}", f"Authorization: Bearer {SECRET}", f"Authorization: {SECRET}",
    f"Authorization: Basic {SECRET}", f"authorization: token {SECRET}",
    f"Authorization: Api-Key {SECRET}", f"Authorization: \t{SECRET}", f"AUTHORIZATION:{SECRET}",
])
def test_authorization_of_any_scheme_changes_nothing(gate, field):
    """On lists, objects, singletons and refusals of every API: the same answer, from the same
    entry; upstream, logs and keys learn nothing of it. Nor do preflights and HEAD."""
    def essence(answer):
        problem = answer.status >= 400 and re.sub(
            rb"urn:perigee:request:\w+", b"", answer.body)
        return answer.status, answer.headers["ETag"], answer.headers["Content-Type"], (
            problem or answer.body)

    sent = field.encode() + b"\r\n"
    answers = []
    for target in tried_targets():
        plain, keyed = get(gate, target), get(gate, target, sent)
        if "throttle" not in target:
            assert essence(keyed) == essence(plain), target
        head = get_bytes(gate.port, target.encode(), b"HEAD", sent)
        assert (head.status, head.body) == (plain.status, b""), target
        assert head.headers["ETag"] == plain.headers["ETag"]
        asking = sent + (b"Origin: https://app.example\r\nAccess-Control-Request-Method: GET\r\n"
                         b"Access-Control-Request-Headers: authorization, content-type\r\n")
        preflight = get_bytes(gate.port, target.encode(), b"OPTIONS", asking)
        assert preflight.status == 204, target
        allowed = preflight.headers["Access-Control-Allow-Headers"]
        assert "authorization" in allowed and "content-type" in allowed
        answers += [keyed, head, preflight]
    asked = gate.origin.asked
    assert len(asked) == len(set(asked)) == 12, asked
    assert all("authorization" not in entry["headers"] for entry in gate.origin.log)
    assert SECRET not in str(gate.origin.log)
    assert_nowhere(SECRET, everything_seen(gate, answers))


@pytest.mark.parametrize("api", APIS)
def test_the_first_to_ask_may_send_a_key(gate, api):
    """What a client with a key has caused to be fetched is everybody's."""
    target = APIS[api][0]
    first = get(gate, target, f"Authorization: Token {SECRET}\r\n".encode())
    assert_same(first, gate.origin.get(target), gate)
    assert get(gate, target).body == first.body
    assert len(gate.origin.asked) == 1 and SECRET not in str(gate.origin.log)


@pytest.mark.parametrize("target, status", [
    (LAUNCHES + "?limit=3&api_key=", 400), (LAUNCHES + "?API-Key=", 400),
    ("/2.3.0/agencies/1/?apikey=", 400),
    ("/2.3.0/dashboard/starship/?token=", 400), ("/v4/articles/?access_token=", 400),
    ("/2.2.0/launch/?limit=3&api_key=", 200), ("/2.2.0/agencies/1/?key=", 200),
    ("/2.3.0/launch/?api_key=", 404), ("/2.1.0/launch/?api_key=", 404), ("/?api_key=", 404),
    ("/2.3.0/api-throttle/?api_key=", None), ("/2.3.0/?api_key=", 200),
    (LAUNCHES + "?x=%zz&api_key=", 400),
])
def test_a_key_in_the_query_is_not_repeated(gate, target, status):
    """Refused, or dropped where unknown parameters are passed on; its value is nowhere."""
    answer = get(gate, target + SECRET)
    assert status is None or answer.status == status, answer
    assert SECRET not in str(gate.origin.log)
    assert_nowhere(SECRET, everything_seen(gate, [answer]))


# ---- fields of requests -------------------------------------------------------

@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("field", [
    b"Cache-Control: no-cache", b"Cache-Control: no-store, max-age=0", b"Pragma: no-cache",
    b"Content-Type: application/json", b"Content-Type: application/json\r\nContent-Length: 0",
    b"User-Agent: caf\xe9/1.0 (\xff\xfe)", b"User-Agent:", b"User-Agent: \xf0\x9f\x9a\x80",
    b"Accept: text/html", b"Accept: application/xml;q=0.1", b"Accept-Language: \xe9",
    b"Connection: keep-alive", b"Range: bytes=0-10",
])
def test_fields_that_change_nothing(gate, api, field):
    """Neither the answer nor its cost: `no-cache` would spend what all share."""
    target = APIS[api][0]
    plain = get(gate, target)
    answer = get(gate, target, field + b"\r\n")
    assert (answer.status, answer.body) == (200, plain.body)
    assert answer.headers["Content-Type"] == "application/json"
    assert len(gate.origin.asked) == 1


def test_the_access_log_is_json_whatever_clients_are_called(gate):
    """Bytes that are no UTF-8 would make a line that no reader of JSON takes."""
    get(gate, UPCOMING + "?limit=1", b"User-Agent: caf\xe9/1\r\n")
    get_bytes(gate.port, b"/2.3.0/laun%ff%fe/\xc3")
    get(gate, UPCOMING, b'User-Agent: "quoted\\" \x01\r\n')
    gate.ask("/2.3.0/the-last-of-them/")
    gate.await_access_log("the-last-of-them")
    lines = (gate.run_dir / "log/access.log").read_bytes().splitlines()
    assert len([json.loads(line) for line in lines]) >= 4
    assert b"(not ASCII)" in b"".join(lines)


@pytest.mark.parametrize("target, status", [
    *((target, 200) for targets in APIS.values() for target in targets),
    (LAUNCHES + "?limit=100&mode=detailed", 200), ("/2.3.0/", 200), ("/2.3.0/api-throttle", 200),
    ("/openapi.json", 200), (LAUNCHES + "?isCrewed=1", 400), ("/2.3.0/launch/", 404),
    ("/2.3.0/agencies/31337/", 404),
])
@pytest.mark.parametrize("host", [b"", b"Host: gateway\r\n"])
def test_http_1_0_without_gzip(gate, target, status, host):
    """A length, no chunks, no coding, and the connection's end: all that a small device knows."""
    with socket.create_connection(("127.0.0.1", gate.port), 20 * SLOW) as s:
        s.sendall(b"GET %s HTTP/1.0\r\n%s\r\n" % (target.encode(), host))
        head, _, body = b"".join(iter(lambda: s.recv(65536), b"")).partition(b"\r\n\r\n")
    fields = head.lower()
    assert head.split()[1] == b"%d" % status, head
    assert int(re.search(rb"\ncontent-length: (\d+)", fields)[1]) == len(body) > 0
    assert b"transfer-encoding" not in fields and b"content-encoding" not in fields
    json.loads(body)


# ---- patience -----------------------------------------------------------------

def test_who_hangs_up_has_not_asked_in_vain(gate):
    """A small device gives up after 2.5 s: when it asks again, the call it caused has come back."""
    gate.origin.fault("latency", seconds=1, times=1)
    with begin_request(gate.port, UPCOMING + "?limit=2"):
        eventually(lambda: gate.origin.report["in_flight"] == 1, "the call to be under way")
    eventually(lambda: gate.cache.entries(), "the call to come back")
    answer = get(gate, UPCOMING + "?limit=2")
    assert answer.status == 200 and answer.cache_status.startswith("perigee; hit")
    assert len(gate.origin.asked) == 1


# ---- walks --------------------------------------------------------------------

@pytest.mark.parametrize("target, calls", [
    (LAUNCHES + "?limit=100", 4), (LAUNCHES + "?limit=50000&offset=undefined", 4),
    (LAUNCHES + "?limit=60&mode=list&ordering=-net", 4),
    (LAUNCHES + "?search=Falcon&limit=2&is_crewed=unknown", 1),
    (LAUNCHES + "?location__ids=12,%2027&limit=3&name=", 1),
    (LAUNCHES + "?program=2&program=1&limit=7", None),
    (UPCOMING + "?mode=detailed", 3), (UPCOMING + "?net__gte=2026-01-01T00:00:00+01:00", 2),
    ("/2.3.0/agencies?limit=7", 3), ("/2.3.0/astronauts/?limit=30", None),
    ("/2.3.0/config/agency_types/?limit=1", 1), ("/2.3.0/docking_events/?format=api", None),
    ("/2.2.0/launch/?limit=100&something=new", 4), ("/2.2.0/event/upcoming?limit=20", None),
    ("/v4/articles/?limit=100", None), ("/v4/reports/?title_contains=a", None),
])
def test_next_is_followed_to_the_end(gate, target, calls):
    """Verbatim, until it is null: everything once, nothing but what upstream has, and one call
    for each hundred (of detailed launches also for the small window before)."""
    root = target[:target.index("/", 1) + 1]
    found = []
    count = None
    link = gate.base + target
    while link:
        assert link.startswith(gate.base + root), link
        answer = get(gate, link.removeprefix(gate.base))
        assert answer.status == 200, answer
        page = answer.json
        assert list(page) == ["count", "next", "previous", "results"]
        assert count in (None, page["count"])
        count = page["count"]
        found += [row["id"] for row in page["results"]]
        assert len(found) <= count
        link = page["next"]
    assert len(found) == len(set(found)) == count > 0
    assert calls in (None, len(gate.origin.asked)), gate.origin.asked


@pytest.mark.parametrize("root, start, parts", [
    ("/2.3.0/", "expeditions/?limit=2&mode=detailed",
     ("expeditions", "space_stations", "astronauts")),
    ("/2.2.0/", "expedition/?limit=2", ("expedition", "spacestation", "astronaut")),
    ("/v4/", "articles/?limit=3", ()),
])
def test_urls_in_bodies_are_followed(gate, root, start, parts):
    """From the expedition to its station, to who is on it and on to their agencies: every step,
    as it stands in the body before, is on the gateway and answered."""
    ahead = [gate.base + root + start]
    met = set()
    while ahead and len(met) < 40:
        link = ahead.pop(0)
        answer = get(gate, link.removeprefix(gate.base))
        assert answer.status == 200, (link, answer)
        met.add(link)
        links = [link for link in links_in(answer.json) if link.startswith(gate.base)]
        assert gate.sandbox not in answer.body.decode()
        ahead += [link for link in dict.fromkeys(links) if link not in {*met, *ahead}]
    assert {link.removeprefix(gate.base + root).split("/")[0] for link in met} >= set(parts)


# ---- when the quota is spent ----------------------------------------------------

@pytest.fixture(scope="module")
def spent():
    """A chain whose one call is made, and which has told so."""
    with Chain(quota="1/3600", workers=2) as chain:
        assert chain.ask("/2.3.0/agencies/").status == 200
        yield chain


# What programs do with a 429, and must find.
READERS = {
    "digits behind the words": lambda a: re.search(r"available in (\d+)", a.json["detail"])[1],
    "with the unit, in the whole text": lambda a: re.search(
        rb"Expected available in (\d+) seconds\.", a.body)[1],
    "the last word but one": lambda a: a.json["detail"].split(" ")[-2],
    "the first number": lambda a: re.findall(r"\d+", a.json["detail"])[0],
    "Retry-After": lambda a: a.headers["Retry-After"],
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("target", ["/2.3.0/launches/upcoming/", "/2.3.0/launches/upcoming?limit=1",
                                    "/2.2.0/launch/upcoming/?limit=1", "/2.3.0/agencies/1/",
                                    "/2.3.0/dashboard/starship/"])
def test_a_429_is_read_as_upstreams(spent, target, reader):
    """Every way to read it gives the same whole number of seconds, and `throttled` is there."""
    answer = get(spent, target)
    wait = assert_throttled(answer)
    assert int(READERS[reader](answer)) == wait <= 3610
    assert b"throttled" in answer.body


def test_small_devices_understand_a_429(spent):
    answer = exchange(spent.port, b"GET /2.3.0/launches/upcoming HTTP/1.0\r\n\r\n")
    assert_throttled(answer)
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert answer.headers["Transfer-Encoding"] is None


@pytest.mark.parametrize("target", ["/2.3.0/api-throttle/", "/2.3.0/api-throttle",
                                    "/2.2.0/api-throttle/", "/2.3.0/api-throttle/?format=json"])
def test_the_throttle_says_how_long_to_sleep(spent, target):
    """`next_use_secs` + 1 is long enough, and it is the same wait that a 429 names."""
    answer = get(spent, target)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    said = answer.json
    wait = assert_throttled(get(spent, UPCOMING))
    assert (said["your_request_limit"], said["limit_frequency_secs"], said["current_use"]) == (
        1, 3600, 1)
    assert wait - 1 <= said["next_use_secs"] <= wait + 1
    assert said["ident"] == "perigee"


def test_what_is_stored_is_still_answered(spent):
    answer = get(spent, "/2.3.0/agencies?limit=3&offset=")
    assert (answer.status, len(answer.ids)) == (200, 3)


def test_problems_have_no_results_and_that_is_written_down(spent):
    """Programs crash when `results` is missing, with upstream as here: they are told before."""
    answers = [get(spent, target)
               for target in (UPCOMING, LAUNCHES + "?isCrewed=1", "/2.3.0/launch/")]
    assert [answer.status for answer in answers] == [429, 400, 404]
    assert not any("results" in answer.json for answer in answers)
    assert "`results`" in (REPO / "conf/problems.md").read_text()
