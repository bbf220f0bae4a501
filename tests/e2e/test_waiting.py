"""Requests that wait for upstream hold up nobody, and do not wait for ever."""

import time

import pytest
from harness import (SEED, SLOW, SPACECRAFT, Behind, Chain, Client, assert_problem, eventually,
                     together)
from wire import begin_request, read_answer

WAIT = 3 * SLOW

CHAIN = {"config": {"server.wait": f"{WAIT}s", "upstream.timeout": f"{4 * WAIT}s",
                    "upstream.retry": "50ms"}}


def waiting(gate, targets, n):
    """Connections whose request has reached the worker and waits there."""
    before = gate.calls
    clients = [begin_request(gate.port, targets[i % len(targets)]) for i in range(n)]
    eventually(lambda: gate.calls >= before + len(set(targets)), "the calls")
    return clients


@pytest.mark.parametrize("n, different", [(200, 1), (200, 12)])
def test_hits_are_served_while_others_wait(gate, n, different):
    """p95 of hits stays small and none takes a second, with far more waiting than threads."""
    gate.ask(SEED)
    gate.origin.fault("hang")
    clients = waiting(gate, [gate.cold("hung") for _ in range(different)], n)
    start = time.monotonic()
    times = sorted(took for series in together(4, lambda i: [
        hit(client) for client in [Client(gate.port)] for _ in range(100)]) for took in series)
    assert time.monotonic() - start < WAIT, "the hits took longer than the others wait"
    assert times[int(len(times) * 0.95)] < 0.1 * SLOW, times[-40:]
    assert times[-1] < 1 * SLOW
    gate.origin.lift()
    assert {read_answer(client).status for client in clients} == {200}


def hit(client):
    answer = client.get(SEED)
    assert (answer.status, "; hit" in answer.cache_status) == (200, True), answer
    return answer.took


def test_refusals_and_own_pages_are_served_while_others_wait(gate):
    """Whatever needs no upstream needs no patience."""
    gate.origin.fault("hang")
    clients = waiting(gate, [gate.cold("hung")], 120)
    for target, status in [("/healthz", 200), ("/readyz", 200), (SPACECRAFT + "?x=1", 400),
                           ("/x", 404)]:
        answer = gate.ask(target)
        assert (answer.status, answer.took < 1 * SLOW) == (status, True), answer
    gate.origin.lift()
    assert {read_answer(client).status for client in clients} == {200}


def test_who_waits_gets_a_504_after_server_wait(gate):
    """Each after its own patience, as a problem; the call goes on, and its answer is stored."""
    gate.origin.fault("hang")
    target = gate.cold("hung")
    start = time.monotonic()
    clients = waiting(gate, [target], 100)
    late = Behind(gate.get, target)
    for client in clients:
        answer = read_answer(client)
        assert_problem(answer, 504, "upstream-timeout")
        assert answer.headers["Cache-Control"] == "no-store"
    assert WAIT - 0.1 <= time.monotonic() - start < WAIT + 2 * SLOW
    assert late.result().status == 504
    assert gate.calls == 1
    gate.origin.lift()
    eventually(lambda: gate.cache.entries(), "the answer to be stored")
    assert "; hit" in gate.ask(target).cache_status
    assert gate.calls == 1


def test_who_comes_late_waits_its_own_time(gate):
    """A second client joins the call that the first one gave up, with patience of its own."""
    gate.origin.fault("latency", seconds=WAIT + 1.5 * SLOW)
    target = gate.cold("slow")
    assert_problem(gate.ask(target), 504, "upstream-timeout")
    answer = gate.ask(target)
    assert (answer.status, "; collapsed" in answer.cache_status) == (200, True), answer
    assert gate.calls == 1


def test_an_upstream_that_never_answers_is_given_up():
    """upstream.timeout ends the call itself; those who wait longer than that get a 504."""
    config = {"upstream.timeout": f"{SLOW}s", "server.wait": f"{10 * SLOW}s",
              "upstream.retry": "50ms"}
    with Chain(config=config) as chain:
        chain.origin.fault("hang", times=1)
        target = chain.cold()
        answer = chain.ask(target)
        assert_problem(answer, 504, "upstream-timeout")
        assert 1 * SLOW <= answer.took < 3 * SLOW
        eventually(lambda: chain.ask(target).status == 200, "an answer")


def test_there_is_a_bound_to_how_many_wait():
    """server.waiting_max: one more is refused at once; a hit is not; a place that is free again
    is given away."""
    with Chain(config={"server.waiting_max": 5, "server.wait": f"{20 * SLOW}s"}) as chain:
        chain.ask(SEED)
        chain.origin.fault("hang")
        target = chain.cold()
        clients = [begin_request(chain.port, target) for _ in range(5)]
        eventually(lambda: chain.calls == 2, "the call")
        eventually(lambda: overloaded(chain), "too many to wait")
        assert chain.ask(SEED).status == 200
        chain.origin.lift()
        assert {read_answer(client).status for client in clients} == {200}
        assert chain.ask(chain.cold()).status == 200


def overloaded(chain):
    """A short-lived client finds no room (or takes the room that was still left, and leaves)."""
    client = begin_request(chain.port, chain.cold())
    client.settimeout(0.3 * SLOW)
    try:
        answer = read_answer(client)
    except TimeoutError:
        return False
    finally:
        client.close()
    assert_problem(answer, 503, "too-many-waiting")
    return True
