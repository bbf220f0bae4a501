"""The operators' door: commands run as an operator would, and requests to the socket itself."""

import json
from urllib.parse import urlencode

from harness import run_perigee
from wire import fastcgi_request, read_fastcgi, worker_connection

DONE, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3


def command(chain, *arguments, worker=0):
    """(exit status, standard output, standard error) of a command to one of the workers."""
    return run_perigee("--socket", chain.admin_socket(worker), *arguments)


def done(chain, *arguments, worker=0):
    """What a command that has to work says."""
    status, out, err = command(chain, *arguments, worker=worker)
    assert (status, err) == (DONE, ""), (arguments, status, out, err)
    return out


def told(chain, *arguments, worker=0):
    """The same as JSON."""
    return json.loads(done(chain, *arguments, "--json", worker=worker))


def door(socket, path, method="GET", local=True, token=None, **given):
    """The answer to a request that comes in at a socket."""
    params = {"REQUEST_METHOD": method}
    if local:
        params["PERIGEE_PEER"] = "local"
    if token is not None:
        params["HTTP_AUTHORIZATION"] = token
    query = f"?{urlencode(given)}" if given else ""
    with worker_connection(socket) as s:
        s.sendall(fastcgi_request(path + query, **params))
        return read_fastcgi(s)


def assert_intact(chain, target):
    """The entry is stored, and nobody has purged it."""
    stored = chain.stored(target)
    assert stored and not stored["purged_at"], stored
