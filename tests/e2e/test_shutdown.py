"""SIGTERM: what was accepted is answered, in time; a rolling restart costs nobody an answer."""

import signal
import time

import pytest
from harness import (SEED, SLOW, SPACECRAFT, Behind, Chain, Client, assert_problem, eventually,
                     run_perigee, tables, together)
from wire import (begin_request, fastcgi_request, read_answer, read_fastcgi, worker_connection)

DRAIN = 3 * SLOW


def stop(chain, within, sig=signal.SIGTERM):
    """Ends worker 0; its status must be 0, and it must be gone in time."""
    start = time.monotonic()
    status = chain.stop_worker(0, sig)
    took = time.monotonic() - start
    assert status == 0, f"exit status {status}"
    assert took < within, f"{took:.2f} s"


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_ends_at_once(sig):
    """With connections that nginx keeps, and after all sorts of requests."""
    with Chain() as chain:
        together(10, lambda i: chain.get(SEED if i % 2 else chain.cold()))
        stop(chain, 1 * SLOW, sig)
        assert not chain.worker_socket(0).exists()


def test_idle_connections_do_not_delay_the_end():
    """Whoever holds them open: the time to drain is the worker's, not theirs."""
    with Chain(config={"server.drain": "1s"}) as chain:
        idle = [worker_connection(chain.worker_socket(0)) for _ in range(6)]
        chain.ask(SEED)
        stop(chain, 1 + 2 + SLOW)
        assert [s.recv(1) for s in idle] == [b""] * 6


def test_who_has_just_connected_is_waited_for_a_moment():
    """nginx connects, and sends its request right after that: a worker that ends does not cut in."""
    with Chain() as chain:
        chain.ask(SEED)
        with worker_connection(chain.worker_socket(0)) as used, worker_connection(
                chain.worker_socket(0)) as new:
            used.sendall(fastcgi_request(SEED))
            assert read_fastcgi(used).status == 200
            start = time.monotonic()
            stopping = Behind(chain.stop_worker, 0)
            assert new.recv(1) == b""
            assert time.monotonic() - start > 0.19
            assert stopping.result() == 0


def test_requests_that_wait_are_answered():
    """They get what they wait for, and the worker ends when the last one has it."""
    with Chain(config={"server.drain": f"{DRAIN}s"}) as chain:
        chain.origin.fault("latency", seconds=1 * SLOW)
        targets = [chain.cold() for _ in range(5)]
        clients = [begin_request(chain.port, targets[i % 5]) for i in range(30)]
        eventually(lambda: chain.calls == 5, "the calls")
        stop(chain, DRAIN + 2)
        answers = [read_answer(client) for client in clients]
        assert {answer.status for answer in answers} == {200}
        assert sorted(chain.cache.entries()) == sorted(
            target.replace("?", "?limit=100&") for target in targets)


def test_requests_that_cannot_be_answered_in_time_are_told_so():
    """Upstream hangs: a 503 problem when the time to drain is over, exit status 0."""
    with Chain(config={"server.drain": "1s", "server.wait": f"{20 * SLOW}s"}) as chain:
        chain.origin.fault("hang")
        clients = [begin_request(chain.port, chain.cold()) for _ in range(10)]
        clients += [begin_request(chain.port, SEED) for _ in range(10)]
        eventually(lambda: chain.calls == 11, "the calls")
        stop(chain, 1 + 2 * SLOW)
        for client in clients:
            assert_problem(read_answer(client), 503, "shutting-down")


def test_a_refresh_under_way_is_finished_or_given_up(tmp_path):
    """Nobody waits for it: it ends with the worker, at the latest when the drain is over."""
    config = {"api.tables": tables(tmp_path, fresh="100ms"), "server.drain": "1s"}
    with Chain(config=config) as chain:
        chain.ask(SEED)
        chain.origin.fault("hang")
        eventually(lambda: chain.ask(SEED) and chain.calls == 2, "the refresh")
        stop(chain, 1 + 2 * SLOW)


def test_a_second_signal_changes_nothing():
    """Impatient operators: the drain goes on."""
    with Chain(config={"server.drain": f"{DRAIN}s"}) as chain:
        chain.origin.fault("latency", seconds=1 * SLOW)
        client = begin_request(chain.port, SEED)
        eventually(lambda: chain.calls == 1, "the call")
        chain.workers[0].send_signal(signal.SIGTERM)
        stop(chain, DRAIN + 2)
        assert read_answer(client).status == 200


def test_a_worker_that_was_killed_is_replaced():
    """A socket file that a dead worker has left is no obstacle."""
    with Chain() as chain:
        for _ in range(2):
            assert chain.restart_worker(0, signal.SIGKILL) == -signal.SIGKILL
            assert chain.ask(SEED).status == 200


def test_two_workers_do_not_fight_for_a_socket():
    """A second one on the same socket ends with a message; the first one goes on."""
    with Chain() as chain:
        status, _, err = run_perigee(PERIGEE_SERVER_SOCKET=str(chain.worker_socket(0)))
        assert status == 1 and "socket" in err
        assert chain.ask(SEED).status == 200


def test_while_one_worker_drains_the_other_takes_what_comes():
    """nginx has connections to both that it keeps: a request on one of them is not lost."""
    with Chain(workers=2, config={"server.drain": f"{5 * SLOW}s"}) as chain:
        together(24, lambda i: chain.get(f"{SPACECRAFT}?search=before{i}"))
        chain.origin.fault("hang", match="slow")
        slow = worker_connection(chain.worker_socket(0))
        slow.sendall(fastcgi_request(f"{SPACECRAFT}?search=slow"))
        eventually(lambda: "search=slow" in str(chain.origin.asked), "the slow call")
        stopping = Behind(stop, chain, 7 * SLOW)
        eventually(lambda: "event=draining" in chain.log("worker-0"), "the drain to begin")
        answers = together(16, lambda i: chain.get(f"{SPACECRAFT}?search=meanwhile{i}"))
        chain.origin.lift()
        assert read_fastcgi(slow).status == 200
        slow.close()
        stopping.result()
        assert [answer.status for answer in answers] == [200] * 16, answers


@pytest.mark.parametrize("latency", [0.001, 0.4])
def test_a_rolling_restart_costs_nobody_an_answer(latency):
    """Two workers, restarted one after the other under a steady stream of hits and misses."""
    with Chain(workers=2, config={"server.drain": f"{DRAIN}s"}) as chain:
        chain.ask(SEED)
        chain.origin.fault("latency", seconds=latency)
        done = []

        def ask(i):
            client, answers = Client(chain.port), []
            while not done:
                cold = f"{SPACECRAFT}?search=rolling{i}x{len(answers)}"
                answers.append(client.get(cold if i % 2 else SEED))
            return answers

        def restart():
            try:
                for _ in range(2):
                    for i in (0, 1):
                        before = chain.calls
                        eventually(lambda: chain.calls >= before + 4, "the stream to flow")
                        assert chain.restart_worker(i) == 0
            finally:
                done.append(True)

        streams = Behind(together, 8, ask)
        restart()
        answers = [answer for stream in streams.result(60) for answer in stream]
        failed = [answer for answer in answers if answer.status != 200]
        assert not failed, f"{len(failed)} of {len(answers)}, the first: {failed[0]}"
