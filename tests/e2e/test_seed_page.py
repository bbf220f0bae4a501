"""The seed's own request, and every other way to write it."""

import itertools

import pytest
from harness import SEED, SPACECRAFT, assert_like_upstream, eventually
from wire import exchange, get_bytes

TEN = [
    (430, "Kounotori 8"), (374, "Progress 41"), (349, "Progress M-24"), (357, "Progress M-16"),
    (369, "Progress M-4"), (390, "Progress 25"), (162, "Cygnus CRS Orb-2"), (402, "Progress 14"),
    (216, "Dragon C107"), (166, "Cygnus CRS OA-5"),
]
CALL = f"{SPACECRAFT}?limit=100&offset=300&ordering=-time_docked"

PAIRS = ["format=api", "offset=326", "ordering=-time_docked"]
SPELLINGS = [SPACECRAFT + "?" + "&".join(order) for order in itertools.permutations(PAIRS)] + [
    f"{path}?{query}" for path, query in [
        # without format, or the other one, or an empty one
        (SPACECRAFT, "offset=326&ordering=-time_docked"),
        (SPACECRAFT, "format=json&offset=326&ordering=-time_docked"),
        (SPACECRAFT, "format=&offset=326&ordering=-time_docked"),
        # percent-encoding, in values, names and the path, upper and lower hex
        (SPACECRAFT, "offset=326&ordering=%2Dtime_docked"),
        (SPACECRAFT, "offset=326&ordering=%2dtime_docked"),
        (SPACECRAFT, "offset=326&ordering=-time%5Fdocked"),
        (SPACECRAFT, "offset=326&ordering=-time%5fdocked"),
        (SPACECRAFT, "offset=%33%32%36&ordering=-%74ime_docked"),
        (SPACECRAFT, "%6fffset=326&orderin%67=-time_docked"),
        (SPACECRAFT, "%6Fffset=326&orderin%67=-time_docked"),
        ("/2.3.0/space%63raft/", "offset=326&ordering=-time_docked"),
        ("/%32.3.0/spacecraft/", "offset=326&ordering=-time_docked"),
        # a repeated scalar: the last one wins
        (SPACECRAFT, "offset=1&offset=326&ordering=-time_docked"),
        (SPACECRAFT, "offset=326&ordering=id&ordering=-time_docked"),
        (SPACECRAFT, "offset=nonsense&offset=326&ordering=-time_docked"),
        (SPACECRAFT, "limit=50&limit=10&offset=326&ordering=-time_docked"),
        (SPACECRAFT, "mode=detailed&mode=normal&offset=326&ordering=-time_docked"),
        # defaults written out, and what upstream makes the default of
        (SPACECRAFT, "limit=10&mode=normal&format=json&offset=326&ordering=-time_docked"),
        (SPACECRAFT, "limit=&offset=326&ordering=-time_docked"),
        (SPACECRAFT, "limit=0&offset=326&ordering=-time_docked"),
        (SPACECRAFT, "limit=-7&offset=326&ordering=-time_docked"),
        (SPACECRAFT, "limit=010&offset=0326&ordering=-time_docked"),
        # empty values filter nothing
        (SPACECRAFT, "name=&search=&status=&mode=&offset=326&ordering=-time_docked"),
        (SPACECRAFT, "in_space=&is_placeholder=unknown&spacecraft_config=&offset=326"
                     "&ordering=-time_docked"),
        (SPACECRAFT, "name&offset=326&ordering=-time_docked"),
        # blanks, empty and needless terms of an ordering
        (SPACECRAFT, "offset=326&ordering=-time_docked,"),
        (SPACECRAFT, "offset=326&ordering=,+-time_docked+,,"),
        (SPACECRAFT, "offset=326&ordering=%20-time_docked%20"),
        (SPACECRAFT, "offset=326&ordering=-time_docked,time_docked"),
        (SPACECRAFT, "offset=326&ordering=-time_docked%2C-time_docked"),
        # separators too many
        (SPACECRAFT, "offset=326&ordering=-time_docked&"),
        (SPACECRAFT, "&&offset=326&&&ordering=-time_docked&&"),
        # the missing slash, answered at once: many clients follow no redirect
        (SPACECRAFT[:-1], "format=api&offset=326&ordering=-time_docked"),
        (SPACECRAFT[:-1], "offset=326&ordering=%2dtime_docked&"),
        # cache-busters
        (SPACECRAFT, "_=1700000000&offset=326&ordering=-time_docked&utm_source=x&cb=7"),
    ]
]


def test_the_seeds_page_is_answered_with_one_call(gate):
    """Ten spacecraft in the seed's order, 596 in all, links on the gateway, one call."""
    answer = gate.ask(SEED)
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == "application/json"
    page = answer.json
    assert [(row["id"], row["name"]) for row in page["results"]] == TEN
    assert page["count"] == 596
    base = f"{gate.base}{SPACECRAFT}?limit=10&offset="
    assert page["next"] == f"{base}336&ordering=-time_docked"
    assert page["previous"] == f"{base}316&ordering=-time_docked"
    assert gate.origin.asked == [CALL]
    assert_like_upstream(gate, SEED)


def test_every_spelling_of_it_is_free_and_says_the_same(gate):
    """Two requests that mean the same have one key (the issue's list of spellings)."""
    first = gate.ask(SEED)
    for target in SPELLINGS:
        answer = gate.ask(target)
        assert answer.status == 200, (target, answer)
        assert (answer.json["count"], answer.ids) == (596, first.ids), target
        assert answer.json["results"] == first.json["results"], target
        assert "; hit" in answer.cache_status, (target, answer)
    assert gate.origin.asked == [CALL]
    assert gate.cache.entries() == [CALL]


@pytest.mark.parametrize("spellings", [
    ["in_space=True", "in_space=true", "in_space=%74rue", "in_space=false&in_space=True"],
    ["is_placeholder=False", "is_placeholder=false"],
    ["search=soyuz+tma", "search=soyuz%20tma", "search=soyuz,tma", "search=soyuz%2Ctma",
     "search=+soyuz++tma+", "search=soyuz%2c%20tma", "search=%73oyuz%20tma"],
    ["name=Progress+41", "name=Progress%2041", "name=%20Progress+41+", "name=P%72ogress%2041"],
    ["name=%D0%91%D1%83%D1%80%D0%B0%D0%BD+1.02", "name=%d0%91%d1%83%d1%80%d0%b0%d0%bd%201.02"],
    ["status=4", "status=04", "status=+4", "status=1&status=4", "status=%34"],
    ["limit=100", "limit=101", "limit=50000", "limit=99999999999999999999"],
    ["offset=0", "offset=", "offset=-10", "offset=00", "limit=10", ""],
], ids=lambda spellings: spellings[0].split("=")[0] + "-" + spellings[0].partition("=")[2][:8])
def test_spellings_of_other_parameters_share_a_call(gate, spellings):
    """True/true, + and %20, commas, hex of either case, numbers, defaults: one call for all."""
    answers = [assert_like_upstream(gate, f"{SPACECRAFT}?{query}") for query in spellings]
    assert len(gate.origin.asked) == 1
    assert len({tuple(answer.ids) for answer in answers}) == 1


def test_utf8_written_raw_is_the_same_as_encoded(gate):
    """Bytes above 127 in a target are what their escapes stand for."""
    encoded = gate.ask(f"{SPACECRAFT}?name=%D0%91%D1%83%D1%80%D0%B0%D0%BD+1.02")
    raw = get_bytes(gate.port, f"{SPACECRAFT}?name=Буран+1.02".encode())
    assert raw.status == 200, raw
    assert raw.ids == encoded.ids != []
    assert gate.calls == 1


@pytest.mark.parametrize("spellings", [
    ["430/", "430", "0430/", "%34%33%30/", "430/?format=api", "430/?format=json",
     "430/?mode=detailed", "430/?ordering=id", "430/?limit=3&offset=7", "430/?name=&search="],
])
def test_an_objects_spellings_share_a_call(gate, spellings):
    """One object: leading zeros, the slash, the mode it has anyway, what does not apply to it."""
    bodies = set()
    for spelling in spellings:
        answer = gate.ask(SPACECRAFT + spelling)
        assert answer.status == 200, (spelling, answer)
        bodies.add(answer.body)
    assert len(bodies) == 1
    assert gate.origin.asked == [f"{SPACECRAFT}430/"]


def test_the_canonical_target_sent_upstream_is_accepted_and_its_own_key(gate):
    """canonical(canonical(x)) = canonical(x): asking what was asked upstream costs nothing."""
    for query in ["search=,soyuz,,tma,&ordering=+id,,-id", "name=+A%26B%2Bc%20&in_space=True",
                  "ordering=-time_docked,flights_count,time_docked&mode=detailed&offset=199",
                  "search=%22two+words%22+'&status=004", "name=%F0%9F%9A%80%25%3D%3F%23"]:
        assert gate.ask(f"{SPACECRAFT}?{query}").status == 200
    asked = gate.origin.asked
    assert len(asked) == 6  # one of them spans two windows
    for target in asked:
        answer = gate.ask(target)
        assert (answer.status, answer.ttl > 0) == (200, True), (target, answer)
    assert gate.origin.asked == asked


def test_a_question_costs_no_second_call_over_another_connection(gate):
    """HTTP/1.0, HEAD and a connection of its own change nothing about the key."""
    gate.ask(SEED)
    old = exchange(gate.port, f"GET {SEED} HTTP/1.0\r\n\r\n".encode())
    assert old.status == 200
    assert gate.ask(SEED, method="HEAD").status == 200
    assert eventually(lambda: gate.calls == 1, "one call in all")
