"""Two requests have one key if, and but for what is listed here only if, they mean the same.

Drawn at random over every list and object of every API, in pairs: half of them one request in two
spellings, half of them two that differ a little. What they mean says the stand-in's own parsing.
"""

import random
from collections import Counter
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

import meaning
import pytest
from asked.drawn import OLDER, Draw
from program import keys

PAIRS = 120_000
PARTS = 12
SEED = 2300


# ---- drawing -----------------------------------------------------------------

def lists():
    return sorted(path for path, about in meaning.surface().items() if about["count"] is not None)


def pair(draw, path):
    """Two requests, and whether the second was made to mean the same."""
    def written(path, id, pairs):
        return draw.target(draw.address(path, id), draw.with_ignored(draw.respelt(path, pairs)))

    ids = draw.surface[path]["ids"]
    id = draw.rng.choice(ids) if draw.chance(0.1) else None
    pairs = draw.page(path, draw.meaning(path))
    first = written(path, id, pairs)
    if draw.chance(0.5):
        return first, written(path, id, pairs), True
    if id and draw.chance(0.3):
        return first, written(path, another(draw, ids, id), pairs), False
    there, other = draw.altered(path, pairs)
    return first, written(there, id, other), False


def another(draw, ids, id):
    return draw.rng.choice(ids + [str(int(id) + 1)] if id.isdigit() else ids)


@lru_cache(64)  # both of a pair often have one key
def understood(target):
    """What the stand-in understands, or None if it refuses."""
    try:
        return meaning.of(target)
    except meaning.Refused:
        return None


class Checked:
    """Pairs of one part, each with both keys and both meanings; what one side refuses is left
    out."""

    def __init__(self, part):
        self.draw = Draw(random.Random(f"{SEED}/{part}"), meaning.surface())
        self.pairs = []
        self.refusals = Counter()
        paths = lists()
        while len(self.pairs) < PAIRS // PARTS:
            self._take([pair(self.draw, self.draw.rng.choice(paths)) for _ in range(2000)])

    def _take(self, drawn):
        found = keys([target for first, second, _ in drawn for target in (first, second)])
        for (first, second, same), a, b in zip(drawn, found[::2], found[1::2]):
            means = understood(first), understood(second)
            self.refusals.update(refusal for _, refusal in (a, b) if refusal)
            if a[0] and b[0] and None not in means:
                self.pairs.append((first, second, a[0], b[0], *means, same))


# ---- one key, one meaning ----------------------------------------------------

def assert_one_key_means_one_thing(pairs):
    """Of all requests that were drawn, not of each pair alone; without exception."""
    known = {}
    for first, second, a, b, means_a, means_b, _ in pairs:
        for target, key, means in (first, a, means_a), (second, b, means_b):
            other, meant = known.setdefault(key, (target, means))
            assert meant == means, f"{other}\n{target}\nshare {key}"


def assert_a_key_says_what_the_request_said(pairs):
    """A key is a request too; upstream is asked in its spelling."""
    for first, second, a, b, means_a, means_b, _ in pairs:
        assert understood(a) == means_a, f"{first}\nbecame {a}"
        assert understood(b) == means_b, f"{second}\nbecame {b}"


# ---- one meaning, one key ----------------------------------------------------

def folded(key):
    """The key with all merged that is known not to be:

    - 2.2.0 is passed through: parameters are upstream's business;
    - a default ordering that is written out, since upstream documents none;
    - quotes in a search, which not every release of upstream's framework knows;
    - the mode of an object, which upstream is believed to ignore, without anybody having seen it.
    """
    if key.startswith(OLDER):
        return understood(key)
    path, _, query = key.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query)
            if not (name == "mode" and understood(key).object is not None)]
    bare = understood(path + "?" + urlencode([p for p in kept if p[0] != "ordering"]))
    if bare.ordering == understood(key).ordering:
        kept = [(name, value) for name, value in kept if name != "ordering"]
    kept = [(name, understood(key).search if name == "search" else value) for name, value in kept]
    return path, tuple(kept)


def assert_one_meaning_has_one_key(pairs):
    for first, second, a, b, means_a, means_b, _ in pairs:
        if means_a == means_b and a != b:
            assert folded(a) == folded(b), f"{first}\n{second}\nare {a}\nand {b}"


# ---- whether that was worth anything -----------------------------------------

def assert_worth_comparing(checked):
    """Many, of both sorts, from everywhere, and few that were left out for being refused."""
    pairs, surface = checked.pairs, meaning.surface()
    same = [p for p in pairs if p[4] == p[5]]
    assert len(pairs) >= PAIRS // PARTS
    assert len(same) > 0.45 * len(pairs)
    assert len(pairs) - len(same) > 0.3 * len(pairs)
    assert sum(p[2] == p[3] for p in pairs if p[6]) > 0.99 * sum(p[6] for p in pairs)
    assert len({p[2] for p in pairs}) > 0.7 * len(pairs)
    assert checked.refusals.total() < 0.05 * len(pairs)
    paths = {meant.path for p in pairs for meant in p[4:6]}
    assert len(paths) == 2 * len(lists())  # and the objects of each
    kinds = {name: f["type"] for about in surface.values() for name, f in about["filters"].items()}
    seen = {name for p in pairs for meant in p[4:6] for name, _ in meant.filters}
    assert len(seen) > 0.9 * len(kinds)
    assert {kinds[name] for name in seen} == set(kinds.values())


@pytest.mark.parametrize("part", range(PARTS))
def test_twins(part):
    checked = Checked(part)
    assert_worth_comparing(checked)
    assert_one_key_means_one_thing(checked.pairs)
    assert_a_key_says_what_the_request_said(checked.pairs)
    assert_one_meaning_has_one_key(checked.pairs)
