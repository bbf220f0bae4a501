"""Redis' master dies, and Sentinels make its replica master: real ones, on loopback."""

import contextlib
import signal
import socket
import threading

import pytest
from harness import SEED, SLOW, SPACECRAFT, Chain, eventually
from stack.load import Load
from stack.sentinels import Sentinels

# Everything is looked up in Redis each time, so that nothing hides that it is away.
BARE = {"cache.memory_bytes": "0", "upstream.local_share": "0"}

TARGETS = [SEED, SPACECRAFT + "?limit=10", SPACECRAFT + "430/", "/2.3.0/launches/?limit=5"]


def chain_on(sentinels, **more):
    config = {**BARE, **more.pop("config", {})}
    return Chain(redis=sentinels.address, workers=2, config=config, micro_cache=False, **more)


def spend_all(chain):
    """Asks for new things until nothing is left, and a little longer."""
    def all_know_the_master():  # a worker can find it a moment later than another one
        return {chain.ask(chain.cold()).status for _ in range(4)} <= {200, 429}

    eventually(all_know_the_master, "all workers to know who is master", 20)
    answers = [chain.ask(chain.cold()).status for _ in range(20)]
    assert answers[-1] == 429 and set(answers) <= {200, 429}, answers


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGSTOP], ids=["dead", "hung"])
def test_failover_under_load(sig):
    """No request for what is stored fails, though nothing is remembered: a replica is read until
    there is a master. Afterwards new things are fetched again, and no call is made too many."""
    with Sentinels() as sentinels, chain_on(sentinels, quota="12/3600") as chain:
        for target in TARGETS:
            assert chain.ask(target).status == 200
        assert sentinels.ask(sentinels.master, "WAIT", 1, 5000) == "1"
        with Load(chain.port, TARGETS) as load:
            eventually(lambda: load.answered > 500, "the load to be there")
            old = sentinels.end_master(sig)
            new = sentinels.wait_for_failover(old)
            cold = chain.cold()
            eventually(lambda: chain.ask(cold).status == 200, "something new", 20)
            more = load.answered + 500
            eventually(lambda: load.answered > more, "more of the load")
        print(load)
        assert load.failed == 0 and set(load.statuses) == {200}, load
        assert load.slowest < 2 * SLOW
        assert sentinels.ask(new, "EXISTS", f"perigee:{cold}&limit=100") == "1" or \
            any(cold.partition("=")[2] in key for key in sentinels.ask(new, "KEYS", "*").split())
        if sig == signal.SIGSTOP:
            sentinels.redis[old].popen.send_signal(signal.SIGCONT)
        spend_all(chain)
        assert (chain.origin.report["calls"], chain.origin.report["refused"]) == (12, 0)


def test_calls_that_the_new_master_never_heard_of_are_counted():
    """It lost its connection before they were made. By upstream's own count they are known again."""
    with Sentinels() as sentinels, chain_on(sentinels, quota="9/3600") as chain:
        chain.ask(SEED)
        sentinels.ask(sentinels.master, "WAIT", 1, 5000)
        replica = sentinels.replica
        sentinels.ask(replica, "REPLICAOF", "127.0.0.1", "1")
        for _ in range(4):
            assert chain.ask(chain.cold()).status == 200
        old = sentinels.end_master()
        assert sentinels.wait_for_failover(old) == replica
        assert int(sentinels.ask(replica, "ZCARD", "perigee:{ll2}:calls")) < 5
        eventually(lambda: chain.ask(chain.cold()).status == 200, "something new", 20)
        spend_all(chain)
        assert (chain.origin.report["calls"], chain.origin.report["refused"]) == (9, 0)


def test_a_sentinel_that_hangs_or_is_gone_costs_little():
    """Two of three are of no use: whoever connects asks the next one, and begins there next time."""
    with Sentinels() as sentinels, chain_on(sentinels) as chain:
        chain.ask(SEED)
        dead, hung, _ = sentinels.sentinels.values()
        dead.stop(5, signal.SIGKILL)
        hung.popen.send_signal(signal.SIGSTOP)
        try:
            took = []
            for _ in range(3):
                sentinels.ask(sentinels_master(sentinels), "CLIENT", "KILL", "TYPE", "normal")
                answer = chain.ask(SEED)
                assert answer.status == 200
                took.append(answer.took)
        finally:
            hung.popen.send_signal(signal.SIGCONT)
        assert max(took) < 2 * SLOW and min(took) < 0.5 * SLOW


def sentinels_master(sentinels):
    return next(port for port in sentinels.redis
                if sentinels.ask(port, "ROLE").startswith("master"))


def test_news_are_heard_from_the_new_master():
    """Who waits for another worker's call is told of its end by the new one."""
    with Sentinels() as sentinels, chain_on(sentinels) as chain:
        chain.ask(SEED)
        sentinels.ask(sentinels.master, "WAIT", 1, 5000)
        new = sentinels.wait_for_failover(sentinels.end_master())

        def heard():
            words = sentinels.ask(new, "PUBSUB", "NUMSUB", "perigee:news").split()
            return words[-1] == "2"

        eventually(heard, "both workers to listen", 20)


NONSENSE = [
    b"", b"nonsense\r\n", b"+OK\r\n", b":1\r\n", b"$-1\r\n", b"*-1\r\n", b"*0\r\n",
    b"*2\r\n$-1\r\n$-1\r\n", b"*2\r\n:1\r\n*0\r\n", b"*2\r\n$0\r\n\r\n$4\r\n6379\r\n",
    b"*2\r\n$300\r\n" + b"x" * 300 + b"\r\n$4\r\n6379\r\n", b"*2\r\n$9\r\n127.0.0.1\r\n$5\r\n65536\r\n",
    b"*2\r\n$9\r\n127.0.0.1\r\n$2\r\n-1\r\n", b"-ERR \x1b[31m\"\n level=error\r\n", b"*1\r\n*1\r\n*1\r\n",
]


class Nonsense:
    """Says the same to everybody, at a port of its own, and counts them."""

    def __init__(self, said):
        self._said, self.asked = said, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.recv(4096)
                self.asked += 1
                peer.sendall(self._said)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.mark.parametrize("part", [0, 1])
def test_a_sentinel_that_talks_nonsense_is_passed_over(part):
    """Whatever it says; and the one that knows is asked first from then on."""
    liars = [Nonsense(said) for said in NONSENSE[part::2]]
    try:
        with Sentinels() as sentinels:
            real = next(iter(sentinels.sentinels))
            hosts = ",".join(f"127.0.0.1:{port}" for port in [*[liar.port for liar in liars], real])
            config = {**BARE, "redis.command_timeout": "5s"}
            with Chain(redis=f"sentinel://{hosts}/main", config=config) as chain:
                eventually(lambda: chain.ask(SEED).status == 200, "an answer")
                assert all(liar.asked for liar in liars)
                assert "\x1b" not in chain.log("worker-0")
    finally:
        for liar in liars:
            liar.close()
