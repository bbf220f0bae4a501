"""The table, as text. Pure."""

from ..shield.report import lines

NAMES = {
    "reload": "workers reload (SIGHUP)",
    "restart": "workers restart in turn",
    "activated": "the same, sockets kept for them",
    "alone": "one worker, socket kept",
    "nginx": "nginx reloads",
    "kill": "workers are killed in turn",
    "module": "workers restart and nginx reloads, which has the module",
    "failover": "Redis' master is killed",
}


def whole(result):
    """Everything that is printed."""
    p = result["parameters"]
    rows = [[NAMES[name], str(one["steps"]), f"{one['seconds']:.0f}", str(one["requests"]),
             f"{one['rate']:.0f}", str(one["failed"]), str(one["sent_again"]),
             f"{one['p99'] * 1e3:.0f}", f"{one['slowest'] * 1e3:.0f}",
             f"{one['counted'] - one['requests']:+d}"]
            for name, one in result["scenarios"].items()]
    head = [f"while {p['rate']} requests a second are asked for", "steps", "s", "requests", "a second",
            "failed", "sent again", "p99, ms", "slowest, ms", "counted"]
    return (f"Rolling: each for {p['seconds']} s at least. Goals: nothing failed, at {p['least']} requests"
            f" a second or more.\n\n{lines([head, *rows])}\n" + "".join(
                f"{name}: {failure}\n" for name, one in result["scenarios"].items()
                for failure in one["failures"]))
