"""What objects look like, until one is changed: to work out a page takes many times as long as to
find it."""

from typing import Any, Optional

from rest_framework.request import Request

Shown = dict[Any, Any]


class Memory:
    """The addresses in an object are as the request wants them, so that each kind of request has
    memories of its own.

    Orders says so when a change can be seen. A request keeps to what it found when it
    began: what it reads before a change is then not taken for what there is after it.
    """

    def __init__(self) -> None:
        self._shown: dict[tuple[str, Optional[str]], Shown] = {}

    def of(self, request: Request) -> Shown:
        """To be asked before any row is read."""
        wanted = (request.build_absolute_uri("/"), request.query_params.get("format"))
        return self._shown.setdefault(wanted, {})

    def forget(self) -> None:
        self._shown = {}


MEMORY = Memory()
