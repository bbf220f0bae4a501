"""nginx answers by itself for the rest of a second: what a worker would, and nothing else."""

import math
import os
import signal
import time

import pytest
from alike import (CONDITIONS, INTERNAL, ODD_CODINGS, OTHERS, ask_worker, asked_of_workers,
                   assert_as_the_worker, assert_counted, heat, spellings)
from harness import SEED, SLOW, SPACECRAFT, Chain, eventually
from wire import exchange

CHAIN = {"micro_cache": True}

@pytest.fixture
def gate(chain):
    """As just started; what nginx had kept until then is over."""
    chain.reset()
    reset = int(time.time())
    eventually(lambda: int(time.time() - 0.01 * SLOW) > reset, "the next second", 2)
    return chain


# ---- it answers ----------------------------------------------------------------


@pytest.mark.parametrize("accept", ["identity", "gzip", "gzip, deflate, br"])
def test_what_many_ask_for_is_answered_by_nginx(gate, accept):
    first = gate.ask(SEED, {"Accept-Encoding": accept})
    kept = heat(gate, SEED, {"Accept-Encoding": accept})
    assert (kept.status, kept.body) == (200, first.body)
    assert kept.headers["Content-Encoding"] == (None if accept == "identity" else "gzip")
    assert kept.cache_status.startswith("perigee; hit; ttl=")
    assert not INTERNAL & set(kept.headers)
    assert int(kept.headers["X-Accel-Expires"]) > 0  # for an nginx further outside


def test_what_few_ask_for_is_not_kept(gate):
    """A crawler has nothing written down."""
    before = set((gate.run_dir / "cache").iterdir())
    for offset in range(100):
        assert gate.ask(f"{SPACECRAFT}?limit=2&offset={offset}").status == 200
    assert set((gate.run_dir / "cache").iterdir()) <= before


# ---- the same question ---------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accept", ["identity", "gzip"])
def test_conditions_and_other_fields(gate, accept, method):
    gate.ask(SEED)
    tag = heat(gate, SEED, {"Accept-Encoding": accept}).headers["ETag"]
    seen = set()
    for fields in CONDITIONS + OTHERS:
        fields = {name: value.replace("TAG", tag) for name, value in fields.items()}
        heat(gate, SEED, {"Accept-Encoding": accept})
        seen.add(assert_as_the_worker(gate, SEED, {"Accept-Encoding": accept, **fields},
                                      method).status)
    assert seen == {200, 304, 412}


def test_codings_as_the_worker_chooses_them(gate):
    """Those that share an answer, and spellings that have to go to a worker."""
    gate.ask(SEED)
    known = spellings()
    assert len(known) > 8
    for accept in [*known, *ODD_CODINGS]:
        for warm in ("identity", "gzip"):
            heat(gate, SEED, {"Accept-Encoding": warm})
        answer = assert_as_the_worker(gate, SEED, {"Accept-Encoding": accept})
        if accept in known:
            coding = None if known[accept] == "identity" else "gzip"
            assert answer.headers["Content-Encoding"] == coding


def test_links_of_one_name_are_not_sent_to_another(gate):
    """Whatever Host and X-Forwarded-Host say, in whatever order they are asked."""
    gate.ask(SEED)
    ours, local = f"127.0.0.1:{gate.port}", f"localhost:{gate.port}"
    for fields in ({"Host": ours}, {"Host": local}, {"Host": "elsewhere"}, {"Host": ours.upper()},
                   {"X-Forwarded-Host": local}, {"X-Forwarded-Host": f"x, {local}"},
                   {"Host": local, "X-Forwarded-Host": ours}):
        for warm in (ours, local):
            heat(gate, SEED, {"Accept-Encoding": "identity", "Host": warm})
        heat(gate, SEED, {"Accept-Encoding": "identity", **fields})
        answer = assert_as_the_worker(gate, SEED, {"Accept-Encoding": "identity", **fields})
        if len(fields) == 1 and "Host" in fields:
            assert (local in answer.json["next"]) == (fields["Host"] == local), fields


@pytest.mark.parametrize("target, status", [
    (SPACECRAFT + "?x=1", 400), (SPACECRAFT + "987654/", 404), ("/2.3.0/nothing/", 404),
    ("/healthz", 200), ("/openapi.json", 200)])
def test_what_is_not_kept(gate, target, status):
    """Problems name their request, and what is the gateway's own is asked for each time."""
    for _ in range(10):
        before = asked_of_workers(gate)
        assert gate.ask(target).status == status
        eventually(lambda: asked_of_workers(gate) == before + 1, "the worker's line")


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT", "DELETE"])
def test_other_methods(gate, method):
    heat(gate, SEED)
    answer = assert_as_the_worker(gate, SEED, {}, method)
    assert answer.status == (204 if method == "OPTIONS" else 405)


def test_http_1_0(gate):
    heat(gate, SEED, {"Accept-Encoding": "identity", "Host": ""})
    answer = exchange(gate.port, f"GET {SEED} HTTP/1.0\r\n\r\n".encode())
    assert answer.status == 200 and answer.headers["Transfer-Encoding"] is None
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert answer.body == ask_worker(gate, SEED, {"Host": ""}).body


# ---- for how long --------------------------------------------------------------


def test_age_is_true_to_the_second(gate):
    """Over the edges of some seconds, in whole ones: never that of the second before."""
    gate.ask(SEED)
    stored = gate.stored(gate.cache.entries()[0])
    fetched = time.strptime(stored["fetched_at"].decode()[:19], "%Y-%m-%dT%H:%M:%S")
    fetched_s = int(time.mktime(fetched) - time.mktime(time.gmtime(0)))
    before, asked, seconds = asked_of_workers(gate), 0, set()
    ends = time.time() + 3.2
    while time.time() < ends:
        sent = time.time()
        answer = gate.ask(SEED)
        received = time.time()
        asked += 1
        # nginx looks at the clock before it takes up what has come together.
        possible = range(math.floor(sent - 0.01 * SLOW), math.floor(received) + 1)
        assert int(answer.headers["Age"]) in [s - fetched_s for s in possible], (
            sent - fetched_s, received - fetched_s, answer)
        assert answer.ttl == 21599 - int(answer.headers["Age"])
        seconds.add(answer.headers["Age"])
    assert len(seconds) >= 4
    assert asked_of_workers(gate) - before < asked / 2


def test_what_was_purged_is_gone_at_the_next_second(gate):
    """And so is what nobody has asked for in a while: there is no last answer from long ago."""
    id = gate.ask(SEED).json["results"][0]["id"]
    for name in ("first", "second"):
        heat(gate, SEED)
        gate.origin.update(id, name=name)
        gate.forget()
        known = time.time()

        def is_new():
            sent = time.time()
            new = gate.ask(SEED).json["results"][0]["name"] == name
            assert new or math.floor(sent - 0.01 * SLOW) == math.floor(known), sent - known
            return new

        eventually(is_new, "the new name", 2)


# ---- what is counted -----------------------------------------------------------


def test_all_requests_are_counted_once():
    """Whoever answers, and whoever is started anew meanwhile: nginx, the worker that counts, or both."""
    with Chain(workers=2) as chain:
        asked = 0

        def ask():
            """Until nginx has answered some of them; at a second's end it takes up nothing."""
            nonlocal asked
            before = asked_of_workers(chain)
            for i in range(3000):
                if i >= 150 and asked_of_workers(chain) - before < i:
                    return
                # A connection each: nginx closes idle ones when it is told to reload.
                answer = chain.get(SEED, {"Accept-Encoding": ("gzip", "identity")[i % 2]},
                                   ("GET", "GET", "HEAD")[i % 3])
                assert answer.status == 200
                asked += 1
            raise AssertionError("nginx has kept nothing")

        ask()
        assert_counted(chain, asked)
        ask()
        os.kill(chain.nginx.pid, signal.SIGHUP)
        ask()
        assert_counted(chain, asked)
        ask()
        for i, how in enumerate((signal.SIGTERM, signal.SIGKILL)):
            chain.restart_worker(i, how)
            ask()
        assert_counted(chain, asked)
        # It takes no room, however much was counted.
        assert (chain.run_dir / "hits").stat().st_blocks * 512 < 100_000
