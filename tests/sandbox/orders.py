"""What tests tell the stand-in, under /_sandbox/: JSON in, JSON out, never throttled or counted."""

import json
import re
import threading
from typing import Any, Callable, Optional
from urllib.parse import parse_qs

from django.db import Error as DatabaseError

from . import calls, changes, data, report, throttle
from .faults import FAULTS, Fault
from .memory import MEMORY

PREFIX = "/_sandbox/"


class Orders:
    """The orders by method and path. `rate` is what the command line gave and `reset` restores."""

    def __init__(self, rate: Optional[throttle.Rate]) -> None:
        self._rate = rate
        self._writing = threading.Lock()
        self._changed: set[Any] = set()  # the modules whose rows are not as at the start
        self._table: dict[tuple[str, str], Callable[[dict, dict], Any]] = {
            ("GET", "calls"): self._report_calls,
            ("DELETE", "calls"): self._clear_calls,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "throttle"): self._set_throttle,
            ("DELETE", "throttle"): self._clear_throttle,
            ("POST", "mutate"): self._mutate,
            ("POST", "reset"): self._reset,
            ("GET", "surface"): self._report_surface,
        }
        self._restore_rates()

    def obey(self, method: str, path: str, query: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Carry out one order. A mistake in it is a 400 that says what is wrong."""
        order = self._table.get((method, path[len(PREFIX):].strip("/")))
        if order is None:
            known = ", ".join(f"{m} {PREFIX}{p}" for m, p in self._table)
            return 404, {"error": f"orders are: {known}"}
        try:
            given = json.loads(body) if body else {}
            if not isinstance(given, dict):
                raise ValueError("the body is a JSON object")
            return 200, order(given, parse_qs(query)) or {}
        except (ValueError, TypeError, KeyError, re.error, DatabaseError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}

    def _report_calls(self, given: dict, query: dict) -> dict[str, Any]:
        return calls.LOG.report(with_log=query.get("log") != ["0"])

    def _clear_calls(self, given: dict, query: dict) -> None:
        calls.LOG.clear()

    def _add_fault(self, given: dict, query: dict) -> None:
        FAULTS.add(Fault(**given))

    def _clear_faults(self, given: dict, query: dict) -> None:
        FAULTS.clear()

    def _set_throttle(self, given: dict, query: dict) -> None:
        logs = {"launches": throttle.LOG, "news": throttle.NEWS_LOG}
        service = given.get("service", "launches")
        if service not in logs:
            raise ValueError(f"service is one of {', '.join(logs)}")
        rate = None
        if given["calls"] is not None:
            rate = throttle.Rate.check(given["calls"], given["seconds"])
        logs[service].set_rate(rate)

    def _clear_throttle(self, given: dict, query: dict) -> None:
        throttle.LOG.clear()
        throttle.NEWS_LOG.clear()

    def _restore_rates(self) -> None:
        """As the command line says; who wants no limit wants none for the news either."""
        throttle.LOG.set_rate(self._rate)
        throttle.NEWS_LOG.set_rate(self._rate and throttle.NEWS_RATE)

    def _mutate(self, given: dict, query: dict) -> dict[str, Any]:
        path = given.get("collection", "spacecraft")
        keeper = data if path == "spacecraft" else changes
        if keeper is data:
            operations = {
                "add": lambda: data.add(given["n"]),
                "delete": lambda: data.delete(given["ids"]),
                "update": lambda: data.update(given["id"], given["fields"]),
            }
        else:
            operations = {
                "add": lambda: changes.add(path, given["n"], given.get("fields", {})),
                "delete": lambda: changes.delete(path, given["ids"]),
                "update": lambda: changes.update(path, given["id"], given["fields"]),
            }
        if given.get("op") not in operations:
            raise ValueError(f"op is one of {', '.join(operations)}")
        with self._writing:
            self._changed.add(keeper)
            try:
                return {"ids": operations[given["op"]]()}
            finally:
                MEMORY.forget()

    def _report_surface(self, given: dict, query: dict) -> dict[str, Any]:
        return report.surface(with_older=query.get("older") == ["1"])

    def _reset(self, given: dict, query: dict) -> None:
        FAULTS.clear()
        with self._writing:
            for keeper in self._changed:  # few tests do, and rebuilding is slow beside the rest
                keeper.reset()
            if self._changed:
                MEMORY.forget()
            self._changed.clear()
        self._clear_throttle(given, query)
        self._restore_rates()
        calls.LOG.clear()
