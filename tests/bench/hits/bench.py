"""Loads every peer in turn, over and over, and writes what came of it."""

import json
from collections import defaultdict, namedtuple
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from stack import Stack
from stack.child import wait_until
from stack.rolling import counted as requests_total

from ..shield.peers import Failed
from . import instructions, load, measure, pages, peers, processes, report
from .fetch import fetch

DRAWS = 100000
COUNTED_WITHIN = 20  # seconds: nginx writes once a second, a worker reads once a second
HOT = 10  # every tenth of the pages that are kept is asked for without a coding too

# What is asked for, how, and by how many.
Cell = namedtuple("Cell", "page coding keys connections")


class Parameters:
    """From the environment; README.md has the list."""

    def __init__(self, environment):
        def read(name, default, kind):
            text = environment.get(f"BENCH_{name}") or default
            try:
                return kind(text)
            except ValueError:
                raise Failed(f"BENCH_{name} cannot be {text!r}") from None

        def numbers(text):
            return [int(word) for word in text.split()]

        self.rounds = read("ROUNDS", "5", int)
        self.seconds = read("SECONDS", "1", int)
        self.keys = read("KEYS", "1000", int)
        self.connections = read("CONNECTIONS", "32 128", numbers)
        self.kept = read("KEPT", "10000", int)
        self.instructions = read("INSTRUCTIONS", "2000", int)
        self.peers = read("HITS", " ".join(peers.PEERS), str).replace(",", " ").split()
        if peers.REFERENCE not in self.peers or any(n not in peers.PEERS for n in self.peers):
            raise Failed(f"BENCH_HITS are {peers.REFERENCE} and more of {' '.join(peers.PEERS)}")

    @property
    def cells(self):
        return [Cell(*values) for values in product(
            ("list", "detail"), ("identity", "gzip"), (1, self.keys), self.connections)]


def objects(source, endpoint):
    """The numbers of all there are."""
    found = []
    while True:
        target = f"/2.3.0/{endpoint}/?limit=100&offset={len(found)}"
        page = json.loads(fetch(source.port, [target])[target])
        found += [row["id"] for row in page["results"]]
        if not page["next"]:
            return found


class World:
    """What is asked for, and what the answers are."""

    def __init__(self, source, parameters):
        self.targets = {"list": pages.lists(parameters.keys),
                        "detail": pages.details(parameters.keys,
                                                lambda name: objects(source, name))}
        every = [target for targets in self.targets.values() for target in targets]
        identity, gzip = (fetch(source.port, every, coding) for coding in ("identity", "gzip"))
        self.bodies = {target: (identity[target], gzip[target]) for target in every}

    def size(self, page, coding):
        sizes = [len(self.bodies[target][coding == "gzip"]) for target in self.targets[page]]
        return sum(sizes) / len(sizes)


class Loading:
    """Every cell with every peer, in turn, so that whatever else the machine does happens to all."""

    def __init__(self, parameters, world, running, folder):
        self.parameters = parameters
        self.running = running
        self.files = {(name, page): load.write_lines(folder / f"{name}-{page}",
                                                     map(peer.url, world.targets[page]))
                      for name, peer in running.items() for page in world.targets}
        self.draws = load.write_lines(folder / "draws", load.zipf(parameters.keys, DRAWS))
        self.world = world

    def warm_up(self):
        """Everything is where it shall be answered from, and is the same everywhere."""
        for peer in self.running.values():
            for which, coding in enumerate(("identity", "gzip")):
                bodies = fetch(peer.port, map(peer.url, self.world.bodies), coding)
                for target, expected in self.world.bodies.items():
                    got = len(bodies[peer.url(target)])
                    if abs(got - len(expected[which])) > peer.slack * len(expected[which]):
                        raise Failed(f"{peer.url(target)}, {coding}: {got} bytes and not"
                                     f" {len(expected[which])}")

    def __call__(self):
        """{cell: {peer: [numbers of each round]}}"""
        found = defaultdict(lambda: defaultdict(list))
        for turn in range(self.parameters.rounds):
            for cell in self.parameters.cells:
                names = [n for n in self.running if n != "compressing" or cell.coding == "gzip"]
                shift = turn % len(names)
                for name in names[shift:] + names[:shift]:
                    found[cell][name].append(self._one(name, cell))
        return found

    def _one(self, name, cell):
        peer = self.running[name]
        before = processes.cpu_times(peer.roots)
        done = load.run(peer.port, self.files[name, cell.page], coding=cell.coding,
                        draws=self.draws if cell.keys > 1 else None,
                        connections=cell.connections, seconds=self.parameters.seconds)
        used = processes.spent(before, processes.cpu_times(peer.roots))
        return {"rate": done.requests / done.seconds, "cpu": used / done.requests,
                "p50": done.p50, "p99": done.p99}


def keep(peer, targets, before):
    """What it takes to keep all pages compressed, and each HOT-th as it is.

    `before` is asked for first: what is there anyway.
    """
    fetch(peer.port, before)
    pids = processes.family(peer.roots)
    began = processes.memory_bytes(pids), processes.file_bytes(peer.files)
    gzip = fetch(peer.port, targets, "gzip")
    identity = fetch(peer.port, targets[::HOT])
    return {"memory": processes.memory_bytes(pids) - began[0],
            "files": processes.file_bytes(peer.files) - began[1],
            "bytes": sum(map(len, gzip.values())) + sum(map(len, identity.values()))}


def keeping(source, parameters):
    """{peer: numbers}, each alone."""
    found = {}
    targets = pages.lists(parameters.kept)
    for name, kind in (("perigee", peers.OneWorker), ("cache", peers.ProxyCache),
                       ("varnish", peers.Varnish)):
        if name in parameters.peers:
            with peers.start(kind, source, {}) as peer:
                found[name] = keep(peer, targets, pages.windows())
    return found


def sent_and_counted(source, loading, name):
    """(sent, counted): requests of a load of which nginx answers most, and by how much perigee_requests_total
    has grown when nginx and the workers have added up."""
    with peers.start(peers.PEERS[name], source, {}) as peer:
        files = loading.files[name, "list"], loading.files[name, "detail"]
        before = requests_total(peer.stack)
        sent = sum(load.run(peer.port, targets, draws=loading.draws, coding=coding, seconds=2,
                            exact=True).requests
                   for targets, coding in zip(files, ("gzip", "identity")))
        wait_until(lambda: requests_total(peer.stack) - before >= sent, COUNTED_WITHIN, 0.1)
        return sent, requests_total(peer.stack) - before


def windows_in_redis(source):
    """Keys of the windows that all pages of lists are cut from."""
    return source.redis_cli("--scan", "--pattern", f"*{pages.LIST}*ordering=*").splitlines()


def object_in_redis(source):
    """Bytes of memory that Redis needs for an object of a list, as long as no page is kept composed."""
    used = sum(int(source.redis_cli("memory", "usage", key, "samples", "0"))
               for key in windows_in_redis(source))
    return used / (pages.COUNT * len(pages.ORDERINGS))


def answer_in_redis(source):
    """And for a page that is kept composed; None: there is none."""
    keys = windows_in_redis(source)
    used = sum(int(source.redis_cli("hget", key, "answers_bytes").strip() or 0) for key in keys)
    n = sum(source.redis_cli("hkeys", key).count("://") for key in keys)
    return used / n if n else None


def run(environment, out):
    """Returns the report; it is in out/hits.txt and out/hits.json too."""
    parameters = Parameters(environment)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="perigee-bench-")))
        source = stack.enter_context(Stack(quota="none", workers=1, access_log=False,
                                           config={"log.requests": "no"}))
        world = World(source, parameters)
        fetch(source.port, pages.windows())
        redis = {"object": object_in_redis(source)}
        with ExitStack() as measured:
            running = {name: measured.enter_context(peers.start(peers.PEERS[name], source,
                                                                world.bodies))
                       for name in parameters.peers}
            loading = Loading(parameters, world, running, folder)
            loading.warm_up()
            rounds = loading()
        counted = {name: sent_and_counted(source, loading, name)
                   for name in report.COUNTED if name in running}
        kept = keeping(source, parameters)
        result = {
            "parameters": vars(parameters),
            "sizes": {page: {coding: world.size(page, coding) for coding in ("identity", "gzip")}
                      for page in world.targets},
            "cells": [{**cell._asdict(), "peers": measure.medians(found, peers.REFERENCE)}
                      for cell, found in rounds.items()],
            "counted": counted,
            "kept": kept,
        }
        if parameters.instructions:
            result["instructions"] = instructions.measure(source, world, parameters.instructions,
                                                          folder)
        result["redis"] = redis | {"answer": answer_in_redis(source)}
    (out / "hits.json").write_text(json.dumps(result, indent=1) + "\n")
    if "instructions" in result:
        (out / "hits-profile.txt").write_text(report.profile(result))
    (out / "hits.txt").write_text(report.whole(result))
    return result
