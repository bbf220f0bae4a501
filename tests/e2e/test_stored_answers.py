"""A worker that remembers nothing answers with what was composed once, and is stored beside what it was
made of."""

import gzip

import pytest
from admin import done
from harness import SEED, SPACECRAFT, Chain, assert_like_upstream, eventually

WINDOW = f"{SPACECRAFT}?limit=100&offset=300&ordering=-time_docked"
DETAIL = f"{SPACECRAFT}430/"

GZIP = {"Accept-Encoding": "gzip"}

# Two workers, and whatever is asked for comes out of Redis.
CHAIN = {"workers": 2, "micro_cache": False, "config": {"cache.memory_bytes": "0"}}


def answers(gate, target=WINDOW):
    """{URL: stored answer} of those that stand with an entry."""
    return {name: value for name, value in gate.stored(target).items() if "://" in name}


def until_stored(gate, target, entry=WINDOW, headers=None):
    """Asks until it is stored; the last answer."""
    def ask():
        answer = gate.ask(target, headers)
        assert answer.status == 200, answer
        return answers(gate, entry) and answer

    return eventually(ask, f"{target} to be stored")


def bodies_read(gate, work):
    """How often Redis gives an entry's body while `work` is done: by its log."""
    gate.cache("CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "1000")
    gate.cache("SLOWLOG", "RESET")
    work()
    commands = [entry[3] for entry in gate.cache("SLOWLOG", "GET", "-1")]
    gate.cache("CONFIG", "SET", "slowlog-log-slower-than", "-1")
    looks = [c for c in commands if c[0].upper() == b"HMGET" and b"purged_at" in c]
    assert looks, commands
    return sum(b"body" in c for c in looks)


@pytest.mark.parametrize("headers", [None, GZIP], ids=["identity", "gzip"])
@pytest.mark.parametrize("target, entry", [(SEED, WINDOW), (DETAIL, DETAIL)],
                         ids=["page", "object"])
def test_it_is_composed_once_for_all_workers(gate, target, entry, headers):
    """What comes out of the store is to the byte what is composed, and no body of an entry is read for it."""
    first = until_stored(gate, target, entry, headers)
    found = []
    assert bodies_read(gate, lambda: found.extend(gate.ask(target, headers) for _ in range(6))) == 0
    for answer in found:
        assert (answer.status, answer.body) == (200, first.body)
        for name in ("ETag", "Link", "Content-Length", "Content-Encoding", "Content-Type", "Vary"):
            assert answer.headers[name] == first.headers[name], name
        assert "hit; ttl=" in answer.cache_status
    assert_like_upstream(gate, target)


def test_both_codings_come_from_one(gate):
    until_stored(gate, SEED)
    plain, coded = gate.ask(SEED), gate.ask(SEED, GZIP)
    assert gzip.decompress(coded.body) == plain.body
    assert coded.headers["ETag"] == plain.headers["ETag"][:-1] + '-gzip"'
    assert len(answers(gate)) == 1
    for answer, headers in ((plain, {}), (coded, GZIP)):
        again = gate.ask(SEED, {**headers, "If-None-Match": answer.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")


def test_it_stands_by_its_public_address(gate):
    until_stored(gate, SEED)
    [(url, value)] = answers(gate).items()
    assert url == f"{gate.base}{SPACECRAFT}?limit=10&offset=326&ordering=-time_docked"
    head = value.partition(b"\n\n")[0].decode().splitlines()
    assert head[0].startswith("1 ") and head[1].startswith("gzip ")
    assert head[2].split()[1] == gate.stored(WINDOW)["sum"].decode()


def test_what_is_fetched_anew_takes_it_away(gate):
    until_stored(gate, SEED)
    gate.origin.update(430, name="Renamed")
    done(gate, "purge", SEED)
    eventually(lambda: b"Renamed" in gate.ask(SEED).body, "the new page")
    until_stored(gate, SEED)
    assert b"Renamed" in gate.ask(SEED).body
    assert_like_upstream(gate, SEED)


@pytest.mark.parametrize("what", [[SEED], ["--object", DETAIL], ["--endpoint", SPACECRAFT], ["--everything"]],
                         ids=["url", "object", "endpoint", "all"])
@pytest.mark.parametrize("mode", ["stale", "delete"])
def test_a_purge_reaches_it(gate, what, mode):
    """It is stale at once, as long as nothing newer can be had; or gone."""
    until_stored(gate, SEED)
    gate.origin.fault("hang")
    done(gate, "purge", *what, *(["--delete", "--yes"] if mode == "delete" else []))
    if mode == "stale":
        assert gate.ask(SEED).ttl <= 0
    assert len(answers(gate)) == (1 if mode == "stale" else 0)
    gate.origin.lift()
    eventually(lambda: (a := gate.ask(SEED)).status == 200 and a.ttl > 0, "it to be fresh", 20)


@pytest.mark.parametrize("damage", [
    b"", b"1", b"nonsense\xff\x00", "cut", "flipped", "of another"], ids=str)
def test_a_damaged_one_is_as_if_it_were_not_there(gate, damage):
    """Composed anew, counted, and mended."""
    until_stored(gate, SEED)
    [(url, value)] = answers(gate).items()
    if damage == "of another":
        until_stored(gate, DETAIL, DETAIL)
        wrong = next(iter(answers(gate, DETAIL).values()))
    else:
        wrong = {"cut": value[:-1], "flipped": value[:-1] + bytes([value[-1] ^ 1])}.get(damage, damage)
    gate.cache("HSET", f"perigee:{WINDOW}", url, wrong)
    before = unreadable(gate)
    calls = len(gate.origin.asked)
    assert_like_upstream(gate, SEED)
    if wrong and damage != "of another":
        eventually(lambda: unreadable(gate) > before, "it to be counted")
    eventually(lambda: gate.ask(SEED) and answers(gate)[url][-50:] == value[-50:], "it to be mended")
    assert_like_upstream(gate, SEED)
    assert len(gate.origin.asked) == calls


def unreadable(gate):
    text = gate.get("/metrics").body.decode()
    line = next(line for line in text.splitlines() if line.startswith("perigee_entry_unreadable_total"))
    return int(line.split()[1])


def test_they_have_so_much_room_and_no_more(gate):
    """Whoever asks for all pages that there can be of a window drives out other answers, and nothing else."""
    targets = [f"{SPACECRAFT}?limit={limit}&offset={offset}&ordering=-time_docked"
               for limit in (60, 59) for offset in range(300, 340)]
    for target in targets:
        for _ in range(4):
            assert gate.ask(target).status == 200
    found = answers(gate)
    room = sum(len(url) + len(value) + 100 for url, value in found.items())
    assert 100 * 1024 < room <= 512 * 1024
    assert int(gate.stored(WINDOW)["answers_bytes"]) == room
    assert len(found) < len(targets)
    assert_like_upstream(gate, SEED)


def test_who_remembers_stores_none():
    """What a worker remembers will do, and costs Redis no room."""
    with Chain(workers=1, micro_cache=False) as chain:
        for _ in range(5):
            assert chain.ask(SEED).status == 200
        assert not answers(chain)
