"""/metrics: what Prometheus reads there is well-formed, bounded, and exact."""

import os
import re
import signal
import subprocess

import pytest
from harness import SLOW, SPACECRAFT, Chain, eventually, together

OBJECT = SPACECRAFT + "430/"
SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


class Numbers:
    """One scrape: numbers("name", label="value") is the sum of the samples that match."""

    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = SAMPLE.fullmatch(line).groups()
                self.samples.append((name, dict(LABEL.findall(labels or "")), float(value)))

    def __call__(self, name, **wanted):
        return sum(value for found, labels, value in self.samples
                   if found == name and wanted.items() <= labels.items())

    def has(self, name, **wanted):
        return any(found == name and wanted.items() <= labels.items()
                   for found, labels, _ in self.samples)


def scrape(chain):
    answer = chain.get("/metrics")
    assert answer.status == 200
    return Numbers(answer.body.decode())


@pytest.fixture(scope="module")
def chain():
    with Chain(workers=2) as chain:
        yield chain


@pytest.fixture
def gate(chain):
    chain.reset()
    return chain


def test_promtool_finds_nothing_wrong(gate):
    for target in (SPACECRAFT, OBJECT, "/nowhere", SPACECRAFT + "?x=1"):
        gate.ask(target)
    answer = gate.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    done = subprocess.run(["promtool", "check", "metrics"], input=answer.body, timeout=60,
                          capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def mixed(i):
    """A request of every kind, by turns."""
    return [
        (SPACECRAFT + f"?limit={i % 7 + 1}", {}),
        (OBJECT, {}),
        (OBJECT, {"method": "HEAD"}),
        (SPACECRAFT + f"?offset={i}", {"headers": {"Accept-Encoding": "gzip"}}),
        (SPACECRAFT + "?orderng=id", {}),
        (f"/nowhere/{i}", {}),
        (SPACECRAFT + f"{10 ** 8 + i}/", {}),
        (SPACECRAFT + f"?search=nobody{i}", {"headers": {"Cache-Control": "only-if-cached"}}),
        (SPACECRAFT, {"method": "DELETE"}),
        ("/2.3.0/api-throttle/", {}),
        ("/2.3.0/", {}),
        (f"/2.3.0/launches/?search=cold{i}", {}),
    ]


def test_every_request_is_counted_once(gate):
    """Whichever worker answered it, and whatever it was."""
    before = scrape(gate)
    statuses = together(8, lambda n: [gate.get(target, **how).status
                                      for i in range(3) for target, how in mixed(8 * i + n)])
    sent = sum(map(len, statuses))
    pages = [gate.get(page).status for page in ("/healthz", "/readyz", "/openapi.json")]
    assert pages == [200, 200, 200]
    assert gate.get(SPACECRAFT, method="OPTIONS").status == 204
    after = before

    def grew(name, **labels):
        return after(name, **labels) - before(name, **labels)

    def all_are_told():
        """What nginx answered out of its micro-cache is told a moment later."""
        nonlocal after
        after = scrape(gate)
        return grew("perigee_requests_total") >= sent

    eventually(all_are_told, f"{sent} requests to be told")
    assert grew("perigee_requests_total") == sent
    assert grew("perigee_request_methods_total") == sent
    assert (grew("perigee_request_duration_seconds_count") +
            grew("perigee_microcache_requests_total")) == sent
    for page in ("healthz", "readyz", "openapi", "options"):
        assert grew("perigee_pages_total", page=page) == 1
    refused = [s for some in statuses for s in some if s in (400, 404, 405)]
    assert (grew("perigee_requests_total", result="invalid") +
            grew("perigee_requests_total", result="negative")) == len(refused)
    assert grew("perigee_requests_total", result="error") == sum(
        s >= 500 for some in statuses for s in some)
    assert {labels["result"] for name, labels, _ in after.samples
            if name == "perigee_requests_total"} <= {
        "hit", "stale", "miss", "collapsed", "negative", "invalid", "refused", "error"}


def test_calls_are_those_that_upstream_has_seen(gate):
    gate.origin.forget_calls()
    before = scrape(gate)
    together(6, lambda n: gate.get(gate.cold()))
    gate.origin.fault("status", status=500)
    assert gate.get(gate.cold()).status == 502
    gate.origin.lift()
    after = scrape(gate)
    assert gate.calls == 7
    assert after("perigee_upstream_requests_total", **{"class": "demand"}) == \
        before("perigee_upstream_requests_total", **{"class": "demand"}) + 7
    assert after("perigee_upstream_requests_total", code="500") == \
        before("perigee_upstream_requests_total", code="500") + 1


def test_labels_are_bounded(gate):
    gate.ask("/secret-path/?api_key=hunter2")
    gate.ask(SPACECRAFT + "?secret-name=hunter2")
    gate.ask(SPACECRAFT + "4711/")
    text = scrape(gate).text
    for word in ("secret", "hunter2", "4711"):
        assert word not in text
    endpoints = set(re.findall(r'endpoint="([^"]*)"', text))
    assert "/2.3.0/spacecraft/{id}/" in endpoints and "(unmatched)" in endpoints
    for endpoint in endpoints:
        assert re.fullmatch(r"\((unmatched|other)\)|/[a-z0-9./_-]*(\{id\}/)?", endpoint)


def test_counts_outlive_workers():
    with Chain(workers=2) as chain:
        for _ in range(10):
            chain.ask(OBJECT)
        assert chain.restart_worker(0) == 0
        chain.restart_worker(1, signal.SIGKILL)
        eventually(lambda: scrape(chain)("perigee_requests_total") == 10, "all to be told")
        assert scrape(chain)("perigee_workers") == 2
        chain.stop_worker(0, signal.SIGKILL)
        # The dead one's gauges are gone with it.
        assert scrape(chain)("perigee_workers") == 1
        assert scrape(chain)("perigee_requests_total") == 10


def test_a_file_of_rubbish_does_no_harm():
    """Under a worker that runs, and before one that starts."""
    with Chain(workers=2) as chain:
        file = chain.run_dir / "metrics"
        assert file.stat().st_mode & 0o777 == 0o600
        chain.ask(OBJECT)
        with open(file, "r+b") as stream:
            stream.truncate(0)  # `: >metrics`
        assert chain.ask(OBJECT).status == 200
        assert chain.ask("/metrics").status == 200
        file.write_bytes(b"\xff" * 5000)
        chain.restart_worker(0)
        chain.restart_worker(1)
        assert chain.ask(OBJECT).status == 200
        eventually(lambda: scrape(chain)("perigee_requests_total") >= 1, "it to be told")
        assert scrape(chain)("perigee_requests_total") == 1
        assert scrape(chain)("perigee_workers") == 2


def test_without_a_place_for_the_file_each_counts_for_itself():
    with Chain(config={"metrics.file": "/nowhere/at/all"}) as chain:
        assert "event=metrics_private" in chain.log("worker-0")
        chain.ask(OBJECT)
        assert scrape(chain)("perigee_requests_total") == 1


def test_what_redis_tells_and_what_is_left_when_it_does_not():
    with Chain(quota="15/3600", config={"redis.command_timeout": "300ms"}) as chain:
        chain.ask(OBJECT)
        numbers = scrape(chain)
        assert numbers("perigee_redis_up") == 1
        assert numbers("perigee_upstream_quota_limit", budget="ll2") == 15
        assert numbers("perigee_upstream_quota_remaining", budget="ll2") == 14
        assert 3600 - 10 * SLOW < numbers("perigee_upstream_quota_reset_seconds", budget="ll2") <= 3600
        assert numbers("perigee_cache_entries", cache="redis") == chain.cache("DBSIZE")
        assert numbers("perigee_cache_bytes", cache="redis") > 100_000
        assert numbers("perigee_cache_limit_bytes", cache="redis") == 256 * 1024 * 1024
        assert numbers("perigee_cache_entries", cache="memory") == 1
        os.kill(chain.redis.pid, signal.SIGSTOP)  # it hangs, which is worse than gone
        try:
            eventually(lambda: scrape(chain)("perigee_redis_up") == 0, "Redis to be missed")
            numbers = scrape(chain)
        finally:
            os.kill(chain.redis.pid, signal.SIGCONT)
        assert not numbers.has("perigee_upstream_quota_limit")
        assert not numbers.has("perigee_cache_entries", cache="redis")
        assert numbers("perigee_redis_errors_total") >= 1
        assert numbers("perigee_cache_entries", cache="memory") == 1
        assert numbers("perigee_requests_total") == 1
