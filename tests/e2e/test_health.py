"""/healthz and /readyz: whether the process lives, and whether requests shall be sent to it."""

from harness import SPACECRAFT, Chain, eventually

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
