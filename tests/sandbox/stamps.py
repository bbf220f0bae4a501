"""When each object was sent, written into the object itself, for who measures how old answers are.

HTTP's Age counts whole seconds, which is too coarse where hours are compressed into minutes, and a
cache may say what it likes. A member of the object goes through every cache unchanged.
"""

import time
from typing import Any, Optional

from rest_framework.renderers import JSONRenderer

MEMBER = "stamped_at"

# What stands in a body until it is sent; the answer may be held back for a while.
_PLACE = "@moment of sending@"
_WRITTEN = f'"{_PLACE}"'.encode()

enabled = False  # by the command line


def write(body: bytes) -> bytes:
    """Put the Unix time into a body that is about to be sent."""
    return body.replace(_WRITTEN, b"%.3f" % time.time()) if enabled else body


class Renderer(JSONRenderer):
    """JSON whose objects are stamped, those of a list one by one."""

    def render(
        self, data: Any, media_type: Optional[str] = None, context: Optional[dict] = None
    ) -> bytes:
        if enabled and context and context["response"].status_code == 200:
            if "results" in data:
                data = {**data, "results": [{**one, MEMBER: _PLACE} for one in data["results"]]}
            else:
                data = {**data, MEMBER: _PLACE}
        return super().render(data, media_type, context)
