"""The record of what reached the stand-in."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Optional

from .throttle import COUNTED, REFUSED


@dataclass
class Call:
    """One request as it came off the wire. `status` stays None if no answer was ever sent."""

    method: str
    target: str
    headers: dict[str, str]
    at: float = field(default_factory=time.time)
    status: Optional[int] = None
    fault: Optional[str] = None
    verdict: Optional[str] = None

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


class CallLog:
    """Every API request since the last clearing, and how many are being answered now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._in_flight = 0
        self._free = 0

    def begin(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)
            self._in_flight += 1

    def end(self) -> None:
        with self._lock:
            self._in_flight -= 1

    def count_free(self) -> None:
        """Note a request that costs nothing and is not logged."""
        with self._lock:
            self._free += 1

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._free = 0

    def report(self, with_log: bool) -> dict[str, Any]:
        with self._lock:
            calls = list(self._calls)
            report: dict[str, Any] = {"in_flight": self._in_flight, "free": self._free}
        verdicts = [call.verdict for call in calls]
        report["seen"] = len(calls)
        report["calls"] = verdicts.count(COUNTED)
        report["refused"] = verdicts.count(REFUSED)
        if with_log:
            report["log"] = [call.as_json() for call in calls]
        return report


LOG = CallLog()
