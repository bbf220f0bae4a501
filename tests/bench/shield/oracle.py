"""The least number of calls that any cache could have made for a trace.

A call brings one unit: an aligned window of up to 100 objects of one list, or one object. A
unit may be used for as long as its endpoint is fresh, counted from the call. Every valid request
needs its units younger than that when it is made. A unit's requests are then intervals, each of
which must contain a call (from the moment at which one would just still be fresh to the request itself),
and the least number of points that meet all intervals is found by taking the first end of one that is
not met yet, again and again: which is to call when something is asked for and no longer fresh. So
knowing the future would not help, and units do not depend on each other: the sum is the least.

What it does not consider: answers that could be made of other units (an object out of a list
in mode=detailed, a filtered list out of the whole one).

Requests made while nothing could be had from upstream (`blind`) demand nothing: they can only be answered from
what there is.
"""

from collections import Counter, defaultdict


def least_calls(requests, fresh, blind=()):
    """Calls by unit. `fresh` tells an endpoint's seconds; None: for ever."""
    until = {}
    calls = Counter()
    for request in sorted(requests, key=lambda r: r.at):
        if any(begin <= request.at < end for begin, end in blind):
            continue
        for unit in request.needs:
            if request.at >= until.get(unit, 0):
                until[unit] = request.at + (fresh(request.endpoint) if fresh else float("inf"))
                calls[unit] += 1
    return calls


def units_of(requests):
    """Every unit that is asked for: who has had each once can answer everything from then on."""
    return {unit for request in requests for unit in request.needs}


def slots(calls, seconds, length, blind=()):
    """The earliest moments at which a quota grants calls, each a moment as often as it can be used."""
    found, at = [], 0.0
    while at < length:
        ends = [end for begin, end in blind if begin <= at < end]
        if ends:
            at = max(ends)
        else:
            found += [at] * calls
            at += seconds
    return found


def foreseen(requests, moments):
    """How many valid requests are answered, at whatever age, by who knows what will be asked, and spends
    each of these moments on what will be asked most and has not been fetched. A page of two windows counts
    for its first."""
    asked = defaultdict(list)
    for request in requests:
        if request.valid:
            asked[request.needs[0]].append(request.at)
    answered = 0
    for moment in moments:
        if asked:
            gain = {unit: sum(at >= moment for at in times) for unit, times in asked.items()}
            best = max(gain, key=gain.get)
            answered += gain[best]
            del asked[best]
    return answered
