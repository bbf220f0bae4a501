"""Starts and ends what is compared.

All of them serve the same bytes: the caches have them from a perigee of their own (`source`),
which also gives its Redis and its upstream to those that are measured. What is measured keeps
everything for an hour, but for perigee's micro-cache, which is as it is shipped.
"""

import os
import shutil
from pathlib import Path

from stack import Stack

from ..shield import peers as shield
from ..shield.peers import MODULES, Failed, nginx


HERE = Path(__file__).resolve().parent


class Perigee:
    """The chain of `make run` over the source's Redis. `config` is what is different."""

    source = None
    workers = 2
    micro_cache = False
    module = False
    config = {}
    slack = 0.02  # of an answer's length: another port in the links

    def __init__(self, source):
        self.stack = Stack(upstream=source.sandbox, quota="none", workers=self.workers,
                           redis=f"unix:{source.redis_socket}", access_log=False,
                           micro_cache=self.micro_cache, module=self.module,
                           config={"log.requests": "no", **self.config})
        self.redis = source.redis.pid

    def __enter__(self):
        self.stack.start()
        self.port = self.stack.port
        return self

    def __exit__(self, kind, *_):
        complaints = self.stack.stop()
        if complaints and kind is None:
            raise Failed("\n".join(complaints))

    def url(self, target):
        return target

    @property
    def roots(self):
        return [self.stack.nginx.pid, *(worker.pid for worker in self.stack.workers), self.redis]

    @property
    def files(self):
        return self.stack.run_dir


class MicroCache(Perigee):
    """As it is with an nginx that has no module of ours."""

    micro_cache = True


class Shelf(MicroCache):
    """As it is."""

    module = True


class MemoryOff(Perigee):
    config = {"cache.memory_bytes": "0", "cache.answers_bytes": "0"}


class OneWorker(Perigee):
    """For what a worker keeps, its shelf included: a second one would keep the same."""

    module = True
    workers = 1
    config = {"cache.memory_bytes": "1000000000", "cache.answers_bytes": "1000000000"}


class Service(shield.Service):
    """A process before the source. `pages` are {target: (identity, gzip)}."""

    slack = Perigee.slack

    def __init__(self, source, pages):
        super().__init__()
        self.upstream = source.port
        self.pages = pages

    def written(self, template, **values):
        text = (HERE / template).read_text()
        values = {"UPSTREAM": self.upstream, "PORT": self.port, "MODULES": MODULES,
                  "USER": "user root root;" if os.geteuid() == 0 else "", **values}
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        path = self.folder / template.removesuffix(".in")
        path.write_text(text)
        return path

    def url(self, target):
        return target

    @property
    def roots(self):
        return [self._child.pid]

    @property
    def files(self):
        return self.folder


class ProxyCache(Service):
    """The expert's: it keeps what is compressed."""

    values = {"CODING": "$coding", "GZIP": "gzip off;"}

    def command(self):
        return nginx(self.folder, self.written("cache.conf.in", **self.values))


class Compressing(ProxyCache):
    """What everybody gets who writes `gzip on`."""

    slack = 0.05  # zlib's gzip, and the source's is another library's

    values = {"CODING": "", "GZIP": "gzip on; gzip_types application/json; gzip_proxied any;"
                                    " gzip_comp_level 6; gzip_min_length 1000; gzip_vary on;"}


class Static(Service):
    def command(self):
        files = self.folder / "files"
        if not files.exists():
            for target, (identity, gzip) in self.pages.items():
                path = files / self.url(target)[1:]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(identity)
                path.with_name(path.name + ".gz").write_bytes(gzip)
        return nginx(self.folder, self.written("static.conf.in"))

    def url(self, target):
        """A path of about the same length."""
        return target.replace("/?", "/").rstrip("/") + ".json"


class Varnish(Service):
    def command(self):
        return [shutil.which("varnishd") or "/usr/sbin/varnishd", "-F", "-j", "none",
                "-n", self.folder / "work", "-a", f"127.0.0.1:{self.port}",
                "-f", self.written("varnish.vcl.in"), "-s", "malloc,2g", "-T", "none",
                "-p", "thread_pools=2", "-p", "thread_pool_min=100",
                "-p", "http_gzip_support=off"]


# In the order of the table.
PEERS = {"shelf": Shelf, "micro": MicroCache, "perigee": Perigee, "redis": MemoryOff, "cache": ProxyCache,
         "compressing": Compressing, "static": Static, "varnish": Varnish}

REFERENCE = "cache"


def start(kind, source, pages):
    return kind(source) if issubclass(kind, Perigee) else kind(source, pages)
