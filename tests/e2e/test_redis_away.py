"""Redis is killed, stopped, restarted: bounded times, a protected upstream, recovery."""

import re
import signal
import time

import pytest
from harness import (SEED, SLOW, SPACECRAFT, Behind, Chain, Client, assert_problem, assert_same,
                     eventually, together, without_format)
from stack.chain import REPO


def served_again(chain, target=SEED):
    """The first good answer. Threads notice one by one that Redis is back."""
    def good():
        answer = chain.ask(target)
        assert answer.status in (200, 503), answer
        return answer if answer.status == 200 else None

    return eventually(good, "service after the restart")


# What is looked up in Redis each time, and no share of the quota without it.
BARE = {"cache.memory_bytes": "0", "upstream.local_share": "0"}


@pytest.mark.parametrize("remembers", [False, True])
def test_while_redis_is_dead_upstream_is_not_asked(remembers):
    """An error is not a miss: what is remembered is answered, all else is a 503 at once, without a
    call; what needs no store goes on."""
    config = {**BARE, "cache.memory_bytes": "67108864" if remembers else "0"}
    with Chain(workers=2, config=config) as chain:
        good = {chain.ask(SEED).body for _ in range(8)}  # by either worker
        calls = chain.calls
        chain.kill_redis()
        for target in (SEED, chain.cold(), SPACECRAFT + "430/") * 5:
            answer = chain.ask(target)
            if remembers and target == SEED:
                assert answer.status == 200 and {answer.body} == good
            else:
                assert_problem(answer, 503, "store-unavailable")
            assert answer.took < 1 * SLOW
        assert chain.ask(SPACECRAFT + "?x=1").status == 400
        assert chain.ask("/healthz").status == 200
        assert chain.ask("/readyz").json["redis"] is False
        assert chain.calls == calls
        chain.start_redis()
        served_again(chain)
        eventually(lambda: chain.ask("/readyz").json["redis"], "readyz to say so")
        served_again(chain, chain.cold())


def test_what_is_remembered_goes_stale_and_is_answered_on():
    """The last good answer, with its true age, for as long as Redis is away."""
    with Chain(config={"upstream.local_share": "0", "cache.time_scale": "21600"}) as chain:
        first = chain.ask(SPACECRAFT)
        chain.kill_redis()
        stale = eventually(lambda: (a := chain.ask(SPACECRAFT)).ttl < 0 and a, "it to be stale")
        assert (stale.status, stale.body) == (200, first.body)
        assert stale.headers["Cache-Control"].startswith("public, max-age=0")
        assert chain.calls == 1


@pytest.mark.parametrize("used, granted", [(0, 1), (8, 0)])
def test_a_small_share_goes_on_without_redis(used, granted):
    """A tenth of the quota, and only while by upstream's own count half of it is free."""
    with Chain(quota="10/3600", config={"upstream.local_share": "10"}) as chain:
        chain.ask(SEED)
        for i in range(used):
            chain.origin.get(f"{SPACECRAFT}?search=another{i}")  # another program's
        chain.kill_redis()
        before = chain.calls
        answers = [chain.ask(chain.cold()) for _ in range(6)]
        assert [a.status for a in answers].count(200) == granted
        assert {a.status for a in answers} <= {200, 503}
        assert (chain.calls - before, chain.origin.report["refused"]) == (granted, 0)
        chain.start_redis()
        eventually(lambda: chain.ask(chain.cold()).status != 503, "Redis to be back")
        # What was called meanwhile is known again.
        answers = [chain.ask(chain.cold()).status for _ in range(12)]
        assert answers[-1] == 429 and set(answers) <= {200, 429}
        assert (chain.origin.report["calls"], chain.origin.report["refused"]) == (10, 0)


@pytest.mark.parametrize("clients", [1, 4, 40])
def test_a_redis_that_hangs_costs_bounded_time(clients):
    """It accepts and says nothing: each request ends soon all the same, however many there are."""
    with Chain(config=BARE) as chain:
        chain.ask(SEED)
        calls = chain.calls
        chain.redis.send_signal(signal.SIGSTOP)
        try:
            start = time.monotonic()
            answers = together(clients, lambda i: Client(chain.port).get(SEED))
            took = time.monotonic() - start
        finally:
            chain.redis.send_signal(signal.SIGCONT)
        assert {answer.status for answer in answers} <= {200, 503}
        assert took < 3 + SLOW, f"{clients} clients: {took:.1f} s"
        assert chain.calls == calls
        assert_same(served_again(chain), chain.origin.get(without_format(SEED)), chain)


def test_late_replies_are_not_taken_for_others():
    """After a time-out the connection is thrown away: what it still brings belongs to nobody."""
    with Chain(config=BARE) as chain:
        targets = [f"{SPACECRAFT}{id}/" for id in (430, 374, 349, 357, 369, 390)]
        for target in targets:
            chain.ask(target)
        for _ in range(3):
            chain.redis.send_signal(signal.SIGSTOP)
            assert chain.ask(targets[0]).status == 503
            chain.redis.send_signal(signal.SIGCONT)
            for target in targets * 3:
                assert served_again(chain, target).json["id"] == int(target.split("/")[-2])


def test_a_call_under_way_when_redis_dies_still_reaches_its_client():
    """It was paid for: who waits for it gets it, though it cannot be stored."""
    with Chain() as chain:
        chain.origin.fault("latency", seconds=1 * SLOW, times=1)
        answers = together(2, lambda i: killer(chain) if i else Client(chain.port).get(SEED))
        assert answers[0].status == 200
        assert len(answers[0].ids) == 10
        assert "stored" not in answers[0].cache_status
        chain.start_redis()
        served_again(chain)


def killer(chain):
    eventually(lambda: chain.calls == 1, "the call")
    chain.kill_redis()


def test_a_restart_under_load_is_survived():
    """Clients that never stop asking: nobody waits long, nothing but 200 and 503, and then all is
    well again."""
    with Chain(workers=2, config=BARE) as chain:
        done = []

        def ask(i):
            client, seen = Client(chain.port), []
            while not done:
                answer = client.get(SEED if i % 2 else f"{SPACECRAFT}?search=load{i}x{len(seen)}")
                seen.append(answer)
            return seen

        streams = Behind(together, 5, ask)
        try:
            for _ in range(2):
                chain.kill_redis()
                eventually(lambda: chain.ask(SEED).status == 503, "Redis to be missed")
                chain.start_redis()
                served_again(chain)
        finally:
            done.append(True)
        answers = [answer for seen in streams.result() for answer in seen]
        assert {answer.status for answer in answers} == {200, 503}
        assert max(answer.took for answer in answers) < 2 * SLOW
        assert_same(served_again(chain), chain.origin.get(without_format(SEED)), chain)


def test_a_connection_that_redis_has_closed_is_no_outage():
    """Redis closes idle connections and is restarted between requests: nobody notices."""
    with Chain(workers=2, config=BARE) as chain:
        chain.ask(SEED)
        for _ in range(3):
            together(8, lambda i: Client(chain.port).get(SEED))  # so that every thread has one
            assert chain.cache("CLIENT", "KILL", "TYPE", "normal") > 0
            answers = together(8, lambda i: Client(chain.port).get(SEED))
            assert [answer.status for answer in answers] == [200] * 8


def spend_and_restart_redis(chain, quota):
    """Uses up the quota, kills Redis and starts it again; the quota must be spent still, or soon."""
    for _ in range(quota):
        assert chain.ask(chain.cold()).status == 200
    chain.kill_redis()
    chain.start_redis()
    eventually(lambda: chain.ask(chain.cold()).status == 429, "a refusal")
    for _ in range(2 * quota):
        assert chain.ask(chain.cold()).status in (429, 503)


def test_calls_that_redis_has_written_down_outlive_it():
    """With a log on disk, as it is needed for the real upstream, a killed Redis forgets no call."""
    with Chain(quota="5/3600", redis_persists=True) as chain:
        spend_and_restart_redis(chain, 5)
        assert (chain.origin.report["calls"], chain.origin.report["refused"]) == (5, 0)


def test_a_redis_that_has_forgotten_everything_costs_one_refusal_at_most():
    """Without that log the calls are forgotten; upstream's first 429 then ends it."""
    with Chain(quota="5/3600") as chain:
        spend_and_restart_redis(chain, 5)
        assert chain.origin.report["calls"] == 5
        assert chain.origin.report["refused"] <= 1


def test_a_full_redis_is_survived():
    """Nothing more can be stored: answers go out all the same, and calls stay counted."""
    with Chain(quota="20/3600") as chain:
        chain.ask(SEED)
        before = chain.cache.own_calls()
        chain.cache("CONFIG", "SET", "maxmemory-policy", "noeviction")
        chain.cache("CONFIG", "SET", "maxmemory", "1mb")
        answers = [chain.ask(f"{SPACECRAFT}?mode=detailed&offset={100 * i}") for i in range(5)]
        assert {answer.status for answer in answers} == {200}
        assert not any("stored" in answer.cache_status for answer in answers)
        assert chain.cache.own_calls() == before + 5
        assert chain.origin.report["refused"] == 0
        chain.cache("CONFIG", "SET", "maxmemory", "256mb")
        target = SPACECRAFT + "?mode=detailed&offset=200"
        assert_same(served_again(chain, target), chain.origin.get(target), chain)


def test_entries_are_evicted_and_the_budget_is_not():
    """By the shipped policy: what has a time to live goes, and what counts the calls has none."""
    shipped = (REPO / "conf/redis/perigee.conf").read_text().splitlines()
    with Chain(quota="6/3600", config=BARE, redis_lines=shipped) as chain:
        chain.ask(SEED)
        budget = ["perigee:{ll2}:calls", "perigee:{ll2}:state"]
        assert [chain.cache("TTL", key) for key in budget] == [-1, -1]
        chain.cache("CONFIG", "SET", "maxmemory", "4mb")
        for i in range(600):
            chain.cache("SET", f"perigee:/filler/{i}", b"x" * 20000, "EX", 3600)
        assert chain.cache("EXISTS", f"perigee:{chain.cache.entries()[0]}") == 1
        info = chain.cache("INFO", "stats").decode()
        assert int(re.search(r"evicted_keys:(\d+)", info)[1]) > 100
        assert [chain.cache("EXISTS", key) for key in budget] == [1, 1]
        answers = [chain.ask(chain.cold()).status for _ in range(8)]
        assert answers == [200] * 5 + [429] * 3
        assert (chain.origin.report["calls"], chain.origin.report["refused"]) == (6, 0)
