"""What operators see, by the programs that they use: the rules by promtool, then rules and dashboard by
a real Prometheus that scrapes two workers."""

import json
import math
import re
import subprocess

import pytest
from harness import SPACECRAFT, Chain, eventually, tables, together
from monitor import DASHBOARD, EXAMPLE, RULES, Prometheus, dashboard_queries, quick_rules
from stack.chain import REPO

CASES = REPO / "tests/e2e/alert_rules.test.yml"
RUNBOOK = REPO / "conf/operations.md"
ALERTS = re.findall(r"^  - alert: (\w+)$", RULES.read_text(), re.M)


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=120)


# ---- the files ----------------------------------------------------------------

def test_the_rules_are_rules():
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0, done.stderr
    assert re.search(r"SUCCESS: \d+ rules found", done.stdout), done.stdout


def test_the_example_is_a_configuration():
    done = promtool("check", "config", EXAMPLE)
    assert done.returncode == 0, done.stderr + done.stdout


def test_each_alert_fires_when_it_should(tmp_path):
    cases = tmp_path / "cases.yml"
    cases.write_text(CASES.read_text().replace("@RULES@", str(RULES)))
    done = promtool("test", "rules", cases)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_is_tried_both_ways_and_explained(alert):
    """It fires in one case, does not in another, and says where to read on."""
    # `alertname` in one line with `exp_alerts: []`, or at the head of a block.
    text = CASES.read_text()
    assert re.search(rf"\{{alertname: {alert}, eval_time: \w+, exp_alerts: \[\]\}}", text)
    assert re.search(rf"- alertname: {alert}\n", text)
    rule = RULES.read_text().split(f"- alert: {alert}\n")[1].split("- alert:")[0]
    assert f"runbook: conf/operations.md#{alert.lower()}\n" in rule
    assert "summary:" in rule and re.search(r"severity: (critical|warning)\n", rule)
    section = re.search(rf"^### {alert}\n(.*?)(?=^##|\Z)", RUNBOOK.read_text(), re.M | re.S)
    assert section, f"{RUNBOOK} has no section on {alert}"
    for word in ("**Means**", "**Look**", "**Do**"):
        assert word in section[1], word


def test_the_dashboard_shows_metrics_that_there_are(tmp_path):
    """Every name in rules and dashboard is one that the workers tell; no panel is without a query."""
    told = set(re.findall(r'"(perigee_\w+)"', (REPO / "gateway/app/metric_names.h").read_text()))
    used = " ".join([RULES.read_text(), *(query for _, query in dashboard_queries())])
    names = {re.sub(r"_(bucket|sum|count)$", "", name) if re.sub(r"_(bucket|sum|count)$", "", name) in told
             else name for name in re.findall(r"(?<![\w:])perigee_\w+(?!:)", used)}
    assert names and names <= told, names - told
    panels = [p for p in json.loads(DASHBOARD.read_text())["panels"] if p["type"] != "row"]
    assert all(panel["targets"] for panel in panels)
    assert len({panel["id"] for panel in panels}) == len(panels)


# ---- a real Prometheus ----------------------------------------------------------

def is_data(found):
    return bool(found) and all(math.isfinite(value) for value in found.values())


def use(chain):
    """Requests of every result that there can be without trouble."""
    for i in range(10):
        chain.ask(f"{SPACECRAFT}?limit={i % 3 + 1}")
    chain.ask("/v4/articles/?limit=2")
    chain.ask(SPACECRAFT + "?orderng=id")


def test_rules_and_dashboard(tmp_path):
    """One story, since starting costs more than telling: all is well and every query has data; upstream dies;
    it comes back and the quota is spent; Redis goes; the site goes."""
    config = {"api.tables": tables(tmp_path, fresh="1s"), "upstream.retry": "10ms", "metrics.file": "metrics"}
    (tmp_path / "snapi-4.json").write_text((REPO / "conf/apis/snapi-4.json").read_text())
    with Chain(workers=2, quota="25/3600", config=config) as chain, Prometheus(chain.port) as prometheus:
        eventually(lambda: prometheus.ask("perigee_workers"), "the first scrape")
        chain.origin.fault("latency", seconds=1, times=2)
        cold = chain.cold()
        together(3, lambda _: chain.ask(cold))  # a miss, and two that collapse into it

        def lacking():
            use(chain)
            return [title + ": " + query for title, query in dashboard_queries()
                    if not is_data(prometheus.ask(query))]

        missing = []

        def whole():
            missing[:] = lacking()
            return not missing

        try:
            eventually(whole, "data in every panel", 30)
        except AssertionError as error:
            raise AssertionError("\n".join(missing)) from error
        assert not prometheus.firing & {"PerigeeUpstreamDown", "PerigeeRedisDown", "PerigeeNotScraped",
                                        "PerigeeReloadFailed", "PerigeeWorkerGone", "PerigeeErrors"}

        chain.origin.fault("status", status=503)

        def fires(alert, meanwhile=lambda: None):
            eventually(lambda: (meanwhile(), alert in prometheus.firing)[1], f"{alert} to fire", 20)

        fires("PerigeeUpstreamDown", lambda: chain.ask(chain.cold()))
        fires("PerigeeErrors", lambda: chain.ask(chain.cold()))
        chain.origin.lift()
        # The longer all that took, the more of the quota is gone, and without a call nobody knows better.
        chain.origin.order("DELETE", "throttle")
        chain.cache("DEL", "perigee:{ll2}:calls")
        eventually(lambda: chain.ask(chain.cold()) and "PerigeeUpstreamDown" not in prometheus.firing,
                   "it to be over", 30)

        fires("PerigeeQuotaNearlySpent", lambda: chain.ask(chain.cold()))
        fires("PerigeeRequestsRefused", lambda: chain.ask(chain.cold()))
        # All that is asked for now is stale, and stays so.
        fires("PerigeeServingStale", lambda: chain.ask(SPACECRAFT))

        chain.kill_redis()
        fires("PerigeeRedisDown")
        chain.start_redis()
        chain.stop_worker(1)
        fires("PerigeeWorkerGone")
        chain.stop_worker(0)
        fires("PerigeeNotScraped")


def test_the_quick_rules_are_the_same_rules():
    """Sooner, and nothing else."""
    shipped = re.sub(r"for: \d+m", "for: _", RULES.read_text()).replace("[5m]", "[_]")
    assert re.sub(r"for: 1s", "for: _", quick_rules()).replace("[15s]", "[_]") == shipped
