"""The status page of a real chain: served by the workers, its numbers those of /metrics, to a real browser."""

import gzip
import math
import re
import signal

import pytest
from browser import Browser
from harness import SPACECRAFT, Behind, Chain, eventually
from status.site import POLICY, SOURCES, TYPES
from status.states import RESULTS, state
from status_look import Look

CHAIN = {"workers": 2, "quota": "15/3600"}
FILES = {"": "index.html", "status.css": "status.css", "status.js": "status.js", "icon.svg": "icon.svg"}


def state_of(chain):
    answer = chain.ask("/status/state.json")
    assert answer.status == 200, answer
    return answer.json


def fresh_state(chain, holds, what):
    """The state, as soon as that holds of it: it is made once a second."""
    found = {}

    def look():
        found["state"] = state_of(chain)
        return holds(found["state"])

    eventually(look, what)
    return found["state"]


def samples(chain):
    """{(name, labels as they stand): value} of /metrics."""
    text = chain.ask("/metrics").body.decode()
    return {(m[1], m[2] or ""): float(m[3])
            for m in re.finditer(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.M)}


def totals(chain):
    """{result: requests with it}, as the metrics have it."""
    found = samples(chain).items()
    return {result: sum(value for (name, labels), value in found
                        if name == "perigee_requests_total" and f'result="{result}"' in labels)
            for result in RESULTS}


@pytest.mark.parametrize("name, source", FILES.items())
def test_its_files(chain, name, source):
    """As they are in the source; conditional, compressed, and for no other origin."""
    path = f"/status/{name}"
    plain = chain.ask(path)
    text = (SOURCES / source).read_bytes()
    assert (plain.status, plain.body) == (200, text)
    assert plain.headers["Content-Type"] == TYPES["." + source.split(".")[1]]
    assert plain.headers["Content-Security-Policy"] == POLICY
    assert plain.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert plain.headers["X-Content-Type-Options"] == "nosniff"
    assert plain.headers["Cache-Control"] == "no-cache"
    assert "Access-Control-Allow-Origin" not in plain.headers
    again = chain.ask(path, {"If-None-Match": plain.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    if len(text) < 1000:
        return
    packed = chain.ask(path, {"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == text
    assert len(packed.body) < len(text) / 2


def test_the_state_is_for_no_other_origin_either(chain):
    answer = chain.ask("/status/state.json", {"Origin": "http://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == POLICY


def test_what_is_not_there(chain):
    assert chain.ask("/status/passwd").status == 404
    assert chain.ask("/status").headers["Location"] == "/status/"
    assert chain.ask("/status/", method="POST").status == 405


def shape(value):
    """Members and kinds of values, all the way down; of lists the first; null is any kind."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if value is None:
        return "any"
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def fits(real, told, where=""):
    if "any" in (real, told) or real == [] or told == []:
        return
    if isinstance(told, dict):
        assert isinstance(real, dict) and set(real) == set(told), where
        for name in told:
            fits(real[name], told[name], f"{where}.{name}")
    elif isinstance(told, list):
        fits(real[0], told[0], f"{where}[]")
    else:
        assert real == told, where


def test_the_page_was_tried_with_what_it_is_given(gate):
    """The states that the page's tests make up have the shape of a real one."""
    gate.origin.fault("latency", seconds=1, times=1)
    gate.ask(SPACECRAFT)
    real = fresh_state(gate, lambda s: s["wanted"] and s["slowest"] and s["budgets"][0]["calls"], "all of it")
    fits(shape(real), shape(state("healthy")))
    assert real["requests"]["minutes"]["counts"].keys() == real["requests"]["total"].keys()


def test_numbers_are_those_of_the_metrics(gate):
    for i in range(20):
        gate.ask(f"{SPACECRAFT}?limit={i + 1}")
    gate.ask(SPACECRAFT + "31337/")
    gate.ask(SPACECRAFT + "?orderng=id")
    # What nginx has answered out of its micro-cache is counted a moment later.
    seen = fresh_state(gate, lambda s: s["requests"]["total"]["hit"] >= 19, "a new state")
    seen = fresh_state(gate, lambda s: s["requests"]["total"] == totals(gate), "equal numbers")
    assert seen["requests"]["total"]["invalid"] >= 1 and seen["requests"]["total"]["negative"] >= 1
    numbers = samples(gate)
    budget = seen["budgets"][0]
    assert budget["name"] == "ll2" and budget["known"]
    assert budget["limit"] == numbers["perigee_upstream_quota_limit", 'budget="ll2"'] == 15
    assert budget["limit"] - budget["used"] == numbers["perigee_upstream_quota_remaining", 'budget="ll2"']
    assert budget["window_s"] == numbers["perigee_upstream_quota_window_seconds", 'budget="ll2"']
    assert seen["workers"] == numbers["perigee_workers", ""] == 2
    assert seen["started"] == numbers["perigee_start_time_seconds", ""] * 1000
    assert seen["redis"]["errors"] == numbers["perigee_redis_errors_total", ""]
    assert sum(seen["upstream"][how] for how in ("answered", "refused", "failed")) == sum(
        value for (name, labels), value in numbers.items()
        if name == "perigee_upstream_requests_total" and "calibration" not in labels)


def test_both_workers_tell_the_same(gate):
    """Whichever is asked: what was asked of either is on the board."""
    targets = {f"{SPACECRAFT}?limit={n + 1}" for n in range(8)}
    for target in sorted(targets):
        gate.ask(target)

    def asked():
        """By whichever worker; nginx takes them in turn."""
        return {one["target"]: one["asked"] for one in state_of(gate)["wanted"] if one["target"] in targets}

    eventually(lambda: set(asked()) == targets, "all that either was asked")
    # Each keeps what it told for a second, so a moment ago they may have told of different moments.
    eventually(lambda: all(asked() == asked() for _ in range(4)), "the same of both, again and again")
    wanted = state_of(gate)["wanted"][0]
    assert wanted["fetched_at"] <= state_of(gate)["now"] < wanted["fresh_until"]


def test_calls_are_on_the_time_line(gate):
    gate.ask(SPACECRAFT)
    gate.ask("/2.3.0/launches/upcoming/")
    seen = fresh_state(gate, lambda s: len(s["budgets"][0]["calls"]) == 2, "both calls")
    for call in seen["budgets"][0]["calls"]:
        assert call["class"] == "demand" and not call["in_flight"]
        assert 0 <= seen["now"] - call["at"] < 60_000


def test_what_is_being_fetched(gate):
    for i in range(4):  # of either worker the first: upstream's own count is asked for, which would be slow too
        gate.ask(gate.cold())
    gate.origin.fault("latency", seconds=3, times=1)
    target = gate.cold()
    asking = Behind(gate.ask, target)
    word = target.rpartition("=")[2]
    seen = fresh_state(gate, lambda s: [f for f in s["fills"] if f["calling"] and word in f["target"]],
                       "the call to be seen")
    assert seen["fills"][0]["class"] == "demand"
    assert seen["fills"][0]["waiting"] == 1
    assert seen["fills_all"] == 1
    assert any(call["in_flight"] for call in seen["budgets"][0]["calls"])
    asking.result()
    fresh_state(gate, lambda s: not s["fills"], "it to be over")


def test_history_is_there_when_the_page_is_opened():
    """It begins with the first minute, and survives the workers."""
    with Chain(workers=1, config={"metrics.file": "metrics"}) as chain:
        chain.ask(SPACECRAFT)
        before = fresh_state(chain, lambda s: s["requests"]["last_hour"]["miss"] == 1, "the request")
        chain.restart_worker(0)
        after = state_of(chain)
        assert after["requests"]["last_hour"]["miss"] == 1
        assert after["started"] >= before["started"]
        assert len(after["requests"]["minutes"]["counts"]["hit"]) == 180


def test_the_quota_is_spent():
    with Chain(quota="2/3600") as chain:
        chain.ask(SPACECRAFT)
        chain.ask("/2.3.0/launches/upcoming/")
        for i in range(20):
            chain.ask(f"{SPACECRAFT}?limit={i + 1}")
        assert chain.ask(chain.cold()).status == 429
        seen = fresh_state(chain, lambda s: s["requests"]["total"]["refused"] == 1 and s["requests"]["total"]["hit"] >= 20,
                           "all of it")
        budget = seen["budgets"][0]
        assert (budget["used"], budget["limit"]) == (2, 2)
        assert 3500_000 < budget["next_free_at"] - seen["now"] <= 3605_000
        assert seen["verdict"]["level"] == "degraded"  # one of 23
        assert "were refused" in seen["verdict"]["sentence"]
        assert seen["verdict"]["notes"][0].startswith("The quota is spent; the next call is free in ")


def test_upstream_is_down():
    with Chain(config={"upstream.retry": "10ms"}) as chain:
        chain.ask(SPACECRAFT)
        chain.origin.fault("status", status=503)
        eventually(lambda: chain.ask(chain.cold()) and state_of(chain)["budgets"][0]["breaker_open"], "the breaker", 30)
        seen = fresh_state(chain, lambda s: s["upstream"]["failed"] >= 5, "the failures")
        assert seen["verdict"]["level"] == "bad"
        assert "could not be answered" in seen["verdict"]["sentence"]
        assert "Upstream does not answer; it is tried again by itself." in seen["verdict"]["notes"]


def test_redis_goes_and_comes():
    """What the page can say without Redis it says, and to a browser."""
    with Chain(quota="15/3600") as chain, Browser() as browser:
        for _ in range(5):
            chain.ask(SPACECRAFT)
        look = Look(browser)
        look.open(f"{chain.base}/status/")
        eventually(lambda: look.text("figure-redis") == "up", "Redis to be up")
        chain.kill_redis()
        eventually(lambda: look.text("figure-redis") == "away", "Redis to be away")
        eventually(lambda: look.text("sentence") == "Redis is away; clients are answered from memory.", "the sentence")
        assert look.run("return document.querySelector('.gauge .big').textContent") == "?"
        chain.start_redis()
        eventually(lambda: look.text("figure-redis") == "up", "Redis to be back", 20)


def test_a_browser_is_shown_what_is_counted(gate):
    """Live, whole, within the policy; and when the workers go it says so."""
    for i in range(30):
        gate.ask(f"{SPACECRAFT}?limit={i % 3 + 1}")
    with Browser() as browser:
        look = Look(browser)
        look.open(f"{gate.base}/status/")
        hits = "return document.querySelector('#result-hit [data-total]').dataset.total"
        eventually(lambda: look.text("pulse-text").startswith("live"), "the state")
        eventually(lambda: float(look.run(hits)) == totals(gate)["hit"], "the hits to be those of the metrics")
        gate.ask(SPACECRAFT)
        eventually(lambda: float(look.run(hits)) == totals(gate)["hit"], "one more")
        assert look.violations == []
        assert look.too_wide == 0
        assert all(url.startswith(f"{gate.base}/status/") for url in look.loaded)
        for i in range(2):
            gate.stop_worker(i)
        eventually(lambda: "no worker behind it answers (502)" in look.text("notes"), "the bad news")
        for i in range(2):
            gate.restart_worker(i)
        eventually(lambda: look.text("pulse-text").startswith("live"), "the good news")


def test_strangers_are_kept_out():
    """As shipped it is for this machine; whoever is not named in private.conf gets a 403."""
    with Chain() as chain:
        snippet = chain.run_dir / "nginx/perigee/private.conf"
        lines = re.findall(r"^(allow|deny) +([^;]+);$", snippet.read_text(), re.M)
        assert lines == [("allow", "127.0.0.0/8"), ("allow", "::1"), ("deny", "all")]
        snippet.write_text("allow 192.0.2.1;\ndeny all;\n")
        chain.nginx.send_signal(signal.SIGHUP)
        paths = ["/status/", "/status/state.json", "/status/status.js", "//status//state.json", "/%73tatus/",
                 "/metrics"]
        # Until the workers of nginx that have the old rule are gone.
        eventually(lambda: all(chain.get(path).status == 403 for path in 3 * paths), "the new rule")
        for path in paths:
            assert b"urn:perigee:problem:forbidden" in chain.get(path).body
        assert chain.get(SPACECRAFT).status == 200


# All that the page shows of what the metrics tell, too.
SHOWN = """
    const text = query => document.querySelector(query).textContent;
    const numbers = query => (text(query).match(/[0-9.]+/g) || []).map(Number);
    return {
        results: Object.fromEntries([...document.querySelectorAll("#results tr")].map(row => [
            row.id.slice("result-".length), [...row.querySelectorAll("td")].map(cell => parseFloat(cell.textContent))])),
        hits: numbers("#figure-hits")[0], asked: numbers("#more-rate")[0],
        calls: Number(text("#more-upstream").match(/([0-9]+) call/)[1]),
        redis: text("#figure-redis"),
        left: numbers("[data-budget=ll2] .gauge .big")[0], limit: numbers("[data-budget=ll2] h2 small")[0],
        taken: document.querySelectorAll("[data-budget=ll2] .slot.taken").length,
        slots: document.querySelectorAll("[data-budget=ll2] .slot").length,
        line: document.querySelectorAll("[data-budget=ll2] .call").length,
        table: document.querySelectorAll("[data-budget=ll2] tbody tr").length,
        workers: numbers("#since")[0], version: text("#version"),
    };
"""


def test_every_number_on_the_page_is_that_of_the_metrics():
    """Once all is at rest. In the first hour, so that what is of the last one is all."""
    with Chain(workers=2, quota="15/3600") as chain, Browser() as browser:
        for i in range(40):
            chain.ask(f"{SPACECRAFT}?limit={i % 7 + 1}")
        chain.ask(SPACECRAFT + "31337/")
        chain.ask(SPACECRAFT + "?orderng=id")
        for _ in range(3):
            chain.ask("/2.3.0/nothing/")
        chain.origin.fault("status", status=500, times=1)
        assert chain.ask(chain.cold()).status == 502
        chain.origin.fault("latency", seconds=0.3, times=1)
        chain.ask("/2.3.0/agencies/")
        look = Look(browser)
        look.open(f"{chain.base}/status/")
        eventually(lambda: look.text("pulse-text").startswith("live"), "the state")

        def told():
            """What the page should show, by /metrics."""
            numbers, results = samples(chain), totals(chain)
            in_all = sum(results.values())
            wanted = in_all - results["negative"] - results["invalid"]
            ratio = math.floor((results["hit"] + results["stale"]) / wanted * 1000) / 10
            calls = {labels: value for (name, labels), value in numbers.items()
                     if name == "perigee_upstream_requests_total" and "calibration" not in labels}
            left = numbers["perigee_upstream_quota_remaining", 'budget="ll2"']
            limit = numbers["perigee_upstream_quota_limit", 'budget="ll2"']
            version = next(re.search('version="(.*?)"', labels)[1] for (name, labels) in numbers
                           if name == "perigee_build_info")
            return {"results": {result: [n, n] for result, n in results.items()},
                    "hits": ratio, "asked": in_all, "calls": sum(calls.values()),
                    "redis": "up" if numbers["perigee_redis_up", ""] else "away",
                    "left": left, "limit": limit, "taken": limit - left, "slots": limit,
                    "line": limit - left, "table": limit - left,
                    "workers": numbers["perigee_workers", ""], "version": version}

        def shown():
            found = look.run(SHOWN)
            found["results"] = {result: [hour, in_all] for result, (hour, _, in_all) in found["results"].items()}
            return found

        eventually(lambda: shown() == told(), "the same numbers", 20)
        assert told()["results"]["error"][0] == 1 and told()["calls"] >= 4
        assert told()["asked"] == 47
