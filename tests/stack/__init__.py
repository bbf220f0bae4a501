"""The whole chain on one machine: sandbox, Redis, workers, nginx.

`make run` starts it in the foreground (__main__.py); tests hold one in a
`with` block:

    from stack import Stack

    with Stack(quota="3/60", workers=2, config={"server.wait": "2s"}) as stack:
        answer = stack.get("/2.3.0/spacecraft/?limit=3")
        assert answer.status == 200

Only the standard library, so that `make run` needs no more than Python.
"""

from .chain import Answer, InUse, Interrupted, Stack, StackError

__all__ = ["Answer", "InUse", "Interrupted", "Stack", "StackError"]
