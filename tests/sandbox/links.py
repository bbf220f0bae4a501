"""The absolute addresses that bodies contain."""

from typing import Any, Callable
from urllib.parse import urlencode

from rest_framework.request import Request


def link_maker(request: Request, root: str) -> Callable[..., str]:
    """Tell how to write addresses on the asking request's scheme and host.

    As in REST framework's own links nothing of the query is kept but `format`.
    """
    base = request.build_absolute_uri(f"/{root}/")
    format = request.query_params.get("format")
    end = "?" + urlencode({"format": format}) if format else ""

    def link(path: str, id: Any = None) -> str:
        return f"{base}{path}/{end}" if id is None else f"{base}{path}/{id}/{end}"

    return link
