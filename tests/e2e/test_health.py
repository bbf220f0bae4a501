"""/healthz and /readyz: whether the process lives, and whether requests shall be sent to it."""

import json
import signal

from harness import SPACECRAFT, Chain, eventually, run_perigee

OBJECT = SPACECRAFT + "430/"


def ready(chain):
    answer = chain.ask("/readyz")
    assert answer.json["ready"] == (answer.status == 200)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer


def test_ready_without_redis_as_long_as_something_is_remembered():
    with Chain() as chain:
        told = ready(chain)
        assert told.status == 200
        assert told.json["redis"] is True and told.json["draining"] is False
        assert told.json["memory"]["entries"] == 0
        chain.kill_redis()
        assert ready(chain).status == 503  # there is nothing that it could answer
        assert chain.ask("/healthz").status == 200
        chain.start_redis()
        eventually(lambda: ready(chain).status == 200, "it to be ready")
        assert eventually(lambda: chain.ask(OBJECT).status == 200, "it to answer")
        chain.kill_redis()
        told = ready(chain)
        assert told.status == 200 and told.json["redis"] is False
        assert told.json["memory"]["entries"] == 1
        assert chain.ask(OBJECT).status == 200


def test_ready_without_upstream():
    with Chain(config={"upstream.retry": "10ms"}) as chain:
        assert chain.ask(OBJECT).status == 200
        assert ready(chain).json["upstream"] == {"ll2": True, "snapi": True}
        chain.origin.fault("status", status=500)
        for _ in range(5):
            assert chain.ask(chain.cold()).status == 502
        told = eventually(lambda: not (t := ready(chain)).json["upstream"]["ll2"] and t,
                          "it to say that upstream is down")
        assert told.status == 200
        assert chain.ask(OBJECT).status == 200
        chain.origin.lift()


def health(chain, *options, worker=0):
    return run_perigee("health", *options,
                       PERIGEE_SERVER_SOCKET=str(chain.worker_socket(worker)))


def test_the_command_tells_whether_a_worker_lives():
    with Chain() as chain:
        assert health(chain) == (0, "ok\n", "")
        status, out, err = health(chain, "--json")
        assert (status, json.loads(out), err) == (0, {"live": True}, "")
        status, out, err = health(chain, "--ready")
        assert (status, json.loads(out)["ready"], err) == (0, True, "")
        assert run_perigee("health", "--socket", chain.worker_socket(0)) == (0, "ok\n", "")
        # Alive is not ready: nothing is remembered.
        chain.kill_redis()
        status, out, _ = health(chain, "--ready")
        assert (status, json.loads(out)["ready"]) == (1, False)
        assert health(chain)[0] == 0


def test_the_command_says_so_of_one_that_hangs_or_is_gone():
    with Chain() as chain:
        chain.signal_worker(0, signal.SIGSTOP)
        try:
            status, out, err = health(chain)
        finally:
            chain.signal_worker(0, signal.SIGCONT)
        assert (status, out) == (3, "") and str(chain.worker_socket(0)) in err
        eventually(lambda: health(chain)[0] == 0, "it to answer again")
        chain.stop_worker(0)
        status, out, err = health(chain)
        assert (status, out) == (3, "") and str(chain.worker_socket(0)) in err
        assert health(chain, "--socket", "a", "--socket", "b")[0] == 2
