"""The shield benchmark's own parts, and the whole of it in miniature."""

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from stack.child import wait_until

from .shield import freshness, measure, oracle, peers, replay, report, trace

WORLD = trace.World(
    ids={endpoint: [f"{endpoint}-{n}" for n in range(100)]
         for endpoint in (*trace.DETAILS, "launches", "updates")},
    counts={trace.collection(endpoint, filters): 210
            for endpoint, filters in trace.collections()})


def request(at, *needs, valid=True, endpoint="launches"):
    return trace.Request(at, "127.0.1.1", "/", "popular", valid, needs, endpoint)


def result(sent, status=200, latency=0.1, age=None):
    return replay.Result(sent, status, latency, age, "")


# ---- the trace ---------------------------------------------------------------


@pytest.fixture(scope="module")
def made():
    return trace.make(WORLD, number=4000, hours=4, seed=7)


def test_the_same_seed_makes_the_same_trace_and_another_one_another(made):
    assert trace.make(WORLD, number=4000, hours=4, seed=7) == made
    assert trace.make(WORLD, number=4000, hours=4, seed=8) != made


def test_the_trace_is_in_order_and_has_every_part_in_its_share(made):
    assert len(made) == 4000
    assert [r.at for r in made] == sorted(r.at for r in made)
    assert 0 <= made[0].at and made[-1].at <= 4 * 3600
    for kind, share in trace.SHARES.items():
        assert sum(r.kind == kind for r in made) == round(4000 * share), kind
    assert sum(r.kind == "popular" for r in made) > 1000


def test_bad_requests_and_only_they_need_nothing(made):
    for r in made:
        assert r.valid == bool(r.needs) == (r.kind != "bad") == (r.endpoint is not None), r


def test_targets_are_fit_to_be_sent_and_clients_are_on_loopback_addresses_of_their_own(made):
    for r in made:
        assert re.fullmatch(r"/2\.3\.0/[!-~]+", replay.with_moments(r.target, 1.8e9)), r
        assert re.fullmatch(r"127\.0\.\d+\.\d+", r.client) and r.client != "127.0.0.1", r
    assert len({r.client for r in made}) > 100
    bots = {r.client for r in made if r.kind == "walk"}
    assert not bots & {r.client for r in made if r.kind != "walk"}


def test_respelled_requests_mean_the_same(made):
    spellings = {}
    for r in made:
        if r.kind == "respelled":
            path, _, query = r.target.partition("?")
            pairs = dict(parse_qsl(query))
            for name in ("limit", "offset", "mode", "format"):
                pairs.pop(name, None)
            meaning = {name: sorted(value.lower().split(",")) for name, value in pairs.items()}
            key = (path.rstrip("/"), json.dumps(meaning, sort_keys=True))
            spellings.setdefault(key, []).append(r)
    assert len(spellings) == len(trace.RESPELLED)
    for requests in spellings.values():
        assert len({r.target for r in requests}) > len(requests) * 0.8
        assert len({r.needs for r in requests}) == 1


def test_walks_see_every_object_once_and_windows_are_shared_by_page_sizes(made):
    by_bot = {}
    for r in made:
        if r.kind == "walk":
            by_bot.setdefault(r.client, []).append(r)
    whole = 0
    for requests in by_bot.values():
        pages = [dict(parse_qsl(urlsplit(r.target).query)) for r in requests]
        limit = int(pages[0]["limit"])
        offsets = [int(page.get("offset", 0)) for page in pages]
        assert offsets == [turn * limit for turn in range(len(offsets))]
        whole += offsets[-1] + limit >= 210
    assert whole > len(by_bot) / 2
    assert {need for r in made if r.kind == "walk" for need in r.needs
            if need.startswith("spacecraft#")} == {f"spacecraft#{n}" for n in range(3)}


def test_details_are_zipfs(made):
    counts = {}
    for r in made:
        if r.kind == "detail":
            counts[r.needs] = counts.get(r.needs, 0) + 1
    ranked = sorted(counts.values(), reverse=True)
    assert len(ranked) > 30
    assert ranked[0] > sum(ranked) / 8 and ranked[0] > 1.5 * ranked[1] > 2 * ranked[5]


def test_the_burst_is_at_the_launch(made):
    near = [r for r in made if r.kind == "burst"
            and abs(r.at - trace.LAUNCH * 4 * 3600) < 600]
    assert len(near) > 0.95 * 4000 * trace.SHARES["burst"]
    assert any(r.needs == ("launches/launches/upcoming-0",) for r in near)


def test_moving_bounds_are_never_twice_the_same_but_need_the_same(made):
    moving = [r for r in made if r.kind == "moving"]
    sent = {replay.with_moments(r.target, 1.8e9 + r.at) for r in moving}
    assert len(sent) > 0.95 * len(moving)
    assert len({r.needs for r in moving}) == len(trace.MOVING)


def test_a_moment_is_written_as_clients_do():
    now = 1767225600.0456  # 2026-01-01
    assert replay.with_moments("?a={now:ms}&b={now+86400:us}", now) == (
        "?a=2026-01-01T00:00:00.045Z&b=2026-01-02T00:00:00.045600")
    assert unquote(replay.with_moments("{now-86400:offset}", now)) == (
        "2025-12-31T00:00:00.045+00:00")


def test_windows_are_those_that_a_page_is_cut_from():
    assert trace.windows("x", 0, 10) == ("x#0",)
    assert trace.windows("x", 95, 10) == ("x#0", "x#1")
    assert trace.windows("x", 90, 10) == ("x#0",)
    assert trace.windows("x", 205, 10, 210) == ("x#2",)
    assert trace.windows("x", 295, 10, 210) == ("x#2",)
    assert trace.windows("x", 900, 100, 200) == ("x#1",)


# ---- the oracle --------------------------------------------------------------


def least(requests, blind=()):
    return dict(oracle.least_calls(requests, {"launches": 60, "agencies": 600}.get, blind))


def test_requests_within_the_fresh_time_share_a_call():
    assert least([request(0, "a"), request(59, "a"), request(60, "a"), request(119, "a")]) == {
        "a": 2}
    assert least([request(0, "a"), request(1, "b", endpoint="agencies"), request(100, "a"),
                  request(100, "b", endpoint="agencies")]) == {"a": 2, "b": 1}


def test_a_page_needs_all_of_its_windows_and_bad_requests_need_nothing():
    assert least([request(0, "a#0"), request(1, "a#0", "a#1"), request(2, valid=False)]) == {
        "a#0": 1, "a#1": 1}


def test_while_upstream_gives_nothing_nothing_is_demanded():
    requests = [request(0, "a"), request(100, "a"), request(110, "b"), request(200, "a")]
    assert least(requests, [(90, 150)]) == {"a": 2}


def test_the_least_is_the_least():
    """Against all sets of moments, for one window."""
    times = [0, 2, 3, 7, 8, 13, 14, 19, 31]
    found = sum(oracle.least_calls([request(t, "a") for t in times], lambda _: 5.5).values())

    def enough(calls):
        return all(any(t - 5.5 < call <= t for call in calls) for t in times)

    sets = [[t for i, t in enumerate(times) if mask >> i & 1] for mask in range(2 ** len(times))]
    assert found == min(len(calls) for calls in sets if enough(calls))


def test_a_quota_grants_calls_as_early_as_it_can():
    assert oracle.slots(2, 60, 150) == [0, 0, 60, 60, 120, 120]
    assert oracle.slots(1, 60, 200, [(50, 100), (155, 170)]) == [0, 100, 170]


def test_who_knows_the_future_fetches_what_is_wanted_most():
    requests = [request(5, "a"), *(request(t, "b") for t in (10, 20, 30)), request(40, "c", "d"),
                request(41, "c"), request(42, valid=False)]
    assert oracle.foreseen(requests, [0]) == 3
    assert oracle.foreseen(requests, [0, 15]) == 5
    assert oracle.foreseen(requests, [15, 15]) == 4
    assert oracle.foreseen(requests, [0] * 9) == 6


# ---- measuring ---------------------------------------------------------------


def test_percentiles_are_values_that_occurred():
    values = [5, 1, 4, 2, 3]
    assert [measure.percentile(values, p) for p in (0.01, 0.5, 0.6, 0.61, 0.99, 1)] == [
        1, 3, 3, 4, 5, 5]
    assert measure.percentile([], 0.5) is None
    assert measure.percentile([7], 0.99) == 7


def test_lost_is_what_had_been_sent_to_somebody_before():
    requests = [request(0, "a"), request(1, "a"), request(2, "a", "b"), request(3, "b"),
                request(4, "a", "b"), request(5, valid=False)]
    results = [result(0, age=1), result(1, 429), result(2, 503), result(3, age=1), result(4, 0),
               result(5, 400)]
    assert measure.lost(requests, results) == [requests[1], requests[4]]
    # Not yet when it was asked for: the first answer was on its way.
    assert measure.lost([request(0, "a"), request(1, "a")],
                        [result(0, latency=2, age=1), result(1, 503)]) == []
    # Nor because somebody has been told that the list ends before.
    assert measure.lost([request(0, "a"), request(1, "a")], [result(0), result(1, 503)]) == []


def test_what_clients_got():
    requests = [request(0, "a"), request(1, "a"), request(2, "a"), request(3, valid=False)]
    results = [result(0, age=0.5), result(1, age=3), result(2, 429), result(3, 400)]
    found = measure.client_numbers(requests, results, lambda endpoint: 100, 60)
    assert (found["answered"], found["valid"], found["valid_answered"]) == (0.5, 3, 2 / 3)
    assert found["stale"] == 0.5  # 3 s are 180 s of upstream, and a second is overlooked
    assert (found["age_p50"], found["age_max"]) == (30, 180)
    assert found["lost"] == 1
    assert found["statuses"] == {200: 2, 400: 1, 429: 1}
    assert found["kinds"] == {"popular": 0.5}


def test_what_upstream_saw_is_told_from_the_other_program():
    def call(at, verdict="counted", status=200, agent="perigee/1", target="/2.3.0/launches/"):
        return {"at": at, "verdict": verdict, "status": status, "target": target,
                "headers": {"user-agent": agent}}

    log = [call(1), call(2, "refused", 429), call(12, "refused", 429), call(13, status=503),
           call(14, agent=replay.OTHER_PROGRAM),
           call(15, target="/2.3.0/launches/upcoming/?limit=100"),
           call(16, target="/2.3.0/launches/abc/"), call(17, target="/elsewhere/")]
    assert measure.upstream_numbers(log, 10, 20) == {
        "calls": 7, "refused": 2, "refused_beside_other": 1, "failed": 1, "other_program": 1}
    assert measure.endpoints_of_log(log, "/2.3.0/", ["launches", "launches/upcoming"]) == {
        "launches": 4, "launches/upcoming": 1, "launches/{id}": 1, "(other)": 1}
    assert measure.endpoints_of_units(
        {"launches&a=1#0": 2, "launches/xyz": 3, "launches&net__gte=now+0#0": 4, "launches#1": 5},
        ["launches"]) == {"launches": 7, "launches/{id}": 3, "launches (moving)": 4}


def test_freshness_is_read_as_tables_are_layered():
    times = freshness.Freshness()
    assert times.fresh("config/orbits") == 7 * 86400  # by its template
    assert times.fresh("spacecraft") == 6 * 3600  # by default
    assert times.fresh("launches/upcoming") < times.fresh("agencies")
    for endpoint in times.endpoints:
        assert 0 < times.fresh(endpoint) < times.stale(endpoint)


def test_a_table_without_rules_has_its_times_only():
    table = {"defaults": {"fresh": "6h", "fresh_when": ["1m net:.."]}, "endpoints": {
        "launches": {"fresh": "10m", "fresh_when": ["1m net:-5m..+5m"], "filters": {"net": "x"}}}}
    assert json.loads(json.dumps(table), object_hook=peers.without_rules) == {
        "defaults": {"fresh": "6h"},
        "endpoints": {"launches": {"fresh": "10m", "filters": {"net": "x"}}}}


# ---- all of it ---------------------------------------------------------------


def test_the_whole_benchmark_in_miniature(tmp_path):
    """Ten seconds of it: that it runs, ends all that it started and writes what it should."""
    program = Path(__file__).with_name("run")
    done = subprocess.run(
        [program], capture_output=True, text=True, timeout=240,
        env={**os.environ, "BENCH": "shield", "BUILD": str(tmp_path), "BENCH_REQUESTS": "400", "BENCH_HOURS": "1",
             "BENCH_FACTOR": "720", "BENCH_LATENCY": "0.02"})
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "bench/shield.json").read_text())
    assert done.stdout.startswith((tmp_path / "bench/shield.txt").read_text())
    throttled, unthrottled = written["runs"]["throttled"], written["runs"]["open"]
    assert list(throttled) == ["perigee", "nginx", "varnish", "none"]
    assert list(unthrottled) == ["perigee", "fixed", "nginx", "varnish"]
    for numbers in (*throttled.values(), *unthrottled.values()):
        assert numbers["requests"] == 400 and numbers["calls"] > 0
        assert 0 < numbers["answered"] <= 1 and numbers["age_max"] > 0
    # Everything that is valid is answered where upstream refuses nothing (but for the outage).
    for numbers in unthrottled.values():
        assert numbers["refused"] == 0 and numbers["valid_answered"] > 0.8
    assert throttled["none"]["calls"] == 400
    assert written["oracle"]["open"] > written["oracle"]["throttled"] > 0


def processes_of(folder):
    """Those that run in it or were told of it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            known = [os.readlink(process / "cwd"), (process / "cmdline").read_text()]
        except OSError:
            continue
        if any(str(folder) in text for text in known):
            found.append(known)
    return found


def test_told_to_stop_it_leaves_nothing(tmp_path):
    folders = tmp_path / "t"
    folders.mkdir()
    running = subprocess.Popen(
        [Path(__file__).with_name("run")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "BENCH": "shield", "BUILD": str(tmp_path), "TMPDIR": str(folders),
             "BENCH_REQUESTS": "400", "BENCH_FACTOR": "60"})
    try:
        # The last one to be started, and with it a sandbox for each of the four.
        assert wait_until(lambda: any("plain.conf" in cmdline for _, cmdline
                                      in processes_of(folders)), 60)
        running.terminate()
        _, errors = running.communicate(timeout=60)
    finally:
        running.kill()
    assert (running.returncode, errors) == (1, b"")
    # Whom nginx has left behind is killed, and may take a moment to be gone.
    wait_until(lambda: not processes_of(folders), 10)
    assert processes_of(folders) == [] and list(folders.iterdir()) == []


def test_a_mistake_in_the_parameters_is_named(tmp_path):
    for name, value in (("BENCH_FACTOR", "7"), ("BENCH_PEERS", "squid"), ("BENCH_SEED", "x")):
        done = subprocess.run([Path(__file__).with_name("run")], capture_output=True, text=True,
                              timeout=60, env={**os.environ, "BENCH": "shield", "BUILD": str(tmp_path), name: value})
        assert done.returncode == 1 and name in done.stderr, done


def test_ages_and_shares_are_written_for_people():
    assert (report.share(0.98765), report.share(None)) == ("98.8%", "-")
    assert (report.minutes(90), report.milliseconds(0.0012)) == ("1.5 min", "1.2 ms")
    assert report.lines([["a", "bb"], ["ccc", "d"]]) == "a    bb\n-------\nccc   d"
