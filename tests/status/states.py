"""States of a gateway as /status/state.json tells them (gateway/app/status.h says what each member
means): what the page's tests show to a browser. One day at one moment, drawn from a fixed seed."""

import copy
import random

NOW = 1764091680000  # 2025-11-25T17:28:00Z
MINUTE, HOUR = 60_000, 3_600_000
RESULTS = ["hit", "stale", "miss", "collapsed", "negative", "invalid", "refused", "error"]
MINUTES = 180

LIST = "/2.3.0/launches/upcoming/?limit=100&mode=list&ordering=net"
TARGETS = [
    "/2.3.0/launches/upcoming/?head=20&limit=100&mode=detailed&ordering=net",
    LIST,
    "/2.3.0/spacecraft/?limit=100&offset=300&ordering=-time_docked",
    "/2.3.0/launches/e3df2ecd-c239-472f-95e4-2b89b4f75800/",
    "/2.3.0/events/upcoming/?limit=100&ordering=date",
    "/2.3.0/launches/?limit=100&mode=list&net__gte=2025-11-25T00:00:00Z&net__lte=2025-11-25T23:59:59.999999Z"
    "&ordering=net&search=starlink+group",
    "/v4/articles/?limit=100&ordering=-published_at",
    "/2.3.0/astronauts/?limit=100&in_space=true&ordering=name",
]


def _minutes(rates, seed=1):
    """Counts of 180 minutes: about so many a minute of each result."""
    draw = random.Random(seed)
    counts = {result: [0] * MINUTES for result in RESULTS}
    for result, rate in rates.items():
        for i in range(MINUTES):
            swing = 1 + 0.35 * ((i % 60) / 60 - 0.5) + draw.uniform(-0.2, 0.2)
            expected = (rate(i) if callable(rate) else rate) * swing
            counts[result][i] = int(expected) + (draw.random() < expected % 1)
    return counts


def _requests(counts, total_factor=9):
    hour = {result: sum(n or 0 for n in counts[result][-60:]) for result in RESULTS}
    wanted = sum(hour[r] for r in ("hit", "stale", "miss", "collapsed", "refused", "error"))
    return {
        "total": {result: sum(n or 0 for n in counts[result]) * total_factor for result in RESULTS},
        "last_hour": hour,
        "hit_ratio": (hour["hit"] + hour["stale"]) / wanted if wanted else None,
        "per_minute": sum(sum(n or 0 for n in counts[r][-5:]) for r in RESULTS) / 5,
        "minutes": {"first": NOW - MINUTES * MINUTE, "counts": counts},
    }


def _calls(*ages_and_classes):
    return [{"at": NOW - int(minutes * MINUTE), "class": kind, "in_flight": minutes == 0}
            for minutes, kind in sorted(ages_and_classes, reverse=True)]


def healthy():
    calls = _calls((57, "demand"), (49, "demand"), (44, "background"), (38, "background"), (31, "other"),
                   (22, "demand"), (15, "background"), (6, "background"), (0, "background"))
    ages = [(4, 10), (11, 30), (52, 360), (3, 5), (20, 60), (17, 30), (2, 5), (130, 360)]
    return {
        "version": "0.9.0",
        "now": NOW,
        "started": NOW - 26 * HOUR,
        "workers": 2,
        "verdict": {"level": "good",
                    "sentence": "Clients are served well: 99.2 % from the cache in the last hour.",
                    "notes": []},
        "requests": _requests(_minutes({"hit": 310, "stale": 3, "miss": 0.2, "collapsed": 2.2,
                                        "negative": 1.5, "invalid": 2})),
        "upstream": {"mode": "normal", "answered": 8, "refused": 0, "failed": 0, "mean_ms": 840},
        "budgets": [
            {"name": "ll2", "limit": 15, "window_s": 3600, "known": True, "used": 9,
             "next_free_at": None, "cooldown_until": None, "breaker_open": False, "calls": calls},
            {"name": "snapi", "limit": 5, "window_s": 1, "known": True, "used": 0,
             "next_free_at": None, "cooldown_until": None, "breaker_open": False, "calls": []},
        ],
        "redis": {"up": True, "ping_ms": 0.2, "errors": 0},
        "fills": [{"target": TARGETS[2], "class": "background", "calling": True, "waiting": 0}],
        "fills_all": 1,
        "wanted": [{"target": target, "asked": 9120 // (i + 1), "fetched_at": NOW - age * MINUTE,
                    "fresh_until": NOW + (life - age) * MINUTE}
                   for i, (target, (age, life)) in enumerate(zip(TARGETS, ages))],
        "slowest": [{"target": target, "took_ms": 4210 // (i * i * 9 + 1), "times": 40 + 700 * i}
                    for i, target in enumerate(TARGETS[:4])],
    }


def cooling():
    """Upstream refuses calls; what is there is answered."""
    state = healthy()
    state["verdict"] = {
        "level": "degraded",
        "sentence": "Upstream refuses calls for another 12 min; clients get answers up to 60 min old.",
        "notes": ["In the last hour 98.6 % came from the cache.",
                  "0.7 % of the last hour's requests were not answered."]}
    stale = lambda i: 3 if i < 150 else 130
    state["requests"] = _requests(_minutes({
        "hit": lambda i: 310 if i < 150 else 170, "stale": stale, "miss": 0.2, "collapsed": 2,
        "refused": lambda i: 0 if i < 150 else 4, "negative": 1, "invalid": 2}))
    state["upstream"] = {"mode": "normal", "answered": 4, "refused": 1, "failed": 0, "mean_ms": 900}
    ll2 = state["budgets"][0]
    ll2.update(cooldown_until=NOW + 12 * MINUTE, used=15, next_free_at=NOW + 12 * MINUTE)
    ll2["calls"] = _calls(*((58 - 3 * i, ["demand", "background", "other"][i % 3]) for i in range(15)))
    for i, one in enumerate(state["wanted"][:5]):
        one["fetched_at"] = NOW - (35 - 4 * i) * MINUTE
        one["fresh_until"] = one["fetched_at"] + 10 * MINUTE
    state.update(fills=[], fills_all=0)
    return state


def failing():
    """Upstream is down, and clients notice."""
    state = healthy()
    state["verdict"] = {
        "level": "bad", "sentence": "10.8 % of the last 5 minutes' requests could not be answered.",
        "notes": ["Upstream does not answer; it is tried again by itself.",
                  "In the last hour 92.5 % came from the cache."]}
    state["requests"] = _requests(_minutes({
        "hit": lambda i: 300 if i < 140 else 60, "stale": lambda i: 2 if i < 140 else 190,
        "miss": lambda i: 0.2 if i < 140 else 0, "error": lambda i: 0 if i < 140 else 30}))
    state["upstream"] = {"mode": "normal", "answered": 3, "refused": 0, "failed": 9, "mean_ms": 6200}
    state["budgets"][0].update(breaker_open=True, used=12)
    state["budgets"][0]["calls"] = _calls(*((55 - 4 * i, "demand") for i in range(12)))
    state["fills"] = [{"target": TARGETS[i], "class": "demand", "calling": i == 0, "waiting": 7 - i}
                      for i in range(3)]
    state["fills_all"] = 14
    return state


def redis_away():
    state = healthy()
    state["verdict"] = {
        "level": "degraded", "sentence": "Redis is away; clients are answered from memory.",
        "notes": ["In the last hour 99.2 % came from the cache."]}
    state["redis"] = {"up": False, "ping_ms": None, "errors": 214}
    for budget in state["budgets"]:
        budget.update(known=False, used=0, calls=[], next_free_at=None)
    for one in state["wanted"][4:]:
        one.update(fetched_at=None, fresh_until=None)
    return state


def empty():
    """A moment after the first start."""
    state = healthy()
    counts = {result: [None] * (MINUTES - 2) + [0, 0] for result in RESULTS}
    state["verdict"] = {"level": "idle", "sentence": "Ready: nobody has asked for anything in the last hour.",
                        "notes": []}
    state["started"] = NOW - 2 * MINUTE
    state["requests"] = _requests(counts)
    state["upstream"] = {"mode": "normal", "answered": 0, "refused": 0, "failed": 0, "mean_ms": None}
    for budget in state["budgets"]:
        budget.update(used=0, calls=[])
    state.update(fills=[], fills_all=0, wanted=[], slowest=[])
    return state


def restarted():
    """No worker ran for twenty minutes of the last three hours."""
    state = healthy()
    for counts in state["requests"]["minutes"]["counts"].values():
        counts[60:80] = [None] * 20
    return state


def avoided():
    """As its operator has set it."""
    state = healthy()
    state["upstream"]["mode"] = "never"
    state["verdict"]["notes"] = ["Upstream is not asked, as an operator has said (perigee origin)."]
    return state


STATES = {f.__name__: f for f in (healthy, cooling, failing, redis_away, empty, restarted, avoided)}


def state(name):
    return copy.deepcopy(STATES[name]())
