"""Every endpoint, every filter, every field to order by, every mode: what is good is answered as
upstream itself answers it, what is bad is refused by name and costs nothing.

What there is to ask comes from the stand-in (tests/sandbox/surface.py), not from the gateway's own
tables: a filter that those lack, or read otherwise, fails here.
"""

from urllib.parse import urlencode

import pytest
from harness import SLOW, assert_like_upstream, assert_problem
from sandbox.surface import SERVED

# Every bound of time exactly as it is: test_bounds.py is about those that are rounded.
CHAIN = {"config": {"upstream.max_body_bytes": "64000000", "api.time_step": "0s"}}

LISTS = sorted(f"/2.3.0/{name}/" for name in SERVED) + ["/v4/articles/", "/v4/blogs/",
                                                        "/v4/reports/"]

# Under the sanitizers one filter in so many is asked for.
STEP = 1 if SLOW == 1 else 5

BAD = {
    "int": ["x", "1.5", "1,2", "99999999999"], "number": ["x", "1e5", "--1"],
    "bool": ["1", "yes", "TRUE"],
    "datetime": ["yesterday", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z"],
    "date": ["x", "2026-02-30", "01/02/2026"], "uuid": ["x", "7"],
    "csv-int": ["x", "1,x", "[1, 2]", "1|2", ","], "csv-number": ["x", "1,x", ","],
    "csv-uuid": ["x", "7,8", ","], "repeated-int": ["x", "1,2", "0"],
    "string": [], "csv-string": [],
}


@pytest.fixture(scope="module")
def surface(chain):
    return chain.origin.order("GET", "surface")


def query(**pairs):
    return "?" + urlencode(pairs)


def test_nothing_is_missing(surface):
    """The lists named here are those that are served."""
    lists = {path for path, about in surface.items() if about["count"] is not None}
    assert lists == set(LISTS)
    assert len(lists) > 55


@pytest.mark.parametrize("path", LISTS)
def test_modes_and_pages(chain, surface, path):
    """Lists in every mode, at both ends, and objects."""
    about = surface[path]
    for mode in about["modes"] or [""]:
        pairs = {"mode": mode} if mode else {}
        assert_like_upstream(chain, path + query(**pairs))
        assert_like_upstream(chain, path + query(**pairs, limit=7, offset=max(about["count"] - 3, 0)))
    if about["detail"]:
        assert_like_upstream(chain, f"{path}{about['ids'][-1]}/")


@pytest.mark.parametrize("path", LISTS)
def test_orders(chain, surface, path):
    """Each field in both directions, over the border of two windows."""
    offset = 95 if surface[path]["count"] > 105 else 0
    for field in surface[path]["ordering"][::STEP]:
        for sign in "", "-":
            assert_like_upstream(chain, path + query(ordering=sign + field, offset=offset))


@pytest.mark.parametrize("path", LISTS)
def test_filters(chain, surface, path):
    """Each filter with values that occur in the data."""
    for name, filter in list(surface[path]["filters"].items())[::STEP]:
        values = filter["values"][-1:] if path.startswith("/2.3.0/l") else filter["values"][-2:]
        for value in values:
            assert_like_upstream(chain, path + query(**{name: value, "limit": 100}))


@pytest.mark.parametrize("path", LISTS)
def test_bad_values(chain, surface, path):
    """Each filter, the mode, the ordering: a 400 that names the parameter, without a call."""
    chain.reset()
    for name, filter in surface[path]["filters"].items():
        for value in BAD[filter["type"]]:
            problem = assert_problem(chain.ask(path + query(**{name: value})), 400,
                                     "invalid-parameters")
            assert [fault["parameter"] for fault in problem["faults"]] == [name], (name, value)
    for name, value in ("no_such_filter", "1"), ("mode", "most"), ("ordering", "no_such_field"):
        problem = assert_problem(chain.ask(path + query(**{name: value})), 400,
                                 "invalid-parameters")
        assert problem["faults"][0]["parameter"] == name
    assert chain.calls == 0


# ---- spellings ---------------------------------------------------------------

@pytest.mark.parametrize("spellings", [
    ["net__gte=2026-11-24T09:30:00Z", "net__gte=2026-11-24T09:30:00%2B00:00",
     "net__gte=2026-11-24T11:30:00%2B02:00", "net__gte=2026-11-24T11:30:00+02:00",
     "net__gte=2026-11-24T09:30", "net__gte=2026-11-24%2009:30:00", "net__gte=2026-11-24+09:30:00",
     "net__gte=2026-11-24T09:30:00.000Z", "net__gte=2026-11-24T09:30:00.000000",
     "net__gte=2026-11-24T09:30:0Z", "net__gte=2026-11-24T9:30Z"],
    ["net__lt=2026-11-24", "net__lt=2026-11-24T00:00:00Z", "net__lt=2026-11-23T20:00:00-0400"],
    ["location__ids=12,27", "location__ids=27,12", "location__ids=27%2C12", "location__ids=12,27,12",
     "location__ids=012,%2027", "location__ids=12,,27,", "location__ids=1&location__ids=27,12"],
    ["program=1&program=25", "program=25&program=1", "program=1&program=25&program=1",
     "program=&program=25&program=01"],
    ["lsp__name=SpaceX,NASA", "lsp__name=NASA,SpaceX", "lsp__name=NASA,%20SpaceX,NASA"],
    ["is_crewed=true", "is_crewed=True", "is_crewed=true&include_suborbital=unknown",
     "is_crewed=false&is_crewed=true", "is_crewed=true&search=&name=&net__gt="],
    ["year=2026,2025", "year=2025,2026", "year=2026.0,2025", "year=2025,2026,2026"],
])
def test_spellings_of_a_meaning_share_a_call(gate, spellings):
    bodies = set()
    for spelling in spellings:
        answer = gate.ask(f"/2.3.0/launches/?limit=1&{spelling}")
        assert answer.status == 200, (spelling, answer)
        bodies.add(str(answer.json["results"]))
    assert len(gate.origin.asked) == 1, gate.origin.asked
    assert len(bodies) == 1


def test_a_launch_has_one_key_however_its_id_is_written(gate, surface):
    id = surface["/2.3.0/launches/"]["ids"][0]
    for spelling in id, id.upper(), id.replace("-", ""), f"{id}?mode=detailed":
        path, _, mode = spelling.partition("?")
        assert gate.ask(f"/2.3.0/launches/{path}/?{mode}").status == 200
    assert gate.calls == 1


# ---- addresses ---------------------------------------------------------------

@pytest.mark.parametrize("asked, meant", [
    ("/2.3.0/launch/upcoming/", "/2.3.0/launches/upcoming/"),
    ("/2.3.0/launch/", "/2.3.0/launches/"), ("/2.3.0/event/upcoming/", "/2.3.0/events/upcoming/"),
    ("/2.3.0/astronaut/5/", "/2.3.0/astronauts/"),
    ("/2.3.0/config/launcher/", "/2.3.0/launcher_configurations/"),
    ("/2.3.0/spacestation/", "/2.3.0/space_stations/"),
    ("/2.3.0/launches/upcomming/", "/2.3.0/launches/upcoming/"),
])
def test_names_of_other_versions_lead_to_the_right_one(gate, asked, meant):
    problem = assert_problem(gate.ask(asked), 404, "not-found")
    assert problem["nearest"] == meant
    assert meant in problem["detail"]
    assert gate.calls == 0


@pytest.mark.parametrize("path", [
    "/2.3.0/launches/430/", "/2.3.0/launches/not-a-launch/", "/2.3.0/agencies/0/",
    "/2.3.0/agencies/0b1f4ab7-8a4a-4b3c-9d5f-c7e0b7e0f0a1/", "/2.3.0/dashboard/starship/1/",
    "/2.3.0/api-throttle/1/", "/v4/info/1/",
])
def test_impossible_ids_cost_nothing(gate, path):
    assert_problem(gate.ask(path), 404, "not-found")
    assert gate.calls == 0


def test_the_root_lists_what_there_is(gate):
    """Answered by the gateway; every address in it is one."""
    for root in "/2.3.0/", "/2.2.0/", "/v4/", "/2.3.0":
        answer = gate.ask(root)
        assert answer.status == 200, answer
        assert answer.headers["Content-Type"] == "application/json"
        for name, address in answer.json.items():
            assert address == f"{gate.base}{root.rstrip('/')}/{name}/"
    assert set(gate.ask("/2.3.0/").json) >= set(SERVED)
    assert gate.calls == 0


def test_singletons(gate):
    for target in ("/2.3.0/dashboard/starship/", "/2.3.0/dashboard/starship/?mode=list",
                   "/v4/info/", "/2.2.0/dashboard/starship/"):
        assert_like_upstream(gate, target)
        assert gate.ask(target).cache_status.startswith("perigee; hit")
    assert len(gate.origin.asked) == 4


def test_the_older_version_is_passed_through(gate):
    """Unknown parameters are upstream's business, and part of the key; keys to services are not."""
    assert_like_upstream(gate, "/2.2.0/launch/upcoming/?limit=5&lsp__ids=121&something=new")
    assert_like_upstream(gate, "/2.2.0/event/upcoming/?mode=list")
    assert_like_upstream(gate, "/2.2.0/astronaut/?search=a&ordering=-name")
    assert len(gate.origin.asked) == 3
    assert "lsp__ids=121" in gate.origin.asked[0] and "something=new" in gate.origin.asked[0]
    assert gate.ask("/2.2.0/launch/upcoming/?limit=5&lsp__ids=121&something=new&api_key=abc"
                    ).status == 200
    assert len(gate.origin.asked) == 3


def test_a_heavy_list_is_fetched_in_small_first(gate):
    """Ten detailed launches for the common first page; all of them once somebody wants more."""
    path = "/2.3.0/launches/upcoming/?mode=detailed"
    assert_like_upstream(gate, path + "&limit=1")
    assert_like_upstream(gate, path)
    assert len(gate.origin.asked) == 1 and "limit=10&" in gate.origin.asked[0]
    assert_like_upstream(gate, path + "&offset=5")
    assert len(gate.origin.asked) == 2 and "limit=100&" in gate.origin.asked[1]


def test_the_throttle_is_the_gateways_own(gate):
    """In upstream's shape, without a call, and without upstream's word on who we are."""
    gate.ask("/2.3.0/celestial_bodies/")  # for which the budget was compared with upstream's count
    asked = gate.origin.report["free"]
    answer = gate.ask("/2.3.0/api-throttle/")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"
    before = answer.json
    assert sorted(before) == ["current_use", "ident", "limit_frequency_secs", "next_use_secs",
                              "your_request_limit"]
    assert (before["ident"], before["next_use_secs"]) == ("perigee", 0)
    assert gate.ask("/2.3.0/agencies/").status == 200
    assert gate.ask("/2.2.0/api-throttle").json["current_use"] == before["current_use"] + 1
    assert gate.origin.report["free"] == asked
