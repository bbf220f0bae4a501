"""Each type of parameter at the ends of what it can be, with one filter of each type and lookup.

What is good is answered as upstream answers it; what is not is a 400 that names the parameter, and
costs no call, though upstream would take some of it for none and answer with everything.
"""

from datetime import datetime, timedelta
from urllib.parse import quote_plus, urlencode

import pytest
from asked.spellings import SPELLINGS
from harness import SLOW, SPACECRAFT, assert_like_upstream, assert_problem, without_format

# All to the microsecond: no bound of time is rounded.
CHAIN = {"config": {"upstream.max_body_bytes": "64000000", "api.time_step": "0s"}}

LAUNCHES = "/2.3.0/launches/"
UUID = "00000000-0000-0000-0000-000000000000"

# Under the sanitizers one value in so many.
STEP = 1 if SLOW == 1 else 4

INTS = {
    "good": ["0", "1", "-1", "007", " 5 ", "2147483647", "-2147483647", "0" * 30 + "5"],
    "bad": ["-0", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808", "9" * 40,
            "1.0", "1e3", "+1", "1_000", "0x10", "٣", "１２", "½", "1 2", "--1", "-", "NaN", "\u00a05",
            "5\u3000", "null", "undefined", "${id}"],
}
IDS = {"good": [], "bad": [*INTS["bad"], "0", "-1", "-0", "1,2", "2147483648"]}
NUMBERS = {
    "good": ["0", "-0", "-0.0", ".5", "5.", "-.5", "28.500", "-180", "0.1234567890123456789",
             "0." + "3" * 38, "9" * 40, " 1.5 ", "00.10"],
    "bad": ["1e5", "1E-5", "inf", "-Infinity", "nan", "1,5", "+1", "1_0", "٣.٥", ".", "-", "1.2.3",
            "0." + "3" * 39, "1 2", "--1", "0x1p3"],
}
STRINGS = {
    "good": ["É", "E\u0301", "\u212b", "ß", "SS", "İ", "ﬁ", "👩\u200d🚀", "שלום", "\u202egnp.exe", "日本", "%",
             "_", "100%", "\\", "\\%", "'", "\"", "';--", "a&b=c", "#", "?", "+", "null", "a\u00a0b",
             "  x  ", "\u3000x\u2009", "\ufeffx", "\u0085", "𝔘", "0", "false", "a" * 2000, "日" * 300],
    "bad": [],
}
DATETIMES = {
    "good": ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31", "0001-01-01",
             "2028-02-29T23:59:59Z", "2000-02-29", "2400-02-29T12:00Z", "1969-12-31T23:59:59.999999Z",
             "1970-01-01", "2038-01-19T03:14:08Z", "2026-11-24T09:30", "2026-11-24 09:30:00",
             "2026-11-24T09:30:00.1Z", "2026-11-24T09:30:00.123456Z", "2026-11-24T09:30:00,123456Z",
             "2026-11-24T09:30:00.123456789Z", "2026-1-2T3:4:5Z", " 2026-11-24T09:30Z ",
             *("2026-11-24T09:30:00" + zone for zone in
               ("+00:00", "-00:00", "+00", "+0000", "+14:00", "-12:00", "+05:30", "-0930", "+23:59",
                "-23:59", "+12"))],
    "bad": ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "0000-01-01", "10000-01-01",
            "1900-02-29", "2100-02-29T00:00:00Z", "2026-02-29", "2026-04-31", "2026-13-01",
            "2026-00-10", "2026-01-00", "2026-11-24T24:00:00Z", "2026-11-24T09:60Z",
            "2026-11-24T09:30:60Z", "2026-11-24T09:30:00+24:00", "2026-11-24T09:30:00+02:60",
            "2026-11-24T09:30:00+2", "2026-11-24T09:30:00z", "2026-11-24t09:30", "20261124T093000Z",
            "2026-W48-2", "2026-11", "2026", "now", "1732440600", "-2026-11-24", "２０２６-11-24",
            "2026-11-24T09:30:00.Z", "24.11.2026", "2026/11/24", "null"],
}
DATES = {
    "good": ["0001-01-01", "9999-12-31", "2028-02-29", "2000-02-29", "2026-1-2", " 2026-11-24 "],
    "bad": ["0000-12-31", "10000-01-01", "1900-02-29", "2026-02-30", "2026-13-01", "2026-00-01",
            "11/24/2026", "20261124", "2026-W48-2", "2026-11-24T00:00:00Z", "today", "1", "٢٠٢٦-11-24"],
}
UUIDS = {
    "good": [],
    "bad": ["0", "{" + UUID + "}", "urn:uuid:" + UUID, UUID[:-1], UUID + "0", UUID[:-1] + "g", "x",
            "0x" + "0" * 30, UUID.replace("0", "٠", 1), UUID[:-2] + "_0"],
}
BOOLS = {
    "good": ["true", "True", "false", "False", "unknown", ""],
    "bad": ["TRUE", "FALSE", "1", "0", "2", "3", "yes", "on", "None", "null", " true", "true ", "-1"],
}


def lists_of(values, more=(), empty=(",", " ", ",,", " , ")):
    """Alone, all together, twice, turned round, with nothing between commas."""
    good = [value for value in values["good"] if "," not in value]
    together = ",".join(good)
    return {
        "good": [*good, *([together, f"{together},{together}", ",".join(good[::-1]), f",{good[0]},,"]
                          if good else []), *more],
        "bad": [*(value for value in values["bad"] if "," not in value), *empty,
                *(f"{(good or more)[0]},{value}" for value in values["bad"][:3])],
    }


MANY = ",".join(str(n) for n in range(1, 590))
VALUES = {
    "int": INTS, "number": NUMBERS, "string": STRINGS, "datetime": DATETIMES, "date": DATES,
    "bool": BOOLS,
    "csv-int": lists_of(INTS, [MANY]),
    "csv-number": lists_of(NUMBERS, [MANY]),
    "csv-string": {"good": [*filter(str.strip, STRINGS["good"]), ",", "a,", ",,a", "a,b,a", "É,E\u0301",
                            ",".join("abcdefghij" * 30)],
                   "bad": [" ", "\u3000", "\u0085"]},
    "csv-uuid": lists_of(UUIDS, [UUID, UUID.upper(), UUID.replace("-", ""), "-" * 40 + UUID,
                                 f"{UUID},{UUID.upper()},", ",".join([UUID] * 90)], [",", " "]),
    "existing int": IDS, "existing uuid": UUIDS, "repeated-int": IDS,
}
MODES = {"good": ["", "normal", "detailed", "list"],
         "bad": ["Normal", " normal", "detail", "full", "0", "normal,detailed"]}
LIMITS = {
    "good": ["", "0", "-1", "1", "10", "99", "100", "101", "007", "-0", "2147483648",
             "9223372036854775808", "9" * 100, "0" * 4299 + "7", "-" + "9" * 40, " 1", "1 ",
             "undefined", "NaN"],
    "bad": ["1.0", "+1", "1e1", "٣", "abc", "-", "--1", "1_0", "0x1", "10?", "0" * 4300 + "7",
            "Undefined"],
}
OFFSETS = {
    "good": ["", "0", "-1", "00", "-0", "1", "99", "100", "101", "2147483647", "2147483648",
             "1000000000000000", "-" + "9" * 40, " 1", "null"],
    "bad": ["1000000000000001", "9223372036854775807", "9223372036854775808", "9" * 40, "1.5",
            "+1", "٣", "abc", "-", "1_0", "Infinity"],
}
SEARCHES = {
    "good": [*STRINGS["good"], ",", " ", "\"", "'", "\"\"", "'\"'", "\"a b\" c", "'a", "a'b c'd", "\\",
             "\"a\\\"b\"", "a,b", "a b a b", " ".join("abcdefghij" * 9), "(", "[", "^a", "$", ".*", "@x"],
    "bad": [],
}


@pytest.fixture(scope="module")
def surface(chain):
    return chain.origin.order("GET", "surface")


def kind_of(filter):
    existing = filter["existing"] and filter["type"] != "repeated-int"
    return f"existing {filter['type']}" if existing else filter["type"]


def one_of_each(surface):
    """(path, name, filter) for each type and lookup."""
    found = {}
    for path, about in sorted(surface.items()):
        for name, filter in about["filters"].items():
            lookup = name.replace("_", " ").split()[-1] if "_" in name else ""
            found.setdefault((kind_of(filter), lookup in "gt gte lt lte contains" and lookup,
                              path[:4]), (path, name, filter))
    return list(found.values())


def assert_bounds(gate, path, name, values):
    for value in values["good"][::STEP]:
        assert_like_upstream(gate, f"{path}?{name}={quote_plus(value)}")
    asked = len(gate.origin.asked)
    for value in values["bad"][::STEP]:
        target = f"{path}?{name}={quote_plus(value)}"
        problem = assert_problem(gate.ask(target), 400, "invalid-parameters")
        assert [fault["parameter"] for fault in problem["faults"]] == [name], target
    assert len(gate.origin.asked) == asked


@pytest.mark.parametrize("kind", VALUES)
def test_filters(gate, surface, kind):
    of_kind = [(path, name, filter) for path, name, filter in one_of_each(surface)
               if kind_of(filter) == kind]
    assert of_kind
    for path, name, filter in of_kind:
        assert_bounds(gate, path, name, VALUES[kind])
        for value in filter["values"][:2]:
            assert_like_upstream(gate, f"{path}?{name}={quote_plus(value)}")


@pytest.mark.parametrize("name, values", [
    ("mode", MODES), ("limit", LIMITS), ("offset", OFFSETS), ("search", SEARCHES)])
def test_other_parameters(gate, name, values):
    assert_bounds(gate, LAUNCHES, name, values)


def test_orderings(gate, surface):
    """All fields at once, in both directions, and what is no field."""
    fields = surface[SPACECRAFT]["ordering"]
    both = [*fields, *("-" + field for field in fields)]
    assert_bounds(gate, SPACECRAFT, "ordering", {
        "good": ["", ",", *both, ",".join(both), ",".join(both[::-1]), ",".join(["id"] * 300),
                 " -id , time_docked ,,"],
        "bad": ["-", "--id", "+id", "ID", "id desc", "id;name", "id|name", "- id", "id,-", "id,x",
                "?", "random", "spacecraft_config__name", "pk", "\u00a0id", "ｉｄ"],
    })


def test_ids_that_are_not_there(gate):
    """Good ids of no row: what upstream answers comes back, whichever that is, and names it."""
    for target in (LAUNCHES + "?pad=2147483647", LAUNCHES + "?program=2147483647",
                   "/2.3.0/updates/?launch=" + UUID):
        assert gate.origin.get(target).status == 400
        answer = gate.ask(target)
        assert answer.status == 400, answer
        assert target.partition("?")[2].partition("=")[0] in answer.body.decode(), answer


def test_the_longest_value(gate):
    """3900 bytes are what upstream is asked; the next one is a 414 and no call."""
    path = LAUNCHES + "?name="
    for letter in "a", "%2F":
        room = (3900 - len(path)) // len(letter)
        assert_like_upstream(gate, path + letter * room)
        asked = len(gate.origin.asked)
        assert_problem(gate.ask(path + letter * (room + 1)), 414, "target-too-long")
        assert len(gate.origin.asked) == asked


def test_all_at_once(gate, surface):
    """Every filter of a list in one request, and every one of them wrong."""
    wrong = {"int": "x", "bool": "x", "datetime": "x", "csv-int": "x", "csv-number": "x",
             "csv-uuid": "x", "repeated-int": "x"}
    filters = surface[LAUNCHES]["filters"]
    good = {name: "" for name in filters if filters[name]["type"] != "repeated-int"}
    assert_like_upstream(gate, LAUNCHES + "?" + urlencode(good))
    asked = len(gate.origin.asked)
    bad = {name: wrong[f["type"]] for name, f in filters.items() if f["type"] in wrong}
    problem = assert_problem(gate.ask(LAUNCHES + "?" + urlencode(bad)), 400, "invalid-parameters")
    assert [fault["parameter"] for fault in problem["faults"]] == list(bad)
    assert len(gate.origin.asked) == asked


def test_bounds_that_move(gate):
    """Every moment has its own answer, and all of a day are cut out of one."""
    start = datetime.fromisoformat("2026-11-24T09:30:00")
    for step in range(3):
        moment = start + timedelta(microseconds=step)
        for zone in "Z", "%2B00:00":
            assert_like_upstream(gate, f"{LAUNCHES}?net__gte={moment.isoformat()}{zone}")
    assert len(gate.origin.asked) == 1


@pytest.mark.parametrize("kind", SPELLINGS)
def test_spellings_cost_one_call(gate, kind):
    """At least twenty of each kind; the whole chain takes them for one."""
    spellings = SPELLINGS[kind][::STEP]
    statuses = {gate.ask(target).status for target in spellings}
    assert len(gate.origin.asked) == 1, gate.origin.asked
    assert statuses == {gate.origin.get(without_format(spellings[0])).status}
