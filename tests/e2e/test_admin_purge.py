"""What an operator declares to be out of date is so on all hosts, whatever holds it and whoever is
just fetching it."""

import time

import pytest
from admin import FAILED, command, done, told
from harness import SEED, SLOW, SPACECRAFT, Behind, Chain, Client, eventually
from stack.load import Load
from wire import fastcgi_request, read_fastcgi, worker_connection

FIRST = f"{SPACECRAFT}?limit=100"
WINDOW = f"{SPACECRAFT}?limit=100&offset=300&ordering=-time_docked"
AGENCIES = "/2.3.0/agencies/"


class Hosts(Chain):
    """Three workers, which are asked one by one."""

    def __init__(self, **options):
        super().__init__(**{"workers": 3, "micro_cache": False, **options})

    def ask_worker(self, i, target):
        with worker_connection(self.worker_socket(i), 30) as s:
            s.sendall(fastcgi_request(target))
            return read_fastcgi(s)

    def ask_all(self, target):
        return [self.ask_worker(i, target) for i in range(3)]

    def asked_for(self, target):
        """How often upstream was asked for it: not for its count of our calls."""
        return self.origin.asked.count(target)

    def remember(self, *targets):
        """Every worker has these in memory, fresh."""
        for target in targets:
            assert [a.status for a in self.ask_all(target)] == [200] * 3
            assert all(a.ttl > 0 for a in self.ask_all(target))


@pytest.fixture(scope="module")
def chain():
    with Hosts() as chain:
        yield chain


def stale_everywhere(gate, target):
    """What each worker answers, once it is stale at all of them; upstream answers nothing new
    meanwhile, so that it stays so."""
    start = time.monotonic()
    answers = eventually(
        lambda: (got := gate.ask_all(target)) and all(a.ttl <= 0 for a in got) and got,
        f"{target} to be stale everywhere")
    assert time.monotonic() - start < 1 * SLOW
    assert all(a.status == 200 for a in answers)
    return answers


def test_an_object_is_purged_on_all_hosts_within_a_second(gate):
    """Each window that holds it and each detail of it, and nothing else; from the moment when the
    command has returned it takes less than a second until all workers go by it."""
    detail, listed = f"{SPACECRAFT}430/", f"{SPACECRAFT}430/?mode=normal"
    gate.remember(SEED, detail, listed, FIRST, AGENCIES)
    assert 430 in gate.ask_worker(0, SEED).ids
    assert 430 not in [row["id"] for row in gate.ask_worker(0, FIRST).json["results"]]
    gate.origin.fault("hang")
    out = done(gate, "purge", "--object", "http://any.example/2.3.0/spacecraft/430", worker=1)
    start = time.monotonic()
    assert out == f"{detail}: 3 entries made stale; 3 workers were told\n"
    for target in (SEED, detail, listed):
        stale_everywhere(gate, target)
    assert time.monotonic() - start < 1 * SLOW
    for target in (FIRST, AGENCIES):
        assert all(a.ttl > 0 for a in gate.ask_all(target)), target
    gate.origin.lift()
    for target in (SEED, detail, listed):
        eventually(lambda t=target: gate.ask_worker(0, t).ttl > 0, f"{target} to be fresh again")


def test_under_load_it_takes_no_longer(gate):
    """Clients of all three, who never stop and for whom nothing fails."""
    detail = f"{SPACECRAFT}430/"
    gate.remember(SEED, detail, FIRST)
    with Load(gate.port, [SEED, detail, FIRST], rate=300) as load:
        eventually(lambda: load.answered > 100, "the load to be there")
        gate.origin.fault("hang")
        done(gate, "purge", "--object", detail)
        for target in (SEED, detail):
            stale_everywhere(gate, target)
        gate.origin.lift()
        for target in (SEED, detail):
            eventually(lambda t=target: gate.ask_worker(0, t).ttl > 0, f"{target} to be fresh again")
    assert load.failed == 0, load


def test_what_was_invalidated_is_fetched_anew_once(gate):
    """It is answered at once with its true age, and fetched anew behind the answer: one call for all
    hosts, and then it is fresh."""
    gate.remember(SEED)
    gate.origin.update(430, name="Renamed")
    calls = gate.asked_for(WINDOW)
    done(gate, "purge", SEED)

    def no_longer_fresh():
        answer = gate.ask_worker(0, SEED)
        return answer if answer.ttl <= 0 else None

    stale = eventually(no_longer_fresh, "worker 0 to have heard of it", 1)
    assert "max-age=0" in stale.headers["Cache-Control"]
    assert b"Renamed" not in stale.body
    for i in range(3):
        eventually(lambda: b"Renamed" in gate.ask_worker(i, SEED).body, f"the news at worker {i}")
        assert gate.ask_worker(i, SEED).ttl > 0
    assert gate.asked_for(WINDOW) == calls + 1


def test_what_was_deleted_is_shown_to_nobody(gate):
    """Not even where upstream cannot be asked."""
    target = gate.cold("deleted")  # that it failed is remembered
    gate.remember(target, FIRST)
    out = done(gate, "purge", "--delete", target)
    assert out.endswith(": 1 entry deleted; 3 workers were told\n")
    assert gate.cache.entries() == [FIRST]
    gate.origin.fault("status", status=500)

    def all_without():
        return all(a.status == 502 for a in gate.ask_all(target))

    eventually(all_without, "no worker to have it", within=1)
    assert all(a.status == 200 for a in gate.ask_all(FIRST))
    gate.origin.lift()


def test_what_was_purged_while_a_worker_could_not_listen(gate):
    """Redis keeps no news for it; it looks for itself when it listens again, and neither what was made
    stale nor what was deleted lives on in its memory."""
    detail = f"{SPACECRAFT}166/"
    gate.remember(SEED, FIRST, detail)
    calls = gate.asked_for(FIRST)
    end = time.monotonic() + 30 * SLOW
    told_to = 3
    while told_to == 3:  # who listens again before the command has told has heard it
        assert time.monotonic() < end
        gate.remember(SEED, detail)
        gate.origin.update(166, name="Renamed")
        gate.origin.update(430, name="Renamed")
        gate.cache("CLIENT", "KILL", "TYPE", "pubsub")
        told_to = told(gate, "purge", "--delete", detail)["workers"]
    told(gate, "purge", "--object", f"{SPACECRAFT}430/")
    for target in (detail, SEED):
        eventually(lambda t=target: all(b'"Renamed"' in a.body for a in gate.ask_all(t)),
                   f"all workers to have the new {target}")
    gate.remember(FIRST)
    assert gate.asked_for(FIRST) == calls


@pytest.mark.parametrize("url", [
    SEED, f"{SPACECRAFT}?ordering=%2Dtime_docked&offset=330&limit=5&_=17",
    f"https://elsewhere:8443{SPACECRAFT}?offset=300&ordering=-time_docked#end",
    f"{SPACECRAFT[:-1]}?limit=100&offset=300&ordering=-time_docked&name="])
def test_any_spelling_purges_the_same(gate, url):
    """What counts is what an address means; it is answered with what its answer is made of."""
    gate.remember(SEED)
    answer = told(gate, "purge", url)
    assert answer["targets"] == [WINDOW]
    assert (answer["entries"], answer["mode"], answer["workers"]) == (1, "invalidate", 3)
    assert gate.stored(WINDOW)["purged_at"]


def test_a_page_across_a_border_is_both_windows(gate):
    gate.remember(f"{SPACECRAFT}?limit=20&offset=90")
    answer = told(gate, "purge", f"{SPACECRAFT}?limit=20&offset=90")
    assert sorted(answer["targets"]) == [FIRST, f"{FIRST}&offset=100"]
    assert answer["entries"] == 2


def test_heads_and_windows_are_both_purged(gate):
    """Of launches the first ones are kept apart: whichever of the two would be answered from."""
    page = "/2.3.0/launches/?limit=5&mode=detailed"
    gate.remember("/2.3.0/launches/?limit=50&mode=detailed", page)
    entries = [t for t in gate.cache.entries() if "/launches/" in t]
    answer = told(gate, "purge", page)
    assert entries and set(entries) <= set(answer["targets"])
    assert answer["entries"] == len(entries)


def test_a_moving_bound_is_purged_with_its_day(gate):
    """The list of the whole day, out of which the answer was cut."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    url = f"/2.3.0/launches/?net__gte={now}.123Z&ordering=net"
    gate.ask_worker(0, url)
    entries = [t for t in gate.cache.entries() if "net__gte" in t]
    assert entries
    assert told(gate, "purge", url)["entries"] == len(entries)
    assert all(gate.stored(target)["purged_at"] for target in entries)


def test_an_endpoint_is_its_lists_and_objects(gate):
    """Not those of another one, nor one that begins with the same words."""
    own = [SEED, f"{SPACECRAFT}430/", FIRST]
    other = [AGENCIES, "/2.3.0/spacecraft_configurations/", "/2.3.0/launches/upcoming/"]
    gate.remember(*own, *other)
    eventually(gate._is_idle, "what is fetched ahead to be there")
    entries = gate.cache.entries()
    answer = told(gate, "purge", "--endpoint", SPACECRAFT)
    purged = [t for t in entries if gate.stored(t)["purged_at"]]
    assert {WINDOW, f"{SPACECRAFT}430/", FIRST} <= set(purged)  # and what was fetched ahead
    assert purged == [t for t in entries if t.startswith(SPACECRAFT)]
    assert (answer["entries"], answer["scanned"]) == (len(purged), len(entries))


def test_everything_is_everything_but_the_budget(gate):
    """The calls that were made stay made."""
    gate.remember(SEED, AGENCIES)
    eventually(gate._is_idle, "what is fetched ahead to be there")
    made = gate.cache("ZCARD", "perigee:{ll2}:calls")
    entries = gate.cache.entries()
    assert len(entries) >= 2
    assert done(gate, "purge", "--everything", "--delete", "--yes") == (
        f"everything: {len(entries)} entries deleted; 3 workers were told\n")
    assert gate.cache.entries() == []
    assert gate.cache("ZCARD", "perigee:{ll2}:calls") >= made


def test_many_keys_are_looked_through(gate):
    """In steps, of which each is said: more than one SCAN takes."""
    n = 3000
    for i in range(n):
        gate.cache("HSET", f"perigee:{SPACECRAFT}?limit=100&search=x{i}", "ids", "1,2")
        gate.cache("HSET", f"perigee:{AGENCIES}?limit=100&search=x{i}", "ids", "1,2")
    answer = told(gate, "purge", "--object", f"{SPACECRAFT}2/")
    assert answer["entries"] == n  # each once, though SCAN may meet one twice
    assert answer["scanned"] >= 2 * n
    answer = told(gate, "purge", "--endpoint", AGENCIES, "--delete")
    assert answer["entries"] == n
    assert gate.cache("DBSIZE") < 1.2 * n


def test_a_key_that_is_no_entry_stops_no_purge(gate):
    """However long its name is, whatever it holds: the entries are purged."""
    gate.remember(FIRST, AGENCIES)
    gate.cache("SET", b"perigee:/" + b"x" * 6_000_000, "long")
    gate.cache("SET", b"perigee:/2.3.0/agencies/?limit=100&search=\xff\0\n", "text")
    gate.cache("RPUSH", "perigee:/2.3.0/agencies/?limit=100&search=list", "1")
    answer = told(gate, "purge", "--object", f"{SPACECRAFT}1/")
    assert answer["scanned"] >= 5
    answer = told(gate, "purge", "--everything")
    assert answer["entries"] >= 2 and gate.stored(AGENCIES + "?limit=100")["purged_at"]
    told(gate, "purge", "--everything", "--delete", "--yes")
    assert not [key for key in gate.cache.keys() if key in (f"perigee:{FIRST}", f"perigee:{AGENCIES}?limit=100")]


@pytest.mark.parametrize("mode", ["invalidate", "delete"])
@pytest.mark.parametrize("scope", ["url", "endpoint", "object", "everything"])
def test_a_call_under_way_brings_back_nothing_fresh(gate, mode, scope):
    """Upstream was asked before the purge: what it says may be from before, too."""
    calls = gate.asked_for(WINDOW)
    gate.origin.fault("hang", times=1, match="offset=300")  # of WINDOW, not of what is fetched ahead
    asked = Behind(gate.ask_worker, 0, SEED)
    eventually(lambda: gate.cache("EXISTS", f"perigee:{{ll2}}:fill:{WINDOW}"),
               "the call to be under way")
    what = {"url": [SEED], "endpoint": ["--endpoint", SPACECRAFT],
            "object": ["--object", f"{SPACECRAFT}430/"], "everything": ["--everything"]}[scope]
    how = ["--delete"] + ["--yes"] * (scope == "everything") if mode == "delete" else []
    assert told(gate, "purge", *what, *how, worker=1)["entries"] == 0
    gate.origin.lift()
    answer = asked.result()
    assert answer.status == 200 and 430 in answer.ids
    assert answer.ttl <= 0, answer
    assert (WINDOW in gate.cache.entries()) == (mode == "invalidate")
    # whoever asks next has it fetched again, once
    eventually(lambda: gate.ask_worker(0, SEED).ttl > 0, "a fresh one")
    assert gate.asked_for(WINDOW) == calls + 2


def test_what_is_asked_for_after_a_purge_is_fresh(gate):
    """The mark of a purge says nothing of calls that began later."""
    for target in (SEED, FIRST):
        done(gate, "purge", "--everything", "--delete", "--yes")
        done(gate, "purge", "--delete", target)
        answer = gate.ask_worker(0, target)
        assert answer.ttl > 0, answer
        assert gate.ask_worker(1, target).ttl > 0


@pytest.mark.parametrize("arguments, words", [
    (["/2.3.0/spacecraft/?limt=3"], "limt: there is no such parameter; did you mean limit?"),
    (["/2.3.0/spacecrafts/"], "did you mean"),
    (["--endpoint", f"{SPACECRAFT}430/"], "that is an object"),
    (["--object", SPACECRAFT], "the address of one object is needed"),
    (["/2.3.0/api-throttle/"], "nothing of it is stored"),
    (["x" * 20000], "at most 8000 are read"),
])
def test_what_cannot_be_meant_is_refused(gate, arguments, words):
    """With the words that a client would hear, and nothing is purged."""
    gate.remember(SEED)
    status, out, err = command(gate, "purge", *arguments)
    assert (status, out) == (FAILED, ""), (out, err)
    assert words in err
    assert gate.ask_worker(0, SEED).ttl > 0


def test_without_redis_it_says_so(gate):
    """503, in words; and the worker lives."""
    gate.kill_redis()
    try:
        for arguments in (["purge", "--everything"], ["purge", SEED], ["quota"]):
            status, _, err = command(gate, *arguments)
            assert status == FAILED
            assert err == "perigee: Redis does not answer.\n"
        assert "unknown" in done(gate, "inspect", SEED)
    finally:
        gate.start_redis()
    eventually(lambda: command(gate, "quota")[0] == 0, "Redis to be found again")
    eventually(lambda: gate.cache("PUBSUB", "NUMSUB", "perigee:news")[1] == 3,
               "all workers to listen again")


def test_a_client_in_the_middle_of_it_sees_nothing_of_a_purge(gate):
    """Two hundred purges, while clients ask: each answer is whole, and none is an error."""
    gate.remember(SEED)
    stop = []

    def ask():
        client, n = Client(gate.port), 0
        while not stop:
            answer = client.get(SEED)
            assert answer.status == 200 and len(answer.ids) == 10, answer
            n += 1
        return n

    clients = [Behind(ask) for _ in range(4)]
    for i in range(20):
        told(gate, "purge", SEED, *(["--delete"] if i % 4 == 3 else []), worker=i % 3)
    stop.append(True)
    assert all(client.result() > 0 for client in clients)


def test_a_purge_gets_through_nginx_own_cache():
    """It keeps an answer to the end of its second: from then on nobody sees what was deleted."""
    with Chain() as chain:
        chain.ask(SEED)
        chain.origin.update(430, name="Renamed")
        chain.ask(SEED)
        done(chain, "purge", "--delete", SEED)
        start = time.monotonic()
        eventually(lambda: b"Renamed" in chain.ask(SEED).body, "the new name")
        assert time.monotonic() - start < 1.5 * SLOW
