"""From rounds to the numbers of the table. Pure."""

from statistics import median

KINDS = ("cpu", "rate", "p50", "p99")


def medians(rounds, reference):
    """{peer: {kind: median, kind_times: median of the ratios to the reference's in the same round}}
    of {peer: [{kind: number} of each round]}."""
    found = {}
    for name, numbers in rounds.items():
        found[name] = {kind: median(n[kind] for n in numbers) for kind in KINDS}
        found[name] |= {f"{kind}_times": median(ours[kind] / theirs[kind]
                                                for ours, theirs in zip(numbers, rounds[reference]))
                        for kind in KINDS}
    return found


def over_cells(cells, peer, kind, against=None, only=lambda cell: True):
    """(median, worst) over all cells of a ratio to the reference's, or to another peer's."""
    ratios = [cell["peers"][peer][kind] / (cell["peers"][against][kind] if against else 1)
              for cell in cells
              if peer in cell["peers"] and (not against or against in cell["peers"]) and only(cell)]
    return (median(ratios), max(ratios)) if ratios else None
