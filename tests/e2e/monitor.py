"""A real Prometheus, of the time scale of a test: it looks every second, and its rules wait for seconds
where the shipped ones wait for minutes."""

import json
import re
import shutil
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

from harness import SLOW
from stack.chain import REPO, clean_environment, free_port
from stack.child import Child, wait_until

RULES = REPO / "conf/prometheus/perigee.rules.yml"
EXAMPLE = REPO / "conf/prometheus/prometheus.yml"
DASHBOARD = REPO / "conf/grafana/perigee.json"

# Rates over the last 15 s, of samples that are a second apart.
RATE = "15s"


def quick_rules():
    """The shipped rules, only sooner."""
    text = re.sub(r"\bfor: \d+m\b", "for: 1s", RULES.read_text())
    return text.replace("[5m]", f"[{RATE}]")


def dashboard_queries():
    """[(title of the panel, query)], with what Grafana would put in."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    found = []
    for panel in panels:
        for target in panel.get("targets", []):
            query = target["expr"].replace("$job", "perigee").replace("$__rate_interval", RATE)
            assert "$" not in query, query
            found.append((panel["title"], query))
    return found


class Prometheus:
    """`with Prometheus(port) as prometheus`: it scrapes the site at that port, as job perigee."""

    def __init__(self, port):
        self._site = port
        self._dir = self._child = None

    def __enter__(self):
        self._dir = Path(tempfile.mkdtemp(prefix="perigee-prometheus-"))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._child:
            self._child.stop(20)
        shutil.rmtree(self._dir, ignore_errors=True)

    def _start(self):
        config = re.sub(r"(_interval: )15s", r"\g<1>1s", EXAMPLE.read_text())
        config = config.replace("127.0.0.1:8080", f"127.0.0.1:{self._site}")
        (self._dir / "prometheus.yml").write_text(config)
        (self._dir / "perigee.rules.yml").write_text(quick_rules())
        for _ in range(10):
            self.port = free_port()
            self._child = Child("prometheus", [
                shutil.which("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
                log=self._dir / "log", cwd=self._dir, env=clean_environment())
            self._child.start()
            if wait_until(lambda: self._is_ready() or not self._child.running, 60 * SLOW) and self._child.running:
                return
            assert "address already in use" in self._child.text(), self._child.report()
        raise AssertionError(self._child.report())

    def _is_ready(self):
        try:
            return self._get("/-/ready", raw=True)
        except OSError:
            return False

    def _get(self, path, raw=False, **query):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=30 * SLOW) as answer:
            return answer.read() if raw else json.load(answer)["data"]

    def ask(self, query):
        """{labels as text: value}"""
        found = self._get("/api/v1/query", query=query)["result"]
        return {json.dumps(one["metric"], sort_keys=True): float(one["value"][1]) for one in found}

    @property
    def firing(self):
        return {one["labels"]["alertname"] for one in self._get("/api/v1/alerts")["alerts"]
                if one["state"] == "firing"}
