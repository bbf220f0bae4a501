"""Sends a trace to one peer, keeping its times, and does to the peer's upstream what happens to it.

Open loop: a request is sent when it is due, whatever became of those before it. Its latency counts from
then, so that a peer that lets requests queue up does not look faster for it.
"""

import asyncio
import re
import time
from collections import namedtuple
from datetime import datetime, timedelta, timezone

from .http import GONE, Client, Sandbox

CONNECTIONS = 400  # at a time; further requests wait for one, and their latency runs
PATIENCE = 30.0  # seconds after which a client gives up
OTHER_PROGRAM = "other-program"  # its User-Agent

# Result of one request. `age` is in true seconds, None where the answer holds no object; status 0: none came.
Result = namedtuple("Result", "sent status latency age how")

STAMP = re.compile(rb'"stamped_at":(\d+\.\d+)')
HOW = re.compile(rb"\r\n(?:cache-status|x-cache): *([^\r]*)", re.I)
MOMENT = re.compile(r"\{now([+-]\d+)?:(ms|us|offset)\}")


def with_moments(target, now):
    """The target as a client would write it at that time."""
    def written(match):
        moment = (datetime.fromtimestamp(now, timezone.utc)
                  + timedelta(seconds=int(match[1] or 0)))
        if match[2] == "us":
            return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
        text = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
        return text + ("Z" if match[2] == "ms" else "%2B00:00")

    return MOMENT.sub(written, target)


class Replay:
    """port, sandbox_port   of the peer and of its upstream
    start                Unix time at which the trace begins
    factor               seconds of the trace in a second
    latency              seconds that upstream takes for an answer, at least
    outage               (begin, end) in the trace's seconds
    other                when another program makes calls, and how many; None: there is none
    """

    def __init__(self, *, port, sandbox_port, start, factor, latency, outage, other=None):
        self.port = port
        self.sandbox = Sandbox(sandbox_port)
        self.start = start
        self.factor = factor
        self.latency = latency
        self.outage = outage
        self.other = other
        self._clients = {}
        self._free = asyncio.Semaphore(CONNECTIONS)
        self.lag = 0.0  # how late a request was begun, at worst

    def due(self, at):
        return self.start + at / self.factor

    async def run(self, requests):
        """Their results, in their order."""
        happening = asyncio.create_task(self._happen())
        tasks = []
        for request in requests:
            due = self.due(request.at)
            wait = due - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            self.lag = max(self.lag, time.time() - due)
            tasks.append(asyncio.create_task(self._one(request, due)))
        results = [await task for task in tasks]
        await happening
        for client in self._clients.values():
            client.close()
        return results

    async def _one(self, request, due):
        client = self._clients.setdefault(request.client, Client(self.port, request.client))
        target = with_moments(request.target, due)
        async with self._free:
            try:
                answer = await asyncio.wait_for(client.ask(target), PATIENCE)
            except (*GONE, OSError, asyncio.TimeoutError):
                return Result(due, 0, time.time() - due, None, "")
        now = time.time()
        age = None
        if answer.status == 200:
            stamps = STAMP.findall(answer.body)
            age = now - min(map(float, stamps)) if stamps else None
        how = HOW.search(answer.head)
        return Result(due, answer.status, now - due, age, how[1].decode() if how else "")

    # ---- what happens to upstream ------------------------------------------------

    async def _happen(self):
        await asyncio.gather(self._break_down(), self._use_up())
        self.sandbox.close()

    async def _until(self, at):
        await asyncio.sleep(max(self.due(at) - time.time(), 0))

    async def _break_down(self):
        await self._until(self.outage[0])
        await set_fault(self.sandbox, "status", self.latency)
        await self._until(self.outage[1])
        await set_fault(self.sandbox, "latency", self.latency)

    async def _use_up(self):
        """Another program behind the same address takes the whole quota at one moment. What had been used of
        it until then is forgotten, so that upstream gives nothing for an hour from then, whoever the peer is."""
        if self.other is None:
            return
        await self._until(self.other[0])
        await self.sandbox.order("DELETE", "throttle")
        await asyncio.gather(*(self.sandbox.get("/2.3.0/config/orbits/?limit=1", OTHER_PROGRAM)
                               for _ in range(self.other[1])))


async def set_fault(sandbox, kind, seconds):
    """The only one from now on."""
    await sandbox.order("DELETE", "faults")
    await sandbox.order("POST", "faults", {"kind": kind, "seconds": seconds})
