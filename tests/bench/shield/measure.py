"""From what clients got and what upstream saw to the numbers of the table. Pure."""

from collections import Counter, defaultdict
from urllib.parse import urlsplit

from .replay import OTHER_PROGRAM
from .trace import MOVING

# Ages this little above what is fresh are no staleness: caches count whole seconds. In true seconds.
GRAIN = 1.0


def percentile(values, share):
    """The smallest value that at least this share of all do not exceed; None of nothing."""
    if not values:
        return None
    values = sorted(values)
    rank = -int(-share * len(values) // 1)  # rounded up
    return values[max(rank, 1) - 1]


def part(some, of):
    return some / of if of else None


def upstream_numbers(log, begin, end):
    """Of the record that upstream keeps; `begin` and `end` bound the time in which another program used the quota."""
    ours = [call for call in log if call["headers"].get("user-agent") != OTHER_PROGRAM]
    refused = [call for call in ours if call["verdict"] == "refused"]
    return {
        "calls": len(ours),
        "refused": len(refused),
        "refused_beside_other": sum(begin <= call["at"] < end for call in refused),
        "failed": sum((call["status"] or 500) >= 500 for call in ours),
        "other_program": len(log) - len(ours),
    }


def client_numbers(requests, results, fresh, factor):
    """`fresh` tells an endpoint's seconds of upstream time."""
    good = [200 <= result.status < 300 for result in results]
    valid = [request.valid for request in requests]
    aged = [(request, result.age) for request, result in zip(requests, results)
            if result.age is not None]
    stale = sum(age > fresh(request.endpoint) / factor + GRAIN for request, age in aged
                if request.endpoint)
    ages = [age * factor for _, age in aged]
    latencies = [result.latency for result in results]
    return {
        "requests": len(requests),
        "answered": part(sum(good), len(requests)),
        "valid": sum(valid),
        "valid_answered": part(sum(g and v for g, v in zip(good, valid)), sum(valid)),
        "lost": len(lost(requests, results)),
        "lost_kinds": dict(sorted(Counter(r.kind for r in lost(requests, results)).items())),
        "stale": part(stale, len(aged)),
        "age_p50": percentile(ages, 0.5),
        "age_p95": percentile(ages, 0.95),
        "age_max": max(ages, default=None),
        "latency_p50": percentile(latencies, 0.5),
        "latency_p99": percentile(latencies, 0.99),
        "statuses": dict(sorted(Counter(result.status for result in results).items())),
        "kinds": kinds(requests, good),
    }


def kinds(requests, good):
    """Share of each kind that was answered 2xx."""
    counts = defaultdict(lambda: [0, 0])
    for request, ok in zip(requests, good):
        counts[request.kind][0] += ok
        counts[request.kind][1] += 1
    return {kind: part(*pair) for kind, pair in sorted(counts.items())}


def lost(requests, results):
    """Valid requests not answered 2xx although everything for them had been fetched before: some
    client had already been sent it. (An empty page shows that somebody knew where the list ends, not that its
    last window is there.)"""
    seen = {}
    for request, result in zip(requests, results):
        if request.valid and 200 <= result.status < 300 and result.age is not None:
            for unit in request.needs:
                at = result.sent + result.latency
                seen[unit] = min(at, seen.get(unit, at))
    return [request for request, result in zip(requests, results)
            if request.valid and not 200 <= result.status < 300
            and all(seen.get(unit, float("inf")) <= result.sent for unit in request.needs)]


def endpoints_of_units(units, endpoints):
    """The oracle's calls by endpoint: those of {unit: calls} added up."""
    found = Counter()
    for unit, calls in units.items():
        path, *filters = unit.split("#")[0].split("&")
        found[_named(path, any(bound(f) for f in filters), endpoints)] += calls
    return found


def endpoints_of_log(log, root, endpoints):
    """The same of the calls that upstream has seen."""
    found = Counter()
    for call in log:
        if call["headers"].get("user-agent") != OTHER_PROGRAM:
            target = urlsplit(call["target"])
            moving = any(bound(f) for f in target.query.split("&"))
            found[_named(target.path.removeprefix(root).strip("/"), moving, endpoints)] += 1
    return found


def bound(pair):
    return pair.partition("=")[0] in {name for _, _, name, _ in MOVING}


def _named(path, moving, endpoints):
    """The longest endpoint at the beginning of a path, and what else tells calls apart."""
    parts = path.split("/")
    for n in range(len(parts), 0, -1):
        name = "/".join(parts[:n])
        if name in endpoints:
            return name + ("/{id}" if n < len(parts) else " (moving)" if moving else "")
    return "(other)"
