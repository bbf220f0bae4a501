"""Who may call how often: the sliding log that makes Launch Library scarce."""

import math
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Callable, NamedTuple, Optional

from django.conf import settings
from rest_framework.authentication import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

# The key in a request's environ under which the server finds COUNTED or REFUSED; it is absent
# when the call was never weighed (unknown path, unknown format, wrong token, redirect).
VERDICT = "sandbox.verdict"
COUNTED = "counted"
REFUSED = "refused"


class Rate(NamedTuple):
    """At most `calls` calls in any `seconds` seconds."""

    calls: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Optional["Rate"]:
        """Read `15/3600`; `none` is no limit."""
        if text == "none":
            return None
        calls, _, seconds = text.partition("/")
        return cls.check(int(calls), float(seconds))

    @classmethod
    def check(cls, calls: int, seconds: float) -> "Rate":
        if calls < 1 or not 0 < seconds < math.inf:
            raise ValueError("a rate needs at least one call and a positive time")
        return cls(calls, seconds)


class Usage(NamedTuple):
    """What `/api-throttle/` reports about one caller."""

    rate: Optional[Rate]
    current: int
    next_free: float


@dataclass
class SlidingLog:
    """When each caller's calls were made, under one lock, so that the limit is exact.

    The rules are those of DRF's SimpleRateThrottle: a slot frees when the oldest call is as old as
    the window, and a refused call is not written down. Only its race is missing: DRF reads and
    writes the log in two steps, so that parallel calls can slip through.
    """

    rate: Optional[Rate] = None
    clock: Callable[[], float] = time.monotonic
    lock: threading.Lock = field(default_factory=threading.Lock)
    calls: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def attempt(self, ident: str) -> tuple[bool, Optional[float]]:
        """Take a slot. If there is none, say after how many seconds one frees.

        The wait is unknown (None) when the limit was lowered below what is already in the log.
        """
        with self.lock:
            if self.rate is None:
                return True, None
            now = self.clock()
            log = self._current(ident, now)
            if len(log) < self.rate.calls:
                log.append(now)
                return True, None
            if len(log) > self.rate.calls:
                return False, None
            return False, self.rate.seconds - (now - log[0])

    def usage(self, ident: str) -> Usage:
        with self.lock:
            if self.rate is None:
                return Usage(None, 0, 0)
            now = self.clock()
            log = self._current(ident, now)
            excess = len(log) - self.rate.calls
            wait = self.rate.seconds - (now - log[excess]) if excess >= 0 else 0
            return Usage(self.rate, len(log), wait)

    def set_rate(self, rate: Optional[Rate]) -> None:
        with self.lock:
            self.rate = rate

    def clear(self) -> None:
        with self.lock:
            self.calls.clear()

    def _current(self, ident: str, now: float) -> deque[float]:
        log = self.calls[ident]
        while log and log[0] <= now - self.rate.seconds:
            log.popleft()
        return log


LOG = SlidingLog()
NEWS_LOG = SlidingLog()  # the news service is another site and counts for itself
NEWS_RATE = Rate(5, 1)


def identify(request: Request) -> str:
    """The key itself for callers that sent one, else the address they call from."""
    return request.auth or BaseThrottle().get_ident(request)


class CallThrottle(BaseThrottle):
    """Weighs a call after negotiation and authentication but before the view, so that the view's
    400, 404 and 405 cost one."""

    log = LOG

    def __init__(self) -> None:
        self.seconds: Optional[float] = None

    def allow_request(self, request: Request, view: object) -> bool:
        allowed, self.seconds = self.log.attempt(identify(request))
        request.META[VERDICT] = COUNTED if allowed else REFUSED
        return allowed

    def wait(self) -> Optional[float]:
        return self.seconds


class NewsThrottle(CallThrottle):
    log = NEWS_LOG


class KeyAuthentication(TokenAuthentication):
    """`Authorization: Token KEY` against the known test keys; a wrong key is a 401."""

    def authenticate_credentials(self, key: str) -> tuple[None, str]:
        if key not in settings.SANDBOX_TOKENS:
            raise AuthenticationFailed("Invalid token.")
        return None, key
