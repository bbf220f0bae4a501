"""`make run`: the chain in the foreground, until someone says stop.

Prints one line on standard output, when requests are answered:

    perigee ready: http://127.0.0.1:8080/2.3.0/spacecraft/?limit=3

INT, TERM or HUP end everything that was started; exit status 0. When a process
dies by itself: its name and last words, everything else is ended, status 1.
When the port or the run directory is in use: status 2, and nothing was touched.
Settings of the worker can be given in the environment (PERIGEE_SECTION_KEY).
"""

import argparse
import os
import re
import signal
import sys
import time

from .chain import SEED, Interrupted, Stack, StackError
from .parent import Parent


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    p = argparse.ArgumentParser(prog="stack", description=__doc__.split("\n")[0])
    p.add_argument("--port", type=port, default=8080, help="0: any free one")
    p.add_argument("--upstream", type=upstream, default="sandbox", help="sandbox, live or a base URL")
    p.add_argument("--quota", type=quota, default="15/3600", help="calls/seconds")
    p.add_argument("--workers", type=workers, default=2, help="processes behind nginx")
    p.add_argument("--redis", type=redis, default="private",
                   help="private, or what [redis] address can be")
    p.add_argument("--run-dir", default="run", help="everything written lies there")
    p.add_argument("--with-parent", action="store_true",
                   help="stop when the caller (make) is interrupted or gone")
    return p.parse_args()


def port(text):
    if not re.fullmatch(r"\d{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"PORT is a number up to 65535, not {text!r}")
    return int(text)


def workers(text):
    if not re.fullmatch(r"\d{1,2}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"WORKERS is a number from 1 to 99, not {text!r}")
    return int(text)


def upstream(text):
    if text not in ("sandbox", "live") and not re.fullmatch(r"https?://[^\s/]+[^\s]*", text):
        raise argparse.ArgumentTypeError(f"UPSTREAM is sandbox, live or a base URL, not {text!r}")
    return text


def quota(text):
    if not re.fullmatch(r"[1-9]\d*/[1-9]\d*", text):
        raise argparse.ArgumentTypeError(f"QUOTA is calls/seconds, such as 15/3600, not {text!r}")
    return text


def redis(text):
    if text != "private" and not re.fullmatch(r"(unix:/|redis://|sentinel://)\S+", text):
        raise argparse.ArgumentTypeError(
            f"REDIS is private, unix:/path, redis://host:port or sentinel://hosts/master, not {text!r}")
    return text


class Stop:
    """True once we have been told to stop, in whichever way."""

    def __init__(self, parent):
        self.asked = False
        self.parent = parent
        self.next_look = 0
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup means it; an INT that a shell ignored for its background
            # jobs is still meant for us when somebody sends it to us.
            if sig == signal.SIGHUP and signal.getsignal(sig) == signal.SIG_IGN:
                continue
            signal.signal(sig, self._handle)

    def _handle(self, *_):
        self.asked = True

    def __call__(self):
        now = time.monotonic()
        if self.parent and not self.asked and now >= self.next_look:
            self.next_look = now + 0.5
            self.asked = self.parent.wants_us_to_stop()
        return self.asked


def main():
    args = arguments()
    stop = Stop(Parent() if args.with_parent else None)
    settings = {k: v for k, v in os.environ.items()
                if k.startswith("PERIGEE_") and k not in ("PERIGEE_BIN", "PERIGEE_KEEP")}
    stack = Stack(upstream=args.upstream, quota=args.quota, workers=args.workers, redis=args.redis,
                  port=args.port, run_dir=args.run_dir, env=settings, interrupted=stop)
    status = 0
    try:
        say(f"starting; logs are in {os.path.join(args.run_dir, 'log')}")
        stack.start()
        print(f"perigee ready: {stack.base}{SEED}", flush=True)
        while not stop():
            stack.check()
            time.sleep(0.1)
    except Interrupted:
        pass
    except StackError as error:
        say(f"perigee: {error}")
        status = error.exit_status
    for complaint in stack.stop():
        say(f"perigee: {complaint}")
    return status


if __name__ == "__main__":
    sys.exit(main())
