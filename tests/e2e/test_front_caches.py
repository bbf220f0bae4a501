"""Caches in front of the gateway: they revalidate, and never take what is stale for fresh."""

import re
import time

import pytest
from fronts import Nginx, Varnish, says_it_is_fresh
from harness import SLOW, SPACECRAFT, eventually

FRESH = 4  # seconds: 6 h, divided
CHAIN = {"config": {"cache.time_scale": 6 * 3600 // FRESH}}

PAGE = SPACECRAFT + "?limit=5"


@pytest.fixture(params=[Nginx, Varnish])
def front(gate, request):
    with request.param(gate.port) as front:
        yield front


def statuses(gate, target, skip=0):
    """What the gateway has answered for a target so far; "": for what it did not understand."""
    lines = re.findall(r"^.* event=request .* status=(\d+)(.*)$", gate.log("worker-0"), re.M)
    return [status for status, rest in lines
            if (re.search(r' target="?([^" ]*)', rest) or [None, ""])[1] == target][skip:]


def test_it_revalidates_with_304(gate, front):
    """When its time is over a cache asks with the tag it has, and is told that it still holds."""
    before = len(statuses(gate, PAGE))
    first = front.ask(PAGE)
    assert (first.status, first.headers["X-Front"]) == (200, "MISS")
    again = front.ask(PAGE)
    assert (again.status, again.headers["X-Front"]) == (200, "HIT")
    assert statuses(gate, PAGE, before) == ["200"]

    def revalidated():
        answer = front.ask(PAGE)
        assert (answer.status, answer.body) == (200, first.body)
        return "304" in statuses(gate, PAGE, before)

    eventually(revalidated, "a 304", FRESH + 10)
    # Its own clients may be conditional too, at least while it answers by itself.
    eventually(lambda: front.ask(PAGE, {"If-None-Match": first.headers["ETag"]}).status == 304,
               "a 304 from the cache", FRESH + 10)


def taken_for_fresh(front, answer):
    """The cache answered by itself, and not with a word that it is stale. (nginx does not keep
    account of Age: what it answers by itself, it takes for fresh.)"""
    return answer.headers["X-Front"] == "HIT" and (
        isinstance(front, Nginx) or says_it_is_fresh(answer))


def test_it_never_takes_what_is_stale_for_fresh(gate, front):
    """Something changes all the time, and every answer tells what it was when upstream was asked.

    The first object of a list stands in pages of many lengths, which the cache gets
    one after the other, at all ages of the one window that they are cut from.
    """
    first = gate.ask(PAGE).json["results"][0]["id"]
    over = []  # when the name k was over
    taken = asked = 0
    began = time.monotonic()
    while time.monotonic() < began + 2.5 * FRESH:
        number = len(over)
        gate.origin.update(first, name=f"number {number}")
        sent = time.monotonic()
        limit = 1 + number % min(1 + int((sent - began) * 10), 100)
        answer = front.ask(f"{SPACECRAFT}?limit={limit}")
        over.append(time.monotonic())
        asked += 1
        assert answer.status == 200
        name = re.fullmatch(r"number (\d+)", answer.json["results"][0]["name"])
        if name and taken_for_fresh(front, answer):
            taken += 1
            # It was fetched before its name was over, give or take the length of a call.
            age = sent - over[int(name[1])]
            assert age <= FRESH + 0.3 * SLOW, (age, limit, answer)
    assert taken >= 10 and asked > taken
    assert gate.calls >= 2


def test_what_has_gone_stale_is_not_taken_for_fresh(gate, front):
    """With upstream away we answer stale, and no cache, whatever it had, takes that for fresh."""
    # Of its own: what has failed is not asked again for a while.
    page = f"{PAGE}&search={type(front).__name__}"
    known = front.ask(page)
    gate.origin.fault("status", status=500)
    eventually(lambda: gate.ask(page).ttl < 0, "a stale answer", FRESH + 10)
    for target in (page, page.replace("limit=5", "limit=4")):
        before = len(statuses(gate, target))
        for _ in range(4):
            answer = front.ask(target)
            assert answer.status == 200
            assert not taken_for_fresh(front, answer), answer
        if isinstance(front, Nginx):  # Varnish has grace: it says how old its answer is
            assert len(statuses(gate, target)) == before + 4
    assert front.ask(page).body == known.body
    gate.origin.lift()


def test_each_client_gets_its_coding(gate, front):
    """One cache, clients with gzip and without: none of them gets the other's."""
    bodies = set()
    for accept in ("gzip", "identity", "gzip", "identity"):
        answer = front.ask(PAGE, {"Accept-Encoding": accept})
        coded = answer.headers["Content-Encoding"]
        assert coded == (None if accept == "identity" else "gzip")
        assert "Accept-Encoding" in answer.headers["Vary"]
        bodies.add((coded, answer.body))
    assert len(bodies) == 2


def test_a_problem_is_kept_by_nobody(gate, front):
    """no-store: who asks again is told anew."""
    before = len(statuses(gate, ""))
    for _ in range(3):
        answer = front.ask(SPACECRAFT + "?x=1")
        assert answer.status == 400
        assert answer.headers["X-Front"] != "HIT"
    assert statuses(gate, "", before) == ["400"] * 3
