"""Upstream's quota is never exceeded, and clients are told truly when to come again."""

import itertools
import signal
import time

import pytest
from harness import (SEED, SLOW, SPACECRAFT, Behind, Chain, Client, assert_throttled, eventually,
                     tables, together)


def ask_all(chain, targets, clients=25):
    """All of them, by many clients at once."""
    def work(i):
        client = Client(chain.port)
        answers = [client.get(target) for target in targets[i::clients]]
        client.close()
        return answers

    return [answer for answers in together(clients, work) for answer in answers]


def test_200_cold_queries_cost_15_calls():
    """At most 15 calls, and upstream never has to refuse one; who gets no data gets a 429
    problem with a true Retry-After within a second."""
    with Chain(quota="15/3600", workers=2) as chain:
        answers = ask_all(chain, [chain.cold() for _ in range(200)])
        free_in = chain.origin.throttle["next_use_secs"]
        report = chain.origin.report
        assert (report["calls"], report["refused"]) == (15, 0)
        assert [answer.status for answer in answers].count(200) == 15
        for answer in answers:
            if answer.status != 200:
                wait = assert_throttled(answer)
                assert abs(wait - free_in) <= 4 * SLOW, f"{wait} s, but upstream says {free_in} s"
                assert answer.took < 1 * SLOW, answer


def test_what_is_stored_goes_on_being_served_when_the_quota_is_spent():
    """Hits cost nothing; upstream's own refusals are hits too; all else waits for the quota."""
    with Chain(quota="3/3600") as chain:
        for target in (SEED, SPACECRAFT + "430/", SPACECRAFT + "31337/"):
            chain.ask(target)
        for _ in range(3):
            assert_throttled(chain.ask(chain.cold()))
            assert_throttled(chain.ask(SPACECRAFT + "374/"))
            assert chain.ask(SEED).status == chain.ask(SPACECRAFT + "430/").status == 200
            assert chain.ask(SPACECRAFT + "31337/").status == 404
            # the neighbouring pages come out of the same window
            assert chain.ask(f"{SPACECRAFT}?offset=390&ordering=-time_docked").status == 200
        assert chain.origin.report["refused"] == 0
        assert chain.calls == 3


def test_half_of_a_page_is_no_page():
    """A page over two windows of which only one can be had is a 429, not a page with a gap."""
    with Chain(quota="1/3600") as chain:
        assert_throttled(chain.ask(f"{SPACECRAFT}?offset=95"))
        assert chain.ask(f"{SPACECRAFT}?offset=90").status == 200
        assert chain.calls == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_a_quick_quota_is_used_but_never_exceeded(workers):
    """Over several windows of 3 calls in 2 s: upstream refuses none, and none goes unused."""
    with Chain(quota="3/2", workers=workers) as chain:
        done = []

        def ask(i):
            client, statuses = Client(chain.port), []
            while not done:
                answer = client.get(f"{SPACECRAFT}?search=client{i}x{len(statuses)}")
                statuses.append(answer.status)
                assert answer.status == 200 or assert_throttled(answer) <= 3, answer
                time.sleep(0.01)
            return statuses

        def watch():
            try:
                eventually(lambda: chain.origin.report["calls"] >= 12, "12 calls", 20)
            finally:
                done.append(True)

        together(5, lambda i: ask(i) if i else watch())
        assert chain.origin.report["refused"] == 0
        at = [entry["at"] for entry in chain.origin.log]
        assert all(later - earlier > 2 for earlier, later in zip(at, at[3:]))


def test_a_slot_is_free_when_retry_after_says():
    """The client that waits as long as it was told gets its answer."""
    with Chain(quota="2/3") as chain:
        begun = time.monotonic()
        for _ in range(2):
            assert chain.ask(chain.cold()).status == 200
        target = chain.cold()
        start = time.monotonic()
        wait = assert_throttled(chain.ask(target))
        assert 3 - (time.monotonic() - begun) <= wait <= 4
        eventually(lambda: time.monotonic() - start >= wait, "Retry-After to pass")
        assert chain.ask(target).status == 200
        assert chain.origin.report["refused"] == 0


def test_refreshing_leaves_a_reserve_to_demand(tmp_path):
    """Background calls may not use half of them here; the last good answer stands meanwhile."""
    config = {"api.tables": tables(tmp_path, fresh="200ms"), "upstream.reserve": 50,
              "upstream.retry": "50ms"}
    with Chain(quota="4/3600", config=config) as chain:
        assert chain.ask(SEED).status == 200
        asked = []

        def refreshed():
            answer = chain.ask(SEED)
            assert answer.status == 200, answer
            asked.append(answer)
            return chain.calls >= 2

        eventually(refreshed, "a refresh")
        # The third and fourth call are not for refreshing, however stale and wanted it is.
        eventually(lambda: chain.ask(SEED).ttl <= -2, "the answer to be stale for long")
        assert chain.calls == 2
        assert [chain.ask(chain.cold()).status for _ in range(3)] == [200, 200, 429]
        assert chain.ask(SEED).status == 200
        assert (chain.calls, chain.origin.report["refused"]) == (4, 0)


def test_two_gateways_share_a_quota():
    """One quota for all workers that share a Redis, on whatever host."""
    with Chain(quota="6/3600", workers=2) as one:
        with Chain(quota="6/3600", upstream=one.sandbox, redis=f"unix:{one.redis_socket}") as two:
            numbers = itertools.count()
            targets = [f"{SPACECRAFT}?search=shared{next(numbers)}" for _ in range(40)]
            halves = together(2, lambda i: ask_all((one, two)[i], targets[i::2], 8))
            statuses = [answer.status for half in halves for answer in half]
            assert statuses.count(200) == 6 and set(statuses) == {200, 429}
            assert (one.origin.report["calls"], one.origin.report["refused"]) == (6, 0)


def test_after_upstreams_429_nobody_asks_before_retry_after():
    """Somebody else behind our address has used up the quota: one refusal, and then peace."""
    with Chain(quota="100/60", workers=2) as chain:
        chain.origin.order("POST", "throttle", {"calls": 2, "seconds": 60})
        statuses = [chain.ask(chain.cold()).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        for answer in ask_all(chain, [chain.cold() for _ in range(50)], 10):
            wait = assert_throttled(answer)
            assert abs(wait - chain.origin.throttle["next_use_secs"]) <= 3 * SLOW
        # Or none, where a worker has asked for upstream's own count after it was lowered.
        assert chain.origin.report["calls"] == 2 and chain.origin.report["refused"] <= 1


@pytest.mark.parametrize("headers, body, wait", [
    ({"Retry-After": "40"}, {"detail": "Request was throttled."}, 40),
    ({}, {"detail": "Request was throttled. Expected available in 50 seconds."}, 50),
    ({"Retry-After": "30", "Content-Type": "text/html"}, "<html>slow down</html>", 30),
    ({}, {"detail": "Request was throttled."}, 60),
    ({"Retry-After": "-5"}, "nonsense", 60),
], ids=["header", "text", "html", "neither", "nonsense"])
def test_how_long_to_keep_quiet_after_a_429(headers, body, wait):
    """Retry-After, else the number in the text, else a guess; a 429 is never stored."""
    with Chain(quota="100/60", workers=1) as chain:
        chain.origin.fault("status", status=429, times=1, headers=headers, body=body)
        target = chain.cold()
        assert wait - 2 * SLOW <= assert_throttled(chain.ask(target)) <= wait
        assert wait - 3 * SLOW <= assert_throttled(chain.ask(chain.cold())) <= wait
        assert chain.calls == 1
        assert chain.cache.entries() == []


def test_it_goes_on_after_the_quiet_time():
    """When Retry-After has passed calls are made again."""
    with Chain(quota="100/60") as chain:
        chain.origin.fault("status", status=429, times=1, headers={"Retry-After": "1"})
        target = chain.cold()
        assert assert_throttled(chain.ask(target)) == 1
        eventually(lambda: chain.ask(target).status == 200, "an answer")
        assert chain.calls == 2


def test_a_failed_call_has_used_quota_too():
    """Upstream counts what it answers with an error, and so do we."""
    with Chain(quota="3/3600") as chain:
        for kind in ("status", "garbage", "cut_short"):
            chain.origin.fault(kind, times=1)
            assert chain.ask(chain.cold()).status == 502
        assert_throttled(chain.ask(chain.cold()))
        assert (chain.calls, chain.origin.report["refused"]) == (3, 0)


def test_no_call_is_made_twice_behind_the_budgets_back():
    """A connection that upstream resets after the request was sent: one call, counted once."""
    with Chain(quota="6/3600") as chain:
        assert chain.ask(chain.cold()).status == 200  # the connection is kept from now on
        for _ in range(3):
            chain.origin.fault("reset", times=1)
            chain.ask(chain.cold())
            assert chain.cache.own_calls() == chain.calls
            chain.ask(chain.cold())
        for _ in range(10):
            chain.ask(chain.cold())
        assert (chain.origin.report["calls"], chain.origin.report["refused"]) == (6, 0)


def test_a_killed_workers_calls_stay_counted():
    """The slot of a call in flight is not lost with the worker that made it."""
    with Chain(quota="2/3600", config={"upstream.timeout": "3s"}) as chain:
        chain.origin.fault("hang", times=2)
        waiting = [Behind(chain.get, chain.cold()) for _ in range(2)]
        eventually(lambda: chain.origin.report["in_flight"] == 2, "both calls")
        chain.restart_worker(0, signal.SIGKILL)
        assert [answer.result().status for answer in waiting] == [502, 502]
        chain.origin.lift()
        assert_throttled(chain.ask(chain.cold()))
        assert (chain.calls, chain.origin.report["refused"]) == (2, 0)
