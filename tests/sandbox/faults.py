"""Ways in which the stand-in misbehaves on demand.

A fault takes the answer that was ready to be sent and says what shall go out instead. It acts after
the throttle: a call that meets a fault has been counted, and a refused one meets none.
"""

import json
import re
import threading
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Callable, Optional

JSON = "application/json"
HUGE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What goes out: an HTTP answer and how far, and how, it is sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    sent: Optional[int] = None  # bytes of the body that are sent; None: all
    announced: Optional[int] = None  # Content-Length; None: the true one
    ending: str = "keep"  # the connection afterwards: keep, close; reset: nothing but a TCP RST

    def with_headers(self, extra: dict[str, str]) -> "Answer":
        """Replace headers of the same name, add the others."""
        names = {name.lower() for name in extra}
        kept = tuple((n, v) for n, v in self.headers if n.lower() not in names)
        return replace(self, headers=kept + tuple(extra.items()))


@dataclass(eq=False)
class Fault:
    """One order to misbehave. `times` counts down; None is until it is removed."""

    kind: str
    seconds: float = 0
    status: Optional[int] = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    times: Optional[int] = None
    match: Optional[str] = None
    pattern: Optional[re.Pattern] = field(init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(sorted(KINDS))}")
        if self.kind == "latency" and not self.seconds:
            raise ValueError("latency needs seconds")
        if not 0 <= self.seconds < threading.TIMEOUT_MAX:
            raise ValueError("seconds out of range")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError("status is 200 to 599")
        if self.times is not None and self.times < 1:
            raise ValueError("times is at least 1, or null")
        self.headers = {str(name): str(value) for name, value in self.headers.items()}
        self.pattern = re.compile(self.match) if self.match else None

    def hits(self, target: str, free: bool) -> bool:
        """Tell whether it acts on a request. Without a `match` it spares what costs nothing."""
        if self.pattern:
            return bool(self.pattern.search(target))
        return not free

    def shape(self, answer: Answer) -> Answer:
        return KINDS[self.kind](self, answer).with_headers(self.headers)

    def _made(self, status: int, content_type: str, body: Any) -> Answer:
        """A whole answer of its own; the order's status and body go before the kind's."""
        if self.body is not None:
            body = self.body
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        return Answer(self.status or status, (("Content-Type", content_type),), body)


def _normal(fault: Fault, answer: Answer) -> Answer:
    return answer


def _status(fault: Fault, answer: Answer) -> Answer:
    status = fault.status or HTTPStatus.SERVICE_UNAVAILABLE
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unassigned"
    return fault._made(status, JSON, {"detail": f"{phrase}."})


def _garbage(fault: Fault, answer: Answer) -> Answer:
    return fault._made(200, JSON, b'{"count": 596, "next": nul\x00\xff\xfe\x80\xc3(\xed\xa0\x80[[[')


def _html(fault: Fault, answer: Answer) -> Answer:
    page = "<!DOCTYPE html><html><title>Just a moment...</title><body>Checking.</body></html>"
    return fault._made(200, "text/html; charset=UTF-8", page)


def _ill_shaped(fault: Fault, answer: Answer) -> Answer:
    wrong = {"count": "many", "next": 7, "previous": [], "results": {"id": [None]}}
    return fault._made(200, JSON, wrong)


def _redirect(fault: Fault, answer: Answer) -> Answer:
    made = fault._made(302, "text/html; charset=UTF-8", "")
    return made.with_headers({"Location": "http://elsewhere.invalid/2.3.0/"})


def _huge(fault: Fault, answer: Answer) -> Answer:
    head, tail = b'{"count":1,"next":null,"previous":null,"results":["', b'"]}'
    return fault._made(200, JSON, head + b"x" * (HUGE_BYTES - len(head) - len(tail)) + tail)


def _cut_short(fault: Fault, answer: Answer) -> Answer:
    return replace(answer, sent=len(answer.body) // 2, ending="close")


def _bad_length(fault: Fault, answer: Answer) -> Answer:
    return replace(answer, announced=len(answer.body) // 2, ending="close")


def _reset(fault: Fault, answer: Answer) -> Answer:
    return replace(answer, ending="reset")


# `hang` waits first (see server.py); once lifted, the answer goes out as it was.
KINDS: dict[str, Callable[[Fault, Answer], Answer]] = {
    "latency": _normal,
    "hang": _normal,
    "status": _status,
    "garbage": _garbage,
    "html": _html,
    "ill_shaped": _ill_shaped,
    "redirect": _redirect,
    "huge": _huge,
    "cut_short": _cut_short,
    "bad_length": _bad_length,
    "reset": _reset,
}


class Faults:
    """The faults in force. The oldest that fits a request and is not used up acts on it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._lifted = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def take(self, target: str, free: bool) -> tuple[Optional[Fault], threading.Event]:
        """Return the fault for a request, and the event that is set once it is lifted."""
        with self._lock:
            for fault in self._faults:
                if fault.hits(target, free):
                    if fault.times is not None:
                        fault.times -= 1
                        if not fault.times:
                            self._faults.remove(fault)
                    return fault, self._lifted
            return None, self._lifted

    def clear(self) -> None:
        """Remove all and wake whoever waits because of one."""
        with self._lock:
            self._faults.clear()
            self._lifted.set()
            self._lifted = threading.Event()


FAULTS = Faults()
