"""Requests drawn at random from all that can be asked.

A request is a path and pairs: names and values, in an order that hardly matters. It is drawn for
what it means, then written in one of many ways; or changed a little, to mean something else:

    draw = Draw(random.Random(1), surface)      what the stand-in's order `surface` reports
    pairs = draw.meaning("/2.3.0/launches/")    [("net__gte", "2026-11-24T09:30:00Z"), ...]
    pairs = draw.page("/2.3.0/launches/", pairs)
    draw.target("/2.3.0/launches/", draw.respelt("/2.3.0/launches/", pairs))
"""

from asked import spelled

# Whatever means the same as none or as the most, and words of every length.
LIMITS = ["", "0", "-1", "1", "2", "3", "7", "10", "25", "50", "99", "100", "101", "1000", "007",
          "99999999999999999999"]
OFFSETS = ["", "0", "-10", "00", "1", "90", "95", "99", "100", "101", "199", "200", "300", "326",
           "399", "400", "500", "590", "595", "596", "597", "700", "12345", "1000000000"]

# Beside what occurs in the data: where numbers, calendars and alphabets end.
AT_BORDERS = {
    "int": ["0", "-1", "1", "2147483647", "-2147483647", "1000000"],
    "number": ["0", "-0.0", "0.1", "1000", "-28.5", "180.000001", "99999999999999999999.5"],
    "string": ["x", "É", "e\u0301", "ﬁ", "100%", "a&b=c", "+", '"', "'", "\\", "null", "ß", "İ"],
    "datetime": ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2028-02-29T12:00:00Z",
                 "1970-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2026-11-24T09:30:00.123456Z"],
    "date": ["0001-01-01", "9999-12-31", "2028-02-29", "1970-01-01"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
}

PAGING = ("limit", "offset", "format")
NEWS = "/v4/"
OLDER = "/2.2.0/"


def without_controls(texts):
    """Control characters are refused."""
    return [text for text in texts if text and all(c >= " " and c != "\x7f" for c in text)]


class Draw:
    def __init__(self, rng, surface):
        self.rng = rng
        self.surface = surface
        self.texts = {path: without_controls(about["texts"]) for path, about in surface.items()}

    def chance(self, share):
        return self.rng.random() < share

    # ---- what is asked for ---------------------------------------------------

    def meaning(self, path):
        """Some filters, a search, an ordering, a mode."""
        about = self.surface[path]
        pairs = []
        names = self.rng.sample(sorted(about["filters"]),
                                min(len(about["filters"]), self.rng.choice([0, 0, 1, 1, 1, 2, 3])))
        for name in names:
            pairs += [(name, value) for value in self.values(about["filters"][name])]
        if about["search"] and self.chance(0.3):
            pairs.append(("search", self.search(self.texts[path])))
        if about["ordering"] and self.chance(0.5):
            pairs.append(("ordering", self.ordering(path)))
        if about["modes"] and self.chance(0.4):
            pairs.append(("mode", self.rng.choice(about["modes"] + [""])))
        return pairs

    def values(self, filter):
        """One value of a filter, or some of one that may be repeated."""
        rng, kind, known = self.rng, filter["type"], filter["values"]
        one = kind.removeprefix("csv-")
        if kind == "bool":
            return [rng.choice(["true", "false", "true", "false", "", "unknown"])]
        if self.chance(0.05) and kind != "repeated-int":
            return [""]
        if not filter["existing"] and (not known or self.chance(0.2)):
            known = AT_BORDERS[one]
        if kind == "repeated-int":
            return rng.sample(known, min(len(known), rng.choice([1, 1, 2, 3])))
        if kind != one:
            several = rng.sample(known, min(len(known), rng.choice([1, 1, 2, 3])))
            return [",".join(several)]
        return [rng.choice(known or ["1"])]

    def search(self, texts):
        """Words, parts of them, phrases in quotes that are closed or are not."""
        rng = self.rng
        words = [word for text in rng.sample(texts, min(len(texts), rng.choice([1, 1, 1, 2])))
                 for word in text.split()] or ["x"]
        chosen = rng.sample(words, min(len(words), rng.choice([1, 1, 2, 3])))
        chosen = [w[: rng.randint(2, len(w))] if len(w) > 2 and self.chance(0.4) else w
                  for w in chosen]
        text = rng.choice([" ", " ", ",", ", ", "  "]).join(chosen)
        if self.chance(0.2):
            mark = rng.choice(["'", '"'])
            text = rng.choice([f"{mark}{text}{mark}", f"{mark}{text}", f"{text} {mark}"])
        return rng.choice([text, text, text.upper(), text.lower(), f" {text},"])

    def ordering(self, path):
        rng, fields = self.rng, self.surface[path]["ordering"]
        terms = [rng.choice(["", "-"]) + field
                 for field in rng.choices(fields, k=rng.choice([1, 1, 2, 3, 6]))]
        return ",".join(terms)

    def page(self, path, pairs):
        """One page of it, any one or near its ends."""
        rng, pairs, count = self.rng, list(pairs), self.surface[path]["count"]
        if self.chance(0.6):
            pairs.append(("limit", rng.choice(LIMITS + [str(rng.randint(1, 20))] * 20)))
        if self.chance(0.6):
            near = [str(max(count - rng.randint(-2, 30), 0)), str(rng.randint(0, count + 20))]
            pairs.append(("offset", rng.choice(OFFSETS + near * 8)))
        if self.chance(0.15):
            pairs.append(("format", rng.choice(["json", "api", ""])))
        return pairs

    # ---- the same in other words ---------------------------------------------

    def kind(self, path, name):
        return self.surface[path]["filters"].get(name, {}).get("type", name)

    def respelt(self, path, pairs):
        """Means the same, upstream too. The older version's parameters are not looked into."""
        rng = self.rng
        if path.startswith(OLDER):
            return self.shuffled(pairs)
        pairs = [(name, self.respelt_value(path, name, value)) for name, value in pairs]
        if self.chance(0.2):
            pairs = self.overruled(path, pairs)
        for name, value in ("limit", "10"), ("offset", "0"), ("mode", self.default_mode(path)):
            if value and self.chance(0.1) and name not in dict(pairs):
                pairs.append((name, value))
        return self.shuffled(pairs)

    def with_ignored(self, pairs):
        """With what clients send to get past caches; in links it does not come back."""
        names = self.rng.choice([[], [], ["utm_source", "_"], ["cb"]])
        more = [(name, self.rng.choice(["", "17", "a b"])) for name in names]
        return self.shuffled(pairs + more)

    def default_mode(self, path):
        return "normal" if self.surface[path]["modes"] else None

    def respelt_value(self, path, name, value):
        if name == "search":
            return self.respelt_search(value)
        if name == "ordering":
            return value if path.startswith(NEWS) else self.respelt_ordering(value)
        if name in ("limit", "offset") and value.isdigit() and self.chance(0.2):
            return "0" + value
        return spelled.respelt(self.rng, self.kind(path, name), value)

    def respelt_search(self, text):
        if "'" in text or '"' in text:
            return text
        return "".join(self.rng.choice([" ", ",", ", "]) if c in " ," else c for c in text)

    def respelt_ordering(self, text):
        terms = text.split(",")
        if self.chance(0.2):
            again = self.rng.choice(terms).lstrip("-")
            terms.append(self.rng.choice(["", "-"]) + again)
        if self.chance(0.2):
            terms.insert(self.rng.randrange(len(terms) + 1), self.rng.choice(["", " "]))
        return ",".join(self.rng.choice(["", "", " "]) + term for term in terms)

    def overruled(self, path, pairs):
        """Before a pair that counts, the same parameter with another value, sensible or not."""
        once = [pair for pair in pairs if self.kind(path, pair[0]) != "repeated-int"]
        if not once:
            return pairs
        name, value = self.rng.choice(once)
        at = pairs.index((name, value))
        other = self.rng.choice([value, "", "0", "nonsense", "true", "-id"])
        return pairs[:at] + [(name, other)] + pairs[at:]

    def shuffled(self, pairs):
        """In another order, but what has one name in its own."""
        places = [(self.rng.random(), at) for at in range(len(pairs))]
        ranks = {}
        for (name, _), (rank, _) in zip(pairs, places):
            ranks.setdefault(name, []).append(rank)
        ranks = {name: iter(sorted(found)) for name, found in ranks.items()}
        return [pair for _, pair in sorted((next(ranks[pair[0]]), pair) for pair in pairs)]

    # ---- something else ------------------------------------------------------

    def altered(self, path, pairs):
        """Another path, or one pair changed, moved to a neighbour, left out or added."""
        pairs = list(pairs)
        at = self.rng.randrange(len(pairs)) if pairs else 0
        way = self.rng.randrange(10)
        if way == 0:
            return self.another_path(path, pairs), pairs
        if way == 1 or not pairs:
            return path, pairs + self.one_more(path)
        name, value = pairs.pop(at)
        if way == 2:
            return path, pairs
        if way == 3:
            return path, pairs + [(self.neighbour(path, name), value)]
        if way == 4:  # the last one counts, or both do
            return path, pairs + [(name, value), (name, self.altered_value(path, name, value))]
        return path, pairs + [(name, self.altered_value(path, name, value))]

    def another_path(self, path, pairs):
        """One that knows the same parameters, if there is any."""
        names = {name for name, _ in pairs if name not in PAGING}
        fitting = [other for other, about in self.surface.items() if about["count"] is not None
                   and other != path
                   and names <= {*about["filters"], "search", "ordering", "mode"}]
        near = [other for other in fitting if other[:12] == path[:12]]
        return self.rng.choice(near or fitting or [path])

    def one_more(self, path):
        more = [("limit", str(self.rng.randint(1, 120))), ("offset", str(self.rng.randint(0, 300)))]
        return self.meaning(path) or [self.rng.choice(more)]

    def neighbour(self, path, name):
        """net__gte for net__gt."""
        stem = name[: max(len(name) - 3, 1)]
        kind = self.kind(path, name)
        near = [other for other, filter in self.surface[path]["filters"].items()
                if other != name and other.startswith(stem) and filter["type"] == kind]
        return self.rng.choice(near or [name])

    def altered_value(self, path, name, value):
        rng = self.rng
        if name == "search":
            words = value.split(" ")
            return rng.choice([spelled.alter_string(rng, value), " ".join(words[::-1]),
                               value + " x", f'"{value}"', value.swapcase()])
        if name == "ordering":
            return self.altered_ordering(path, value)
        if name == "mode":
            return rng.choice(self.surface[path]["modes"] or [""])
        if name == "format":
            return rng.choice(["json", "api", "xml"])
        if name in ("limit", "offset"):
            return str(rng.choice([int(value or 0) + 1, int(value or 0) - 1, rng.randint(0, 200)]))
        return spelled.altered(rng, self.kind(path, name), value)

    def altered_ordering(self, path, value):
        rng, terms = self.rng, value.split(",")
        at = rng.randrange(len(terms))
        turned = terms[at][1:] if terms[at].startswith("-") else "-" + terms[at]
        ways = [terms[:at] + [turned] + terms[at + 1:], terms[::-1], [self.ordering(path)] + terms,
                terms + [self.ordering(path)], terms[:at] + terms[at + 1:]]
        return ",".join(rng.choice(ways))

    # ---- how it is written ---------------------------------------------------

    def address(self, path, id=None):
        """Of the list, or of the object with that id; the slash and most escapes change nothing."""
        if id is not None:
            zeros = "0" * self.rng.choice([0, 0, 1, 3])
            path += (zeros + id if id.isdigit() else spelled.respell_uuid(self.rng, id)) + "/"
        if self.chance(0.1):
            path = path[:-1]
        if self.chance(0.1):
            at = self.rng.randrange(len("/2.3.0/"), len(path))
            path = f"{path[:at]}%{ord(path[at]):02x}{path[at + 1:]}"
        return path

    def encoded(self, text):
        """Percent-encoded, where it must be and where it need not."""
        out = ""
        for c in text:
            if c == " ":
                out += self.rng.choice(["+", "%20"])
            elif c.isascii() and (c.isalnum() or c in "-_.~,:/?'()*!$;@") and self.chance(0.93):
                out += c
            else:
                escapes = "".join(f"%{byte:02x}" for byte in c.encode())
                out += self.rng.choice([escapes, escapes.upper()])
        return out

    def target(self, path, pairs):
        pieces = []
        for name, value in pairs:
            written = "=" + self.encoded(value) if value or self.chance(0.7) else ""
            pieces.append(self.encoded(name) + written)
        if self.chance(0.1):
            pieces.insert(self.rng.randrange(len(pieces) + 1), "")
        if not pieces and self.chance(0.5):
            return path
        return path + "?" + "&".join(pieces) + self.rng.choice(["", "", "", "&"])
