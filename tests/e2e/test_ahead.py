"""The next window is fetched for who walks through a list, and for nobody else."""

from harness import SPACECRAFT, Chain, eventually

LIST = SPACECRAFT + "?ordering=id"


def page(chain, offset, limit):
    return chain.ask(f"{LIST}&limit={limit}&offset={offset}")


def window(start):
    return SPACECRAFT + "?limit=100" + (f"&offset={start}" if start else "") + "&ordering=id"


def test_a_crawler_waits_once():
    """Pages of 20 through 596 objects, on two workers: one call for each window, in time."""
    with Chain(workers=2) as chain:
        waited = 0
        for offset in range(0, 596, 20):
            answer = page(chain, offset, 20)
            assert answer.status == 200
            waited += "fwd=" in answer.cache_status
            # Who reads takes a moment, which is all that it takes.
            if offset % 100 == 80 and offset < 500:
                eventually(lambda at=offset + 20: window(at) in chain.cache.entries(),
                           "the next window is there")
        assert waited == 1
        assert chain.calls == 6


def test_who_stops_costs_one_window():
    with Chain() as chain:
        for offset in range(0, 100, 10):
            page(chain, offset, 10)
        eventually(lambda: window(100) in chain.cache.entries(), "the next window is there")
        for _ in range(20):
            page(chain, 90, 10)
        assert chain.origin.asked == [window(0), window(100)]
