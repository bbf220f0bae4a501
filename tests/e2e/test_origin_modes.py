"""An operator says how much upstream may be asked: normal, avoid or never, for all workers at once."""

import signal

import pytest
from harness import SPACECRAFT, Chain, assert_problem, eventually, switch, tables

LIST = SPACECRAFT + "?limit=5"


def test_never_is_no_call_at_all():
    """What is stored is answered, the rest refused; not even upstream's count is asked for."""
    with Chain(workers=2, quota="15/3600") as chain:
        chain.ask(LIST)
        seen = len(chain.origin.log)
        switch(chain, "never")
        for _ in range(4):
            answer = chain.ask(LIST)
            assert answer.status == 200
            assert answer.cache_status.endswith("; detail=origin-never")
            assert_problem(chain.ask(chain.cold()), 503, "upstream-off")
            assert_problem(chain.ask(chain.cold(), {"Cache-Control": "only-if-cached"}), 504,
                           "not-cached")
        assert len(chain.origin.log) == seen
        switch(chain, "normal")
        assert chain.ask(chain.cold()).status == 200
        assert "detail" not in chain.ask(LIST).cache_status


def test_avoid_fetches_what_is_missing_only(tmp_path):
    """Stale answers are given, with their true age, and nothing is fetched behind them."""
    with Chain(config={"api.tables": tables(tmp_path, fresh="1s", stale="1h"),
                       "upstream.origin": "avoid"}) as chain:
        assert chain.ask(LIST).status == 200
        eventually(lambda: chain.ask(LIST).ttl < 0, "it is stale")
        for _ in range(5):
            answer = chain.ask(LIST)
            assert answer.status == 200 and answer.ttl < 0
            assert answer.cache_status.endswith("; detail=origin-avoid")
        assert chain.calls == 1
        assert chain.ask(SPACECRAFT + "?search=dragon").status == 200
        assert chain.calls == 2
        switch(chain, "normal")
        chain.ask(LIST)
        eventually(lambda: chain.calls == 3, "it is refreshed")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_it_holds_over_a_restart(sig):
    """From the first moment: a worker that starts asks nothing, not even for the count."""
    with Chain(quota="15/3600") as chain:
        switch(chain, "never")
        seen = len(chain.origin.log)
        chain.restart_worker(0, sig)
        assert_problem(chain.ask(chain.cold()), 503, "upstream-off")
        assert len(chain.origin.log) == seen


def test_redis_comes_back_without_it():
    """What is configured holds again; what was set is gone with all else that Redis knew."""
    with Chain(quota="none") as chain:
        switch(chain, "never")
        chain.kill_redis()
        chain.start_redis()
        eventually(lambda: "mode=normal" in chain.log("worker-0"), "the mode is read anew", 10)
        eventually(lambda: chain.ask(chain.cold()).status == 200, "it is fetched", 10)
