"""The table, as text. Pure."""

NAMES = {"perigee": "perigee", "fixed": "perigee*", "nginx": "nginx", "varnish": "Varnish", "none": "no cache"}


def share(value):
    return "-" if value is None else f"{value:.1%}"


def minutes(value):
    return "-" if value is None else f"{value / 60:.1f} min"


def milliseconds(value):
    return "-" if value is None else f"{value * 1000:.1f} ms"


def times(value):
    return "-" if value is None else f"{value:.2f}"


def number(value):
    return "-" if value is None else f"{value}"


ROWS = [
    ("upstream calls", "calls", number),
    ("  refused by upstream", "refused", number),
    ("    while another program had used the quota", "refused_beside_other", number),
    ("  failed (the outage)", "failed", number),
    ("answered 2xx, of all requests", "answered", share),
    ("answered 2xx, of valid requests", "valid_answered", share),
    ("  not answered though it had been fetched", "lost", number),
    ("stale, of answers", "stale", share),
    ("age of answers, p50", "age_p50", minutes),
    ("  p95", "age_p95", minutes),
    ("  max", "age_max", minutes),
    ("latency, p50", "latency_p50", milliseconds),
    ("  p99", "latency_p99", milliseconds),
]

# Where upstream refuses nobody, this is what differs.
ROWS_OPEN = [row for row in ROWS if "refused" not in row[1]]

FIXED = (
    "perigee*: with one time for each endpoint, as nginx, Varnish and the oracle have it, instead of\n"
    "perigee's rules, by which it asks more often near a launch and seldom for what is long past.")


def table(title, rows, columns):
    """Aligned; `columns` are (heading, {key: value})."""
    texts = [[label, *(show(values.get(key)) for _, values in columns)]
             for label, key, show in rows]
    return lines([[title, *(heading for heading, _ in columns)], *texts])


def lines(texts):
    widths = [max(map(len, column)) for column in zip(*texts)]
    out = ["  ".join([row[0].ljust(widths[0])]
                     + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]).rstrip()
           for row in texts]
    return "\n".join([out[0], "-" * len(out[0]), *out[1:]])


def whole(report):
    """Everything that is printed."""
    p, oracle = report["parameters"], report["oracle"]
    parts = [
        f"The shield: {p['requests']} requests in {p['hours']:g} h of upstream time,"
        f" {p['factor']:g} times as fast (seed {p['seed']})."
        f" Upstream allows {p['quota_calls']} calls an hour and takes {p['latency'] * 1000:.0f} ms.",
    ]
    for name, title, rows in (("throttled", "upstream's own quota", ROWS),
                              ("open", "nobody is refused", ROWS_OPEN)):
        runs = report["runs"].get(name)
        if not runs:
            continue
        columns = [(NAMES[peer], values) for peer, values in runs.items()]
        ratios = [("calls, times the oracle's", "times_oracle", times)]
        if "fixed" in runs:
            ratios.append(("  times those of perigee*", "times_fixed", times))
        parts.append(table(title, [*rows, *ratios], columns))
        parts.append(table(f"answered 2xx ({title})", [
            (kind, kind, share) for kind in next(iter(runs.values()))["kinds"]
        ], [(heading, values["kinds"]) for heading, values in columns]))
    if "open" in report["runs"]:
        parts.append(_endpoints(report))
        if "fixed" in report["runs"]["open"]:
            parts.append(FIXED)
    parts.append(
        f"oracle: {oracle['open']} calls keep every answer fresh; {oracle['throttled']} with upstream's own quota, as nothing is\n"
        f"demanded of the hour in which another program has used it up. (Nor of the outage in either.)\n"
        f"The quota grants {oracle['allowed']}, and {oracle['units']} different windows and objects are asked for. Who knew the future and spent\n"
        f"the quota on one fetch each of what is wanted most could answer {share(oracle['foreseen'])} of valid requests, at any age.")
    busy = " and ".join(f"{busy:.0%}" for busy in report["busy"].values())
    parts.append(f"The machine was {busy} busy; requests were begun at most"
                 f" {report['lag'] * 1000:.0f} ms late.")
    return "\n\n".join(parts) + "\n"


def _endpoints(report):
    runs = report["runs"]["open"]
    oracle = report["oracle"]["endpoints"]
    names = sorted({*oracle, *(name for run in runs.values() for name in run["endpoints"])},
                   key=lambda name: (-oracle.get(name, 0), name))
    columns = [("oracle", oracle)] + [(NAMES[peer], run["endpoints"]) for peer, run in runs.items()]
    return table("calls by endpoint (nobody is refused)",
                 [(name, name, lambda v: number(v or 0)) for name in names], columns)
