"""The tables, as text. Pure."""

from ..shield.report import lines
from . import measure

NAMES = {"shelf": "perigee", "micro": "no module", "perigee": "no micro-cache", "redis": "no memory",
         "cache": "proxy_cache", "compressing": "compressing", "static": "static file",
         "varnish": "Varnish"}

COUNTED = {"shelf": "many answered from a shelf", "micro": "many by the micro-cache"}

TABLES = (("cpu", "processor time of all servers, us a request", lambda v: f"{v * 1e6:.1f}"),
          ("rate", "requests a second", lambda v: f"{v:.0f}"),
          ("p50", "latency p50, ms", lambda v: f"{v * 1e3:.2f}"),
          ("p99", "latency p99, ms", lambda v: f"{v * 1e3:.2f}"))


def many(cell):
    return cell["connections"] >= 128


# What was set out for: peer, kind, at most, over which cells, and against whom if not proxy_cache.
GOALS = (
    ("as it is, processor", "shelf", "cpu_times", 1.0, {}),
    ("  times proxy_cache that compresses", "shelf", "cpu", 0.3, {"against": "compressing"}),
    ("  times Varnish", "shelf", "cpu", 1.0, {"against": "varnish"}),
    ("  p99, 128 connections", "shelf", "p99_times", 1.5, {"only": many}),
    ("micro-cache and no module, processor", "micro", "cpu_times", 1.0, {}),
    ("  times proxy_cache that compresses", "micro", "cpu", 0.3, {"against": "compressing"}),
    ("  times Varnish", "micro", "cpu", 1.0, {"against": "varnish"}),
    ("  p99, 128 connections", "micro", "p99_times", 1.5, {"only": many}),
    ("micro-cache off, processor", "perigee", "cpu_times", 1.6, {}),
    ("  times Varnish", "perigee", "cpu", 1.0, {"against": "varnish"}),
    ("memory off, processor", "redis", "cpu_times", 3.5, {}),
)


def name(cell):
    keys = "one key" if cell["keys"] == 1 else f"{cell['keys']} keys"
    return f"{cell['page']}, {cell['coding']}, {keys}, {cell['connections']} connections"


def table(result, kind, title, show):
    """Each number with its ratio to proxy_cache's."""
    peers = [peer for peer in NAMES if peer in result["parameters"]["peers"]]

    def number(values):
        return f"{show(values[kind])} ({values[kind + '_times']:.2f})" if values else "-"

    return lines([[title, *(NAMES[peer] for peer in peers)],
                  *([name(cell), *(number(cell["peers"].get(peer)) for peer in peers)]
                    for cell in result["cells"])])


def goals(cells):
    rows = []
    for title, peer, kind, most, options in GOALS:
        found = measure.over_cells(cells, peer, kind, **options)
        if found:
            rows.append([title, f"{most:.1f}", *(f"{value:.2f}" for value in found)])
    return lines([["goals, of the ratio", "at most", "median", "worst"], *rows])


def megabytes(value):
    return f"{value / 1e6:.1f} MB"


def kept(result):
    rows = [[NAMES["shelf"] if peer == "perigee" else NAMES[peer], megabytes(found["memory"]),
             megabytes(found["files"]), megabytes(found["bytes"]),
             f"{(found['memory'] + found['files']) / found['bytes']:.2f}"]
            for peer, found in result["kept"].items()]
    return lines([[f"{result['parameters']['kept']} pages kept", "memory", "files", "bytes of theirs",
                   "times"], *rows])


def instructions(result):
    rows = [[f"{page}, {coding}", f"{total:.0f}"]
            for page, codings in result["instructions"].items()
            for coding, (total, _) in codings.items()]
    return lines([["instructions of the worker, for a hit", ""], *rows])


def profile(result):
    """Whose instructions they are: a text of its own."""
    return "\n\n".join(
        lines([[f"{page}, {coding}: {total:.0f} instructions", "own"],
               *([function, f"{number:.0f}"] for function, number in own.items())])
        for page, codings in result["instructions"].items()
        for coding, (total, own) in codings.items()) + "\n"


def whole(result):
    """Everything that is printed."""
    p, sizes = result["parameters"], result["sizes"]
    size = ", ".join(f"a {page} has {codings['identity']:.0f} bytes and {codings['gzip']:.0f} in gzip"
                     for page, codings in sizes.items())
    parts = [f"Hits: {p['rounds']} rounds of {p['seconds']} s, medians; in brackets times"
             f" proxy_cache's of the same round.\nOn the average {size}."]
    parts += [table(result, *one) for one in TABLES]
    parts.append(goals(result["cells"]))
    for peer, (sent, counted) in result["counted"].items():
        parts.append(f"Of {sent} requests, {COUNTED[peer]}, {counted} were counted.")
    if result["kept"]:
        parts.append(kept(result))
    if "instructions" in result:
        parts.append(instructions(result))
    parts.append(f"Redis takes {result['redis']['object']:.0f} bytes for an object of a list.")
    if result["redis"]["answer"]:
        parts.append(f"It takes {result['redis']['answer']:.0f} bytes for a page that it keeps composed"
                     " for workers without memory.")
    return "\n\n".join(parts) + "\n"
