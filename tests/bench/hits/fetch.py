"""Asks for targets, one after the other."""

import http.client
from contextlib import closing

from ..shield.peers import Failed


def fetch(port, targets, coding="identity"):
    """{target: body}"""
    bodies = {}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for target in targets:
            connection.request("GET", target, headers={"Accept-Encoding": coding})
            answer = connection.getresponse()
            bodies[target] = answer.read()
            if answer.status != 200:
                raise Failed(f"{target}: status {answer.status}: {bodies[target][:300]!r}")
    return bodies
