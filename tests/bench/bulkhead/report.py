"""The table, as text. Pure."""

from ..shield.report import lines

NAMES = {"nobody": "nobody waits", "one": "for one answer", "many": "for ten"}
GOAL = 1.5  # times the p99 of hits while nobody waits, at most


def whole(result):
    """Everything that is printed."""
    p = result["parameters"]
    rows = [[NAMES[case], f"{found['rate']:.0f}", f"{found['p50'] * 1e3:.2f}",
             f"{found['p99'] * 1e3:.2f}", f"{found['times']:.2f}", f"{found['times_worst']:.2f}"]
            for case, found in result["cases"].items()]
    head = [f"{p['waiting']} requests wait", "hits a second", "p50, ms", "p99, ms", "times", "worst"]
    return (f"Bulkhead: hits while others wait for an upstream that hangs. {p['rounds']} rounds of"
            f" {p['seconds']} s,\nmedians; `times` are the p99 of the same round in which nobody waits"
            f" (goal: at most {GOAL}).\n\n{lines([head, *rows])}\n")
