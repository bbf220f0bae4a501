"""Keys carry hash tags: no script and no transaction of perigee crosses the slots of a cluster."""

from harness import SEED, Chain, eventually
from stack.chain import free_port


def test_nothing_crosses_slots():
    """A cluster of one node, which has all slots, checks that as one of many does."""
    cluster = ["cluster-enabled yes", f"port {free_port()}", f"cluster-port {free_port()}",
               "bind 127.0.0.1"]
    config = {"cache.memory_bytes": "0", "upstream.local_share": "0"}
    with Chain(quota="4/3600", workers=2, config=config, redis_lines=cluster) as chain:
        chain.cache("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        eventually(lambda: b"cluster_state:ok" in chain.cache("CLUSTER", "INFO"), "the cluster")
        slots = {chain.cache("CLUSTER", "KEYSLOT", f"perigee:{{ll2}}:{what}")
                 for what in ("calls", "state", "askers", "fill:/2.3.0/x/?limit=100")}
        assert len(slots) == 1
        eventually(lambda: chain.ask(SEED).status == 200, "an answer")
        assert "hit" in chain.ask(SEED).cache_status
        statuses = [chain.ask(chain.cold()).status for _ in range(6)]
        assert statuses[0] == 200 and statuses[-1] == 429, statuses
        assert "CROSSSLOT" not in chain.everything_logged()
