"""Entries in Redis: readable by people, and treated as absent when they are not what they say."""

import re
from datetime import datetime, timedelta

import pytest
from harness import SEED, SPACECRAFT, RedisError, assert_like_upstream

# Everything is looked up in Redis: what a worker remembers hides nothing.
CHAIN = {"config": {"cache.memory_bytes": "0"}}

CALL = f"{SPACECRAFT}?limit=100&offset=300&ordering=-time_docked"
KEY = f"perigee:{CALL}"
OBJECT = SPACECRAFT + "430/"

FIELDS = ["v", "target", "kind", "status", "fetched_at", "fresh_until", "usable_until", "count",
          "ends", "ids", "again", "sum", "body"]


def moment(text):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text), text
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_somebody_with_redis_cli_sees_what_an_entry_holds(gate):
    """Which query, when it was fetched, until when it is fresh; and when Redis forgets it."""
    gate.ask(SEED)
    assert gate.redis_cli("keys", "perigee:/*").split() == [KEY]
    assert set(gate.redis_cli("hkeys", KEY).split()) == {*FIELDS, "purged_at"}
    readable = [field for field in FIELDS if field != "body"]
    entry = dict(zip(readable, gate.redis_cli("hmget", KEY, *readable).splitlines()))
    assert entry["target"] == CALL
    assert (entry["kind"], entry["status"], entry["count"]) == ("window", "200", "596")
    assert entry["ids"].split(",")[26:36] == [
        "430", "374", "349", "357", "369", "390", "162", "402", "216", "166"]
    fetched, fresh, usable = (
        moment(entry[name]) for name in ("fetched_at", "fresh_until", "usable_until"))
    now = datetime.now(fetched.tzinfo)
    assert timedelta(0) <= now - fetched < timedelta(minutes=1)
    assert fresh - fetched == timedelta(hours=6)
    assert usable - fresh == timedelta(days=30)
    ttl = int(gate.redis_cli("pttl", KEY))
    assert abs((usable - now).total_seconds() * 1000 - ttl) < 60_000


def test_kinds_of_entries(gate):
    """Objects and upstream's refusals are kept likewise, each as what it is."""
    gate.ask(OBJECT)
    gate.ask(SPACECRAFT + "31337/")
    gate.ask(SPACECRAFT + "?status=77")
    found = {target: gate.stored(target) for target in gate.cache.entries()}
    assert {(entry["kind"], entry["status"]) for entry in found.values()} == {
        (b"object", b"200"), (b"refusal", b"404"), (b"refusal", b"400")}
    assert all(entry["target"].decode() == target for target, entry in found.items())
    assert all(gate.cache("PTTL", f"perigee:{target}") > 0 for target in found)
    assert gate.cache("PTTL", f"perigee:{SPACECRAFT}31337/") <= 600_000


def test_bodies_are_kept_without_any_host(gate):
    """One stored body serves every public name; no name is in it, nor in a key."""
    gate.ask(SEED, {"Host": f"localhost:{gate.port}"})
    gate.ask(OBJECT)
    for key in gate.cache.keys():
        value = gate.cache.value(key)
        assert gate.sandbox.encode() not in value
        assert gate.base.encode() not in value and b"localhost" not in value


def test_the_budgets_log_is_readable_and_never_expires(gate):
    """A sorted set of calls by their moment: no eviction of what has a time to live loses it."""
    gate.ask(SEED)
    members = gate.cache("ZRANGE", "perigee:{ll2}:calls", 0, -1, "WITHSCORES")
    assert len(members) == 2
    assert abs(float(members[1]) / 1000 - gate.origin.log[0]["at"]) < 60
    assert gate.cache("TTL", "perigee:{ll2}:calls") == -1


# ---- what cannot be trusted ----------------------------------------------------

def assert_refetched(gate, target=SEED):
    """As if the entry were not there: one call, the true answer, the entry mended."""
    calls = len(gate.origin.asked)
    assert_like_upstream(gate, target)
    assert len(gate.origin.asked) == calls + 1
    assert_like_upstream(gate, target)
    assert len(gate.origin.asked) == calls + 1


DAMAGE = {
    "emptied": lambda value: b"",
    "cut": lambda value: value[:-1],
    "longer": lambda value: value + b"0",
    "a bit flipped": lambda value: bytes([value[0] ^ 1]) + value[1:] if value else b"1",
    "the last bit flipped": lambda value: value[:-1] + bytes([value[-1] ^ 1]) if value else b"1",
    "nonsense": lambda value: b"\xff\x00nonsense",
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_field(gate, field, damage):
    """Cut, mixed up or changed in any place: absent, never wrong data, never a crash."""
    gate.ask(SEED)
    gate.cache("HSET", KEY, field, DAMAGE[damage](gate.stored(CALL)[field]))
    assert_refetched(gate)


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field(gate, field):
    """Likewise; an empty field and none may be the same."""
    gate.ask(SEED)
    gate.cache("HDEL", KEY, field)
    assert_refetched(gate)


@pytest.mark.parametrize("version", ["0", "1", "20", "1.0", "01"])
def test_another_version(gate, version):
    """What another version of the gateway has written."""
    gate.ask(SEED)
    gate.cache("HSET", KEY, "v", version)
    assert_refetched(gate)


@pytest.mark.parametrize("command", [
    ["SET", KEY, "text"], ["RPUSH", KEY, "a", "b"], ["SADD", KEY, "a"], ["ZADD", KEY, 1, "a"],
    ["XADD", KEY, "*", "a", "b"], ["HSET", KEY, "other", "fields"],
], ids=lambda command: command[0])
def test_a_key_of_another_type(gate, command):
    """Whatever lies where an entry should be."""
    gate.ask(SEED)
    gate.cache("DEL", KEY)
    gate.cache(*command)
    assert_refetched(gate)


@pytest.mark.parametrize("other, target", [
    (f"{SPACECRAFT}?limit=100&ordering=-time_docked", SEED), (OBJECT, SEED),
    (SPACECRAFT + "374/", OBJECT), (SPACECRAFT + "31337/", OBJECT), (CALL, OBJECT),
])
def test_somebody_elses_entry(gate, other, target):
    """A good entry under another's key."""
    gate.ask(other)
    gate.ask(target)
    own = CALL if target == SEED else target
    gate.cache("DEL", f"perigee:{own}")
    assert gate.cache("COPY", f"perigee:{other}", f"perigee:{own}") == 1
    assert_refetched(gate, target)


@pytest.mark.parametrize("field", ["body", "sum", "kind"])
def test_a_damaged_object(gate, field):
    """Objects and refusals are checked as windows are."""
    gate.ask(OBJECT)
    gate.cache("HSET", f"perigee:{OBJECT}", field, b"{}")
    assert_refetched(gate, OBJECT)


def test_a_budget_of_another_type_stops_calls_and_nothing_else(gate):
    """If the log of calls cannot be read nobody may call: a 503, and hits go on."""
    gate.ask(SEED)
    gate.cache("DEL", "perigee:{ll2}:calls")
    gate.cache("SET", "perigee:{ll2}:calls", "damaged")
    calls = gate.calls
    answer = gate.ask(gate.cold("damaged"))
    assert answer.status == 503 and gate.calls == calls
    assert gate.ask(SEED).status == 200
    with pytest.raises(RedisError):
        gate.cache("ZCARD", "perigee:{ll2}:calls")
