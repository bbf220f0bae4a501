"""A stale answer goes out at once and is refreshed behind it."""

import pytest
from harness import (SEED, SLOW, SPACECRAFT, Chain, assert_like_upstream, eventually, tables,
                     together)

PAGE = SPACECRAFT + "?limit=3"
NOT_FRESH = "public, max-age=0, must-revalidate"


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Answers are fresh for a second, and usable for an hour after that."""
    folder = tables(tmp_path_factory.mktemp("tables"), fresh="1s", stale="1h")
    with Chain(config={"api.tables": folder, "upstream.retry": "100ms"}) as chain:
        yield chain


def first_stale(gate, target):
    """The first answer after the freshness is over."""
    def stale():
        answer = gate.ask(target)
        return answer if answer.ttl < 0 else None

    return eventually(stale, "a stale answer")


def test_a_stale_answer_does_not_wait_for_the_refresh(gate):
    """It goes out at once, saying how old it is; what comes after the refresh is fresh."""
    old = gate.ask(PAGE)
    # Of a second nothing is left to hand on in whole seconds.
    assert old.headers["Cache-Control"] == NOT_FRESH
    first = old.json["results"][0]
    gate.origin.update(first["id"], name="Renamed")
    gate.origin.fault("latency", seconds=2)
    stale = first_stale(gate, PAGE)
    assert stale.took < 1 * SLOW
    assert stale.body == old.body
    assert stale.cache_status.startswith("perigee; hit; ttl=-")
    assert int(stale.headers["Age"]) >= 1
    assert stale.headers["Cache-Control"] == NOT_FRESH
    assert stale.headers["ETag"] == old.headers["ETag"]
    eventually(lambda: gate.ask(PAGE).json["results"][0]["name"] == "Renamed", "the new name")
    assert gate.calls >= 2
    gate.origin.lift()
    assert gate.ask(PAGE).headers["ETag"] != old.headers["ETag"]


def test_one_refresh_for_everybody(gate):
    """However many meet the stale answer, upstream is asked once."""
    gate.ask(PAGE)
    gate.origin.fault("hang")
    first_stale(gate, PAGE)
    answers = together(30, lambda i: gate.get(PAGE))
    assert {answer.status for answer in answers} == {200}
    assert gate.calls == 2
    gate.origin.lift()
    eventually(lambda: gate.ask(PAGE).ttl >= 0, "a fresh answer")


@pytest.mark.parametrize("target, windows", [
    (SPACECRAFT + "430/", 1), (SPACECRAFT + "?offset=95", 2),
])
def test_objects_and_pages_over_two_windows_are_refreshed_too(gate, target, windows):
    """Every part of a stale answer is asked for again."""
    gate.ask(target)
    first_stale(gate, target)
    eventually(lambda: gate.ask(target) and gate.calls >= 2 * windows, "the refresh")
    eventually(lambda: gate.ask(target).ttl >= 0, "a fresh answer")
    assert set(gate.origin.asked[windows:]) == set(gate.origin.asked[:windows])
    assert_like_upstream(gate, target)


def test_a_stale_answer_is_good_for_conditional_requests(gate):
    """304 works on stale answers, with their true age."""
    etag = gate.ask(SEED).headers["ETag"]
    first_stale(gate, SEED)
    eventually(lambda: gate.ask(SEED).ttl >= 0, "a fresh answer")
    gate.origin.fault("hang")
    first_stale(gate, SEED)
    answer = gate.ask(SEED, {"If-None-Match": etag})
    assert answer.status == 304 and answer.ttl < 0


def test_head_and_only_if_cached_take_what_is_stale(gate):
    """They cost no call of their own, and get the last good answer."""
    gate.ask(PAGE)
    first_stale(gate, PAGE)
    assert gate.ask(PAGE, method="HEAD").status == 200
    assert gate.ask(PAGE, {"Cache-Control": "only-if-cached"}).status == 200


def test_what_is_too_old_is_not_served(tmp_path):
    """Beyond the stale time an answer is as if it were not there, for Redis too."""
    config = {"api.tables": tables(tmp_path, fresh="300ms", stale="700ms")}
    with Chain(config=config) as chain:
        chain.ask(PAGE)
        key = f"perigee:{SPACECRAFT}?limit=100"
        assert 0 < chain.cache("PTTL", key) <= 1000
        eventually(lambda: not chain.cache("EXISTS", key), "the key to go")
        chain.origin.fault("latency", seconds=1)
        answer = chain.ask(PAGE)
        assert answer.took >= 1 and "fwd=miss" in answer.cache_status
        assert chain.calls == 2


@pytest.mark.parametrize("scale, fresh", [(1, 21600), (10, 2160), (21600, 1), (10**9, 0.001)])
def test_the_time_scale_divides_fresh_and_stale_times(scale, fresh):
    """cache.time_scale, for benchmarks and tests; nothing becomes shorter than a millisecond."""
    with Chain(config={"cache.time_scale": scale}) as chain:
        answer = chain.ask(PAGE)
        assert answer.status == 200
        # Ages are rounded down, so the last second of the lifetime is not handed on.
        expected = f"public, max-age={fresh - 1}" if fresh > 1 else NOT_FRESH
        assert answer.headers["Cache-Control"] == expected
        if scale < 21600:
            keep = chain.cache("PTTL", f"perigee:{SPACECRAFT}?limit=100")
            total = (6 * 3600 + 30 * 86400) * 1000 // scale
            assert total - 20_000 * SLOW < keep <= total
