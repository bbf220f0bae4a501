"""Three workers as three hosts: one call for all of them, whoever dies, sleeps or misses the news; and
one quota, whoever forgets it or uses it behind our back."""

import re
import signal
import threading
import time

import pytest
from harness import SEED, SLOW, SPACECRAFT, Behind, assert_throttled, eventually
from hosts import PATIENCE, Hosts, Load
from wire import begin_request, read_answer

CALL = f"{SPACECRAFT}?limit=100&offset=300&ordering=-time_docked"
LEASE = 5  # seconds until a worker of which nothing is heard has lost its call to another

# Longer than 500 clients take to come on a slow machine; nginx' own patience is 30 s.
LONG = "28s"


@pytest.fixture(scope="module")
def chain():
    with Hosts(config={"server.wait": LONG, "upstream.timeout": LONG}) as chain:
        yield chain


def waiting(chain):
    """How many requests wait at all workers; they say so once a second."""
    return sum(map(int, re.findall(r"^perigee_waiters (\d+)$", chain.get("/metrics").body.decode(),
                                   re.M)))


def test_500_cold_clients_on_three_hosts_cost_one_call(gate):
    """440 come by way of nginx, so that each worker has some, and 20 to each by itself. Upstream
    answers when all of them wait."""
    gate.origin.fault("hang", times=1)
    by_nginx = [begin_request(gate.port, SEED) for _ in range(440)]
    by_hand = [x for i in range(3) for x in gate.ask_worker(i, n=20)]
    eventually(lambda: waiting(gate) == 500, "all to wait", 25 / SLOW)
    gate.origin.lift()
    answers = [read_answer(client) for client in by_nginx] + [x.result() for x in by_hand]
    for client in by_nginx:
        client.close()
    assert [answer.status for answer in answers] == [200] * 500
    assert len({answer.json["count"] for answer in answers}) == 1
    assert len({answer.body for answer in answers[:440]}) == 1
    assert gate.origin.asked == [CALL]


def test_those_who_wait_on_other_hosts_hear_at_once(gate):
    """Well before the lease would end."""
    gate.origin.fault("latency", seconds=1 * SLOW, times=1)
    first, = gate.ask_worker(0)
    eventually(lambda: gate.calls == 1, "the call")
    assert gate.caller(CALL) == 0
    others = [x for i in (1, 2) for x in gate.ask_worker(i, n=5)]
    answers = [x.result(1 + LEASE / 2) for x in (first, *others)]
    assert {answer.status for answer in answers} == {200}
    assert gate.origin.asked == [CALL]


def test_a_failure_is_heard_by_all(gate):
    """One call fails for everybody who waits for it, on whatever host."""
    gate.origin.fault("status", seconds=1)
    target = gate.cold("shared")
    waiting = [x for i in range(3) for x in gate.ask_worker(i, target, 10)]
    assert {x.result().status for x in waiting} == {502}
    assert gate.calls == 1


def test_a_killed_workers_call_is_taken_over():
    """Kill -9 in the middle of the call: within a few seconds another host makes it, and those
    who wait there are answered within their patience."""
    with Hosts(quota="10/3600") as chain:
        chain.origin.fault("hang", times=1)
        waiting = [chain.ask_worker(i, n=10) for i in range(3)]
        eventually(lambda: chain.calls == 1, "the call")
        dead = chain.caller(CALL)
        chain.stop_worker(dead, signal.SIGKILL)
        eventually(lambda: chain.calls == 2, "another host to take over", LEASE + 2)
        for i in range(3):
            for x in waiting[i] if i != dead else []:
                assert x.result(PATIENCE).status == 200
        assert (chain.calls, chain.origin.report["refused"]) == (2, 0)
        # The dead one's call stays counted, as upstream has counted it.
        assert chain.cache.own_calls() == 2
        assert chain.origin.throttle["current_use"] == 2
        chain.origin.lift()


def test_a_sleeping_workers_call_is_taken_over():
    """Stopped while it holds the lease: another host makes the call. Woken up it does no harm, and
    what it brings late is an answer to those who wait for it."""
    with Hosts(quota="10/3600") as chain:
        chain.origin.fault("hang", times=1)
        waiting = [chain.ask_worker(i, n=5) for i in range(3)]
        eventually(lambda: chain.calls == 1, "the call")
        asleep = chain.caller(CALL)
        chain.signal_worker(asleep, signal.SIGSTOP)
        try:
            eventually(lambda: chain.calls == 2, "another host to take over", LEASE + 2)
            for i in range(3):
                for x in waiting[i] if i != asleep else []:
                    assert x.result(PATIENCE).status == 200
        finally:
            chain.signal_worker(asleep, signal.SIGCONT)
        chain.origin.lift()
        assert {x.result().status for x in waiting[asleep]} <= {200, 504}
        # It knows what the other one has stored, and makes no call for it.
        assert chain.ask_worker(asleep)[0].result().status == 200
        assert chain.ask_worker(asleep, chain.cold())[0].result().status == 200
        assert (chain.calls, chain.origin.report["refused"]) == (3, 0)
        eventually(lambda: chain.cache.own_calls() == 3, "all calls settled")


def test_news_that_were_missed_are_made_up_for(gate):
    """The subscription is cut again and again while the call ends: whoever listens again looks for
    itself, and nobody waits for the lease."""
    gate.origin.fault("latency", seconds=1 * SLOW, times=1)
    first, = gate.ask_worker(0)
    eventually(lambda: gate.calls == 1, "the call")
    others = [x for i in (1, 2) for x in gate.ask_worker(i, n=3)]
    done = threading.Event()

    def cut():
        while not done.wait(0.02):
            gate.cache("CLIENT", "KILL", "TYPE", "pubsub")

    cutting = Behind(cut)
    try:
        assert first.result().status == 200
        assert {x.result(LEASE / 2).status for x in others} == {200}
    finally:
        done.set()
        cutting.result()
    assert gate.origin.asked == [CALL]


@pytest.mark.parametrize("config", [{"upstream.local_share": 0}, {}], ids=["no-share", "share"])
def test_a_redis_restarted_empty_costs_no_refusal(config):
    """Under load, twice: what was called before is learnt from upstream, which never has to say no."""
    with Hosts(quota="6/8", config={"upstream.timeout": "3s", **config}) as chain:
        chain.origin.fault("latency", seconds=0.2)
        with Load(chain) as load:
            for calls in (4, 14):
                eventually(lambda: chain.origin.report["calls"] >= calls, f"{calls} calls", 40)
                chain.kill_redis()
                eventually(lambda: chain.ask(chain.cold()).status == 503, "Redis to be missed")
                chain.start_redis()
            eventually(lambda: chain.origin.report["calls"] >= 24, "24 calls", 40)
        load.assert_sound({429, 503}, within=PATIENCE + 2 * SLOW)
        assert chain.origin.report["refused"] == 0
        chain.assert_windows(6, 8)


def use_up(chain, n):
    """Another program behind the same address makes n calls."""
    for i in range(n):
        assert chain.origin.get(f"{SPACECRAFT}?search=other{i}").status == 200


def test_what_others_used_before_we_came_is_known():
    """Of 6 calls 4 are gone when the workers start anew, with a Redis that knows nothing."""
    with Hosts(quota="6/8") as chain:
        begun = time.monotonic()
        use_up(chain, 4)
        chain.forget()
        for i in range(3):
            chain.restart_worker(i)
        statuses = [chain.ask(chain.cold()).status for _ in range(6)]
        assert set(statuses) <= {200, 429}
        assert statuses.count(200) <= 2 or time.monotonic() - begun > 8
        # With theirs: whoever does not know of them makes too many, or has some refused.
        chain.assert_windows(6, 8)
        assert chain.origin.report["refused"] == 0
        with Load(chain):
            eventually(lambda: chain.origin.report["calls"] >= 12, "12 calls", 30)
        assert chain.origin.report["refused"] == 0
        chain.assert_windows(6, 8)


def test_others_who_use_it_up_meanwhile_cost_one_refusal_at_most():
    with Hosts(quota="6/8") as chain:
        assert chain.ask(chain.cold()).status == 200
        use_up(chain, 5)
        for _ in range(10):
            wait = assert_throttled(chain.ask(chain.cold()))
            assert wait <= 8 + SLOW
        assert chain.origin.report["refused"] <= 1
        with Load(chain):  # of what was before there is no record then
            eventually(lambda: chain.origin.report["calls"] >= 12, "12 calls", 40)
        assert chain.origin.report["refused"] == 0
        chain.assert_windows(6, 8)


def test_others_who_used_it_up_a_while_ago_cost_none():
    """Upstream's count is asked for before a call unless that was done in the last minute of an hour."""
    with Hosts(quota="6/3600") as chain:
        assert chain.ask(chain.cold()).status == 200
        told = time.monotonic()
        use_up(chain, 4)
        chain.cache("HINCRBY", "perigee:{ll2}:state", "calibrated_at", -61_000)
        # Whoever was just told may call for a second.
        eventually(lambda: time.monotonic() > told + 1, "that second to be over")
        statuses = [chain.ask(chain.cold()).status for _ in range(5)]
        assert statuses == [200, 429, 429, 429, 429]
        assert (chain.origin.report["calls"], chain.origin.report["refused"]) == (6, 0)


def test_without_upstreams_count_calls_go_on():
    """Once each worker was told; what tells it fails later, as quickly or slowly as it likes."""
    with Hosts(quota="6/3600") as chain:
        for i in range(3):
            told, = chain.ask_worker(i, chain.cold())
            assert told.result().status == 200
        chain.origin.fault("status", match="api-throttle")
        chain.cache("HINCRBY", "perigee:{ll2}:state", "calibrated_at", -61_000)
        assert [chain.ask(chain.cold()).status for _ in range(4)] == [200] * 3 + [429]
        assert (chain.origin.report["calls"], chain.origin.report["refused"]) == (6, 0)


def test_a_429_that_does_not_say_how_long():
    """Upstream's own count does: nobody is kept waiting for the guessed minute."""
    with Hosts(quota="3/8") as chain:
        use_up(chain, 2)
        chain.origin.fault("status", status=429, times=1, body={"detail": "Slow down."})
        assert_throttled(chain.ask(chain.cold()))
        target = chain.cold()
        wait = assert_throttled(chain.ask(target))
        assert wait <= 9, wait
        eventually(lambda: chain.ask(target).status == 200, "an answer", 12)
        assert chain.origin.report["refused"] == 0
        chain.assert_windows(3, 8)
