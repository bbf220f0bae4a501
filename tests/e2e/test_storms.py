"""Three hosts under load while something breaks: in all of it the quota is never exceeded, nobody waits
beyond the time that requests have, every answer is right, and then all goes on."""

import signal
import time

import pytest
from harness import SLOW, eventually
from hosts import Hosts, Load

CALLS, WINDOW = 6, 4  # calls, seconds
WAIT = 8 * SLOW  # server.wait: longer than a lease, or nobody could take over


def let_pass(seconds):
    end = time.monotonic() + seconds
    eventually(lambda: time.monotonic() > end, "time to pass", seconds + 1)


def redis_sleeps(chain):
    chain.redis.send_signal(signal.SIGSTOP)
    try:
        let_pass(10)
    finally:
        chain.redis.send_signal(signal.SIGCONT)


def redis_is_killed(chain):
    chain.kill_redis()
    let_pass(WINDOW / 2)
    chain.start_redis()


def redis_is_full(chain):
    chain.cache("CONFIG", "SET", "maxmemory-policy", "noeviction")
    chain.cache("CONFIG", "SET", "maxmemory", "1mb")
    let_pass(WINDOW)
    chain.cache("CONFIG", "SET", "maxmemory", "256mb")


def redis_is_a_replica(chain):
    """It has been demoted: what it has can be read, and nothing be written."""
    chain.cache("REPLICAOF", "127.0.0.1", "1")
    let_pass(WINDOW)
    chain.cache("REPLICAOF", "NO", "ONE")


def a_caller_is_killed(chain):
    for _ in range(3):
        chain.restart_worker(chain.any_caller(), signal.SIGKILL)


def a_caller_sleeps(chain):
    """For longer than its lease."""
    worker = chain.any_caller()
    chain.signal_worker(worker, signal.SIGSTOP)
    try:
        let_pass(6)
    finally:
        chain.signal_worker(worker, signal.SIGCONT)


def upstream_fails(*kinds):
    def fails(chain):
        for order in kinds:
            chain.origin.lift()  # of several the oldest counts
            chain.origin.fault(**order)
            eventually(lambda: any(e["fault"] == order["kind"] for e in chain.origin.log),
                       f"upstream to {order}", 20)
        chain.origin.lift()
    return fails


STORMS = {
    "redis sleeps": (redis_sleeps, {429, 503}),
    "redis is killed": (redis_is_killed, {429, 503}),
    "redis is full": (redis_is_full, {429, 503}),
    "redis is a replica": (redis_is_a_replica, {429, 503}),
    "a caller is killed": (a_caller_is_killed, {429, 502, 504}),
    "a caller sleeps": (a_caller_sleeps, {429, 502, 503, 504}),
    "upstream hangs": (upstream_fails({"kind": "hang"}), {429, 504, 502}),
    "upstream breaks": (upstream_fails(
        {"kind": "reset"}, {"kind": "garbage"}, {"kind": "cut_short"},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    ), {429, 502}),
}


@pytest.mark.parametrize("name", STORMS)
def test_a_storm_is_weathered(name):
    breaks, statuses = STORMS[name]
    config = {"server.wait": f"{WAIT}s", "upstream.timeout": "2s", "upstream.retry": "100ms"}
    with Hosts(quota=f"{CALLS}/{WINDOW}", config=config) as chain:
        chain.origin.fault("latency", seconds=0.2)
        with Load(chain) as load:
            eventually(lambda: chain.origin.report["calls"] >= 2, "the first calls", 20)
            breaks(chain)
            calls = chain.origin.report["calls"]
            eventually(lambda: chain.origin.report["calls"] >= calls + CALLS, "calls again", 30)
        # At another worker a request whose worker has died begins anew.
        times = 2 if breaks is a_caller_is_killed else 1
        load.assert_sound(statuses, within=times * WAIT + 2 * SLOW)
        assert chain.origin.report["refused"] == 0
        chain.assert_windows(CALLS, WINDOW)
