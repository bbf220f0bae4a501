"""2,000 random valid list requests are answered as upstream itself answers them."""

import random
from urllib.parse import quote

import pytest
from harness import SPACECRAFT, assert_like_upstream

REQUESTS = 2000
PARTS = 10  # each with requests of its own, over the same windows
MEANINGS = 110  # what lists are asked for; each in many pages and spellings
SEED = 596

FIELDS = ["flights_count", "id", "mission_ends_count", "time_docked", "time_in_space"]
CONFIGURATIONS = [1, 2, 3, 5, 6, 8, 10, 12, 16, 18, 19, 20, 21, 35]
LIMITS = ["", "0", "-1", "1", "2", "3", "7", "10", "25", "50", "99", "100", "101", "1000", "007",
          "99999999999999999999"]
OFFSETS = ["", "0", "-10", "00", "1", "90", "95", "99", "100", "101", "199", "200", "300", "326",
           "399", "400", "500", "590", "595", "596", "597", "700", "12345", "1000000000"]


@pytest.fixture(scope="module")
def names(chain):
    """All names that a request can carry: control characters are refused."""
    found = []
    for offset in range(0, 600, 100):
        page = chain.origin.get(f"{SPACECRAFT}?limit=100&offset={offset}").json
        found += [row["name"] for row in page["results"]]
    assert len(found) == 596
    return [name for name in found if all(c >= " " and c != "\x7f" for c in name)]


# ---- what is asked for -------------------------------------------------------

def search_words(rng, names):
    """Words of names, parts of them, phrases in quotes that are closed or are not."""
    words = [word for name in rng.sample(names, rng.choice([1, 1, 1, 2])) for word in name.split()]
    if not words:
        return "x"
    chosen = rng.sample(words, min(len(words), rng.choice([1, 1, 2, 3])))
    chosen = [w[: rng.randint(2, len(w))] if len(w) > 2 and rng.random() < 0.4 else w
              for w in chosen]
    text = rng.choice([" ", " ", ",", ", ", "  "]).join(chosen)
    if rng.random() < 0.2:
        mark = rng.choice(["'", '"'])
        text = rng.choice([f"{mark}{text}{mark}", f"{mark}{text}", f"{text} {mark}"])
    return rng.choice([text, text, text.upper(), text.lower(), f" {text},"])


def ordering(rng):
    terms = [rng.choice(["", "-"]) + field
             for field in rng.choices(FIELDS, k=rng.choice([1, 1, 2, 3, 6]))]
    if rng.random() < 0.3:
        terms.insert(rng.randrange(len(terms) + 1), rng.choice(["", " "]))
    return ",".join(rng.choice(["", "", " "]) + term for term in terms)


def meaning(rng, names):
    """What a list is asked for: pairs whose order does not matter."""
    pairs = []
    for name in ("in_space", "is_placeholder"):
        if rng.random() < 0.2:
            pairs.append((name, rng.choice(["true", "True", "false", "False", "", "unknown"])))
    if rng.random() < 0.1:
        name = rng.choice(names)
        pairs.append(("name", rng.choice([name, name, f"  {name} ", name + "x"])))
    if rng.random() < 0.2:
        pairs.append(("status", rng.choice(["1", "2", "3", "4", "5", "04", " 2 ", ""])))
    if rng.random() < 0.2:
        pairs.append(("spacecraft_config", rng.choice(["", *map(str, CONFIGURATIONS)])))
    if rng.random() < 0.35:
        pairs.append(("search", search_words(rng, names)))
    if rng.random() < 0.6:
        pairs.append(("ordering", ordering(rng)))
    if rng.random() < 0.3:
        pairs.append(("mode", rng.choice(["normal", "detailed", "detailed", ""])))
    return pairs


# ---- how it is written -------------------------------------------------------

def encoded(rng, text):
    """Percent-encoded, where it must be and where it need not."""
    out = ""
    for c in text:
        if c == " ":
            out += rng.choice(["+", "%20"])
        elif c.isascii() and (c.isalnum() or c in "-_.~,:/?'()*!$;@") and rng.random() < 0.93:
            out += c
        else:
            escapes = "".join(f"%{byte:02x}" for byte in c.encode())
            out += rng.choice([escapes, escapes.upper()])
    return out


def repeated(rng, pairs):
    """Before the pair that counts, the same parameter with another value, sensible or not."""
    name, value = rng.choice(pairs)
    other = rng.choice([value, "", "0", "nonsense", "true", "-id"])
    at = pairs.index((name, value))
    return pairs[:at] + [(name, other)] + pairs[at:]


def target(rng, pairs):
    """One page of what the pairs ask for, in one of many spellings."""
    pairs = list(pairs)
    if rng.random() < 0.6:
        pairs.append(("limit", rng.choice(LIMITS + [str(rng.randint(1, 100))] * 8)))
    if rng.random() < 0.75:
        pairs.append(("offset", rng.choice(OFFSETS + [str(rng.randint(0, 620))] * 8)))
    if rng.random() < 0.2:
        pairs.append(("format", rng.choice(["json", "api", ""])))
    rng.shuffle(pairs)
    if pairs and rng.random() < 0.2:
        pairs = repeated(rng, pairs)
    pieces = []
    for name, value in pairs:
        written = "=" + encoded(rng, value) if value or rng.random() < 0.7 else ""
        pieces.append(encoded(rng, name) + written)
    if rng.random() < 0.1:
        pieces.insert(rng.randrange(len(pieces) + 1), "")
    if not pieces and rng.random() < 0.5:
        return SPACECRAFT
    return SPACECRAFT + "?" + "&".join(pieces) + rng.choice(["", "", "", "&"])


def requests(part, names):
    rng = random.Random(SEED)
    meanings = [[], []] + [meaning(rng, names) for _ in range(MEANINGS)]
    rng = random.Random(f"{SEED}/{part}")
    return [target(rng, rng.choice(meanings)) for _ in range(REQUESTS // PARTS)]


@pytest.mark.parametrize("part", range(PARTS))
def test_random_lists_equal_upstreams_own(chain, names, part):
    """`results` object for object and number for number; `count`, `next`, `previous` equal but
    for host and `format`."""
    for asked in requests(part, names):
        assert_like_upstream(chain, asked)


def test_the_requests_are_worth_comparing(chain, names):
    """That they were many and of every kind, and that windows made most of them free."""
    asked = [t for part in range(PARTS) for t in requests(part, names)]
    assert len(asked) == REQUESTS
    assert len(set(asked)) > REQUESTS * 0.9
    for word in ("in_space", "is_placeholder", "name", "status", "spacecraft_config", "search",
                 "ordering", "mode", "limit", "offset", "format"):
        assert sum(word in t for t in asked) > 40, word
    assert len(chain.origin.asked) < REQUESTS / 2


@pytest.mark.parametrize("query", [
    "name=" + quote("null"), "name=" + quote("\ufeffMarked"), "name=" + quote("a,b , c"),
    "name=" + quote("100% Reusable"), "name=" + quote("%41%zz"), "name=A%2BB+Tug",
    "name=" + quote("Slash/Query?x=1&y=2#frag;p", safe=""),
    "name=" + quote("Line\u2028Separator"), "name=" + quote("👩\u200d🚀 Family 👨\u200d👩\u200d👧"),
    "search=" + quote('{"count": 596}'), "search=" + quote("C:\\orbit\\new\\table"),
    "search=%25", "search=_", "search=,", "search=%22%22", "search=%27%22%27", "search=%E3%80%80",
    "limit=100&offset=100000&mode=detailed", "mode=detailed&limit=100&offset=150",
])
def test_awkward_lists_equal_upstreams_own(gate, query):
    """Values that a careless parser or writer of URLs trips over."""
    assert_like_upstream(gate, f"{SPACECRAFT}?{query}")


def test_every_object_equals_upstreams_own(gate):
    """Objects, in every mode, byte for byte; those are detailed unless asked otherwise."""
    ids = gate.origin.get(f"{SPACECRAFT}?limit=100&offset=270&ordering=-time_docked").ids
    for id in ids[::4]:
        assert_like_upstream(gate, f"{SPACECRAFT}{id}/")


def test_digits_are_kept_as_upstream_wrote_them(gate):
    """Integers beyond 53 bits, 0.1, 1e-07, -0.0 come through digit for digit."""
    seen = b""
    for offset in range(0, 600, 100):
        seen += assert_like_upstream(
            gate, f"{SPACECRAFT}?mode=detailed&limit=100&offset={offset}").body
    for number in (b"9007199254740993", b"18446744073709551616", b"10000000000000000000000007",
                   b":0.1,", b":1e-07", b":-0.0", b":1e+22", b":5e-324",
                   b"1.7976931348623157e+308", b":0.30000000000000004"):
        assert number in seen, number
