"""Runs the trace through every peer and writes what came of it."""

import asyncio
import json
import multiprocessing
import os
import signal
import time
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

from stack.chain import REPO
from stack.child import end_with

from . import measure, oracle, replay, report, trace
from .freshness import Freshness
from .http import Sandbox
from .peers import FIXED, PEERS, Failed, PerigeeFixed, Upstream

CALLS = 15  # an hour, as upstream allows
LEAD = 1.0  # seconds between the last preparation and the first request


class Parameters:
    """From the environment: BENCH_REQUESTS, BENCH_HOURS, BENCH_FACTOR, BENCH_SEED, BENCH_PEERS,
    BENCH_LATENCY (seconds that upstream takes, never compressed), BENCH_OPEN (0: no second run)."""

    def __init__(self, environment):
        def read(name, default, kind):
            text = environment.get(f"BENCH_{name}") or default
            try:
                return kind(text)
            except ValueError:
                raise Failed(f"BENCH_{name} cannot be {text!r}") from None

        self.requests = read("REQUESTS", "24000", int)
        self.hours = read("HOURS", "4", float)
        self.factor = read("FACTOR", "60", int)
        self.seed = read("SEED", "1", int)
        self.latency = read("LATENCY", "0.2", float)
        self.open = read("OPEN", "1", int)
        self.peers = read("PEERS", " ".join(PEERS), str).replace(",", " ").split()
        self.quota_calls = CALLS
        unknown = [name for name in self.peers if name not in PEERS]
        if unknown or not self.peers:
            raise Failed(f"BENCH_PEERS are some of {' '.join(PEERS)}")
        if self.factor < 1 or 3600 % self.factor:
            raise Failed("BENCH_FACTOR divides 3600, so that an hour's quota is whole seconds long")

    @property
    def window(self):
        return 3600 // self.factor

    @property
    def length(self):
        return self.hours * 3600

    @property
    def outage(self):
        return tuple(share * self.length for share in trace.OUTAGE)


class Run:
    """One pass of the trace through some peers at the same time, each before its own upstream."""

    def __init__(self, title, parameters, times, names, throttled, out):
        self.title = title
        self.out = out
        self.parameters = parameters
        self.times = times
        self.names = names
        self.throttled = throttled
        self.requests = None
        self.busy = None

    def __call__(self):
        """{peer: numbers}"""
        with ExitStack() as stack:
            upstreams = {name: stack.enter_context(Upstream()) for name in self.names}
            world = asyncio.run(self._prepare_all([u.port for u in upstreams.values()]))
            self.requests = trace.make(world, self.parameters.requests, self.parameters.hours,
                                       self.parameters.seed)
            quota = f"{CALLS}/{self.parameters.window}" if self.throttled else "none"
            make = {**PEERS, FIXED: PerigeeFixed}
            peers = {name: stack.enter_context(make[name](
                upstream=upstreams[name].port, times=self.times, factor=self.parameters.factor,
                quota=quota)) for name in self.names}
            self.start = time.time() + LEAD
            for upstream in upstreams.values():
                asyncio.run(self._set_up(upstream.port))
            before = processor_time()
            outcomes = self._replay(peers, upstreams)
            after = processor_time()
            self.busy = (after[0] - before[0]) / (after[1] - before[1])
            return {name: self._numbers(name, *outcome) for name, outcome in outcomes.items()}

    # ---- before ------------------------------------------------------------------

    async def _prepare_all(self, ports):
        """What there is, which is the same with all of them."""
        worlds = await asyncio.gather(*map(self._prepare, ports))
        if any(world != worlds[0] for world in worlds):
            raise Failed("the upstreams differ")
        return worlds[0]

    async def _prepare(self, port):
        """Has upstream fill its tables, and learns what there is."""
        sandbox = Sandbox(port)
        ids, counts = {}, {}

        async def page(endpoint, filters):
            answer = await sandbox.get(trace.spelled(f"{self.times.root}{endpoint}/",
                                                     {**filters, "limit": "100"}))
            return json.loads(answer.body)

        for endpoint in {*trace.DETAILS, "updates", "launches"}:
            ids[endpoint] = [row["id"] for row in (await page(endpoint, {}))["results"]]
        for endpoint, filters in trace.collections():
            name = trace.collection(endpoint, filters)
            counts[name] = (await page(endpoint, filters))["count"]
        sandbox.close()
        return trace.World(ids, counts)

    async def _set_up(self, port):
        """The launch is where the trace wants it, nothing is counted yet, and the throttle is on."""
        sandbox = Sandbox(port)
        first = (await sandbox.get(f"{self.times.root}launches/upcoming/?limit=1"))
        launch = json.loads(first.body)["results"][0]["id"]
        net = self.start + trace.LAUNCH * self.parameters.length / self.parameters.factor
        await sandbox.order("POST", "mutate", {
            "op": "update", "collection": "launches", "id": launch, "fields": {
                "net": datetime.fromtimestamp(net, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}})
        await sandbox.get(f"{self.times.root}launches/upcoming/?limit=1")
        await replay.set_fault(sandbox, "latency", self.parameters.latency)
        if self.throttled:
            await sandbox.order("POST", "throttle",
                                {"calls": CALLS, "seconds": self.parameters.window})
        await sandbox.order("DELETE", "calls")
        sandbox.close()

    # ---- the trace ---------------------------------------------------------------

    def _replay(self, peers, upstreams):
        """{peer: (results, upstream's log, lag)}; a process for each peer."""
        context = multiprocessing.get_context("fork")
        with ExitStack() as stack:
            running = {}
            for name, peer in peers.items():
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(
                    target=self._replay_one, daemon=True,
                    args=(os.getpid(), theirs, peer.port, upstreams[name].port))
                process.start()
                stack.callback(process.kill)
                theirs.close()
                running[name] = (process, ours)
            outcomes = {}
            for name, (process, ours) in running.items():
                try:
                    outcomes[name] = ours.recv()
                except EOFError:
                    raise Failed(f"the replay of {name} broke off") from None
                process.join()
            return outcomes

    def _replay_one(self, runner, pipe, port, upstream):
        end_with(runner)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runner's business
        p = self.parameters
        replaying = replay.Replay(
            port=port, sandbox_port=upstream, start=self.start, factor=p.factor,
            latency=p.latency, outage=p.outage,
            other=(blind_by_other(p)[0], CALLS) if self.throttled else None)

        async def run():
            results = await replaying.run(self.requests)
            log = (await Sandbox(upstream).order("GET", "calls"))["log"]
            return [tuple(result) for result in results], log, replaying.lag

        pipe.send(asyncio.run(run()))

    # ---- after -------------------------------------------------------------------

    def _numbers(self, name, results, log, lag):
        results = [replay.Result(*result) for result in results]
        self._write_down(name, results, log)
        factor = self.parameters.factor
        begin, end = (self.start + at / factor for at in blind_by_other(self.parameters))
        return {
            **measure.upstream_numbers(log, begin, end),
            **measure.client_numbers(self.requests, results, self.times.fresh, factor),
            "endpoints": measure.endpoints_of_log(log, self.times.root, self.times.endpoints),
            "lag": lag,
        }


    def _write_down(self, name, results, log):
        """Every request and every call, for who wants to know why."""
        def moment(at):
            return f"{(at - self.start) * self.parameters.factor:.0f}"

        requests = (
            (moment(result.sent), request.client, request.kind, "valid" if request.valid else "bad",
             request.target, result.status, f"{result.latency:.3f}",
             "-" if result.age is None else f"{result.age * self.parameters.factor:.0f}", result.how)
            for request, result in zip(self.requests, results))
        calls = ((moment(call["at"]), call["headers"].get("user-agent", "-"), call["verdict"],
                  call["status"], call["target"]) for call in log)
        for what, rows in (("requests", requests), ("calls", calls)):
            text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
            (self.out / f"{what}-{self.title}-{name}.tsv").write_text(text)


def blind_by_other(parameters):
    """The hour in which upstream gives nothing, since another program has used up the quota."""
    begin = trace.OTHER_PROGRAM * parameters.length
    return begin, begin + 3600


def ask_oracle(parameters, times, requests):
    outage = parameters.outage
    other = blind_by_other(parameters)
    open_calls = oracle.least_calls(requests, times.fresh, [outage])
    valid = sum(request.valid for request in requests)
    slots = oracle.slots(CALLS, 3600, parameters.length, [outage, other])
    answered = oracle.foreseen(requests, slots)
    return {
        "open": sum(open_calls.values()),
        "throttled": sum(oracle.least_calls(requests, times.fresh, [outage, other]).values()),
        "endpoints": measure.endpoints_of_units(open_calls, times.endpoints),
        "units": len(oracle.units_of(requests)),
        "allowed": len(slots),
        "foreseen": measure.part(answered, valid),
    }


def processor_time():
    """(busy, all) of the machine, in ticks since it was started."""
    with open("/proc/stat") as stat:
        ticks = [int(text) for text in stat.readline().split()[1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def run(environment, out):
    """Returns the report; it is in out/shield.txt and out/shield.json too."""
    parameters = Parameters(environment)
    times = Freshness()
    out.mkdir(parents=True, exist_ok=True)
    runs = {"throttled": Run("throttled", parameters, times, parameters.peers, True, out)}
    caches = [cache for name in parameters.peers if name != "none"
              for cache in ([name, FIXED] if name == "perigee" else [name])]
    if parameters.open and caches:
        runs["open"] = Run("open", parameters, times, caches, False, out)
    measured = {title: one() for title, one in runs.items()}
    found = ask_oracle(parameters, times, runs["throttled"].requests)
    for title, peers in measured.items():
        for numbers in peers.values():
            numbers["times_oracle"] = numbers["calls"] / max(found[title], 1)
            if FIXED in peers:
                numbers["times_fixed"] = numbers["calls"] / max(peers[FIXED]["calls"], 1)
    result = {
        "parameters": vars(parameters),
        "oracle": found,
        "runs": measured,
        "busy": {title: one.busy for title, one in runs.items()},
        "lag": max(n["lag"] for peers in measured.values() for n in peers.values()),
    }
    (out / "shield.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "shield.txt").write_text(report.whole(result))
    return result


def folder(environment):
    return REPO / Path(environment.get("BUILD") or "build") / "bench"
