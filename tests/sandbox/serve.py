#!/usr/bin/python3
"""Start the Launch Library stand-in.

Needs Debian's python3-django, python3-djangorestframework and python3-django-filters.
"""

import argparse
import os
import signal
import sys
from datetime import datetime, timezone
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn, Optional

if not __package__:
    # As a script this file sees its own folder; the package `sandbox` lies one above.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"

import django  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402


@cache
def load() -> None:
    """Once: all that it is made of, so that no first request is slow, and the rows that are the same on each
    run. Models and views can be imported only now."""
    django.setup()
    for name in ("orders", "server", "urls"):  # they load all others
        import_module(f"sandbox.{name}")
    from sandbox import data

    data.create_tables()
    data.reset()


def leave(signum: int, frame: object) -> NoReturn:
    """Go at once, whatever requests hang: all state is in this process's memory."""
    os._exit(0)


def main(arguments: Optional[list[str]] = None) -> None:
    """Serves until it is told to leave. After load()."""
    from sandbox import orders, server, stamps, throttle, world

    parser = argparse.ArgumentParser(description="A Launch Library 2 stand-in for tests.")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument(
        "--quota", type=throttle.Rate.parse, default="15/3600", metavar="CALLS/SECONDS",
        help="limit per client, or none (default: %(default)s)",
    )
    parser.add_argument(
        "--public-host", metavar="HOST",
        help="write URLs in bodies as https://HOST/... instead of by the request's Host",
    )
    parser.add_argument(
        "--stamp", action="store_true", help="give every object the time at which it was sent"
    )
    parser.add_argument("--verbose", action="store_true", help="access log on stderr")
    options = parser.parse_args(arguments)

    stamps.enabled = options.stamp
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    world.CURRENT.begin(datetime.now(timezone.utc))
    try:
        service = server.Server(
            options.port,
            get_wsgi_application(),
            orders.Orders(options.quota),
            options.public_host,
            options.verbose,
        )
    except OSError as error:
        parser.exit(1, f"serve.py: port {options.port}: {error.strerror}\n")
    print(f"sandbox ready: http://127.0.0.1:{service.server_address[1]}", flush=True)
    service.serve_forever()


if __name__ == "__main__":
    load()
    main()
