"""Starts and ends what is compared, each in front of an upstream of its own.

Everybody gets perigee's times: as long fresh, as long usable when stale. (The longest that any
table allows: no run is as long as the shortest.)
"""

import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from stack import Stack
from stack.chain import (PYTHON, REPO, clean_environment, free_port, nginx_program,
                         port_is_free)
from stack.child import Child, wait_until

HERE = Path(__file__).resolve().parent
MODULES = "/usr/lib/nginx/modules"
PATIENCE = 60


class Failed(Exception):
    """Something did not start."""


class Service:
    """A process with a port and a folder of its own: a `with` block."""

    def __init__(self):
        self.port = None
        self.folder = None
        self._child = None

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="perigee-bench-"))
        try:
            for _ in range(10):  # somebody else may be quicker to take a port
                self.port = free_port()
                self._child = Child(type(self).__name__.lower(), self.command(),
                                    log=self.folder / "log", cwd=self.folder,
                                    env=clean_environment())
                self._child.start()
                if not wait_until(self._is_settled, PATIENCE):
                    break
                if self._child.running:
                    return self
            raise Failed(self._child.report())
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        if self._child:
            self._child.stop(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_settled(self):
        return not self._child.running or not port_is_free(self.port)

    def command(self):
        raise NotImplementedError

    def written(self, template, **values):
        """A template of this folder with its places filled in, beside the log."""
        text = (HERE / template).read_text()
        values = {"UPSTREAM": self.upstream, "PORT": self.port, "HERE": HERE, "MODULES": MODULES,
                  "USER": "user root root;" if os.geteuid() == 0 else "", **values}
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        path = self.folder / template.removesuffix(".in")
        path.write_text(text)
        return path


class Upstream:
    """The stand-in for Launch Library. Its throttle is off until somebody sets it."""

    def __enter__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="perigee-bench-"))
        self._child = Child("upstream", [PYTHON, REPO / "tests/sandbox/serve.py",
                                         "--port", "0", "--quota", "none", "--stamp"],
                            log=self._folder / "log", cwd=self._folder, env=clean_environment())
        self._child.start()
        return self

    def __exit__(self, *_):
        self._child.stop(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def port(self):
        """Waits until it serves: several can be started side by side."""
        def ready():
            return re.search(r"sandbox ready: http://127\.0\.0\.1:(\d+)$", self._child.text(), re.M)

        wait_until(lambda: ready() or not self._child.running, PATIENCE)
        if not ready():
            raise Failed(self._child.report())
        return int(ready()[1])


class Cache(Service):
    """upstream   port of the upstream
    times      Freshness
    factor     by which its times are divided
    """

    def __init__(self, *, upstream, times, factor, quota):
        super().__init__()
        self.upstream = upstream
        self.times = times
        self.factor = factor


class Nginx(Cache):
    def command(self):
        path = self.written("nginx.conf.in", NEGATIVE=self._seconds(self.times.negative),
                            LOCATIONS="".join(map(self._location, self.times.endpoints)))
        return nginx(self.folder, path)

    def _location(self, endpoint):
        return (f"\t\tlocation ^~ {self.times.root}{endpoint}/ {{\n"
                "\t\t\tproxy_cache ll2;\n"
                f"\t\t\tproxy_cache_valid 200 {self._seconds(self.times.fresh(endpoint))}s;\n"
                f"\t\t\tproxy_cache_valid 400 404 {self._seconds(self.times.negative)}s;\n"
                "\t\t\tproxy_pass http://ll2$uri$sorted;\n"
                "\t\t}\n")

    def _seconds(self, upstream_seconds):
        """nginx counts whole seconds, and keeps an answer to the end of its last one."""
        return max(int(upstream_seconds / self.factor), 1)


class Varnish(Cache):
    def command(self):
        path = self.written("varnish.vcl.in", NEGATIVE=self._seconds(self.times.negative),
                            GRACE=self._seconds(30 * 86400), COOL=self._seconds(60),
                            TIMES="".join(map(self._time, sorted(self.times.endpoints))))
        return [shutil.which("varnishd") or "/usr/sbin/varnishd", "-F", "-j", "none",
                "-n", self.folder / "work", "-a", f"127.0.0.1:{self.port}", "-f", path,
                "-s", "malloc,500m", "-T", "none", "-p", "thread_pools=1",
                "-p", "thread_pool_min=50"]

    def _time(self, endpoint):
        return (f'\tif (beresp.status == 200 && bereq.url ~ "^{re.escape(self.times.root)}{endpoint}/") {{'
                f" set beresp.ttl = {self._seconds(self.times.fresh(endpoint))}s; }}\n")

    def _seconds(self, upstream_seconds):
        return f"{upstream_seconds / self.factor:.3f}"


class NoCache(Cache):
    def command(self):
        return nginx(self.folder, self.written("plain.conf.in"))


def nginx(folder, configuration):
    return [nginx_program(), "-p", f"{folder}/", "-c", configuration, "-e", "stderr"]


class Perigee:
    """The whole chain of `make run`, two workers behind nginx, with its times divided."""

    def __init__(self, *, upstream, times, factor, quota, **config):
        self._stack = Stack(
            upstream=f"http://127.0.0.1:{upstream}", quota=quota, workers=2,
            config={"cache.time_scale": f"{factor:g}",
                    # The pause after a failure begins with a second of upstream time, too.
                    "upstream.retry": f"{max(round(1000 / factor), 1)}ms", **config})

    def __enter__(self):
        self._stack.start()
        self.port = self._stack.port
        return self

    def __exit__(self, kind, *_):
        complaints = self._stack.stop()
        if complaints and kind is None:
            raise Failed("\n".join(complaints))


class PerigeeFixed(Perigee):
    """The same, but that answers are fresh for as long as their endpoint says, whatever they say: as
    the others have to believe."""

    def __init__(self, **options):
        self._tables = Path(tempfile.mkdtemp(prefix="perigee-bench-"))
        for path in (REPO / "conf/apis").glob("*.json"):
            table = json.loads(path.read_text(), object_hook=without_rules)
            (self._tables / path.name).write_text(json.dumps(table))
        super().__init__(**options, **{"api.tables": self._tables})

    def __exit__(self, *error):
        try:
            super().__exit__(*error)
        finally:
            shutil.rmtree(self._tables, ignore_errors=True)


def without_rules(members):
    return {name: value for name, value in members.items() if name != "fresh_when"}


PEERS = {"perigee": Perigee, "nginx": Nginx, "varnish": Varnish, "none": NoCache}
FIXED = "fixed"  # perigee once more, in the second run
