"""More than 5,000 random requests over the whole surface are answered as upstream itself answers
them: `results` object for object and number for number; `count`, `next`, `previous` equal but for
host and `format`."""

import random
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from asked.drawn import OLDER, Draw
from harness import SLOW, SPACECRAFT, assert_like_upstream
from sandbox.surface import NEWS, SERVED

# All to the microsecond: no bound of time is rounded.
CHAIN = {"config": {"upstream.max_body_bytes": "64000000", "api.time_step": "0s"}}

LISTS = sorted([f"/2.3.0/{name}/" for name in SERVED] + [f"/v4/{name}/" for name in NEWS])
THEN = ["agencies", "astronaut", "config/launcher", "config/spacecraft", "docking_event", "event",
        "event/previous", "event/upcoming", "expedition", "launch", "launch/previous",
        "launch/upcoming", "launcher", "location", "pad", "program", "spacecraft", "spacestation",
        "updates"]

# What lists are asked for, and for each in how many pages and spellings. The older version has no
# spellings in common, so each is a call.
SHARES = {
    **dict.fromkeys(LISTS, (6, 13)),
    **{f"{OLDER}{name}/": (18, 1) for name in THEN},
    SPACECRAFT: (40, 13),
}
SEED = 596

# Under the sanitizers one in so many.
STEP = 1 if SLOW == 1 else 5


@pytest.fixture(scope="module")
def surface(chain):
    """With all names of spacecraft: they are the awkward ones."""
    surface = chain.origin.order("GET", "surface?older=1")
    names = []
    for offset in range(0, 600, 100):
        page = chain.origin.get(f"{SPACECRAFT}?limit=100&offset={offset}").json
        names += [row["name"] for row in page["results"]]
    assert len(names) == 596
    names = [name for name in names if all(c >= " " and c != "\x7f" for c in name)]
    surface[SPACECRAFT]["texts"] = names
    surface[SPACECRAFT]["filters"]["name"]["values"] = names
    return surface


def requests(surface, path):
    draw = Draw(random.Random(f"{SEED}{path}"), surface)
    meanings, pages = SHARES[path]
    for _ in range(meanings):
        meaning = draw.meaning(path)
        for _ in range(pages):
            yield draw.target(path, draw.respelt(path, draw.page(path, meaning)))


@pytest.mark.parametrize("path", SHARES)
def test_random_requests_equal_upstreams_own(chain, surface, path):
    """Three at a time: what is compared lies in one chain, whose parts are busy in turn."""
    with ThreadPoolExecutor(3) as pool:
        for _ in pool.map(lambda target: assert_like_upstream(chain, target),
                          list(requests(surface, path))[::STEP]):
            pass


def test_the_requests_are_worth_comparing(chain, surface):
    """That they were many and of every kind, and that windows made most of them free."""
    asked = [target for path in SHARES for target in requests(surface, path)]
    assert set(SHARES) == {path for path, about in surface.items() if about["count"] is not None}
    assert len(asked) > 5000
    assert len(set(asked)) > len(asked) * 0.9
    for word in "search", "ordering", "mode", "limit", "offset", "format":
        assert sum(word in target for target in asked) > 200, word
    filters = {name for about in surface.values() for name in about["filters"]}
    assert sum(any(name in target for target in asked) for name in filters) > len(filters) / 2
    assert len(chain.origin.asked) * STEP < len(asked) / (2 if STEP == 1 else 0.5)


@pytest.mark.parametrize("query", [
    "name=" + quote("null"), "name=" + quote("\ufeffMarked"), "name=" + quote("a,b , c"),
    "name=" + quote("100% Reusable"), "name=" + quote("%41%zz"), "name=A%2BB+Tug",
    "name=" + quote("Slash/Query?x=1&y=2#frag;p", safe=""),
    "name=" + quote("Line\u2028Separator"), "name=" + quote("👩\u200d🚀 Family 👨\u200d👩\u200d👧"),
    "search=" + quote('{"count": 596}'), "search=" + quote("C:\\orbit\\new\\table"),
    "search=%25", "search=_", "search=,", "search=%22%22", "search=%27%22%27", "search=%E3%80%80",
    "limit=100&offset=100000&mode=detailed", "mode=detailed&limit=100&offset=150",
])
def test_awkward_lists_equal_upstreams_own(gate, query):
    """Values that a careless parser or writer of URLs trips over."""
    assert_like_upstream(gate, f"{SPACECRAFT}?{query}")


def test_every_object_equals_upstreams_own(gate):
    """Objects, in every mode, byte for byte; those are detailed unless asked otherwise."""
    ids = gate.origin.get(f"{SPACECRAFT}?limit=100&offset=270&ordering=-time_docked").ids
    for id in ids[::4]:
        assert_like_upstream(gate, f"{SPACECRAFT}{id}/")


def test_digits_are_kept_as_upstream_wrote_them(gate):
    """Integers beyond 53 bits, 0.1, 1e-07, -0.0 come through digit for digit."""
    seen = b""
    for offset in range(0, 600, 100):
        seen += assert_like_upstream(
            gate, f"{SPACECRAFT}?mode=detailed&limit=100&offset={offset}").body
    for number in (b"9007199254740993", b"18446744073709551616", b"10000000000000000000000007",
                   b":0.1,", b":1e-07", b":-0.0", b":1e+22", b":5e-324",
                   b"1.7976931348623157e+308", b":0.30000000000000004"):
        assert number in seen, number
