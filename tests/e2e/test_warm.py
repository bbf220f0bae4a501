"""What is fetched before anybody asks: a list that is kept fresh, and walks through collections."""

import signal

from harness import SPACECRAFT, Chain, eventually, run_perigee, tables

FRONT = SPACECRAFT + "?limit=5"
FRONT_WINDOW = SPACECRAFT + "?limit=100"
DETAIL = SPACECRAFT + "430/"
WALK = SPACECRAFT + "?ordering=id"


def note(at, next=0, state="running"):
    """A walk as the store holds it."""
    return f"{state} {next} -1 {at} {at} none"


def begin_walk(chain, target=WALK, next=0):
    chain.cache("HSET", "perigee:walks", target, note("2026-11-20T00:00:00.000Z", next))


def walk(chain, target=WALK):
    line = chain.cache("HGET", "perigee:walks", target)
    return line.decode().split() if line else None


def is_done(chain):
    return (walk(chain) or [""])[0] == "done"


def test_what_is_listed_is_a_hit_before_anybody_asked(tmp_path):
    """And stays one: it is refreshed as soon as it is not fresh any more."""
    warm = tmp_path / "warm.list"
    warm.write_text(f"# the front page\n{FRONT}\n\n{DETAIL}\n")
    folder = tmp_path / "apis"
    folder.mkdir()
    with Chain(workers=2, config={"warm.list": warm,
                                  "api.tables": tables(folder, fresh="2s")}) as chain:
        eventually(lambda: {FRONT_WINDOW, DETAIL} <= set(chain.cache.entries()), "both are there",
                   20)
        assert chain.ask(FRONT).cache_status.startswith("perigee; hit")
        eventually(lambda: chain.origin.asked.count(FRONT_WINDOW) >= 3, "it is refreshed", 20)
        eventually(lambda: chain.ask(FRONT).ttl >= 0, "it is fresh again")
        # One worker does it: nothing is fetched twice in its two seconds.
        times = [e["at"] for e in chain.origin.log if e["target"] == FRONT_WINDOW]
        assert all(b - a >= 2 for a, b in zip(times, times[1:])), times


def test_refused_lines_are_said_at_start_and_on_reload(tmp_path):
    warm = tmp_path / "warm.list"
    warm.write_text(f"{FRONT}\n{SPACECRAFT}?orderng=id\n/2.3.0/spacecrafts/\n")
    status, _, said = run_perigee("--check", PERIGEE_WARM_LIST=str(warm))
    assert status != 0
    assert f"{warm}:2: orderng: there is no such parameter" in said
    assert f"{warm}:3: " in said
    status, _, said = run_perigee("--check", PERIGEE_WARM_LIST=str(tmp_path / "none"))
    assert status != 0 and "[warm] list" in said
    warm.write_text("")
    with Chain(config={"warm.list": warm}) as chain:
        warm.write_text("nonsense\n")
        chain.signal_worker(0, signal.SIGHUP)
        eventually(lambda: "event=reload_failed" in chain.log("worker-0"), "it is refused")
        warm.write_text(FRONT)
        chain.signal_worker(0, signal.SIGHUP)
        eventually(lambda: FRONT_WINDOW in chain.origin.asked, "the new list is in force", 20)


def test_a_walk_stores_a_whole_list_in_its_order():
    with Chain(workers=2) as chain:
        begin_walk(chain)
        eventually(lambda: is_done(chain), "the walk is done", 30)
        assert chain.origin.asked == [
            SPACECRAFT + "?limit=100" + (f"&offset={at}" if at else "") + "&ordering=id"
            for at in range(0, 600, 100)]
        assert walk(chain)[:3] == ["done", "600", "596"]
        for offset in (0, 250, 590):
            answer = chain.ask(f"{WALK}&limit=10&offset={offset}")
            assert answer.cache_status.startswith("perigee; hit"), answer
        assert chain.calls == 6


def test_another_worker_goes_on_with_it():
    """The worker in office dies in the middle: nothing is fetched again, and it ends."""
    with Chain(workers=2) as chain:
        chain.origin.fault("latency", seconds=1, times=6)
        begin_walk(chain)
        eventually(lambda: len(chain.origin.asked) == 3, "it is in the middle", 30)
        officer = next(i for i in range(2) if "event=walk " in chain.log(f"worker-{i}"))
        chain.stop_worker(officer, signal.SIGKILL)
        eventually(lambda: is_done(chain), "the other one has ended it", 40)
        asked = chain.origin.asked
        # What was under way when it died is fetched once more, nothing else is.
        assert len(set(asked)) == 6 and len(asked) <= 7, asked


def test_a_walk_leaves_the_reserve_to_those_who_wait():
    """With 10 calls, 2 of them kept: it takes what background may, evenly, and demand is answered."""
    with Chain(quota="10/3600", config={"upstream.reserve": "20"}) as chain:
        begin_walk(chain)
        eventually(lambda: any("ordering=id" in target for target in chain.origin.asked), "it has begun",
                   20)
        for _ in range(5):
            assert chain.ask(chain.cold()).status == 200
        assert walk(chain)[0] == "running"
        assert chain.origin.report["refused"] == 0
        # Spare calls do not come together.
        assert sum("ordering=id" in target for target in chain.origin.asked) == 1
