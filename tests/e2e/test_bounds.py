"""Moving bounds of time: `net__gte=<now to the millisecond>` is answered out of what all who ask on
that day share, exactly wherever that can be; and costs what a question that stands still costs."""

import random
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

import pytest
from harness import SLOW, Chain, assert_like_upstream, assert_same, eventually

REQUESTS = 150 if SLOW == 1 else 30  # of each list; there are nine
SEED = 14

UTC = timezone.utc
DAY = timedelta(days=1)
STEP = timedelta(minutes=10)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# What each list is sorted by unless asked otherwise, and some field that has nothing to do with it.
LISTS = {
    "/2.3.0/launches/": ("net", "name"),
    "/2.3.0/launches/upcoming/": ("net", "name"),
    "/2.3.0/launches/previous/": ("-net", "name"),
    "/2.3.0/events/": ("date", "last_updated"),
    "/2.3.0/events/upcoming/": ("date", "last_updated"),
    "/2.3.0/events/previous/": ("-date", "last_updated"),
    "/2.2.0/launch/": ("net", "name"),
    "/2.2.0/launch/previous/": ("-net", "id"),
    "/v4/articles/": ("-published_at", "updated_at"),
}


class Bound:
    def __init__(self, lookup, moment):
        self.lookup = lookup
        self.moment = moment

    @property
    def is_lower(self):
        return self.lookup.startswith("g")

    def rounded(self, step):
        """As conf/perigee.conf and gateway/README.md say."""
        above = (self.moment - EPOCH) % step
        if not above:
            return self
        down = self.moment - above
        if self.is_lower:
            return Bound(self.lookup, down)
        return Bound(self.lookup, down + step - MICROSECOND * (self.lookup == "lte"))


class Question:
    """One request: bounds on the field that the list is sorted by, and the rest."""

    def __init__(self, path, bounds, rest):
        self.path = path
        self.bounds = bounds
        self.rest = rest
        self.window = 500 if path.startswith("/v4/") else 100

    def target(self, write=lambda moment: moment.isoformat(), bounds=None, **more):
        joint = "_" if self.path.startswith("/v4/") else "__"
        field = LISTS[self.path][0].lstrip("-")
        pairs = {f"{field}{joint}{b.lookup}": write(b.moment) for b in bounds or self.bounds}
        return f"{self.path}?{urlencode({**pairs, **self.rest, **more})}"

    def answered(self, chain):
        """The bounds that the answer is to be exact for: the client's own, unless it orders a long
        list by something else, and one of them is so near that it may move."""
        field, other = LISTS[self.path]
        now = datetime.now(UTC)
        if (self.rest.get("ordering", field).lstrip("-") != other or
                all(abs(b.moment - now) > 31 * DAY for b in self.bounds)):
            return self.bounds
        wide = [b.rounded(STEP) for b in self.bounds]
        whole = chain.origin.get(self.target(bounds=wide, limit=1, offset=0)).json["count"]
        return self.bounds if whole <= self.window else wide


def spelling(rng):
    """One of the ways in which clients write a moment."""
    elsewhere = timezone(timedelta(hours=rng.choice([-8, 2, 9])))
    return rng.choice([
        lambda t: t.isoformat(timespec="microseconds"),
        lambda t: t.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        lambda t: t.strftime("%Y-%m-%d %H:%M:%S.%f"),
        lambda t: t.replace(tzinfo=None).isoformat(),
        lambda t: t.astimezone(elsewhere).isoformat(),
    ])


def some_moment(rng, known):
    """Now, near it, far from it; an object's own moment, or one just beside it; a midnight."""
    now = datetime.now(UTC)
    moment = rng.choice([
        now, now, now + DAY * rng.uniform(-40, 40), now + DAY * rng.uniform(-3000, 1500),
        rng.choice(known), rng.choice(known), rng.choice(known),
    ])
    if rng.random() < 0.07:
        return moment - (moment - EPOCH) % DAY
    return moment + MICROSECOND * rng.choice([0, 0, 0, 1, -1, 1000, -1000, 10**6, -(10**6)])


def question(rng, path, known):
    default, other = LISTS[path]
    field = default.lstrip("-")
    moment = some_moment(rng, known)
    bounds = [Bound(rng.choice(["gt", "gte", "lt", "lte"]), moment)]
    if rng.random() < 0.35:
        ahead = DAY * rng.choice([7, 30, rng.uniform(0, 900)])
        bounds = [Bound(rng.choice(["gt", "gte"]), moment),
                  Bound(rng.choice(["lt", "lte"]), moment + ahead)]
    rest = {}
    if rng.random() < 0.6:
        rest["ordering"] = rng.choice([field, field, f"-{field}", f"-{field}", other])
    if rng.random() < 0.2:
        rest["search"] = rng.choice(["a", "star", "crew", "nothing of that name"])
    if path.startswith("/2.") and rng.random() < 0.25:
        rest["mode"] = rng.choice(["list", "detailed"])
    if rng.random() < 0.7:
        rest["limit"] = rng.choice([1, 2, 5, 7, 10, 25, 50, 100])
    if rng.random() < 0.6:
        rest["offset"] = rng.choice([1, 3, 10, 50, 90, 95, 99, 100, 150, 197, 300, 640, 1000])
    return Question(path, bounds, rest)


def known_moments(chain, path):
    field = LISTS[path][0].lstrip("-")
    target = f"{path}?limit=100&ordering={field}&offset="
    rows = [row for offset in range(0, 400, 100)
            for row in chain.origin.get(f"{target}{offset}").json["results"]]
    return [datetime.fromisoformat(row[field].replace("Z", "+00:00")) for row in rows]


@pytest.mark.parametrize("path", LISTS)
def test_random_bounds_equal_upstreams_own(chain, path):
    """Byte for byte; or, where a long list is ordered by something else, with the bound rounded."""
    rng = random.Random(f"{SEED}/{path}")
    known = known_moments(chain, path)
    exact = 0
    for _ in range(REQUESTS):
        asked = question(rng, path, known)
        target = asked.target(spelling(rng))
        bounds = asked.answered(chain)
        answer = chain.ask(target)
        if bounds == asked.bounds:
            exact += 1
            assert_same(answer, chain.origin.get(target), chain, target)
        else:
            rounded = chain.origin.get(asked.target(bounds=bounds)).json
            assert answer.status == 200, (target, answer)
            assert answer.json["count"] == rounded["count"], (target, answer)
            field = LISTS[path][0].lstrip("-")
            assert ([(row["id"], row[field]) for row in answer.json["results"]]
                    == [(row["id"], row[field]) for row in rounded["results"]]), target
    assert exact > REQUESTS * 0.8


# ---- spellings and borders ---------------------------------------------------

def test_every_spelling_of_a_day_shares_a_call(gate):
    """Zones, naive, microseconds, the day alone: one list of the day."""
    bodies = set()
    for moment in ("2026-11-24", "2026-11-24T00:00:00Z", "2026-11-24T00:00:00.000001",
                   "2026-11-24T09:30:00.123456Z", "2026-11-24T09:30:00.123456",
                   "2026-11-24 09:30", "2026-11-24T23:59:59.999Z", "2026-11-25T01:30:00+02:00",
                   "2026-11-23T20:00:00-08:00"):
        target = "/2.3.0/launches/?" + urlencode({"net__gte": moment, "limit": 3, "offset": 20})
        bodies.add(assert_like_upstream(gate, target).body)
    assert len(gate.origin.asked) == 1
    assert "net__gte=2026-11-24T00%3A00%3A00Z" in gate.origin.asked[0]
    assert len(bodies) == 9  # links carry each client's own


@pytest.mark.parametrize("beside", [-1, 0, 1])
@pytest.mark.parametrize("lookup", ["gt", "gte", "lt", "lte"])
def test_an_object_exactly_at_the_bound(gate, lookup, beside):
    """To the microsecond; three launches share a moment."""
    nets = [row["net"] for row in gate.origin.get("/2.3.0/launches/?limit=100&offset=150")
            .json["results"]]
    tied = next(net for net in nets if nets.count(net) == 3)
    moment = datetime.fromisoformat(tied.replace("Z", "+00:00")) + MICROSECOND * beside
    for more in {}, {"limit": 100}, {"offset": 95}, {"search": "a", "offset": 3}:
        query = urlencode({f"net__{lookup}": moment.isoformat(), **more})
        for path in "/2.3.0/launches/", "/2.3.0/launches/previous/":
            assert_like_upstream(gate, f"{path}?{query}")


def test_what_changes_upstream_is_seen_when_it_is_fetched_again(tmp_path):
    """A launch that slips over the bound."""
    with Chain(config={"cache.time_scale": "600"}) as chain:  # fresh for half a second
        now = datetime.now(UTC) + timedelta(hours=3)
        target = "/2.3.0/launches/upcoming/?" + urlencode({"net__gte": now.isoformat()})
        first = assert_like_upstream(chain, target).json
        moved = first["results"][0]
        chain.origin.order("POST", "mutate", {
            "collection": "launches", "op": "update", "id": moved["id"],
            "fields": {"net": (now - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}})
        eventually(lambda: chain.ask(target).json["count"] == first["count"] - 1, "the slip")
        assert_like_upstream(chain, target)


# ---- what it costs -----------------------------------------------------------

def calls_of_two_clients(chain, seconds, query):
    """How many calls it costs that one bound stands still, and that NOW moves with the clock: both are
    asked twenty-five times a second, in turn, so that whatever slows the machine slows both."""
    begun = time.monotonic()
    still = f"net__gte={(datetime.now(UTC) - timedelta(days=1)).date()}"
    while time.monotonic() < begun + seconds:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").split("+")[0]
        for bound in (still, query.replace("NOW", now)):
            answer = chain.ask(f"/2.3.0/launches/?limit=5&{bound}")
            assert answer.status == 200, answer
            time.sleep(0.02)
    stood = sum(still in asked for asked in chain.origin.asked)
    return stood, len(chain.origin.asked) - stood


@pytest.mark.parametrize("query, windows", [
    ("net__gte=NOW", 1), ("net__lte=NOW&ordering=-net", 1), ("net__gte=NOW&ordering=name", 1),
    ("net__gte=NOW&net__lt=2027-01-01T12:00:00Z", 1),
    # The far end of a long list is looked at in its last window.
    ("net__lte=NOW", 2),
])
def test_a_bound_that_moves_costs_what_one_that_stands_still_does(query, windows):
    """Lists are fresh for half a second to a second and a half here. (nginx would answer the one
    that stands still for all of a second, and never the other.)"""
    with Chain(config={"cache.time_scale": "600"}, micro_cache=False) as chain:
        still, moving = calls_of_two_clients(chain, 5, query)
        assert still
        assert moving <= windows * (still + 2), chain.origin.asked
        assert moving <= windows * 14
