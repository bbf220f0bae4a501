"""What clients ask during some hours: made of a seed, the same whenever it is made.

Nothing here knows of a clock or a network. Times are seconds of upstream time since the start.
Targets may hold moments, `{now}` or `{now+604800}` with the way it is written: the replayer
puts the moment in when it sends the request, as a client would.
"""

import random
from collections import namedtuple
from urllib.parse import quote

WINDOW = 100  # objects that a call can bring, at most
DEFAULT_LIMIT = 10

HOUR = 3600.0

# What happens when, as shares of the trace's length.
LAUNCH = 0.30
OTHER_PROGRAM = 0.45  # it takes the whole quota of an hour
OUTAGE = (0.78, 0.86)

# at        seconds of upstream time since the start
# client    the address that it comes from
# target    what is asked, as it is spelled
# kind      which part of the trace it belongs to
# valid     upstream would answer it with what was meant
# needs     the windows and objects that an answer is made of; none for bad requests
# endpoint  whose freshness they have
Request = namedtuple("Request", "at client target kind valid needs endpoint")

# Shares of all requests. The rest is popular first pages.
SHARES = {"detail": 0.13, "walk": 0.09, "respelled": 0.09, "moving": 0.06, "buster": 0.05,
          "bad": 0.05, "burst": 0.10}

# (weight, endpoint, filters, limits): lists that everybody wants, by their first pages.
POPULAR = [
    (30, "launches/upcoming", {}, (None, 1, 3, 5, 10, 20, 100)),
    (12, "launches/upcoming", {"hide_recent_previous": "true"}, (1, None, 10)),
    (8, "launches/upcoming", {"mode": "detailed"}, (3, 5, 10)),
    (10, "launches/previous", {}, (None, 1, 10, 25)),
    (8, "events/upcoming", {}, (None, 5, 10)),
    (8, "astronauts", {"in_space": "true"}, (None, 20, 100)),
    (6, "space_stations", {}, (None, 10)),
    (5, "updates", {}, (None, 10)),
    (5, "agencies", {"featured": "true"}, (None, 50)),
    (4, "config/launch_statuses", {}, (None, 100)),
    (4, "launcher_configurations", {"ordering": "name"}, (None, 50)),
]
DASHBOARD = (10, "dashboard/starship")

# Objects that are looked at: how many of each collection. Their popularity is Zipf's.
DETAILS = {"launches/upcoming": 16, "astronauts": 14, "agencies": 10, "spacecraft": 10,
           "launchers": 6, "space_stations": 4}
ZIPF = 1.2

# (endpoint, filters, page sizes) of bots that read everything.
WALKS = [
    ("spacecraft", {}, (7, 10, 25, 100)),
    ("astronauts", {}, (10, 50)),
    ("launchers", {}, (10, 20)),
    ("agencies", {}, (30, 100)),
    ("landings", {"ordering": "id"}, (10, 40)),
]

# One meaning each, in any number of spellings.
RESPELLED = [
    ("launches", {"search": "falcon 9", "ordering": "-net", "status__ids": "1,3"}),
    ("launches/previous", {"lsp__id": "121,44", "ordering": "-net", "include_suborbital": "true"}),
    ("agencies", {"search": "space research", "ordering": "name"}),
    ("spacecraft", {"ordering": "-time_docked", "is_placeholder": "false", "in_space": "true"}),
]

# (endpoint, what else, the bound's name, its distance from now)
MOVING = [
    ("launches", {"ordering": "net"}, "net__gte", 0),
    ("launches/upcoming", {}, "net__lte", 7 * 86400),
    ("events", {"ordering": "date"}, "date__gte", -86400),
]

BUSTERS = ["_", "_t", "cb", "nocache", "cachebuster", "utm_source", "fbclid"]

# What apps ask by mistake, again and again. No cache needs upstream to know better.
BAD = [
    "launches/?orderng=net",
    "launches/upcoming/?net__gte=undefined",
    "launches/upcoming/?page=2",
    "launches/?lsp__id=SpaceX",
    "launches/undefined/",
    "launch/NaN/",
    "agencies/0/",
    "astronauts/?in_space=maybe&isCrewed=true",
    "spacecraft/?status=active",
    "events/?date__gt=[object Object]",
    "rockets/",
    "spacecraft/?is_placeholder={{flag}}",
]

PEOPLE = 200  # clients; each bot and each app with a mistake is one more


# What there is upstream: ids by endpoint, numbers of objects by collection().
World = namedtuple("World", "ids counts")


def collection(endpoint, filters):
    """The name of a list that does not depend on how it is asked for."""
    return endpoint + "".join(f"&{name}={filters[name]}" for name in sorted(filters))


def collections():
    """(endpoint, filters) of every list whose length matters."""
    return [(endpoint, filters) for endpoint, filters, _ in WALKS]


def windows(name, offset, limit, count=None):
    """The aligned windows that a page is cut from. Of what lies beyond the end the last one tells
    that there is nothing."""
    first = offset // WINDOW
    last = (offset + limit - 1) // WINDOW
    if count is not None:
        end = max(count - 1, 0) // WINDOW
        first, last = min(first, end), min(last, end)
    return tuple(f"{name}#{n}" for n in range(first, last + 1))


def make(world, number=24000, hours=4.0, seed=1):
    """The trace, in the order of time."""
    return _Maker(world, number, hours * HOUR, random.Random(seed)).make()


class _Maker:
    def __init__(self, world, number, length, rng):
        self.world = world
        self.number = number
        self.length = length
        self.rng = rng
        self.requests = []
        self.bots = 0

    def make(self):
        for kind, share in SHARES.items():
            getattr(self, f"_{kind}")(round(share * self.number))
        self._popular(self.number - len(self.requests))
        return sorted(self.requests, key=lambda request: request.at)

    def _add(self, kind, endpoint, target, needs, at=None, client=None, valid=True):
        rng = self.rng
        at = rng.uniform(0, self.length) if at is None else at
        self.requests.append(Request(round(at, 3), client or person(rng.randrange(PEOPLE)),
                                     f"/2.3.0/{target}", kind, valid, tuple(needs), endpoint))

    # ---- the parts ---------------------------------------------------------------

    def _popular(self, number, kind="popular", more=lambda: {}):
        choices = [*POPULAR, DASHBOARD]
        for choice in self.rng.choices(choices, [c[0] for c in choices], k=number):
            self._ask_popular(choice, kind, more())

    def _ask_popular(self, choice, kind, more, at=None):
        if choice is DASHBOARD:
            endpoint = choice[1]
            self._add(kind, endpoint, spelled(f"{endpoint}/", more), [endpoint], at)
            return
        _, endpoint, filters, limits = choice
        limit = self.rng.choice(limits)
        query = {**filters, **more} | ({} if limit is None else {"limit": str(limit)})
        # One URL in ten is written without its last slash.
        slash = "" if self.rng.random() < 0.1 else "/"
        self._add(kind, endpoint, spelled(endpoint + slash, query),
                  windows(collection(endpoint, filters), 0, limit or DEFAULT_LIMIT), at)

    def _buster(self, number):
        def buster():
            return {self.rng.choice(BUSTERS): f"{self.rng.randrange(10**9)}"}

        self._popular(number, "buster", buster)

    def _detail(self, number):
        objects = [(endpoint, id) for endpoint, many in DETAILS.items()
                   for id in self.world.ids[endpoint][:many]]
        self.rng.shuffle(objects)
        weights = [1 / rank**ZIPF for rank in range(1, len(objects) + 1)]
        for endpoint, id in self.rng.choices(objects, weights, k=number):
            self._ask_object("detail", endpoint, id)

    def _ask_object(self, kind, endpoint, id, at=None):
        endpoint = endpoint.removesuffix("/upcoming")
        self._add(kind, endpoint, f"{endpoint}/{id}/", [f"{endpoint}/{id}"], at)

    def _walk(self, number):
        """Bots, each going through a list from the beginning, a page every few seconds."""
        left = number
        while left > 0:
            endpoint, filters, limits = self.rng.choice(WALKS)
            limit = self.rng.choice(limits)
            left -= self._walk_once(endpoint, filters, limit, left)

    def _walk_once(self, endpoint, filters, limit, most):
        count = self.world.counts[collection(endpoint, filters)]
        self.bots += 1
        pause = self.rng.uniform(2, 30)
        at = self.rng.uniform(0, self.length * 0.95)
        past_the_end = self.rng.random() < 0.2  # one that stops at an empty page
        offsets = range(0, count + (limit if past_the_end else 0), limit)[:most]
        for turn, offset in enumerate(offsets):
            query = {**filters, "limit": str(limit)} | ({"offset": str(offset)} if offset else {})
            self._add("walk", endpoint, spelled(f"{endpoint}/", query),
                      windows(collection(endpoint, filters), offset, limit, count),
                      min(at + turn * pause, self.length), bot(self.bots))
        return len(offsets)

    def _respelled(self, number):
        for _ in range(number):
            endpoint, query = self.rng.choice(RESPELLED)
            self._add("respelled", endpoint, Speller(self.rng).target(endpoint, query),
                      windows(collection(endpoint, query), 0, DEFAULT_LIMIT))

    def _moving(self, number):
        for _ in range(number):
            endpoint, query, bound, distance = self.rng.choice(MOVING)
            limit = self.rng.choice((None, 1, 5, 20))
            written = self.rng.choice(("ms", "ms", "us", "offset"))
            now = f"{{now{distance:+d}:{written}}}" if distance else f"{{now:{written}}}"
            written_query = {**query} | ({} if limit is None else {"limit": str(limit)})
            target = spelled(f"{endpoint}/", written_query)
            target += ("&" if written_query else "?") + f"{bound}={now}"
            name = collection(endpoint, {**query, bound: f"now{distance:+d}"})
            self._add("moving", endpoint, target, windows(name, 0, limit or DEFAULT_LIMIT))

    def _bad(self, number):
        """Half of them from a few apps that have the mistake in their code."""
        for turn in range(number):
            n = self.rng.randrange(len(BAD))
            target = quote(BAD[n], safe="/?=&_-")
            self._add("bad", None, target, (), valid=False,
                      client=app(n) if turn % 2 else None)

    def _burst(self, number):
        """A launch: everybody looks, most within the minutes around it."""
        moment = LAUNCH * self.length
        launch = self.world.ids["launches/upcoming"][0]
        detailed = next(p for p in POPULAR if p[2] == {"mode": "detailed"})
        updates = next(p for p in POPULAR if p[1] == "updates")
        for _ in range(number):
            at = min(max(self.rng.gauss(moment, 240), 0), self.length)
            what = self.rng.random()
            if what < 0.45:
                self._ask_popular(self.rng.choice(POPULAR[:2]), "burst", {}, at)
            elif what < 0.8:
                self._ask_object("burst", "launches", launch, at)
            else:
                self._ask_popular(detailed if what < 0.9 else updates, "burst", {}, at)


# ---- addresses ---------------------------------------------------------------

# 127.0.0.1 is left to what stands between them and upstream.

def person(n):
    return f"127.0.{1 + n // 200}.{1 + n % 200}"


def bot(n):
    return f"127.0.{100 + n // 200}.{1 + n % 200}"


def app(n):
    return f"127.0.200.{1 + n}"


# ---- spelling ----------------------------------------------------------------

def spelled(path, query):
    """Plainly: as the documentation writes it."""
    pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    return f"{path}?{pairs}" if pairs else path


class Speller:
    """Writes the same query in ways that differ in every byte but the path."""

    def __init__(self, rng):
        self.rng = rng

    def target(self, endpoint, query):
        rng = self.rng
        pairs = [(name, self._meaning(name, value)) for name, value in query.items()]
        if rng.random() < 0.5:
            pairs.append(("limit", str(DEFAULT_LIMIT)))
        if rng.random() < 0.2:
            pairs.append(("offset", "0"))
        if rng.random() < 0.2:
            pairs.append(("mode", "normal"))
        if rng.random() < 0.2:
            pairs.append(("format", "json"))
        rng.shuffle(pairs)
        if rng.random() < 0.1:  # of a parameter that is given twice, the last is meant
            pairs.insert(0, (pairs[-1][0], pairs[-1][1]))
        written = "&".join(f"{self._written(name, 0.02)}={self._written(value, 0.15)}"
                           for name, value in pairs)
        return f"{endpoint}{'' if rng.random() < 0.1 else '/'}?{written}"

    def _meaning(self, name, value):
        """Another value that means the same."""
        if value in ("true", "false"):
            return self.rng.choice((value, value.title()))
        if name.endswith(("__ids", "__id")) and "," in value:
            parts = value.split(",")
            self.rng.shuffle(parts)
            return ",".join(parts)
        return value

    def _written(self, text, share):
        """With some characters escaped that need not be, in either case of letters."""
        out = []
        for c in text:
            if c == " ":
                out.append(self.rng.choice(("+", "%20")))
            elif c == "," and self.rng.random() < 0.5:
                out.append(c)
            elif not (c.isalnum() or c in "_-") or self.rng.random() < share:
                out.append(self.rng.choice(("%{:02X}", "%{:02x}")).format(ord(c)))
            else:
                out.append(c)
        return "".join(out)
