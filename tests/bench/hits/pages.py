"""What is asked for: pages of a list of about 24 kB, and single objects of about 2.5 kB."""

LIST = "/2.3.0/spacecraft/"
COUNT = 596  # what the sandbox has
ORDERINGS = [sign + name for name in ("id", "flights_count", "mission_ends_count", "time_docked",
                                      "time_in_space") for sign in ("", "-")]
LIMIT = 11

# Their objects have about the size that is wanted; in this order, until there are enough.
DETAILS = ("spacecraft", "space_stations", "launcher_configurations", "pads")


def lists(n, limits=(LIMIT, LIMIT + 1)):
    """n different pages; all of them can be cut from 60 windows."""
    every = (f"{LIST}?limit={limit}&offset={offset}&ordering={ordering}"
             for limit in limits for ordering in ORDERINGS
             for offset in range(1, COUNT - max(limits)))
    found = [target for target, _ in zip(every, range(n))]
    assert len(found) == n, f"there are only {len(found)} pages"
    return found


def details(n, ids):
    """`ids` gives the numbers of all objects of an endpoint."""
    every = [f"/2.3.0/{endpoint}/{number}/" for endpoint in DETAILS for number in ids(endpoint)]
    assert len(every) >= n, f"there are only {len(every)} objects"
    return every[:n]


def windows():
    """Pages that lie in each of the windows that all the pages of lists are cut from."""
    return [f"{LIST}?limit=1&offset={offset}&ordering={ordering}"
            for ordering in ORDERINGS for offset in range(1, COUNT, 100)]
