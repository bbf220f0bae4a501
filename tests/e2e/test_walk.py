"""Walking a whole list by `next`, as programs do that want everything."""

import pytest
from harness import SPACECRAFT, assert_like_upstream


def walk(gate, target):
    """The pages from target on, each asked with the link of the one before, verbatim."""
    pages = []
    while target:
        answer = gate.ask(target)
        assert answer.status == 200, answer
        pages.append(answer.json)
        assert len(pages) <= 600, "the walk does not end"
        link = pages[-1]["next"]
        assert link is None or link.startswith(f"{gate.base}/2.3.0/"), link
        target = link and link.removeprefix(gate.base)
    return pages


def links_in(value):
    """Every `url`, `next` and `previous` at any depth."""
    if isinstance(value, list):
        for element in value:
            yield from links_in(element)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name in ("url", "next", "previous") and isinstance(member, str):
                yield member
            yield from links_in(member)


@pytest.mark.parametrize("limit", [10, 7, 30, 100, 1000])
def test_a_walk_costs_six_calls(gate, limit):
    """All 596 once each and in order, whatever the pages' size; a call per window of 100."""
    pages = walk(gate, f"{SPACECRAFT}?limit={limit}")
    ids = [row["id"] for page in pages for row in page["results"]]
    assert len(ids) == len(set(ids)) == 596
    assert ids == sorted(ids)
    assert {page["count"] for page in pages} == {596}
    assert len(pages) == -(-596 // min(limit, 100))
    expected = [f"{SPACECRAFT}?limit=100" + (f"&offset={start}" if start else "")
                for start in range(0, 600, 100)]
    assert gate.origin.asked == expected


def test_every_link_of_a_walk_stays_on_the_gateway(gate):
    """`next`, `previous` and each `url` begin with the configured base, at any depth."""
    pages = walk(gate, f"{SPACECRAFT}?limit=100&mode=detailed&format=api")
    links = [link for page in pages for link in links_in(page)]
    elsewhere = [link for link in links if not link.startswith(f"{gate.base}/2.3.0/")]
    assert len(links) > 5 * 596
    assert all(link.startswith("https://example.org/") for link in elsewhere)


def test_a_walk_backwards_is_free_after_that(gate):
    """`previous` leads back to the first page, over the same windows."""
    pages = walk(gate, f"{SPACECRAFT}?limit=30&ordering=-flights_count")
    calls = gate.calls
    back, target = [], pages[-1]["previous"]
    while target:
        page = gate.ask(target.removeprefix(gate.base)).json
        back.append(page["results"])
        target = page["previous"]
    assert back == [page["results"] for page in pages[-2::-1]]
    assert gate.calls == calls == 6


def test_a_filtered_walk_equals_upstreams(gate):
    """A list of another length, in pages that cross its windows' borders."""
    target = f"{SPACECRAFT}?is_placeholder=false&limit=30&ordering=time_in_space,-id&offset=5"
    seen = 0
    while target:
        page = assert_like_upstream(gate, target).json
        seen += len(page["results"])
        target = page["next"] and page["next"].removeprefix(gate.base)
    assert seen == page["count"] - 5
