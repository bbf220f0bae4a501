"""What is done to a chain while clients ask, and must cost none of them an answer.

    with SCENARIOS["restart"].chain() as stack:
        print(run(stack, SCENARIOS["restart"], rate=1000, enough=lambda n, s: s > 20))

Each scenario disturbs in steps; every step is taken under load, and the next one comes when the
load has gone on for a while.
"""

import itertools
import json
import os
import random
import re
import signal
import time
from collections import namedtuple
from contextlib import contextmanager
from pathlib import Path

from . import Stack
from .activated import Activated
from .chain import StackError, ini
from .child import wait_until
from .load import Load, N, ask
from .sentinels import Sentinels

PATIENCE = 60  # seconds, for a step; what is full of checks is slow
COUNTED_WITHIN = 10  # seconds; four times a second on an idle machine

LIST = "/2.3.0/spacecraft/"
SEED = LIST + "?format=api&offset=326&ordering=-time_docked"
OTHERS = ("/2.3.0/launches/upcoming/?limit=5", "/2.3.0/agencies/?limit=10", "/2.3.0/launches/?limit=100")

# Where calls are counted: enough to have what is asked for stored, and some that are left.
QUOTA = "40/3600"

Outcome = namedtuple("Outcome", "load steps counted")


# ---- what is asked ---------------------------------------------------------------


def mix(stack, misses):
    """Hot pages and details, pages of all sizes, conditions, codings, slips; and, once in a hundred
    requests, something that nobody has asked for before. All but that is stored when it returns."""
    port = stack.port
    pages = [f"{LIST}?limit={1 + n % 40}&offset={n * 7 % 500}" for n in range(120)]
    details = [f"{LIST}{row['id']}/" for row in json.loads(stack.get(SEED).body)["results"]]
    targets = [SEED, *pages, *details]
    tags = {target: tag_of(stack, target) for target in [*targets, *OTHERS]}

    def get(target, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        packed = "Accept-Encoding" in headers
        return ask(port, target, headers=headers, tag=None if packed else tags[target])

    asks = []
    for n, page in enumerate(pages):
        asks += [get(SEED), get(page), get(details[n % len(details)], Accept_Encoding="gzip"),
                 get(page, Accept_Encoding="gzip"), get(details[n % len(details)]),
                 ask(port, page, headers={"If-None-Match": tags[page]}, statuses=[304])]
        if n % 4 == 0:
            asks.append(ask(port, OTHERS[n // 4 % len(OTHERS)]))
    asks += [ask(port, LIST + "?limit=many", statuses=[400]),
             ask(port, LIST + "?orderng=id", statuses=[400]),
             ask(port, "/2.3.0/nothing/", statuses=[404]),
             ask(port, SEED, method="POST", headers={"Content-Length": "0"}, statuses=[405]),
             ask(port, SEED, headers={"Connection": "close"})] * 8
    random.Random(1).shuffle(asks)
    if misses:
        cold = ask(port, f"{LIST}?search=rolling{N.decode()}")
        asks = [one for part in range(0, len(asks), 99) for one in [*asks[part:part + 99], cold]]
    return asks


def tag_of(stack, target):
    answer = stack.get(target)
    if answer.status != 200:
        raise StackError(f"{target} cannot be had: {answer}")
    return answer.headers["ETag"]


def counted(stack):
    """How many requests to the API all workers have counted so far."""
    text = stack.get("/metrics").body.decode()
    return sum(int(n) for n in re.findall(r"^perigee_requests_total\{.*\} (\d+)$", text, re.M))


# ---- what is done meanwhile: each yields what it has done, over and over ----------


def await_all(what, condition):
    if not wait_until(condition, PATIENCE):
        raise StackError(f"waited {PATIENCE} s for {what}")


def reload_workers(stack):
    """SIGHUP; now and then with a broken file, which changes nothing. (What is refused more often than
    five times in ten seconds is no more in the log.)"""
    for n in itertools.count():
        good = n % 10 != 3
        settings = stack._settings() | {"server.wait": f"{11 + n % 7}s" if good else "soon"}
        file = stack.run_dir / "perigee.conf"
        new = file.with_suffix(".new")
        new.write_text(ini(settings))
        new.replace(file)
        word = "event=reloaded" if good else "event=reload_failed"
        workers = range(stack.n_workers)
        before = [stack.log(f"worker-{i}").count(word) for i in workers]
        for i in workers:
            stack.signal_worker(i, signal.SIGHUP)
        await_all(word, lambda: all(stack.log(f"worker-{i}").count(word) > before[i] for i in workers))
        yield "reload" if good else "refused reload"


def restart_workers(stack):
    """One after the other: SIGTERM, and started again when it has ended."""
    for i in itertools.cycle(range(stack.n_workers)):
        status = stack.restart_worker(i)
        if status != 0:
            raise StackError(f"worker {i} ended with status {status}")
        yield "restart"


def kill_workers(stack):
    """One after the other, with time enough for those who wait for what the dead one was fetching: one
    of the others takes that over when its lease ends (5 s)."""
    for i in itertools.cycle(range(stack.n_workers)):
        pid = stack.workers[i].pid
        stack.restart_worker(i, signal.SIGKILL)
        await_all("the dead worker's leases to end", lambda: pid not in fetchers(stack))
        yield "kill"


def fetchers(stack):
    """The processes that fetch something now."""
    keys = stack.redis_cli("KEYS", "perigee:{ll2}:fill:*").split("\n")
    ids = stack.redis_cli("MGET", *keys).split() if keys[0] else []
    return {int(id.split(":")[1]) for id in ids}


def reload_nginx(stack):
    """Its workers end when they have answered what they have, and new ones take over."""
    while True:
        old = children_of(stack.nginx.pid)
        os.kill(stack.nginx.pid, signal.SIGHUP)
        await_all("nginx' new workers", lambda: children_of(stack.nginx.pid) - old and
                  not children_of(stack.nginx.pid) & old)
        yield "reload of nginx"


def children_of(pid):
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def fail_over(stack):
    """The master is killed, a replica takes its place, and the killed one comes back as its replica."""
    sentinels = stack.sentinels
    while True:
        await_all("a master", lambda: sentinels.master)
        old = sentinels.end_master()
        new = sentinels.wait_for_failover(old)
        yield "failover"
        sentinels.bring_back(old, new)
        yield "replica back"


def restart_and_reload(stack):
    """A worker, then nginx."""
    workers, nginx = restart_workers(stack), reload_nginx(stack)
    while True:
        yield next(workers)
        yield next(nginx)


# ---- chains ----------------------------------------------------------------------


class ActivatedStack(Activated, Stack):
    pass


@contextmanager
def chain_on_sentinels(**options):
    with Sentinels() as sentinels, Stack(redis=sentinels.address, **options) as stack:
        stack.sentinels = sentinels
        yield stack


class Scenario:
    """of          makes the chain
    workers        how many
    disturb        what is done to it
    misses         something new is asked for, too
    exact          requests are counted once each: not where a worker dies behind an answer that it
                   has counted
    keeps          no connection to a client is closed
    module         nginx has the module, and takes most answers from where workers have put them
    """

    def __init__(self, disturb, of=Stack, workers=2, misses=True, exact=True, keeps=True,
                 module=False):
        self.disturb, self._of, self.workers = disturb, of, workers
        self.misses, self.exact, self.keeps, self.module = misses, exact, keeps, module

    def chain(self, **options):
        options = {"quota": "none" if self.misses else QUOTA, "micro_cache": False,
                   "module": self.module, **options}
        return self._of(workers=self.workers, **options)


SCENARIOS = {
    "reload": Scenario(reload_workers),
    "restart": Scenario(restart_workers),
    "activated": Scenario(restart_workers, of=ActivatedStack),
    "alone": Scenario(restart_workers, of=ActivatedStack, workers=1),
    "nginx": Scenario(reload_nginx, keeps=False),
    "kill": Scenario(kill_workers, exact=False),
    "module": Scenario(restart_and_reload, misses=False, keeps=False, module=True),
    "failover": Scenario(fail_over, of=chain_on_sentinels, misses=False),
}


def run(stack, scenario, rate, enough, connections=24, between=0.3):
    """An Outcome. `enough` is told how many steps were taken, and how many seconds it took so far."""
    asks = mix(stack, scenario.misses)
    before = counted(stack)
    steps = []
    with Load(stack.port, asks, rate=rate, connections=connections, each=500) as load:
        began = time.monotonic()
        await_load(load, rate * between)
        for step in scenario.disturb(stack):
            steps.append(step)
            await_load(load, rate * between)
            if enough(len(steps), time.monotonic() - began):
                break
    # What nginx has taken from shelves is told a moment later.
    wait_until(lambda: counted(stack) - before >= load.answered, COUNTED_WITHIN, 0.05)
    return Outcome(load, steps, counted(stack) - before)


def await_load(load, more):
    wanted = load.answered + max(more, 1)
    await_all(f"{more:.0f} more answers", lambda: load.answered >= wanted)
